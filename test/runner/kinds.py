"""The kinds of legs: builds, suites on builds, checkers of the source."""

import json
import os
import pathlib
import re
import shutil
import tempfile

import results
from runner.leg import TOP, Leg, Outcome


class ReleaseBuild(Leg):
    """What users get: script/build."""

    def __init__(self):
        super().__init__("build release")

    def run(self, log):
        return self.outcome_of(self.call(["script/build"], log), Outcome())


class Build(Leg):
    """A build for tests in FOLDER, staged in FOLDER/stage; or of `targets` alone."""

    def __init__(self, folder, compiler, *options, targets=()):
        super().__init__("build " + folder.partition("-")[2])
        self.folder = folder
        self.compiler = compiler
        self.options = options
        self.targets = targets

    def run(self, log):
        script = 'set -eu; . script/common; folder=$1; configure "$@"; '
        if self.targets:
            script += f'quietly ninja -C "$folder" {" ".join(self.targets)}'
        else:
            script += 'build_and_stage "$folder" "$folder/stage"'
        staging = ["--prefix=/", "-Dmandir=share/man", "-Dsbindir=bin"]
        argv = ["sh", "-c", script, "sh", self.folder, *staging]
        code = self.call(argv + list(self.options), log, CC=self.compiler)
        return self.outcome_of(code, Outcome())


class UnitTests(Leg):
    """The cmocka programs of a build; each case counts."""

    def __init__(self, folder):
        variant = folder.partition("-")[2]
        super().__init__(f"unit {variant}")
        self.folder = TOP / folder
        self.needs = (f"build {variant}",)

    def run(self, log):
        found = self.folder / "meson-logs" / "testlog.json"
        found.unlink(missing_ok=True)
        argv = ["meson", "test", "-C", self.folder, "--no-rebuild"]
        programs = sorted({item.partition(": ")[0] for item in self.chosen})
        code = self.call([*argv, "--print-errorlogs", *programs], log)
        outcome = Outcome()
        if found.exists():
            for line in found.read_text().splitlines():
                outcome += self.outcome_of_program(json.loads(line))
        return self.outcome_of(code, outcome)

    @staticmethod
    def outcome_of_program(result):
        """A failure is `PROGRAM: CASE`, or that of a program that crashed."""
        program = result["name"].rpartition(" / ")[2]
        said = result.get("stdout", "") + result.get("stderr", "")
        failed = sorted(set(re.findall(r"^\[ +FAILED +\] (\w+)$", said, re.M)))
        failures = [f"{program}: {case}" for case in failed]
        if result["result"] not in ("OK", "SKIP") and not failures:
            failures = [program]
        return Outcome(
            len(re.findall(r"^\[ +OK +\]", said, re.M)),
            len(set(re.findall(r"^\[ +SKIPPED +\] (\w+)$", said, re.M))),
            failures,
        )


class Pytest(Leg):
    """pytest on `paths`, with the programs of a build."""

    def __init__(self, name, build, bin_dir, paths, sanitized=False, loop=None):
        super().__init__(name)
        self.needs = (build,)
        self.bin_dir = TOP / bin_dir
        self.paths = paths
        self.sanitized = sanitized
        self.loop = loop

    def run(self, log):
        found = self.log_path.with_suffix(".jsonl")
        found.unlink(missing_ok=True)
        environment = {"HOLDFAST_BIN": str(self.bin_dir)}
        if self.loop:
            environment["HOLDFAST_LOOP"] = self.loop
        if self.sanitized:
            environment |= self.sanitizer_environment()
        argv = ["/usr/bin/python3", "-m", "pytest", "-p", "no:cacheprovider"]
        argv += ["-q", "-rfEs", "--durations=10", f"--rootdir={TOP}"]
        argv += ["--continue-on-collection-errors", f"--results={found}"]
        argv += [f"--timeout={self.test_limit_s}", *(self.chosen or self.paths)]
        code = self.call(argv, log, **environment)
        return self.outcome_of(code, results.read(found))

    def sanitizer_environment(self):
        """Reports go to files, which conftest.py looks for after each test."""
        reports = self.log_path.with_suffix(".reports")
        shutil.rmtree(reports, ignore_errors=True)
        reports.mkdir()
        reports.chmod(0o1777)  # some programs under test change their uid
        options = f"log_path={reports}/report:print_stacktrace=1"
        return {
            "HOLDFAST_SANITIZER_REPORTS": str(reports),
            "ASAN_OPTIONS": options,
            "UBSAN_OPTIONS": options,
        }


