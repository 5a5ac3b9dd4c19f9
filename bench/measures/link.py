"""How long it takes until a directory that is linked in runs.

A suite that looks every few seconds is met at any moment of its period, so the
links come at random moments of WINDOW_S. The session has a few services only:
the table of 0.76 would have no place in a large one.
"""

import os
import random
import statistics
import time

from measures import Metric

IN_SMALL = True
METRICS = [
    Metric("link_ms", "new directory linked in until it runs", "ms"),
]
WINDOW_S = 5


def applies(suite):
    return suite.finds_new


def measure(session, plan):
    made = session.work / "new"
    made.mkdir()
    moments = sorted(random.uniform(0, plan.link_window_s) for _ in range(plan.links))
    start = time.monotonic()
    linked_ns = {}
    for number, moment in enumerate(moments):
        path = made / f"new{number}"
        inode = session.make_service(path)
        time.sleep(max(0, start + moment - time.monotonic()))
        linked_ns[inode] = time.monotonic_ns()
        os.symlink(path, session.scan / path.name)
    took = []
    for report in session.reports.collect(len(linked_ns)):
        session.note(report)
        took.append((report.at_ns - linked_ns.pop(report.folder)) / 1e6)
    return {"link_ms": statistics.median(took)}
