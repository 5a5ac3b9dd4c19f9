"""What failed: told at the end of a run, and remembered, to be run again."""

import json
import os

from runner.leg import Leg, shown


def record():
    return Leg.logs / "failed.json"


def lines(failures):
    """
    Of pairs of a leg and what failed in it: a line for each such thing, with the
    log to look at; where a leg was repeated, how often, and the first such log.
    """
    legs = {}
    for leg, name in failures:
        legs.setdefault((leg.origin, name), []).append(leg)
    return [line(name, found) for (_, name), found in legs.items()]


def line(name, legs):
    first = legs[0]
    often = f" {len(legs)} of {first.times}" if first.times > 1 else ""
    where = f"{first.origin}: " if name != first.origin else ""
    return f"failed{often}: {where}{name} ({shown(first.log_path)})"


def remember(failures):
    """By the names of their legs; and whether that was a long test."""
    found = {}
    for leg, name in failures:
        found.setdefault(leg.origin, set()).add(name)
    legs = {origin: sorted(names) for origin, names in found.items()}
    kept = {"long": "HOLDFAST_LONG" in os.environ, "legs": legs}
    record().parent.mkdir(exist_ok=True)
    record().write_text(json.dumps(kept, indent=1) + "\n")


def recall():
    """What remember() was told last: (long, {leg: [failure, ...]})."""
    if not record().exists():
        return False, {}
    kept = json.loads(record().read_text())
    return kept["long"], kept["legs"]
