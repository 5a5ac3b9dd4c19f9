"""Service directories that Debian ships, and s6's programs on our files."""

import os
import re
import subprocess
import time

import pytest
from conftest import peer_programs
from directories import call, read_configs

import support

PACKAGES = """
    runit-services acpid axfrdns bcron dnscache dnsmasq getty-run git-daemon-run
    irqbalance mini-httpd-run opendnssec-enforcer openssh-server rbldns socklog-run
    tinydns tor walldns
""".split()
S6_LIBRARIES = ("libs6-2.11", "libskarnet2.13", "libexecline2.9")


def shipped(package):
    """The service directories of a package, loggers among them."""
    top = peer_programs(package).parent.parent
    for place in ("etc/sv", "usr/share/runit/sv"):
        for run in sorted((top / place).glob("**/run")):
            if run.is_file() or run.is_symlink():
                yield run.parent


def is_script(path):
    return path.is_file() and os.access(path, os.X_OK)


def expected_dialect(path):
    """All that the suites of these packages, runit and daemontools, can show."""
    signs = ["check"] * is_script(path / "check")
    signs += ["control"] * (path / "control").is_dir()
    signs += ["conf"] * (path / "conf").exists()
    if signs:
        return f"runit ({', '.join(signs)})"
    return "daemontools (nothing of another suite)"


@pytest.mark.parametrize("package", PACKAGES)
def test_what_debian_ships_is_read_without_a_warning(package):
    paths = list(shipped(package))
    assert paths
    expected = {path: (expected_dialect(path), []) for path in paths}
    assert read_configs(paths) == expected


@pytest.fixture(scope="module")
def s6():
    """s6's programs, and the environment that they run in."""
    places = [peer_programs(name).parent / "lib" for name in S6_LIBRARIES]
    found = [str(path) for place in places for path in place.iterdir()]
    environment = os.environ | {"LD_LIBRARY_PATH": ":".join(found)}
    return peer_programs("s6"), environment


@pytest.fixture
def service(tmp_path):
    (tmp_path / "supervise").mkdir()
    return tmp_path


def run_s6(s6, program, *argv, cwd=None):
    bin_dir, environment = s6
    return subprocess.run(
        [bin_dir / program, *map(str, argv)],
        env=environment,
        cwd=cwd,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )


def test_s6_svdt_reads_our_tally(s6, service):
    for code, number in ((0, 0), (3, 0), (255, 0), (0, 9), (0, 15)):
        call("died", service, code, number)
    lines = run_s6(s6, "s6-svdt", "-s", service).stdout.splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == [
        "exitcode 0",
        "exitcode 3",
        "exitcode 255",
        "signal 9",
        "signal 15",
    ]
    stamps = [line.split()[0] for line in lines]
    assert all(re.fullmatch("@[0-9a-f]{24}", stamp) for stamp in stamps)
    assert stamps == sorted(stamps)
    last = run_s6(s6, "s6-svdt", "-s", "-n", 2, service).stdout.splitlines()
    assert last == lines[-2:]


def test_s6_permafailon_counts_our_deaths(s6, service):
    """It compares their times with its clock, which counts leap seconds."""

    def has_failed(seconds, count):
        """Whether so many of the deaths it is told of are younger than that."""
        argv = [seconds, count, "1-3,SIGKILL", "true"]
        return run_s6(s6, "s6-permafailon", *argv, cwd=service).returncode == 125

    for _ in range(3):
        call("died", service, 2, 0)
    call("died", service, 77, 0)
    # Without leap seconds they would seem to be 27 seconds old.
    assert has_failed(15, 3)
    assert not has_failed(15, 4)
    call("died", service, 0, 9)
    assert has_failed(15, 4)


def test_we_read_what_s6_supervise_writes(s6, service, programs):
    (service / "run").write_text("#!/bin/sh\nexit 7\n")
    (service / "run").chmod(0o755)
    bin_dir, environment = s6
    before = int(time.time())
    programs.start(bin_dir / "s6-supervise", service, env=environment)
    tally = service / "supervise" / "death_tally"
    support.wait_until(lambda: tally.exists() and tally.stat().st_size >= 14)
    seconds, code, number = map(int, call("deaths", service)[0].split())
    assert (code, number) == (7, 0)
    assert before <= seconds <= int(time.time())


@pytest.fixture
def moved_s6(s6, tmp_path):
    """As s6-ftrigrd is looked for, and looks for its libraries: in ../bin."""
    bin_dir, environment = s6
    moved = tmp_path / "bin"
    moved.mkdir()
    for program in bin_dir.iterdir():
        (moved / program.name).symlink_to(program)
    for name in S6_LIBRARIES[:2]:
        for library in (peer_programs(name).parent / "lib").glob("*/lib*.so.*"):
            short = moved / library.name.split(".")[0]
            if not short.is_symlink():
                short.symlink_to(library)
    return moved, environment


def test_s6_ftrig_wait_hears_our_events(moved_s6, tmp_path, programs):
    bin_dir, environment = moved_s6
    scan = support.Scan(tmp_path, programs)
    service = scan.make(down=True)
    events = service.path / "event"
    events.mkdir(mode=0o1733)
    scan.start()
    service.wait_phase("down")
    waiting = programs.start(
        bin_dir / "s6-ftrig-wait", "-t", "30000", events, "u.*d", env=environment,
        cwd=bin_dir, stdout=subprocess.PIPE,
    )  # fmt: skip
    support.wait_until(lambda: any(n.startswith("ftrig1") for n in os.listdir(events)))
    service.svc("-u")
    service.wait_program()
    service.svc("-d")
    assert waiting.wait(60) == 0 and waiting.stdout.read() == b"d\n"
    assert not [name for name in os.listdir(events) if name.startswith("ftrig1")]
