"""multilog: random scripts, directories and streams leave the same logs."""

import fcntl
import os
import signal
import struct
import termios

import campaign
import harness
import support

# Stamps are made of other characters, so no pattern depends on the time.
PATTERN_PARTS = [b"x", b"y", b"z", b"xy", b"*", b"*", b" ", b"?", b"[", b"\\", b"\xff"]
LINE_PARTS = [b"x", b"y", b"z", b"xyz", b"zz ", b" ", b"*", b"?", b"\0", b"\xff", b"\r"]
OLD_NAMES = [
    b"@4000000012345678aaaaaaaa.s",
    b"@4000000012345678aaaaaaab.u",
    b"@4000000000000000000000000",
    b"@7fffffffffffffffffffffff.s",
    b"@short",
    b"@400000001234567",
    b"other",
]


def joined(rng, parts, most):
    return b"".join(rng.choice(parts) for _ in range(rng.randrange(most + 1)))


def line(rng):
    text = joined(rng, LINE_PARTS, rng.choice([0, 1, 2, 2, 4, 20]))
    kind = rng.randrange(40)
    if kind == 0:
        # Around the sizes at which alerts and matching cut.
        text = (text or b"x") * 1100
        text = text[: rng.choice([199, 200, 201, 973, 974, 975, 999, 1000, 1001, 1100])]
    elif kind == 1:
        text = b"x" * rng.choice([1000, 1000, 2500])
    return text


def pattern(rng):
    kind = rng.randrange(12)
    if kind == 0:
        return b"x" * rng.choice([974, 999, 1000, 1001])
    if kind == 1:
        return b"x" * 5 + b"*"
    parts = joined(rng, PATTERN_PARTS, 4)
    return rng.choice([parts, parts, b"*" + parts, b"@* " + parts])


class Multilog(campaign.Area):
    """Whole runs without rotation: everything is the same to the byte."""

    name = "multilog"
    programs = ["multilog"]
    share = 180

    def generate(self, rng):
        lines = [line(rng) + b"\n" for _ in range(rng.choice([0, 1, 2, 5, 10, 25]))]
        if lines and rng.randrange(3) == 0:
            lines[-1] = lines[-1][:-1]
        return {
            "actions": [self.action(rng, n) for n in range(rng.randrange(7))],
            "lines": lines,
            "dirs": [
                self.directory(rng, name) for name in (b"a", b"b") if rng.randrange(2)
            ],
            "files": rng.choice(
                [[]] * 3 + [[("file", b"status", b"old\n" * 300, 0o640)]]
            ),
            "locked": rng.randrange(30) == 0,
            "stdin": "file",
            "limit_s": "60",
            "nobody": rng.randrange(20) == 0,
        }

    def action(self, rng, number):
        kind = rng.randrange(20)
        if kind < 2 or number == 0 and kind < 9:
            return rng.choice([b"t", b"t", b"t", b"txyz"])
        if kind < 8:
            return rng.choice([b"+", b"-"]) + pattern(rng)
        if kind < 10:
            return rng.choice([b"e", b"e", b"error"])
        if kind < 12:
            return b"=" + rng.choice([b"status"] * 4 + [b"a/status", b"no/status", b"."])
        if kind < 13:
            # No small sizes: there is no rotation here.
            return rng.choice([b"n", b"n3", b"n5x", b"n-1", b"s99999", b"s99999999999x"])
        if kind < 14:
            return rng.choice([b"", b"q", b"!cat", b"c/d", b"T"])
        return rng.choice([b"./a"] * 6 + [b"./b"] * 3 + [b"./a/", b"./no/dir", b"."])

    def directory(self, rng, name):
        """A log directory left behind by an earlier run, or by nobody."""
        if rng.randrange(15) == 0:
            return ("file", name, b"no directory", 0o644)
        entries = []
        for own in (b"current", b"previous", b"processed", b"state", b"newstate", b"lock"):
            if rng.randrange(5) < 2:
                mode = rng.choice([0o644, 0o744, 0o744, 0o600])
                content = rng.choice([b"", b"%s text\n" % own, b"unfinished %s" % own])
                entries.append(("file", own, content, mode))
        for old in rng.sample(OLD_NAMES, rng.choice([0, 0, 1, 3, len(OLD_NAMES)])):
            entries.append(("file", old, b"old\n", 0o744))
        return ("dir", name, entries, rng.choice([0o755, 0o700, 0o775]))

    def execute(self, bin_dir, case, place):
        harness.plant(place, case["dirs"] + case["files"])
        lock = place / "a" / "lock"
        held = case["locked"] and lock.is_file() and open(lock, "rb")
        if held:
            fcntl.flock(held, fcntl.LOCK_EX)
        stdin = b"".join(case["lines"])
        if case["stdin"] == "folder":
            stdin = os.open(place, os.O_RDONLY)
        outcome = harness.run(
            bin_dir,
            [b"multilog", *case["actions"]],
            place,
            stdin=stdin,
            nobody=case["nobody"],
            limit_s=int(case["limit_s"]),
        )
        if case["stdin"] == "folder":
            os.close(stdin)
        if held:
            held.close()
        outcome["stderr"] = harness.mask_labels(outcome["stderr"])
        outcome["files"] = harness.snapshot(place, OLD_NAMES)
        return outcome


