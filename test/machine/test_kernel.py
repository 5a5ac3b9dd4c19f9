"""Other tests of Holdfast, on a kernel without PIDFD_GET_INFO (Linux 6.15 has it).

Debian 12's is one. How an adopted process ended is found out differently there, and
all that stands on it.
"""

import pathlib

import pytest

import support
from machine import of_a_long_test

PACKAGES = ["python3-pytest", "python3-pytest-timeout", "gcc", "libc6-dev"]
# What tests skip without, or not even that.
PACKAGES += ["e2fsprogs", "procps", "strace", "util-linux"]
FOLDERS = ("src", "test", "man", "doc", "dist")
FILES = sorted(
    str(path.relative_to(support.TOP))
    for pattern in ("test/integration/test_contract*.py", "test/fault/test_*.py")
    for path in support.TOP.glob(pattern)
    if path.name != "test_many.py"  # of how long it takes, on a processor that is none
)


def sources():
    paths = [path for folder in FOLDERS for path in (support.TOP / folder).rglob("*")]
    return {
        f"/holdfast/{path.relative_to(support.TOP)}": path.read_bytes()
        for path in [*paths, *support.TOP.glob("*.md"), support.TOP / "meson.build"]
        if path.is_file() and "__pycache__" not in path.parts
    }


@of_a_long_test
@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("name", FILES, ids=lambda name: pathlib.Path(name).stem)
def test_these_hold_on_linux_6_1(machine, name):
    ran = machine.run(
        "uname -r; cd /holdfast; export HOLDFAST_BIN=/command HOME=/root\n"
        f"python3 -m pytest -q --color=no -p no:cacheprovider --timeout=1800 -rfE {name}",
        debian=PACKAGES,
        files=sources(),
        memory_mb=1536,
        limit_s=4 * 3600,
    )
    release = tuple(map(int, ran.said[0].split(".")[:2]))
    if release >= (6, 15):
        pytest.skip(f"Debian's kernel here is {ran.said[0]}")
