"""What runs the tests themselves; see test/runner and test/legs.py."""

import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest

import results
import support
from support import TOP, wait_until

sys.path.insert(0, str(TOP / "test"))

import legs  # noqa: E402
import proc  # noqa: E402
from runner import failures, run, tidy  # noqa: E402
from runner.kinds import EachFile, Pytest, UnitTests  # noqa: E402
from runner.leg import Leg, Outcome  # noqa: E402
from runner.load import Load  # noqa: E402
from runner.run import Runner, repeated  # noqa: E402


class Fixed(Leg):
    """A leg that does nothing and has a given outcome, or several, in turn."""

    def __init__(self, name, *outcomes, needs=()):
        super().__init__(name)
        self.outcomes = list(outcomes)
        self.needs = needs

    def run(self, log):
        log.write(f"log of {self.name}")
        if not self.outcomes:
            raise RuntimeError("broken leg")
        return self.outcomes.pop(0)


@pytest.fixture(autouse=True)
def logs(monkeypatch, tmp_path):
    monkeypatch.setattr(Leg, "logs", tmp_path / "logs")
    monkeypatch.delenv("HOLDFAST_LONG", raising=False)
    return tmp_path / "logs"


def run_legs(capsys, *found, workers=3):
    good = Runner(found, workers).run()
    return good, capsys.readouterr().out.splitlines()


def test_the_last_line_sums_all_legs_up(capsys, logs):
    good, said = run_legs(
        capsys,
        Fixed("one", Outcome(2)),
        Fixed("two", Outcome(3, 4), needs=("one",)),
    )
    assert good
    assert said[-1] == "5 passed, 0 failed, 4 skipped"
    assert "log of" not in "".join(said)
    assert (logs / "one.log").read_text() == "log of one"


def test_a_failing_leg_shows_its_log_and_is_named_at_the_end(capsys, logs):
    good, said = run_legs(
        capsys, Fixed("one", Outcome(1, 0, ["a::b", "a::c"])), Fixed("two", Outcome(1))
    )
    assert not good
    assert "log of one" in said
    assert said[-4:] == [
        f"failed: one: a::b ({logs}/one.log)",
        f"failed: one: a::c ({logs}/one.log)",
        "these again: script/test --failed",
        "2 passed, 2 failed",
    ]


def test_a_leg_whose_need_failed_is_not_run_and_fails(capsys, logs):
    good, said = run_legs(
        capsys,
        Fixed("build"),
        Fixed("tests", Outcome(1), needs=("build",)),
        Fixed("more", Outcome(1), needs=("tests",)),
    )
    assert not good
    assert "RuntimeError: broken leg" in said
    assert said[-1] == "0 passed, 3 failed"
    assert f"failed: tests ({logs}/tests.log)" in said
    assert (logs / "tests.log").read_text() == "not run, as this failed: build\n"


def test_a_leg_begins_after_another_also_when_that_failed(capsys):
    order = []

    class Noted(Fixed):
        def run(self, log):
            order.append(self.name)
            return super().run(log)

    later = Noted("later", Outcome(1))
    later.after = ("broken", "not among these")
    run_legs(capsys, later, Noted("broken"))
    assert order == ["broken", "later"]


def test_of_a_repeated_leg_it_is_told_how_often_a_test_failed(capsys, logs):
    flaky = Fixed(
        "leg", *(Outcome(1, 0, ["a::b"] * (number in (1, 3))) for number in range(4))
    )
    good, said = run_legs(capsys, *repeated(flaky, 4), workers=1)
    assert not good
    assert said[-3:] == [
        f"failed 2 of 4: leg: a::b ({logs}/leg-2-of-4.log)",
        "these again: script/test --failed",
        "4 passed, 2 failed",
    ]
    assert failures.recall() == (False, {"leg": ["a::b"]})


