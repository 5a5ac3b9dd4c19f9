"""Runs legs, a few at a time, and tells what came of them."""

import copy
import os
import sys
import threading
import time
import traceback

from runner import failures
from runner.leg import COMMANDS, Outcome, Stopped, shown

# There are more of them than processors, as the tests wait most of the time.
WORKERS = max(6, 5 * (os.cpu_count() or 1))
# As long as others wait for what these legs build, there are fewer.
WORKERS_AT_FIRST = max(4, 2 * (os.cpu_count() or 1))


class Runner:
    """Hands legs to a few workers, in order, when what they need is done."""

    def __init__(self, legs, workers=WORKERS, first=()):
        self.waiting = list(legs)
        self.first = set(first).intersection(leg.name for leg in legs)
        self.running = 0
        self.workers = [threading.Thread(target=self.work) for _ in range(workers)]
        self.names = {leg.name for leg in legs}
        self.width = max((len(leg.name) for leg in legs), default=0)
        self.passed_legs = set()
        self.failed_legs = set()
        self.total = Outcome()
        self.failures = []  # of pairs, of a leg and what failed in it
        self.changed = threading.Condition()

    def run(self):
        """Returns whether nothing failed."""
        try:
            for worker in self.workers:
                worker.start()
            for worker in self.workers:
                worker.join()
        except KeyboardInterrupt:
            self.stop()
            if self.failures:
                self.tell_failures()
            raise
        self.tell_failures()
        print(self.total)
        return not self.failures

    def tell_failures(self):
        """The last lines: what failed, and how to run just that again."""
        failures.remember(self.failures)
        for line in failures.lines(self.failures):
            print(line)
        if self.failures:
            print("these again: script/test --failed")

    def stop(self):
        """What runs is ended, nothing else is begun."""
        with self.changed:
            self.waiting.clear()
            self.changed.notify_all()
        COMMANDS.stop()
        for worker in self.workers:
            if worker.ident:  # begun, before the interrupt came
                worker.join()

    def work(self):
        while leg := self.take():
            started = time.monotonic()
            try:
                outcome = run_logged(leg)
            except Stopped:
                return
            if not COMMANDS.stopped:
                self.report(leg, outcome, time.monotonic() - started)

    def take(self):
        """The next leg that can run; None when there is none any more."""
        with self.changed:
            while True:
                for leg in list(self.waiting):
                    if failed := self.failed_legs.intersection(leg.needs):
                        self.waiting.remove(leg)
                        self.give_up(leg, *failed)
                    elif self.can_begin(leg):
                        self.waiting.remove(leg)
                        self.running += 1
                        return leg
                if not self.waiting:
                    return None
                self.changed.wait()

    def can_begin(self, leg):
        ended = self.passed_legs | self.failed_legs
        if self.running >= WORKERS_AT_FIRST and not ended.issuperset(self.first):
            return False
        to_end = self.names.intersection(leg.after)
        return self.passed_legs.issuperset(leg.needs) and ended.issuperset(to_end)

    def give_up(self, leg, failed):
        leg.log_path.write_text(f"not run, as this failed: {failed}\n")
        self.count(leg, leg.failed_whole())
        print(f"{leg.name:<{self.width}} not run", flush=True)

    def count(self, leg, outcome):
        self.total += outcome
        self.failures += [(leg, name) for name in outcome.failures]
        ended = self.failed_legs if outcome.failures else self.passed_legs
        ended.add(leg.name)
        self.changed.notify_all()

    def report(self, leg, outcome, took_s):
        with self.changed:
            self.running -= 1
            self.count(leg, outcome)
            told = outcome if outcome != Outcome() else "done"
            print(f"{leg.name:<{self.width}} {took_s:6.1f} s  {told}")
            if outcome.failures:
                print(f"--- {shown(leg.log_path)}")
                print(leg.log_path.read_text(errors="replace").rstrip("\n"))
                print("---")
            sys.stdout.flush()


def run_logged(leg):
    """Runs a leg; what goes wrong with that is in its log, too."""
    leg.logs.mkdir(parents=True, exist_ok=True)
    with open(leg.log_path, "w+", errors="replace") as log:
        try:
            return leg.run(log)
        except Stopped:
            raise
        except Exception:
            log.write(traceback.format_exc())
            return leg.failed_whole()


def repeated(leg, times):
    """As many of it; a Runner with one worker runs them one after the other."""
    copies = []
    for number in range(1, times + 1):
        made = copy.copy(leg)
        made.name = f"{leg.name} {number} of {times}"
        made.times = times
        copies.append(made)
    return copies
