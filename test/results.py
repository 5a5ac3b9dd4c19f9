"""What pytest tells script/test: a line of JSON for each thing that happens.

Unlike a report at the end, it is there also when pytest was ended in the middle:
a test that began and did not end has failed.
"""

import json

from runner.leg import Outcome


class Writer:
    """A plugin of pytest; conftest.py registers it."""

    def __init__(self, path):
        self.file = open(path, "a", buffering=1)

    def write(self, test, event):
        self.file.write(json.dumps([test, event]) + "\n")

    def pytest_runtest_logstart(self, nodeid):
        self.write(nodeid, "began")

    def pytest_runtest_logreport(self, report):
        if report.outcome != "passed":
            self.write(report.nodeid, report.outcome)

    def pytest_runtest_logfinish(self, nodeid):
        self.write(nodeid, "ended")

    def pytest_collectreport(self, report):
        """A whole file may not be fit to be read, or skip itself."""
        if report.outcome != "passed":
            self.write(report.nodeid, report.outcome)


def read(path):
    """The Outcome; a test that fails, and whose clean-up fails too, failed once."""
    events = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        test, event = json.loads(line)
        events.setdefault(test, set()).add(event)
    failures = [test for test, of_it in events.items() if has_failed(of_it)]
    skipped = sum("skipped" in of_it for of_it in events.values())
    skipped -= sum("skipped" in events[test] for test in failures)
    return Outcome(len(events) - len(failures) - skipped, skipped, failures)


def has_failed(events):
    return "failed" in events or ("began" in events and "ended" not in events)
