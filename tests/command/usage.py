#!/usr/bin/env python3
"""What stands on the command line: help, and what is refused before a bus is touched."""
import os
import re
import sys

from cases import case, main

COMMANDS = ("pub", "sub", "record", "play", "ls", "info", "bench")


@case("--help tells of the commands, the environment and the exit status")
def _(place):
    result = place.run("--help").expect()
    for word in (*COMMANDS, "--bus", "--dir", "SHMBUS_BUS", "SHMBUS_DIR", "SHMBUS_LOG",
                 "Exit status"):
        assert word in result.out, f"{word} is missing\n{result}"


@case("each command has a help of its own, in lines that fit")
def _(place):
    for command in COMMANDS:
        result = place.run(command, "--help").expect()
        assert f"shmbus {command}" in result.out, result
        too_long = [line for line in result.out.splitlines() if len(line) > 100]
        assert not too_long, too_long


@case("the help of pub and sub has examples")
def _(place):
    for command in ("pub", "sub", "record", "play"):
        result = place.run(command, "--help").expect()
        assert "Examples:" in result.out, result


@case("--version prints the version")
def _(place):
    result = place.run("--version").expect()
    assert re.fullmatch(r"shmbus \d+\.\d+\.\d+\n", result.out), result


@case("no command at all is wrong usage")
def _(place):
    place.run().expect(2, "", r".*\(try shmbus --help\)")


@case("an unknown command is wrong usage and is named")
def _(place):
    place.run("publish", "/a").expect(2, "", r'there is no command "publish" \(try shmbus --help\)')


@case("an unknown option is wrong usage and is named")
def _(place):
    place.run("sub", "/a", "--colour").expect(2, "", r".*--colour \(try shmbus sub --help\)")
    place.run("--colour", "sub", "/a").expect(2, "", r".*--colour.*")


@case("a missing topic or pattern is wrong usage")
def _(place):
    place.run("pub").expect(2, "", r"TOPIC is required \(try shmbus pub --help\)")
    place.run("sub").expect(2, "", r"PATTERN.* \(try shmbus sub --help\)")


@case("one word too many is wrong usage")
def _(place):
    place.run("pub", "/a", "b", "c").expect(2, "", r".*: c \(try shmbus pub --help\)")


@case("numbers that make no sense are wrong usage")
def _(place):
    for arguments in (["sub", "/a", "--count", "0"], ["sub", "/a", "--count", "x"],
                      ["sub", "/a", "--count", "-1"], ["sub", "/a", "--queue", "-1"],
                      ["sub", "/a", "--queue", "0"], ["sub", "/a", "--queue", "65537"],
                      ["pub", "/a", "b", "--rate", "0"], ["pub", "/a", "b", "--rate", "nan"],
                      ["pub", "/a", "b", "--repeat", "-1"], ["pub", "/a", "b", "--repeat", "1.5"],
                      ["pub", "/a", "b", "--wait-for-subscribers", "many"],
                      ["pub", "/a", "b", "--wait-for-subscribers", "-1"]):
        place.run(*arguments).expect(2, "", rf".*{arguments[-2]}.*")


@case("limits out of range are wrong usage")
def _(place):
    for option, value in (("--buffer-size", "1"), ("--buffer-size", "1T"), ("--buffer-size", "big"),
                          ("--buffer-size", "-1M"), ("--max-clients", "-1"),
                          ("--max-clients", "1"), ("--max-clients", "8193"),
                          ("--max-subscriptions", "0"), ("--mode", "999"), ("--mode", "rw"),
                          ("--mode", "400"), ("--mode", "777"),
                          ("--group", "no such group")):
        place.run("pub", "/a", "b", option, value).expect(2, "", rf".*{option}.*")


@case("times that are none are wrong usage")
def _(place):
    for time in ("-1", "nan", "inf", "soon", "1e300"):
        place.run("sub", "/a", "--timeout", time).expect(2, "", r".*--timeout.*")


@case("filters of sub that make no sense are wrong usage")
def _(place):
    for option, value in (("--grep", "("), ("--min-size", "-1"), ("--max-size", "big"),
                          ("--rate-limit", "0"), ("--duration", "-1")):
        place.run("sub", "/a", option, value).expect(2, "", rf".*{option}.*")