class Rotation(campaign.Area):
    """Where files are split is free, within limits; what they hold is not."""

    name = "multilog rotation"
    programs = ["multilog"]
    share = 70

    def generate(self, rng):
        size = rng.choice([4096, 4096, 5000, 9000])
        return {
            "spelt": rng.choice(["s", "s0", "s-9999", "s17x"] if size == 4096 else [""]),
            "stamp": rng.choice([(), (), ("t",)]),
            "size": size,
            "number": rng.choice([2, 3, 5, 1000, 1000]),
            "processor": rng.choice(
                [(), (), (), ("!tr x y",), ("!cat <&4 >/dev/null; cat; echo s >&5",)]
            ),
            "select": rng.choice([[], [], [b"-*", b"+*x*"], [b"-x*"]]),
            "extra": rng.choice([[], [], [b"./all"], [b"=status"]]),
            "lines": [self.line(rng) for _ in range(rng.choice([20, 100, 400]))],
            "state": True,
            "limit_s": "60",
            "before": rng.choice([b"", b"", b"kept line\n" * rng.randrange((size - 2000) // 10)]),
        }

    def line(self, rng):
        size = rng.choice([1, 5, 20, 60, 60, 100, 100])
        if rng.randrange(60) == 0:
            size = rng.choice([1500, 2500, 4096, 9000])
        return bytes(rng.choice(b"xyz ") for _ in range(min(size, 50))) * (
            max(1, size // 50)
        ) + b"\n"

    def execute(self, bin_dir, case, place):
        if case["size"] < 4096 or case["number"] < 2:
            raise harness.Invalid("multilog would use something else")
        size = case["spelt"].encode() or b"s%d" % case["size"]
        number = b"n%d" % case["number"]
        if len(case["before"]) > case["size"] - 2000:
            raise harness.Invalid("this much would have been rotated before")
        log = [("file", b"current", case["before"], 0o744)]
        if case["state"]:
            log.append(("file", b"state", b"", 0o644))
        harness.plant(place, [("dir", b"log", log, 0o755)])
        outcome = harness.run(
            bin_dir,
            [b"multilog", *case["stamp"], *case["select"], size, number,
             *case["processor"], b"./log", b"s16777215", *case["extra"]],
            place,
            stdin=b"".join(case["lines"]),
            limit_s=int(case["limit_s"]),
        )
        files = harness.snapshot(place)
        log = {n: f for n, f in files.items() if n.startswith(b"log/")}
        return {**outcome, "others": {n: f for n, f in files.items() if n not in log},
                "log": log}

    def judge(self, case, theirs, ours):
        """Equal but for log; there the same text, in files that fit."""
        texts = []
        replaced = b"x" if case["processor"] == ("!tr x y",) else b""
        for side in (theirs, ours):
            old = sorted(
                (int(name[8:].partition(b".")[0]), name)
                for name in side["log"]
                if name.startswith(b"log/@NEW")
            )
            if len(old) >= case["number"]:
                return False
            names = [name for _, name in old]
            if not all(self.sound(side["log"][n], case["size"]) for n in names):
                return False
            if any(replaced and replaced in side["log"][n][2] for n in names):
                return False
            names.append(b"log/current")
            # Where processed text ends and the rest begins is free.
            text = b"".join(side["log"][name][2] for name in names)
            texts.append(text.replace(replaced or b"x", b"y"))
        rest = [
            {n: f[:2] for n, f in side["log"].items() if b"@" not in n}
            for side in (theirs, ours)
        ]
        same = {**theirs, "log": 0} == {**ours, "log": 0} and rest[0] == rest[1]
        if case["number"] == 1000:
            return same and texts[0] == texts[1]
        # How much older text is left depends on where files were split.
        return same and (texts[0].endswith(texts[1]) or texts[1].endswith(texts[0]))

    def sound(self, file, size):
        """An old file: finished, no larger than the limit, whole lines."""
        kind, mode, text = file
        ends_well = text.endswith(b"\n") or b"\n" not in text[-2000:]
        return kind == "file" and mode == "0o744" and len(text) <= size and ends_well


class Signals(campaign.Area):
    """Lines, ALRM and TERM in random order, each one's effect awaited."""

    name = "multilog signals"
    programs = ["multilog"]
    share = 15

    def generate(self, rng):
        return {
            "stamp": rng.choice([(), ("t",)]),
            "actions": rng.choice([[], [b"-x*"], [b"=status"]]),
            "number": rng.choice([2, 3, 10]),
            "steps": [self.step(rng) for _ in range(rng.randrange(1, 9))],
        }

    def step(self, rng):
        kind = rng.randrange(10)
        if kind < 6:
            text = b"".join(line(rng) + b"\n" for _ in range(rng.randrange(4)))
            return ("feed", text[: len(text) - rng.choice([0, 0, 1, 3])])
        return ("kill", signal.SIGALRM if kind < 9 else signal.SIGTERM)

    def execute(self, bin_dir, case, place):
        read_end, write_end = os.pipe()
        try:
            process = harness.Process(
                bin_dir,
                [b"multilog", *case["stamp"], *case["actions"],
                 b"n%d" % case["number"], b"./log"],
                place,
                stdin=read_end,
            )
            support.wait_until(lambda: self.idle(process, read_end))
            for step in case["steps"]:
                self.take(step, process, write_end)
                support.wait_until(lambda: self.idle(process, read_end))
            os.close(write_end)
            write_end = None
            outcome = process.finish()
            left = os.read(read_end, 65536)
        finally:
            os.close(read_end)
            if write_end is not None:
                os.close(write_end)
        return {**outcome, "left": left, "files": harness.snapshot(place)}

    def take(self, step, process, write_end):
        what, value = step
        if what == "feed":
            os.write(write_end, value)
        elif value in (signal.SIGALRM, signal.SIGTERM):
            os.kill(process.pid, value)
        else:
            raise harness.Invalid(value)

    def idle(self, process, read_end):
        """It ended, or it has seen all there is and waits for more."""
        if process.ended(0):
            return True
        if not harness.proc_text(process.pid, "cmdline").startswith("multilog"):
            return False
        count = struct.unpack("i", fcntl.ioctl(read_end, termios.FIONREAD, b"\0" * 4))
        # Asked in this order: what it takes it has not written yet. A line that
        # has begun, of which it wants to see more, may stay in the pipe.
        return count[0] < 1000 and harness.sleeps(process.pid)


def test_multilog_writes_the_same_files(agree):
    agree(Multilog())


def test_multilog_rotates_to_the_same_text(agree):
    agree(Rotation())


def test_multilog_obeys_signals_alike(agree):
    agree(Signals())
