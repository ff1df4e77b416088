#!/usr/bin/env python3
"""shmbus bench: that it measures, says what it has to, and leaves nothing behind."""
import json
import os
import sys

from cases import case, main


@case("each figure stands beside its floor, and nothing is left behind")
def _(place):
    result = place.run("bench", "--json")
    assert result.status == 0, result
    report = json.loads(result.out)
    names = [f["name"] for f in report["figures"]]
    assert names[0] == "cycle" and "wakeup_one_cpu" in names, result
    if len(report["cpus"]) == 2:
        assert names[1:] == ["one_way", "wakeup_one_cpu", "wakeup_two_cpus", "stream_64",
                             "stream_65536"], result
    for figure in report["figures"]:
        assert figure["shmbus_ns"] > 0 and figure["floor_ns"] > 0 and figure["ratio"] > 0, figure
        assert figure["rounds"] >= 3, figure
    assert report["kernel"] == os.uname().release and report["wakeup"] in ("uring", "thread")
    assert os.listdir(place.directory) == []


@case("Ctrl-C ends it at once, and nothing is left behind")
def _(place):
    command = place.start("bench")
    place.wait_until(lambda: os.listdir(place.directory), command)
    command.interrupt().expect(1, "", "interrupted")
    assert os.listdir(place.directory) == []


sys.exit(main())
