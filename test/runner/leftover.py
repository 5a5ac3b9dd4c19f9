"""Sees to it that nothing that the tests started outlives their run."""

import contextlib
import os
import pathlib
import signal
import sys
import time

import proc


@contextlib.contextmanager
def nothing_left():
    """Whatever the run's end left running is named, and killed. A test that was
    itself ended couldn't do that; its orphans come to this process."""
    if sys.platform != "linux":
        yield
        return
    proc.become_subreaper()
    try:
        yield
    finally:
        left = set()
        # Supervisors may start something meanwhile.
        while found := set(proc.descendants()):
            for pid in found - left:
                print(f"left running, killed: {pid} {command(pid)}", file=sys.stderr)
            left |= found
            for pid in found:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)


def command(pid):
    try:
        argv = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        argv = b""
    return os.fsdecode(argv.replace(b"\0", b" ")).strip()
