#!/usr/bin/env python3
"""Looking after a bus: audit, recover, rm."""
import json
import os
import sys

from cases import case, main


@case("audit of a bus in use finds nothing wrong")
def _(place):
    place.subscribe("/a")
    out = place.run("audit").expect().out
    assert "1 subscriber" in out and out.endswith("all is well\n"), out
    report = json.loads(place.run("audit", "default", "--json").expect().out)
    assert (report["ok"], report["subscribers"], report["problems"]) == (True, 1, []), report


@case("audit of a damaged bus says what is wrong, with exit status 1")
def _(place):
    place.subscribe("/a")
    with open(f"{place.directory}/default/control", "r+b") as control:
        control.seek(4096)  # the first client's slot
        control.write(b"\x4d\0\0\0\0\0\0\0")
    result = place.run("audit")
    result.expect(1, None, "[0-9]+ problems?: bus 'default' in .*")
    assert "problem: slot 0 has the word 77, which is no state\n" in result.out, result
    report = json.loads(place.run("audit", "--json").out)
    assert not report["ok"] and "slot 0 has the word 77, which is no state" in report["problems"]


@case("a dead client is no problem for audit, and recover takes it away")
def _(place):
    place.subscribe("/a")
    place.subscribe("/b").kill()
    assert place.run("audit").expect().out.endswith("all is well\n")
    found = place.run("recover").expect().out
    assert found in ("found 1 dead client\n", "found 0 dead clients\n"), found
    assert len(place.clients()) == 1
    place.run("recover", "default").expect(0, "found 0 dead clients\n")


@case("audit and recover of a bus that is not there are errors")
def _(place):
    for command in ("audit", "recover"):
        place.run(command, "plant").expect(1, "", "no such bus: bus 'plant' in .*")


@case("rm removes what killed processes left")
def _(place):
    place.subscribe("/a").kill()
    assert os.listdir(place.directory) == ["default"]
    place.run("rm", "default").expect(0, "")
    assert os.listdir(place.directory) == []
    place.run("rm", "default").expect(1, "", "no such bus: bus 'default' in .*")


@case("rm refuses a bus in use and names who uses it")
def _(place):
    receiver = place.subscribe("/a", "--count", "1")
    place.run("rm", "default").expect(
        1, "", f"bus 'default' in .* is in use by process {receiver.pid}; stop them, or use --force")
    place.run("pub", "/a", "x").expect()
    receiver.finish().expect(0, "/a x\n")


@case("rm --force removes a bus in use; its users go on, and the next one makes another")
def _(place):
    receiver = place.subscribe("/a")
    place.run("rm", "--force", "default").expect(0, "")
    assert os.listdir(place.directory) == []
    other = place.subscribe("/a", "--count", "1")
    place.run("pub", "/a", "x").expect()
    other.finish().expect(0, "/a x\n")
    receiver.interrupt().expect(0, "", "received 0 messages, lost 0")


@case("rm without a name is wrong usage; with a folder that is no bus an error")
def _(place):
    place.run("rm").expect(2, "", ".*")
    os.mkdir(f"{place.directory}/plant")
    place.run("rm", "plant", "--force").expect(1, "", "no such bus: .*")
    assert os.listdir(place.directory) == ["plant"]
    os.rmdir(f"{place.directory}/plant")


sys.exit(main())
