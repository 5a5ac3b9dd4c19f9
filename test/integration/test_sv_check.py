"""sv check --all: whether all is well, for probes: ready, started once, alive."""

import os
import re
import signal
import subprocess

import pytest

from support import BIN, SLEEPER, kill_and_start, wait_until, write_script

IS_ROOT = os.geteuid() == 0
# Says that it is ready when it is let, and ends when it is told to.
SLOW = "#!/bin/sh\nuntil [ -e ../may-be-ready ]; do sleep 0.1; done\necho >&5\nexec 5>&-\nexec sleep 1000\n"
REFUSES = "unknown: unable to open supervise/ok: access denied"


@pytest.fixture
def check(scan):
    """Asks; the exit code and the lines."""

    def ask(*options, before=(), **how):
        done = subprocess.run(
            [*before, BIN / "sv", "-d", scan.path, "check", "--all", *options],
            capture_output=True, text=True, timeout=60, **how,
        )
        assert done.stderr == ""
        return done.returncode, done.stdout.replace(f"{scan.path}", "DIR").splitlines()

    return ask


def slow(scan, name="db"):
    service = scan.make(name, run=SLOW, down=True)
    (service.path / "notification-fd").write_text("5\n")
    return service


def test_readiness_is_that_all_are_as_they_should_be_now(scan, check):
    scan.make("web")
    scan.make("off", down=True)
    db = slow(scan)
    (db.path / "down").unlink()
    scan.start()
    wait_until(lambda: check() == (1, ["db: starting"]))
    assert check("--ready") == check()
    (scan.path / "may-be-ready").touch()
    wait_until(lambda: check() == (0, ["all well: 3 services"]))
    (scan.path / "may-be-ready").unlink()
    db.svc("-t")
    wait_until(lambda: check() == (1, ["db: starting"]))
    db.svc("-d")
    wait_until(lambda: check() == (0, ["all well: 3 services"]))


def test_what_cannot_say_that_it_is_ready_is_so_once_it_has_stayed_up(scan, check):
    web = scan.make("web")
    scan.start()
    pid = web.wait_program()
    seen = set()

    def is_well():
        code, lines = check()
        seen.update(lines)
        return code == 0

    wait_until(is_well)
    assert web.pid() == pid
    early = {"web: up, but not for a second yet", "web: starting", "DIR: no svscan runs here"}
    assert seen - early == {"all well: 1 service"}


def test_startup_is_that_all_have_been_ready_once(scan, check):
    """Also over a kill of the supervisor."""
    db = slow(scan)
    (db.path / "down").unlink()
    scan.start()
    wait_until(lambda: check("--startup") == (1, ["db: starting"]))
    (scan.path / "may-be-ready").touch()
    wait_until(lambda: check("--startup") == (0, ["all well: 1 service"]))
    (scan.path / "may-be-ready").unlink()
    pid = db.pid()
    db.svc("-t")
    db.wait_up(besides=pid)
    wait_until(lambda: check("--ready") == (1, ["db: starting"]))
    assert check("--startup")[0] == 0
    kill_and_start(scan)
    wait_until(lambda: check("--ready") == (1, ["db: starting"]))
    assert check("--startup")[0] == 0


def test_each_that_is_sick_has_a_line(scan, check):
    scan.make("dead", run="#!/bin/sh\nexit 3\n")
    (scan.path / "dead" / "restart").write_text("never\n")
    ends = scan.make("ends", run="#!/bin/sh\nexit 4\n")
    mute = scan.make("mute", run=SLEEPER)
    mute.add_log("#!/bin/sh\nexec sleep 1000\n", down=True)
    scan.start()
    said = ["dead: failed: exit 3", "ends: restarting: exit 4", "mute: up, log down"]
    wait_until(lambda: check() == (1, said), what=check)
    ends.svc("-d")
    (mute.path / "log" / "down").unlink()
    subprocess.run([BIN / "svc", "-u", mute.path / "log"], check=True)
    wait_until(lambda: check() == (1, said[:1]), what=check)


