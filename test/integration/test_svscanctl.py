"""svscanctl(8), and what svscan does about it: scan, stop, detach, upgrade."""

import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

from support import BIN, program_of, wait_until, write_script

SLEEPER = "#!/bin/sh\nexec sleep 1000\n"
# Numbers its lines until it is told to end; the last number is on record.
COUNTER = """#!/bin/sh
trap 'echo $n >last; exit 0' TERM
n=0
while :; do n=$((n + 1)); echo line $n; done
"""
COPIER = "#!/bin/sh\nexec cat >>lines\n"


def svstat(path):
    line = subprocess.run([BIN / "svstat", path], capture_output=True, text=True)
    return line.stdout


def pid_of(path):
    found = re.search(r"up \(pid (\d+)\)", svstat(path))
    return int(found.group(1)) if found else None


def control(scan_dir, *letters):
    return subprocess.run(
        [BIN / "svscanctl", *letters, scan_dir], capture_output=True, text=True
    )


@pytest.fixture
def scan_dir(tmp_path):
    path = tmp_path / "service"
    path.mkdir()
    return path


def start(programs, scan_dir, program=None, **options):
    process = programs.start(
        program or BIN / "svscan", scan_dir, stderr=subprocess.PIPE, **options
    )
    wait_until(lambda: control(scan_dir).returncode == 0, what="svscan listens")
    return process


def image_of(process):
    """Each program image maps its binary anew: the start of the stack tells."""
    return pathlib.Path(f"/proc/{process.pid}/stat").read_text().split()[27]


def test_nobody_listens(scan_dir):
    """svscanctl(8): exit 100 and a message when no svscan runs."""
    result = control(scan_dir, "-s")
    assert result.returncode == 100
    assert result.stderr == f"svscanctl: fatal: unable to control {scan_dir}: svscan not running\n"


def test_usage(scan_dir):
    result = control(scan_dir, "-z")
    assert result.returncode == 100
    assert result.stderr == (
        "svscanctl: illegal option -- z\n"
        "svscanctl: usage: svscanctl [ -s | -t | -d | -u ] [ dir ]\n"
    )


def test_a_second_svscan_is_refused(programs, scan_dir):
    start(programs, scan_dir)
    second = subprocess.run([BIN / "svscan", scan_dir], capture_output=True, text=True)
    assert second.returncode == 111
    assert second.stderr == "svscan: fatal: unable to acquire .svscan/lock: temporary failure\n"


def test_stop(programs, scan_dir):
    write_script(scan_dir / "one" / "run", SLEEPER)
    svscan = start(programs, scan_dir)
    wait_until(lambda: pid_of(scan_dir / "one"))
    assert control(scan_dir, "-t").returncode == 0
    assert svscan.wait(120) == 0
    assert "supervise not running" in svstat(scan_dir / "one")


def test_detach_leaves_everything_running(programs, scan_dir):
    write_script(scan_dir / "one" / "run", SLEEPER)
    svscan = start(programs, scan_dir)
    pid = wait_until(lambda: pid_of(scan_dir / "one"))
    assert control(scan_dir, "-d").returncode == 0
    assert svscan.wait(120) == 99
    os.kill(pid, 0)
    start(programs, scan_dir)
    wait_until(lambda: pid_of(scan_dir / "one") == pid)


def test_upgrades_under_load_restart_nothing(programs, scan_dir):
    """200 upgrades: same pids throughout, and every line once, in order."""
    write_script(scan_dir / "count" / "run", COUNTER)
    write_script(scan_dir / "count" / "log" / "run", COPIER)
    for i in range(20):
        write_script(scan_dir / f"s{i}" / "run", SLEEPER)
    svscan = start(programs, scan_dir)
    names = ["count", "count/log"] + [f"s{i}" for i in range(20)]
    pids = {n: wait_until(lambda: pid_of(scan_dir / n)) for n in names}
    for _ in range(200):
        seen = image_of(svscan)
        assert control(scan_dir, "-u").returncode == 0
        wait_until(
            lambda: image_of(svscan) != seen
            and control(scan_dir).returncode == 0,
            what="another image",
        )
    wait_until(lambda: {n: pid_of(scan_dir / n) for n in names} == pids)
    assert svscan.poll() is None
    assert control(scan_dir, "-t").returncode == 0
    assert svscan.wait(60) == 0
    lines = (scan_dir / "count" / "log" / "lines").read_text().splitlines()
    last = int((scan_dir / "count" / "last").read_text())
    assert lines == [f"line {n}" for n in range(1, len(lines) + 1)]
    # The trap may come after the count and before the line.
    assert len(lines) in (last - 1, last)


def test_an_upgrade_keeps_the_command_line(programs, scan_dir):
    """With several scan directories, ps tells which svscan is whose."""
    svscan = start(programs, scan_dir)
    seen = image_of(svscan)
    line = pathlib.Path(f"/proc/{svscan.pid}/cmdline").read_bytes()
    assert control(scan_dir, "-u").returncode == 0
    wait_until(lambda: image_of(svscan) != seen)
    wait_until(lambda: control(scan_dir).returncode == 0)
    assert pathlib.Path(f"/proc/{svscan.pid}/cmdline").read_bytes() == line


