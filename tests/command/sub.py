#!/usr/bin/env python3
"""shmbus sub: what it prints, in which form, and how it ends."""
import base64
import json
import os
import re
import signal
import sys
import tempfile
import time

from cases import Skip, case, main

SUMMARY = r"received (\d+) messages?, lost (\d+)"


@case("it prints topic and payload of each message at once")
def _(place):
    receiver = place.subscribe("/a/#")
    for message in ("one", "two words", "drei ü"):
        place.run("pub", "/a/b", message).expect()
        assert receiver.process.stdout.readline().decode() == f"/a/b {message}\n"
    receiver.interrupt().expect(0, "", "received 3 messages, lost 0")


@case("several patterns give a message once")
def _(place):
    receiver = place.subscribe("/a/#", "/a/b", "/*/b", "--count", "2")
    place.run("pub", "/a/b", "x", "--repeat", "2").expect()
    receiver.finish().expect(out="/a/b x\n" * 2)


@case("a number sign means one or more levels, an asterisk exactly one")
def _(place):
    many = place.subscribe("/s/#", "--count", "2")
    one = place.subscribe("/s/*", "--count", "1")
    place.run("pub", "/s", "none").expect(err="nobody subscribes.*")
    place.run("pub", "/s/a/b", "two").expect()
    place.run("pub", "/s/a", "one").expect()
    many.finish().expect_lines("/s/a/b two", "/s/a one")
    one.finish().expect(out="/s/a one\n")


@case("--count ends it after so many messages")
def _(place):
    receiver = place.subscribe("/a", "--count", "2")
    place.run("pub", "/a", "x", "--repeat", "5").expect()
    receiver.finish().expect(out="/a x\n" * 2)


@case("--timeout ends it with status 3 when nothing came")
def _(place):
    place.run("sub", "/a", "--timeout", "0.05").expect(
        3, "", f"timed out: received 0 messages, lost 0: bus 'default' in {place.directory}")


@case("--timeout ends it with status 3 before --count is reached")
def _(place):
    receiver = place.subscribe("/a", "--count", "3", "--timeout", "0.5")
    place.run("pub", "/a", "x").expect()
    receiver.finish().expect(3, "/a x\n", "timed out: received 1 message, lost 0: .*")


@case("--timeout does nothing when --count is reached before")
def _(place):
    receiver = place.subscribe("/a", "--count", "1", "--timeout", "50")
    place.run("pub", "/a", "x").expect()
    receiver.finish().expect(0, "/a x\n")


@case("text: what is not printable is escaped")
def _(place):
    receiver = place.subscribe("/#", "--count", "3")
    place.run("pub", "/a\x1b[2J", stdin=b"\x1b[31m\ttab\x7f\xc2\x9b\\n\n").expect()
    place.run("pub", "/a", stdin=b"\xff\x00\xc3\xbc\n").expect()
    place.run("pub", "/a", "back\\slash ü €").expect()
    receiver.finish().expect_lines("/a\\x1b[2J \\x1b[31m\\ttab\\x7f\\xc2\\x9b\\\\n",
                                   "/a \\xff\\x00\\xc3\\xbc", "/a back\\slash ü €")


@case("json: an object on each line")
def _(place):
    receiver = place.subscribe("/a/#", "--count", "2", "--format", "json")
    before = time.time()
    place.run("pub", "/a/\"q\"", stdin='quote " back \\ tab \t ü\nsecond\n'.encode()).expect()
    first, second = map(json.loads, receiver.finish().expect().out.splitlines())
    assert first["topic"] == '/a/"q"', first
    assert first["payload"] == 'quote " back \\ tab \t ü', first
    assert second["payload"] == "second", second
    assert (first["sequence"], second["sequence"]) == (0, 1)
    assert (first["lost_before"], second["lost_before"]) == (0, 0)
    assert first["publisher"] == second["publisher"]
    assert before - 1 < first["sent_at"] <= second["sent_at"] < time.time() + 1
    assert first["latency_ns"] > 0


@case("json: a payload that is not UTF-8 comes in base64")
def _(place):
    payloads = [b"\xff", b"\xfe\xff", b"a\x80b", b"\xc0\xaf..", bytes(set(range(256)) - {10})]
    receiver = place.subscribe("/a", "--count", str(len(payloads)), "--format", "json")
    place.run("pub", "/a", stdin=b"\n".join(payloads) + b"\n").expect()
    lines = [json.loads(line) for line in receiver.finish().expect().out.splitlines()]
    assert [base64.b64decode(line["payload_base64"]) for line in lines] == payloads, lines
    assert all("payload" not in line for line in lines)


