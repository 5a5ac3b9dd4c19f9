"""The legs of the test: which there are, and in which order they begin.

A leg says what it needs, does one thing and counts tests. A few legs run at a
time; each prints one line when it ends, then, if it failed, its whole log.
A leg whose need failed is not run, and counts as one failure. At the end stand
the names of all that failed, and last the sum. script/test is the way to start
this; it describes the options. How legs are run is in runner/.
"""

import argparse
import functools
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

from runner.failures import recall
from runner.kinds import (
    Build,
    EachFile,
    Fuzz,
    Pytest,
    ReleaseBuild,
    Skipped,
    UnitTests,
)
from runner.leftover import nothing_left
from runner.leg import TOP, Leg
from runner.load import Load
from runner.run import WORKERS, Runner, repeated
from runner.tidy import ClangTidy

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
# What the longest suites wait for.
FIRST_BUILDS = ("build release", "build asan")
FOLDERS_OF_SCRIPTS = (
    *("script/*", ".ci/*", "test/machine/*"),
    *("dist/*", "dist/debian/*", "dist/s6-overlay/*"),
)


def source_files(*patterns):
    found = {path for pattern in patterns for path in TOP.glob(pattern)}
    return sorted(str(path.relative_to(TOP)) for path in found)


def c_files():
    return source_files("src/**/*.c", "test/**/*.c", "bench/**/*.c")


def clang_tidy():
    """Of the tests themselves in a long test."""
    files = c_files()
    if "HOLDFAST_LONG" not in os.environ:
        files = [name for name in files if not name.startswith("test/")]
    return ClangTidy("build-asan", files)


def source_checks():
    headers = source_files("src/**/*.h", "test/**/*.h", "bench/**/*.h")
    shell = ["shellcheck", "-x"]
    lint = ["mandoc", "-T", "lint", "-W", "warning"]
    style = ["clang-format", "--dry-run", "-Werror"]
    return [
        EachFile("shellcheck", shell, shell_scripts()),
        EachFile("mandoc", lint, source_files("man/*.[178]")),
        EachFile("clang-format", style, c_files() + headers),
    ]


def shell_scripts():
    """Files that name sh as their interpreter."""
    return [
        name
        for name in source_files(*FOLDERS_OF_SCRIPTS)
        if (TOP / name).is_file()
        and (TOP / name).read_bytes().startswith((b"#!/bin/sh", b"#!/bin/busybox sh"))
    ]


def test_files(*folders):
    return source_files(*(f"test/{folder}/test_*.py" for folder in folders))


def all_legs():
    """Every leg: the builds, on which others wait, then the longest, first."""
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
        *sanitized_legs(integration),
        *integration_legs(integration),
        *machine_legs(),
        release_tests("peer", test_files("peer")),
        clang_tidy(),
        *poll_legs(integration),
    ]
    short_ones = [UnitTests("build-gcc"), UnitTests("build-asan")]
    legs = (
        builds
        + long_ones
        + fault_legs()
        + fuzz_legs(sanitize)
        + source_checks()
        + short_ones
    )
    for leg in legs:
        if isinstance(leg, Build) and leg.name not in FIRST_BUILDS:
            leg.after = FIRST_BUILDS  # the long ones can begin while these compile
    return sorted(legs, key=lambda leg: not isinstance(leg, (ReleaseBuild, Build)))


def in_parts(name, files, count=3):
    """In a few, as together they would take longer than everything else. How long a
    file takes is much like how long it is."""
    parts = [[] for _ in range(count)]
    sizes = [0] * count
    for file in sorted(files, key=lambda file: -(TOP / file).stat().st_size):
        smallest = sizes.index(min(sizes))
        parts[smallest].append(file)
        sizes[smallest] += (TOP / file).stat().st_size
    return [(f"{name} {number}", part) for number, part in enumerate(parts, 1)]


def integration_legs(files):
    parts = in_parts("integration release", files)
    return [release_tests(name, part) for name, part in parts]


def sanitized_legs(integration):
    spared = set() if "HOLDFAST_LONG" in os.environ else OF_A_LONG_TEST
    files = set(integration) - OF_NO_BUILD - spared
    return [
        Pytest(name, "build asan", "build-asan/stage/bin", part, sanitized=True)
        for name, part in in_parts("integration asan", sorted(files))
    ]


def fault_legs():
    """A leg a file: each takes its minute or two, mostly waiting; the last the most."""
    return [
        release_tests("fault " + pathlib.Path(name).stem[len("test_") :], [name])
        for name in reversed(test_files("fault"))
    ]


@functools.cache
def has_fuzzer():
    """libFuzzer comes with clang's sanitizers, but not with every clang."""
    with tempfile.TemporaryDirectory() as room:
        argv = ["clang", "-fsanitize=fuzzer,address,undefined", "-x", "c", "-"]
        tried = subprocess.run(
            [*argv, "-o", f"{room}/target"],
            input=b"int LLVMFuzzerTestOneInput(void);"
            b"int LLVMFuzzerTestOneInput(void) { return 0; }",
            stderr=subprocess.DEVNULL,
        )
    return tried.returncode == 0


