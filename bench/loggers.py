"""The loggers and filters that are compared, and how each is told what to do.

A task is what one of them is put to: "stamped", "selected" (lines with ERROR
only), "plain", "tai64n" or "tai64nlocal". What cannot do a task has no
command for it, and is left out there.
"""

import os
import pathlib

import peers

FILE_BYTES = 16777215  # the largest of multilog's; the others are told the same
FILE_COUNT = 1000  # old files enough to keep all


class Logger:
    """Runs in a folder of its own; writes to the folder `log` in there."""

    name = None
    label = None

    def prepare(self, folder, task):
        """Makes what it wants to find."""

    def command(self, task):
        """The argv for a task; None if it has no way to do that."""
        raise NotImplementedError

    def environment(self):
        return {"PATH": "/usr/bin:/bin", "TZ": "Europe/Berlin"}


class Cat(Logger):
    """The floor: the bytes to one file, and nothing else."""

    name = "cat"
    label = "cat >file"

    def command(self, task):
        script = "mkdir log && exec cat >log/current"
        return ["/bin/sh", "-c", script] if task == "plain" else None


class Multilog(Logger):
    """Any program that speaks multilog's language, and its two filters."""

    def __init__(self, bin_dir):
        self.bin_dir = pathlib.Path(bin_dir)

    def command(self, task):
        actions = {"stamped": ["t"], "selected": ["-*", "+*ERROR*"], "plain": []}
        if task not in actions:
            return [str(self.bin_dir / task)]
        sizes = [f"s{FILE_BYTES}", f"n{FILE_COUNT}"]
        return [str(self.bin_dir / "multilog"), *actions[task], *sizes, "./log"]


class Holdfast(Multilog):
    name = "holdfast"
    label = "Holdfast"

    def __init__(self):
        super().__init__(os.environ.get("HOLDFAST_BIN", peers.TOP / "out" / "bin"))


class Daemontools(Multilog):
    name = "daemontools"
    label = "daemontools"

    def __init__(self):
        super().__init__(peers.unpacked("daemontools") / "usr" / "bin")


class Svlogd(Logger):
    """runit's; what it can't be told as an argument is in `config`."""

    name = "svlogd"
    label = "svlogd"

    def __init__(self):
        self.argv = [str(peers.unpacked("runit") / "usr" / "bin" / "svlogd")]

    def prepare(self, folder, task):
        (folder / "log").mkdir()
        lines = [f"s{FILE_BYTES}", f"n{FILE_COUNT}"]
        if task == "selected":
            lines += ["-*", "+*ERROR*"]
        (folder / "log" / "config").write_text("\n".join(lines) + "\n")

    def command(self, task):
        options = {"stamped": ["-t"], "selected": [], "plain": []}
        if task not in options:
            return None
        return [*self.argv, *options[task], "./log"]


class Busybox(Svlogd):
    """The svlogd of a busybox named by $HOLDFAST_BUSYBOX: Debian's has none."""

    name = "busybox"
    label = "busybox"

    def __init__(self):
        path = os.environ.get("HOLDFAST_BUSYBOX")
        if not path or not os.access(path, os.X_OK):
            raise FileNotFoundError("no busybox: HOLDFAST_BUSYBOX names none")
        self.argv = [path, "svlogd"]


class S6Log(Logger):
    name = "s6"
    label = "s6-log"

    LIBRARIES = ("libskarnet2.13", "libs6-2.11", "libexecline2.9")

    def __init__(self):
        self.bin_dir = peers.unpacked("s6") / "usr" / "bin"
        found = [peers.unpacked(library) for library in self.LIBRARIES]
        folders = {path.parent for tree in found for path in tree.rglob("*.so.*")}
        self.library_path = ":".join(sorted(map(str, folders)))

    def environment(self):
        return super().environment() | {"LD_LIBRARY_PATH": self.library_path}

    def command(self, task):
        actions = {"stamped": ["t"], "selected": ["-", "+ERROR"], "plain": []}
        if task not in actions:
            return [str(self.bin_dir / f"s6-{task}")]
        sizes = [f"s{FILE_BYTES}", f"n{FILE_COUNT}"]
        return [str(self.bin_dir / "s6-log"), *sizes, *actions[task], "./log"]


LOGGERS = {one.name: one for one in (Cat, Holdfast, Daemontools, Svlogd, Busybox, S6Log)}
