"""readproctitle(8): what ps(1) gets to see."""

import os
import pathlib
import subprocess

from support import BIN, wait_until


def start(programs, length):
    return programs.start(
        BIN / "readproctitle",
        "service",
        "errors:",
        "x" * length,
        stdin=subprocess.PIPE,
    )


def title(process):
    line = pathlib.Path("/proc", str(process.pid), "cmdline").read_bytes()
    arguments = line.split(b"\0")
    if len(arguments) < 4:
        return b""  # not quite started
    assert arguments[1:3] == [b"service", b"errors:"]
    return arguments[3]


def show(process, data):
    os.write(process.stdin.fileno(), data)


def test_argument_turns_into_dots(programs):
    process = start(programs, 20)
    wait_until(lambda: title(process) == b"." * 20)


def test_latest_bytes_stand_at_the_end(programs):
    """Source: the 0.76 specification, 7.2; NUL bytes are left out."""
    process = start(programs, 10)
    show(process, b"ABCDEFG\0HI\nJ")
    wait_until(lambda: title(process) == b"...EFGHI\nJ")
    show(process, b"\0" * 5000)
    show(process, b"K")
    wait_until(lambda: title(process) == b"...FGHI\nJK")


def test_shortest_title_shows_two_bytes(programs):
    process = start(programs, 5)
    show(process, b"abc")
    wait_until(lambda: title(process) == b"...bc")


def test_much_input_at_once_shows_its_end(programs):
    process = start(programs, 400)
    lines = b"".join(b"line %d\n" % number for number in range(20000))
    process.stdin.write(lines)
    process.stdin.flush()
    wait_until(lambda: title(process) == b"..." + lines[-397:])
    process.stdin.close()
    assert process.wait(timeout=120) == 0
