"""The legs of the test: which there are, and in which order they begin.

A leg says what it needs, does one thing and counts tests. A few legs run at a
time; each prints one line when it ends, then, if it failed, its whole log.
A leg whose need failed is not run, and counts as one failure. script/test is
the way to start this; it describes the options. How legs are run is in runner/.
"""

import argparse
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

from runner.kinds import (
    Build,
    EachFile,
    Fuzz,
    Pytest,
    ReleaseBuild,
    Skipped,
    UnitTests,
)
from runner.leg import TOP, Leg
from runner.run import Runner

# Tests that say nothing about a certain build; they run with the release.
OF_NO_BUILD = {
    f"test/integration/test_{name}.py"
    for name in ("bench", "install", "manuals", "package", "picture", "runner")
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
