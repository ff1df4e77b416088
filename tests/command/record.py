#!/usr/bin/env python3
"""shmbus record and shmbus play: what is recorded comes again, also from a file that was cut off."""
import json
import os
import resource
import signal
import sys
import time

from cases import case, main

NOBODY = "nobody subscribed to what was played: .*"


def recorder(place, *arguments, bus="default", **options):
    """Starts `shmbus record` and returns when whatever is published reaches it."""
    command = place.start("record", "--bus", bus, *arguments, **options)
    patterns = [a for a in arguments if a.startswith("/") and "." not in a]
    place.wait_until(lambda: any(c["pid"] == command.pid and c.get("patterns") == patterns
                                 for c in place.clients(bus)), command)
    return command


def path(place, name="a.shmbus"):
    return os.path.join(place.directory, name)


def record(place, file, *messages, arguments=()):
    command = recorder(place, "/#", "-o", file, *arguments)
    for topic, payload in messages:
        place.run("pub", topic, payload).expect()
    command.interrupt().expect(
        0, "", rf"recorded {len(messages)} messages? on \d+ topics?, .*, lost 0: \"{file}\"")


def info(place, file, *arguments, status=0):
    result = place.run("play", "--info", "--json", file, *arguments)
    assert result.status == status, result
    return json.loads(result.out)


def play(place, file, *arguments, count, **options):
    """What a subscriber gets of it, as objects."""
    receiver = place.subscribe("/#", "--count", str(count), "--queue", "60000", "--format", "json")
    place.run("play", file, *arguments).expect(**options)
    return [json.loads(line) for line in receiver.finish().expect().out.splitlines()]


def topics_and_payloads(messages):
    return [(m["topic"], m["payload"]) for m in messages]


MESSAGES = [("/a", "one"), ("/b/c", "zwei ü"), ("/a", ""), ("/a", "x" * 100_000)]


@case("what was recorded is played: topics, payloads, order")
def _(place):
    file = path(place)
    record(place, file, *MESSAGES)
    assert topics_and_payloads(play(place, file, count=4)) == MESSAGES


@case("a message of 5 MB, and payloads of any bytes, come back")
def _(place):
    payloads = [bytes(i % 251 for i in range(5_000_000)).replace(b"\n", b" "), b"\xff\x00\r"]
    file = path(place)
    command = recorder(place, "/#", "-o", file, "--count", "2")
    place.run("pub", "/a", stdin=b"\n".join(payloads)).expect()
    command.finish().expect(err="recorded 2 messages on 1 topic, 4.8 MiB, lost 0: .*")
    receiver = place.subscribe("/#", "--count", "2", "--format", "raw")
    place.run("play", file).expect()
    assert receiver.finish(text=False).out == b"".join(payloads)


@case("only what matches is recorded")
def _(place):
    file = path(place)
    command = recorder(place, "/a", "/b/*", "-o", file)
    place.run("pub", "/c", "no").expect(err="nobody.*")
    place.run("pub", "/b/x", "yes").expect()
    command.interrupt().expect(err="recorded 1 message on 1 topic, .*")


@case("--count, --duration and --max-size end it by themselves")
def _(place):
    command = recorder(place, "/#", "-o", path(place, "count"), "--count", "3")
    place.run("pub", "/a", "x", "--repeat", "10").expect()
    command.finish().expect(err="recorded 3 messages .*")
    place.run("record", "/#", "-o", path(place, "duration"), "--duration", "0.05").expect(
        err="recorded 0 messages .*")
    file = path(place, "size")
    command = recorder(place, "/#", "-o", file, "--max-size", "10000")
    place.run("pub", "/a", "x" * 1000, "--repeat", "20").expect()
    command.finish().expect(err="recorded 9 messages .*")
    assert 9000 < os.path.getsize(file) <= 10_000


@case("a file that is there is left alone, unless --overwrite or --append says otherwise")
def _(place):
    file = path(place)
    record(place, file, ("/a", "one"))
    before = open(file, "rb").read()
    place.run("record", "/#", "-o", file).expect(1, "", ".* is there already; choose another.*")
    assert open(file, "rb").read() == before
    record(place, file, ("/a", "two"), arguments=["--overwrite"])
    assert topics_and_payloads(play(place, file, count=1)) == [("/a", "two")]
    place.run("record", "/#", "-o", file, "--append", "--overwrite").expect(2, "", ".*excludes.*")


