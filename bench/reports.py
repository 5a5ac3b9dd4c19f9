"""The FIFO on which payloads report their starts; report.h is the format."""

import collections
import fcntl
import os
import select
import struct
import time

VARIABLE = "HOLDFAST_BENCH_REPORT"
FORMAT = struct.Struct("=qQq")
F_SETPIPE_SZ = getattr(fcntl, "F_SETPIPE_SZ", 1031)

Report = collections.namedtuple("Report", "at_ns folder pid")


class Reports:
    """The reading end. It is a writer too, so that there is no end of file."""

    def __init__(self, path):
        self.path = path
        os.mkfifo(path, 0o600)
        self.fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:  # room for every start of a boot, should this process be late
            fcntl.fcntl(self.fd, F_SETPIPE_SZ, 1 << 20)
        except OSError:
            pass  # 64 KiB are 2,700 reports
        self.poll = select.poll()
        self.poll.register(self.fd, select.POLLIN)
        self.waiting = collections.deque()

    def close(self):
        os.close(self.fd)
        os.unlink(self.path)

    def read(self):
        try:
            data = os.read(self.fd, 4096 * FORMAT.size)
        except BlockingIOError:
            return
        self.waiting.extend(Report(*one) for one in FORMAT.iter_unpack(data))

    def next(self, limit_s=60):
        """The next report; wakes up when it comes."""
        if not self.waiting and self.poll.poll(limit_s * 1000):
            self.read()
        if not self.waiting:
            raise TimeoutError(f"no report within {limit_s} s")
        return self.waiting.popleft()

    def collect(self, count, limit_s=120, is_hopeless=lambda: False):
        """The next `count`. Looks rarely: waking up for each would take the
        processors away from what is measured."""
        deadline = time.monotonic() + limit_s
        while len(self.waiting) < count:
            was_hopeless = is_hopeless()
            self.read()  # what came before that
            if len(self.waiting) >= count:
                break
            if was_hopeless:
                raise RuntimeError(f"ended after {len(self.waiting)} reports")
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"{len(self.waiting)} of {count} reports in {limit_s} s"
                )
            time.sleep(0.02)
        return [self.waiting.popleft() for _ in range(count)]

    def none_waits(self):
        self.read()
        return not self.waiting
