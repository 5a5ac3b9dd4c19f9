"""A small Debian to run in a machine, for tests that need its programs."""

import hashlib
import os
import pathlib
import re
import subprocess
import tempfile

import archive
import support
from kernel import Missing

CACHE = support.TOP / ".cache" / "machine"
NEEDED = ("mmdebstrap", "tar2sqfs")


def release():
    """Debian's name for what this machine runs: its packages can be had here."""
    path = pathlib.Path("/etc/os-release")
    text = path.read_text() if path.exists() else ""
    found = re.search(r"^VERSION_CODENAME=(\w+)$", text, re.M)
    if not found or not re.search(r"^ID=debian$", text, re.M):
        raise Missing("this is no Debian")
    return found[1]


def image(packages):
    """A squashfs of Debian with these packages besides; made once, in minutes."""
    name = release()
    key = hashlib.sha256(" ".join(sorted(packages)).encode()).hexdigest()[:12]
    path = CACHE / f"{name}-{key}.squashfs"
    if not path.exists():
        for program in NEEDED:
            if not archive.find_program(program):
                raise Missing(f"there is no {program} here")
        CACHE.mkdir(parents=True, exist_ok=True)
        make(name, packages, path)
    return path


def make(name, packages, path):
    mode = "root" if os.geteuid() == 0 else "unshare"
    strap = ["mmdebstrap", f"--mode={mode}", "--variant=apt", "--quiet"]
    strap += [f"--include={','.join(packages)}", name, "-"]
    with tempfile.TemporaryDirectory(dir=path.parent) as room:
        made = pathlib.Path(room, "image")
        with open(made.with_name("errors"), "w+b") as errors:
            tar = subprocess.Popen(strap, stdout=subprocess.PIPE, stderr=errors)
            # Of what is fast to unpack; the emulated processor does that.
            pack = ["tar2sqfs", "--quiet", "--compressor", "lz4", made]
            packed = subprocess.run(pack, stdin=tar.stdout, stderr=errors, check=False)
            tar.stdout.close()
            if tar.wait() or packed.returncode:
                errors.seek(0)
                said = errors.read().decode(errors="replace").strip()
                raise Missing(f"no Debian can be made here: {said[-400:]}")
        made.rename(path)