class Fuzz(Leg):
    """The fuzz targets: the same inputs each time; new ones in a long test."""

    # As many as take about two seconds.
    RUNS = {
        "chain": 150000,
        "config": 250000,
        "control": 40000,
        "graph": 40000,
        "keeping": 100000,
        "notice": 100000,
        "obituary": 100000,
        "policy": 250000,
        "read": 150000,
        "recall": 10000,
        "script": 400000,
        "shortage": 1500000,
        "state": 100000,
        "status": 1500000,
        "supervisor": 6000,
        "tai64n": 1500000,
        "unit": 5000,
    }

    def __init__(self):
        super().__init__("fuzz")
        self.needs = ("build fuzz",)

    def run(self, log):
        outcome = Outcome()
        targets = [path.stem for path in sorted((TOP / "test/fuzz").glob("fuzz_*.c"))]
        with tempfile.TemporaryDirectory() as room:
            for name in self.chosen or targets:
                good = self.run_target(name, room, log)
                outcome += Outcome(passed=1) if good else Outcome(failures=[name])
        return outcome

    def run_target(self, name, room, log):
        """What it finds stays beside the log, to be run again as an argument."""
        kind = name.partition("_")[2]
        found = pathlib.Path(room, kind)  # inputs that reach new code
        found.mkdir()
        argv = [TOP / "build-fuzz" / "test" / name, "-verbosity=0", "-timeout=120"]
        argv += ["-max_len=2048", "-print_final_stats=1"]
        argv += [f"-artifact_prefix={self.logs}/{name}-"]
        if "HOLDFAST_LONG" in os.environ:
            argv += ["-max_total_time=300"]
        else:
            argv += ["-seed=1", f"-runs={self.RUNS[kind]}"]
        argv += [found, TOP / "test/fuzz/corpus" / kind]
        return self.call(argv, log, TMPDIR=room) == 0


class Skipped(Leg):
    """What can't be done here; each test of it counts as skipped."""

    def __init__(self, name, count, reason):
        super().__init__(name)
        self.count = count
        self.reason = reason

    def run(self, log):
        log.write(f"skipped: {self.reason}\n")
        return Outcome(skipped=self.count)


class EachFile(Leg):
    """A checker that is silent, and exits 0, on good files."""

    def __init__(self, name, argv, files, needs=()):
        super().__init__(name)
        self.argv = argv
        self.files = files
        self.needs = needs

    def run(self, log):
        """All at once, which is quicker; each for itself where one isn't good."""
        files = self.files_to_check()
        if not files or self.is_good(files, log):
            return Outcome(passed=len(files))
        failures = [path for path in files if not self.is_good([path], log)]
        return Outcome(len(files) - len(failures), failures=failures)

    def files_to_check(self):
        """One that failed may be gone; one that is named need not be among all."""
        chosen = [path for path in self.chosen if (TOP / path).exists()]
        return chosen if self.chosen else self.files

    def is_good(self, files, log):
        """Of what is good nothing stays in the log: clang-tidy tells of what it
        does not tell, for one. Nor does what is told again, file by file."""
        start = log.seek(0, os.SEEK_END)
        good = self.call([*self.argv, *files], log) == 0
        if good or len(files) > 1:
            log.seek(start)
            log.truncate()
        return good
