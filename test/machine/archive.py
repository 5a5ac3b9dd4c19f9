"""An archive that a kernel unpacks in memory at its start, and what goes into it."""

import os
import pathlib
import re
import shutil
import stat
import subprocess

# Where programs are, also for users who don't administer.
FOLDERS = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"


def find_program(name):
    """Where this machine has it; None if it doesn't."""
    return shutil.which(name, path=FOLDERS)


def libraries(path):
    """What a program needs in order to start; nothing of a static one."""
    said = subprocess.run(["ldd", path], capture_output=True, text=True, check=False)
    if said.returncode:
        return []
    return re.findall(r"(?:^|=>)\s+(/\S+) \(0x", said.stdout, re.M)


class Archive:
    """Names with what they hold, as cpio's "newc"; who makes it needn't be root."""

    def __init__(self):
        self.names = {}

    def add(self, name, mode, data=b"", device=(0, 0)):
        """A name with whatever its mode says it is; folders above it come along."""
        name = name.strip("/")
        above = str(pathlib.PurePosixPath(name).parent)
        if above != "." and above not in self.names:
            self.add(above, stat.S_IFDIR | 0o755)
        self.names[name] = (mode, data, device)

    def add_folder(self, name, mode=0o755):
        self.add(name, stat.S_IFDIR | mode)

    def add_device(self, name, major, minor):
        self.add(name, stat.S_IFCHR | 0o600, device=(major, minor))

    def add_link(self, name, target):
        self.add(name, stat.S_IFLNK | 0o777, target.encode())

    def add_file(self, name, data, mode=None):
        """Text or bytes; what begins as a script does can be run."""
        data = data.encode() if isinstance(data, str) else data
        if mode is None:
            mode = 0o755 if data.startswith(b"#!") else 0o644
        self.add(name, stat.S_IFREG | mode, data)

    def add_program(self, name, path):
        """A program of this machine, and the libraries that it needs."""
        self.add_file(name, pathlib.Path(path).read_bytes(), 0o755)
        for library in libraries(path):
            self.add_file(library, pathlib.Path(library).read_bytes(), 0o755)

    def add_list(self, name, folders):
        """A file that names all files that are in these folders up to now."""
        above = tuple(f"{folder}/" for folder in folders)
        lines = [
            f"{found}\n"
            for found, (mode, *_) in self.names.items()
            if f"{found}/".startswith(above) and not stat.S_ISDIR(mode)
        ]
        self.add_file(name, "".join(lines))

    def write(self, path):
        with open(path, "wb") as out:
            for number, (name, what) in enumerate(self.names.items(), 1):
                write_entry(out, number, name, *what)
            write_entry(out, 0, "TRAILER!!!", 0, b"", (0, 0))


def write_entry(out, number, name, mode, data, device):
    fields = [number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name) + 1, 0]
    head = "070701" + "".join(f"{field:08x}" for field in fields)
    for part in (f"{head}{name}\0".encode(), data):
        out.write(part + bytes(-len(part) % 4))
