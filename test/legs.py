"""Runs the legs of the test: builds, suites on builds, checks of the source.

A leg says what it needs, does one thing and counts tests. A few legs run at a
time; each prints one line when it ends, then, if it failed, its whole log.
A leg whose need failed is not run, and counts as one failure. script/test is
the way to start this; it describes the options.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import xml.etree.ElementTree

TOP = pathlib.Path(__file__).resolve().parent.parent
# Tests that say nothing about a certain build; they run with the release.
OF_NO_BUILD = {
    f"test/integration/test_{name}.py"
    for name in ("bench", "install", "manuals", "package", "picture")
}
# With sanitizers, these are for a long test: others exercise most of the same.
OF_A_LONG_TEST = {
    f"test/integration/test_{name}.py"
    for name in (
        *("install_service_root", "documents", "worked_example", "version"),
        *("vectors", "svscanboot", "sv", "svwait"),
    )
}
# Tests of what stands on the event loop; they run with its other backend, too.
# The tutorial doesn't: there a change of a directory is seen within seconds only.
OF_THE_LOOP = re.compile(r"/test_(svscan|svwait|svc|sv_watch|runsv|supervise|adopt)")
# As does the contract of a service directory, in a leg of its own: it takes as long.
OF_THE_CONTRACT = re.compile(r"/test_(contract|giving_up)")
# The running children, for the case that this process is told to stop.
RUNNING = set()


@dataclasses.dataclass
class Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other):
        return Count(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
        )

    def __str__(self):
        parts = [f"{self.passed} passed", f"{self.failed} failed"]
        return ", ".join(parts + [f"{self.skipped} skipped"] * bool(self.skipped))


class Leg:
    """One thing to do; `folder` is the build folder that keeps its log."""

    needs = ()
    limit_s = 900

    def __init__(self, name, folder):
        self.name = name
        self.folder = TOP / folder

    @property
    def log_path(self):
        return self.folder / "test-logs" / f"{self.name.replace(' ', '-')}.log"

    def run(self, log):
        """Does it, writing to the open file `log`; returns the Count."""
        raise NotImplementedError

    def call(self, argv, log, **environment):
        """Runs argv; returns its exit code, or 124 if it took too long."""
        log.write(f"$ {' '.join(map(str, argv))}\n")
        log.flush()
        process = subprocess.Popen(
            [str(arg) for arg in argv],
            cwd=TOP,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        RUNNING.add(process)
        try:
            return process.wait(self.limit_s)
        except subprocess.TimeoutExpired:
            log.write(f"\nnot done within {self.limit_s} s\n")
            end(process)
            return 124
        finally:
            RUNNING.discard(process)


def end(process):
    """INT lets pytest end what its tests started; KILL is for the rest."""
    for number in (signal.SIGINT, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(20)
            break
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            pass


class ReleaseBuild(Leg):
    """What users get: script/build."""

    def __init__(self):
        super().__init__("build release", "build-release")

    def run(self, log):
        return Count(failed=int(self.call(["script/build"], log) != 0))


class Build(Leg):
    """A build for tests in FOLDER, staged in FOLDER/stage."""

    def __init__(self, folder, compiler, *options):
        super().__init__("build " + folder.partition("-")[2], folder)
        self.compiler = compiler
        self.options = options

    def run(self, log):
        script = (
            'set -eu; . script/common; folder=$1; configure "$@";'
            ' build_and_stage "$folder" "$folder/stage"'
        )
        staging = ["--prefix=/", "-Dmandir=share/man", "-Dsbindir=bin"]
        argv = ["sh", "-c", script, "sh", self.folder.name, *staging]
        code = self.call(argv + list(self.options), log, CC=self.compiler)
        return Count(failed=int(code != 0))


class UnitTests(Leg):
    """The cmocka programs of a build; each case counts."""

    def __init__(self, folder):
        variant = folder.partition("-")[2]
        super().__init__(f"unit {variant}", folder)
        self.needs = (f"build {variant}",)

    def run(self, log):
        results = self.folder / "meson-logs" / "testlog.json"
        results.unlink(missing_ok=True)
        argv = ["meson", "test", "-C", self.folder, "--no-rebuild"]
        code = self.call(argv + ["--print-errorlogs"], log)
        count = Count()
        if results.exists():
            for line in results.read_text().splitlines():
                count += self.count_program(json.loads(line))
        if code != 0 and count.failed == 0:
            count.failed = 1
        return count

    @staticmethod
    def count_program(result):
        said = result.get("stdout", "") + result.get("stderr", "")
        count = Count(
            len(re.findall(r"^\[ +OK +\]", said, re.M)),
            len(set(re.findall(r"^\[ +FAILED +\] (\w+)$", said, re.M))),
            len(set(re.findall(r"^\[ +SKIPPED +\] (\w+)$", said, re.M))),
        )
        if result["result"] not in ("OK", "SKIP"):
            count.failed = max(count.failed, 1)
        return count


class Pytest(Leg):
    """pytest on `paths`, with the programs of a build."""

    def __init__(
        self, name, build, folder, bin_dir, paths, sanitized=False, loop=None
    ):
        super().__init__(name, folder)
        self.needs = (build,)
        self.bin_dir = TOP / bin_dir
        self.paths = paths
        self.sanitized = sanitized
        self.loop = loop

    def run(self, log):
        results = self.log_path.with_suffix(".xml")
        results.unlink(missing_ok=True)
        environment = {"HOLDFAST_BIN": str(self.bin_dir)}
        if self.loop:
            environment["HOLDFAST_LOOP"] = self.loop
        if self.sanitized:
            environment |= self.sanitizer_environment()
        argv = ["/usr/bin/python3", "-m", "pytest", "-p", "no:cacheprovider"]
        argv += ["-q", "-rfEs", "--durations=10"]
        argv += [f"--timeout={self.limit_s // 3}"]  # of a test
        argv += [f"--junitxml={results}", *self.paths]
        code = self.call(argv, log, **environment)
        count = self.count(results) if results.exists() else Count()
        if code != 0 and count.failed == 0:
            count.failed = 1
        return count

    def sanitizer_environment(self):
        """Reports go to files, which conftest.py looks for after each test."""
        reports = self.folder / "test-logs" / "reports"
        shutil.rmtree(reports, ignore_errors=True)
        reports.mkdir()
        reports.chmod(0o1777)  # some programs under test change their uid
        options = f"log_path={reports}/report:print_stacktrace=1"
        return {
            "HOLDFAST_SANITIZER_REPORTS": str(reports),
            "ASAN_OPTIONS": options,
            "UBSAN_OPTIONS": options,
        }

    @staticmethod
    def count(results):
        """A test that fails and whose clean-up fails too has failed once."""
        outcome = {}
        for case in xml.etree.ElementTree.parse(results).iter("testcase"):
            name = case.get("classname"), case.get("name")
            tags = {child.tag for child in case}
            if tags & {"failure", "error"}:
                outcome[name] = "failed"
            else:
                outcome.setdefault(
                    name, "skipped" if "skipped" in tags else "passed"
                )
        found = list(outcome.values())
        return Count(*(found.count(key) for key in ("passed", "failed", "skipped")))


class Fuzz(Leg):
    """The fuzz targets: the same inputs each time; new ones in a long test."""

    # As many as take about two seconds.
    RUNS = {
        "chain": 150000,
        "config": 250000,
        "graph": 40000,
        "policy": 250000,
        "read": 150000,
        "recall": 10000,
        "script": 400000,
        "state": 100000,
        "status": 1500000,
        "tai64n": 1500000,
        "unit": 5000,
    }

    def __init__(self):
        super().__init__("fuzz", "build-fuzz")
        self.needs = ("build fuzz",)

    def run(self, log):
        count = Count()
        with tempfile.TemporaryDirectory() as room:
            for path in sorted((TOP / "test/fuzz").glob("fuzz_*.c")):
                good = self.run_target(path.stem, room, log)
                count += Count(passed=int(good), failed=int(not good))
        return count

    def run_target(self, name, room, log):
        """What it finds stays in test-logs, to be run again as an argument."""
        kind = name.partition("_")[2]
        found = pathlib.Path(room, kind)  # inputs that reach new code
        found.mkdir()
        argv = [self.folder / "test" / name, "-verbosity=0", "-timeout=10"]
        argv += ["-max_len=2048", "-print_final_stats=1"]
        argv += [f"-artifact_prefix={self.log_path.parent}/{name}-"]
        if "HOLDFAST_LONG" in os.environ:
            argv += ["-max_total_time=300"]
        else:
            argv += ["-seed=1", f"-runs={self.RUNS[kind]}"]
        argv += [found, TOP / "test/fuzz/corpus" / kind]
        return self.call(argv, log, TMPDIR=room) == 0


class Skipped(Leg):
    """What can't be done here; each test of it counts as skipped."""

    def __init__(self, name, folder, count, reason):
        super().__init__(name, folder)
        self.count = count
        self.reason = reason

    def run(self, log):
        log.write(f"skipped: {self.reason}\n")
        return Count(skipped=self.count)