def test_liveness_is_that_svscan_answers_whatever_services_do(scan, check):
    scan.make("dead", run="#!/bin/sh\nexit 3\n")
    assert check("--live") == (1, ["DIR: no svscan runs here"])
    assert check("--ready") == (1, ["DIR: no svscan runs here"])
    scan.start()
    wait_until(lambda: check("--live") == (0, ["all well: svscan answers"]))
    os.kill(scan.pid, signal.SIGSTOP)
    try:
        assert check("--live") == (1, ["DIR: svscan doesn't answer"])
    finally:
        os.kill(scan.pid, signal.SIGCONT)
    wait_until(lambda: check("--live")[0] == 0)
    scan.kill()
    assert check("--live") == (1, ["DIR: no svscan runs here"])
    assert check("--startup") == (1, ["DIR: no svscan runs here"])


def test_other_supervisors_are_alive_while_they_have_a_service(scan, check, programs):
    web = scan.make("web")
    one = programs.start(BIN / "supervise", web.path)
    wait_until(lambda: check("--live")[0] == 0)
    wait_until(lambda: check() == (0, ["all well: 1 service"]))
    web.svc("-dx")
    assert one.wait(120) == 0
    assert check("--live") == (1, ["DIR: no svscan runs here"])


@pytest.mark.skipif(not IS_ROOT, reason="becomes another user")
def test_other_users_are_told_what_they_may_know(scan, check, tmp_path):
    web = scan.make("web")
    scan.start()
    wait_until(lambda: check()[0] == 0)
    for folder in (scan.path, *scan.path.parents):
        if folder.stat().st_uid == 0 and not folder.stat().st_mode & 1:
            folder.chmod(folder.stat().st_mode | 0o011)
    scan.path.chmod(0o755)
    other = ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups"]
    assert check(before=other) == (1, [f"web: {REFUSES}"])
    assert check("--live", before=other) == (1, ["DIR: unable to ask svscan: access denied"])
    allow = [BIN / "sv", "-d", scan.path, "allow", "--status", "web"]
    subprocess.run(allow, check=True, capture_output=True)
    wait_until(lambda: check(before=other) == (0, ["all well: 1 service"]))
    assert check("--live", before=other) == (0, ["all well: svscan answers"])
    assert web.pid()


def test_it_needs_no_environment_and_no_time(scan, check):
    for i in range(20):
        scan.make(f"s{i}")
    scan.start()
    wait_until(lambda: check(env={})[0] == 0)
    before = os.times()
    assert check(env={}) == (0, ["all well: 20 services"])
    spent = os.times()
    assert spent.children_user - before.children_user < 0.05
    assert spent.children_system - before.children_system < 0.05


@pytest.mark.parametrize(
    "words", [["--ready"], ["--all", "web"], ["--all", "--live", "--ready"], ["--all", "--no"]]
)
def test_wrong_use_is_refused(words):
    done = subprocess.run([BIN / "sv", "check", *words], capture_output=True, text=True)
    assert done.returncode == 100 and done.stdout == ""
    assert re.search(r"^usage: sv \[-d dir\] check --all ", done.stderr, re.M)


def test_a_directory_that_is_not_there_is_no_answer(tmp_path):
    argv = [BIN / "sv", "-d", tmp_path / "no", "check", "--all"]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (111, "")
    assert done.stderr == f"sv: fatal: unable to read {tmp_path}/no: file does not exist\n"


def test_services_by_name_are_checked_as_ever(scan):
    web = scan.make("web")
    scan.start()
    web.wait_program()
    argv = [BIN / "sv", "-d", scan.path, "check", "web"]
    wait_until(lambda: subprocess.run(argv, capture_output=True).returncode == 0)
    write_script(web.path / "check", "#!/bin/sh\nexit 1\n")
    argv[3:3] = ["-w", "1"]
    assert subprocess.run(argv, capture_output=True).returncode == 1
