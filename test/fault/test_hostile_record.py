"""supervise/state with a value that nobody wrote, in each of its keys in turn.

A svscan is killed over two services for each key; of one the process is killed
besides. The next svscan adopts the first and starts the second, as it does with
a record that is whole; whoever shows services shows them; and nobody crashes.
"""

import json
import os
import re
import subprocess
import time

import pytest

from damages import scan  # noqa: F401
from faults import LONG
from hostile import kill, processes_by_directory
from support import BIN, TOP, wait_until

LARGE = 9223372036854775807


def keys():
    """Those of `fields` in state.c, and those of era.h among them."""
    text = (TOP / "src" / "service" / "state.c").read_text()
    table = text[text.index("fields[] = {") : text.index("RECORD_END")]
    found = re.findall(r'(?:NUMBER|FLAG|TEXT)\("([a-z-]+)"', table)
    text = (TOP / "src" / "service" / "era.h").read_text()
    return found + re.findall(r'RECORD_(?:NUMBER|TEXT), "([a-z-]+)"', text)


def given(value):
    """That value, whatever was there."""

    def change(record, key):
        return re.sub(rb"(?m)^%b=.*$" % key, lambda _: key + b"=" + value, record)

    return change


def missing(record, key):
    return re.sub(rb"(?m)^%b=.*\n" % key, b"", record)


def doubled(record, key):
    """A second one, which says something else. That it started then would be about
    another process, and so that this one has ended."""
    return record + key + (b"=-7\n" if key == b"pid-start" else b"=7\n")


def cut(record, key):
    """The record ends within it."""
    return record[: record.index(b"\n" + key if key != b"holdfast" else key) + 3]


def among_unknown(record, key):
    """With a later version's keys around it."""
    line = re.search(rb"(?m)^%b=.*\n" % key, record).group()
    strange = b"colour=blue\n=\n\n==\n%b\n%bs=1\n" % (key, key)
    later = record.replace(b"holdfast=1\n", b"holdfast=2\n", 1)
    return later.replace(line, line + strange, 1)


CHANGES = {
    "empty": given(b""),
    "minus": given(b"-1"),
    "zero": given(b"0"),
    "largest": given(b"%d" % LARGE),
    "smallest": given(b"%d" % (-LARGE - 1)),
    "endless": given(b"9" * 40),
    "word": given(b"up and down"),
    "huge": given(b"x" * 4000),
    "nul": given(b"1\0" + b"2"),
    "terminal": given(b"\x1b[2J\x07\xff%s%n\r"),
    "missing": missing,
    "doubled": doubled,
    "cut": cut,
    "unknown": among_unknown,
}

SHORT = ["minus", "largest", "word", "terminal", "doubled", "unknown"]


class Record:
    """A service whose record is changed; who is named for the key."""

    def __init__(self, scan, key, dies):
        self.key = key.encode()
        self.name = f"{key}-{'dead' if dies else 'alive'}"
        self.dies = dies
        self.is_signalled = False
        self.dir = scan.add(self.name)
        info = os.stat(self.dir)
        self.inode = info.st_dev, info.st_ino
        self.state = self.dir / "supervise" / "state"

    def pids(self, found):
        pids = found.get(self.inode, [])
        assert len(pids) < 2, f"copies of {self.name}: {pids}"
        return pids

    def damage(self, change):
        text = change(self.state.read_bytes(), self.key)
        # What is due is sent, and few processes outlive a signal.
        self.is_signalled = bool(re.search(rb"(?m)^signal-due=(-1|7)$", text))
        self.state.with_name("state.test").write_bytes(text)
        self.state.with_name("state.test").rename(self.state)

    def is_well(self, found):
        """As it was, or up again; and on record."""
        pids = self.pids(found)
        try:
            lines = self.state.read_text().splitlines()
        except UnicodeDecodeError:
            return False
        if not pids:
            return False
        is_right = self.is_signalled or (pids[0] != self.pid) == self.dies
        return is_right and lines[0] == "holdfast=1" and f"pid={pids[0]}" in lines


def await_all_well(records, limit_s=120):
    deadline = time.monotonic() + limit_s
    while strange := unwell(records):
        assert time.monotonic() < deadline, strange
        time.sleep(0.05)


def running(records):
    found = processes_by_directory()
    return [record.pids(found) for record in records]


def unwell(records):
    found = processes_by_directory()
    return [record.name for record in records if not record.is_well(found)]


def show(scan, records):
    """Clients show all services, and nothing but text."""
    names = [record.name for record in records]
    lines = scan.client("svstat", *names).splitlines()
    assert [line.partition(": ")[0] for line in lines] == names
    for argv in (["-d", "."], ["-d", ".", "status", "--json"], ["status", *names]):
        done = subprocess.run(
            [BIN / "sv", *argv], cwd=scan.path, capture_output=True, timeout=60
        )
        assert 0 <= done.returncode <= 111, done  # not by a signal
        text = done.stdout.decode()  # UTF-8, or it isn't text
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text), repr(text)
        if "--json" in argv:
            shown = [json.loads(line) for line in text.splitlines()]
            assert {one["service"] for one in shown} >= set(names), text[:500]


@pytest.mark.parametrize("change", CHANGES if LONG else SHORT)
def test_a_value_that_nobody_wrote(change, scan):
    records = [Record(scan, key, dies) for key in keys() for dies in (False, True)]
    scan.add("bystander")
    scan.start()

    wait_until(lambda: all(running(records)), 60, "all up")
    scan.check_engine()
    found = processes_by_directory()
    for record in records:
        record.pid = record.pids(found)[0]
    scan.kill()
    for record in records:
        record.damage(CHANGES[change])
        if record.dies:
            kill(record.pid)
    show(scan, records)
    scan.start()
    await_all_well(records)
    scan.check_engine()
    for record in records:  # and while it runs, too
        record.damage(CHANGES[change])
    show(scan, records)
    scan.svc("d", *(record.name for record in records))
    wait_until(lambda: not any(running(records)), what="all down")
    scan.check_engine_alive()
    scan.stop()