@case("raw: the bytes of the payloads and nothing else")
def _(place):
    receiver = place.subscribe("/a", "--count", "3", "--format", "raw")
    place.run("pub", "/a", stdin=b"\x00\xff\r\n\nend\n").expect()
    assert receiver.finish(text=False).expect().out == b"\x00\xff\rend"


@case("hex: the payload in hexadecimal")
def _(place):
    receiver = place.subscribe("/a", "--count", "1", "--format", "hex")
    place.run("pub", "/a", stdin=b"\x00\xffaz\n").expect()
    receiver.finish().expect(out="/a 00ff617a\n")


@case("a template says what is on a line")
def _(place):
    template = "%t|%p|%x|%s|%n|%l|100%%|ü"
    receiver = place.subscribe("/a", "--count", "2", "--format", template)
    place.run("pub", "/a", stdin=b"x\x1b\nsecond\n").expect()
    receiver.finish().expect(out="/a|x\\x1b|781b|2|0|0|100%|ü\n/a|second|7365636f6e64|6|1|0|100%|ü\n")
    before = time.time()
    receiver = place.subscribe("/a", "--count", "1", "--format", "%T %d %i")
    place.run("pub", "/a", "x").expect()
    sent, latency, publisher = receiver.finish().expect().out.split()
    assert before - 1 < float(sent) < time.time() + 1
    assert float(latency) > 0 and re.fullmatch(r"\d+\.\d+", publisher)


@case("--grep shows only payloads that match, and --count counts what is shown")
def _(place):
    receiver = place.subscribe("/a", "--count", "2", "--grep", "^(err|warn)")
    place.run("pub", "/a", stdin=b"error 1\ninfo err\nwarn\x00 2\nerror 3\n").expect()
    receiver.finish().expect(out="/a error 1\n/a warn\\x00 2\n")


@case("--grep takes a large payload")
def _(place):
    receiver = place.subscribe("/a", "--count", "1", "--grep", "(x|y)*end$", "--format", "%s")
    place.run("pub", "/a", stdin=b"x" * 1_000_000 + b"\n" + b"x" * 1_000_000 + b"end\n").expect()
    receiver.finish().expect(out="1000003\n")


@case("--min-size and --max-size choose by size")
def _(place):
    receiver = place.subscribe("/a", "--min-size", "2", "--max-size", "1K", "--count", "2")
    for size in (1, 2, 1025, 1024):
        place.run("pub", "/a", "x" * size).expect()
    receiver.finish().expect(out=f"/a xx\n/a {'x' * 1024}\n")


@case("--topics-only shows each topic once")
def _(place):
    receiver = place.subscribe("/#", "--topics-only", "--count", "2")
    for topic in ("/a", "/a", "/b"):
        place.run("pub", topic, "x", "--repeat", "3").expect()
    receiver.finish().expect(out="/a\n/b\n")


@case("--rate-limit shows so many of each topic, and counts the others")
def _(place):
    receiver = place.subscribe("/#", "--rate-limit", "0.001", "--count", "2")
    place.run("pub", "/a", "x", "--repeat", "100").expect()
    place.run("pub", "/b", "y").expect()
    receiver.finish().expect(
        0, "/a x\n/b y\n",
        r"received 101 messages, lost 0, showed 2 \(--rate-limit kept back 99\)")


@case("--duration ends it with status 0, unless --timeout comes before")
def _(place):
    place.run("sub", "/a", "--duration", "0.05").expect(0, "")
    place.run("sub", "/a", "--duration", "50", "--timeout", "0.05").expect(3, "", "timed out: .*")


@case("a large message comes whole")
def _(place):
    payload = bytes(i % 251 for i in range(5_000_000)).replace(b"\n", b" ")
    receiver = place.subscribe("/a", "--count", "1", "--format", "raw")
    place.run("pub", "/a", stdin=payload + b"\n").expect()
    assert receiver.finish(text=False).expect().out == payload


@case("Ctrl-C ends it with a summary and status 0")
def _(place):
    place.subscribe("/a").interrupt().expect(0, "", "received 0 messages, lost 0")
    assert os.listdir(place.directory) == []


@case("SIGTERM ends it with a summary and status 0")
def _(place):
    receiver = place.subscribe("/a")
    place.run("pub", "/a", "x").expect()
    receiver.process.stdout.readline()
    receiver.signal(signal.SIGTERM).finish().expect(0, "", "received 1 message, lost 0")


