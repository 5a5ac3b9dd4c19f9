"""runsvdir(8) and runsvchdir(8): runit's words for a scan directory."""

import os
import pathlib
import shutil
import signal
import subprocess

import pytest

from support import (
    BIN,
    LOOP,
    Host,
    Service,
    descendants,
    is_alive,
    process_fields,
    takes_signal,
    wait_until,
)


@pytest.fixture
def runsvdir(tmp_path, programs):
    class Runsvdir(Host):
        def __init__(self):
            super().__init__(tmp_path, programs)
            self.path = tmp_path / "services"
            self.path.mkdir()

        def make(self, name, **options):
            made = Service(tmp_path / "outside" / name, **options)
            (self.path / name).symlink_to(made.path)
            return made

        def start(self, *argv, **options):
            self.start_program(BIN / "runsvdir", *argv, cwd=tmp_path, **options)
            wait_until(lambda: takes_signal(self.pid, signal.SIGTERM), what="runsvdir")

    return Runsvdir()


def command_line(pid):
    return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")


def test_services_and_logs_are_hosted(runsvdir):
    service = runsvdir.make("a")
    log = service.add_log()
    (runsvdir.path / ".hidden").mkdir()
    runsvdir.start("-P", "services")
    pids = service.wait_program(), log.wait_program("cat")
    assert {process_fields(pid)[1] for pid in pids} == {str(runsvdir.pid)}
    assert runsvdir.said() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_term_leaves_everything_running(runsvdir, number):
    service = runsvdir.make("a")
    runsvdir.start("services")
    pid = service.wait_program()
    runsvdir.process.send_signal(number)
    assert runsvdir.process.wait(120) == 0
    assert is_alive(pid)
    runsvdir.start("services")
    wait_until(lambda: service.svok() == 0)
    assert service.pid() == pid


def test_hangup_stops_everything(runsvdir):
    service = runsvdir.make("a")
    log = service.add_log()
    runsvdir.start("services")
    pids = service.wait_program(), log.wait_program("cat")
    runsvdir.process.send_signal(signal.SIGHUP)
    assert runsvdir.process.wait(120) == 111
    assert not any(map(is_alive, pids))


def test_what_is_removed_is_stopped_with_its_log(runsvdir):
    service, other = runsvdir.make("a"), runsvdir.make("b")
    log = service.add_log()
    runsvdir.start("services")
    pids = service.wait_program(), log.wait_program("cat")
    kept = other.wait_program()
    (runsvdir.path / "a").unlink()
    wait_until(lambda: not any(map(is_alive, pids)))
    wait_until(lambda: service.svok() == log.svok() == 100)
    assert is_alive(kept)
    (runsvdir.path / "a").symlink_to(service.path)
    service.wait_program(besides=pids[0])


def test_the_name_may_come_to_lead_elsewhere(runsvdir, tmp_path):
    """As runsvchdir turns it: what both have runs on."""
    both, old = runsvdir.make("both"), runsvdir.make("old")
    new = Service(tmp_path / "outside" / "new")
    (tmp_path / "other").mkdir()
    for service in both, new:
        (tmp_path / "other" / service.path.name).symlink_to(service.path)
    (tmp_path / "current").symlink_to("services")
    (tmp_path / "service").symlink_to(tmp_path / "current")
    runsvdir.start("service")
    pids = both.wait_program(), old.wait_program()
    (tmp_path / "current.new").symlink_to("other")
    (tmp_path / "current.new").rename(tmp_path / "current")
    new.wait_program()
    wait_until(lambda: not is_alive(pids[1]))
    assert both.pid() == pids[0] and is_alive(pids[0])
    assert runsvdir.said() == []
    done = subprocess.run([BIN / "svscanctl", "-s", tmp_path / "other"], timeout=120)
    assert done.returncode == 0  # it takes commands there


def test_messages_are_shown_in_the_process_list(runsvdir):
    service = runsvdir.make("a", run="#!/bin/sh\necho hello >&2\nexec sleep 1000\n")
    runsvdir.start("services", "log: " + "." * 40)
    pid = service.wait_program()

    def shown():
        lines = [command_line(p) for p in descendants(runsvdir.pid)]
        return [line for line in lines if "log: .." in line and "hello\n" in line]

    wait_until(shown)
    assert runsvdir.said() == []
    runsvdir.process.send_signal(signal.SIGHUP)
    assert runsvdir.process.wait(120) == 111
    assert not is_alive(pid)


def test_wrong_use(runsvdir, tmp_path):
    for wrong in ((), ("-x", "services"), ("a", "b", "c")):
        done = subprocess.run([BIN / "runsvdir", *wrong], capture_output=True,
                              text=True, timeout=120, cwd=tmp_path)
        assert done.returncode == 100
        assert done.stderr.splitlines()[-1] == "usage: runsvdir [-P] dir [ log ]"
    done = subprocess.run([BIN / "runsvdir", "nowhere"], capture_output=True,
                          text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == 111
    runsvdir.start("services", "short")
    runsvdir.wait_said(
        "runsvdir: warning: log must have at least 7 characters: it is not used"
    )


# ---- runsvchdir ----


@pytest.fixture
def runsvchdir(tmp_path):
    """In a root of its own: the directory has a fixed name."""
    if os.geteuid() != 0:
        pytest.skip("chroot needs root")
    folder = tmp_path / "etc" / "runit" / "runsvdir"
    for name in ("default", "single"):
        (folder / name).mkdir(parents=True)
    shutil.copy(BIN / "runsvchdir", tmp_path)

    def run(*argv):
        try:
            done = subprocess.run(
                ["/runsvchdir", *argv],
                capture_output=True,
                text=True,
                timeout=120,
                preexec_fn=lambda: os.chroot(tmp_path),
            )
        except FileNotFoundError:
            pytest.skip("the program isn't static")
        return done.returncode, done.stderr

    run.folder = folder
    return run


def test_runsvchdir_turns_the_link(runsvchdir):
    folder = runsvchdir.folder
    assert runsvchdir("default") == (0, "")
    assert os.readlink(folder / "current") == "default"
    assert not (folder / "previous").exists()
    for _ in range(2):
        assert runsvchdir("single") == (0, "")
        assert os.readlink(folder / "current") == "single"
    assert os.readlink(folder / "previous") == "single"
    assert runsvchdir("/etc") == (0, "")
    assert os.readlink(folder / "current") == "/etc"
    assert os.readlink(folder / "previous") == "single"
    assert sorted(os.listdir(folder)) == ["current", "default", "previous", "single"]


def test_runsvchdir_refuses_what_cannot_be(runsvchdir):
    assert runsvchdir("default") == (0, "")
    for wrong, said in {
        ".hidden": ".hidden: must not start with a dot",
        "nowhere": "unable to stat nowhere: file does not exist",
        "/runsvchdir": "/runsvchdir: not a directory",
    }.items():
        assert runsvchdir(wrong) == (111, f"runsvchdir: fatal: {said}\n")
    assert runsvchdir() == (100, "usage: runsvchdir dir\n")
    assert os.readlink(runsvchdir.folder / "current") == "default"
