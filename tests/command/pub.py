#!/usr/bin/env python3
"""shmbus pub: what it publishes, when it waits, and how it ends."""
import os
import signal
import sys
import tempfile
import time

from cases import case, main


@case("a message reaches those who subscribe, though its process ends at once")
def _(place):
    receivers = [place.subscribe("/a/#", "--count", "1"), place.subscribe("/a/*", "--count", "1")]
    place.run("pub", "/a/b", "hello").expect(out="")
    for receiver in receivers:
        receiver.finish().expect(out="/a/b hello\n")


@case("that nobody subscribes is said once and is no error")
def _(place):
    nobody = r'nobody subscribes to "/a": bus \'default\' in ' + place.directory
    place.run("pub", "/a", "b").expect(0, "", nobody)
    place.run("pub", "/a", "b", "--repeat", "100").expect(0, "", nobody)
    assert os.listdir(place.directory) == []


@case("without a message each line of standard input is one")
def _(place):
    receiver = place.subscribe("/a", "--count", "4")
    place.run("pub", "/a", stdin=b"one\n\ntwo words\nno end").expect()
    receiver.finish().expect(out="/a one\n/a \n/a two words\n/a no end\n")


@case("standard input may be a file")
def _(place):
    receiver = place.subscribe("/a", "--count", "1000", "--queue", "1000")
    with tempfile.TemporaryFile() as file:
        file.write(b"".join(b"%d\n" % i for i in range(1000)))
        file.seek(0)
        place.run("pub", "/a", stdin=file).expect()
    receiver.finish().expect(out="".join(f"/a {i}\n" for i in range(1000)))


@case("lines are published as they come")
def _(place):
    receiver = place.subscribe("/a", "--count", "1")
    read, write = os.pipe()
    publisher = place.start("pub", "/a", stdin=read)
    os.close(read)
    os.write(write, b"first\nsecon")
    receiver.finish().expect(out="/a first\n")
    receiver = place.subscribe("/a", "--count", "1")
    os.write(write, b"d\n")
    receiver.finish().expect(out="/a second\n")
    os.close(write)
    publisher.finish().expect()


@case("standard input stays as it was: blocking")
def _(place):
    read, write = os.pipe()
    publisher = place.start("pub", "/a", stdin=read)
    os.write(write, b"x\n")
    place.wait_until(lambda: place.clients() != [], publisher)
    assert os.get_blocking(read)
    os.close(write)
    os.close(read)
    publisher.finish().expect(err="nobody subscribes.*")


@case("standard input that is closed is an error")
def _(place):
    result = place.start("pub", "/a", stdin=None, preexec_fn=lambda: os.close(0)).finish()
    result.expect(1, "", "cannot read standard input: .*")


@case("--repeat publishes each message so many times")
def _(place):
    receiver = place.subscribe("/a", "--count", "6")
    place.run("pub", "/a", "x", "--repeat", "2").expect()
    place.run("pub", "/a", "--repeat", "2", stdin=b"y\nz\n").expect()
    receiver.finish().expect_lines("/a x", "/a x", "/a y", "/a y", "/a z", "/a z")


@case("--rate spreads messages over time")
def _(place):
    receiver = place.subscribe("/a", "--count", "5")
    begin = time.monotonic()
    place.run("pub", "/a", "x", "--repeat", "5", "--rate", "50").expect()
    assert time.monotonic() - begin >= 4 / 50
    receiver.finish().expect(out="/a x\n" * 5)


@case("--wait-for-subscribers waits for so many that match")
def _(place):
    publisher = place.start("pub", "/a/b", "x", "--wait-for-subscribers", "2")
    other = place.subscribe("/b/#")
    receivers = [place.subscribe("/a/b", "--count", "1")]
    assert publisher.process.poll() is None
    receivers.append(place.start("sub", "/#", "--count", "1"))
    publisher.finish().expect()
    for receiver in receivers:
        receiver.finish().expect(out="/a/b x\n")
    other.interrupt().expect(0, "", "received 0 messages, lost 0")


@case("--timeout ends the wait for subscribers with status 3")
def _(place):
    place.run("pub", "/a", "x", "--wait-for-subscribers", "2", "--timeout", "0.05").expect(
        3, "", f'timed out: "/a" has 0 of 2 subscribers: bus \'default\' in {place.directory}')