@case("--append continues, in a file that is not there too, and play leaves the pause out")
def _(place):
    file = path(place)
    record(place, file, ("/a", "one"), arguments=["--append"])
    record(place, file, ("/a", "two"), arguments=["--append"])
    assert topics_and_payloads(play(place, file, count=2)) == [("/a", "one"), ("/a", "two")]
    assert info(place, file)["parts"] == 2


@case("a file cut off at any byte is played as far as it is whole, and --append cuts the rest")
def _(place):
    file, cut = path(place), path(place, "cut")
    record(place, file, ("/a", "one"), ("/a", "two"))
    whole = open(file, "rb").read()
    ends = [size for size in range(len(whole) + 1)
            if not is_torn(place, whole[:size], cut)]
    assert len(ends) == 4, ends  # head, start and two messages
    for size in range(ends[-2] + 1, ends[-1]):
        with open(cut, "wb") as f:
            f.write(whole[:size])
        if size % 10 == 0:
            problem = rf"\"{cut}\" cannot be read beyond byte {ends[-2]}: it ends within a record; "
            messages = play(place, cut, count=1, status=1, err=problem + "played 1 message")
            assert topics_and_payloads(messages) == [("/a", "one")]
            play(place, cut, "--tolerant", count=1, err=problem + "played 1 message")
    place.run("record", "/#", "-o", cut, "--append", "--duration", "0.01").expect(
        err=r"cut off \d+ bytes? behind the last whole record of .*\nshmbus: recorded 0 .*")
    assert info(place, cut)["messages"] == 1


def is_torn(place, contents, file):
    with open(file, "wb") as f:
        f.write(contents)
    return place.run("play", "--info", file).status == 1


@case("a recorder that is killed while it writes leaves whole messages, each publisher's in order")
def _(place):
    file = path(place)
    command = recorder(place, "/#", "-o", file)
    publisher = place.start("pub", "/a", "x" * 3000, "--repeat", "0")
    place.wait_until(lambda: os.path.getsize(file) > 5_000_000, command)
    command.kill()
    publisher.interrupt()
    result = place.run("play", "--info", "--json", file)
    assert result.status in (0, 1), result
    contents = json.loads(result.out)
    assert contents["messages"] > 1000 and contents["bytes"] == contents["messages"] * 3000
    again = recorder(place, "/#", "-o", file, "--append")
    place.run("pub", "/b", "after").expect()
    again.interrupt()
    assert info(place, file)["messages"] == contents["messages"] + 1


@case("a changed byte ends the playing there, and --append leaves such a file alone")
def _(place):
    file = path(place)
    record(place, file, *MESSAGES)
    contents = bytearray(open(file, "rb").read())
    contents[-10] ^= 1
    with open(file, "wb") as f:
        f.write(contents)
    messages = play(place, file, count=3, status=1, err=".*: a record was changed; played 3 .*")
    assert topics_and_payloads(messages) == MESSAGES[:3]
    place.run("record", "/#", "-o", file, "--append").expect(
        1, "", r"cannot append to .*: a record was changed, at byte \d+")


@case("what is no recording is refused by play and by record --append")
def _(place):
    file = path(place)
    with open(file, "w") as f:
        f.write("something else\n")
    place.run("play", file).expect(1, "", "cannot read .*: it is not a recording")
    place.run("record", "/#", "-o", file, "--append").expect(
        1, "", "cannot append to .*: it is not a recording.*")
    place.run("play", path(place, "none")).expect(1, "", "cannot open .*: No such file.*")
    place.run("record", "/#", "-o", place.directory).expect(1, "", "cannot open .*directory.*")


@case("two recorders do not write into one file")
def _(place):
    file = path(place)
    command = recorder(place, "/#", "-o", file)
    for how in ("--append", "--overwrite"):
        place.run("record", "/#", "-o", file, how).expect(1, "", "another process records into .*")
    command.interrupt()


@case("a recording goes through pipes: record -o -, play -")
def _(place):
    command = recorder(place, "/#", "-o", "-", "--count", "4")
    for topic, payload in MESSAGES:
        place.run("pub", topic, payload).expect()
    stream = command.finish(text=False).out
    receiver = place.subscribe("/#", "--count", "4", "--format", "json")
    place.run("play", "-", stdin=stream).expect()
    played = [json.loads(line) for line in receiver.finish().expect().out.splitlines()]
    assert topics_and_payloads(played) == MESSAGES