def fuzz_legs(options):
    targets = source_files("test/fuzz/fuzz_*.c")
    if not has_fuzzer():
        return [Skipped("fuzz", len(targets), "clang has no libFuzzer")]
    options = [*options, "-Dfuzz=true", "-Dtests=false"]
    names = [f"test/{pathlib.Path(path).stem}" for path in targets]
    return [Build("build-fuzz", "clang", *options, targets=names), Fuzz()]


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
                    "build-poll/stage/bin",
                    files,
                    loop="poll",
                )
            )
    return legs


def release_tests(name, paths):
    return Pytest(name, "build release", "out/bin", paths)


def machine_legs():
    """Machines of their own, on an emulated processor: they need much of a real one."""
    files = test_files("machine")
    return [release_tests("machine", files)] if files else []


def quick_legs():
    return [
        ReleaseBuild(),
        *integration_legs(test_files("integration")),
        Build("build-gcc", "gcc"),
        UnitTests("build-gcc"),
    ]


def legs_by_name(legs):
    return {leg.name: leg for leg in legs}


def legs_to_run(options):
    """What was asked for, and what that needs."""
    if options.failed:
        wanted = failed_last()
    elif options.leg:
        wanted = named_legs(options.leg)
        if options.path:  # any of its parts will do
            del wanted[1:]
            wanted[0].choose(options.path)
    elif options.path:
        wanted = [release_tests("chosen", [])]
        wanted[0].choose(options.path)
    elif options.quick:
        wanted = quick_legs()
    else:
        wanted = all_legs()
    if options.repeat:
        wanted = [one for leg in wanted for one in repeated(leg, options.repeat)]
    return with_needs(wanted)


def named_legs(name):
    """One, or the parts of one. Chosen tests are none of those that run anyway."""
    legs = legs_by_name([*all_legs(), release_tests("chosen", [])])
    part = re.compile(re.escape(name) + r"( \d)?")
    found = [leg for leg in legs.values() if part.fullmatch(leg.name)]
    if not found:
        sys.exit(f"script/test: no leg {name!r}, but these: {', '.join(legs)}")
    return found


def failed_last():
    """The legs of the last run, narrowed to what failed."""
    long, failed = recall()
    if long:
        be_long()
    wanted = [leg for name in failed for leg in named_legs(name)]
    for leg in wanted:
        leg.choose(failed[leg.name])
    return wanted


def with_needs(wanted):
    """With the legs that `wanted` stand on before them."""
    known = legs_by_name(all_legs() if wanted else [])
    found = legs_by_name(wanted)
    needed = {}
    todo = [name for leg in wanted for name in leg.needs]
    for name in todo:
        if name not in found and name not in needed:
            needed[name] = known[name]
            todo += known[name].needs
    return [*needed.values(), *wanted]


def be_long():
    os.environ["HOLDFAST_LONG"] = "1"
    Leg.limit_s = 12 * 3600
    Leg.test_limit_s = 2 * 3600


def parse_options():
    parser = argparse.ArgumentParser(prog="script/test")
    add = parser.add_argument
    add("--quick", action="store_true", help="release programs only")
    add("--long", action="store_true", help="long campaigns too")
    add("--failed", action="store_true", help="what failed in the last run, again")
    add("--leg", metavar="NAME", help="just this leg, and what it needs")
    add("--repeat", metavar="N", type=int, default=0, help="N times, to find flakes")
    add("--load", metavar="N", type=int, default=0, help="beside N loops, N writers")
    add("path", nargs="*", help="run just these files, or tests (FILE::TEST)")
    options = parser.parse_args()
    for path in options.path if not options.leg else []:
        if trouble := trouble_with(path):
            parser.error(trouble)
    if options.repeat and not (options.path or options.leg or options.failed):
        parser.error("--repeat needs to know what: PATH, --leg or --failed")
    return options


def trouble_with(path):
    """Why there is no such test, before anything is built for it; or None."""
    if not (TOP / path.partition("::")[0]).exists():
        return f"no such file: {path}"
    if "::" not in path:
        return None
    argv = ["/usr/bin/python3", "-m", "pytest", "-p", "no:cacheprovider"]
    argv += ["--collect-only", "-qq", path]
    found = subprocess.run(argv, cwd=TOP, capture_output=True).returncode == 0
    return None if found else f"no such test: {path}"


def take_signals():
    """They end the run, but those that were ignored, as nohup and & see to it, do
    nothing. The tests get neither: what has a handler is as usual after exec."""
    for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT:
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
        else:
            signal.signal(number, signal.default_int_handler)


def main():
    options = parse_options()
    if options.long or "HOLDFAST_LONG" in os.environ:
        be_long()
    take_signals()
    legs = legs_to_run(options)
    try:
        with nothing_left(), Load(options.load, Leg.logs):
            workers = 1 if options.repeat else WORKERS
            return 0 if Runner(legs, workers, FIRST_BUILDS).run() else 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
