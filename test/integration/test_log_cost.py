"""What a line costs, in what doesn't depend on the machine's mood: instructions
and system calls. Bounds are about twice of what was measured."""

import os
import random
import re
import shutil
import subprocess

import pytest

import support
from support import BIN

LINES = 20000


def text(labels=False):
    generator = random.Random(1)
    label = b"@4000000067000000%08x " if labels else b""
    return b"".join(
        (label % i if labels else b"") + b"x" * generator.randrange(39, 300) + b"\n"
        for i in range(LINES)
    )


@pytest.fixture(autouse=True)
def only_release_programs():
    if support.SANITIZER_REPORTS:
        pytest.skip("sanitizers have costs of their own")


def instructions(tmp_path, argv, data):
    out = tmp_path / "callgrind"
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *argv],
        cwd=tmp_path, input=data, capture_output=True, timeout=120,
    )
    if done.returncode != 0:
        pytest.skip(f"valgrind can't run this: {done.stderr[-200:]}")
    return int(re.search(r"^summary: (\d+)", out.read_text(), re.M)[1])


@pytest.mark.parametrize(
    "argv, labels, limit",
    [
        (["multilog", "t", "s16777215", "./log"], False, 900),
        (["multilog", "s16777215", "./log"], False, 700),
        (["multilog", "-*", "+*ERROR*", "s16777215", "./log"], False, 1500),
        (["tai64n"], False, 800),
        (["tai64nlocal"], True, 1200),
    ],
    ids=["stamped", "plain", "selected", "tai64n", "tai64nlocal"],
)
def test_instructions_of_a_line(argv, labels, limit, tmp_path, capsys):
    if not shutil.which("valgrind"):
        pytest.skip("needs valgrind")
    argv = [BIN / argv[0], *argv[1:]]
    none = instructions(tmp_path, argv, b"")
    some = instructions(tmp_path, argv, text(labels))
    cost = (some - none) / LINES
    with capsys.disabled():
        print(f"\n{cost:.0f} instructions a line")
    assert cost < limit


def test_system_calls_of_a_megabyte(tmp_path, capsys):
    """From a pipe that is full when it is read."""
    if not shutil.which("strace"):
        pytest.skip("needs strace")
    data = text()
    read_fd, write_fd = os.pipe()
    trace = tmp_path / "trace"
    log = subprocess.Popen(
        ["strace", "-qq", "-o", trace, BIN / "multilog", "t", "s16777215", "./log"],
        cwd=tmp_path, stdin=read_fd, stderr=subprocess.PIPE,
    )
    os.close(read_fd)
    try:
        os.write(write_fd, data)
    except BrokenPipeError:
        pytest.skip(f"strace can't trace here: {log.stderr.read()}")
    finally:
        os.close(write_fd)
        log.stderr.close()
        assert log.wait(timeout=60) == 0
    calls = len(trace.read_text().splitlines())
    with capsys.disabled():
        print(f"\n{calls / len(data) * 1e6:.0f} system calls a MB")
    # At best 16 batches, of 64 KiB; the writer isn't always that quick.
    assert calls < len(data) / 1e6 * 300
