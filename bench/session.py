"""Where a suite is measured: a folder that is gone afterwards, with or without
a scan directory that the suite supervises."""

import contextlib
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time

import peers
import processes
from reports import VARIABLE, Reports

# What the kernel keeps on behalf of processes, in /proc/meminfo. Shmem is what
# is on tmpfs: the files in supervise/.
KERNEL_FIELDS = ("Slab", "KernelStack", "PageTables", "Shmem", "Percpu")
SETTLE_S = 1.7  # 0.76's supervise sleeps a second after each start

STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@contextlib.contextmanager
def time_limit(seconds, what):
    """Raises TimeoutError in the midst of what takes longer. Cannot be nested."""

    def too_long(*_):
        raise TimeoutError(f"{what} took more than {seconds:g} s")

    old = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)


class Workplace:
    """A folder, and reports from payloads; nothing is started. Use as a
    context: what was started and made is gone after it."""

    size = "alone"
    count = 0

    def __init__(self, suite, folder):
        self.suite = suite
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-bench.", dir=folder))
        self.messages = self.work / "messages"
        self.messages.touch()
        self.reports = Reports(self.work / "reports")
        self.environment = suite.environment | {VARIABLE: str(self.reports.path)}
        self.supervisors = []
        self.names = {}  # inode of a service's folder: its name
        self.scan = self.work / "scan"
        self.scan.mkdir()

    def __enter__(self):
        try:
            self.make()
        except BaseException:
            self.show_messages(sys.stderr.write)
            self.__exit__()
            raise
        return self

    def make(self):
        self.suite.prepare(self)

    def __exit__(self, *_):
        # A second signal must not find half of it left.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
        try:
            processes.end_descendants(first=self.supervisors)
        finally:
            self.reports.close()
            shutil.rmtree(self.work)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)

    def show_messages(self, say, most=2000):
        """The last of what the suite and its clients wrote to stderr."""
        say(self.messages.read_text(errors="replace")[-most:])

    def client(self, argv, stdout=os.devnull):
        """Starts a client in the scan directory; returns its pid."""
        return processes.spawn(
            argv, self.environment, stdout, self.messages, cwd=self.scan
        )


class Session(Workplace):
    """One suite that supervises one fresh scan directory, from launch to end."""

    def __init__(self, suite, size, count, folder, calm=True):
        """`calm`: the services are old, and memory is known, when it begins."""
        super().__init__(suite, folder)
        self.size = size
        self.count = count
        self.calm = calm
        self.pids = {}  # inode of the service's folder: pid of its payload
        self.untouched = []  # inodes of services that no measure used yet

    def make(self):
        self.make_tree()
        self.suite.prepare(self)
        self.start()

    # ---- the tree ----

    def make_service(self, path):
        """A folder of which the payload is the run script itself."""
        path.mkdir()
        os.link(self.work / "payload", path / "run")
        inode = path.stat().st_ino
        self.names[inode] = path.name
        return inode

    def make_tree(self):
        shutil.copy(peers.TOOLS / "payload", self.work / "payload")
        for number in range(self.count):
            self.make_service(self.scan / f"s{number:05}")

    # ---- the boot ----

    def start(self):
        before = kernel_kib() if self.calm else {}
        argv = [peers.TOOLS / "launch", *self.suite.command(self.scan)]
        self.top_pid = processes.spawn(
            argv, self.environment, self.messages, self.messages
        )
        self.supervisors = [self.top_pid]  # in case that this is as far as it gets
        launched, *started = self.reports.collect(
            1 + self.count, is_hopeless=lambda: processes.has_ended(self.top_pid)
        )
        assert launched.pid == self.top_pid
        self.boot_ns = max(report.at_ns for report in started) - launched.at_ns
        for report in started:
            self.note(report)
        if self.calm:
            time.sleep(SETTLE_S)
            # First of all: looking at processes makes the kernel remember more.
            self.kernel_kib = {
                name: after - before[name] for name, after in kernel_kib().items()
            }
        if len(self.pids) != self.count or not self.reports.none_waits():
            raise RuntimeError(f"{self.suite.name} started a service twice")
        self.untouched = list(self.pids)
        self.find_supervisors()

    def find_supervisors(self):
        payloads = set(self.pids.values())
        tree = [self.top_pid, *processes.descendants(self.top_pid)]
        self.supervisors = [pid for pid in tree if pid not in payloads]

    def note(self, report):
        self.pids[report.folder] = report.pid

    def take(self, count):
        """Inodes of services that have been left alone since the boot."""
        taken, self.untouched = self.untouched[:count], self.untouched[count:]
        if not taken:
            raise RuntimeError("too few services for what is to be measured")
        return taken


def kernel_kib(samples=5):
    """The middle one of a few looks at /proc/meminfo, by field: other
    processes of the machine come and go."""
    looks = []
    for _ in range(samples):
        looks.append(processes.fields("/proc/meminfo"))
        time.sleep(0.1)
    middle = samples // 2
    return {
        name: sorted(look[name] for look in looks)[middle] for name in KERNEL_FIELDS
    }
