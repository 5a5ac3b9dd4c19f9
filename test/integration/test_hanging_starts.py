"""A start that hangs, as a script's interpreter is on a file system that doesn't
answer, delays that service alone."""

import os
import shutil
import signal
import subprocess
import time

import pytest
import stallfs
import support
from support import BIN, is_alive, kill_and_start, wait_until


@pytest.fixture
def tmp_path(path_outside_dev):
    return path_outside_dev


@pytest.fixture
def remote(tmp_path, programs):
    """A file system that can be told to stop; there is a shell in it."""
    if os.geteuid() != 0 or not os.path.exists("/dev/fuse"):
        pytest.skip("mounting needs root and /dev/fuse")
    try:
        mounted = stallfs.StallFs(tmp_path)
    except OSError as error:
        pytest.skip(str(error))
    shutil.copy("/bin/sh", mounted.backing / "shell")
    yield mounted
    mounted.end()


def hanging(remote, text="exec sleep 1000"):
    """A script that hangs in its exec while the file system does."""
    return f"#!{remote.place}/shell\n{text}\n"


def locks_of(pid):
    """The lock files that a process has open."""
    found = []
    for entry in os.listdir(f"/proc/{pid}/fd"):
        target = os.readlink(f"/proc/{pid}/fd/{entry}")
        if target.endswith("/lock"):
            found.append(target)
    return found


def has_hung(service):
    """Whether the supervisor has noticed."""
    return service.state().get("waits-for", "") != ""


def sv(scan, *arguments):
    done = subprocess.run(
        [BIN / "sv", "-d", scan.path, *arguments], capture_output=True, text=True
    )
    return done.stdout


def check_neighbour(scan, neighbour, number):
    """It is restarted, obeys, and others come and go."""
    before = neighbour.wait_program()
    os.kill(before, signal.SIGKILL)
    neighbour.wait_program(besides=before)
    neighbour.svc("-d")
    scan.wait_until(lambda: neighbour.state()["phase"] == "down")
    neighbour.svc("-u")
    neighbour.wait_program()
    added = scan.make(f"added{number}")
    added.wait_program()
    added.svc("-dx")
    scan.wait_until(lambda: added.svok() == 100)


@pytest.mark.parametrize("script", ["run", "start", "finish", "stop", "log/run"])
def test_others_go_on_while_a_script_hangs(scan, remote, script):
    neighbour = scan.make("neighbour")
    service = support.Service(scan.outside / "remote", down=True)
    support.write_script(service.path / script, hanging(remote))
    service = scan.move_in(service)
    remote.stall("open", "shell")
    scan.start()
    if script in ("finish", "stop"):
        wait_until(lambda: service.svok() == 0)
        service.svc("-u")
        os.kill(service.wait_program(), signal.SIGKILL)
        service.svc("-d")
    elif script != "log/run":
        wait_until(lambda: service.svok() == 0)
        service.svc("-u")
    remote.wait_stalled()
    check_neighbour(scan, neighbour, 1)
    owner = support.Service.__new__(support.Service)
    owner.path = service.path / os.path.dirname(script)
    wait_until(lambda: has_hung(owner))
    assert owner.state()["waits-for"] == str(remote.place)
    check_neighbour(scan, neighbour, 2)
    remote.go()
    wait_until(lambda: not has_hung(owner))
    owner.wait_program()


def test_sv_says_what_hangs_and_where(scan, remote):
    service = scan.make("far", run=hanging(remote))
    remote.stall("open", "shell")
    scan.start()
    wait_until(lambda: has_hung(service))
    assert f"starting: waits for the file system of {remote.place}" in sv(scan)
    words = f"start of far hangs: run waits for the file system of {remote.place}"
    scan.wait_said(f"svscan: warning: {words}")
    remote.go()
    service.wait_program()
    assert "waits for" not in sv(scan)
    assert scan.times_said(f"svscan: warning: {words}") == 1


def test_a_command_to_end_ends_what_is_not_a_script_yet(scan, remote):
    service = scan.make("far", run=hanging(remote, "trap '' TERM; sleep 1000"))
    remote.stall("open", "shell")
    scan.start()
    remote.wait_stalled()
    wait_until(lambda: has_hung(service))
    service.svc("-d")
    wait_until(lambda: service.state()["want"] == "down")
    remote.go()
    wait_until(lambda: service.state()["phase"] == "down")
    assert service.state()["last-end"] == "signal"
    service.svc("-u")
    service.wait_up()


def test_ten_of_sixty_hang_and_the_others_are_up(scan, remote):
    others = [scan.make(f"s{i}") for i in range(50)]
    far = [scan.make(f"far{i}", run=hanging(remote)) for i in range(10)]
    remote.stall("open", "shell")
    scan.start()
    for service in others:
        service.wait_program(limit_s=60)
    wait_until(lambda: all(has_hung(service) for service in far), limit_s=60)
    remote.go()
    for service in far:
        service.wait_program(limit_s=60)


def test_a_killed_svscan_leaves_the_hanging_child_its_own_lock_only(scan, remote):
    others = [scan.make(f"s{i}") for i in range(30)]
    far = [scan.make(f"far{i}", run=hanging(remote)) for i in range(3)]
    remote.stall("open", "shell")
    scan.start()
    before = [service.wait_program(limit_s=60) for service in others]
    wait_until(lambda: all(has_hung(service) for service in far), limit_s=60)
    hung = [service.pid() for service in far]
    kill_and_start(scan)
    for pid, service in zip(hung, far):
        assert locks_of(pid) == [str(service.path / "supervise/lock")]
    for service in others:
        wait_until(lambda service=service: service.svok() == 0, limit_s=60)
    assert [service.pid() for service in others] == before
    os.kill(before[0], signal.SIGKILL)
    scan.wait_until(lambda: others[0].pid() not in (0, before[0]))
    said = [line for line in scan.said() if "unable to acquire" in line]
    assert sorted(said) == [
        f"svscan: warning: unable to acquire {service.path.name}/supervise/lock: "
        "temporary failure"
        for service in far
    ]
    remote.go()
    for pid, service in zip(hung, far):
        wait_until(lambda service=service: service.svok() == 0, limit_s=60)
        assert service.wait_program() == pid


