"""Results as people read them."""

from summary import ratio


def rows(results, keys=None, is_short=False):
    """The table as lists of cells, the header first: all metrics that are no
    details, or those of `keys`; short: without the spread."""
    suites = results["suites"]
    yield ["", *suites.values()]
    for key, metric in results["metrics"].items():
        if not metric["is_detail"] and (keys is None or key in keys):
            cells = (cell(results, suite, key, is_short) for suite in suites)
            yield [title(metric), *cells]


def cell(results, suite, key, is_short=False):
    """Median, and in brackets the least and the largest of the rounds."""
    found = results["summary"].get(suite, {}).get(key)
    if not found:
        return "-"
    digits = results["metrics"][key]["digits"]
    median, least, most = (f"{found[k]:.{digits}f}" for k in ("median", "min", "max"))
    return median if least == most or is_short else f"{median} ({least}-{most})"


def times(value):
    if value is None:
        return "-"
    return f"{value:.2g}x" if value < 10 else f"{value:.0f}x"


def ratio_rows(results):
    """What Holdfast needs of what each other suite does: small is good."""
    others = [name for name in results["suites"] if name != "holdfast"]
    labels = (results["suites"][name] for name in others)
    yield ["", "Holdfast", *(f"of {label}'s" for label in labels)]
    for key, metric in results["metrics"].items():
        if metric["is_detail"] or key not in results["summary"]["holdfast"]:
            continue
        value = cell(results, "holdfast", key)
        ratios = [
            times(ratio(results["summary"], key, "holdfast", name)) for name in others
        ]
        yield [title(metric), value, *ratios]


def title(metric):
    return metric["title"] + (f" ({metric['unit']})" if metric["unit"] else "")


def as_text(lines):
    """Rows as aligned columns, for a terminal."""
    lines = list(lines)
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "".join(
        "  ".join(
            text.ljust(width) if number == 0 else text.rjust(width)
            for number, (text, width) in enumerate(zip(line, widths))
        ).rstrip()
        + "\n"
        for line in lines
    )


def as_markdown(lines):
    header, *body = lines
    rule = ["---"] + ["---:"] * (len(header) - 1)
    return "".join(f"| {' | '.join(line)} |\n" for line in (header, rule, *body))


def remarks(results):
    """Lines on what was used for some numbers, and on why some are missing."""
    for suite, label in results["suites"].items():
        for name, note in results["notes"][suite].items():
            yield f"{label}, {name}: {note}."
    for suite, label in results["suites"].items():
        by_reason = {}
        found = results["summary"].get(suite, {})
        for key, why in results["reasons"][suite].items():
            metric = results["metrics"].get(key)
            if metric and not metric["is_detail"]:
                by_reason.setdefault((why, key in found), []).append(metric["title"])
        for (why, is_found), titles in by_reason.items():
            missing = "; ".join(titles[:2])
            missing += f"; and {len(titles) - 2} more" if len(titles) > 2 else ""
            what = "lacks a round of" if is_found else "has no number for"
            yield f"{label} {what} [{missing}]: {why}."


def document(results):
    """All of it as Markdown."""
    lines = "".join(f"- {line}\n" for line in remarks(results))
    return f"{about(results)}\n\n{as_markdown(rows(results))}\n{lines}"


def about(results):
    """How it was measured, in a line."""
    plan, machine = results["plan"], results["machine"]
    loads = machine["load"]
    return (
        f"{plan['services']} services, {plan['rounds']} rounds: median (least-most)."
        f" {machine['system']} {machine['kernel']}, {machine['processors']} processors,"
        f" load {min(loads)} to {max(loads)}."
    )
