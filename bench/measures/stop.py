"""How long it takes to end everything: the services and all supervisors.

This process is the reaper of orphans, so when it has no child any more, there
is no process left of the suite.
"""

import time

import processes
import session as sessions
from measures import Metric

SESSIONS = ("main",)
METRICS = [Metric("stop_ms", "stop of {services} services, until no process is left", "ms")]


def measure(session, _):
    time.sleep(sessions.SETTLE_S)  # see killall.py
    before = time.monotonic_ns()
    session.suite.stop(session)
    processes.wait_for_all()
    took = time.monotonic_ns() - before
    if not session.reports.none_waits():
        raise RuntimeError(f"{session.suite.name} started a service while it stopped")
    session.supervisors = []
    return {"stop_ms": took / 1e6}
