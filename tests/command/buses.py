#!/usr/bin/env python3
"""Which bus: its name, its directory, who may use it; and what ls and info tell of it."""
import json
import os
import shutil
import sys
import tempfile

from cases import Skip, case, main

NOBODY = 65534


def as_nobody(place):
    """Options that run a command as another user; it must be able to get at the command."""
    if os.geteuid() != 0:
        raise Skip("only root can become another user")
    folder = tempfile.mkdtemp(prefix="shmbus-test.")
    os.chmod(folder, 0o755)
    place.command = shutil.copy(place.command, folder)
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}, folder


@case("ls says where it looked when there is no bus")
def _(place):
    place.run("ls").expect(0, "", f"no bus in {place.directory}")
    place.run("ls", "--json").expect(0, "[]\n")


@case("ls lists the buses with their clients")
def _(place):
    place.subscribe("/a", bus="one")
    place.subscribe("/a", bus="two")
    place.subscribe("/b", bus="two")
    heading, *lines = place.run("ls").expect().out.splitlines()
    assert heading.split() == ["NAME", "PUBLISHERS", "SUBSCRIBERS", "MEMORY"]
    assert [line.split()[:3] for line in lines] == [["one", "0", "1"], ["two", "0", "2"]], lines
    rows = json.loads(place.run("ls", "--json").expect().out)
    assert [(r["name"], r["in_use"], r["subscribers"]) for r in rows] == [
        ("one", True, 1), ("two", True, 2)], rows


@case("ls of a directory that is not there is an error")
def _(place):
    place.run("ls", "--dir", "/no/such/place").expect(
        1, "", "the directory for the bus does not exist: .*/no/such/place; .*--dir")


@case("info shows the limits and the clients of a bus")
def _(place):
    receiver = place.subscribe("/a/#", "/b", "--queue", "7", "--overflow", "block",
                               "--buffer-size", "1M", "--max-clients", "5",
                               "--max-subscriptions", "3", "--mode", "640")
    out = place.run("info").expect().out
    for word in ("default", f"{place.directory}/default", "1 MiB", "1 of 5", "up to 3", "0640",
                 "subscriber", str(receiver.pid), "live", "7", "block", "/a/# /b"):
        assert word in out, f"{word} is missing in:\n{out}"


@case("info --json says the same for programs")
def _(place):
    receiver = place.subscribe("/a/#", "/b", "--queue", "7", "--overflow", "drop-newest",
                               "--buffer-size", "128K", "--max-clients", "5")
    info = json.loads(place.run("info", "--json").expect().out)
    assert info["name"] == "default"
    assert info["path"] == f"{place.directory}/default"
    assert (info["buffer_size"], info["max_clients"], info["mode"]) == (131072, 5, "0600"), info
    assert info["max_subscriptions_per_client"] == 100
    assert info["file_bytes"] > 0
    (client,) = info["clients"]
    assert (client["role"], client["pid"], client["state"]) == ("subscriber", receiver.pid, "live")
    assert (client["queue_capacity"], client["overflow"]) == (7, "drop-newest"), client
    assert client["patterns"] == ["/a/#", "/b"]


@case("info shows publishers")
def _(place):
    publisher = place.start("pub", "/a", "x", "--wait-for-subscribers", "1")
    place.wait_until(lambda: [(c["role"], c["pid"]) for c in place.clients()] ==
                     [("publisher", publisher.pid)], publisher)


@case("info takes the name as a word or with --bus")
def _(place):
    place.subscribe("/a", bus="plant")
    by_word, by_option = place.run("info", "plant"), place.run("info", "--bus", "plant")
    assert by_word.expect().out == by_option.expect().out


@case("info of a bus that is not there is an error that names it and the directory")
def _(place):
    place.run("info", "plant").expect(1, "", f"no such bus: bus 'plant' in {place.directory}; .*")
    assert os.listdir(place.directory) == []


@case("a bus is the folder DIR/NAME, and goes with its last user")
def _(place):
    receiver = place.subscribe("/a", bus="plant")
    assert os.listdir(place.directory) == ["plant"]
    receiver.interrupt().expect(0, "", "received .*")
    assert os.listdir(place.directory) == []


@case("buses are apart from each other")
def _(place):
    one, two = place.subscribe("/a", bus="one"), place.subscribe("/a", "--count", "1", bus="two")
    place.run("pub", "--bus", "two", "/a", "x").expect()
    two.finish().expect(out="/a x\n")
    one.interrupt().expect(0, "", "received 0 messages, lost 0")


@case("--bus and --dir may stand before the command, too")
def _(place):
    receiver = place.subscribe("/a", "--count", "1", bus="plant")
    place.run("--dir", place.directory, "--bus", "plant", "pub", "/a", "x",
              env={**place.environment, "SHMBUS_DIR": "/no/such/place"}).expect()
    receiver.finish().expect(out="/a x\n")


