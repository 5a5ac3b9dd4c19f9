"""Processes as /proc shows them: who belongs to whom, and what each costs."""

import os
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "test"))

from proc import become_subreaper, descendants  # noqa: E402, F401


def end_descendants(first=(), limit_s=60):
    """Kills and reaps every process below this one; those in `first` (the
    supervisors) go first, so that nothing they supervise is started again."""
    deadline = time.monotonic() + limit_s
    kill(first)
    while left := descendants(os.getpid()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"unable to end {left[:5]}")
        kill(left)
        reap()
        time.sleep(0.005)
    reap()


def kill(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        pass


def spawn(argv, environment, stdout=os.devnull, stderr=os.devnull, cwd=None):
    """Starts argv (with a path) in a session of its own; returns its pid."""
    writing = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, stdout, writing, 0o600),
        (os.POSIX_SPAWN_OPEN, 2, stderr, writing, 0o600),
    ]
    before = os.getcwd()
    argv = [os.fspath(argument) for argument in argv]
    if cwd:
        os.chdir(cwd)  # posix_spawn has no word for it
    try:
        return os.posix_spawn(
            argv[0], argv, environment, file_actions=actions, setsid=True
        )
    finally:
        os.chdir(before)


def wait(pid):
    """The exit code of a child."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def has_ended(pid):
    """Whether this child ended; it can be waited for all the same."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def wait_for_all():
    """Until this process has no child, of whom it starts or inherits."""
    try:
        while True:
            os.waitpid(-1, 0)
    except ChildProcessError:
        pass


def descriptor_count(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def threads_of(pid):
    return pathlib.Path("/proc", str(pid), "task").iterdir()


def cpu_ns(pid):
    """What it has run so far, on all its threads; finer than clock ticks."""
    return sum(
        int((thread / "schedstat").read_text().split()[0])
        for thread in threads_of(pid)
    )


def fields(path):
    """A file of "name: number [kB]" lines, as far as it has such lines."""
    found = {}
    for line in pathlib.Path(path).read_text().splitlines():
        name, _, value = line.partition(":")
        first = value.split()[:1]
        if first and first[0].isdigit():
            found[name] = int(first[0])
    return found


def context_switches(pid):
    """How often any of its threads gave up a processor: at least once for
    each time that it woke up."""
    total = 0
    for thread in threads_of(pid):
        found = fields(thread / "status")
        total += found["voluntary_ctxt_switches"]
        total += found["nonvoluntary_ctxt_switches"]
    return total


def private_kib(pid):
    """Its memory that it shares with no other process."""
    found = fields(f"/proc/{pid}/smaps_rollup")
    return sum(n for name, n in found.items() if name.startswith("Private_"))
