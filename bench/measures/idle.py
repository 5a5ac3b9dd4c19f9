"""How often the supervisors wake up while nothing happens.

All suites run at the same time, so that the seconds are spent once: waking up
does not depend on who else does. A suite that looks around every few seconds is
found out whatever the moment, since the window is longer than that.
"""

import processes
from measures import Metric

SESSIONS = ("idle",)
METRICS = [
    Metric(
        "idle_wakeups",
        "idle: wake-ups of the supervisors in {idle_s} s",
        "",
        0,
        session="idle",
    )
]


def switches(session):
    return sum(processes.context_switches(pid) for pid in session.supervisors)
