"""fghack(8): what becomes of programs that leave for the background."""

import os
import signal
import subprocess

from proc import children_of, is_alive
from support import BIN, wait_until

# Forks twice with a session between, as daemons do, and ends with code 7 when
# the FIFO "end" is opened for writing. $1 is done by the daemon first.
DAEMON = """
import os, sys
if os.fork():
    os._exit(5)
os.setsid()
if os.fork():
    os._exit(0)
exec(sys.argv[1])
open("pid.new", "w").write(str(os.getpid()))
os.rename("pid.new", "pid")
open("end").read()
"""


def start_daemon(programs, work, first="pass"):
    os.mkfifo(work / "end")
    fghack = programs.start(
        BIN / "fghack", "/usr/bin/python3", "-c", DAEMON, first, cwd=work
    )
    wait_until((work / "pid").exists)
    return fghack, int((work / "pid").read_text())


def has_ended_child(process):
    return not [pid for pid in children_of(process.pid) if is_alive(pid)]


def test_waits_for_a_daemon_and_ends_with_the_first_processs_code(
    programs, tmp_path
):
    fghack, daemon = start_daemon(programs, tmp_path)
    wait_until(lambda: has_ended_child(fghack))
    assert fghack.poll() is None
    (tmp_path / "end").write_text("")
    assert fghack.wait(timeout=120) == 5


def test_daemon_that_closes_low_descriptors_is_still_waited_for(
    programs, tmp_path
):
    fghack, daemon = start_daemon(programs, tmp_path, "os.closerange(0, 20)")
    wait_until(lambda: has_ended_child(fghack))
    assert fghack.poll() is None
    (tmp_path / "end").write_text("")
    assert fghack.wait(timeout=120) == 5


def test_daemon_that_closes_all_descriptors_is_not_waited_for(
    programs, tmp_path
):
    fghack, daemon = start_daemon(programs, tmp_path, "os.closerange(0, 256)")
    assert fghack.wait(timeout=120) == 5
    assert is_alive(daemon)


def test_signals_do_not_reach_the_daemon(programs, tmp_path):
    fghack, daemon = start_daemon(programs, tmp_path)
    fghack.send_signal(signal.SIGTERM)
    assert fghack.wait(timeout=120) == -signal.SIGTERM
    assert is_alive(daemon)


def test_what_is_written_to_the_pipe_is_thrown_away(tmp_path):
    """More than a pipe holds, so that it must be read all along."""
    script = "head -c 1000000 /dev/zero >&9; exit 4"
    run = subprocess.run(
        [BIN / "fghack", "/bin/sh", "-c", script],
        capture_output=True,
        timeout=120,
    )
    assert (run.returncode, run.stdout, run.stderr) == (4, b"", b"")
