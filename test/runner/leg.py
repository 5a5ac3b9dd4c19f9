"""What a leg is, and what comes of it."""

import dataclasses
import os
import pathlib
import signal
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]
# The running children, for the case that this process is told to stop.
RUNNING = set()


@dataclasses.dataclass
class Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other):
        return Count(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
        )

    def __str__(self):
        parts = [f"{self.passed} passed", f"{self.failed} failed"]
        return ", ".join(parts + [f"{self.skipped} skipped"] * bool(self.skipped))


class Leg:
    """One thing to do; `folder` is the build folder that keeps its log."""

    needs = ()
    limit_s = 900

    def __init__(self, name, folder):
        self.name = name
        self.folder = TOP / folder

    @property
    def log_path(self):
        return self.folder / "test-logs" / f"{self.name.replace(' ', '-')}.log"

    def run(self, log):
        """Does it, writing to the open file `log`; returns the Count."""
        raise NotImplementedError

    def call(self, argv, log, **environment):
        """Runs argv; returns its exit code, or 124 if it took too long."""
        log.write(f"$ {' '.join(map(str, argv))}\n")
        log.flush()
        process = subprocess.Popen(
            [str(arg) for arg in argv],
            cwd=TOP,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        RUNNING.add(process)
        try:
            return process.wait(self.limit_s)
        except subprocess.TimeoutExpired:
            log.write(f"\nnot done within {self.limit_s} s\n")
            end(process)
            return 124
        finally:
            RUNNING.discard(process)


def end(process):
    """INT lets pytest end what its tests started; KILL is for the rest."""
    for number in (signal.SIGINT, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(20)
            break
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            pass
