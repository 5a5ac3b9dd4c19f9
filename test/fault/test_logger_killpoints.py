"""Loggers killed at every point: before and after each system call.

From the recovery of an outage over rotations, with and without a processor, to
their end; svlogd also while it reads its rules again, which each rotation asks
for. The input is a FIFO that outlives them, as under a supervisor; what a
logger had not taken out of that is read by the next one.
"""

import collections
import concurrent.futures
import fcntl
import os
import shutil
import struct
import subprocess
import termios

import pytest

import support
from faults import Harness, syscall_names
from support import BIN, wait_until

WORKERS = 4
LINES = b"".join(b"%099d\n" % i for i in range(110))
BEFORE = b"before 1\nbefore 2\n"

pytestmark = pytest.mark.skipif(not support.PEEKS, reason="this system can only read")


class World:
    """A log directory left by an outage, and lines in a FIFO beside it."""

    def __init__(self, folder, command, config=None):
        self.dir = folder
        self.command = command
        self.log = folder / "log"
        self.log.mkdir(parents=True)
        for name, mode in (("previous", 0o744), ("current", 0o644), ("state", 0o644)):
            (self.log / name).touch()
            (self.log / name).chmod(mode)
        (self.log / "previous").write_bytes(b"before 1\n")
        (self.log / "current").write_bytes(b"before 2\n")
        if config is not None:
            (self.log / "config").write_text(config)
        self.left = {"lock", "current", "state"} | ({"config"} if config else set())
        os.mkfifo(folder / "pipe")
        self.holder_fd = os.open(folder / "pipe", os.O_RDWR)
        os.write(self.holder_fd, LINES)
        support.write_script(
            folder / "run", f"#!/bin/sh\ncd {folder}\nexec {BIN}/{command} <pipe\n"
        )
        self.harness = Harness(folder)

    def close(self):
        self.harness.close()
        if self.holder_fd is not None:
            os.close(self.holder_fd)
        shutil.rmtree(self.dir)

    def is_read(self):
        count = fcntl.ioctl(self.holder_fd, termios.FIONREAD, b"\0" * 4)
        return struct.unpack("i", count)[0] == 0

    def run(self, point):
        """Up to the kill, which is returned; for 0 the number of points."""
        self.harness.ask("trace", point, self.dir / "run")

        def is_over():
            said = self.harness.hear()
            if said and said[0] in ("killed", "ended"):
                return said
            if self.holder_fd is not None and self.is_read():
                os.close(self.holder_fd)  # the end of its input
                self.holder_fd = None
            return None

        said = wait_until(is_over, 60, "killed or ended")
        if said[0] == "killed":
            return f"{syscall_names().get(int(said[2]))} {said[3]} {said[4]}"
        assert said[2] == "0", self.errors()
        return int(self.harness.ask("count")[0]) if point == 0 else None

    def run_again(self):
        """A fresh one reads the rest; a child of the old may hold the lock."""
        writer = os.open(self.dir / "pipe", os.O_RDWR)
        reader = os.open(self.dir / "pipe", os.O_RDONLY)
        os.close(writer)
        if self.holder_fd is not None:
            os.close(self.holder_fd)
            self.holder_fd = None

        def succeeds():
            done = subprocess.run(
                ["/bin/sh", "-c", f"exec {BIN}/{self.command}"],
                cwd=self.dir, stdin=reader, capture_output=True, timeout=60,
            )
            assert done.returncode == 0 or b"unable to lock" in done.stderr, done.stderr
            return done.returncode == 0

        try:
            wait_until(succeeds)
        finally:
            os.close(reader)

    def errors(self):
        return (self.dir / "errors").read_text()

    def repeated(self):
        """
        Checks that all is there, in order, and the directory in order; returns
        how many bytes are there twice: what was being written at the kill.
        """
        names = {p.name for p in self.log.iterdir() if p.name[0] != "@"}
        assert names == self.left
        files = [*sorted(self.log.glob("@*")), self.log / "current"]
        assert {f.stat().st_mode & 0o777 for f in self.log.glob("@*.s")} <= {0o744}
        found = b"".join(f.read_bytes() for f in files)
        whole = BEFORE + LINES
        surplus = len(found) - len(whole)
        assert surplus >= 0, f"{-surplus} bytes are missing"
        same = len(os.path.commonprefix([found, whole]))
        assert surplus == 0 and found == whole or whole.endswith(found[same:])
        return surplus


def run(folder, command, config, point):
    world = World(folder, command, config)
    try:
        hit = world.run(point)
        if point == 0 or hit is None:
            return hit
        world.run_again()
        return hit, world.repeated()
    except Exception as error:
        raise AssertionError(f"point {point}: {error}\n{world.errors()}") from error
    finally:
        world.close()


@pytest.mark.parametrize(
    "command, config",
    [
        ("multilog s4096 n100 ./log", None),
        ("multilog s4096 n100 '!cat' ./log", None),
        ("svlogd -l 256 ./log", "s4096\nn100\n"),
        ("svlogd -l 256 ./log", "s4096\nn100\n!grep -q svlogd /proc/$PPID/comm && kill -HUP $PPID; cat\n"),
    ],
    ids=["multilog", "multilog-processor", "svlogd", "svlogd-processor-reload"],
)
def test_every_point_of_a_logger(command, config, tmp_path, capsys):
    points = run(tmp_path / "dry", command, config, 0)
    failures, repeats, hits = [], collections.Counter(), 0
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        jobs = {
            pool.submit(run, tmp_path / str(point), command, config, point): point
            for point in range(1, points + 1)
        }
        for job in concurrent.futures.as_completed(jobs):
            if job.exception():
                failures.append(str(job.exception()))
            elif job.result():
                hit, repeated = job.result()
                hits += 1
                repeats[hit] += repeated > 0
    with capsys.disabled():
        print(
            f"\n{command}: {points} points, {hits} kills, {len(failures)}"
            f" failed; {sum(repeats.values())} repeat lines: {dict(+repeats)}"
        )
    assert not failures, f"{len(failures)} of {points}:\n" + "\n".join(failures[:3])
    assert hits > points * 0.9
    # The one instant: written, and not yet taken out of the pipe.
    assert set(+repeats) <= {"writev exit engine", "splice entry engine"}
