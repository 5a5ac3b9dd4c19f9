"""tai64n and tai64nlocal: random streams come out the same."""

import os
import re
import signal
import threading
import time

import campaign
import harness

TAI_OFFSET = (1 << 62) + 10
STAMPS = re.compile(rb"^@([0-9a-f]{16})([0-9a-f]{8}) ", re.M)
ZONES = [
    "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "EST5EDT",
    "<+03>-3", "CET-1CEST,M3.5.0,M10.5.0/3", "right/UTC", ":Asia/Tokyo", "",
]


def words(rng):
    """A few bytes of a line."""
    return rng.choice(
        [b"x", b"hello", b" ", b"@", b"\0", b"\xff\xfe", b"0f", b"AF", b"\r", b"@4"]
    )


def line(rng):
    size = rng.choice([0, 1, 1, 2, 3, 5])
    text = b"".join(words(rng) for _ in range(size))
    if rng.randrange(60) == 0:
        text = (text or b"y") * rng.randrange(3000)
    return text


def stream(rng, line_of=line):
    """A list of lines, so that shrinking drops whole lines."""
    lines = [line_of(rng) + b"\n" for _ in range(rng.choice([0, 1, 2, 3, 8, 30]))]
    if rng.randrange(3) == 0:
        lines.append(line_of(rng))
    return lines


class Feeder(threading.Thread):
    """Writes pieces into a pipe, the next one when the last was taken."""

    def __init__(self, fd, pieces):
        super().__init__()
        self.fd = fd
        self.pieces = pieces
        self.start()

    def run(self):
        try:
            for piece in self.pieces:
                os.write(self.fd, piece)
                time.sleep(0)
        except BrokenPipeError:
            pass
        finally:
            os.close(self.fd)


def filtered(bin_dir, program, case, place, env):
    """The outcome with the stream on a file, or by pieces on a pipe."""
    argv = [program, *case["arguments"]]
    data = b"".join(case["lines"])
    if not case["pieces"]:
        return harness.run(bin_dir, argv, place, env=env, stdin=data)
    pieces, at = [], 0
    for size in case["pieces"]:
        pieces.append(data[at : at + size])
        at += size
    read_end, write_end = os.pipe()
    process = harness.Process(bin_dir, argv, place, env=env, stdin=read_end)
    os.close(read_end)
    feeder = Feeder(write_end, [*pieces, data[at:]])
    outcome = process.finish()
    feeder.join()
    return outcome


def common(rng, line_of=line):
    sizes = [rng.choice([1, 5, 25, 26, 1024, 5000]) for _ in range(rng.randrange(5))]
    return {
        "lines": stream(rng, line_of),
        "arguments": rng.choice([[]] * 5 + [[b"-x"], [b"a", b"b"]]),
        "pieces": rng.choice([[], [], sizes]),
    }


class Tai64n(campaign.Area):
    name = "tai64n"
    programs = ["tai64n"]
    share = 80

    def generate(self, rng):
        return common(rng)

    def execute(self, bin_dir, case, place):
        began = time.time()
        outcome = filtered(bin_dir, b"tai64n", case, place, None)
        ended = time.time()
        # Input lines may look stamped; only the first label is the program's.
        stamps = [
            int(seconds, 16) - TAI_OFFSET + int(nanoseconds, 16) / 1e9
            for seconds, nanoseconds in STAMPS.findall(outcome["stdout"])
        ]
        outcome["plausible"] = stamps == sorted(stamps) and all(
            began - 1e-3 <= stamp <= ended + 1e-3 for stamp in stamps
        )
        outcome["stdout"] = STAMPS.sub(b"@STAMP ", outcome["stdout"])
        return outcome

    def judge(self, case, theirs, ours):
        return theirs == ours and ours["plausible"]


def label(rng, odd):
    """What a line starts with: a label, or when odd sometimes not quite."""
    kind = rng.randrange(20 if odd else 14)
    if kind < 12:
        unix = rng.choice(
            [rng.randrange(1 << 31), rng.randrange(1 << 33), rng.randrange(1 << 36)]
        )
        seconds = TAI_OFFSET + unix
    elif kind < 14:
        seconds = TAI_OFFSET - rng.randrange(1 << 31)
    else:
        seconds = rng.getrandbits(64)
    nanoseconds = rng.choice([0, 500, rng.randrange(10**9), rng.getrandbits(32)])
    digits = b"%016x%08x" % (seconds, nanoseconds)
    if kind == 15:
        digits = digits.upper()
    elif kind == 16:
        digits = digits[: rng.randrange(25)]
    elif kind == 17:
        digits += b"%x" % rng.getrandbits(rng.choice([1, 16, 64]))
    return b"@" + digits


class Tai64nlocal(campaign.Area):
    name = "tai64nlocal"
    programs = ["tai64nlocal"]
    share = 120

    def generate(self, rng):
        odd = rng.randrange(3) == 0

        def stamped(rng):
            if rng.randrange(4) == 0:
                return line(rng)
            return label(rng, odd) + rng.choice([b" ", b" ", b" ", b"", b"\t", b"@"]) + line(rng)

        return {"zone": rng.choice(ZONES), **common(rng, stamped)}

    def execute(self, bin_dir, case, place):
        return filtered(
            bin_dir, b"tai64nlocal", case, place, {"TZ": case["zone"]}
        )

    def judge(self, case, theirs, ours):
        # How much came out before a crash is a matter of timing.
        crashed = theirs["exit"] == ours["exit"] == -signal.SIGSEGV
        return crashed or theirs == ours


def test_tai64n_stamps_the_same_lines(agree):
    agree(Tai64n())


def test_tai64nlocal_shows_the_same_times(agree):
    agree(Tai64nlocal())
