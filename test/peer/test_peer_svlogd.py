"""svlogd: random rules and lines leave the same logs as runit's."""

import campaign
import harness

PATTERN_PARTS = [b"x", b"y", b"z", b"*", b"+x", b"+y", b"xx", b"*x", b" ", b":", b"**"]
OPTIONS = [
    [], [], [b"-r", b"_"], [b"-R", b"x"], [b"-R", b"yz", b"-r", b"."],
    [b"-l", b"300"], [b"-b", b"4096"],
    [b"-q"], [b"-r", b"xy"], [b"-b", b"1000"], [b"-l", b"2000"],
]


class Svlogd(campaign.Area):
    """Whole runs without rotation: everything is the same to the byte."""

    name = "svlogd"
    package = "runit"
    programs = ["svlogd"]
    share = 60

    def generate(self, rng):
        return {
            "options": rng.choice(OPTIONS),
            "rules": [self.rule(rng) for _ in range(rng.randrange(6))],
            "lines": [self.line(rng) for _ in range(rng.randrange(12))],
            "dirs": rng.choice([[b"a"], [b"a"], [b"a", b"b"], [b"none", b"a"], []]),
        }

    def rule(self, rng):
        kind = rng.randrange(12)
        if kind == 0:
            return rng.choice([b"", b"# text", b"s1000000", b"n5", b"N2", b"t1000"])
        if kind == 1:
            return b"pPRE "
        parts = [rng.choice(PATTERN_PARTS) for _ in range(rng.randrange(4))]
        return rng.choice([b"-", b"+", b"e", b"E"]) + b"".join(parts)

    def line(self, rng):
        # Neither empty nor long: see the differences.
        count = rng.choice([1, 2, 3, 5, 8, 150])
        return bytes(rng.choice(b"xxyz :*+\t\x80") for _ in range(count))

    def execute(self, bin_dir, case, place):
        rules = b"".join(rule + b"\n" for rule in case["rules"])
        entries = [("dir", b"a", [("file", b"config", rules, 0o644)], 0o755)]
        harness.plant(place, [*entries, ("dir", b"b", [], 0o755)])
        outcome = harness.run(
            bin_dir,
            [b"svlogd", *case["options"], *case["dirs"]],
            place,
            stdin=b"".join(line + b"\n" for line in case["lines"]),
        )
        outcome["logs"] = {
            name: (place / name / "current").read_bytes()
            for name in "ab"
            if (place / name / "current").exists()
        }
        # Words differ, and so does the code for wrong use (100, not 111).
        errors = outcome["stderr"].splitlines(keepends=True)
        ours = (b"usage: ", b"svlogd: ")
        outcome["stderr"] = b"".join(
            line for line in errors if line.strip() and not line.startswith(ours)
        )
        if any(b"usage: " in line for line in errors):
            outcome["exit"] = "wrong use"
        return outcome


def test_svlogd_leaves_the_same_logs(agree):
    agree(Svlogd())