@case("a recorder whose reader goes ends quietly")
def _(place):
    read, write = os.pipe()
    command = recorder(place, "/#", "-o", "-", stdout=write)
    os.close(write)
    os.close(read)
    command.finish().expect(0)


@case("a file system without room is an error, and the file stays whole")
def _(place):
    file = path(place)

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    # The bus itself, which other processes make, must not meet the limit.
    holder = place.subscribe("/none", "--queue", "1")
    place.run("pub", "/a", "x" * 1000).expect(err="nobody.*")
    command = recorder(place, "/#", "-o", file, "--queue", "1000", preexec_fn=limit)
    place.run("pub", "/a", "x" * 1000, "--repeat", "500").expect()
    command.finish().expect(1, "", r"cannot write \".*\": File too large")
    assert info(place, file)["whole"]
    holder.interrupt()


@case("messages that were lost stand in the recording, and are told")
def _(place):
    file = path(place)
    command = recorder(place, "/#", "-o", file, "--queue", "5")
    command.signal(signal.SIGSTOP)
    os.waitid(os.P_PID, command.pid, os.WSTOPPED | os.WNOWAIT)
    place.run("pub", "/a", "x", "--repeat", "10").expect()
    command.signal(signal.SIGCONT)
    place.wait_until(lambda: os.path.getsize(file) > 300, command)
    command.interrupt().expect(0, "", "recorded 5 messages .*, lost 5: .*\nshmbus: warning: 5 .*")
    contents = info(place, file)
    assert (contents["lost"], contents["gaps"], contents["messages"]) == (5, 1, 5)


@case("what was published before the end is recorded, without one loss")
def _(place):
    file = path(place)
    command = recorder(place, "/#", "-o", file)
    place.run("pub", "/a", stdin=b"".join(b"%d\n" % i for i in range(20_000))).expect()
    command.signal(signal.SIGTERM).finish().expect(err="recorded 20000 .*, lost 0: .*")
    played = play(place, file, "--speed", "0", count=20_000)
    assert [m["payload"] for m in played] == [str(i) for i in range(20_000)]


@case("no message is played before its time, and --speed changes it")
def _(place):
    file, again = path(place), path(place, "again")
    command = recorder(place, "/#", "-o", file)
    place.run("pub", "/a", "x", "--repeat", "5", "--rate", "20").expect()
    command.interrupt()
    recorded = info(place, file)["topics"][0]
    length = recorded["last"] - recorded["first"]
    assert length > 0.1
    for speed in ("1", "4"):
        before = time.monotonic()
        place.run("play", file, "--speed", speed).expect(err=NOBODY)
        assert time.monotonic() - before >= length / float(speed)
    receiver = recorder(place, "/#", "-o", again, "--count", "5")
    place.run("play", file, "--timing").expect(err=r"kept \d of 4 gaps within 1 ms; .* \d+ us")
    receiver.finish()
    assert info(place, again)["messages"] == 5


@case("--from, --until and --topic choose, also for --info")
def _(place):
    file = path(place)
    command = recorder(place, "/#", "-o", file)
    for i in range(3):
        place.run("pub", f"/t/{i}", str(i)).expect()
    command.interrupt()
    times = [t["first"] for t in info(place, file)["topics"]]
    between = [str((times[i] + times[i + 1]) / 2) for i in range(2)]
    for arguments, expected in ((["--from", between[0]], ["1", "2"]),
                                (["--until", between[1]], ["0", "1"]),
                                (["--from", between[0], "--until", between[1]], ["1"]),
                                (["--topic", "/t/0", "--topic", "/t/2"], ["0", "2"])):
        messages = play(place, file, *arguments, count=len(expected))
        assert [m["payload"] for m in messages] == expected, arguments
        assert info(place, file, *arguments)["messages"] == len(expected)
    place.run("play", file, "--topic", "/none").expect(err="nothing to play: .*")


@case("--prefix and --bus publish elsewhere")
def _(place):
    file = path(place)
    record(place, file, ("/a", "one"))
    receiver = place.subscribe("/#", "--count", "1", bus="other")
    place.run("play", file, "--bus", "other", "--prefix", "/again").expect()
    receiver.finish().expect(out="/again/a one\n")
    place.run("play", file, "--prefix", "again").expect(2, "", "the prefix .* does not start .*")
    place.run("play", file, "--prefix", "/" + "x" * 254).expect(
        1, "", "the topic .* is longer than 255 bytes: .*")