def test_what_failed_is_remembered_until_all_is_good(capsys):
    run_legs(capsys, Fixed("one", Outcome(1, 0, ["x", "x", "y"])), Fixed("two"))
    assert failures.recall() == (False, {"one": ["x", "y"], "two": ["two"]})
    run_legs(capsys, Fixed("one", Outcome(1)))
    assert failures.recall() == (False, {})


def test_failed_runs_what_failed_on_the_programs_it_failed_on(capsys):
    test = "test/integration/test_svc.py::test_x"
    run_legs(
        capsys,
        Fixed("integration poll", Outcome(0, 0, [test])),
        Fixed("unit asan", Outcome(0, 0, ["loop: test_y"])),
        Fixed("chosen", Outcome(0, 0, [test])),
    )
    found = {leg.name: leg for leg in legs.with_needs(legs.failed_last())}
    builds = {"build poll", "build asan", "build release"}
    assert set(found) == builds | {"integration poll", "unit asan", "chosen"}
    assert found["integration poll"].chosen == [test]
    assert found["integration poll"].loop == "poll"
    assert found["chosen"].chosen == [test]


def test_a_leg_that_failed_as_a_whole_is_run_again_as_a_whole(capsys):
    run_legs(capsys, Fixed("integration poll"))
    (leg,) = legs.failed_last()
    assert leg.chosen == []


def test_every_leg_finds_what_it_needs_before_it():
    before = set()
    for leg in legs.all_legs():
        assert before.issuperset(leg.needs), leg.name
        assert leg.name not in before
        before.add(leg.name)


def test_a_leg_of_parts_is_named_without_their_numbers():
    parts = legs.named_legs("integration asan")
    assert [leg.name for leg in parts] == [f"integration asan {number}" for number in (1, 2, 3)]
    assert legs.named_legs("integration asan 2")[0].paths == parts[1].paths
    assert not set(parts[0].paths) & set(parts[1].paths)
    with pytest.raises(SystemExit, match="no leg 'integration'"):
        legs.named_legs("integration")


def test_no_log_is_where_a_build_removes_it(logs):
    for leg in legs.all_legs():
        assert leg.log_path.parent == logs


def test_cases_of_a_unit_test_program_are_counted():
    said = "[ RUN      ] a\n[       OK ] a\n[  FAILED  ] b\n[  SKIPPED ] c\n"
    summary = "[  FAILED  ] 1 test(s), listed below:\n[  FAILED  ] b\n"
    result = {"name": "loop", "stdout": said, "stderr": summary, "result": "FAIL"}
    assert UnitTests.outcome_of_program(result) == Outcome(1, 1, ["loop: b"])


def test_a_unit_test_program_that_crashes_has_failed():
    result = {"name": "loop", "stdout": "[       OK ] a\n", "result": "FAIL"}
    assert UnitTests.outcome_of_program(result) == Outcome(1, 0, ["loop"])


def pytest_outcome(tmp_path, text, *options):
    """Of a test file, as pytest itself tells it."""
    (tmp_path / "test_it.py").write_text(text)
    (tmp_path / "conftest.py").write_text((TOP / "test/conftest.py").read_text())
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        + [f"--rootdir={tmp_path}", f"--results={tmp_path}/results", *options]
        + [tmp_path / "test_it.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(TOP / "test")},
        stdout=subprocess.DEVNULL,
    )
    return results.read(tmp_path / "results")


def test_tests_are_counted_once_each_and_failures_named(tmp_path):
    text = """
import pytest

@pytest.fixture
def broken_later():
    yield
    assert False

@pytest.fixture
def broken():
    assert False

def test_good(): pass
def test_bad(): assert False
def test_bad_twice(broken_later): assert False
def test_broken(broken): pass
@pytest.mark.parametrize("text", ["a b::c/d", "e"])
def test_some(text): assert text == "e"
def test_skipped(): pytest.skip("why not")
@pytest.mark.xfail
def test_expected(): assert False
"""
    outcome = pytest_outcome(tmp_path, text)
    bad = ["bad", "bad_twice", "broken", "some[a b::c/d]"]
    assert outcome == Outcome(2, 2, [f"test_it.py::test_{name}" for name in bad])


