"""The suites that are compared, and how each is told what to do.

A suite that is added here is measured like the others. It inherits the methods
of a suite with the same clients; what it lacks is None, and what would need
that is left out for it.
"""

import os
import pathlib
import subprocess

TOP = pathlib.Path(__file__).resolve().parent.parent
TOOLS = TOP / "build-release" / "bench"


class Suite:
    """What does not differ. Names of services are relative to the scan
    directory, where the clients are run."""

    name = None  # on the command line and in results
    label = None  # in tables
    capacity = None  # how many services it takes; None: no limit of its own
    has_clients = False
    finds_new = False  # whether it starts what is linked in while it runs

    def __init__(self, bin_dir):
        self.bin_dir = pathlib.Path(bin_dir)
        self.environment = {"PATH": f"{self.bin_dir}:/usr/bin:/bin"}

    def command(self, scan):
        """What supervises the directory `scan`."""
        raise NotImplementedError


class Floor(Suite):
    """No supervisor at all: the same services, started and left alone."""

    name = "floor"
    label = "floor"

    def __init__(self):
        super().__init__(TOOLS)

    def command(self, scan):
        return [self.bin_dir / "floor", scan]


class Daemontools(Suite):
    """Debian's daemontools 0.76, and the clients of all that follow it."""

    name = "daemontools"
    label = "daemontools"
    capacity = 1000  # the table of svscan
    has_clients = True
    finds_new = True

    def __init__(self, bin_dir=None):
        super().__init__(bin_dir or unpacked("daemontools") / "usr" / "bin")

    def command(self, scan):
        return [self.bin_dir / "svscan", scan]

    def down_command(self, name):
        return [self.bin_dir / "svc", "-d", name]

    def up_command(self, name):
        return [self.bin_dir / "svc", "-u", name]

    def status_command(self, names):
        return [self.bin_dir / "svstat", *names]

    def says_up(self, line):
        """Whether this line of the status command shows a running service."""
        return ": up (pid " in line

    def status_pid(self, folder):
        """The pid in supervise/status, which is replaced by a rename."""
        status = (folder / "supervise" / "status").read_bytes()
        return int.from_bytes(status[12:16], "little")


class Holdfast(Daemontools):
    name = "holdfast"
    label = "Holdfast"
    capacity = None

    def __init__(self):
        super().__init__(os.environ.get("HOLDFAST_BIN", TOP / "out" / "bin"))


SUITES = {suite.name: suite for suite in (Floor, Holdfast, Daemontools)}


def unpacked(package):
    """The folder that holds Debian's package, fetched if need be."""
    got = subprocess.run(
        [TOP / "script" / "peers", package],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if got.returncode:
        raise FileNotFoundError(f"no {package} to compare with")
    return pathlib.Path(got.stdout.strip())
