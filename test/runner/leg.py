"""What a leg is, what comes of it, and the commands it runs."""

import contextlib
import dataclasses
import os
import pathlib
import signal
import subprocess
import threading

TOP = pathlib.Path(__file__).resolve().parents[2]


@dataclasses.dataclass
class Outcome:
    """What came of a leg. A failure is named as Leg.choose() takes it."""

    passed: int = 0
    skipped: int = 0
    failures: list = dataclasses.field(default_factory=list)

    def __add__(self, other):
        return Outcome(
            self.passed + other.passed,
            self.skipped + other.skipped,
            self.failures + other.failures,
        )

    def __str__(self):
        parts = [f"{self.passed} passed", f"{len(self.failures)} failed"]
        return ", ".join(parts + [f"{self.skipped} skipped"] * bool(self.skipped))


class Leg:
    """One thing to do. Its log is a file of `logs`, which no build clears."""

    needs = ()
    after = ()  # what ends before this begins, if it runs at all
    logs = TOP / "test-logs"
    # What hangs is ended in the end. Tests have a limit of their own, far below;
    # both are for a machine with much else to do on its only processor.
    limit_s = 4 * 3600
    test_limit_s = 1800

    def __init__(self, name):
        self.name = name
        self.origin = name  # that of a repetition is the name of what it repeats
        self.times = 1
        self.chosen = []

    @property
    def log_path(self):
        return self.logs / f"{self.name.replace(' ', '-')}.log"

    def choose(self, items):
        """Only these of it are run, unless they are the leg as a whole."""
        if self.origin not in items:
            self.chosen = list(items)

    def run(self, log):
        """Does it, writing to the open file `log`; returns the Outcome."""
        raise NotImplementedError

    def failed_whole(self):
        return Outcome(failures=self.chosen or [self.origin])

    def outcome_of(self, code, outcome):
        """A command that failed without saying where has failed as a whole."""
        if code != 0 and not outcome.failures:
            outcome += self.failed_whole()
        return outcome

    def call(self, argv, log, **environment):
        """Runs argv; returns its exit code, or 124 if it took too long."""
        log.write(f"$ {' '.join(map(str, argv))}\n")
        log.flush()
        with COMMANDS.run(
            [str(arg) for arg in argv],
            cwd=TOP,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        ) as process:
            try:
                return process.wait(self.limit_s)
            except subprocess.TimeoutExpired:
                log.write(f"\nnot done within {self.limit_s} s\n")
                end([process])
                return 124


def shown(path):
    return path.relative_to(TOP) if path.is_relative_to(TOP) else path


class Stopped(Exception):
    """The run was told to end: nothing new is begun."""


class Commands:
    """What the legs run right now. Each is a process group."""

    def __init__(self):
        self.lock = threading.Lock()
        self.running = set()
        self.stopped = False

    @contextlib.contextmanager
    def run(self, argv, **options):
        with self.lock:
            if self.stopped:
                raise Stopped
            process = subprocess.Popen(argv, start_new_session=True, **options)
            self.running.add(process)
        try:
            yield process
        finally:
            with self.lock:
                self.running.discard(process)

    def stop(self):
        with self.lock:
            self.stopped = True
            running = list(self.running)
        end(running)


COMMANDS = Commands()


def end(processes):
    """INT lets pytest end what its tests started; KILL is for the rest."""
    for number in signal.SIGINT, signal.SIGKILL:
        for process in processes:
            if process.poll() is None:
                try:
                    os.killpg(process.pid, number)
                except ProcessLookupError:
                    pass
        for process in processes:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                pass