@pytest.mark.parametrize("letter", ["-t", "-d"])
@pytest.mark.parametrize("later", ["command", "signal"])
def test_told_to_upgrade_and_to_end_at_once_it_ends(programs, scan_dir, letter, later):
    """What comes with an upgrade, in one look, is not lost on the next program."""
    if (letter, later) == ("-d", "signal"):
        pytest.skip("no signal means that")
    write_script(scan_dir / "one" / "run", SLEEPER)
    process = start(programs, scan_dir)
    pid = wait_until(lambda: pid_of(scan_dir / "one"))
    process.send_signal(signal.SIGSTOP)
    control(scan_dir, "-u")
    if later == "signal":
        process.send_signal(signal.SIGTERM)
    else:
        control(scan_dir, letter)
    process.send_signal(signal.SIGCONT)
    programs.wait_end(process, 0 if letter == "-t" else 99)
    assert pathlib.Path(f"/proc/{pid}").exists() == (letter == "-d")


def test_signals_wait_for_the_next_program(programs, scan_dir):
    """Between two programs there is nobody to handle them: HUP would be the end."""
    write_script(scan_dir / "one" / "run", SLEEPER)
    process = start(programs, scan_dir)
    pid = wait_until(lambda: pid_of(scan_dir / "one"))
    for _ in range(20):
        image = image_of(process)
        assert control(scan_dir, "-u").returncode == 0

        def has_changed():
            process.send_signal(signal.SIGHUP)
            return image_of(process) != image

        wait_until(has_changed)
        wait_until(lambda: control(scan_dir).returncode == 0)
    assert pid_of(scan_dir / "one") == pid
    assert control(scan_dir, "-u").returncode == 0
    process.send_signal(signal.SIGTERM)
    programs.wait_end(process, 0)
    assert not pathlib.Path(f"/proc/{pid}").exists()


def test_upgrade_to_a_program_that_cannot_run(programs, scan_dir, tmp_path):
    """The old one says so and goes on; with the program back, it works."""
    program = tmp_path / "svscan"
    shutil.copy2(BIN / "svscan", program)
    write_script(scan_dir / "one" / "run", SLEEPER)
    svscan = start(programs, scan_dir, program)
    pid = wait_until(lambda: pid_of(scan_dir / "one"))
    program.rename(tmp_path / "away")
    assert control(scan_dir, "-u").returncode == 0
    line = svscan.stderr.readline().decode()
    assert line == (
        f"svscan: warning: unable to run {program}, going on as before: "
        "file does not exist\n"
    )
    write_script(scan_dir / "two" / "run", SLEEPER)
    control(scan_dir, "-s")
    wait_until(lambda: pid_of(scan_dir / "two"))
    assert pid_of(scan_dir / "one") == pid
    limit = pathlib.Path(f"/proc/{pid_of(scan_dir / 'two')}/limits").read_text()
    assert limit == pathlib.Path(f"/proc/{pid}/limits").read_text()


def test_a_death_during_the_outage_is_told_by_svscanboot(programs, scan_dir):
    """svscanboot saw how the service ended while no svscan ran."""
    write_script(scan_dir / "one" / "run", SLEEPER)
    boot = programs.start(BIN / "svscanboot", scan_dir)
    pid = wait_until(lambda: pid_of(scan_dir / "one"))
    children = pathlib.Path(f"/proc/{boot.pid}/task/{boot.pid}/children").read_text()
    svscan = next(
        int(child)
        for child in children.split()
        if "svscan" in pathlib.Path(f"/proc/{child}/comm").read_text()
    )
    os.kill(boot.pid, signal.SIGSTOP)
    os.kill(svscan, signal.SIGKILL)
    wait_until(lambda: os.readlink(f"/proc/{pid}/cwd") and parent(pid) == boot.pid)
    os.kill(pid, signal.SIGUSR1)
    wait_until(lambda: is_zombie(pid))
    os.kill(boot.pid, signal.SIGCONT)
    state = scan_dir / "one" / "supervise" / "state"
    wait_until(lambda: "deaths=1\n" in state.read_text())
    assert f"last-end=signal\nlast-end-number={int(signal.SIGUSR1)}\n" in state.read_text()
    # "state" is published before "status", so svstat may lag behind it.
    wait_until(lambda: pid_of(scan_dir / "one") not in (None, pid))
    new = pid_of(scan_dir / "one")
    # Until its exec, what the kernel shows as its environment is svscan's.
    wait_until(lambda: program_of(new) == "sleep")
    environment = pathlib.Path(f"/proc/{new}/environ").read_bytes()
    assert b"HOLDFAST" not in environment


def stat_fields(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def parent(pid):
    return int(stat_fields(pid)[1])


def is_zombie(pid):
    return stat_fields(pid)[0] == "Z"


def test_detached_under_svscanboot_services_run_on(programs, scan_dir):
    write_script(scan_dir / "one" / "run", SLEEPER)
    boot = programs.start(BIN / "svscanboot", scan_dir)
    pid = wait_until(lambda: pid_of(scan_dir / "one"))
    assert control(scan_dir, "-d").returncode == 0
    assert boot.wait(120) == 0
    os.kill(pid, 0)


def test_detached_under_process_1_svscan_comes_back(programs, scan_dir):
    """Were svscanboot to end as process 1, it would take all with it."""
    if os.geteuid() != 0:
        pytest.skip("needs root for a pid namespace")
    write_script(scan_dir / "one" / "run", SLEEPER)
    programs.start(
        "unshare", "--pid", "--fork", "--mount-proc", "--kill-child",
        BIN / "svscanboot", scan_dir,
    )
    pid = wait_until(lambda: pid_of(scan_dir / "one"))
    state = scan_dir / "one" / "supervise" / "state"
    before = state.stat().st_mtime_ns  # an inode's number may come again
    assert control(scan_dir, "-d").returncode == 0
    wait_until(lambda: state.stat().st_mtime_ns != before, what="adopted")
    wait_until(lambda: pid_of(scan_dir / "one") == pid)
