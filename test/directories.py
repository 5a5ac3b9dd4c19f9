"""What our library reads of service directories; see directories.c."""

import atexit
import functools
import pathlib
import shutil
import subprocess
import sys
import tempfile

import support

SOURCES = support.TOP / "src"


@functools.cache
def reader():
    """The program, made once."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-directories-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    sources = sorted((SOURCES / "service").glob("*.c"))
    twin = "_portable" if sys.platform == "linux" else "_linux"
    for path in (SOURCES / "base").glob("*.c"):
        if not path.stem.endswith(twin):
            sources.append(path)
    flags = ["-std=c17", "-D_GNU_SOURCE", '-DHOLDFAST_VERSION="0"', '-DHOLDFAST_SCANDIR="/service"', f"-I{SOURCES}"]
    main = support.TOP / "test" / "directories.c"
    program = folder / "directories"
    argv = ["cc", *flags, "-o", program, main, *sources]
    subprocess.run([str(arg) for arg in argv], check=True)
    return program


def call(*argv):
    """What the program says, as lines."""
    done = subprocess.run(
        [str(arg) for arg in (reader(), *argv)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def read_configs(paths):
    """{path: (how its dialect is explained, [trouble])}"""
    found = []
    for line in call("config", *paths):
        if line.startswith("\t"):
            found[-1][1].append(line[1:])
        else:
            found.append((line, []))
    return dict(zip(paths, found, strict=True))
