"""The kinds of legs: builds, suites on builds, checkers of the source."""

import json
import os
import pathlib
import re
import shutil
import tempfile
import xml.etree.ElementTree

from runner.leg import TOP, Count, Leg


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
