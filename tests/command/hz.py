#!/usr/bin/env python3
"""shmbus hz."""
import json
import signal
import sys

from cases import case, main


def measure(place, *arguments):
    return place.start("hz", *arguments)


def wait_for_subscriber(place, command):
    place.wait_until(lambda: any(c["pid"] == command.pid and c.get("patterns")
                                 for c in place.clients()), command)


@case("the rate, size and gaps of each topic are measured")
def _(place):
    hz = measure(place, "/a/#", "--count", "30", "--json")
    wait_for_subscriber(place, hz)
    place.run("pub", "/a/x", "1234", "--repeat", "20", "--rate", "200").expect()
    place.run("pub", "/a/y", "12", "--repeat", "10", "--rate", "200").expect()
    seen = json.loads(hz.finish().expect().out)
    assert (seen["received"], seen["lost"]) == (30, 0), seen
    x, y = seen["topics"]
    assert (x["topic"], x["messages"], x["bytes"]) == ("/a/x", 20, 80), x
    assert (y["topic"], y["messages"], y["bytes"]) == ("/a/y", 10, 20), y
    assert abs(x["messages_per_second"] * x["mean_gap_seconds"] - 1) < 0.001, x
    assert x["bytes_per_second"] > x["messages_per_second"], x
    assert x["min_gap_seconds"] <= x["mean_gap_seconds"] <= x["max_gap_seconds"], x


@case("piped, only the result is printed, as a table; Ctrl-C ends it")
def _(place):
    hz = measure(place, "/a")
    wait_for_subscriber(place, hz)
    place.run("pub", "/a", "x", "--repeat", "3").expect()
    place.wait_until(lambda: sum_received(place) == 3, hz)
    out = hz.interrupt().expect().out
    lines = out.splitlines()
    assert lines[0].split()[0] == "RATE/S" and len(lines) == 2, out
    assert lines[1].split()[-2:] == ["3", "/a"], out


def sum_received(place):
    out = place.run("metrics").out
    return sum(int(line.split()[-1]) for line in out.splitlines()
               if line.startswith("shmbus_received_messages_total"))


@case("what was lost is said, since the rates are too low then")
def _(place):
    hz = measure(place, "/a", "--queue", "1")
    wait_for_subscriber(place, hz)
    hz.signal(signal.SIGSTOP)
    place.run("pub", "/a", "x", "--repeat", "100").expect()
    hz.signal(signal.SIGCONT)
    place.wait_until(lambda: sum_received(place) > 0, hz)
    out = hz.interrupt().expect().out
    assert "lost " in out and "the rates are higher" in out, out


@case("no message in the time given is exit status 3")
def _(place):
    place.run("hz", "/a", "--duration", "0.05").expect(3, "no message yet\n", "no message came: .*")
    place.run("hz", "a").expect(2, "", 'the pattern "a" .*')
    place.run("hz").expect(2, "", ".*")


sys.exit(main())