class EachFile(Leg):
    """A checker that is silent, and exits 0, on a good file."""

    def __init__(self, name, folder, argv, files, needs=()):
        super().__init__(name, folder)
        self.argv = argv
        self.files = files
        self.needs = needs

    def run(self, log):
        count = Count()
        for path in self.files:
            start = log.seek(0, os.SEEK_END)
            good = self.call([*self.argv, path], log) == 0
            if good:  # clang-tidy tells of what it does not tell, for one
                log.seek(start)
                log.truncate()
            count += Count(passed=int(good), failed=int(not good))
        return count


def source_files(*patterns):
    found = {path for pattern in patterns for path in TOP.glob(pattern)}
    return sorted(str(path.relative_to(TOP)) for path in found)


def c_files():
    return source_files("src/**/*.c", "test/**/*.c", "bench/**/*.c")


def clang_tidy():
    """Of the tests themselves in a long test."""
    argv = ["clang-tidy", "-p", "build-asan", "--quiet"]
    files = c_files()
    if "HOLDFAST_LONG" not in os.environ:
        files = [name for name in files if not name.startswith("test/")]
    return EachFile("clang-tidy", "build-asan", argv, files, ("build asan",))


def source_checks():
    headers = source_files("src/**/*.h", "test/**/*.h", "bench/**/*.h")
    shell = ["shellcheck", "-x"]
    lint = ["mandoc", "-T", "lint", "-W", "warning"]
    style = ["clang-format", "--dry-run", "-Werror"]
    return [
        EachFile("shellcheck", "build-gcc", shell, shell_scripts()),
        EachFile("mandoc", "build-gcc", lint, source_files("man/*.[178]")),
        EachFile("clang-format", "build-gcc", style, c_files() + headers),
    ]


