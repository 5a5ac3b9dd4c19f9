"""How long it takes until every service runs, and what that costs."""

import processes
from measures import Metric

IN_SMALL = False
METRICS = [
    Metric("boot_ms", "boot: launch until all services run", "ms", 0),
    Metric("boot_cpu_ms", "boot: CPU time of the supervisors", "ms", 0),
    Metric("boot_child_cpu_ms", "boot: CPU time of the services, fork to pause", "ms", 0),
]


def applies(_):
    return True


def measure(session, _):
    supervisors = sum(processes.cpu_ns(pid) for pid in session.supervisors)
    services = sum(processes.cpu_ns(pid) for pid in session.pids.values())
    return {
        "boot_ms": session.boot_ns / 1e6,
        "boot_cpu_ms": supervisors / 1e6,
        "boot_child_cpu_ms": services / 1e6,
    }