@case("an unknown format or overflow is wrong usage")
def _(place):
    place.run("sub", "/a", "--format", "xml").expect(2, "", r"--format.*xml.*")
    place.run("sub", "/a", "--format", "%q").expect(2, "", r"--format.*%q.*")
    place.run("sub", "/a", "--format", "%t %").expect(2, "", r"--format.*%.*")
    place.run("sub", "/a", "--overflow", "wait").expect(2, "", r"--overflow.*wait.*")


BAD_TOPICS = {
    "that is empty": ("", "is empty"),
    "without a leading slash": ("a/b", "does not start with '/'"),
    "with an empty level": ("/a//b", "has an empty level.*"),
    "with a slash at its end": ("/a/", "ends with '/'"),
    "that is a slash": ("/", "ends with '/'"),
    "with an asterisk": ("/a/*", r"contains a '\*'"),
    "with a number sign": ("/a/#", "contains a '#'"),
    "of 256 bytes": ("/" + "x" * 255, "is longer than 255 bytes"),
    "that is not UTF-8": (b"/a/\xff", "is not valid UTF-8"),
}
BAD_PATTERNS = {
    "that is empty": ("", "is empty"),
    "without a leading slash": ("#", "does not start with '/'"),
    "with an empty level": ("/a//#", "has an empty level.*"),
    "with a slash at its end": ("/a/*/", "ends with '/'"),
    "with an asterisk inside a level": ("/a/b*/c", r"has a '\*' that is not a whole level"),
    "with a number sign inside a level": ("/a/b#", "has a '#' that is not a whole level"),
    "with a number sign before its end": ("/a/#/b", "has a '#' that is not the last level"),
    "of 256 bytes": ("/" + "x" * 253 + "/#", "is longer than 255 bytes"),
    "that is not UTF-8": (b"/\xc0\xaf/#", "is not valid UTF-8"),
}


def add_bad_topic(kind, topic, problem):
    @case(f"a topic {kind} is refused, with the reason")
    def _(place):
        place.run("pub", topic, "b").expect(
            2, "", rf'the topic ".*"(\.\.\.)? {problem} \(try shmbus pub --help\)')
        assert os.listdir(place.directory) == []


def add_bad_pattern(kind, pattern, problem):
    @case(f"a pattern {kind} is refused, with the reason")
    def _(place):
        place.run("sub", "/good", pattern).expect(
            2, "", rf'the pattern ".*"(\.\.\.)? {problem} \(try shmbus sub --help\)')
        assert os.listdir(place.directory) == []


for name, (text, reason) in BAD_TOPICS.items():
    add_bad_topic(name, text, reason)
for name, (text, reason) in BAD_PATTERNS.items():
    add_bad_pattern(name, text, reason)


@case("a topic of 255 bytes is taken")
def _(place):
    topic = "/" + "x" * 254
    receiver = place.subscribe("/*", "--count", "1")
    place.run("pub", topic, "m").expect()
    receiver.finish().expect(out=f"{topic} m\n")


@case("bus names that are none are refused")
def _(place):
    for name in ("a/b", ".", "..", "x" * 65, "a b", "~a", "ä"):
        place.run("pub", "--bus", name, "/a", "b").expect(
            2, "", r'the bus name ".*" \(--bus\) is not .*')
        place.run("info", name).expect(2, "", r'the bus name ".*" is not .*')
    assert os.listdir(place.directory) == []


@case("a message may be a negative number, a command's name, or empty")
def _(place):
    receiver = place.subscribe("/a", "--count", "3")
    for message in ("-5", "info", ""):
        place.run("pub", "/a", message).expect()
    receiver.finish().expect_lines("/a -5", "/a info", "/a ")


@case("a message behind -- may begin with a dash")
def _(place):
    receiver = place.subscribe("/a", "--count", "1")
    place.run("pub", "/a", "--", "--block").expect()
    receiver.finish().expect(out="/a --block\n")


sys.exit(main())