def test_an_upgrade_leaves_what_hangs_alone(scan, remote):
    neighbour = scan.make("neighbour")
    service = scan.make("far", run=hanging(remote))
    remote.stall("open", "shell")
    scan.start()
    wait_until(lambda: has_hung(service))
    before, pid = neighbour.wait_program(), service.pid()
    subprocess.run([BIN / "svscanctl", "-u", scan.path], check=True)
    line = "svscan: warning: unable to acquire far/supervise/lock: temporary failure"
    scan.wait_said(line)
    wait_until(lambda: neighbour.svok() == 0)
    assert neighbour.pid() == before
    remote.go()
    wait_until(lambda: service.svok() == 0)
    assert service.wait_program() == pid


def test_an_orderly_stop_does_not_wait_for_what_hangs(scan, remote):
    neighbour = scan.make("neighbour")
    service = support.Service(scan.outside / "far", run=hanging(remote))
    log = service.add_log()
    service = scan.move_in(service)
    log.path = service.path / "log"
    remote.stall("open", "shell")
    scan.start()
    wait_until(lambda: has_hung(service))
    neighbour.wait_program()
    hung, logger = service.pid(), log.wait_program("cat")
    scan.stop()
    assert neighbour.pid() == 0 and is_alive(hung)
    assert "svscan: warning: unable to end far, going on without" in scan.said()
    # It has the pipe open, and who reads it stays.
    assert log.pid() == logger and is_alive(logger)
    remote.go()
    scan.wait_until(lambda: not is_alive(hung))
    scan.wait_until(lambda: not is_alive(logger))


def test_what_needs_a_service_waits_until_its_script_is_there(scan, remote):
    base = scan.make("base", run=hanging(remote))
    service = support.Service(scan.outside / "needs")
    (service.path / "dependencies.d").mkdir()
    (service.path / "dependencies.d/base").touch()
    service = scan.move_in(service)
    remote.stall("open", "shell")
    scan.start()
    wait_until(lambda: has_hung(base))
    service.wait_phase("waiting")
    neighbour = scan.make("neighbour")
    check_neighbour(scan, neighbour, 1)
    assert service.state()["phase"] == "waiting"
    remote.go()
    service.wait_program()
    assert base.state()["ready"] == "1"


@pytest.mark.parametrize("script", ["notify", "check", "control/h"])
def test_others_go_on_while_something_beside_hangs(scan, remote, script):
    neighbour = scan.make("neighbour")
    service = support.Service(scan.outside / "far")
    support.write_script(service.path / script, hanging(remote, "exit 0"))
    needs = support.Service(scan.outside / "needs")
    (needs.path / "dependencies.d").mkdir()
    (needs.path / "dependencies.d/far").touch()
    service = scan.move_in(service)
    scan.move_in(needs)
    remote.stall("open", "shell")
    scan.start()
    service.wait_program()
    if script == "control/h":
        service.svc("-h")
    remote.wait_stalled()
    check_neighbour(scan, neighbour, 1)
    remote.go()
    needs.wait_program()


@pytest.mark.parametrize("program", ["supervise", "runsv"])
def test_supervisors_of_one_service_obey_while_it_hangs(
    tmp_path, programs, remote, program
):
    host = support.Host(tmp_path, programs)
    service = support.Service(tmp_path / "far", run=hanging(remote))
    remote.stall("open", "shell")
    host.start_program(BIN / program, service.path)
    wait_until(lambda: has_hung(service))
    service.svc("-d")
    wait_until(lambda: service.state()["want"] == "down")
    hung = service.pid()
    host.stop()
    assert is_alive(hung)
    remote.go()
    host.wait_until(lambda: not is_alive(hung))


def copies_of(service):
    """The processes that have its directory as their own, svscan's children that
    are no script yet among them."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and os.readlink(f"/proc/{entry}/cwd") == str(service.path):
                found.append(int(entry))
        except OSError:
            pass
    return [pid for pid in found if is_alive(pid)]


@pytest.mark.parametrize("delay_s", [0, 0.05, 0.15, 0.2, 0.25, 0.5, 3.2])
def test_killed_at_any_time_of_a_hanging_start_there_is_one_copy(
    scan, remote, delay_s
):
    """Before it is left alone, about then, and when that has been said."""
    neighbour = scan.make("neighbour")
    service = scan.make("far", run=hanging(remote))
    remote.stall("open", "shell")
    scan.start()
    remote.wait_stalled()
    time.sleep(delay_s)
    kill_and_start(scan)
    wait_until(lambda: neighbour.svok() == 0)
    check_neighbour(scan, neighbour, 1)
    assert len(copies_of(service)) == 1
    remote.go()
    wait_until(lambda: service.svok() == 0)
    pid = service.wait_program()
    assert copies_of(service) == [pid]
    os.kill(pid, signal.SIGKILL)
    scan.wait_until(lambda: service.pid() not in (0, pid))
    again = service.wait_program()
    assert copies_of(service) == [again]
