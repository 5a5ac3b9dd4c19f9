"""Results as pictures: SVG that can be read on light and on dark pages.

Each function of PLOTS takes the results of a comparison and returns a Picture,
or None where there is too little to show. Axes of time and memory
are logarithmic: suites differ by a factor of thousands. A dot is the median of
the rounds, the line through it reaches from the least to the most.
"""

import html
import math

# Of light and dark pages; what a suite that is not listed gets stands last.
COLOURS = {
    "floor": ("#6b7280", "#9ca3af"),
    "holdfast": ("#0b5fd0", "#58a6ff"),
    "daemontools": ("#c2410c", "#fb923c"),
    "runit": ("#15803d", "#4ade80"),
    "busybox": ("#7e22ce", "#c792ff"),
    "s6": ("#8a6d00", "#e8c440"),
    "supervisor": ("#be185d", "#f472b6"),
    "other": ("#374151", "#d1d5db"),
}
# Loggers have the colour of their suite.
SUITE_OF = {"cat": "floor", "svlogd": "runit"}
# (key of the metric, title) of the panels of one picture.
TIMES = (
    ("restart_p50_ms", "restart after kill -9, median"),
    ("restart_p99_ms", "restart after kill -9, 99th percentile"),
    ("killall_ms", "all {services} killed, until all are back"),
    ("down_ms", "down and confirmed"),
    ("up_ms", "up and confirmed"),
    ("status_ms", "status of {services} services"),
    ("link_few_ms", "a new directory, until it runs"),
    ("link_ms", "the same, with {services} services present"),
    ("stop_ms", "stop of {services} services"),
    ("adopt_ms", "supervisor killed, until all are adopted"),
    ("chain_ms", "start through four loaders"),
    ("boot_both_cpu_ms", "boot of {services}: CPU time, services' included"),
)
TEXT_PX = 12
ROW_PX = 19
LABEL_PX = 84  # for the names of suites
VALUE_PX = 62  # for the numbers at the right
PANEL_PX = 440
GAP_PX = 28


class Picture:
    """Collects shapes; text() is the file."""

    def __init__(self, width, height, title):
        self.size = (width, height)
        self.parts = [f"<title>{html.escape(title)}</title>"]

    def text_at(self, x, y, words, of="ink", anchor="start", weight="normal"):
        self.parts.append(
            f'<text class="{of}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
            f' font-weight="{weight}">{html.escape(words)}</text>'
        )

    def line(self, x1, y1, x2, y2, of="grid", width=1.0):
        self.parts.append(
            f'<path class="{of} line" stroke-width="{width}"'
            f' d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>'
        )

    def dot(self, x, y, of, radius=4.5):
        self.parts.append(
            f'<circle class="{of}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>'
        )

    def bar(self, x, y, width, height, of, opacity=1.0):
        self.parts.append(
            f'<rect class="{of}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 1):.1f}"'
            f' height="{height:.1f}" fill-opacity="{opacity}"/>'
        )

    def text(self, is_dark=None):
        """With `is_dark` as told, for viewers that know no media queries."""
        width, height = self.size
        light, dark = style(0), style(1)
        if is_dark is None:
            dark = f"@media (prefers-color-scheme: dark) {{\n{dark}}}\n"
        else:
            light, dark = ("", dark) if is_dark else (light, "")
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}"'
            f' height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
            f' font-family="system-ui, sans-serif" font-size="{TEXT_PX}" role="img">\n'
            f"<style>\n{light}{dark}.line {{ fill: none }}\n</style>\n"
            '<rect class="page" width="100%" height="100%"/>\n'
            + "\n".join(self.parts)
            + "\n</svg>\n"
        )


def style(which):
    page = ("#ffffff", "#0d1117")[which]
    ink = ("#1f2328", "#e6edf3")[which]
    faint = ("#d8dee4", "#30363d")[which]
    rules = [
        f".page {{ fill: {page} }}",
        f".ink {{ fill: {ink} }}",
        f".muted {{ fill: {('#59636e', '#9198a1')[which]} }}",
        f".grid {{ stroke: {faint} }}",
    ]
    rules += [
        f".of-{name} {{ fill: {pair[which]}; stroke: {pair[which]} }}"
        f" text.of-{name} {{ stroke: none }}"
        for name, pair in COLOURS.items()
    ]
    return "".join(f"{rule}\n" for rule in rules)


