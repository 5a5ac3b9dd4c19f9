"""The supervisor is killed and started again: how long until the new one has
every service, without a restart of any."""

import errno
import os
import signal
import time

import processes
from measures import Metric, status

SESSIONS = ("main",)
METRICS = [
    Metric("adopt_ms", "supervisor killed, until all {services} are adopted", "ms")
]


def measure(session, _):
    before = time.monotonic_ns()
    os.kill(session.top_pid, signal.SIGKILL)
    processes.wait(session.top_pid)
    session.top_pid = processes.spawn(
        session.suite.command(session.scan),
        session.environment,
        session.messages,
        session.messages,
    )
    for name in session.names.values():
        wait_until_supervised(session.scan / name / "supervise" / "ok")
    took = time.monotonic_ns() - before
    status.once(session)  # all are shown as up
    if not session.reports.none_waits():
        raise RuntimeError(f"{session.suite.name} started a service that ran")
    session.find_supervisors()
    return {"adopt_ms": took / 1e6}


def wait_until_supervised(path):
    """A FIFO can be opened for writing, not to wait, if somebody reads it."""
    while True:
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC))
            return
        except OSError as problem:
            if problem.errno != errno.ENXIO:
                raise
        time.sleep(0.0005)
