#!/usr/bin/env python3
"""Where the command takes its settings from: command line, environment, file; what doctor says of it."""
import json
import os
import sys

from cases import case, main


def configure(place, text, name="shmbus.toml"):
    """Writes a file beside the buses; the variable that makes the command read it."""
    path = os.path.join(place.directory, "~" + name)
    with open(path, "w") as file:
        file.write(text)
    return {"SHMBUS_CONFIG": path}


def limits(place, bus="default", **variables):
    info = json.loads(place.run("info", bus, "--json", **variables).expect().out)
    return info["max_clients"], info["buffer_size"], info["max_subscriptions_per_client"]


def doctor(place, *arguments, status=0, **variables):
    """What doctor prints, apart from what the system is like."""
    result = place.run("doctor", "--json", *arguments, **variables)
    report = json.loads(result.out)
    report["problems"] = [p for p in report["problems"] if "shmbus.toml" in p or "SHMBUS" in p
                          or "configuration" in p]
    if status:
        assert result.status == status and report["problems"], result
    else:
        assert not report["problems"], result
    return report


@case("a bus is made as the file says, with what the environment and the options say over it")
def _(place):
    file = configure(place, 'max_clients = 7\nbuffer_size = "1M"\nmax_subscriptions_per_client = 5\n')
    variables = {**file, "SHMBUS_BUFFER_SIZE": "2M", "SHMBUS_MAX_SUBSCRIPTIONS_PER_CLIENT": "6"}
    place.subscribe("/a", "--max-subscriptions", "8", variables=variables)
    assert limits(place) == (7, 2 << 20, 8), limits(place)


@case("the file names the bus and its directory, and --bus and --dir go over it")
def _(place):
    file = configure(place, f'name = "plant"\ndirectory = "{place.directory}"\n')
    receiver = place.subscribe("/a", "--count", "2", bus="plant")
    anywhere = {**file, "SHMBUS_DIR": ""}
    place.run("pub", "/a", "x", variables=anywhere).expect()
    place.run("pub", "/a", "y", "--bus", "plant", "--dir", place.directory,
              variables={**configure(place, 'name = "other"\ndirectory = "/no/such/place"\n'),
                         "SHMBUS_DIR": ""}).expect()
    receiver.finish().expect_lines("/a x", "/a y")


@case("the table of a bus counts for that bus, however it is named")
def _(place):
    file = configure(place, 'max_clients = 7\n[bus.plant]\nmax_clients = 9\n')
    place.subscribe("/a", bus="plant", variables=file)
    place.subscribe("/a", bus="office", variables=file)
    assert (limits(place, "plant")[0], limits(place, "office")[0]) == (9, 7)


@case("rm finds a bus where its table says that it is")
def _(place):
    place.subscribe("/a", bus="plant").kill()
    file = configure(place, f'[bus.plant]\ndirectory = "{place.directory}"\n')
    place.run("rm", "plant", variables={**file, "SHMBUS_DIR": ""}).expect()
    assert not os.path.exists(place.directory + "/plant")


@case("sub has the queue that the file says, and --queue and --overflow go over it")
def _(place):
    file = configure(place, '[subscriber]\nqueue_capacity = 5\noverflow = "block"\nmax_held = 3\n')
    place.subscribe("/a", variables=file)
    (client,) = place.clients()
    assert (client["queue_capacity"], client["overflow"], client["max_held"]) == (5, "block", 3)
    place.subscribe("/a", "--queue", "6", "--overflow", "drop-newest", bus="b", variables=file)
    (client,) = place.clients("b")
    assert (client["queue_capacity"], client["overflow"]) == (6, "drop-newest"), client


@case("with open_only in the file, pub and sub make no bus")
def _(place):
    file = configure(place, 'open = "open_only"\n')
    place.run("pub", "/a", "x", variables=file).expect(1, "", "no such bus: .*")
    receiver = place.subscribe("/a", "--count", "1")
    place.run("pub", "/a", "x", variables=file).expect()
    receiver.finish().expect(out="/a x\n")


@case("a wrong key is an error that says where it stands and what was meant")
def _(place):
    file = configure(place, 'adopt = true\nmax_client = 7\n')
    path = file["SHMBUS_CONFIG"]
    for command in (["pub", "/a", "x"], ["ls"], ["info"]):
        place.run(*command, variables=file).expect(
            1, "", rf'{path}:2:1: unknown key "max_client" \(did you mean "max_clients"\?\)')
    place.run("--help", variables=file).expect()


@case("a configuration that is not there is an error if it was asked for")
def _(place):
    place.run("ls", variables={"SHMBUS_CONFIG": "/no/such/file"}).expect(
        1, "", "cannot read the configuration /no/such/file: No such file or directory")


@case("a variable that cannot be is wrong usage and is named")
def _(place):
    place.run("pub", "/a", "x", variables={"SHMBUS_MAX_CLIENTS": "many"}).expect(
        2, "", r'SHMBUS_MAX_CLIENTS takes a whole number from 2 to 8192, not "many" .*')


@case("a group that this machine does not have is named")
def _(place):
    place.run("pub", "/a", "x", variables=configure(place, 'group = "no such group"\n')).expect(
        2, "", 'the configuration: this machine has no group "no such group" .*')


@case("doctor says which file and values are in force, and where each comes from")
def _(place):
    file = configure(place, 'max_clients = 7\nname = "x"\n[bus.plant]\nmode = "0660"\n')
    path = file["SHMBUS_CONFIG"]
    report = doctor(place, "plant", variables={**file, "SHMBUS_MAX_CLIENTS": "8"})
    assert report["configuration"] == path
    origins = {s["key"]: (s["value"], s["from"]) for s in report["settings"]}
    assert origins["max_clients"] == ('"8"', "SHMBUS_MAX_CLIENTS"), origins
    assert origins["mode"] == ('"0660"', f"{path}:4:1"), origins
    assert origins["directory"][1] == "SHMBUS_DIR" and "name" not in origins, origins
    out = place.run("doctor", variables=file).out
    assert f"configuration   {path}" in out and f'name = "x" ({path}:2:1)' in out, out


@case("doctor looks at the directory that the configuration says")
def _(place):
    file = configure(place, 'directory = "/no/such/place"\n')
    result = place.run("doctor", variables={**file, "SHMBUS_DIR": ""})
    assert result.status == 1 and "/no/such/place does not exist: make it" in result.out, result


@case("doctor names a variable that nobody reads, with the nearest")
def _(place):
    report = doctor(place, status=1, variables={"SHMBUS_MAX_CLIENT": "8"})
    assert report["problems"] == [
        'nothing reads the variable "SHMBUS_MAX_CLIENT": did you mean SHMBUS_MAX_CLIENTS?'], report


@case("doctor shows what is wrong with a configuration, and goes on")
def _(place):
    file = configure(place, "max_client = 7\n")
    report = doctor(place, status=1, variables=file)
    assert any("unknown key" in p for p in report["problems"]), report
    report = doctor(place, status=1, variables={"SHMBUS_MAX_CLIENTS": "many"})
    assert any("SHMBUS_MAX_CLIENTS takes" in p for p in report["problems"]), report


sys.exit(main())
