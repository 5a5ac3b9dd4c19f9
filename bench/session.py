"""One suite that supervises one fresh scan directory, from launch to end."""

import os
import pathlib
import shutil
import tempfile
import time

import peers
import processes
from reports import VARIABLE, Reports

# What the kernel keeps on behalf of processes, in /proc/meminfo. Shmem is what
# is on tmpfs: the files in supervise/.
KERNEL_FIELDS = ("Slab", "KernelStack", "PageTables", "Shmem", "Percpu")
SETTLE_S = 2.5  # 0.76's supervise sleeps a second after each start


class Session:
    """Use as a context: what it started and made is gone after it."""

    def __init__(self, suite, count, folder):
        self.suite = suite
        self.count = count
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-bench.", dir=folder))
        self.scan = self.work / "scan"
        self.messages = self.work / "messages"
        self.reports = Reports(self.work / "reports")
        self.environment = suite.environment | {VARIABLE: str(self.reports.path)}
        self.pids = {}  # inode of the service's folder: pid of its payload
        self.names = {}  # and its name
        self.untouched = []  # inodes of services that no measure used yet
        self.supervisors = []

    def __enter__(self):
        try:
            self.make_tree()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            processes.end_descendants(first=self.supervisors)
        finally:
            self.reports.close()
            shutil.rmtree(self.work)

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
        self.scan.mkdir()
        for number in range(self.count):
            self.make_service(self.scan / f"s{number:05}")

    # ---- the boot ----

    def start(self):
        before = kernel_kib()
        argv = [peers.TOOLS / "launch", *self.suite.command(self.scan)]
        self.top_pid = processes.spawn(
            argv, self.environment, self.messages, self.messages
        )
        launched, *started = self.reports.collect(1 + self.count)
        assert launched.pid == self.top_pid
        self.boot_ns = max(report.at_ns for report in started) - launched.at_ns
        time.sleep(SETTLE_S)
        # First of all: looking at processes makes the kernel remember more.
        self.kernel_kib = {
            name: after - before[name] for name, after in kernel_kib().items()
        }
        for report in started:
            self.note(report)
        if len(self.pids) != self.count or not self.reports.none_waits():
            raise RuntimeError(f"{self.suite.name} started a service twice")
        self.untouched = list(self.pids)
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

    # ---- clients ----

    def client(self, argv, stdout=os.devnull):
        """Starts a client in the scan directory; returns its pid."""
        return processes.spawn(
            argv, self.environment, stdout, self.messages, cwd=self.scan
        )


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
