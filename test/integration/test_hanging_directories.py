"""A service directory on a file system that stops answering, at each operation in
turn: all others are supervised as if it weren't there."""

import os
import shutil
import signal
import subprocess

import proc
import pytest
import stallfs
import support
from support import BIN, is_alive, wait_until

# All that svscan and its children ask of the file system. "any" is a server that
# is gone: nothing is answered.
OPERATIONS = [
    "any", "lookup", "getattr", "opendir", "readdir", "open", "read", "create",
    "write", "flush", "release", "mknod", "link", "rename", "mkdir", "unlink",
]  # fmt: skip


@pytest.fixture
def tmp_path(path_outside_dev):
    return path_outside_dev


@pytest.fixture
def remote(tmp_path, programs):
    if os.geteuid() != 0 or not os.path.exists("/dev/fuse"):
        pytest.skip("mounting needs root and /dev/fuse")
    try:
        mounted = stallfs.StallFs(tmp_path)
    except OSError as error:
        pytest.skip(str(error))
    yield mounted
    mounted.end()


def on(remote, name="far", **options):
    """A service directory there, as it looks from here."""
    service = support.Service(remote.backing / name, **options)
    service.path = remote.place / name
    return service


def backed(remote, name="far"):
    """The same, as the file system has it, which never hangs."""
    service = support.Service.__new__(support.Service)
    service.path = remote.backing / name
    return service


def check_others(scan, neighbour, number):
    """One is restarted and obeys; one comes, and goes again."""
    before = neighbour.wait_program()
    os.kill(before, signal.SIGKILL)
    scan.wait_until(lambda: neighbour.pid() not in (0, before))
    neighbour.svc("-d")
    scan.wait_until(lambda: neighbour.state()["phase"] == "down")
    neighbour.svc("-u")
    neighbour.wait_program()
    added = scan.make(f"added{number}")
    added.wait_program()
    (scan.path / f"added{number}").rename(scan.outside / f"added{number}")
    added.path = scan.outside / f"added{number}"
    added.svc("-dx")
    scan.wait_until(lambda: added.svok() == 100)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_others_go_on_while_a_new_directory_hangs(scan, remote, operation):
    neighbour = scan.make("neighbour")
    scan.start()
    neighbour.wait_program()
    far = on(remote)
    remote.stall(operation)
    (scan.path / "far").symlink_to(far.path)
    scan.notice()
    check_others(scan, neighbour, 1)
    remote.go()
    backed(remote).wait_program()
    check_others(scan, neighbour, 2)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_others_go_on_while_a_directory_begins_to_hang(scan, remote, operation):
    neighbour = scan.make("neighbour")
    on(remote)
    (scan.path / "far").symlink_to(remote.place / "far")
    scan.start()
    far = backed(remote)
    before = far.wait_program()
    remote.stall(operation)
    os.kill(before, signal.SIGKILL)
    check_others(scan, neighbour, 1)
    scan.hang_up()
    check_others(scan, neighbour, 2)
    remote.go()
    scan.wait_until(lambda: far.pid() not in (0, before))
    far.wait_program()


@pytest.mark.parametrize("part", ["supervise", "log", "run", "down", "event", "log/run"])
def test_what_a_local_directory_leads_to_counts(scan, remote, part):
    neighbour = scan.make("neighbour")
    service = support.Service(scan.outside / "far")
    service.add_log()
    target = remote.backing / "target"
    here = service.path / part
    if here.exists():
        shutil.move(here, target)
    else:
        target.mkdir()
    here.symlink_to(remote.place / "target")
    remote.stall("any")
    scan.start()
    scan.move_in(service)
    neighbour.wait_program()
    check_others(scan, neighbour, 1)
    remote.go()
    wait_until(lambda: service.svok() == 0)


def test_a_link_that_comes_to_lead_there_is_noticed(scan, remote):
    neighbour = scan.make("neighbour")
    service = scan.make("far")
    on(remote)
    scan.start()
    pid = service.wait_program()
    (remote.backing / "far" / "file").touch()
    (service.path / "anything").symlink_to(remote.place / "far" / "file")
    scan.notice()
    words = f"far is on the file system of {remote.place}, which may hang"
    scan.wait_said(f"svscan: warning: {words}: it gets a process of its own")
    wait_until(lambda: service.svok() == 0)
    assert service.pid() == pid
    (service.path / "anything").unlink()
    scan.hang_up()
    check_others(scan, neighbour, 1)


