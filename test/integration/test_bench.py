"""bench/: the comparison measures what it says, and leaves nothing behind."""

import datetime
import json
import os
import re
import subprocess
import sys
import time
from xml.etree import ElementTree

import pytest

from support import TOP, descendants, wait_until

sys.path.insert(0, str(TOP / "bench"))

import comparison  # noqa: E402
import pages  # noqa: E402
import peers  # noqa: E402
import plots  # noqa: E402
import table  # noqa: E402
from measures import MEASURES  # noqa: E402
from reports import VARIABLE, Reports  # noqa: E402
from session import STOPPING  # noqa: E402
from summary import over_rounds, percentile, ratio  # noqa: E402

SMALL = "--services 6 --limit 12 --rounds 1 --kills 2 --controls 2 --links 2"


def bench_run(folder, *arguments):
    argv = [TOP / "bench" / "run", *SMALL.split(), "--link-window", "0.1", "--idle", "0.2"]
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
        bench_run(folder, "--peers", "floor,holdfast"),
        env=os.environ | {"HOLDFAST_BIN": str(TOP / "out" / "bin")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    results = json.loads((folder / "results" / "suites.json").read_text())
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
    assert "restart_p50_ms" in found and "stop_ms" in found
    assert not {"adopt_ms", "status_ms", "link_ms", "kernel_kib"} & set(found)


def test_run_says_why_a_number_is_missing(small_run):
    done, _, results = small_run
    reason = "the floor has no such thing"
    assert results["reasons"]["floor"]["status_ms"] == reason
    assert results["reasons"]["holdfast"] == {}
    assert re.search(rf"^floor has no number for \[.*\]: {reason}\.$", done.stdout, re.M)


def test_run_says_what_was_used(small_run):
    done, _, results = small_run
    assert "link" not in results["notes"]["floor"]
    assert "Holdfast, stop: TERM to svscan." in done.stdout


def test_run_prints_the_table_that_it_writes(small_run):
    done, folder, results = small_run
    markdown = (folder / "results" / "suites.md").read_text()
    for metric in results["metrics"].values():
        assert (metric["title"] in done.stdout) == (not metric["is_detail"])
        assert (metric["title"] in markdown) == (not metric["is_detail"])


def test_run_leaves_nothing_behind(small_run):
    _, folder, _ = small_run
    assert os.listdir(folder) == ["results"]


@pytest.mark.parametrize("number", STOPPING)
def test_run_leaves_nothing_behind_when_it_is_told_to_stop(tmp_path, programs, number):
    run = programs.start(
        *bench_run(tmp_path, "--peers", "holdfast"),
        env=os.environ | {"HOLDFAST_BIN": str(TOP / "out" / "bin")},
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: len(descendants(run.pid)) > 6, what="services run")
    run.send_signal(number)
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


class Tiny(peers.Floor):
    """A suite that takes few services, and fails at one thing."""

    name = "tiny"
    label = "tiny"
    capacity = 10
    cannot = {"restart": "it cannot"}


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """A comparison of Tiny alone; what is said goes nowhere."""
    monkeypatch.setattr(peers, "SUITES", {"tiny": Tiny})
    plan = comparison.Plan(rounds=1, suites=("tiny",), services=3, limit=11)
    return comparison.Comparison(plan, tmp_path, lambda _: None)


def test_what_a_table_is_too_small_for_has_that_reason(tiny):
    (suite,) = tiny.suites
    assert tiny.chosen(suite, "limit") == []
    assert tiny.reasons["tiny"]["boot_limit_ms"] == "takes 10 services only"
    assert "boot" in tiny.chosen(suite, "main")
    assert "boot_ms" not in tiny.reasons["tiny"]


def test_what_a_suite_cannot_do_is_not_tried(tiny):
    assert "restart" not in tiny.chosen(tiny.suites[0], "main")
    assert tiny.reasons["tiny"]["restart_p99_ms"] == "it cannot"


def test_what_takes_too_long_is_left_out_from_then_on(tiny, monkeypatch):
    def endless(*_):
        time.sleep(60)

    (suite,) = tiny.suites
    monkeypatch.setattr(MEASURES["killall"], "measure", endless)
    monkeypatch.setattr(MEASURES["killall"], "LIMIT_S", 0.1, raising=False)
    tiny.plan.measures = ("boot", "killall", "stop")
    found = {}
    tiny.measure(suite, "main", found)
    assert found["boot_ms"] > 0 and "stop_ms" not in found
    assert tiny.reasons["tiny"]["killall_ms"] == "killall took more than 0.1 s"
    assert "killall before it" in tiny.reasons["tiny"]["stop_ms"]
    assert tiny.chosen(suite, "main") == ["boot"]


def test_what_fails_once_is_tried_again(tiny, monkeypatch):
    """A process that had just gone cost all later rounds their numbers."""

    def failing(*_):
        raise ProcessLookupError("gone")

    (suite,) = tiny.suites
    tiny.plan.measures = ("boot", "killall")
    with monkeypatch.context() as patch:
        patch.setattr(MEASURES["killall"], "measure", failing)
        tiny.measure(suite, "main", {})
    assert tiny.reasons["tiny"]["killall_ms"] == "gone"
    assert tiny.chosen(suite, "main") == ["boot", "killall"]
    results = tiny.results(datetime.datetime.now(), [0]) | {
        "summary": {"tiny": {"killall_ms": {"median": 1, "min": 1, "max": 1}}}
    }
    assert any("tiny lacks a round of [all 3" in line for line in table.remarks(results))


def test_a_supervisor_that_ends_at_once_is_not_waited_for(tiny, monkeypatch):
    (suite,) = tiny.suites
    monkeypatch.setattr(suite, "command", lambda _: ["/bin/false"])
    tiny.plan.measures = ("boot",)
    before = time.monotonic()
    tiny.measure(suite, "hundred", {})
    tiny.plan.services = 3
    tiny.measure(suite, "main", {})
    assert time.monotonic() - before < 30
    assert tiny.reasons["tiny"]["boot_ms"] == "ended after 1 reports"


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


# ---- pictures ----


def test_run_draws_what_it_found(small_run):
    _, folder, results = small_run
    for name in ("boot", "times"):
        text = (folder / "results" / f"{name}.svg").read_text()
        ElementTree.fromstring(text)
        assert "prefers-color-scheme: dark" in text
        assert ">Holdfast" in text
    assert {key for key, _ in plots.TIMES} <= set(results["metrics"])


def test_memory_is_drawn_to_scale(small_run):
    _, _, results = small_run
    sizes = {"holdfast": 10, "floor": 5}
    summary = {
        name: {"memory_kib": dict.fromkeys(("median", "min", "max"), kib)}
        for name, kib in (sizes | {"tiny": 20}).items()
    }
    suites = {"floor": "floor", "holdfast": "Holdfast", "tiny": "tiny"}
    text = plots.memory(results | {"summary": summary, "suites": suites}).text()
    bars = re.findall(r'<rect class="(of-\w+)" .* width="([\d.]+)"', text)
    assert bars == [("of-holdfast", "250.0"), ("of-other", "500.0")]


def test_the_picture_of_loggers_has_a_panel_for_each_speed():
    text = (TOP / "bench" / "results" / "logs.json").read_text()
    results = json.loads(text)
    picture = plots.speeds(results).text()
    speeds = [key for key in results["metrics"] if key.endswith("_mb_s")]
    assert picture.count('font-weight="bold">') == 3 * len(speeds)  # title, ours, number
    assert plots.speeds(results | {"summary": {}}) is None
    drawn = (TOP / "bench" / "results" / "logs.svg").read_text()
    assert drawn == picture


def test_pictures_leave_out_what_is_missing(small_run):
    _, _, results = small_run
    summary = {"floor": {}, "holdfast": {"stop_ms": {"median": 0, "min": 0, "max": 1}}}
    nothing = results | {"summary": summary}
    assert [draw(nothing) for draw in plots.PLOTS.values()] == [None] * 3


def test_logarithmic_axes_reach_from_step_to_step():
    axis = plots.LogAxis([3, 400], 0, 100)
    assert (axis.low, axis.high) == (2, 500)
    assert axis.ticks() == [10, 100]
    assert (axis.at(2), axis.at(500)) == (0, 100)
    assert plots.LogAxis([10], 0, 1).ticks() == [10, 20]
    assert plots.LogAxis([150, 160], 0, 1).ticks() == [100, 200]


def test_labels_do_not_cover_each_other():
    assert plots.apart({"a": 10, "b": 12, "c": 11}, 5) == {"a": 10, "c": 15, "b": 20}


# ---- layers ----


def test_layers_are_faster_than_one_after_another_and_in_order():
    """bench/layers fails by itself where an order was not kept."""
    sizes = "--layers 3 --width 8 --needs 2 --ms 200 --chain 3"
    done = subprocess.run(
        [TOP / "bench" / "layers", *sizes.split()],
        env=os.environ | {"HOLDFAST_BIN": str(TOP / "out" / "bin")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "24 services in 3 layers" in done.stdout
    assert "; 32 orders kept\n" in done.stdout
    assert float(re.search(r"times faster +([\d.]+)", done.stdout)[1]) > 1


# ---- pages ----


def test_pages_show_the_results_that_are_kept():
    """bench/publish was run after the last change of what they show."""
    kept = json.loads((TOP / "bench" / "results" / "suites.json").read_text())
    for path, text in pages.shown(kept).items():
        assert pages.with_shown(path.read_text(), text) == path.read_text(), path
    for name, draw in plots.PLOTS.items():
        drawn = (TOP / "bench" / "results" / f"{name}.svg").read_text()
        assert drawn == draw(kept).text()


def test_a_page_without_marks_is_left_alone():
    with pytest.raises(ValueError):
        pages.with_shown(f"text {pages.BEGIN} text", "table")
    page = f"a\n{pages.BEGIN}\nold\n{pages.END}\nb\n"
    assert pages.with_shown(page, "new") == page.replace("old", "new")


# ---- containers ----


def test_containers_are_measured_as_process_one():
    """bench/containers fails by itself where a service is missing, or another is process 1."""
    done = subprocess.run(
        [TOP / "bench" / "containers", "--rounds", "2", "--services", "3", "--suites", "holdfast"],
        capture_output=True, text=True, timeout=300, env=os.environ | {"HOLDFAST_BIN": str(TOP / "out" / "bin")},
    )
    if "no namespaces" in done.stderr:
        pytest.skip("no namespaces can be made here")
    assert done.returncode == 0, done.stderr
    head, *rows = done.stdout.splitlines()
    assert head.startswith("3 services, 2 rounds, load ")
    assert [row.split()[:2] for row in rows] == [[name, "holdfast"] for name in ("boot", "stop", "memory")]
    assert all(float(row.split()[2]) > 0 for row in rows)


def test_containers_of_an_unknown_suite_is_wrong_use():
    done = subprocess.run(
        [TOP / "bench" / "containers", "--suites", "nonsense"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2 and "no such suite: nonsense" in done.stderr
