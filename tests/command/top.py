#!/usr/bin/env python3
"""shmbus top: in a real terminal, and once."""
import json
import os
import shutil
import signal
import subprocess
import sys
import time

from cases import WATCHDOG_SECONDS, case, main


class Terminal:
    """A tmux with one pane, in which the command runs. The shell there says how it ended:
    tmux does not always notice."""

    def __init__(self, place, *arguments, width=120, height=40, term=None):
        self.place = place
        self.socket = f"{place.directory}/tmux"
        configuration = f"{place.directory}/tmux.conf"
        with open(configuration, "w", encoding="ascii") as f:
            f.write("set -g status off\n")
        command = [place.command, "top", *arguments]
        if term:
            command = ["env", f"TERM={term}", *command]
        self.environment = {**place.environment, "LC_ALL": "C.UTF-8"}
        self.tmux("-f", configuration, "new-session", "-d", "-x", str(width), "-y", str(height),
                  " ".join(command) + "; echo ended with $?; read _")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], check=False,
                       stderr=subprocess.DEVNULL)

    def tmux(self, *arguments):
        return subprocess.run(["tmux", "-S", self.socket, *arguments], check=True, text=True,
                              env=self.environment, stdout=subprocess.PIPE).stdout

    def press(self, *keys):
        self.tmux("send-keys", *keys)

    def resize(self, width, height):
        self.tmux("resize-window", "-x", str(width), "-y", str(height))

    def lines(self):
        return self.tmux("capture-pane", "-p").splitlines()

    def wait(self, what, condition):
        deadline = time.monotonic() + WATCHDOG_SECONDS
        while True:
            lines = self.lines()
            if condition(lines):
                return lines
            if time.monotonic() > deadline:
                raise AssertionError(f"{what} did not show:\n" + "\n".join(lines))
            time.sleep(0.02)

    def see(self, *texts):
        return self.wait(texts, lambda lines: all(t in "\n".join(lines) for t in texts))

    def ended(self, status):
        return self.see(f"ended with {status}")

    def miss(self, text):
        return self.wait(f"the end of {text}", lambda lines: text not in "\n".join(lines))


class Crowd:
    """Three publishers, 200 topics, 20 subscribers."""

    def __init__(self, place, bus="default"):
        program = os.path.join(os.environ["SHMBUS_TEST_PROGRAMS"], "crowd")
        self.process = subprocess.Popen([program, bus], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, env=place.environment)
        assert self.process.stdout.readline() == b"ready\n"
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(timeout=WATCHDOG_SECONDS)
        self.process.stdout.close()

    def leave(self):
        self.process.stdin.close()
        self.process.wait(timeout=WATCHDOG_SECONDS)


def rows(lines):
    """The rows of the list on the screen: below its titles, above the last line."""
    return [l for l in lines[4:-1] if l.strip()]


@case("topics are shown with rates, sizes, subscribers and ages")
def _(place):
    with Crowd(place), Terminal(place, "--interval", "0.2") as t:
        lines = t.wait("a rate and as many rows as there is room for", lambda lines:
                       len(rows(lines)) == 35 and "-" not in rows(lines)[0].split()[1])
        assert "bus 'default' in " in lines[0] and "3 publishers, 20 subscribers" in lines[0], lines
        assert lines[3].split()[:5] == ["TOPIC", "RATE/S", "BYTES/S", "SIZE", "SUBS"], lines[3]
        topic, _rate, _bytes, size, subscribers = rows(lines)[0].split()[:5]
        assert topic.startswith("/crowd/"), lines
        assert 20 < int(size) < 40 and int(subscribers) in (6, 7, 8), lines
        assert "q quit" in lines[-1], lines


