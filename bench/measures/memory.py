"""What a supervised service keeps, beyond the service itself.

private  what the supervisors share with nobody (smaps_rollup)
kernel   what all of /proc/meminfo grew by from before the launch until all was
         calm: structures of supervisors and services alike, so that of the
         floor, which has the services only, is deducted (comparison.py)
"""

import processes
import session as sessions
from measures import Metric

SESSIONS = ("main", "limit")


def metrics(size, count, end):
    """The rows for sessions of one size; keys end in `end`."""
    at = f"memory per service, {count} services"
    return [
        Metric(f"private{end}", f"{at}: private to supervisors", "KiB", session=size),
        Metric(f"kernel{end}", f"{at}: kernel, less floor", "KiB", session=size),
        Metric(f"memory{end}", f"{at}: both", "KiB", session=size),
        Metric(
            f"kernel_with_service{end}",
            f"{at}: kernel, with the service's own",
            "KiB",
            2,
            True,
            size,
        ),
        *(
            Metric(f"kernel_{name.lower()}{end}", f"of which {name}", "KiB", 2, True, size)
            for name in sessions.KERNEL_FIELDS
        ),
    ]


END = {"main": "_kib", "limit": "_limit_kib"}
METRICS = [
    Metric("supervisors", "processes of the supervisor, {services} services", "", 0),
    *metrics("main", "{services}", END["main"]),
    *metrics("limit", "{limit}", END["limit"]),
]


def measure(session, _):
    end = END[session.size]
    private = sum(processes.private_kib(pid) for pid in session.supervisors)
    found = {
        f"kernel_{name.lower()}{end}": kib / session.count
        for name, kib in session.kernel_kib.items()
    }
    found[f"kernel_with_service{end}"] = sum(found.values())
    found[f"private{end}"] = private / session.count
    if session.size == "main":
        found["supervisors"] = len(session.supervisors)
    return found


def deduct_floor(found, floor):
    """Fills in what only the comparison with a floor of the same round gives."""
    for end in END.values():
        whole = f"kernel_with_service{end}"
        if whole in found and whole in floor:
            own = found[whole] - floor[whole]
            found[f"kernel{end}"] = own
            found[f"memory{end}"] = found[f"private{end}"] + own