def test_a_file_that_cannot_be_read_has_failed(tmp_path):
    assert pytest_outcome(tmp_path, "import nothing_like_it") == Outcome(
        0, 0, ["test_it.py"]
    )


def test_a_test_in_which_pytest_was_ended_has_failed(tmp_path):
    text = """
import os
def test_good(): pass
def test_last(): os.kill(os.getpid(), 9)
def test_never(): pass
"""
    assert pytest_outcome(tmp_path, text) == Outcome(1, 0, ["test_it.py::test_last"])


def test_a_file_that_is_bad_is_found_among_many(tmp_path):
    files = [str(tmp_path / name) for name in "abc"]
    for path in files:
        pathlib.Path(path).write_text("bad" if path.endswith("b") else "good")
    leg = EachFile("check", ["sh", "-c", '! cat "$@" | grep bad', "sh"], files)
    with open(tmp_path / "log", "w+") as log:
        assert leg.run(log) == Outcome(2, 0, [files[1]])
    said = (tmp_path / "log").read_text()
    assert said.count("\nbad") == 1
    assert files[0] not in said


def test_a_leg_that_takes_too_long_is_ended(tmp_path):
    leg = Fixed("leg")
    leg.limit_s = 0.2
    with open(tmp_path / "log", "w+") as log:
        assert leg.call(["sleep", "3600"], log) == 124
    assert "not done within 0.2 s" in (tmp_path / "log").read_text()