@case("keys page, select, sort, filter, pause, help, and quit")
def _(place):
    with Crowd(place), Terminal(place, "--interval", "0.2") as t:
        t.see("sorted by rate")
        t.press("s", "s", "s", "s", "s")
        t.see("sorted by name")
        t.press("r")
        first = t.wait("a reversed list", lambda l: "reversed" in l[2] and "/2/topic-98" in l[4])
        t.press("NPage")
        t.wait("the next page", lambda l: rows(l) and rows(l)[0] != rows(first)[0])
        t.press("/")
        t.press("-l", "topic-19")
        t.see("filter: topic-19_")
        t.press("Enter")
        t.wait("eleven rows", lambda l: len(rows(l)) == 11 and
               all("topic-19" in row for row in rows(l)))
        t.press("Escape")
        t.wait("all rows", lambda l: len(rows(l)) == 35)
        t.press("/")
        t.press("-l", "/crowd/1/#")
        t.press("Enter")
        t.wait("those of a pattern", lambda l: len(rows(l)) == 35 and "/crowd/1/" in rows(l)[34])
        t.press("Space")
        t.see("PAUSED")
        t.press("h")
        t.see("UNHEARD messages for which there was no subscriber")
        t.press("x")
        t.miss("UNHEARD messages")
        t.press("q")
        t.ended(0)


@case("clients are shown with process, state and losses; one that is stopped or killed is seen")
def _(place):
    with Crowd(place) as crowd, Terminal(place, "--interval", "0.2") as t:
        t.press("c")
        # A screen may be looked at while it is drawn: what it has to show is waited for.
        lines = t.wait("all clients", lambda l: len(rows(l)) == 23 and "LATENCY" in l[3] and
                       all(row.startswith("crowd ") for row in rows(l)))
        t.press("s", "s", "s")
        t.wait("the one that loses most, first", lambda l: rows(l) and "sub" in rows(l)[0] and
               rows(l)[0].split()[lines[3].split().index("LOST")] not in ("0", "-"))
        os.kill(crowd.pid, signal.SIGSTOP)
        t.see("stopped")
        os.kill(crowd.pid, signal.SIGCONT)
        t.miss("stopped")


@case("a dead client that nobody has noticed is seen as dead")
def _(place):
    keeper = place.subscribe("/a")
    keeper.signal(signal.SIGSTOP)  # so that it notices nothing
    other = place.subscribe("/b")
    with Terminal(place, "--interval", "0.2") as t:
        t.press("c")
        t.see("alive", "stopped")
        other.kill()
        t.see("dead")
    keeper.signal(signal.SIGCONT)


@case("memory is shown by owner, with what is free")
def _(place):
    with Crowd(place), Terminal(place, "--interval", "0.2") as t:
        t.press("m")
        lines = t.see("(all)", "(free)", "OF BUFFER", "crowd")
        assert "#" not in lines[3], lines


@case("the messages of a topic are shown as text, hex and JSON, from a subscriber of its own")
def _(place):
    with Crowd(place), Terminal(place, "--interval", "0.2", "--filter", "topic-77") as t:
        t.see("20 subscribers", "/crowd/2/topic-77")
        t.press("Enter")
        t.see("/crowd/2/topic-77", "21 subscribers", '"list":["a","b"]}', "#")
        t.press("f")
        t.see("00000000  7b 22 6e 22 3a")
        t.press("f")
        t.see("f: ")
        t.press("Escape")
        t.see("20 subscribers", "TOPIC")


@case("it follows the size of the terminal, down to forty columns and fewer")
def _(place):
    with Crowd(place), Terminal(place, "--interval", "0.2") as t:
        t.see("UNHEARD", "q quit")
        t.resize(40, 12)
        lines = t.wait("a small list", lambda l: len(l) == 12 and "UNHEARD" not in l[3] and
                       "RATE/S" in l[3] and "q quit" in l[-1] and len(rows(l)) == 7)
        assert all(len(line) <= 40 for line in lines), lines
        t.press("c")
        t.see("PROCESS", "STATE")
        t.resize(10, 3)
        t.wait("next to nothing", lambda l: len(l) == 3)
        t.resize(150, 50)
        t.see("REFUSED", "q quit")
        t.press("q")
        t.ended(0)