def shell_scripts():
    """Files that name sh as their interpreter."""
    return [
        name
        for name in source_files("script/*", ".ci/*", "dist/*", "dist/debian/*")
        if (TOP / name).is_file()
        and (TOP / name).read_bytes().startswith(b"#!/bin/sh")
    ]


def test_files(*folders):
    return source_files(*(f"test/{folder}/test_*.py" for folder in folders))


def all_legs():
    """Every leg: the ones on which others wait, then the longest, first."""
    integration = test_files("integration")
    sanitize = [
        "--buildtype=debugoptimized",
        "-Db_sanitize=address,undefined",
        "-Db_lundef=false",
        # What gcc says of signs is enough: clang minds glibc's own prototypes.
        "-Dc_args=-fno-sanitize-recover=undefined -Wno-sign-conversion",
    ]
    builds = [
        ReleaseBuild(),
        Build("build-asan", "clang", *sanitize),
        Build("build-gcc", "gcc"),
    ]
    long_ones = [
        Pytest(
            "integration asan",
            "build asan",
            "build-asan",
            "build-asan/stage/bin",
            sanitized_tests(integration),
            sanitized=True,
        ),
        *integration_legs(integration),
        release_tests("peer", test_files("peer")),
        clang_tidy(),
        *poll_legs(integration),
    ]
    short_ones = [UnitTests("build-gcc"), UnitTests("build-asan")]
    return (
        builds
        + long_ones
        + fault_legs()
        + fuzz_legs(sanitize)
        + source_checks()
        + short_ones
    )


