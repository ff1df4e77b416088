#!/usr/bin/env python3
"""What shells offer behind `shmbus`, and the manual page: both are made of what the parser knows."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

from cases import Skip, case, main

SCRIPTS = os.path.join(os.environ.get("SHMBUS_SOURCE", "."), "tools", "completions")


def offers(place, *words, **options):
    """The words that the command offers in place of the last one."""
    out = place.run("__complete", *words, **options).expect().out
    return [line.split("\t")[0] for line in out.splitlines()]


def commands(place):
    """All subcommands, as the help lists them."""
    help_text = place.run("--help").expect().out
    listed = help_text[help_text.index("Subcommands:"):].split("\n\n")[0]
    return re.findall(r"^  ([a-z]+) ", listed, re.MULTILINE)


def shell(place, *arguments):
    """Runs a shell that finds the command under its name."""
    name = os.path.basename(arguments[0])
    if not shutil.which(arguments[0]):
        raise Skip(f"there is no {name} here")
    with tempfile.TemporaryDirectory() as home:
        os.symlink(place.command, os.path.join(home, "shmbus"))
        environment = {**place.environment, "HOME": home,
                       "PATH": home + ":" + place.environment["PATH"]}
        done = subprocess.run(arguments, env=environment, capture_output=True, text=True, cwd=home,
                              timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout.split("\n")[:-1]


def bash(place, *words):
    """What bash offers in place of the last word."""
    script = (f'source {SCRIPTS}/shmbus.bash; COMP_WORDS=(shmbus "$@"); COMP_CWORD=$#; '
              'compopt() { :; }; _shmbus; printf "%s\\n" "${COMPREPLY[@]}"')
    return [w for w in shell(place, "bash", "--norc", "-c", script, "bash", *words) if w]


@case("each subcommand is offered, with what it is for")
def _(place):
    found = place.run("__complete", "").expect().out.splitlines()
    assert [line.split("\t")[0] for line in found] == commands(place) and len(found) >= 8, found
    assert all(len(line.split("\t")) == 2 for line in found), found
    assert offers(place, "su") == ["sub"]
    assert offers(place, "--dir", "/tmp", "su") == ["sub"]


@case("each option of a help is offered, for all subcommands")
def _(place):
    for command in commands(place):
        help_text = place.run(command, "--help").expect().out
        options = set(re.findall(r"^ .*?(--[a-z-]+)", help_text, re.MULTILINE))
        assert options <= set(offers(place, command, "-")), (command, options)


@case("the values of an option are offered where only these are taken")
def _(place):
    assert offers(place, "sub", "--overflow", "") == ["drop-oldest", "drop-newest", "block"]
    assert offers(place, "sub", "--overflow", "drop") == ["drop-oldest", "drop-newest"]
    assert offers(place, "sub", "--overflow=b") == ["--overflow=block"]
    assert offers(place, "sub", "--overflow", "=", "b") == ["block"]  # bash takes it apart
    assert offers(place, "sub", "--overflow", "=") == ["drop-oldest", "drop-newest", "block"]
    assert offers(place, "sub", "--count", "") == []


@case("folders are left to the shell")
def _(place):
    assert offers(place, "sub", "--dir", "") == [":directory"]


@case("the buses that are there are offered where a bus is named")
def _(place):
    place.subscribe("/a", bus="plant")
    place.subscribe("/a", bus="plane")
    place.subscribe("/a", bus="office")
    for words in (["info", "pl"], ["rm", "--force", "pl"], ["sub", "/a", "--bus", "pl"],
                  ["--bus", "pl"], ["--bus", "=", "pl"]):
        assert offers(place, *words) == ["plane", "plant"], words
    assert offers(place, "pub", "--bus=o") == ["--bus=office"]
    assert offers(place, "info", "plant", "") == []
    assert offers(place, "pub", "") == []


@case("--dir says where the buses that are offered are")
def _(place):
    place.subscribe("/a", bus="plant")
    nowhere = {"SHMBUS_DIR": "/no/such/place"}
    for option in (["--dir", place.directory], [f"--dir={place.directory}"],
                   ["--dir", "=", place.directory]):
        assert offers(place, "info", *option, "", variables=nowhere) == ["plant"], option
    assert offers(place, "info", "", variables=nowhere) == []


@case("a configuration that is wrong offers no buses, and says nothing")
def _(place):
    assert offers(place, "info", "", variables={"SHMBUS_MAX_CLIENTS": "many"}) == []
    assert offers(place, "in", variables={"SHMBUS_MAX_CLIENTS": "many"}) == ["info"]


@case("behind -- no option is offered, and behind what is unknown nothing")
def _(place):
    assert offers(place, "pub", "--", "-") == []
    assert offers(place, "publish", "") == []
    assert offers(place, "sub", "--colour", "-")
    assert offers(place) == []


@case("bash completes subcommands, options, values, buses and files")
def _(place):
    place.subscribe("/a", bus="plant")
    assert bash(place, "su") == ["sub"]
    assert bash(place, "sub", "--form") == ["--format"]
    assert bash(place, "sub", "--overflow", "=", "b") == ["block"]
    assert bash(place, "info", "") == ["plant"]
    assert bash(place, "sub", "--dir", "/usr/b") == ["/usr/bin"]
    assert bash(place, "nonsense", "") == []


@case("fish completes subcommands with what they are for, options, values and buses")
def _(place):
    def fish(line):
        return shell(place, "fish", "--no-config", "-c",
                     f"source {SCRIPTS}/shmbus.fish; complete -C '{line}'")

    place.subscribe("/a", bus="plant")
    assert fish("shmbus su") == ["sub\tPrint the messages that match"]
    assert "block" in fish("shmbus sub --overflow ")
    assert fish("shmbus info ") == ["plant\tbus"]


@case("zsh completes subcommands, values and buses")
def _(place):
    def zsh(line):
        # Without a terminal the functions that would show what is found are replaced.
        return shell(place, "zsh", "-f", "-c", f"""
            _describe() {{ print -l -- "${{(@P)3}}" }}
            _files() {{ print -- files }}
            words=({line}); CURRENT=$#words
            source {SCRIPTS}/_shmbus""")

    place.subscribe("/a", bus="plant")
    assert zsh("shmbus su") == ["sub:Print the messages that match"]
    assert zsh("shmbus sub --overflow b") == ["block"]
    assert zsh("shmbus info ''") == ["plant:bus"]
    assert zsh("shmbus sub --dir /u") == ["files"]


@case("the manual page has all subcommands, options, keys and variables, and is free of faults")
def _(place):
    page = place.run("__manual").expect().out
    for command in commands(place):
        assert f".SS {command}\n" in page, command
    for word in ("max_clients", "SHMBUS_MAX_CLIENTS", "SHMBUS_CONFIG", ".SH EXIT STATUS"):
        assert word in page, word
    if not shutil.which("groff"):
        raise Skip("there is no groff here")
    done = subprocess.run(["groff", "-ww", "-man", "-Tutf8", "-"], input=page, capture_output=True,
                          text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "\\" not in done.stdout.replace("\\x1b", ""), "something of roff is left in the text"


sys.exit(main())
