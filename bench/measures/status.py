"""How long it takes to be shown the state of every service."""

import statistics
import time

import processes
from measures import Metric

SESSIONS = ("main",)
METRICS = [Metric("status_ms", "status of {services} services", "ms")]
TIMES = 5


def measure(session, _):
    return {"status_ms": statistics.median(once(session) for _ in range(TIMES))}


def once(session):
    said = session.work / "said"
    argv = session.suite.status_command(sorted(session.names.values()))
    before = time.monotonic_ns()
    code = processes.wait(session.client(argv, stdout=said))
    took = time.monotonic_ns() - before
    up = sum(map(session.suite.says_up, said.read_text().splitlines()))
    said.unlink()
    if code != 0 or up != len(session.names):
        raise RuntimeError(f"{up} of {len(session.names)} shown as up")
    return took / 1e6
