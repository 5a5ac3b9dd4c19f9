"""All suites, round after round, on the same machine at the same time.

In each round every suite has its turn, and each round begins with another one,
so that what the machine does besides hits all of them alike. What a suite
cannot do, or does not do in time, is left out for it, with the reason.
"""

import contextlib
import dataclasses
import datetime
import os
import pathlib
import platform
import resource
import signal
import subprocess
import sys
import time
import traceback

import peers
import processes
import summary
from measures import MEASURES, boot, idle
from session import STOPPING, Session, Workplace, time_limit

FORMAT = 2
LIMIT_S = 60  # for one measure that has no limit of its own
BOOT_LIMIT_S = 30
SPARE_COUNT = 64  # of descriptors, for what is not a service
SIZES = ("alone", "few", "hundred", "main", "limit", "idle")


@dataclasses.dataclass
class Plan:
    """How much of everything."""

    rounds: int = 5
    services: int = 1000
    limit: int = 10000  # less if Holdfast cannot have as many descriptors
    kills: int = 200
    controls: int = 50
    links: int = 4
    link_window_s: float = 5
    idle_s: float = 30
    suites: tuple = tuple(peers.SUITES)
    measures: tuple = tuple(MEASURES)
    sizes: tuple = SIZES

    def count(self, size):
        """How many services a session of that size has."""
        counts = {"few": 10, "hundred": 100, "limit": self.limit}
        return counts.get(size, self.services)

    def wants(self, size):
        """The measures in sessions of that size, by name."""
        return [
            name
            for name in MEASURES  # in their order: a stop ends a session
            if name in self.measures
            and size in self.sizes
            and size in MEASURES[name].SESSIONS
        ]

    def is_complete(self):
        return (
            set(self.suites) == set(peers.SUITES)
            and set(self.measures) == set(MEASURES)
            and set(self.sizes) == set(SIZES)
        )


