"""What a supervised service keeps, beyond the service itself.

private  what the supervisors share with nobody (smaps_rollup)
kernel   what all of /proc/meminfo grew by from before the launch until all was
         calm: structures of supervisors and services alike, so that of the
         floor, which has the services only, is deducted (comparison.py)
"""

import processes
import session as sessions
from measures import Metric

IN_SMALL = False
METRICS = [
    Metric("supervisors", "processes of the supervisor", "", 0),
    Metric("private_kib", "memory per service: private to the supervisors", "KiB"),
    Metric("kernel_kib", "memory per service: kernel, less floor", "KiB"),
    Metric("memory_kib", "memory per service: both", "KiB"),
    Metric("kernel_with_service_kib", "kernel, with the service's own", "KiB", 2, True),
    *(
        Metric(f"kernel_{name.lower()}_kib", f"of which {name}", "KiB", 2, True)
        for name in sessions.KERNEL_FIELDS
    ),
]


def applies(_):
    return True


def measure(session, _):
    private = sum(processes.private_kib(pid) for pid in session.supervisors)
    found = {
        f"kernel_{name.lower()}_kib": kib / session.count
        for name, kib in session.kernel_kib.items()
    }
    return {
        "supervisors": len(session.supervisors),
        "private_kib": private / session.count,
        "kernel_with_service_kib": sum(found.values()),
        **found,
    }


def deduct_floor(found, floor):
    """Fills in what only the comparison with a floor of the same round gives."""
    own = found["kernel_with_service_kib"] - floor["kernel_with_service_kib"]
    found["kernel_kib"] = own
    found["memory_kib"] = found["private_kib"] + own
