"""How long it takes until every service runs, and what that costs."""

import processes
from measures import Metric

SESSIONS = ("hundred", "main", "limit")
METRICS = [
    Metric("boot_hundred_ms", "boot of 100 services", "ms", 1, session="hundred"),
    Metric("boot_ms", "boot of {services} services", "ms", 0),
    Metric("boot_limit_ms", "boot of {limit} services", "ms", 0, session="limit"),
    Metric(
        "boot_linearity",
        "boot: time per service at {limit}, of that at 100",
        "",
        2,
        session="limit",
    ),
    Metric("boot_cpu_ms", "boot: CPU time of the supervisors", "ms", 0),
    Metric("boot_child_cpu_ms", "boot: CPU time of the services, fork to pause", "ms", 0),
    Metric("boot_both_cpu_ms", "boot: CPU time of both", "ms", 0),
    Metric("descriptors", "descriptors per service of the first process", "", 2, True),
]


def measure(session, _):
    boot_ms = session.boot_ns / 1e6
    if session.size != "main":
        return {f"boot_{session.size}_ms": boot_ms}
    supervisors = sum(processes.cpu_ns(pid) for pid in session.supervisors)
    services = sum(processes.cpu_ns(pid) for pid in session.pids.values())
    return {
        "boot_ms": boot_ms,
        "boot_cpu_ms": supervisors / 1e6,
        "boot_child_cpu_ms": services / 1e6,
        "descriptors": processes.descriptor_count(session.top_pid) / session.count,
    }


def derive(found, plan):
    """What follows from numbers of several sessions."""
    if "boot_cpu_ms" in found:
        both = found["boot_cpu_ms"] + found["boot_child_cpu_ms"]
        found["boot_both_cpu_ms"] = both
    if "boot_limit_ms" in found and "boot_hundred_ms" in found:
        at_limit = found["boot_limit_ms"] / plan.limit
        found["boot_linearity"] = at_limit / (found["boot_hundred_ms"] / 100)
