"""Doxygen's filter for headers: what a contract says becomes paragraphs with titles.

    /// Errors   errc::busy     another receive is pending     ->  Errors, with a list
    ///          errc::closed   close() was called
    /// Threads  safe                                          ->  Threads

Adds and removes no line, so warnings name the right one.
"""
import re
import sys

TITLES = ("Completes|Signature|Errors|Cancels|Threads|Cost|Throws|Returns|Executor|Lifetime|Trust|"
          "Where|Why")
TITLE = re.compile(rf"^(\s*///) ({TITLES})(?::| {{2,}}|$)\s*(.*)$")
LIST_TITLE = re.compile(r"^(\s*///) (Errors of every \w+):$")
ITEM = re.compile(r"^((?:[a-z:]*error|errc|std::errc)::\w+)(?: {2,}|: )(.*)$")
MORE = re.compile(r"^(\s*///)( {2,})(.*)$")


def item(text):
    match = ITEM.match(text)
    return f"@item `{match[1]}`: {match[2]}" if match else text


def filtered(lines):
    in_list = False
    for line in lines:
        line = line.replace("namespace shmbus::inline SHMBUS_ASYNC_ABI", "namespace shmbus")
        if match := LIST_TITLE.match(line):
            in_list = True
            yield f"{match[1]} @contract{{{match[2]}}}"
        elif match := TITLE.match(line):
            in_list = bool(ITEM.match(match[3]))
            text = match[3].replace("void(", "`void(") + "`" if match[2] == "Signature" else match[3]
            yield f"{match[1]} @contract{{{match[2]}}} {item(text)}"
        elif in_list and (match := MORE.match(line)):
            text = match[3]
            yield f"{match[1]} - `{ITEM.match(text)[1]}`: {ITEM.match(text)[2]}" if ITEM.match(text) \
                else f"{match[1]}   {text}"
        elif match := MORE.match(line):
            yield f"{match[1]} {match[3]}"  # more than four spaces would be code
        else:
            in_list = in_list and line.lstrip().startswith("///")
            yield line


print("\n".join(filtered(open(sys.argv[1], encoding="utf-8").read().splitlines())))