def stopped_subscriber(place, *arguments):
    """One that exerts back-pressure, and does not receive."""
    receiver = place.subscribe("/a", "--overflow", "block", "--queue", "4", *arguments)
    receiver.signal(signal.SIGSTOP)
    os.waitid(os.P_PID, receiver.pid, os.WSTOPPED | os.WNOWAIT)
    return receiver


@case("a subscriber without room is an error, which says what to do")
def _(place):
    receiver = stopped_subscriber(place)
    place.run("pub", "/a", "x", "--repeat", "10").expect(
        1, "", r".*no room: bus 'default' in .*; wait for room with --block \(4 messages .*\)")
    receiver.signal(signal.SIGCONT)
    place.run("pub", "/a", "end", "--block").expect()
    assert "/a end\n" in [receiver.process.stdout.readline().decode() for _ in range(5)]
    receiver.interrupt().expect(0, "", "received 5 messages, lost 0")


@case("a bus that the dead fill is an error, which names who keeps them")
def _(place):
    receiver = stopped_subscriber(place, "--max-clients", "2")
    place.run("pub", "/a", "x").expect()
    place.run("pub", "/a", "x").expect(
        1, "", rf"cannot make a publisher \(1 of 2 places .* process {receiver.pid}\): .* no room for "
        rf"another client .*: bus 'default' in {place.directory}; stop some, .*")
    receiver.signal(signal.SIGCONT)
    receiver.interrupt().expect(0, "/a x\n", "received 1 message, lost 0")


@case("--block waits for room, and then nothing is lost")
def _(place):
    receiver = stopped_subscriber(place, "--count", "500")
    publisher = place.start("pub", "/a", "x", "--repeat", "500", "--block")
    place.wait_until(lambda: any(c["role"] == "publisher" for c in place.clients()), publisher)
    receiver.signal(signal.SIGCONT)
    publisher.finish().expect()
    receiver.finish().expect(out="/a x\n" * 500)


@case("--timeout ends the wait for room with status 3")
def _(place):
    stopped_subscriber(place)
    place.run("pub", "/a", "x", "--repeat", "10", "--block", "--timeout", "0.1").expect(
        3, "", r"timed out after 4 messages: bus 'default' in .*")


@case("a message larger than the buffer of the bus is an error")
def _(place):
    receiver = place.subscribe("/a", "--buffer-size", "64K", "--count", "1", "--format", "raw")
    place.run("pub", "/a", stdin=b"x" * 65537 + b"\n").expect(
        1, "", r"the message is larger than the buffer of the bus: .*; .*--buffer-size.*")
    place.run("pub", "/a", stdin=b"x" * 65536 + b"\n").expect()
    receiver.finish().expect(out="x" * 65536)


@case("input without any line end does not fill the memory")
def _(place):
    with open("/dev/zero", "rb") as zeros:
        place.run("pub", "/a", "--buffer-size", "1M", stdin=zeros).expect(
            1, "", r"the message is larger than the buffer of the bus: .*")


@case("more clients than the bus takes is an error, which says what to do")
def _(place):
    receivers = [place.subscribe("/a", "--max-clients", "2"), place.subscribe("/a")]
    place.run("pub", "/a", "x").expect(1, "", r".*max_clients.*: bus 'default' in .*--max-clients")
    receivers[0].interrupt().expect(0, "", "received 0 messages, lost 0")
    place.run("pub", "/a", "x").expect()
    assert receivers[1].process.stdout.readline() == b"/a x\n"


@case("Ctrl-C ends --repeat 0 and says how many messages there were")
def _(place):
    receiver = place.subscribe("/a", "--count", "3")
    publisher = place.start("pub", "/a", "x", "--repeat", "0", "--rate", "200")
    receiver.finish().expect(out="/a x\n" * 3)
    publisher.interrupt().expect(0, "", r"published \d+ messages")


@case("Ctrl-C ends it also where it publishes as fast as it goes")
def _(place):
    receiver = place.subscribe("/a", "--count", "3")
    publisher = place.start("pub", "/a", "x", "--repeat", "0")
    receiver.process.stdout.readline()
    publisher.interrupt().expect(0, "", r"published \d+ messages")


@case("Ctrl-C before all was published is an error")
def _(place):
    publisher = place.start("pub", "/a", "x", "--wait-for-subscribers", "1")
    place.wait_until(lambda: place.clients() != [], publisher)
    publisher.interrupt().expect(1, "", r"interrupted after 0 messages of 1: bus 'default' in .*")
    assert os.listdir(place.directory) == []


sys.exit(main())
