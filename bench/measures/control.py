"""Down and up again by the suite's client, until it is confirmed: the client
has ended and, unless it is one that waits for that, the supervisor's status
file says so."""

import ctypes
import os
import select
import statistics
import time

import processes
from measures import Metric

SESSIONS = ("main",)
METRICS = [
    Metric("down_ms", "told to be down, until that is confirmed", "ms"),
    Metric("up_ms", "told to be up, until that is confirmed", "ms"),
]
ENOUGH_S = 10
IN_MOVED_TO = 0x80
LIMIT_S = 30


def measure(session, plan):
    down, up = [], []
    end = time.monotonic() + ENOUGH_S
    for inode in session.take(plan.controls):
        name = session.names[inode]
        with watch(session, inode) as status:
            down.append(once(session, session.suite.down_command(name), status.is_down))
            up.append(once(session, session.suite.up_command(name), status.is_up))
        session.note(session.reports.next())
        if time.monotonic() > end:
            break
    return {"down_ms": statistics.median(down), "up_ms": statistics.median(up)}


def once(session, argv, is_done):
    before = time.monotonic_ns()
    pid = session.client(argv)
    is_done()
    if processes.wait(pid) != 0:
        raise RuntimeError(f"{argv[0]} failed")
    return (time.monotonic_ns() - before) / 1e6


def watch(session, inode):
    return Nothing() if session.suite.client_waits else Status(session, inode)


class Nothing:
    """What is looked at when the client is all there is to wait for."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def is_down(self):
        pass

    is_up = is_down


class Status:
    """The status file of a service, looked at when it is replaced."""

    def __init__(self, session, inode):
        self.suite = session.suite
        self.folder = session.scan / session.names[inode]
        libc = ctypes.CDLL(None, use_errno=True)
        self.fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        path = os.fsencode(self.folder / "supervise")
        if self.fd == -1 or libc.inotify_add_watch(self.fd, path, IN_MOVED_TO) == -1:
            raise OSError(ctypes.get_errno(), "unable to watch", path)
        self.poll = select.poll()
        self.poll.register(self.fd, select.POLLIN)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.fd)

    def is_down(self):
        self.wait(lambda pid: pid == 0)

    def is_up(self):
        self.wait(lambda pid: pid != 0)

    def wait(self, is_it):
        while not is_it(self.suite.status_pid(self.folder)):
            if not self.poll.poll(LIMIT_S * 1000):
                raise TimeoutError(f"{self.folder}: not within {LIMIT_S} s")
            os.read(self.fd, 65536)