def class_of(suite):
    suite = SUITE_OF.get(suite, suite)
    return f"of-{suite if suite in COLOURS else 'other'}"


class LogAxis:
    """Maps positive numbers to pixels; its ticks are powers of ten or, over a
    short way, twice and five times those too."""

    def __init__(self, numbers, start_px, end_px):
        low, high = min(numbers), max(numbers)
        steps = [
            factor * 10.0**power
            for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
            for factor in (1, 2, 5)
        ]
        self.low = max(step for step in steps if step <= low * 1.000001)
        self.high = min(s for s in steps if s >= high * 0.999999 and s > self.low)
        self.steps = [step for step in steps if self.low <= step <= self.high]
        self.start_px, self.end_px = start_px, end_px

    def at(self, number):
        share = math.log(number / self.low) / math.log(self.high / self.low)
        return self.start_px + share * (self.end_px - self.start_px)

    def ticks(self):
        if len(self.steps) <= 5:
            return self.steps
        return [step for step in self.steps if f"{step:e}".startswith("1.0")]


def times(results):
    """A panel for each time, a row for each suite."""
    panels = [
        (title.format(**results["plan"]), found)
        for key, title in TIMES
        if (found := positive(results, key))
    ]
    return in_columns("Times of all suites", panels, results, milliseconds)


def speeds(results):
    """The same of loggers: a panel for each kind of input."""
    panels = [
        (metric["title"].removesuffix(": speed"), found)
        for key, metric in results["metrics"].items()
        if key.endswith("_mb_s") and (found := positive(results, key))
    ]
    return in_columns("Speeds of loggers", panels, results, megabytes)


