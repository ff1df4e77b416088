#!/usr/bin/env python3
"""shmbus metrics: what it prints has to follow the rules of Prometheus' text format."""
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request

from cases import case, main

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)?\}})? (\S+)")
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
UNITS = ("_total", "_bytes", "_seconds")
WITHOUT_UNIT = ("shmbus_clients", "shmbus_clients_limit", "shmbus_queued_messages",
                "shmbus_held_messages")


def parse(text):
    """Checks the format; gives {family: [(suffix, labels, value)]}."""
    assert text.endswith("\n")
    families, types, current = {}, {}, None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            current = line.split(" ", 3)[2]
            assert current not in families, f"twice: {current}"
            assert len(line.split(" ", 3)[3]) > 10, line
            families[current] = []
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == current and not families[name], line
            assert kind in ("counter", "gauge", "histogram"), line
            types[name] = kind
        else:
            match = SAMPLE.fullmatch(line)
            assert match, f"no sample: {line!r}"
            name, labels, value = match.groups()
            float(value)
            assert name.startswith(current), f"{name} among those of {current}"
            suffix = name[len(current):]
            allowed = ("_bucket", "_sum", "_count") if types[current] == "histogram" else ("",)
            assert suffix in allowed, line
            families[current].append((suffix, labels or "", float(value)))
    for name, samples in families.items():
        assert name.endswith(UNITS) or name in WITHOUT_UNIT, name
        assert (types[name] == "counter") == name.endswith("_total"), name
        keys = [s[:2] for s in samples]
        assert len(keys) == len(set(keys)), f"the same series twice: {name}"
        if types[name] == "histogram":
            check_histogram(samples)
    return families


def check_histogram(samples):
    series = {}
    for suffix, labels, value in samples:
        base = re.sub(r',?le="[^"]*"', "", labels)
        series.setdefault(base, {}).setdefault(suffix, []).append((labels, value))
    for parts in series.values():
        values = [v for _, v in parts["_bucket"]]
        assert values == sorted(values), parts
        assert 'le="+Inf"' in parts["_bucket"][-1][0], parts
        assert values[-1] == parts["_count"][0][1] and len(parts["_sum"]) == 1, parts


def value(families, name, *labels):
    found = [v for _, l, v in families[name] if all(x in l for x in labels)]
    assert len(found) == 1, (name, labels, families[name])
    return found[0]


@case("the counters of publishers and subscribers are those that they have")
def _(place):
    receiver = place.subscribe("/a")
    pub = place.start("pub", "/a", "1234", "--repeat", "5", "--wait-for-subscribers", "1")
    pub.finish().expect()
    place.wait_until(lambda: "shmbus_received_messages_total" in place.run("metrics").out and value(
        parse(place.run("metrics").out), "shmbus_received_messages_total") == 5, receiver)
    families = parse(place.run("metrics", "default").expect().out)
    assert value(families, "shmbus_received_bytes_total", 'bus="default"') == 20
    assert value(families, "shmbus_lost_messages_total") == 0
    assert value(families, "shmbus_queued_messages") == 0
    assert value(families, "shmbus_clients", 'role="subscriber"', 'state="live"') == 1
    assert value(families, "shmbus_buffer_bytes") == 64 << 20
    assert value(families, "shmbus_latency_seconds", 'le="+Inf"') >= 1


@case("topics are labels, whatever characters they have")
def _(place):
    topic = '/a "quoted" \\ topic\nof two lines'
    with StayingPublisher(place, topic):
        families = parse(place.run("metrics").expect().out)
        assert value(families, "shmbus_published_messages_total",
                     'topic="/a \\"quoted\\" \\\\ topic\\nof two lines"') == 1
        assert value(families, "shmbus_unheard_messages_total") == 1


class StayingPublisher:
    """A publisher that published once and stays: it waits for more input."""

    def __init__(self, place, topic):
        self.command = place.start("pub", topic, stdin=subprocess.PIPE)
        self.place = place

    def __enter__(self):
        self.command.process.stdin.write(b"x\n")
        self.command.process.stdin.flush()
        self.place.wait_until(
            lambda: "published_messages_total{" in self.place.run("metrics").out, self.command)

    def __exit__(self, *_):
        self.command.kill()


@case("--all gives every bus of the directory, each family once; none is no error")
def _(place):
    assert parse(place.run("metrics", "--all").expect().out)["shmbus_clients"] == []
    place.subscribe("/a", bus="one")
    place.subscribe("/b", bus="two")
    families = parse(place.run("metrics", "--all").expect().out)
    assert value(families, "shmbus_clients_limit", 'bus="one"') == 1000
    assert value(families, "shmbus_clients_limit", 'bus="two"') == 1000


@case("a bus that is not there is an error")
def _(place):
    place.run("metrics", "nothing").expect(1, "", "no such bus: bus 'nothing' in .*")


def serve(place, *arguments):
    command = place.start("metrics", "--serve", "0", *arguments)
    line = command.process.stderr.readline().decode()
    match = re.fullmatch(r"shmbus: serving (http://127\.0\.0\.1:(\d+)/metrics)\n", line)
    assert match, line
    return command, match[1], int(match[2])


@case("--serve answers Prometheus, again and again, also while the bus comes and goes")
def _(place):
    command, url, _port = serve(place)
    assert parse(OPENER.open(url).read().decode())["shmbus_clients"] == []
    place.subscribe("/a").interrupt()
    receiver = place.subscribe("/b")
    for _i in range(3):
        reply = OPENER.open(url)
        assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        families = parse(reply.read().decode())
        assert value(families, "shmbus_clients", 'role="subscriber"') == 1
    receiver.interrupt()
    assert parse(OPENER.open(url).read().decode())["shmbus_clients"] == []
    command.interrupt().expect()


@case("--serve tells other paths and methods no, and drops who talks nonsense")
def _(place):
    command, url, port = serve(place)
    for path, data, status in ((url + "x", None, 404), (url, b"x", 405)):
        try:
            OPENER.open(path, data)
            raise AssertionError("it was answered")
        except urllib.error.HTTPError as e:
            assert e.code == status, e
    with socket.create_connection(("127.0.0.1", port)) as s:
        try:
            s.sendall(b"x" * 100_000)
            assert s.recv(100) == b""
        except (ConnectionResetError, BrokenPipeError):
            pass
    OPENER.open(url)
    other = place.run("metrics", "--serve", str(port))
    other.expect(1, "", f"cannot listen on 127.0.0.1:{port}: .*")
    command.interrupt().expect()


sys.exit(main())
