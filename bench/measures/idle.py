"""How often the supervisors wake up while nothing happens."""

import time

import processes
from measures import Metric

IN_SMALL = False
METRICS = [Metric("idle_wakeups", "idle: wake-ups of the supervisors in 10 s", "", 0)]


def applies(_):
    return True


def measure(session, plan):
    before = switches(session)
    time.sleep(plan.idle_s)
    return {"idle_wakeups": (switches(session) - before) * 10 / plan.idle_s}


def switches(session):
    return sum(processes.context_switches(pid) for pid in session.supervisors)
