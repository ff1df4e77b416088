"""Runs a sample with buses of its own, and says what was wrong."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

WATCHDOG_SECONDS = 60


class Failed(Exception):
    pass


class Started:
    """A process that runs beside; what it prints goes to a file."""

    def __init__(self, arguments, environment, folder):
        self.output = tempfile.TemporaryFile(mode="w+")
        self.process = subprocess.Popen(arguments, env=environment, cwd=folder, text=True,
                                        stdin=subprocess.DEVNULL, stdout=self.output,
                                        stderr=subprocess.STDOUT, start_new_session=True)

    def printed(self):
        self.output.seek(0)
        return self.output.read()

    def end(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
            try:
                self.process.wait(WATCHDOG_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


class Runs:
    """Shell blocks of one page share a directory for buses: they may talk to each other."""

    def __init__(self, build, scratch):
        self.build, self.scratch = build, scratch
        (scratch / "bin").mkdir()
        (scratch / "bin" / "shmbus").symlink_to(build / "tools" / "shmbus")
        self.page, self.buses, self.beside = None, None, []

    def environment(self):
        kept = {k: v for k, v in os.environ.items() if not k.startswith("SHMBUS_")}
        return {**kept, "SHMBUS_DIR": self.buses,
                "PATH": f"{self.scratch / 'bin'}:{kept.get('PATH', '')}"}

    def begin(self, page):
        self.close()
        self.page = page
        shm = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.buses = tempfile.mkdtemp(prefix="shmbus-samples.", dir=shm)
        # Where the page says build/tools/shmbus or scripts/..., that is what it means.
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=self.scratch))
        (self.folder / "build").symlink_to(self.build)
        (self.folder / "scripts").symlink_to(pathlib.Path(__file__).resolve().parents[2] / "scripts")

    def end_beside(self):
        for _, started in self.beside:
            started.end()
        self.beside = []

    def close(self):
        self.end_beside()
        if self.buses:
            shutil.rmtree(self.buses, ignore_errors=True)
            self.buses = None

    def run(self, sample, program, problem):
        """Why it was not run, or nothing; Failed if it did not do what it should."""
        if sample.page != self.page:
            self.begin(sample.page)
        if sample.language == "sh":
            return self.run_shell(sample)
        if sample.kind == "not run":
            return sample.reason
        if not sample.kind:
            raise Failed("a fragment needs a comment before it: <!-- sample: coroutine -->, or another "
                         "kind that tests/docs/samples.py names")
        if problem:
            raise Failed(problem)
        if sample.kind == "declarations":
            return None
        self.end_beside()
        if sample.kind != "program":
            return self.run_to_end(sample, [program, str(sample.line)])
        if "with" in sample.options or "prints" in sample.options:
            return self.run_until_it_prints(sample, [program])
        return self.run_to_end(sample, [program])

    def run_shell(self, sample):
        syntax = subprocess.run(["bash", "-n"], input=sample.text, text=True, capture_output=True)
        if syntax.returncode:
            raise Failed(syntax.stderr)
        if sample.kind == "not run":
            return sample.reason
        if sample.kind == "beside":
            started = Started(["bash", "-euc", sample.text], self.environment(), self.folder)
            self.beside.append((sample, started))
            self.wait_until(self.somebody_subscribed, started)
            return None
        first = sample.text.split(maxsplit=1)[:1]
        if first and pathlib.Path(first[0]).name != "shmbus":
            return "only its syntax was checked"
        self.run_to_end(sample, ["bash", "-euo", "pipefail", "-c", sample.text])
        for beside, started in self.beside:
            if text := beside.options.get("prints"):
                self.wait_until(lambda s=started, t=text: t in s.printed(), started)
        return None

    def run_to_end(self, sample, arguments):
        try:
            done = subprocess.run(arguments, env=self.environment(), cwd=self.folder, text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=WATCHDOG_SECONDS)
        except subprocess.TimeoutExpired as e:
            raise Failed(f"still running after {WATCHDOG_SECONDS} s; it printed:\n{e.stdout}") from None
        if done.returncode:
            raise Failed(f"exit status {done.returncode}; it printed:\n{done.stdout}")
        expected = sample.options.get("prints", "")
        if expected not in done.stdout:
            raise Failed(f"expected {expected!r}; it printed:\n{done.stdout}")

    def run_until_it_prints(self, sample, arguments):
        started = Started(arguments, self.environment(), self.folder)
        try:
            if command := sample.options.get("with"):
                self.wait_until(self.somebody_subscribed, started)
                subprocess.run(["bash", "-euc", command], env=self.environment(), cwd=self.folder,
                               check=True, timeout=WATCHDOG_SECONDS)
            expected = sample.options.get("prints", "")
            self.wait_until(lambda: expected in started.printed(), started)
        finally:
            started.end()

    def wait_until(self, condition, started):
        until = time.monotonic() + WATCHDOG_SECONDS
        while not condition():
            if started.process.poll() not in (None, 0) or time.monotonic() > until:
                raise Failed(f"exit status {started.process.poll()}; it printed:\n{started.printed()}")
            time.sleep(0.02)

    def somebody_subscribed(self):
        for bus in os.listdir(self.buses):
            done = subprocess.run([self.scratch / "bin" / "shmbus", "info", bus, "--json"], text=True,
                                  env=self.environment(), capture_output=True)
            if done.returncode == 0 and any(c.get("patterns") for c in json.loads(done.stdout)["clients"]):
                return True
        return False
