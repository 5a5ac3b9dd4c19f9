"""svc(8) and svok(8) on services that run, stand still or are nobody's."""

import fcntl
import os
import signal
import subprocess
import time

import pytest

from support import (
    BIN,
    Programs,
    Scan,
    Service,
    is_alive,
    process_fields,
    wait_until,
)


def svc(*argv, **options):
    return subprocess.run(
        [BIN / "svc", *argv], capture_output=True, text=True, timeout=60, **options
    )


def fill(service):
    """Leaves no room in the control FIFO."""
    with pytest.raises(BlockingIOError):
        while True:
            service.send(b"Z" * 4096)


@pytest.fixture(scope="module", autouse=True)
def waiting(tmp_path_factory):
    """A svc that waits for a svscan which stands still, while others run."""
    programs = Programs()
    scan = Scan(tmp_path_factory.mktemp("waiting"), programs)
    full, other = scan.make("full"), scan.make("other")
    scan.start()
    pids = full.wait_program(), other.wait_program()
    scan.process.send_signal(signal.SIGSTOP)
    wait_until(lambda: process_fields(scan.pid)[0] == "T")
    fill(full)
    process = programs.start(
        BIN / "svc",
        "-d",
        "full",
        "other",
        cwd=scan.path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield scan, full, other, pids, process, time.monotonic()
    programs.end_all()


def test_letters_go_in_the_order_given_and_once_each(tmp_path):
    """Into the control of a directory that the test supervises itself."""
    (tmp_path / "supervise").mkdir()
    os.mkfifo(tmp_path / "supervise" / "control")
    fd = os.open(tmp_path / "supervise" / "control", os.O_RDONLY | os.O_NONBLOCK)
    try:
        done = svc("-tu", "-d", "-cud", "-12q", ".", "-x", cwd=tmp_path)
        assert os.read(fd, 100) == b"tudc12q"
        assert done.returncode == 0
        assert done.stderr == "svc: warning: unable to chdir to -x: file does not exist\n"
        assert svc("-LtDlt", "-t", ".", cwd=tmp_path).returncode == 0
        assert os.read(fd, 100) == b"LtDlt"  # for the log, for the service
        # For the group, for the process.
        assert svc("-t+t", "-=t", ".", cwd=tmp_path).returncode == 0
        assert os.read(fd, 100) == b"t+t=t"
        assert svc("-/", "-t", ".", cwd=tmp_path).returncode == 100
        assert svc(tmp_path).returncode == 0  # no letters, nothing written
        assert os.read(fd, 100) == b""
    finally:
        os.close(fd)


def test_every_directory_is_tried_and_trouble_is_only_said(scan):
    first, last = scan.make("first"), scan.make("last")
    (scan.outside / "empty").mkdir()
    scan.start()
    pids = first.wait_program(), last.wait_program()
    gone = Service(scan.outside / "gone")
    (gone.path / "supervise").mkdir()
    os.mkfifo(gone.path / "supervise" / "control")
    done = svc(
        "-d", first.path, "nowhere", "empty", "gone", "../scan/last", cwd=scan.outside
    )
    assert done.returncode == 0
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "svc: warning: unable to chdir to nowhere: file does not exist",
        "svc: warning: unable to control empty: file does not exist",
        "svc: warning: unable to control gone: supervise not running",
    ]
    for service, pid in zip((first, last), pids):
        service.wait_down()
        assert not is_alive(pid)


def test_a_directory_may_be_named_from_inside(scan):
    service = scan.make()
    log = service.add_log()
    scan.start()
    service.wait_program()
    log.wait_program("cat")
    assert svc("-dx", ".", "log", cwd=service.path).stderr == ""
    wait_until(lambda: service.value("deaths") and log.value("deaths"))


def test_commands_to_a_supervisor_that_stands_still_are_kept(scan):
    service = scan.make()
    scan.start()
    pid = service.wait_program()
    scan.process.send_signal(signal.SIGSTOP)
    wait_until(lambda: process_fields(scan.pid)[0] == "T")
    for letter in "ud" * 10:
        service.svc(f"-{letter}")
    assert is_alive(pid)
    scan.process.send_signal(signal.SIGCONT)
    service.wait_down()
    assert service.state()["want"] == "down"


def test_svok_follows_the_supervisor(scan):
    service = scan.make(down=True)
    assert service.svok() == 100
    scan.start()
    service.wait_phase("down")
    assert service.svok() == 0
    scan.kill()
    assert service.svok() == 100
    assert service.svstat() == "supervise not running"


def test_svc_does_not_wait_for_ever(waiting):
    """The others are controlled all the same; what was not written is said."""
    scan, full, other, pids, process, begun_at = waiting
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out == "svc: warning: error writing commands to full: timed out\n"
    assert all(is_alive(pid) for pid in pids)
    scan.process.send_signal(signal.SIGCONT)
    other.wait_down()
    full.svc("-d")  # there is room again, soon
    full.wait_down()
    scan.stop()


def test_svc_waits_a_little_for_room(scan):
    service = scan.make()
    scan.start()
    service.wait_program()
    scan.process.send_signal(signal.SIGSTOP)
    wait_until(lambda: process_fields(scan.pid)[0] == "T")
    fill(service)
    process = scan.programs.start(
        BIN / "svc", "-d", service.path, stderr=subprocess.PIPE, text=True
    )
    wait_until(lambda: process_fields(process.pid)[0] == "S")
    scan.process.send_signal(signal.SIGCONT)
    assert process.communicate(timeout=120)[1] == ""
    service.wait_down()


def test_a_control_without_nonblocking_manners_is_read_too(scan):
    """Other suites' clients keep the FIFO open for writing."""
    service = scan.make()
    scan.start()
    service.wait_program()
    fd = os.open(service.path / "supervise" / "control", os.O_WRONLY)
    try:
        assert not fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_NONBLOCK
        os.write(fd, b"d")
        service.wait_down()
        os.write(fd, b"u")
        service.wait_up()
    finally:
        os.close(fd)
