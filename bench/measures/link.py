"""How long it takes until a directory that is linked in runs.

A suite that looks every few seconds is met at any moment of its period, so the
links come at random moments of a window as long. A suite that has to be told
is told: its client is part of the time.
"""

import random
import statistics
import time

from measures import Metric

SESSIONS = ("few", "main")
METRICS = [
    Metric(
        "link_few_ms",
        "new directory until it runs, 10 services present",
        "ms",
        session="few",
    ),
    Metric("link_ms", "new directory until it runs, {services} services present", "ms"),
]


def measure(session, plan):
    made = session.work / "new"
    made.mkdir()
    window_s = plan.link_window_s if session.suite.period_s else plan.links * 0.2
    moments = sorted(random.uniform(0, window_s) for _ in range(plan.links))
    start = time.monotonic()
    linked_ns, took = {}, []
    for number, moment in enumerate(moments):
        path = made / f"new{number}"
        inode = session.make_service(path)
        time.sleep(max(0, start + moment - time.monotonic()))
        linked_ns[inode] = time.monotonic_ns()
        session.suite.link(session, path)
        if not session.suite.period_s:  # one at a time
            took.append(once(session, linked_ns))
    while linked_ns:
        took.append(once(session, linked_ns))
    key = "link_ms" if session.size == "main" else "link_few_ms"
    return {key: statistics.median(took)}


def once(session, linked_ns):
    report = session.reports.next()
    session.note(report)
    return (report.at_ns - linked_ns.pop(report.folder)) / 1e6
