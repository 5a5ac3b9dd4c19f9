"""Runs legs, a few at a time, and tells what came of them."""

import pathlib
import sys
import tempfile
import threading
import time
import traceback

from runner.leg import RUNNING, TOP, Count, end

WORKERS = 6


class Runner:
    """
    Hands legs to a few workers, in order, when what they need is done. There are
    more of them than processors, as the tests wait most of the time.
    """

    def __init__(self, legs):
        self.waiting = legs
        self.passed_legs = set()
        self.failed_legs = set()
        self.names = {leg.name for leg in legs}
        self.total = Count()
        self.changed = threading.Condition()

    def run(self):
        workers = [threading.Thread(target=self.work) for _ in range(WORKERS)]
        for worker in workers:
            worker.start()
        try:
            for worker in workers:
                worker.join()
        except KeyboardInterrupt:
            self.stop(workers)
            raise
        print(self.total)
        return self.total.failed == 0

    def stop(self, workers):
        """What runs is ended, nothing else is begun."""
        with self.changed:
            self.waiting.clear()
            self.changed.notify_all()
        for process in list(RUNNING):
            end(process)
        for worker in workers:
            worker.join()

    def work(self):
        while leg := self.take():
            started = time.monotonic()
            count, log = run_logged(leg)
            self.report(leg, count, time.monotonic() - started, log)

    def take(self):
        """The next leg that can run; None when there is none any more."""
        with self.changed:
            while True:
                for leg in list(self.waiting):
                    if self.failed_legs.intersection(leg.needs):
                        self.waiting.remove(leg)
                        self.failed_legs.add(leg.name)
                        self.total.failed += 1
                        print(f"{leg.name:<20} not run", flush=True)
                    elif self.passed_legs.issuperset(leg.needs):
                        self.waiting.remove(leg)
                        return leg
                if not self.waiting:
                    return None
                self.changed.wait()

    def report(self, leg, count, took_s, log):
        with self.changed:
            self.total += count
            ended = self.failed_legs if count.failed else self.passed_legs
            ended.add(leg.name)
            self.changed.notify_all()
            counts = count if count != Count() else "done"
            print(f"{leg.name:<20} {took_s:6.1f} s  {counts}")
            if count.failed:
                print(f"--- {leg.log_path.relative_to(TOP)}")
                print(log.rstrip("\n"))
                print("---")
            sys.stdout.flush()


def run_logged(leg):
    """Runs a leg; its log gets its place last, as a build may clear that."""
    with tempfile.NamedTemporaryFile("w+", errors="replace") as log:
        try:
            leg.log_path.parent.mkdir(parents=True, exist_ok=True)
            count = leg.run(log)
        except Exception:
            log.write(traceback.format_exc())
            count = Count(failed=1)
        log.flush()
        said = pathlib.Path(log.name).read_text(errors="replace")
    leg.log_path.parent.mkdir(parents=True, exist_ok=True)
    leg.log_path.write_text(said)
    return count, said
