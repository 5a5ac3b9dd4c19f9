"""What a line costs, in what doesn't depend on the machine's mood: instructions
and system calls. Bounds are about twice of what was measured."""

import fcntl
import os
import pathlib
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
    """Of a pipe that holds all before it is read: each batch is as large as it
    gets, however the machine schedules."""
    if not shutil.which("strace"):
        pytest.skip("needs strace")
    data = text()[:1000000]
    read_fd, write_fd = os.pipe()
    if fcntl.fcntl(write_fd, fcntl.F_SETPIPE_SZ, 1 << 20) < len(data):
        pytest.skip("needs a pipe of a megabyte")
    os.write(write_fd, data)
    os.close(write_fd)
    trace = tmp_path / "trace"
    done = subprocess.run(
        ["strace", "-qq", "-o", trace, BIN / "multilog", "t", "s16777215", "./log"],
        cwd=tmp_path, stdin=read_fd, capture_output=True, timeout=60,
    )
    os.close(read_fd)
    if done.returncode != 0:
        pytest.skip(f"strace can't trace here: {done.stderr}")
    names = [line.split("(")[0] for line in trace.read_text().splitlines()]
    calls = sum(names[names.index("tee") :].count(name) for name in set(names))
    with capsys.disabled():
        print(f"\n{calls} system calls for a MB, ends included")
    # Four batches of five calls; then the rest, the end and the closing.
    assert calls < 60


def test_a_busy_pipe_is_made_larger(tmp_path, programs):
    read_fd, write_fd = os.pipe()
    log = programs.start(BIN / "multilog", "./log", cwd=tmp_path, stdin=read_fd)
    before = fcntl.fcntl(write_fd, fcntl.F_GETPIPE_SZ)
    os.write(write_fd, b"a line\n")
    current = tmp_path / "log" / "current"
    support.wait_until(lambda: current.exists() and current.stat().st_size == 7)
    assert fcntl.fcntl(write_fd, fcntl.F_GETPIPE_SZ) == before
    for _ in range(3):
        os.write(write_fd, b"x" * 65000 + b"\n")
    os.close(write_fd)
    assert log.wait(timeout=120) == 0
    assert fcntl.fcntl(read_fd, fcntl.F_GETPIPE_SZ) == 512 * 1024
    os.close(read_fd)


def private_kib(pid):
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Anonymous: +(\d+)", rollup, re.M)[1])


def test_memory_is_small_and_given_back_after_a_burst(tmp_path, programs, capsys):
    read_fd, write_fd = os.pipe()
    with os.fdopen(write_fd, "wb", buffering=0) as pipe:
        argv = [BIN / "multilog", "t", "s16777215", "./log"]
        log = programs.start(*argv, cwd=tmp_path, stdin=read_fd)
        os.close(read_fd)
        current = tmp_path / "log" / "current"
        pipe.write(b"a line\n")
        support.wait_until(lambda: current.exists() and current.stat().st_size)
        idle_kib = private_kib(log.pid)
        for _ in range(10):
            pipe.write((b"x" * 99 + b"\n") * 10000)
        support.wait_until(lambda: current.stat().st_size == 33 + 10 * 1260000)
        support.wait_until(lambda: private_kib(log.pid) < 2 * idle_kib)
    with capsys.disabled():
        print(f"\n{idle_kib} KiB when idle")
    assert idle_kib <= 48
