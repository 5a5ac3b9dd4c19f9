"""bench/: the comparison measures what it says, and leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from support import TOP, descendants, wait_until

sys.path.insert(0, str(TOP / "bench"))

import comparison  # noqa: E402
import peers  # noqa: E402
import table  # noqa: E402
from reports import VARIABLE, Reports  # noqa: E402
from summary import over_rounds, percentile, ratio  # noqa: E402

SMALL = "--services 6 --rounds 1 --kills 2 --controls 2 --links 2 --link-window 0.1"


def bench_run(folder, *arguments):
    argv = [TOP / "bench" / "run", *SMALL.split(), "--idle", "0.2"]
    argv += ["--folder", folder, "--results", folder / "results", *arguments]
    return [str(argument) for argument in argv]


@pytest.fixture
def reports(tmp_path):
    opened = Reports(tmp_path / "reports")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def small_run(tmp_path_factory):
    """A comparison of a few services: the process, its folder, its results."""
    folder = tmp_path_factory.mktemp("bench")
    done = subprocess.run(
        bench_run(folder, "--suites", "floor", "holdfast"),
        env=os.environ | {"HOLDFAST_BIN": str(TOP / "out" / "bin")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    results = json.loads((folder / "results" / "latest.json").read_text())
    return done, folder, results


def test_run_finds_a_number_for_every_metric(small_run):
    _, _, results = small_run
    assert set(results["summary"]["holdfast"]) == set(results["metrics"])
    assert results["summary"]["holdfast"]["supervisors"]["median"] == 1
    assert results["summary"]["holdfast"]["idle_wakeups"]["max"] == 0


def test_run_measures_of_the_floor_only_what_it_has(small_run):
    _, _, results = small_run
    found = results["summary"]["floor"]
    assert "boot_ms" in found and "kernel_with_service_kib" in found
    assert not {"restart_p50_ms", "status_ms", "link_ms", "kernel_kib"} & set(found)


def test_run_prints_the_table_that_it_writes(small_run):
    done, folder, results = small_run
    markdown = (folder / "results" / "latest.md").read_text()
    for metric in results["metrics"].values():
        assert (metric["title"] in done.stdout) == (not metric["is_detail"])
        assert (metric["title"] in markdown) == (not metric["is_detail"])


def test_run_leaves_nothing_behind(small_run):
    _, folder, _ = small_run
    assert os.listdir(folder) == ["results"]


def test_run_leaves_nothing_behind_when_it_is_terminated(tmp_path, programs):
    run = programs.start(
        *bench_run(tmp_path, "--suites", "holdfast"),
        env=os.environ | {"HOLDFAST_BIN": str(TOP / "out" / "bin")},
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: len(descendants(run.pid)) > 6, what="services run")
    run.send_signal(signal.SIGTERM)
    assert run.wait(60) == 1
    assert not set(descendants()) - programs.before
    assert os.listdir(tmp_path) == []


def test_payload_reports_its_start_and_stays(tmp_path, programs, reports):
    before = time.monotonic_ns()
    payload = programs.start(
        peers.TOOLS / "payload",
        cwd=tmp_path,
        env={VARIABLE: str(reports.path)},
    )
    report = reports.next()
    assert before < report.at_ns < time.monotonic_ns()
    assert report.pid == payload.pid
    assert report.folder == tmp_path.stat().st_ino
    assert payload.poll() is None


def test_payload_that_nobody_hears_fails(tmp_path):
    environment = {VARIABLE: str(tmp_path / "nothing")}
    done = subprocess.run(
        [peers.TOOLS / "payload"], env=environment, capture_output=True, check=False
    )
    assert done.returncode == 111
    assert done.stderr.startswith(b"payload: fatal: unable to report: ")


def test_launch_reports_as_the_program_that_it_becomes(programs, reports):
    argv = [peers.TOOLS / "launch", peers.TOOLS / "payload"]
    started = programs.start(*argv, env={VARIABLE: str(reports.path)})
    launched, runs = reports.collect(2)
    assert launched.pid == runs.pid == started.pid
    assert launched.at_ns < runs.at_ns


def test_a_suite_that_cannot_be_had_is_left_out(monkeypatch):
    def missing():
        raise FileNotFoundError("no such suite")

    said = []
    suites = {"floor": peers.Floor, "absent": missing}
    monkeypatch.setattr(peers, "SUITES", suites)
    plan = comparison.Plan(suites=("absent", "floor"))
    found = comparison.available(plan, said.append)
    assert [suite.name for suite in found] == ["floor"]
    assert said == ["left out: no such suite"]


def test_a_suite_is_left_out_when_its_table_is_too_small(monkeypatch):
    class Tiny(peers.Floor):
        name = "tiny"
        capacity = 10

    said = []
    monkeypatch.setattr(peers, "SUITES", {"tiny": Tiny})
    plan = comparison.Plan(suites=("tiny",), services=11)
    assert comparison.available(plan, said.append) == []
    assert said == ["left out: tiny takes 10 services only"]


@pytest.mark.parametrize(
    "percent, expected", [(1, 1), (50, 50), (99, 99), (99.5, 100), (100, 100)]
)
def test_percentile_is_one_of_the_values(percent, expected):
    assert percentile(range(100, 0, -1), percent) == expected


def test_summary_is_over_all_rounds():
    rounds = [{"a": {"x": 3}}, {"a": {"x": 1}}, {"a": {"x": 8}}]
    assert over_rounds(rounds) == {"a": {"x": {"median": 3, "min": 1, "max": 8}}}


def test_no_ratio_to_nothing():
    summary = over_rounds([{"a": {"x": 3, "y": 1}, "b": {"x": 2, "y": 0}}])
    assert ratio(summary, "x", "a", "b") == 1.5
    assert ratio(summary, "y", "a", "b") is None
    assert ratio(summary, "z", "a", "b") is None


def test_columns_are_aligned():
    assert table.as_text([["", "one"], ["long", "2"]]) == "      one\nlong    2\n"


def test_logs_measures_every_case_and_leaves_nothing_behind(tmp_path):
    """It counts the lines itself, and fails when some are missing."""
    argv = [TOP / "bench" / "logs", "--rounds", "1", "--mb", "1"]
    argv += ["--loggers", "cat", "holdfast", "--folder", tmp_path]
    done = subprocess.run(
        [*argv, "--results", tmp_path / "results"],
        env=os.environ | {"HOLDFAST_BIN": str(TOP / "out" / "bin")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "results" / "logs.json").read_text())
    found = set(results["summary"]["holdfast"])
    assert found >= {key for key in results["metrics"] if not key.endswith("_calls")}
    assert os.listdir(tmp_path) == ["results"]
