"""Scan directories in bad surroundings, and what must be true of them all the same."""

import os
import pathlib
import signal
import subprocess

from support import BIN, descendants, wait_until, write_script

RUN = "#!/bin/sh\nexec sleep 1000\n"
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
# More than any service's ordinary life takes; a loop that spins takes it in no time.
SPARE_CPU_S = 2.0


def cpu_s(pid):
    """What the process has used so far, in seconds."""
    text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def processes_by_directory():
    """{directory: pids} of what the tests started, by working directory."""
    found = {}
    for pid in descendants():
        try:
            # exec is over when it is sleep: before, it may be the engine's.
            if pathlib.Path(f"/proc/{pid}/comm").read_text() != "sleep\n":
                continue
            where = os.stat(f"/proc/{pid}/cwd")
        except OSError:
            continue
        found.setdefault((where.st_dev, where.st_ino), []).append(pid)
    return found


class Scan:
    """A scan directory and the svscan of it, which may be killed."""

    def __init__(self, programs, folder, before=(), path=None):
        self.programs = programs
        self.dir = pathlib.Path(folder)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.path = path or self.dir  # as others see it
        self.before = list(before)
        self.errors = self.dir.parent / f"{self.dir.name}.errors"
        self.process = None

    def add(self, name, run=RUN, logger=None):
        """A service, put in place whole."""
        made = self.path / f".{name}"
        write_script(made / "run", run)
        if logger:
            write_script(made / "log" / "run", logger)
        made.rename(self.path / name)
        return self.path / name

    def start(self, *argv, **options):
        with open(self.errors, "ab") as errors:
            self.process = self.programs.start(
                *self.before,
                *(argv or [BIN / "svscan"]),
                self.dir,
                stdout=errors,
                stderr=errors,
                **options,
            )
        return self.process

    def kill(self):
        self.process.kill()
        self.process.wait()

    def said(self):
        return self.errors.read_text(errors="replace").splitlines()

    def forget_said(self):
        self.errors.write_text("")

    def pids(self, name):
        """The living copies of a service; name may be "SERVICE/log"."""
        where = os.stat(self.path / name)
        return processes_by_directory().get((where.st_dev, where.st_ino), [])

    def pid(self, name, other_than=None, limit_s=120):
        """The one copy, once there is one."""

        def found():
            pids = self.pids(name)
            assert len(pids) < 2, f"copies of {name}: {pids}"
            return pids and pids[0] != other_than and pids[0]

        return wait_until(found, limit_s, f"{name} to run; said: {self.said()[-5:]}")

    def await_gone(self, name, pid, limit_s=120):
        wait_until(lambda: pid not in self.pids(name), limit_s, f"{name} to end")

    def svc(self, letters, *names):
        """Runs svc; returns what it said. It may not hang or crash."""
        return self.client("svc", "-" + letters, *names)

    def client(self, *words):
        argv = [BIN / words[0], *(w for w in words[1:])]
        result = subprocess.run(
            argv,
            cwd=self.path,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=120,
            check=False,
        )
        assert result.returncode in (0, 100, 111), result
        return result.stdout + result.stderr

    def svstat(self, name):
        return self.client("svstat", name)

    def is_supervised(self, name):
        argv = [BIN / "svok", self.path / name]
        return subprocess.run(argv, timeout=120, check=False).returncode == 0

    def is_up(self, name):
        return f"{name}: up (pid " in self.svstat(name)

    def check_engine_alive(self, used_before=0.0):
        """It lives, and doesn't spin."""
        assert self.process.poll() is None, f"it ended; said: {self.said()[-5:]}"
        assert cpu_s(self.process.pid) - used_before < SPARE_CPU_S

    def check_engine(self, used_before=0.0):
        """It lives, doesn't spin, and another service obeys it."""
        self.check_engine_alive(used_before)
        wait_until(lambda: self.is_supervised("bystander"), 15, "the bystander")
        pid = self.pid("bystander")
        self.svc("t", "bystander")
        self.pid("bystander", other_than=pid)

    def stop(self):
        """An orderly stop, which must come to its end."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(120)
        assert code == 0, (code, self.said()[-5:])


def kill(pid, number=signal.SIGKILL):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
