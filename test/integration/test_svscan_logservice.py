"""svscan(8) with a log service: where all output goes, and what outlives whom."""

import os
import signal
import subprocess

import pytest

from support import BIN, SLEEPER, Scan, Service, is_alive, kill_and_start, wait_until

TALKER = """#!/bin/sh
echo to output
echo to error >&2
exec sleep 1000
"""
# Says what it is told to, and notes that it has.
SPEAKER = """#!/bin/sh
[ -p orders ] || mkfifo orders
exec 3<>orders
: >ready
while read -r line <&3; do echo "$line"; echo "$line" >>done; done
"""
KEEPER = """#!/bin/sh
echo logger here
echo its trouble >&2
exec cat >>lines
"""


class LoggedScan(Scan):
    """A svscan that is given a log service."""

    log_name = ".log"

    def start(self, *before, **options):
        return self.start_program(
            *before, BIN / "svscan", self.path, self.log_name, **options
        )


@pytest.fixture
def scan(tmp_path, programs):
    return LoggedScan(tmp_path, programs)


@pytest.fixture
def log(scan):
    return scan.move_in(Service(scan.outside / ".log", KEEPER))


def has_line(service, line):
    return lambda: line in service.lines()


def say(service, line):
    """Returns when it has been written, and may be in the pipe."""
    (service.path / "orders").write_text(line + "\n")
    wait_until(lambda: line in service.lines("done"), what=f"{line} written")


def end(scan, pid):
    """Kills it; returns when it can take no line with it."""
    os.kill(pid, signal.SIGKILL)
    scan.wait_until(lambda: not is_alive(pid), what=f"the end of {pid}")


def test_output_and_errors_of_services_and_of_svscan_are_logged(scan, log):
    talker = scan.make("talker", TALKER)
    scan.start()
    talker.wait_program()
    assert {"to output", "to error"} <= set(log.wait_lines("lines", 2))
    (scan.path / "broken").symlink_to("nowhere")
    scan.notice()
    line = "svscan: warning: unable to stat broken: file does not exist"
    wait_until(has_line(log, line), what=line)
    assert line not in scan.said()
    scan.stop()


def test_log_service_keeps_the_output_of_svscan(scan, log):
    scan.start()
    scan.wait_said("logger here")
    scan.wait_said("its trouble")
    scan.stop()
    assert log.lines() == []


def test_log_service_that_dies_is_started_again_and_no_line_is_lost(scan, log):
    speaker = scan.make("speaker", SPEAKER)
    scan.start()
    wait_until((speaker.path / "ready").exists, what="the service")
    pid = log.wait_program("cat")
    end(scan, pid)
    say(speaker, "number 1")
    log.wait_program("cat", besides=pid)
    wait_until(has_line(log, "number 1"), what="number 1")
    scan.stop()


def test_killed_svscan_is_followed_by_one_that_adopts_both(scan, log):
    speaker = scan.make("speaker", SPEAKER)
    scan.start()
    wait_until((speaker.path / "ready").exists, what="the service")
    pids = log.wait_program("cat"), speaker.pid()
    scan.kill()
    say(speaker, "number 1")
    wait_until(has_line(log, "number 1"), what="a line while there is no svscan")
    scan.start()
    later = scan.make("later", TALKER)
    later.wait_program()
    wait_until(has_line(log, "to output"), what="a line of a new service")
    say(speaker, "number 2")
    wait_until(has_line(log, "number 2"), what="number 2")
    assert (log.pid(), speaker.pid()) == pids
    assert scan.times_said("logger here") == 1
    scan.stop()
    assert log.lines().count("number 1") == 1


def test_svscan_and_log_service_killed_together_lose_no_line(scan, log):
    speaker = scan.make("speaker", SPEAKER)
    scan.start()
    wait_until((speaker.path / "ready").exists, what="the service")
    pid = log.wait_program("cat")
    scan.kill()
    end(scan, pid)
    runs_on = speaker.pid()
    say(speaker, "number 1")
    scan.start()
    log.wait_program("cat", besides=pid)
    wait_until(has_line(log, "number 1"), what="what was said to nobody")
    assert speaker.pid() == runs_on
    scan.stop()


def test_orderly_stop_ends_the_log_service_last_and_drained(scan, log):
    log.run("#!/bin/sh\ntrap '' TERM\nexec cat >>lines\n")
    speaker = scan.make("speaker", SPEAKER)
    scan.start()
    wait_until((speaker.path / "ready").exists, what="the service")
    log.wait_program("cat")
    log.svc("-p")
    say(speaker, "the end")
    scan.stop()
    assert log.lines() == ["the end"]
    assert (log.pid(), speaker.pid()) == (0, 0)
    assert log.state()["phase"] == "gone"


def test_orderly_stop_while_the_log_service_waits_for_its_start(scan, log):
    speaker = scan.make("speaker", SPEAKER)
    scan.start()
    wait_until((speaker.path / "ready").exists, what="the service")
    end(scan, log.wait_program("cat"))
    say(speaker, "the end")
    scan.stop()
    assert log.lines() == ["the end"]


