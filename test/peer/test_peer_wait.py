"""Our clients wait for services that daemontools and runit supervise."""

import subprocess

import pytest
from conftest import peer_programs

from support import BIN, Host, Service, is_alive, wait_until


@pytest.fixture(params=[("daemontools", "supervise"), ("runit", "runsv")],
                ids=["supervise", "runsv"])
def service(request, tmp_path, programs):
    package, program = request.param
    made = Service(tmp_path / "service", down=True)
    made.host = Host(tmp_path, programs)
    made.host.start_program(peer_programs(package) / program, "service", cwd=tmp_path)
    wait_until(lambda: made.svok() == 0 and any(made.status()))
    return made


def run(program, *argv):
    done = subprocess.run([BIN / program, *argv], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


def test_svc_waits_for_its_effect(service):
    assert run("svc", "-u", "--wait=up", service.path) == (0, "")
    pid = service.pid()
    assert is_alive(pid)
    # daemontools ignores commands in the second after a start.
    assert run("svwait", "-U", service.path) == (0, "")
    assert run("svc", "-t", "--wait=restarted", service.path) == (0, "")
    assert not is_alive(pid) and is_alive(service.pid())
    assert run("svwait", "-U", service.path) == (0, "")
    assert run("svc", "-d", "--wait=down", service.path) == (0, "")
    assert service.pid() == 0
    assert run("svwait", "-u", "-t", "200", service.path)[0] == 99


def test_sv_acts_on_them(service):
    for action, is_up in [("start", True), ("check", True), ("restart", True),
                          ("stop", False), ("check", False), ("start", True)]:
        assert run("sv", action, service.path) == (0, "")
        assert (service.pid() != 0) == is_up
        if is_up:
            assert run("svwait", "-U", service.path) == (0, "")
    pid = service.pid()
    assert run("sv", "shutdown", service.path) == (0, "")
    assert service.host.process.wait(120) == 0
    assert not is_alive(pid)


def test_the_end_of_their_supervisor_is_noticed(service):
    assert run("svc", "-u", "--wait=up", service.path) == (0, "")
    service.host.kill()
    code, said = run("svwait", "-d", service.path)
    assert (code, said) == (102, f"svwait: warning: nobody supervises {service.path}\n")