@case("--loop plays it again and again until Ctrl-C")
def _(place):
    file = path(place)
    record(place, file, ("/a", "one"), ("/a", "two"))
    receiver = place.subscribe("/#", "--count", "5", "--overflow", "block")
    player = place.start("play", file, "--loop")
    receiver.finish().expect(out="/a one\n/a two\n" * 2 + "/a one\n")
    player.interrupt().expect(0, "", r"played \d+ messages")


@case("--wait waits for subscribers, and Ctrl-C ends that")
def _(place):
    file = path(place)
    record(place, file, ("/a", "one"))
    player = place.start("play", file, "--wait", "1")
    place.wait_until(place.clients, player)
    receiver = place.start("sub", "/a", "--count", "1")
    player.finish().expect()
    receiver.finish().expect(out="/a one\n")
    player = place.start("play", file, "--wait", "1")
    place.wait_until(place.clients, player)
    player.interrupt().expect(1, "", "interrupted: played 0 messages")


@case("--speed 0 waits for those who exert back-pressure, and they lose nothing")
def _(place):
    file = path(place)
    command = recorder(place, "/#", "-o", file)
    place.run("pub", "/a", stdin=b"".join(b"%d\n" % i for i in range(3000))).expect()
    command.interrupt()
    receiver = place.subscribe("/a", "--count", "3000", "--overflow", "block", "--queue", "2")
    place.run("play", file, "--speed", "0").expect()
    receiver.finish().expect(out="".join(f"/a {i}\n" for i in range(3000)))


# A recording of bus "bus" with one message on /t: "value", of the type 0x1122334455667788.
TYPED = bytes.fromhex("""
73686d6275730d0a010000000000000096119fb4ba8906cf6dd7e549b29e13df1300000000000000
0100000000000000000000000000000000000000000000006275735fc8005426e9eea3204fa84f2a
5841d42f000000000000000200000000000000050000000000000001000000000000008877665544
332211010000000100000002000000000000002f7476616c7565""")


@case("types are kept: what was published as a value is received as one")
def _(place):
    file, again = path(place), path(place, "again")
    with open(file, "wb") as f:
        f.write(TYPED)
    receiver = recorder(place, "/#", "-o", again, "--count", "1")
    place.run("play", file).expect()
    receiver.finish()
    with open(again, "rb") as f:
        message = f.read()[-len(b"/tvalue") - 40:]
    assert message[16:24] == bytes.fromhex("8877665544332211"), message
    assert message.endswith(b"/tvalue")


@case("--info says what is in a recording")
def _(place):
    file = path(place)
    before = time.time()
    record(place, file, *MESSAGES)
    contents = info(place, file)
    assert before - 1 < contents["begun"] < time.time() + 1
    assert contents["bus"] == "default" and contents["parts"] == 1
    assert contents["messages"] == 4 and contents["lost"] == 0 and contents["whole"]
    assert contents["whole_bytes"] == os.path.getsize(file)
    assert contents["bytes"] == sum(len(p.encode()) for _, p in MESSAGES)
    topics = {t["topic"]: t for t in contents["topics"]}
    assert topics["/a"]["messages"] == 3 and topics["/b/c"]["bytes"] == len("zwei ü".encode())
    assert 0 <= topics["/a"]["first"] <= topics["/a"]["last"] <= contents["duration"]
    text = place.run("play", "--info", file).expect().out
    for word in ("default", "4, ", "TOPIC", "/b/c", "0 in 0 gaps"):
        assert word in text, text


@case("wrong usage of record and play is refused before anything is touched")
def _(place):
    for arguments in (["record", "/#"], ["record", "-o", "x"], ["record", "/#", "-o", "x", "--count", "0"],
                      ["record", "#", "-o", path(place)], ["play"], ["play", "x", "--speed", "-1"],
                      ["play", "x", "--speed", "nan"], ["play", "x", "--topic", "a"],
                      ["play", "x", "--json"], ["play", "x", "--timing", "--speed", "0"]):
        place.run(*arguments).expect(2, "", r".*\(try shmbus (record|play) --help\)")
    assert os.listdir(place.directory) == []


sys.exit(main())