@case("a terminal without colours or cursor keys will do")
def _(place):
    with Crowd(place), Terminal(place, "--interval", "0.2", term="vt100") as t:
        t.see("TOPIC", "/crowd/")
        t.press("j", "j")
        t.press("c")
        t.see("PROCESS")
        t.press("C-c")
        t.ended(0)


@case("a terminal that can't do it is told, with what can be done instead")
def _(place):
    place.subscribe("/a")
    with Terminal(place, term="nothing-like-it") as t:
        t.ended(1)
        t.see("shmbus: the terminal nothing-like-it can't show this; use --once")


@case("it waits for a bus, sees it go with its last user, and the next one come")
def _(place):
    with Terminal(place, "--interval", "0.2") as t:
        t.see("no such bus", "waiting for a bus of that name")
        with Crowd(place) as crowd:
            t.see("20 subscribers", "/crowd/")
            crowd.leave()
        t.see("no such bus", "waiting")
        assert "default" not in os.listdir(place.directory)
        place.subscribe("/a")
        t.press("c")
        t.see("1 subscriber", "alive")


@case("a bus whose folder is removed, or whose files are cut short, is gone and no crash")
def _(place):
    with Terminal(place, "--interval", "0.2") as t:
        with Crowd(place):
            t.see("20 subscribers")
            shutil.rmtree(f"{place.directory}/default")
            t.see("no such bus")
        with Crowd(place) as crowd:
            t.see("20 subscribers")
            os.kill(crowd.pid, signal.SIGSTOP)  # it would die of this
            os.truncate(f"{place.directory}/default/control", 0)
            t.see("waiting")
        t.press("q")
        t.ended(0)


@case("--once prints tables, with --json an object with rates")
def _(place):
    with Crowd(place):
        out = place.run("top", "--once", "--interval", "0.2").expect().out
        assert "TOPIC" in out and "PROCESS" in out and "OWNER" in out, out
        out = place.run("top", "default", "--once", "--json", "--interval", "0.2").expect().out
        seen = json.loads(out)
        assert len(seen["topics"]) == 200 and len(seen["clients"]) == 23, seen
        assert seen["messages_per_second"] > 0, seen
        topic = seen["topics"][0]
        assert topic["messages_per_second"] > 0 and topic["age_seconds"] < 60, topic
        roles = [c["role"] for c in seen["clients"]]
        assert (roles.count("publisher"), roles.count("subscriber")) == (3, 20), roles
        assert all(c["process"] == "crowd" and c["state"] == "alive" for c in seen["clients"]), seen
        assert any(c["lost"] > 0 for c in seen["clients"]), seen


@case("--once with --filter and --sort gives what was asked for")
def _(place):
    with Crowd(place):
        out = place.run("top", "--json", "--interval", "0.1", "--filter", "/crowd/*/topic-1",
                        "--sort", "name").expect().out
        assert [t["topic"] for t in json.loads(out)["topics"]] == ["/crowd/1/topic-1"], out
    place.run("top", "--once", "--sort", "x").expect(2, "", "--sort takes .*")


@case("without a bus --once is an error; without a terminal it is wrong usage not to say --once")
def _(place):
    place.run("top", "--once").expect(1, "", "no such bus: bus 'default' in .*")
    place.run("top").expect(2, "", "top needs a terminal; elsewhere use --once .*")
    assert os.listdir(place.directory) == []


@case("who only looks takes no place and keeps no bus alive")
def _(place):
    place.subscribe("/a", "--count", "1")
    with Terminal(place, "--interval", "0.2") as t:
        t.see("1 subscriber")
        assert len(place.clients()) == 1
        place.run("pub", "/a", "x").expect()
        t.see("no such bus")
        assert "default" not in os.listdir(place.directory)


if not shutil.which("tmux"):
    print("there is no tmux, in which it would run")
    sys.exit(77)
sys.exit(main())