@case("Ctrl-C ends it also when nobody takes what it prints")
def _(place):
    receiver = place.subscribe("/a", "--overflow", "block")
    place.run("pub", "/a", "x" * 1000, "--repeat", "10000").expect(1, "", ".*no room.*")
    receiver.interrupt().expect(0, None, SUMMARY)


def with_five_lost(place, *arguments):
    """Was stopped while twice as many messages came as its queue takes."""
    receiver = place.subscribe("/a", "--queue", "5", *arguments)
    receiver.signal(signal.SIGSTOP)
    os.waitid(os.P_PID, receiver.pid, os.WSTOPPED | os.WNOWAIT)
    place.run("pub", "/a", stdin=b"".join(b"%d\n" % i for i in range(10))).expect()
    receiver.signal(signal.SIGCONT)
    return receiver, [receiver.process.stdout.readline().decode() for _ in range(5)]


@case("losses are counted: drop-oldest keeps the newest messages")
def _(place):
    receiver, lines = with_five_lost(place)
    assert lines == [f"/a {i}\n" for i in range(5, 10)], lines
    receiver.interrupt().expect(0, "", "received 5 messages, lost 5")


@case("losses are counted: drop-newest keeps the oldest messages")
def _(place):
    receiver, lines = with_five_lost(place, "--overflow", "drop-newest")
    assert lines == [f"/a {i}\n" for i in range(5)], lines
    receiver.interrupt().expect(0, "", "received 5 messages, lost 5")


@case("losses are told also at the end of --count, and in json with the next message")
def _(place):
    receiver, lines = with_five_lost(place, "--count", "5", "--format", "json")
    assert [json.loads(line)["lost_before"] for line in lines] == [5, 0, 0, 0, 0], lines
    receiver.finish().expect(0, "", "received 5 messages, lost 5")


@case("it ends quietly when its reader goes, also if no message comes any more")
def _(place):
    read, write = os.pipe()
    receiver = place.subscribe("/a", stdout=write)
    os.close(write)
    place.run("pub", "/a", "x").expect()
    assert os.read(read, 100) == b"/a x\n"
    os.close(read)
    receiver.finish().expect(0)


@case("standard output that takes nothing is an error")
def _(place):
    if not os.path.exists("/dev/full"):
        raise Skip("there is no /dev/full")
    with open("/dev/full", "wb") as full:
        receiver = place.subscribe("/a", stdout=full)
        place.run("pub", "/a", "x").expect()
        receiver.finish().expect(1, err="cannot write to standard output: .*")


@case("standard output that is closed is an error, and no file of the bus takes its place")
def _(place):
    receiver = place.subscribe("/a", stdout=None, preexec_fn=lambda: os.close(1))
    place.run("pub", "/a", "x").expect()
    receiver.finish().expect(1, err="cannot write to standard output: .*")


@case("standard output may be a file")
def _(place):
    with tempfile.TemporaryFile() as file:
        receiver = place.subscribe("/a", "--count", "2", stdout=file)
        place.run("pub", "/a", "x", "--repeat", "2").expect()
        receiver.finish().expect()
        file.seek(0)
        assert file.read() == b"/a x\n" * 2


@case("three publishers and two subscribers at once: all arrives, each publisher's in order")
def _(place):
    count = 1000
    receivers = [place.subscribe(p, "--count", str(3 * count), "--queue", str(count))
                 for p in ("/many/#", "/many/*")]
    publishers = []
    for name in "abc":
        read, write = os.pipe()
        publishers.append(place.start("pub", f"/many/{name}", stdin=read))
        os.close(read)
        with open(write, "wb") as pipe:
            pipe.write(b"".join(b"%d\n" % i for i in range(count)))
    for publisher in publishers:
        publisher.finish().expect()
    for receiver in receivers:
        lines = receiver.finish().expect().out.splitlines()
        for name in "abc":
            mine = [line.split()[1] for line in lines if line.startswith(f"/many/{name} ")]
            assert mine == [str(i) for i in range(count)], mine


@case("a subscriber that is killed leaves the others in peace")
def _(place):
    killed, receiver = place.subscribe("/a"), place.subscribe("/a", "--count", "2")
    killed.kill()
    place.run("pub", "/a", "x", "--repeat", "2").expect()
    receiver.finish().expect(out="/a x\n" * 2)
    assert os.listdir(place.directory) == []


sys.exit(main())
