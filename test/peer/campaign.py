"""Campaigns: random cases through both builds, until they disagree.

A case is plain data, so that it can be printed, replayed and shrunk:
    bytes, int   data, made smaller by the shrinker
    list         a sequence; the shrinker drops elements
    tuple, dict  a record; the shrinker keeps its shape
    str, bool, None   a choice; left alone
Each case is a function of (seed, area, number) alone.
"""

import ast
import collections
import concurrent.futures
import hashlib
import os
import pathlib
import random
import threading
import time

import differences
import harness
import support

SHRINK_LIMIT_S = 10
SHRUNK_FAILURES = 3
SHOWN_FAILURES = 8
SHOWN_BYTES = 400
FAILING = support.TOP / ".cache" / "peers" / "failing"


class Area:
    """A kind of case; areas derive from this.

    package is Debian's that ours are compared with; share the part of
    PEER_CASES it gets, in thousandths; jobs the number of cases that run at a
    time.
    """

    name = ""
    package = "daemontools"
    share = 0
    jobs = 3

    def generate(self, rng):
        raise NotImplementedError

    def execute(self, bin_dir, case, place):
        """Runs the case with the programs of bin_dir, in the empty folder
        place; returns what came out, as a dict. Runs in any thread."""
        raise NotImplementedError

    def judge(self, case, theirs, ours):
        """Whether both outcomes are the same as far as users can tell."""
        return theirs == ours


def smaller_sequences(value):
    step = len(value)
    while step:
        for start in range(0, len(value), step):
            yield value[:start] + value[start + step :]
        step //= 2


def smaller(value):
    """Values of the same shape that are simpler, the simplest first."""
    if isinstance(value, bool):
        return
    if isinstance(value, int) and value:
        yield 0
        yield value // 2
        yield value - 1
    elif isinstance(value, bytes):
        yield from smaller_sequences(value)
        plain = bytes(b if b in b"\n\0@ =*" else 0x78 for b in value)
        if plain != value:
            yield plain
    elif isinstance(value, list):
        yield from smaller_sequences(value)
        for at, element in enumerate(value):
            for simpler in smaller(element):
                yield value[:at] + [simpler] + value[at + 1 :]
    elif isinstance(value, tuple):
        for at, element in enumerate(value):
            for simpler in smaller(element):
                yield value[:at] + (simpler,) + value[at + 1 :]
    elif isinstance(value, dict):
        for key, element in value.items():
            for simpler in smaller(element):
                yield {**value, key: simpler}


def shrink(case, still_fails, limit_s=SHRINK_LIMIT_S):
    """The simplest case found within the time that still fails."""
    deadline = time.monotonic() + limit_s
    progress = True
    while progress:
        progress = False
        for candidate in smaller(case):
            if time.monotonic() > deadline:
                return case
            if still_fails(candidate):
                case, progress = candidate, True
                break
    return case


