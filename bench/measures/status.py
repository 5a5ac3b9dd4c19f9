"""How long it takes to be shown the state of every service."""

import statistics
import time

import processes
from measures import Metric

IN_SMALL = False
METRICS = [Metric("status_ms", "svstat of all services", "ms")]
TIMES = 5


def applies(suite):
    return suite.has_clients


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
    if code != 0 or up != session.count:
        raise RuntimeError(f"{session.suite.name}: {up} of {session.count} shown as up")
    return took / 1e6
