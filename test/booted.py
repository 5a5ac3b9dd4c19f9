"""A scan directory whose svscan has a svscanboot, and scripts in Python."""

import os
import pathlib
import signal
import sys
import textwrap

from proc import parent_of
from support import BIN, Scan, descendants, program_of, wait_until

NOBODY = 65534


class Boot(Scan):
    """A scan directory whose svscan has a svscanboot."""

    def start(self, *arguments, **options):
        return self.start_program(BIN / "svscanboot", self.path, *arguments, **options)

    def svscan(self, besides=0):
        """The pid of svscan, once it is that and isn't the one of before."""

        def look():
            for pid in descendants(self.pid):
                if pid != besides and parent_of(pid) == self.pid:
                    if program_of(pid) == "svscan":
                        return pid
            return None

        return wait_until(look, what="svscan")

    def kill_svscan(self):
        pid = self.svscan()
        os.kill(pid, signal.SIGKILL)
        return pid

    def kept(self, kind="fifo"):
        """How many files of that kind svscanboot keeps."""
        folder = f"/proc/{self.pid}/fd"
        links = []
        for fd in os.listdir(folder):
            try:
                links.append(os.readlink(f"{folder}/{fd}"))
            except FileNotFoundError:
                pass
        if kind == "fifo":
            return sum(link.endswith(("/supervise/pipe", "(deleted)")) for link in links)
        return sum(link.startswith("socket:") for link in links) - 2

    def wait_kept(self, count, kind="fifo"):
        self.wait_until(lambda: self.kept(kind) == count, what=f"{count} {kind}s kept")

    def freeze(self):
        """svscanboot does nothing until it is thawed: no svscan comes back."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self):
        os.kill(self.pid, signal.SIGCONT)


def script(text):
    return f"#!{sys.executable}\n" + textwrap.dedent(text)


def end(*pids):
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not any(map(is_running, pids)), what="the end of them")


def is_running(pid):
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
