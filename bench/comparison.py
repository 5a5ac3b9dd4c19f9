"""All suites, round after round, on the same machine at the same time.

In each round every suite has its turn, and each round begins with another one,
so that what the machine does besides hits all of them alike.
"""

import dataclasses
import datetime
import os
import pathlib
import platform
import signal
import subprocess
import sys
import time

import peers
import processes
import summary
from measures import MEASURES, memory
from session import Session

FORMAT = 1
SMALL_COUNT = 10


@dataclasses.dataclass
class Plan:
    """How much of everything."""

    rounds: int = 5
    services: int = 1000
    kills: int = 200
    controls: int = 50
    links: int = 4
    link_window_s: float = 5
    idle_s: float = 10
    suites: tuple = tuple(peers.SUITES)
    measures: tuple = tuple(MEASURES)


def compare(plan, folder, say):
    """Runs the plan below `folder`; tells by say(text) how far it is. Returns
    the results, as they are written to the file."""
    suites = available(plan, say)
    processes.become_subreaper()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    loads = [os.getloadavg()[0]]
    rounds = []
    for number in range(plan.rounds):
        shift = number % len(suites)
        found = {}
        for suite in suites[shift:] + suites[:shift]:
            say(f"round {number + 1} of {plan.rounds}: {suite.label}")
            found[suite.name] = measure(suite, plan, folder)
        deduct_floor(found)
        rounds.append({suite.name: rounded(found[suite.name]) for suite in suites})
        loads.append(os.getloadavg()[0])
    return {
        "format": FORMAT,
        "when": datetime.datetime.now(datetime.timezone.utc).isoformat("T", "seconds"),
        "machine": machine(loads),
        "plan": dataclasses.asdict(plan),
        "suites": {suite.name: suite.label for suite in suites},
        "metrics": {
            metric.key: dataclasses.asdict(metric)
            for name in plan.measures
            for metric in MEASURES[name].METRICS
        },
        "summary": summary.over_rounds(rounds),
        "rounds": rounds,
    }


def available(plan, say):
    """The suites of the plan that are here and take that many services."""
    found = []
    for name in plan.suites:
        try:
            suite = peers.SUITES[name]()
        except FileNotFoundError as problem:
            say(f"left out: {problem}")
            continue
        if suite.capacity is not None and plan.services > suite.capacity:
            say(f"left out: {name} takes {suite.capacity} services only")
            continue
        found.append(suite)
    return found


def prepare():
    """Builds what is to be measured, unless $HOLDFAST_BIN has it."""
    if "HOLDFAST_BIN" not in os.environ:
        subprocess.run([peers.TOP / "script" / "build"], check=True)


def measure(suite, plan, folder):
    """One round of one suite: {key: number}."""
    found = {}
    for is_small, count in ((False, plan.services), (True, SMALL_COUNT)):
        chosen = [
            MEASURES[name]
            for name in plan.measures
            if MEASURES[name].IN_SMALL == is_small and MEASURES[name].applies(suite)
        ]
        if not chosen:
            continue
        with Session(suite, count, folder) as session:
            try:
                for one in chosen:
                    found |= one.measure(session, plan)
            except Exception:
                sys.stderr.write(session.messages.read_text())
                raise
        time.sleep(1)  # for the kernel to free what it frees in its own time
    return found


def deduct_floor(found):
    floor = found.get("floor")
    if not floor or "kernel_with_service_kib" not in floor:
        return
    for name, numbers in found.items():
        if name != "floor":
            memory.deduct_floor(numbers, floor)


def rounded(numbers):
    return {key: round(number, 4) for key, number in numbers.items()}


def machine(loads):
    return {
        "processors": os.cpu_count(),
        "system": platform.system(),
        "kernel": ".".join(platform.release().split(".")[:2]),
        "load": [round(load, 1) for load in loads],
    }


def default_folder():
    """Where the scan directories are: in memory, so that no disk is measured."""
    shm = pathlib.Path("/dev/shm")
    return shm if os.access(shm, os.W_OK) else None
