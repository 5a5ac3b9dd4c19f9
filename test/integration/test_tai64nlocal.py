"""tai64nlocal(8): which labels become times, which times, and when."""

import os
import random
import re
import subprocess
import time

import pytest

from support import BIN

EPOCH = 2**62 + 10
# Two zones as POSIX writes them, so that no zone files are needed.
CENTRAL_EUROPE = "CET-1CEST,M3.5.0,M10.5.0/3"
LORD_HOWE = "LHST-10:30LHDT-11,M10.1.0,M4.1.0"
LABEL = re.compile(rb"^@([0-9a-f]{16})([0-9a-f]{8})(?![0-9a-f])", re.MULTILINE)


def label(second, nanosecond=0):
    return b"@%016x%08x" % ((second + EPOCH) % 2**64, nanosecond)


def translate(data, zone="UTC", **options):
    run = subprocess.run(
        [BIN / "tai64nlocal"],
        input=data,
        env={"TZ": zone},
        capture_output=True,
        timeout=60,
        **options,
    )
    assert (run.returncode, run.stderr) == (0, b"")
    return run.stdout


@pytest.fixture
def in_zone(monkeypatch):
    """Sets the zone of this process, whose libc is the judge."""

    def set_zone(zone):
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield set_zone
    monkeypatch.undo()
    time.tzset()


def local(second, nanosecond=0):
    when = time.strftime("%m-%d %H:%M:%S", time.localtime(second))
    year = time.localtime(second).tm_year
    return f"{year}-{when}.{nanosecond:09}".encode()


@pytest.mark.parametrize("zone", [CENTRAL_EUROPE, LORD_HOWE])
def test_hours_change_at_the_right_second(in_zone, zone):
    """Every change of two years, a second either side of it, back and forth."""
    in_zone(zone)
    start = 1735689600  # 2025-01-01
    offsets = [
        (second, time.localtime(second).tm_gmtoff)
        for second in range(start, start + 730 * 86400, 900)
    ]
    changes = [
        now
        for (_, before), (now, after) in zip(offsets, offsets[1:])
        if before != after
    ]
    assert len(changes) == 4
    seconds = []
    for change in changes:
        seconds += [change - 1, change, change - 1, change + 1, change, change]
    data = b"".join(label(second, 5) + b" x\n" for second in seconds)
    wanted = b"".join(local(second, 5) + b" x\n" for second in seconds)
    assert translate(data, zone) == wanted


def test_many_lines_in_and_out_of_order(in_zone):
    """Since 1970: before that, libcs apply a rule like this differently."""
    in_zone(CENTRAL_EUROPE)
    chance = random.Random(2)
    moments = [
        (chance.randrange(2**33), chance.randrange(10**9))
        for _ in range(2000)
    ]
    moments += [(moments[0][0] + n // 100, n) for n in range(2000)]
    data = b"".join(label(*moment) + b"\n" for moment in moments)
    assert translate(data, CENTRAL_EUROPE) == b"".join(
        local(*moment) + b"\n" for moment in moments
    )


@pytest.mark.parametrize(
    "second, text",
    [
        (-62135596800, b"1-01-01 00:00:00"),
        (-12219292800, b"1582-10-15 00:00:00"),
        (-1, b"1969-12-31 23:59:59"),
        (2**31, b"2038-01-19 03:14:08"),
        (4294967296, b"2106-02-07 06:28:16"),
        (253402300799, b"9999-12-31 23:59:59"),
        (253402300800, b"10000-01-01 00:00:00"),
    ],
)
def test_years_of_any_length(second, text):
    assert translate(label(second, 7) + b" z") == text + b".000000007 z"


@pytest.mark.parametrize(
    "line",
    [
        label(2**62 - 11),
        label(-(2**62) - 10),
        b"@" + b"f" * 24,
        b"@8" + b"0" * 23,
    ],
)
def test_times_without_a_date_are_copied(line):
    """Their year has no room in a calendar; the next line is as ever."""
    data = line + b" x\n" + label(0) + b" y\n"
    wanted = line + b" x\n1970-01-01 00:00:00.000000000 y\n"
    assert translate(data) == wanted


def model(data):
    def shown(match):
        second = int(match[1], 16) - EPOCH
        return local(second, int(match[2], 16))

    return LABEL.sub(shown, data)


def almost_labels(chance):
    """Lines that are labels, or would be but for a byte or two."""
    line = bytearray(label(chance.randrange(2**32), chance.randrange(10**9)))
    line = line[: chance.randrange(20, 26)]
    line += bytes(chance.choices(b"0fgA@ \0\xff", k=chance.randrange(4)))
    for _ in range(chance.randrange(2)):
        line[chance.randrange(len(line))] = chance.choice(b"0afAFg@ \n\0\xff")
    return bytes(line)


def test_only_exact_labels_are_translated(in_zone):
    in_zone("UTC")
    chance = random.Random(3)
    lines = [almost_labels(chance) for _ in range(5000)]
    # Those whose first digits were changed lie millions of years away.
    usual = (b"40000000", b"40000001")
    lines = [
        line
        for line in lines
        if not LABEL.match(line) or line[1:9] in usual
    ]
    data = b"\n".join(lines)
    assert sum(1 for _ in LABEL.finditer(data)) > 100
    assert translate(data) == model(data)


def start(programs):
    return programs.start(
        BIN / "tai64nlocal",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"TZ": "UTC"},
    )


def read_exactly(process, count):
    got = b""
    while len(got) < count:
        more = os.read(process.stdout.fileno(), count - len(got))
        assert more
        got += more
    return got


def test_partial_lines_are_not_delayed(programs):
    process = start(programs)
    steps = [
        (b"par", b"par"),
        (b"tial @40\n", b"tial @40\n"),
        # As soon as it can be no label, what was held back is let go.
        (b"@40", b""),
        (b"0x", b"@400x"),
        (b"\n" + label(0), b"\n"),
        (b" ", b"1970-01-01 00:00:00.000000000 "),
        (b"x\n@\n", b"x\n@\n"),
    ]
    for given, shown in steps:
        os.write(process.stdin.fileno(), given)
        assert read_exactly(process, len(shown)) == shown


def test_labels_may_arrive_in_pieces(programs):
    process = start(programs)
    for _ in range(3):
        for byte in label(1, 2):
            os.write(process.stdin.fileno(), bytes([byte]))
        os.write(process.stdin.fileno(), b"\n")
        wanted = b"1970-01-01 00:00:01.000000002\n"
        assert read_exactly(process, len(wanted)) == wanted


@pytest.mark.parametrize("count", range(1, 25))
def test_part_of_a_label_at_the_end_is_kept(count):
    assert translate(b"a\n" + label(0)[:count]) == b"a\n" + label(0)[:count]


@pytest.mark.skipif(
    not os.path.exists("/usr/share/zoneinfo/EST5EDT"), reason="no zone files"
)
@pytest.mark.parametrize("zone", ["EST5EDT", ":EST5EDT", "MST7MDT", "Etc/GMT+5"])
def test_named_zone_with_a_digit_is_no_rule(in_zone, zone):
    """musl took EST5EDT for a rule without dates: summer time in winter."""
    in_zone(zone)
    for second in (1_700_000_000, 1_720_000_000):  # a winter and a summer
        assert translate(label(second), zone) == local(second)