def test_its_process_is_followed_by_another(scan, remote):
    """It adopts; so does that of the next svscan."""
    on(remote)
    (scan.path / "far").symlink_to(remote.place / "far")
    scan.start()
    far = backed(remote)
    pid = far.wait_program()
    (own,) = proc.children_of(scan.pid)
    os.kill(own, signal.SIGKILL)
    on_far = support.Service.__new__(support.Service)
    on_far.path = remote.place / "far"
    scan.wait_until(lambda: not is_alive(own))
    wait_until(lambda: on_far.svok() == 0)
    support.kill_and_start(scan)
    wait_until(lambda: on_far.svok() == 0)
    subprocess.run([BIN / "svscanctl", "-u", scan.path], check=True)
    wait_until(lambda: on_far.svok() == 0)
    assert far.pid() == pid and is_alive(pid)
    on_far.svc("-d")
    scan.wait_until(lambda: far.state()["phase"] == "down")
    on_far.svc("-u")
    on_far.wait_program(besides=pid)


def test_a_killed_svscan_leaves_all_but_what_hangs(scan, remote):
    neighbour = scan.make("neighbour")
    on(remote)
    (scan.path / "far").symlink_to(remote.place / "far")
    scan.start()
    far = backed(remote)
    pid = far.wait_program()
    before = neighbour.wait_program()
    remote.stall("any")
    os.kill(pid, signal.SIGKILL)
    remote.wait_stalled()
    support.kill_and_start(scan)
    wait_until(lambda: neighbour.svok() == 0)
    assert neighbour.pid() == before
    check_others(scan, neighbour, 1)
    remote.go()
    scan.wait_until(lambda: far.pid() not in (0, pid))
    far.wait_program()


def test_an_orderly_stop_does_not_wait_for_what_hangs(scan, remote):
    neighbour = scan.make("neighbour")
    on(remote)
    (scan.path / "far").symlink_to(remote.place / "far")
    scan.start()
    far = backed(remote)
    pid = far.wait_program()
    neighbour.wait_program()
    remote.stall("any")
    os.kill(pid, signal.SIGKILL)
    remote.wait_stalled()
    scan.stop()
    assert neighbour.pid() == 0


def test_an_orderly_stop_waits_for_what_is_there(scan, remote):
    run = """#!/bin/sh
trap 'sleep 5; echo ended >end; exit' TERM
echo up >up
while :; do sleep 0.1; done
"""
    on(remote, run=run)
    (scan.path / "far").symlink_to(remote.place / "far")
    scan.start()
    far = backed(remote)
    far.wait_lines("up", 1)
    scan.stop()
    assert far.lines("end") == ["ended"]
    assert far.state()["phase"] == "gone"


def test_what_needs_it_waits_until_it_is_ready(scan, remote):
    run = """#!/bin/sh
while ! [ -e go ]; do sleep 0.1; done
echo >&3
exec sleep 1000
"""
    far = on(remote, run=run)
    (remote.backing / "far" / "notification-fd").write_text("3\n")
    service = support.Service(scan.outside / "needs")
    (service.path / "dependencies.d").mkdir()
    (service.path / "dependencies.d" / "far").touch()
    service = scan.move_in(service)
    scan.start()
    service.wait_phase("waiting")
    (scan.path / "far").symlink_to(far.path)
    scan.notice()
    backed(remote).wait_up()
    assert service.state()["phase"] == "waiting"
    (remote.backing / "far" / "go").touch()
    service.wait_program()


@pytest.mark.parametrize("operation", ["any", "lookup", "open", "read", "opendir"])
def test_sv_shows_all_while_one_hangs(scan, remote, operation):
    neighbour = scan.make("neighbour")
    on(remote)
    (scan.path / "far").symlink_to(remote.place / "far")
    scan.start()
    far = backed(remote)
    far.wait_program()
    neighbour.wait_program()

    def sv(*arguments):
        done = subprocess.run(
            [BIN / "sv", "-d", scan.path, *arguments],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        return done.stdout

    assert "doesn't answer" not in sv()
    remote.stall(operation)
    table = sv()
    line = next(line for line in table.splitlines() if line.startswith("far"))
    assert f"unknown: the file system of {remote.place} doesn't answer" in line
    assert any(line.startswith("neighbour") for line in table.splitlines())
    assert '"neighbour"' in sv("--json")
    remote.go()
    assert "doesn't answer" not in sv()
