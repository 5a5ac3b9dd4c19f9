"""runsv(8): one service and its log, by the engine of svscan."""

import fcntl
import os
import signal
import subprocess

import pytest

from support import BIN, Host, Service, is_alive, process_fields, wait_until

WRITER = "#!/bin/sh\necho first\nexec sleep 1000\n"


@pytest.fixture
def runsv(tmp_path, programs):
    class Runsv(Host):
        def __init__(self):
            super().__init__(tmp_path, programs)
            self.service = Service(tmp_path / "service", WRITER)

        def start(self, **options):
            return self.start_program(BIN / "runsv", self.service.path, **options)

    return Runsv()


def test_service_and_log_are_hosted_by_one_process(runsv):
    log = runsv.service.add_log()
    runsv.start()
    pids = runsv.service.wait_program(), log.wait_program("cat")
    assert {process_fields(pid)[1] for pid in pids} == {str(runsv.pid)}
    assert log.wait_lines("lines", 1) == ["first"]
    os.kill(pids[0], signal.SIGKILL)
    runsv.service.wait_program(besides=pids[0])
    assert log.wait_lines("lines", 2) == ["first", "first"]
    assert log.pid() == pids[1]
    assert runsv.said() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_orderly_stop_ends_the_service_then_its_log(runsv, number):
    runsv.service.run("#!/bin/sh\ntrap 'echo last; exit' TERM\necho first\n"
                      "while :; do sleep 0.02; done\n")
    log = runsv.service.add_log()
    runsv.start()
    log.wait_lines("lines", 1)
    pid = log.pid()
    runsv.stop(number)
    assert log.lines() == ["first", "last"]
    assert not is_alive(pid)
    assert runsv.service.svok() == 100 and log.svok() == 100


def test_told_to_leave_it_takes_the_log_with_it(runsv):
    log = runsv.service.add_log()
    runsv.start()
    pid = log.wait_program("cat")
    runsv.service.wait_program()
    done = subprocess.run([BIN / "sv", "shutdown", runsv.service.path],
                          capture_output=True, text=True, timeout=60)
    assert done.stdout == f"ok: {runsv.service.path}: runsv not running\n"
    assert runsv.process.wait(120) == 0
    assert not is_alive(pid)


def test_a_log_that_leaves_comes_back(runsv):
    log = runsv.service.add_log()
    runsv.start()
    pid = log.wait_program("cat")
    runsv.service.wait_program()
    log.svc("-dx")
    log.wait_down()

    def is_back():
        """Up, when told; it may be just about to leave, and then isn't there."""
        subprocess.run([BIN / "svc", "-u", log.path], capture_output=True, timeout=60)
        return log.pid() not in (0, pid) and is_alive(log.pid())

    wait_until(is_back)
    log.wait_program("cat", besides=pid)


def test_a_log_may_come_later(runsv):
    runsv.start()
    pid = runsv.service.wait_program()
    log = runsv.service.add_log()
    log.wait_program("cat")
    os.kill(pid, signal.SIGKILL)
    assert log.wait_lines("lines", 1) == ["first"]


def test_killed_it_is_followed_by_another_that_adopts(runsv):
    log = runsv.service.add_log()
    runsv.start()
    pids = runsv.service.wait_program(), log.wait_program("cat")
    runsv.kill()
    runsv.start()
    wait_until(lambda: runsv.service.svok() == 0 and log.svok() == 0)
    assert (runsv.service.pid(), log.pid()) == pids
    runsv.stop()
    assert not is_alive(pids[0])


def test_down_and_hangup_are_nothing_to_it(runsv):
    (runsv.service.path / "down").touch()
    runsv.start()
    runsv.service.wait_phase("down")
    runsv.process.send_signal(signal.SIGHUP)
    runsv.service.svc("-u")
    runsv.service.wait_program()
    assert runsv.process.poll() is None


def test_refused_the_service_it_leaves_the_log_alone(runsv):
    """As when the next runsv comes before the child of one that was killed has
    let go of its lock."""
    log = runsv.service.add_log()
    runsv.start()
    pids = runsv.service.wait_program(), log.wait_program("cat")
    runsv.kill()
    with open(runsv.service.path / "supervise/lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        runsv.start()
        assert runsv.process.wait(60) == 111
        assert is_alive(pids[1]) and log.state()["draining"] == "0"
    runsv.start()
    wait_until(lambda: runsv.service.svok() == 0 and log.svok() == 0)
    assert (runsv.service.pid(), log.pid()) == pids
    assert is_alive(pids[0]) and is_alive(pids[1])


def test_what_cannot_be_supervised_is_refused(runsv, tmp_path):
    log = runsv.service.add_log()
    runsv.start()
    runsv.service.wait_program()
    log.wait_program("cat")

    def second(*argv):
        done = subprocess.run([BIN / "runsv", *argv], capture_output=True,
                              text=True, timeout=60, cwd=tmp_path)
        return done.returncode, done.stderr.splitlines()

    code, said = second("service")
    assert code == 111
    assert (
        "runsv: warning: unable to acquire service/supervise/lock: temporary failure"
        in said
    )
    assert second("nowhere") == (
        111, ["runsv: fatal: unable to change to nowhere: file does not exist"]
    )
    assert second("service/run") == (
        111, ["runsv: fatal: unable to change to service/run: not a directory"]
    )
    assert second() == second("a", "b") == (100, ["usage: runsv dir"])
    assert runsv.process.poll() is None
