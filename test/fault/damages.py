"""What can happen to a file, and the files elsewhere that nobody may touch."""

import errno
import hashlib
import os
import shutil
import socket
import subprocess

import pytest

from hostile import Scan

IS_ROOT = os.getuid() == 0


class Outside:
    """Files that links lead to, and that nobody may touch."""

    def __init__(self, folder):
        self.dir = folder
        self.dir.mkdir()
        self.file = folder / "file"
        self.file.write_bytes(b"precious\n")
        self.missing = folder / "missing"
        self.before = self.looks()

    def looks(self):
        found = {}
        for path in sorted(self.dir.rglob("*")):
            info = path.lstat()
            text = path.read_bytes() if path.is_file() else b""
            # A hard link more is what the test itself does.
            found[path] = (hashlib.sha256(text).digest(), info.st_mode, info.st_mtime_ns)
        return found

    def check(self):
        now = self.looks()
        touched = [p for p in now.keys() | self.before.keys() if now.get(p) != self.before.get(p)]
        assert not touched


def remove(path):
    """The engine may be writing into it."""
    while path.is_dir() and not path.is_symlink():
        try:
            shutil.rmtree(path)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.ENOENT):
                raise
    path.unlink(missing_ok=True)


def truncate(path, outside):
    if path.is_file() or not path.exists():
        path.write_bytes(b"")


def fill_with_noise(path, outside):
    remove(path)
    path.write_bytes(bytes(range(256)) * 16)


def make_sparse(path, outside):
    remove(path)
    with open(path, "wb") as file:
        file.truncate(1 << 30)


def delete(path, outside):
    remove(path)


def make_directory(path, outside):
    remove(path)
    path.mkdir()
    (path / "inside").mkdir()


def link_to_file(path, outside):
    remove(path)
    path.symlink_to(outside.file)


def link_to_folder(path, outside):
    remove(path)
    path.symlink_to(outside.dir)


def link_to_nothing(path, outside):
    remove(path)
    path.symlink_to(outside.missing)


def link_hard(path, outside):
    remove(path)
    os.link(outside.file, path)


def loop_of_links(path, outside):
    remove(path)
    path.symlink_to(path.name)


def make_fifo(path, outside):
    remove(path)
    os.mkfifo(path)


def make_socket(path, outside):
    remove(path)
    with socket.socket(socket.AF_UNIX) as made:
        here = os.getcwd()
        os.chdir(path.parent)  # a socket's name can't be long
        try:
            made.bind(path.name)
        finally:
            os.chdir(here)


def make_device(path, outside):
    remove(path)
    os.mknod(path, 0o20666, os.makedev(1, 7))  # full: writing fails


def make_immutable(path, outside):
    if path.is_file():
        subprocess.run(["chattr", "+i", path], check=True)


DAMAGES = [
    delete,
    truncate,
    fill_with_noise,
    make_sparse,
    make_directory,
    link_to_file,
    link_to_folder,
    link_to_nothing,
    link_hard,
    loop_of_links,
    make_fifo,
    make_socket,
    make_device,
    make_immutable,
]


def can_be_immutable(folder):
    probe = folder / "probe"
    probe.write_bytes(b"")
    result = subprocess.run(["chattr", "+i", probe], capture_output=True, check=False)
    subprocess.run(["chattr", "-i", probe], capture_output=True, check=False)
    return result.returncode == 0


def kind(path):
    """What a name stands for; None for nothing."""
    try:
        info = path.lstat()
    except OSError:
        return None
    return info.st_dev, info.st_ino, info.st_mode


class Damages:
    """What was done to which files, and how to undo it."""

    def __init__(self, damage, outside):
        self.damage = damage
        self.outside = outside
        self.done = {}

    def do(self, path):
        before = kind(path)
        self.damage(path, self.outside)
        after = kind(path)
        self.done[path] = None if after == before else after
        self.outside.before = self.outside.looks()

    def undo(self):
        """What was put in a file's place goes, unless the engine saw to it."""
        for path, after in self.done.items():
            wanted = path.is_fifo() and path.name in ("control", "ok", "pipe", "ready")
            wanted |= (path / "supervise").is_dir()
            if after is not None and kind(path) == after and not wanted:
                remove(path)
        folders = {path.parent for path in self.done} if IS_ROOT else set()
        for folder in folders:
            make_mutable(folder)


def make_mutable(folder):
    subprocess.run(["chattr", "-R", "-i", folder], capture_output=True, check=False)


@pytest.fixture
def scan(tmp_path, programs):
    made = Scan(programs, tmp_path / "scan")
    yield made
    # Whatever happened, it must be possible to remove it.
    make_mutable(tmp_path)
    subprocess.run(["chmod", "-R", "u+rwX", tmp_path], capture_output=True, check=False)


@pytest.fixture
def outside(tmp_path):
    made = Outside(tmp_path / "outside")
    yield made
    made.check()


def need(damage, tmp_path):
    if damage is make_device and not IS_ROOT:
        pytest.skip("only root makes devices")
    if damage is make_immutable and not can_be_immutable(tmp_path):
        pytest.skip("files can't be made immutable here")
