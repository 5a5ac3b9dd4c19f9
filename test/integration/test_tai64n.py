"""tai64n(8): when a line appears, and with which label."""

import os
import random
import re
import subprocess
import time

from support import BIN

STAMP = re.compile(rb"@([0-9a-f]{16})([0-9a-f]{8}) ")
EPOCH = 2**62 + 10


def start(programs):
    return programs.start(
        BIN / "tai64n", stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def read_exactly(process, count):
    got = b""
    while len(got) < count:
        more = os.read(process.stdout.fileno(), count - len(got))
        assert more
        got += more
    return got


def moment(stamp):
    """Nanoseconds since 1970."""
    match = STAMP.fullmatch(stamp)
    return (int(match[1], 16) - EPOCH) * 10**9 + int(match[2], 16)


def test_partial_line_is_not_delayed(programs):
    process = start(programs)
    os.write(process.stdin.fileno(), b"par")
    assert read_exactly(process, 29)[26:] == b"par"
    os.write(process.stdin.fileno(), b"tial")
    assert read_exactly(process, 4) == b"tial"
    os.write(process.stdin.fileno(), b"\nx")
    assert read_exactly(process, 1) == b"\n"
    assert read_exactly(process, 27)[26:] == b"x"


def test_label_is_the_time_of_the_first_byte(programs):
    process = start(programs)
    before = time.time_ns()
    os.write(process.stdin.fileno(), b"a")
    stamp = read_exactly(process, 27)[:26]
    after = time.time_ns()
    assert before <= moment(stamp) <= after
    os.write(process.stdin.fileno(), b"b\n")
    assert read_exactly(process, 2) == b"b\n"


def test_every_line_is_stamped_whatever_its_length():
    chance = random.Random(1)
    lines = [
        bytes(chance.choices(b"ab\0\xff@ ", k=chance.choice((0, 1, 80, 70000))))
        for _ in range(100)
    ]
    run = subprocess.run(
        [BIN / "tai64n"],
        input=b"\n".join(lines + [b""]),
        capture_output=True,
        timeout=60,
    )
    assert run.stdout.endswith(b"\n")
    for got, wanted in zip(run.stdout[:-1].split(b"\n"), lines, strict=True):
        assert STAMP.match(got)
        assert got[26:] == wanted


def test_labels_never_go_back(programs):
    run = subprocess.run(
        [BIN / "tai64n"], input=b"\n" * 100000, capture_output=True, timeout=60
    )
    stamps = run.stdout.splitlines()
    assert len(stamps) == 100000
    assert stamps == sorted(stamps)


def test_descriptors_that_do_not_block_are_waited_for(programs):
    """What a pipe becomes when a process that shares it wants it so."""
    in_read, in_write = os.pipe()
    out_read, out_write = os.pipe()
    os.set_blocking(in_read, False)
    os.set_blocking(out_write, False)
    process = programs.start(BIN / "tai64n", stdin=in_read, stdout=out_write)
    os.close(in_read)
    os.close(out_write)
    with open(in_write, "wb") as given, open(out_read, "rb") as shown:
        given.write(b"x" * 50000 + b"\n")
        given.flush()
        given.write(b"y" * 50000)
        given.close()
        got = shown.read()
    assert process.wait(timeout=120) == 0
    assert len(got) == 2 * (26 + 50000) + 1
