"""softlimit: a child sees the same limits, whatever was asked for."""

import os

import campaign
import harness

CHILD = [b"cat", b"/proc/self/limits"]
# Below these the child itself could not run.
LEAST = {
    b"a": 1 << 26, b"c": 0, b"d": 1 << 22, b"f": 1 << 16, b"l": 0, b"m": 1 << 26,
    b"o": 16, b"p": 0, b"r": 0, b"s": 1 << 20, b"t": 20,
}
ODD_VALUES = [
    b"=", b"==", b"", b"-1", b"+1", b" 5000000", b"1k", b"0x1000000", b"1e9",
    b"18446744073709551615", b"9223372036854775807", b"9223372036854775808",
    b"00000000000000000000000000000000999999999", b"unlimited",
]
OVERFLOWING = [b"18446744073709551616", b"18446744073809551616", b"9" * 30]
# prlimit's names of what can have a lower hard limit here.
HARD = [b"core", b"data", b"fsize", b"memlock", b"nofile", b"nproc", b"rss",
        b"stack", b"cpu", b"as"]


def fair(cpu_seconds):
    """Whether the child cannot run out of it, nor the kernel's nanoseconds
    wrap round to so little."""
    if not cpu_seconds.isdigit():
        return cpu_seconds != b""
    number = int(cpu_seconds)
    return LEAST[b"t"] <= number < 1 << 33 or number == (1 << 64) - 1


class Softlimit(campaign.Area):
    name = "softlimit"
    programs = ["softlimit"]
    share = 100

    def generate(self, rng):
        return {
            "options": [self.option(rng) for _ in range(rng.choice([0, 1, 1, 2, 4]))],
            "odd": rng.choice([[]] * 20 + [[b"--"], [b"-"], [b"-q"], [b"-d"]]),
            "child": rng.choice([CHILD] * 14 + [[b"none"], []]),
            "hard": [
                (rng.choice(HARD), rng.choice([1 << 28, 1 << 29, 123456789]))
                for _ in range(rng.choice([0, 0, 0, 1, 2]))
            ],
        }

    def option(self, rng):
        letter = rng.choice(list(LEAST))
        kind = rng.randrange(40)
        if kind == 0:
            value = rng.choice(OVERFLOWING)
        elif kind < 8:
            value = rng.choice(ODD_VALUES)
        elif kind < 10:
            value = b"%d" % rng.getrandbits(64)
        elif kind == 11:
            value = b"%d" % rng.randrange(LEAST[letter] + 1)
        else:
            value = b"%d" % (LEAST[letter] + rng.getrandbits(rng.choice([1, 8, 31])))
        return (letter, rng.choice(["joined", "apart"]), value)

    def execute(self, bin_dir, case, place):
        argv = [b"softlimit"]
        for letter, how, value in case["options"]:
            if len(letter) != 1:
                raise harness.Invalid(letter)
            if letter == b"t" and not fair(value):
                raise harness.Invalid("the end comes when the kernel looks")
            joined = how == "joined" and value
            argv += [b"-" + letter + value] if joined else [b"-" + letter, value]
        argv += case["odd"] + case["child"]
        if case["hard"]:
            program = os.fsencode(bin_dir / "softlimit")
            argv = self.lowered(case["hard"]) + [program] + argv[1:]
            bin_dir = harness.pathlib.Path("/usr/bin")
        # Through a pipe, which no limit on file sizes applies to.
        read_end, write_end = os.pipe()
        process = harness.Process(bin_dir, argv, place, stdout=write_end)
        os.close(write_end)
        with open(read_end, "rb") as limits:
            return {"limits": limits.read(), **process.finish()}

    def lowered(self, hard):
        return [b"prlimit"] + [b"--%s=%d" % pair for pair in hard if pair[0] in HARD]


def test_softlimit_sets_the_same_limits(agree):
    agree(Softlimit())