def start_run(programs, tmp_path, text):
    """A run of its own, in which `text` defines LEGS."""
    text = f"""
import pathlib, signal, subprocess, sys
from runner.leftover import nothing_left
from runner.leg import Leg, Outcome
from runner.run import Runner
Leg.logs = pathlib.Path({str(tmp_path)!r})
signal.signal(signal.SIGTERM, signal.default_int_handler)
{text}
try:
    with nothing_left():
        Runner(LEGS).run()
except KeyboardInterrupt:
    sys.exit(130)
"""
    return programs.start(
        *(sys.executable, "-c", text),
        env=os.environ | {"PYTHONPATH": str(TOP / "test")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_ended_begins_nothing_and_leaves_nothing(
    number, programs, tmp_path
):
    text = """
class Two(Leg):
    def run(self, log):
        self.call(["sh", "-c", "echo begun; exec sleep 3600"], log)
        self.call(["sh", "-c", "echo more"], log)
        return Outcome(1)
class Waiting(Two):
    needs = ("one",)
LEGS = [Two("one"), Two("two"), Waiting("three")]
"""
    started = start_run(programs, tmp_path, text)
    logs = [tmp_path / f"{name}.log" for name in ("one", "two")]
    wait_until(lambda: all(p.exists() and "\nbegun" in p.read_text() for p in logs))
    started.send_signal(number)
    said, _ = started.communicate(timeout=600)
    assert (started.returncode, said) == (130, "")
    assert not any("\nmore" in path.read_text() for path in logs)
    assert not (tmp_path / "three.log").exists()
    assert support.descendants() == []


def test_tests_get_no_signal_ignored_that_the_run_ignores():
    child = "from signal import *\n"
    child += "print([n for n in (1, 2, 3, 15) if getsignal(n) == SIG_IGN])"
    run = "import legs, subprocess, sys\nlegs.take_signals()\n"
    run += f"subprocess.run([sys.executable, '-c', {child!r}])"
    said = subprocess.run(
        ["sh", "-c", 'trap "" HUP INT QUIT TERM; exec "$@"', "sh"]
        + [sys.executable, "-c", run],
        env=os.environ | {"PYTHONPATH": str(TOP / "test")},
        capture_output=True,
        text=True,
    )
    assert (said.stdout, said.stderr) == ("[]\n", "")


def test_what_a_leg_leaves_running_is_named_and_killed(programs, tmp_path):
    text = """
class Leaving(Leg):
    def run(self, log):
        self.call(["sh", "-c", "setsid sleep 3600 &"], log)
        return Outcome(1)
LEGS = [Leaving("leg")]
"""
    started = start_run(programs, tmp_path, text)
    said, _ = started.communicate(timeout=600)
    assert re.search(r"^left running, killed: \d+ .*sleep 3600", said, re.M), said
    assert support.descendants() == []


def test_load_ends_with_what_started_it(tmp_path):
    before = set(proc.descendants())
    with Load(2, tmp_path / "room") as load:
        assert len(load.workers) == 4
        wait_until(lambda: len(set(proc.descendants()) - before) == 4)
    assert set(proc.descendants()) == before
    assert list((tmp_path / "room").iterdir()) == []


def test_load_ends_also_when_what_started_it_is_killed(tmp_path, programs):
    text = "import sys, time, pathlib\nfrom runner.load import Load\n"
    text += "with Load(1, pathlib.Path(sys.argv[1])): time.sleep(3600)"
    before = set(proc.descendants())
    starter = programs.start(
        *(sys.executable, "-c", text, tmp_path / "room"),
        env=os.environ | {"PYTHONPATH": str(TOP / "test")},
    )
    wait_until(lambda: len(set(proc.descendants()) - before) == 3)
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    wait_until(lambda: set(proc.descendants()) == before)


def test_of_touched_headers_one_user_is_checked():
    included = {
        "src/a.c": {"src/a.c", "src/a.h", "src/b.h", "src/c.h"},
        "src/b.c": {"src/b.c", "src/b.h"},
        "src/d.c": {"src/d.c", "src/c.h"},
    }
    touched = {"src/b.h", "src/c.h", "README.md", "src/gone.h"}
    assert tidy.chosen(touched, included) == {"src/a.c", "src/b.c"}
    assert tidy.chosen({"src/d.c"}, included) == {"src/d.c"}


def test_the_key_of_a_source_stands_for_all_it_is_made_of(tmp_path, monkeypatch):
    monkeypatch.setattr(tidy, "TOP", tmp_path)
    for name in "a.c", "a.h", "other.h":
        (tmp_path / name).write_text(name)

    def key(command="cc a.c", common=b"clang-tidy 14"):
        sources = tidy.Sources.__new__(tidy.Sources)
        sources.commands = {"a.c": {"command": command}}
        sources.included = {"a.c": {"a.c", "a.h"}}
        sources.digests = {}
        sources.common = common
        return sources.key("a.c")

    first = key()
    assert key() == first
    assert key("cc -O2 a.c") != first
    assert key(common=b"clang-tidy 15") != first
    (tmp_path / "other.h").write_text("changed")
    assert key() == first
    (tmp_path / "a.h").write_text("changed")
    assert key() != first


def test_a_test_that_is_not_there_is_refused_at_once():
    here = "test/integration/test_runner.py"
    assert legs.trouble_with("test/no_such.py") == "no such file: test/no_such.py"
    assert legs.trouble_with(f"{here}::test_no_such") == f"no such test: {here}::test_no_such"
    assert not legs.trouble_with(here)
    assert not legs.trouble_with(f"{here}::test_a_test_that_is_not_there_is_refused_at_once")


def test_what_others_wait_for_is_built_among_few():
    """The longest legs can't begin before it is there."""
    build, other = Fixed("build", Outcome()), Fixed("other", Outcome(1))
    runner = Runner([build, other], 7, ["build", "one that isn't run"])
    runner.running = run.WORKERS_AT_FIRST - 1
    assert runner.can_begin(other)
    runner.running += 1
    assert not runner.can_begin(other)
    runner.passed_legs.add("build")
    assert runner.can_begin(other)