def integration_legs(files):
    """In two parts, as together they would take longer than everything else."""
    middle = len(files) // 2
    return [
        release_tests("integration release 1", files[:middle]),
        release_tests("integration release 2", files[middle:]),
    ]


def sanitized_tests(integration):
    spared = set() if "HOLDFAST_LONG" in os.environ else OF_A_LONG_TEST
    return sorted(set(integration) - OF_NO_BUILD - spared)


def fault_legs():
    """A leg a file: each takes its minute or two, mostly waiting; the last the most."""
    return [
        release_tests("fault " + pathlib.Path(name).stem[len("test_") :], [name])
        for name in reversed(test_files("fault"))
    ]


def fuzz_legs(options):
    """libFuzzer comes with clang's sanitizers, but not with every clang."""
    targets = source_files("test/fuzz/fuzz_*.c")
    with tempfile.TemporaryDirectory() as room:
        argv = ["clang", "-fsanitize=fuzzer,address,undefined", "-x", "c", "-"]
        tried = subprocess.run(
            [*argv, "-o", f"{room}/target"],
            input=b"int LLVMFuzzerTestOneInput(void);"
            b"int LLVMFuzzerTestOneInput(void) { return 0; }",
            stderr=subprocess.DEVNULL,
        )
    if tried.returncode != 0:
        reason = "clang has no libFuzzer"
        return [Skipped("fuzz", "build-gcc", len(targets), reason)]
    build = Build("build-fuzz", "clang", *options, "-Dfuzz=true", "-Dtests=false")
    return [build, Fuzz()]


def poll_legs(integration):
    """The programs that use the event loop, on plain POSIX."""
    legs = [Build("build-poll", "gcc", "-Dloop=poll"), UnitTests("build-poll")]
    for name, chosen in ("", OF_THE_LOOP), (" contract", OF_THE_CONTRACT):
        files = [file for file in integration if chosen.search(file)]
        if files:
            legs.append(
                Pytest(
                    f"integration poll{name}",
                    "build poll",
                    "build-poll",
                    "build-poll/stage/bin",
                    files,
                    loop="poll",
                )
            )
    return legs


def release_tests(name, paths):
    return Pytest(name, "build release", "build-release", "out/bin", paths)


def quick_legs():
    return [
        ReleaseBuild(),
        *integration_legs(test_files("integration")),
        Build("build-gcc", "gcc"),
        UnitTests("build-gcc"),
    ]


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


def main():
    parser = argparse.ArgumentParser(prog="script/test")
    parser.add_argument("--quick", action="store_true", help="release programs only")
    parser.add_argument("--long", action="store_true", help="long campaigns too")
    parser.add_argument("path", nargs="*", help="run just these pytest files")
    options = parser.parse_args()
    if options.long:
        os.environ["HOLDFAST_LONG"] = "1"
        Leg.limit_s = 3600
    if options.path:
        legs = [ReleaseBuild(), release_tests("chosen", options.path)]
    elif options.quick:
        legs = quick_legs()
    else:
        legs = all_legs()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return 0 if Runner(legs).run() else 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
