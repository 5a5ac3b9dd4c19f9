"""Everything dies at once: how long until all of it runs again."""

import os
import signal
import time

import session as sessions
from measures import Metric

SESSIONS = ("main",)
METRICS = [
    Metric("killall_ms", "all {services} killed at once, until all are back", "ms", 0)
]


def measure(session, _):
    # What measures before this one started has to be old enough, too.
    time.sleep(sessions.SETTLE_S)
    victims = list(session.pids.values())
    before = time.monotonic_ns()
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    reports = session.reports.collect(len(victims))
    for report in reports:
        session.note(report)
    return {"killall_ms": (max(one.at_ns for one in reports) - before) / 1e6}