def test_upgrade_keeps_the_log_service(scan, log):
    speaker = scan.make("speaker", SPEAKER)
    scan.start()
    wait_until((speaker.path / "ready").exists, what="the service")
    pids = log.wait_program("cat"), speaker.pid()
    subprocess.run([BIN / "svscanctl", "-u", scan.path], check=True)
    later = scan.make("later", TALKER)
    later.wait_program()
    wait_until(has_line(log, "to error"), what="a line after the upgrade")
    say(speaker, "number 1")
    wait_until(has_line(log, "number 1"), what="number 1")
    assert (log.pid(), speaker.pid()) == pids
    scan.stop()
    assert scan.times_said("logger here") == 1


def test_log_service_with_an_ordinary_name_is_no_service_besides(scan):
    scan.log_name = "all-logs"
    log = scan.move_in(Service(scan.outside / "all-logs", KEEPER))
    talker = scan.make("talker", TALKER)
    scan.start()
    talker.wait_program()
    log.wait_lines("lines", 2)
    scan.hang_up()
    later = scan.make("later", SLEEPER)
    later.wait_program()
    scan.stop()
    assert not [line for line in log.lines() + scan.said() if "warning" in line]


def test_log_service_told_to_exit_is_taken_up_again(scan, log):
    speaker = scan.make("speaker", SPEAKER)
    scan.start()
    wait_until((speaker.path / "ready").exists, what="the service")
    pid = log.wait_program("cat")
    log.svc("-dx")
    log.wait_down()
    # Down, but not let go yet, it could be told "up" in vain.
    wait_until(lambda: log.state()["leaving"] == "0", what="another to take it")
    say(speaker, "number 1")
    wait_until(lambda: log.svok() == 0, what="the log service to be supervised")
    log.svc("-u")
    log.wait_program("cat", besides=pid)
    wait_until(has_line(log, "number 1"), what="number 1")
    scan.stop()


@pytest.mark.parametrize("name", ["missing", "file"])
def test_without_that_directory_all_is_as_without_the_argument(scan, name):
    (scan.path / "file").touch()
    scan.log_name = name
    talker = scan.make("talker", TALKER)
    scan.start()
    talker.wait_program()
    reason = {"missing": "file does not exist", "file": "not a directory"}[name]
    scan.wait_said(f"svscan: warning: unable to log to {name}: {reason}")
    scan.wait_said("to error")
    scan.stop()


def test_two_killed_in_a_row_leave_one_log_service(scan, log):
    talker = scan.make("talker", TALKER)
    scan.start()
    pid = log.wait_program("cat")
    talker.wait_program()  # holds the FIFO open
    for _ in range(2):
        kill_and_start(scan)
    scan.make("later", TALKER).wait_program()
    wait_until(lambda: log.lines().count("to output") == 2, what="both outputs")
    assert log.pid() == pid
    scan.stop()


@pytest.mark.parametrize("name", [".log", "log"])
def test_a_log_service_may_come_later(scan, name):
    """What starts from then on writes to it; what runs is left alone."""
    scan.log_name = name
    talker = scan.make("talker", TALKER)
    scan.start()
    pid = talker.wait_program()
    scan.wait_said(f"svscan: warning: unable to log to {name}: file does not exist")
    scan.wait_said("to error")
    log = scan.move_in(Service(scan.outside / name, KEEPER))
    log_pid = log.wait_program("cat")
    wait_until(lambda: os.readlink(f"/proc/{scan.pid}/fd/1").endswith("supervise/pipe"))
    os.kill(pid, signal.SIGKILL)
    talker.wait_program(besides=pid)
    assert {"to output", "to error"} <= set(log.wait_lines("lines", 2))
    assert scan.times_said(f"svscan: warning: unable to log to {name}: file does not exist") == 1
    assert log.pid() == log_pid
    scan.stop()
    assert not is_alive(log_pid)


def test_a_log_service_that_came_later_outlives_svscan(scan):
    talker = scan.make("talker", TALKER)
    scan.start()
    pid = talker.wait_program()
    log = scan.move_in(Service(scan.outside / ".log", KEEPER))
    log_pid = log.wait_program("cat")
    os.kill(pid, signal.SIGKILL)  # the next one writes, and holds the FIFO open
    pid = talker.wait_program(besides=pid)
    wait_until(lambda: log.lines().count("to error") == 1, what="its output")
    kill_and_start(scan)
    scan.wait_until(lambda: log.svok() == 0 and talker.svok() == 0)
    os.kill(pid, signal.SIGKILL)
    scan.wait_until(lambda: log.lines().count("to error") == 2, what="the next one's")
    assert log.pid() == log_pid
    scan.stop()


def test_svscanboot_passes_it_on(scan, log):
    talker = scan.make("talker", TALKER)
    scan.start_program(BIN / "svscanboot", scan.path, ".log")
    talker.wait_program()
    assert {"to output", "to error"} <= set(log.wait_lines("lines", 2))
    scan.stop()
    assert talker.pid() == log.pid() == 0
