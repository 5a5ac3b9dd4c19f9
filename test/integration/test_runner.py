"""What runs the tests themselves; see test/runner."""

import sys

from support import TOP

sys.path.insert(0, str(TOP / "test"))

from runner import run  # noqa: E402
from runner.kinds import Pytest, UnitTests  # noqa: E402
from runner.leg import Count, Leg  # noqa: E402
from runner.run import Runner  # noqa: E402


class Fixed(Leg):
    """A leg that does nothing and has a given result."""

    def __init__(self, name, folder, count, needs=()):
        super().__init__(name, folder)
        self.count = count
        self.needs = needs
        self.log = f"log of {name}"

    def run(self, log):
        log.write(self.log)
        if self.count is None:
            raise RuntimeError("broken leg")
        return self.count


def run_legs(monkeypatch, capsys, folder, *results):
    monkeypatch.setattr(run, "TOP", folder)
    good = Runner([Fixed(name, folder, *rest) for name, *rest in results]).run()
    return good, capsys.readouterr().out


def test_the_last_line_sums_all_legs_up(monkeypatch, capsys, tmp_path):
    good, said = run_legs(
        monkeypatch,
        capsys,
        tmp_path,
        ("one", Count(passed=2)),
        ("two", Count(passed=3, skipped=4), ("one",)),
    )
    assert good
    assert said.splitlines()[-1] == "5 passed, 0 failed, 4 skipped"
    assert "log of" not in said
    assert (tmp_path / "test-logs" / "one.log").read_text() == "log of one"


def test_a_failing_leg_shows_its_log_and_fails_the_run(monkeypatch, capsys, tmp_path):
    good, said = run_legs(
        monkeypatch,
        capsys,
        tmp_path,
        ("one", Count(passed=1, failed=1)),
        ("two", Count(passed=1)),
    )
    assert not good
    assert "log of one" in said
    assert said.splitlines()[-1] == "2 passed, 1 failed"


def test_a_leg_whose_need_failed_is_not_run_and_fails(monkeypatch, capsys, tmp_path):
    good, said = run_legs(
        monkeypatch,
        capsys,
        tmp_path,
        ("build", None),
        ("tests", Count(passed=1), ("build",)),
        ("more", Count(passed=1), ("tests",)),
    )
    assert not good
    assert "RuntimeError: broken leg" in said
    assert said.splitlines()[-1] == "0 passed, 3 failed"


def test_cases_of_a_unit_test_program_are_counted(tmp_path):
    said = "[ RUN      ] a\n[       OK ] a\n[  FAILED  ] b\n[  SKIPPED ] c\n"
    summary = "[  FAILED  ] 1 test(s), listed below:\n[  FAILED  ] b\n"
    result = {"stdout": said, "stderr": summary, "result": "FAIL"}
    assert UnitTests.count_program(result) == Count(1, 1, 1)


def test_a_unit_test_program_that_crashes_has_failed():
    result = {"stdout": "[       OK ] a\n", "result": "FAIL"}
    assert UnitTests.count_program(result) == Count(1, 1, 0)


def test_a_test_that_fails_twice_is_counted_once(tmp_path):
    results = tmp_path / "results.xml"
    results.write_text(
        "<testsuites><testsuite>"
        '<testcase classname="a" name="x"><failure/></testcase>'
        '<testcase classname="a" name="x"><error/></testcase>'
        '<testcase classname="a" name="y"><skipped/></testcase>'
        '<testcase classname="a" name="z"/>'
        "</testsuite></testsuites>"
    )
    assert Pytest.count(results) == Count(1, 1, 1)
