#!/usr/bin/env python3
"""What takes long shows how far it is: on a terminal, and nowhere else."""
import os
import re
import sys
import tty

from cases import case, main


class Screen:
    """A terminal for the standard error of commands."""

    def __enter__(self):
        self.ours, self.theirs = os.openpty()
        tty.setraw(self.theirs)
        return self

    def __exit__(self, *_):
        os.close(self.ours)
        os.close(self.theirs)

    def see(self, pattern):
        """Reads what was written until a part of it matches. The runner is the watchdog."""
        text = ""
        while not re.search(pattern, text):
            text += os.read(self.ours, 4096).decode()
        return text


WIPED = "\r\x1b[K"


@case("pub shows for how many subscribers it waits, and wipes that at its end")
def _(place):
    with Screen() as screen:
        pub = place.start("pub", "/a", "x", "--wait-for-subscribers", "2", stderr=screen.theirs)
        screen.see(re.escape(WIPED + "waiting for subscribers: 0 of 2"))
        place.start("sub", "/a", "--count", "1")
        screen.see(re.escape(WIPED + "waiting for subscribers: 1 of 2"))
        place.start("sub", "/a", "--count", "1")
        pub.finish().expect()
        os.write(screen.theirs, b"END")
        assert screen.see("END").endswith(WIPED + "END")


@case("pub shows how much it has published; what it has to say comes on a line of its own")
def _(place):
    with Screen() as screen:
        pub = place.start("pub", "/a", "x", "--repeat", "1000000", "--rate", "2",
                          stderr=screen.theirs)
        said = screen.see(r"published \d messages of 1000000")
        assert said.startswith('shmbus: nobody subscribes to "/a": '), repr(said)
        pub.interrupt()
        said = screen.see("interrupted after")
        assert WIPED + "shmbus: interrupted after" in said, repr(said)


@case("record and play show how far they are")
def _(place):
    file = f"{place.directory}/a.shmbus"
    with Screen() as screen:
        record = place.start("record", "/a", "-o", file, stderr=screen.theirs)
        screen.see("recording for 2 s: 0 messages")
        place.run("pub", "/a", "x", "--repeat", "3", "--rate", "1").expect()
        screen.see("recording for [3-9] s: [1-3] message")
        record.interrupt()
        screen.see("recorded 3 messages on 1 topic")
        play = place.start("play", file, "--speed", "0.1", stderr=screen.theirs)
        screen.see(r"played 1 message.*, now at \d\.\d s, \d+ % of")
        play.interrupt()


@case("elsewhere nothing is shown")
def _(place):
    place.run("pub", "/a", "x", "--wait-for-subscribers", "1", "--timeout", "3").expect(
        3, "", "timed out: .* has 0 of 1 subscribers: .*")


sys.exit(main())
