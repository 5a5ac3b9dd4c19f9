"""Side by side with the programs of daemontools, on the same directories."""

import subprocess

import pytest
from conftest import peer_programs

from support import Host, process_fields, wait_until


@pytest.fixture(scope="module")
def original():
    return peer_programs("daemontools")


def test_a_directory_that_their_supervise_lets_go_is_taken(original, scan):
    service = scan.make()
    theirs = Host(scan.outside, scan.programs)
    theirs.start_program(original / "supervise", service.path)
    pid = service.wait_program()
    scan.start()
    line = "svscan: warning: unable to acquire service/supervise/lock: temporary failure"
    scan.wait_said(line)
    assert service.pid() == pid
    service.svc("-dx")  # their supervise obeys our svc
    assert theirs.process.wait(120) == 0
    new = service.wait_program(besides=pid, limit_s=120)
    assert process_fields(new)[1] == str(scan.pid)
    assert scan.said() == [line]
    assert len(service.status()) == 20


def test_their_programs_and_ours_speak_to_each_other(original, scan):
    service = scan.make()
    scan.start()
    pid = service.wait_program()
    second = subprocess.run(
        [original / "supervise", service.path],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert second.returncode == 111
    assert second.stderr.endswith("supervise/lock: temporary failure\n")
    line = subprocess.check_output([original / "svstat", service.path], text=True)
    assert line.startswith(f"{service.path}: up (pid {pid}) ")
    assert subprocess.call([original / "svok", service.path]) == 0
    subprocess.check_call([original / "svc", "-d", service.path])
    service.wait_down()
    line = subprocess.check_output([original / "svstat", service.path], text=True)
    assert line.endswith(" seconds, normally up\n")
    subprocess.check_call([original / "svc", "-ux", service.path])
    wait_until(lambda: service.state()["leaving"] == "1")
    service.wait_up(besides=pid)
