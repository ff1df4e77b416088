"""Test cases of the command: each in a directory of its own, named by a sentence.

A script says @case("...") before each and calls main() at its end. What became of them is printed
in the form of the Test Anything Protocol, which scripts/count-tests counts.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

WATCHDOG_SECONDS = 60
CASES = []


class Skip(Exception):
    """The machine lacks what the case needs."""


def case(sentence):
    def add(function):
        CASES.append((sentence, function))
        return function

    return add


def show(output):
    return output if isinstance(output, str) else repr(output)


class Result:
    def __init__(self, arguments, status, out, err):
        self.arguments, self.status, self.out, self.err = arguments, status, out, err

    def expect(self, status=0, out=None, err=""):
        """Checks all that a command gave. `err` is a pattern for the one line there, or empty."""
        problems = []
        if self.status != status:
            problems.append(f"expected the exit status {status}")
        if out is not None and self.out != out:
            problems.append(f"expected on standard output: {show(out)}")
        if err == "" and self.err != "":
            problems.append("expected nothing on standard error")
        if err and not re.fullmatch(f"shmbus: {err}\n", self.err):
            problems.append(f"expected one line on standard error: shmbus: {err}")
        if problems:
            raise AssertionError("; ".join(problems) + f"\n{self}")
        return self

    def expect_lines(self, *lines):
        """The same for lines in any order, since there is none between publishers."""
        self.expect()
        if sorted(self.out.splitlines()) != sorted(lines):
            raise AssertionError(f"expected the lines {lines}\n{self}")

    def __str__(self):
        return (f"command: {self.arguments}\nexit status: {self.status}\n"
                f"standard output: {show(self.out)}\nstandard error: {self.err}")


class Running:
    """A command that was started and runs beside."""

    def __init__(self, place, arguments, **options):
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
                   "stderr": subprocess.PIPE, "env": place.environment, **options}
        self.arguments = arguments
        self.result = None
        self.process = subprocess.Popen([place.command, *arguments], **options)
        self.pid = self.process.pid
        place.running.append(self)

    def signal(self, number):
        self.process.send_signal(number)
        return self

    def finish(self, text=True):
        if not self.result:
            self.result = self.process.communicate(timeout=WATCHDOG_SECONDS)
        out, err = self.result
        out = out or b""
        return Result(self.arguments, self.process.returncode, out.decode() if text else out,
                      (err or b"").decode(errors="backslashreplace"))

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        return self.finish(text=False)

    def interrupt(self):
        return self.signal(signal.SIGINT).finish()


class Place:
    """A directory for buses, and commands that use it and know of no other one."""

    def __init__(self, directory):
        self.directory = directory
        self.command = os.environ["SHMBUS_COMMAND"]
        self.running = []
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("SHMBUS_")}
        self.environment["SHMBUS_DIR"] = directory
        self.environment["SHMBUS_CONFIG"] = "/dev/null"  # not that of the user or the machine

    def start(self, *arguments, variables=None, **options):
        if variables is not None:
            options["env"] = {**self.environment, **variables}
        return Running(self, arguments, **options)

    def run(self, *arguments, stdin=None, text=True, **options):
        """Runs a command to its end. `stdin`: bytes for it, or a file."""
        if isinstance(stdin, bytes):
            read, write = os.pipe()
            command = self.start(*arguments, stdin=read, **options)
            os.close(read)
            with open(write, "wb") as pipe:
                pipe.write(stdin)
            return command.finish(text)
        if stdin is not None:
            options["stdin"] = stdin
        return self.start(*arguments, **options).finish(text)

    def subscribe(self, *arguments, bus="default", **options):
        """Starts `shmbus sub` and returns when whatever is published reaches it."""
        command = self.start("sub", "--bus", bus, *arguments, **options)
        patterns = [a for a in arguments if a.startswith("/")]
        self.wait_until(lambda: any(c["pid"] == command.pid and c.get("patterns") == patterns
                                    for c in self.clients(bus)), command)
        return command

    def clients(self, bus="default"):
        result = self.run("info", bus, "--json")
        return json.loads(result.out)["clients"] if result.status == 0 else []

    def wait_until(self, condition, command):
        """Asks again and again, as long as the command runs; a watchdog ends what never comes."""
        deadline = time.monotonic() + WATCHDOG_SECONDS
        while not condition():
            if command.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"what was waited for did not come\n{command.kill()}")
            time.sleep(0.002)

    def close(self):
        for command in self.running:
            command.kill()
        shutil.rmtree(self.directory, ignore_errors=True)


def run_case(function):
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    place = Place(tempfile.mkdtemp(prefix="shmbus-test.", dir=memory))
    try:
        function(place)
    finally:
        place.close()


def main():
    if not os.environ.get("SHMBUS_COMMAND"):
        print("no command to test: say where it is in SHMBUS_COMMAND")
        return 77
    only = sys.argv[1:]
    chosen = [c for c in CASES if not only or any(word in c[0] for word in only)]
    failed = 0
    print(f"1..{len(chosen)}")
    for number, (sentence, function) in enumerate(chosen, 1):
        try:
            run_case(function)
            print(f"ok {number} - {sentence}", flush=True)
        except Skip as reason:
            print(f"ok {number} - {sentence} # SKIP {reason}", flush=True)
        except Exception:
            failed += 1
            details = traceback.format_exc().rstrip().replace("\n", "\n#   ")
            print(f"not ok {number} - {sentence}\n#   {details}", flush=True)
    return 1 if failed else 0
