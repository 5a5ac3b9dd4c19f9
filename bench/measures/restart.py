"""How long a service that was killed is away: from the kill to its report.

One at a time, and each service once only: all have run for more than a second,
so that no suite has a reason to hold the start back. Where a restart takes
long, there are fewer of them.
"""

import os
import signal
import time

from measures import Metric
from summary import percentile

SESSIONS = ("main",)
METRICS = [
    Metric("restart_p50_ms", "restart after kill -9: median", "ms"),
    Metric("restart_p99_ms", "restart after kill -9: 99th percentile", "ms"),
]
ENOUGH_S = 10


def measure(session, plan):
    took = []
    end = time.monotonic() + ENOUGH_S
    for inode in session.take(plan.kills):
        took.append(once(session, inode))
        if time.monotonic() > end:
            break
    return {
        "restart_p50_ms": percentile(took, 50),
        "restart_p99_ms": percentile(took, 99),
    }


def once(session, inode):
    before = time.monotonic_ns()
    os.kill(session.pids[inode], signal.SIGKILL)
    report = session.reports.next()
    if report.folder != inode:
        raise RuntimeError(f"{session.suite.name} started another service")
    session.note(report)
    return (report.at_ns - before) / 1e6