def in_columns(title, panels, results, words):
    """All panels in two columns; `words` shows a number. None if there are none."""
    if not panels:
        return None
    rows = len(results["suites"])
    panel_px = (rows + 2) * ROW_PX + GAP_PX
    lines = (len(panels) + 1) // 2
    width = 2 * PANEL_PX + 3 * GAP_PX
    picture = Picture(width, lines * panel_px + GAP_PX, title)
    for number, (title, found) in enumerate(panels):
        x = GAP_PX + (number % 2) * (PANEL_PX + GAP_PX)
        y = GAP_PX + (number // 2) * panel_px
        panel(picture, x, y, title, found, results, words)
    return picture


def panel(picture, x, y, title, found, results, in_words):
    bottom = y + (len(results["suites"]) + 0.5) * ROW_PX
    axis = LogAxis(
        [number for one in found.values() for number in (one["min"], one["max"])],
        x + LABEL_PX,
        x + PANEL_PX - VALUE_PX,
    )
    picture.text_at(x, y, title, weight="bold")
    for tick in axis.ticks():
        picture.line(axis.at(tick), y + 8, axis.at(tick), bottom)
        words = in_words(tick)
        picture.text_at(axis.at(tick), bottom + 14, words, "muted", "middle")
    for number, (suite, label) in enumerate(results["suites"].items()):
        centre = y + (number + 1) * ROW_PX
        weight = "bold" if suite == "holdfast" else "normal"
        picture.text_at(x, centre + 4, label, weight=weight)
        one = found.get(suite)
        if not one:
            picture.text_at(x + PANEL_PX, centre + 4, "-", "muted", "end")
            continue
        of = class_of(suite)
        picture.line(axis.at(one["min"]), centre, axis.at(one["max"]), centre, of, 2)
        picture.dot(axis.at(one["median"]), centre, of)
        words = in_words(one["median"])
        picture.text_at(x + PANEL_PX, centre + 4, words, "ink", "end", weight)


def boot(results):
    """Time to boot over the number of services."""
    plan = results["plan"]
    sizes = {100: "boot_hundred_ms", plan["services"]: "boot_ms"}
    sizes[plan["limit"]] = "boot_limit_ms"
    lines = {}
    for count, key in sorted(sizes.items()):
        for suite, one in positive(results, key).items():
            lines.setdefault(suite, []).append((count, one))
    numbers = [one[k] for line in lines.values() for _, one in line for k in one]
    if not numbers or len(sizes) < 2:
        return None
    picture = Picture(780, 400, "Boot of many services")
    across = LogAxis(sizes, 70, 580)
    up = LogAxis(numbers, 350, 50)
    picture.text_at(20, 26, "boot: launch until all services run", weight="bold")
    for tick in up.ticks():
        picture.line(70, up.at(tick), 580, up.at(tick))
        picture.text_at(62, up.at(tick) + 4, milliseconds(tick), "muted", "end")
    for count in sizes:
        picture.line(across.at(count), 50, across.at(count), 350)
        picture.text_at(across.at(count), 370, f"{count}", "muted", "middle")
    picture.text_at(325, 390, "services", "muted", "middle")
    for suite, line in lines.items():
        boot_line(picture, across, up, suite, line)
    ends = {s: (across.at(e[-1][0]), up.at(e[-1][1]["median"])) for s, e in lines.items()}
    for suite, y in apart({suite: y for suite, (_, y) in ends.items()}).items():
        weight = "bold" if suite == "holdfast" else "normal"
        label = results["suites"][suite]
        last, one = lines[suite][-1]
        words = f"{label}, {milliseconds(one['median'])}"
        words += f" at {last}" if last != max(sizes) else ""
        picture.text_at(592, y + 4, words, class_of(suite), "start", weight)
    return picture


def boot_line(picture, across, up, suite, line):
    of = class_of(suite)
    width = 3 if suite == "holdfast" else 1.75
    points = [(across.at(count), up.at(one["median"])) for count, one in line]
    for (x1, y1), (x2, y2) in zip(points, points[1:]):
        picture.line(x1, y1, x2, y2, of, width)
    for (x, y), (_, one) in zip(points, line):
        picture.line(x, up.at(one["min"]), x, up.at(one["max"]), of, 1.25)
        picture.dot(x, y, of, 4)


def apart(places, least=15):
    """The same heights in the same order, none closer than `least` to another."""
    moved, last = {}, -math.inf
    for name, y in sorted(places.items(), key=lambda item: item[1]):
        last = max(y, last + least)
        moved[name] = last
    return moved


def memory(results):
    """Two bars for each suite: with the usual number of services and with most."""
    plan = results["plan"]
    keys = {"memory_kib": plan["services"], "memory_limit_kib": plan["limit"]}
    found = {key: positive(results, key, "median") for key in keys}
    numbers = [one["median"] for of in found.values() for one in of.values()]
    if not numbers:
        return None
    suites = [s for s in results["suites"] if s != "floor"]
    picture = Picture(720, 70 + len(suites) * 42, "Memory of an idle service")
    picture.text_at(20, 26, "memory per idle service, beyond its own (KiB)", weight="bold")
    counts = " (light: {})".format(plan["limit"]) if found["memory_limit_kib"] else ""
    words = f"with {plan['services']} services{counts}"
    picture.text_at(700, 26, words, "muted", "end")
    most, room = max(numbers), 500
    for number, suite in enumerate(suites):
        y = 46 + number * 42
        weight = "bold" if suite == "holdfast" else "normal"
        picture.text_at(20, y + 20, results["suites"][suite], weight=weight)
        for which, key in enumerate(keys):
            one = found[key].get(suite)
            top = y + which * 16
            if not one:
                picture.text_at(112, top + 12, "-", "muted")
                continue
            px = one["median"] / most * room
            picture.bar(110, top, px, 14, class_of(suite), 0.45 if which else 1)
            words = f"{one['median']:.{1 if one['median'] < 100 else 0}f}"
            picture.text_at(116 + px, top + 12, words)
    return picture


PLOTS = {"boot": boot, "memory": memory, "times": times}


def draw_all(results, folder):
    """Writes the pictures that the results are enough for."""
    for name, draw in PLOTS.items():
        if picture := draw(results):
            (folder / f"{name}.svg").write_text(picture.text())


def positive(results, key, which="min"):
    """{suite: {median, min, max}} of a metric, where that one is above nothing."""
    return {
        suite: numbers[key]
        for suite in results["suites"]
        if key in (numbers := results["summary"].get(suite, {}))
        and numbers[key][which] > 0
    }


def megabytes(number):
    """A speed, with the unit that suits it."""
    return f"{number:.3g} MB/s" if number < 1000 else f"{number / 1000:.3g} GB/s"


def milliseconds(number):
    """A time with two or three digits and the unit that suits it."""
    if number < 1:
        return f"{number * 1000:.3g} µs"
    if number < 1000:
        return f"{number:.3g} ms"
    return f"{number / 1000:.3g} s"