@case("SHMBUS_BUS names the bus, and --bus overrides it")
def _(place):
    receiver = place.subscribe("/a", "--count", "2", bus="plant")
    place.run("pub", "/a", "x", variables={"SHMBUS_BUS": "plant"}).expect()
    place.run("pub", "/a", "y", "--bus", "plant", variables={"SHMBUS_BUS": "other"}).expect()
    receiver.finish().expect_lines("/a x", "/a y")


@case("SHMBUS_BUS that is no name is wrong usage and is named")
def _(place):
    place.run("pub", "/a", "x", variables={"SHMBUS_BUS": "a/b"}).expect(
        2, "", r'SHMBUS_BUS takes 1 to 64 of A-Z a-z 0-9 . _ -, not "a/b" .*')


@case("an empty SHMBUS_BUS counts as none")
def _(place):
    receiver = place.subscribe("/a", "--count", "1")
    place.run("pub", "/a", "x", variables={"SHMBUS_BUS": ""}).expect()
    receiver.finish().expect(out="/a x\n")


@case("--dir overrides SHMBUS_DIR")
def _(place):
    receiver = place.subscribe("/a", "--count", "1")
    place.run("pub", "/a", "x", "--dir", place.directory,
              variables={"SHMBUS_DIR": "/no/such/place"}).expect()
    receiver.finish().expect(out="/a x\n")


@case("a directory that is not there is an error that names it")
def _(place):
    missing = place.directory + "/missing"
    wanted = f"the directory .* does not exist: bus 'default' in {missing}; make it, .*--dir"
    for command in (["pub", "/a", "x"], ["sub", "/a"], ["info"]):
        place.run(*command, "--dir", missing).expect(1, "", wanted)
        place.run(*command, variables={"SHMBUS_DIR": missing}).expect(1, "", wanted)
    assert not os.path.exists(missing)


@case("a directory that is a file is an error")
def _(place):
    with tempfile.NamedTemporaryFile() as file:
        place.run("pub", "/a", "x", "--dir", file.name).expect(1, "", f".*{file.name}.*")


@case("a directory without permission is an error")
def _(place):
    options, folder = as_nobody(place)
    try:
        os.chmod(place.directory, 0o755)
        place.run("pub", "/a", "x", **options).expect(
            1, "", f"permission denied: bus 'default' in {place.directory}; .*")
        os.chmod(place.directory, 0o700)
        place.run("ls", **options).expect(1, "", f"permission denied: .*{place.directory}; .*")
    finally:
        shutil.rmtree(folder)
    assert os.listdir(place.directory) == []


@case("a bus of somebody else is an error, and stays as it is")
def _(place):
    options, folder = as_nobody(place)
    try:
        receiver = place.subscribe("/a", "--count", "1")
        os.chmod(place.directory, 0o777)
        for command in (["pub", "/a", "x"], ["sub", "/a"], ["info"]):
            place.run(*command, **options).expect(1, "", "permission denied: bus 'default' in .*")
        assert "default  (permission denied)" in place.run("ls", **options).expect().out
        place.run("pub", "/a", "mine").expect()
        receiver.finish().expect(out="/a mine\n")
    finally:
        shutil.rmtree(folder)


@case("--mode lets others in")
def _(place):
    options, folder = as_nobody(place)
    try:
        receiver = place.subscribe("/a", "--count", "1", "--mode", "666")
        os.chmod(place.directory, 0o755)
        place.run("pub", "/a", "from another user", **options).expect()
        receiver.finish().expect(out="/a from another user\n")
    finally:
        shutil.rmtree(folder)


@case("a bus that is there keeps its limits")
def _(place):
    place.subscribe("/a", "--max-clients", "9")
    place.subscribe("/b", "--max-clients", "20", "--buffer-size", "2M")
    info = json.loads(place.run("info", "--json").expect().out)
    assert (info["max_clients"], info["buffer_size"]) == (9, 64 << 20), info


@case("what killed processes left is listed as such, and is no obstacle")
def _(place):
    place.subscribe("/a", "--max-clients", "9").kill()
    rows = json.loads(place.run("ls", "--json").expect().out)
    assert [(r["name"], r["in_use"]) for r in rows] == [("default", False)], rows
    assert "not in use" in place.run("ls").expect().out
    place.subscribe("/a")
    assert json.loads(place.run("info", "--json").expect().out)["max_clients"] == 1000


@case("SHMBUS_LOG=debug tells more, on standard error alone")
def _(place):
    place.run("sub", "/a", "--timeout", "0").expect(3, "", "timed out.*")
    result = place.run("sub", "/a", "--timeout", "0", variables={"SHMBUS_LOG": "debug"})
    assert (result.status, result.out) == (3, ""), result
    assert "debug" in result.err, result


@case("SHMBUS_LOG that is no level is wrong usage")
def _(place):
    place.run("ls", variables={"SHMBUS_LOG": "loud"}).expect(2, "", "SHMBUS_LOG=loud is none of .*")


sys.exit(main())
