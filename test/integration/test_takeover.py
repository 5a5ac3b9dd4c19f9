"""From Debian's daemontools to Holdfast and back, as doc/crash-only.md says."""

import os
import pathlib
import re
import signal
import subprocess

import pytest

from proc import children_of
from support import BIN, TOP, wait_until, write_script

# Numbers its lines for as long as it lives, slowly enough to be readable. It adds
# to its notes: a file that is written anew is empty, if TERM comes just then.
COUNTER = """#!/bin/sh
n=$(tail -n 1 last 2>/dev/null || echo 0)
while :; do n=$((n + 1)); echo line $n; echo $n >>last; read -t 0.01 never <>fifo; done
"""
COPIER = "#!/bin/sh\nexec cat >>lines\n"


@pytest.fixture
def original():
    peers = subprocess.run([TOP / "script" / "peers"], capture_output=True, text=True)
    if peers.returncode != 0:
        pytest.skip(peers.stderr.strip())
    return pathlib.Path(peers.stdout.strip()) / "usr" / "bin"


def pid_of(path):
    line = subprocess.run([BIN / "svstat", path], capture_output=True, text=True).stdout
    found = re.search(r"up \(pid (\d+)\)", line)
    return int(found.group(1)) if found else None


def lines_of(scan_dir):
    try:
        return (scan_dir / "count" / "log" / "lines").read_text().splitlines()
    except FileNotFoundError:
        return []


@pytest.fixture
def scan_dir(tmp_path):
    path = tmp_path / "service"
    write_script(path / "count" / "run", COUNTER.replace("/bin/sh", "/bin/bash"))
    write_script(path / "count" / "log" / "run", COPIER)
    write_script(path / "idle" / "run", "#!/bin/sh\nexec sleep 1000\n")
    write_script(path / "off" / "run", "#!/bin/sh\nexec sleep 1000\n")
    os.mkfifo(path / "count" / "fifo")
    return path


def test_services_of_killed_supervises_are_adopted(programs, scan_dir, original):
    """No restart at the change: kill svscan, then every supervise, start ours."""
    environment = {"PATH": f"{original}:/bin:/usr/bin"}
    old = programs.start(original / "svscan", scan_dir, env=environment)
    names = ["count", "count/log", "idle", "off"]
    pids = {n: wait_until(lambda: pid_of(scan_dir / n)) for n in names}
    subprocess.run([original / "svc", "-d", scan_dir / "off"], check=True)
    wait_until(lambda: pid_of(scan_dir / "off") is None)
    wait_until(lambda: len(lines_of(scan_dir)) > 10)

    supervises = children_of(old.pid)
    assert len(supervises) == 4
    os.kill(old.pid, signal.SIGKILL)
    old.wait()
    for supervise in supervises:
        os.kill(supervise, signal.SIGKILL)
    programs.start(BIN / "svscan", scan_dir)
    for name in ("count", "count/log", "idle"):
        wait_until(lambda: pid_of(scan_dir / name) == pids[name], what=name)
    state = scan_dir / "idle" / "supervise" / "state"
    assert f"\npid={pids['idle']}\n" in state.read_text()

    # The next restart moves service and logger to a pipe that outlives all.
    seen = len(lines_of(scan_dir))
    wait_until(lambda: len(lines_of(scan_dir)) > seen)
    subprocess.run([BIN / "svc", "-t", scan_dir / "count"], check=True)
    wait_until(lambda: pid_of(scan_dir / "count") not in (None, pids["count"]))
    wait_until(lambda: pid_of(scan_dir / "count/log") not in (None, pids["count/log"]))
    seen = len(lines_of(scan_dir))
    wait_until(lambda: len(lines_of(scan_dir)) > seen + 10)
    numbers = [int(line.split()[1]) for line in lines_of(scan_dir)]
    # TERM may fall between a line and the note that it was written.
    assert sorted(set(numbers)) == list(range(1, numbers[-1] + 1))
    assert numbers == sorted(numbers)


def test_the_way_back(programs, scan_dir, original):
    """An orderly stop leaves directories that the original takes as they are."""
    ours = programs.start(BIN / "svscan", scan_dir)
    wait_until(lambda: pid_of(scan_dir / "count"))
    wait_until(lambda: len(lines_of(scan_dir)) > 10)
    ours.terminate()
    assert ours.wait(120) == 0
    programs.start(
        original / "svscan", scan_dir, env={"PATH": f"{original}:/bin:/usr/bin"}
    )
    seen = len(lines_of(scan_dir))
    wait_until(lambda: pid_of(scan_dir / "idle") and len(lines_of(scan_dir)) > seen + 10)