def shown(theirs, ours):
    """What differs between two outcomes, as text for people."""
    if theirs.keys() != ours.keys():
        yield f"theirs has {sorted(theirs)}, ours {sorted(ours)}"
    for key in theirs.keys() & ours.keys():
        values = theirs[key], ours[key]
        if values[0] == values[1]:
            continue
        if all(isinstance(value, dict) for value in values):
            yield from (f"{key}, {line}" for line in shown(*values))
        else:
            start = len(os.path.commonprefix([repr(v) for v in values]))
            start = max(0, start - SHOWN_BYTES // 4)
            for side, value in zip(("theirs", "ours  "), values):
                part = repr(value)[start : start + SHOWN_BYTES]
                yield f"{side} {key!r} from {start}: {part}"


def literal(case):
    """How to say the case again: itself, or where it was saved."""
    text = repr(case)
    if len(text) <= SHOWN_BYTES:
        return text
    FAILING.mkdir(parents=True, exist_ok=True)
    saved = FAILING / f"{hashlib.sha256(text.encode()).hexdigest()[:12]}.case"
    saved.write_text(text, encoding="ascii")
    return f"@{saved} {text[:SHOWN_BYTES]}..."


class Campaign:
    """Both builds, the seed, and the counts over all areas."""

    def __init__(self, theirs, ours, seed, cases):
        self.theirs = theirs  # of a package: where its programs are
        self.ours = ours
        self.seed = seed
        self.cases = cases
        self.arena = harness.Arena()
        self.numbers = iter(range(1 << 62))
        self.lock = threading.Lock()
        self.areas = {}
        self.matched = collections.Counter()

    def close(self):
        self.arena.remove()

    def outcomes(self, area, case):
        """What both sides make of it, or None for a case that is none."""
        with self.lock:
            number = next(self.numbers)
        results = []
        for side, bin_dir in (
            ("theirs", self.theirs(area.package)),
            ("ours", self.ours),
        ):
            place = self.arena.place(area.name, number, side)
            try:
                results.append(area.execute(bin_dir, case, place))
            except harness.Invalid:
                return None
            finally:
                self.arena.clear(place.parent)
        return results

    def verdict(self, area, case):
        """("same"|"allowed"|"invalid"|"different", difference or outcomes)."""
        results = self.outcomes(area, case)
        if results is None:
            return "invalid", None
        if area.judge(case, *results):
            return "same", None
        for difference in differences.TABLE:
            if difference.area == area.name and difference.explains(
                case, *results
            ):
                return "allowed", difference
        return "different", results

    def planned(self, area):
        """The table's examples for the area, then the random cases."""
        replay = os.environ.get("PEER_CASE")
        if replay:
            if replay.startswith("@"):
                replay = pathlib.Path(replay[1:]).read_text(encoding="ascii")
            yield "PEER_CASE", ast.literal_eval(replay)
            return
        for difference in differences.TABLE:
            if difference.area == area.name:
                for example in difference.examples:
                    yield f"example of {difference.name}", example
        for number in range(max(1, self.cases * area.share // 1000)):
            rng = random.Random(f"{self.seed} {area.name} {number}")
            yield f"number {number}", area.generate(rng)

    def run(self, area):
        """Runs all cases of the area; returns "" or a report of what is wrong."""
        began = time.monotonic()
        counts = collections.Counter()
        failures = []

        def one(title_and_case):
            title, case = title_and_case
            verdict, detail = self.verdict(area, case)
            with self.lock:
                counts[verdict] += 1
                if verdict == "allowed":
                    self.matched[detail.name] += 1
                elif verdict == "different":
                    failures.append((title, case, detail))

        with concurrent.futures.ThreadPoolExecutor(area.jobs) as pool:
            for _ in pool.map(one, self.planned(area)):
                pass
        self.areas[area.name] = (counts, time.monotonic() - began)
        return self.report(area, failures) if failures else ""

    def report(self, area, failures):
        """The first few failures, shrunk, without those that became equal."""
        shrunk = {}
        for title, case, results in failures[:SHRUNK_FAILURES]:
            small = shrink(
                case, lambda c: self.verdict(area, c)[0] == "different"
            )
            shrunk.setdefault(repr(small), (title, small, results))
        parts = [f"{area.name}: {len(failures)} cases differ (seed {self.seed})"]
        for title, case, results in shrunk.values():
            verdict, again = self.verdict(area, case)
            parts.append(f"--- {title}, made small:\nPEER_CASE={literal(case)}")
            if verdict == "different":
                results = again
            else:
                parts.append("(not different when tried once more; at first:)")
            parts += shown(*results)
        others = [failure[0] for failure in failures[SHRUNK_FAILURES:]]
        if others:
            parts.append("not made small: " + ", ".join(others[:SHOWN_FAILURES]))
        return "\n".join(parts)

    def summary(self):
        """Lines for the end of the run."""
        total = sum(sum(c.values()) for c, _ in self.areas.values())
        yield f"seed {self.seed}, {total} cases"
        for name, (counts, spent_s) in self.areas.items():
            shown = ", ".join(f"{n} {v}" for v, n in sorted(counts.items()))
            yield f"{name}: {shown} ({spent_s:.1f} s)"
        for difference in differences.TABLE:
            if difference.area not in self.areas:
                continue
            times = self.matched[difference.name]
            note = f"{times} times" if times else "NEVER SEEN; is it obsolete?"
            yield f"allowed: {difference.name}: {note}"
