"""What a service costs svscan in system calls: those don't depend on the machine's
mood. Bounds are about a quarter above what was measured."""

import os
import pathlib
import shutil
import signal

import pytest

import support
from support import wait_until

COUNT = 50


class Trace:
    """The calls of svscan, and of its children until they become the script."""

    def __init__(self, path, services):
        self.path = path
        self.services = services
        self.taken = 0

    def take(self):
        """The number of calls since the last time."""
        lines = self.path.read_text().splitlines()
        ours, scripts = 0, set()
        for number, line in enumerate(lines):
            pid, call = line.split(maxsplit=1)
            if pid in scripts or call.startswith(("+++", "---", "<...")):
                continue
            if number >= self.taken:
                ours += 1
            if call.startswith("execve(") and "/svscan" not in call:
                scripts.add(pid)
        self.taken = len(lines)
        return ours

    def count(self, call):
        return self.path.read_text().count(f" {call}(")


@pytest.fixture
def traced(scan, tmp_path):
    """An svscan with COUNT services, all up, under strace."""
    if support.SANITIZER_REPORTS:
        pytest.skip("sanitizers don't run under strace")
    if support.LOOP != "epoll":
        pytest.skip("the portable loop looks instead of being told")
    if not shutil.which("strace"):
        pytest.skip("needs strace")
    services = [scan.make(f"s{i}") for i in range(COUNT)]
    trace = Trace(tmp_path / "trace", services)
    # -D: the tracer isn't between us and svscan.
    argv = ["strace", "-D", "-f", "-qq", "-o", trace.path]
    scan.start(*argv)
    return trace


def programs_of(services, besides=frozenset()):
    """The pids of all services, once each runs, and as none of `besides`."""
    found = set()
    for service in services:
        pid = service.pid() if (service.path / "supervise/state").exists() else 0
        if pid in besides or not pid or support.program_of(pid) != "sleep":
            return None
        found.add(pid)
    return found


def wait_idle(scan):
    """Until svscan sleeps in its loop; the trace has a call when it returned."""
    wchan = pathlib.Path(f"/proc/{scan.pid}/wchan")
    wait_until(lambda: wchan.read_text().startswith(("ep_poll", "do_epoll")))


def test_system_calls_of_a_service(scan, traced, capsys):
    first = wait_until(lambda: programs_of(traced.services), limit_s=60)
    wait_idle(scan)
    start = traced.take() / COUNT
    # None is so young that it is throttled.
    for service in traced.services:
        wait_until(lambda: support.seconds_up(service.svstat())[1] >= 2)
    for pid in first:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: programs_of(traced.services, first), limit_s=60)
    wait_idle(scan)
    restart = traced.take() / COUNT
    # The kernel's log is read only if there is something new in it: that takes
    # longer than the restart.
    assert traced.count("syslog") < COUNT / 2
    scan.stop()
    stop = traced.take() / COUNT
    with capsys.disabled():
        print(f"\n{start:.1f} calls a start, {restart:.1f} a restart, {stop:.1f} a stop")
    assert start < 65
    assert restart < 46
    assert stop < 42