class Comparison:
    """The rounds of a plan, and what was found so far."""

    def __init__(self, plan, folder, say):
        self.plan = plan
        self.folder = folder
        self.say = say
        self.suites = available(plan, say)
        self.rounds = []
        self.reasons = {suite.name: {} for suite in self.suites}  # by metric
        self.too_slow = set()  # (suite, size, measure) not to be tried again

    def run(self):
        """Returns the results, as they are written to the file."""
        started = datetime.datetime.now(datetime.timezone.utc)
        processes.become_subreaper()
        for number in STOPPING:
            signal.signal(number, lambda *_: sys.exit(1))
        loads = [os.getloadavg()[0]]
        self.fit_limit()
        together = self.all_idle()
        for number in range(self.plan.rounds):
            found = self.round(number)
            for one in together[number : number + 1]:
                for name, numbers in one.items():
                    found[name] |= numbers
            self.rounds.append({key: rounded(of) for key, of in found.items()})
            loads.append(os.getloadavg()[0])
        return self.results(started, loads)

    # ---- one round ----

    def round(self, number):
        shift = number % len(self.suites)
        found = {suite.name: {} for suite in self.suites}
        for suite in self.suites[shift:] + self.suites[:shift]:
            self.say(f"round {number + 1} of {self.plan.rounds}: {suite.label}")
            for size in SIZES:
                if size != "idle":
                    self.measure(suite, size, found[suite.name])
        for numbers in found.values():
            boot.derive(numbers, self.plan)
        deduct_floor(found, self.plan)
        return found

    def measure(self, suite, size, found):
        """Adds what one session of that size finds."""
        if not (names := self.chosen(suite, size)):
            return
        done = []
        try:
            with contextlib.ExitStack() as stack:
                session = self.enter(stack, suite, size)
                for name in names:
                    done.append(name)
                    found |= self.bounded(name, session)
        except (TimeoutError, RuntimeError, OSError) as problem:
            failed, left = names[max(len(done) - 1, 0)], names[len(done) :]
            self.give_up(suite, size, [failed], str(problem))
            self.give_up(suite, size, left, f"{failed} before it: {problem}")
            if isinstance(problem, TimeoutError):  # it would be so in each round
                self.too_slow |= {(suite.name, size, name) for name in [failed, *left]}
            where = traceback.extract_tb(problem.__traceback__)[-1]
            self.say(f"  {suite.label}: {failed}: {problem} ({where.name})")
        time.sleep(1)  # for the kernel to free what it frees in its own time

    def bounded(self, name, session):
        """What one measure finds in a session, in the time that it has."""
        one = MEASURES[name]
        try:
            with time_limit(getattr(one, "LIMIT_S", LIMIT_S), name):
                return one.measure(session, self.plan)
        except BaseException:
            session.show_messages(self.say)
            raise

    def enter(self, stack, suite, size):
        if size == "alone":
            return stack.enter_context(Workplace(suite, self.folder))
        count = self.plan.count(size)
        calm = size in ("main", "limit", "idle")
        session = Session(suite, size, count, self.folder, calm)
        with time_limit(BOOT_LIMIT_S, f"boot of {count}"):
            return stack.enter_context(session)

    def chosen(self, suite, size):
        """The measures that this suite goes through in a session of a size."""
        names = []
        most, why = suite.most()
        for name in self.plan.wants(size):
            needs = 0 if size == "alone" else self.plan.count(size)
            needs += self.plan.links if name == "link" else 0
            if name in suite.cannot:
                self.give_up(suite, size, [name], suite.cannot[name])
            elif needs > most:
                self.give_up(suite, size, [name], why)
            elif (suite.name, size, name) not in self.too_slow:
                names.append(name)
        return names

    # ---- reasons ----

    def give_up(self, suite, size, names, why):
        for name in names:
            for metric in MEASURES[name].METRICS:
                if metric.session == size:
                    self.reasons[suite.name].setdefault(metric.key, why)

    # ---- what is not done in turns ----

    def all_idle(self):
        """[{suite: numbers}] for each round, of all suites at the same time."""
        suites = [suite for suite in self.suites if self.chosen(suite, "idle")]
        if not suites:
            return []
        rounds = []
        with contextlib.ExitStack() as stack:
            sessions = []
            for suite in suites:
                self.say(f"idle: {suite.label}")
                sessions.append(self.enter(stack, suite, "idle"))
            for number in range(self.plan.rounds):
                self.say(f"idle: round {number + 1} of {self.plan.rounds}")
                before = list(map(idle.switches, sessions))
                time.sleep(self.plan.idle_s)
                rounds.append(
                    {
                        session.suite.name: {
                            "idle_wakeups": idle.switches(session) - switches
                        }
                        for session, switches in zip(sessions, before)
                    }
                )
        return rounds

    def fit_limit(self):
        """Holdfast decides how many are the most, as it has to reach that."""
        allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        for suite in self.suites:
            if suite.name != "holdfast" or not self.plan.wants("limit"):
                continue
            with self.brief(suite, 1) as session:
                fixed = processes.descriptor_count(session.top_pid)
            with self.brief(suite, 101) as session:
                each = (processes.descriptor_count(session.top_pid) - fixed) / 100
            if allowed != resource.RLIM_INFINITY:
                most = int((allowed - fixed - SPARE_COUNT) / each) // 100 * 100
                self.plan.limit = min(self.plan.limit, most)

    def brief(self, suite, count):
        """A session that is looked at as soon as all services run."""
        return Session(suite, "few", count, self.folder, calm=False)

    # ---- the end ----

    def results(self, started, loads):
        plan = self.plan
        names = {size: plan.wants(size) for size in SIZES}
        return {
            "format": FORMAT,
            "when": started.isoformat("T", "seconds"),
            "machine": machine(loads),
            "plan": dataclasses.asdict(plan),
            "suites": {suite.name: suite.label for suite in self.suites},
            "metrics": {
                metric.key: dataclasses.asdict(titled(metric, plan))
                for name in plan.measures
                for metric in MEASURES[name].METRICS
                if name in names[metric.session]
            },
            "notes": {
                suite.name: {
                    name: note
                    for name, note in suite.notes.items()
                    if name in plan.measures and name not in suite.cannot
                }
                for suite in self.suites
            },
            "reasons": self.reasons,
            "summary": summary.over_rounds(self.rounds),
            "rounds": self.rounds,
        }


def compare(plan, folder, say):
    """Runs the plan below `folder`; tells by say(text) how far it is."""
    return Comparison(plan, folder, say).run()


def available(plan, say):
    """The suites of the plan that are here."""
    found = []
    for name in plan.suites:
        try:
            found.append(peers.SUITES[name]())
        except FileNotFoundError as problem:
            say(f"left out: {problem}")
    return found


def prepare():
    """Builds what is to be measured, unless $HOLDFAST_BIN has it."""
    if "HOLDFAST_BIN" not in os.environ:
        subprocess.run([peers.TOP / "script" / "build"], check=True)


def deduct_floor(found, plan):
    """By the measures that know how."""
    floor = found.get("floor", {})
    for name, numbers in found.items():
        for measure in plan.measures:
            deduct = getattr(MEASURES[measure], "deduct_floor", None)
            if deduct and name != "floor":
                deduct(numbers, floor)


def titled(metric, plan):
    """The metric with the plan's numbers in its title."""
    title = metric.title.format(
        services=plan.services, limit=plan.limit, idle_s=f"{plan.idle_s:g}"
    )
    return dataclasses.replace(metric, title=title)


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
