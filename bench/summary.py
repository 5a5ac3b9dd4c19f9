"""Numbers: of one round, and of all rounds together."""

import math
import statistics


def percentile(values, percent):
    """The smallest value that `percent` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def over_rounds(rounds):
    """{suite: {key: {median, min, max}}} of [{suite: {key: number}}]."""
    found = {}
    for one in rounds:
        for suite, numbers in one.items():
            for key, number in numbers.items():
                found.setdefault(suite, {}).setdefault(key, []).append(number)
    return {
        suite: {
            key: {
                "median": statistics.median(numbers),
                "min": min(numbers),
                "max": max(numbers),
            }
            for key, numbers in by_key.items()
        }
        for suite, by_key in found.items()
    }


def ratio(summary, key, suite, base):
    """How many times suite's median is of base's; None if that says nothing."""
    try:
        of, to = (summary[name][key]["median"] for name in (suite, base))
    except KeyError:
        return None
    return of / to if to > 0 else None
