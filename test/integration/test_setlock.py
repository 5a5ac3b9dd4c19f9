"""setlock(8): what needs more than one process to see."""

import os
import pathlib
import subprocess

from support import BIN, wait_until


def is_waiting_for_lock(pid):
    """Whether the kernel lists the process as blocked on a lock."""
    return any(
        "->" in line and f" {pid} " in line
        for line in pathlib.Path("/proc/locks").read_text().splitlines()
    )


def hold(programs, lock, *options):
    """A setlock whose program ends when its standard input does."""
    holder = programs.start(
        BIN / "setlock",
        *options,
        lock,
        "/bin/sh",
        "-c",
        "echo locked; exec cat",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    return holder


def test_waits_until_the_lock_is_free(programs, tmp_path):
    first = hold(programs, tmp_path / "lock")
    assert first.stdout.readline() == b"locked\n"
    second = hold(programs, tmp_path / "lock", "-n", "-N")
    wait_until(lambda: is_waiting_for_lock(second.pid))
    assert second.poll() is None
    first.stdin.close()
    assert second.stdout.readline() == b"locked\n"
    second.stdin.close()
    assert (first.wait(), second.wait()) == (0, 0)


def test_killed_holder_frees_the_lock(programs, tmp_path):
    holder = hold(programs, tmp_path / "lock")
    assert holder.stdout.readline() == b"locked\n"
    holder.kill()
    holder.wait()
    again = [BIN / "setlock", "-n", tmp_path / "lock", "/bin/true"]
    assert subprocess.run(again).returncode == 0


def test_fifo_without_reader_does_not_hang(tmp_path):
    """The file is opened without blocking, so a FIFO is an error."""
    os.mkfifo(tmp_path / "lock")
    run = subprocess.run(
        [BIN / "setlock", "lock", "/bin/true"],
        cwd=tmp_path,
        capture_output=True,
        timeout=120,
    )
    assert run.returncode == 111
    assert run.stderr == (
        b"setlock: fatal: unable to open lock: device not configured\n"
    )
