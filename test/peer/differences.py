"""Every difference from the originals that is meant, and nothing else.

An entry is consulted only when the outcomes differ, and must explain all of
the difference. Its examples run in each campaign, so an entry that no longer
matches anything is noticed.
"""

import collections
import re
import signal

# name      what the summary calls it
# area      the area of cases it belongs to
# reason    why we differ, for people
# explains  (case, theirs, ours) -> whether this is that difference
# examples  cases that must show it
Difference = collections.namedtuple(
    "Difference", "name area reason explains examples"
)

LABEL_LINE = re.compile(rb"@([0-9a-f]{24})(?![0-9a-f])(.*)", re.S)
DATE = re.compile(rb"-?\d+-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9,10}", re.S)
SECONDS = re.compile(rb"\b([0-9]+) seconds")
LINE_MAX = 4096


def only_in(key, theirs, ours):
    """Whether the outcomes are equal but for one key."""
    return {**theirs, key: None} == {**ours, key: None}


def without(environment, names):
    return [v for v in environment if v.partition(b"=")[0] not in names]


def dangling_link(case, theirs, ours):
    names = [entry[1] for entry in case["entries"] if entry[0] == "link"]

    def of(name, side):
        return [v for v in side["stdout"] if v.startswith(name + b"=")]

    differing = [n for n in names if of(n, theirs) != of(n, ours)]
    return (
        only_in("stdout", theirs, ours)
        and without(theirs["stdout"], names) == without(ours["stdout"], names)
        and not any(of(name, ours) for name in differing)
    )


def doubled_variable(case, theirs, ours):
    names = [name for name, _ in case["inherited"]]
    names = [name for name in names if names.count(name) > 1]
    set_here = {e[1]: e for e in case["entries"] if e[1] in names}
    return (
        only_in("stdout", theirs, ours)
        and without(theirs["stdout"], set_here) == without(ours["stdout"], set_here)
        and all(
            sum(v.startswith(name + b"=") for v in ours["stdout"])
            == int(entry[0] == "file" and entry[2] != b"")
            for name, entry in set_here.items()
        )
    )


def passes_unchanged(line):
    """Whether tai64nlocal should copy the line: it has no such label."""
    return not LABEL_LINE.match(line)


def first_is_a_stamp(case, theirs, ours):
    return case["actions"][:1] == [b"T"]


def plus_at_the_end(case, theirs, ours):
    """Only where there is a pattern with a plus; one at its beginning is told
    from an empty line, others where the line ends with what they repeat."""
    return theirs["exit"] == ours["exit"] and any(
        rule[:1] in b"+-eE" and b"+" in rule[1:] for rule in case["rules"] if rule
    )


def shown_as_date(line, shown):
    """Whether a labelled line came out as a date and its rest; or as it was,
    which only a year that no calendar has may."""
    rest = LABEL_LINE.match(line).group(2)
    if shown == line:
        return abs(unix_time(line)) > 60_000_000_000_000_000
    return shown.endswith(rest) and bool(
        DATE.fullmatch(shown[: len(shown) - len(rest)])
    )


def dates_line_up(case, theirs, ours, may_differ):
    """Whether all lines are the same but for dates on labels of which
    may_differ(Unix time) is true."""
    lines = b"".join(case["lines"]).split(b"\n")
    outputs = [side["stdout"].split(b"\n") for side in (theirs, ours)]
    if len(lines) != len(outputs[0]) or len(lines) != len(outputs[1]):
        return False
    return only_in("stdout", theirs, ours) and all(
        a == b
        or (
            not passes_unchanged(line)
            and may_differ(unix_time(line))
            and shown_as_date(line, b)
        )
        for line, a, b in zip(lines, *outputs)
    )


def leap_seconds(case, theirs, ours):
    return case["zone"].startswith("right/") and dates_line_up(
        case, theirs, ours, lambda unix: True
    )


def early_summer_time(case, theirs, ours):
    return "," in case["zone"] and dates_line_up(
        case, theirs, ours, lambda unix: unix < 0
    )


def unix_time(line):
    return int(line[1:17], 16) - (1 << 62) - 10


def no_label(case, theirs, ours):
    lines = b"".join(case["lines"]).split(b"\n")
    shown = ours["stdout"].split(b"\n")
    if len(lines) != len(shown) or ours["exit"] or ours["stderr"]:
        return False
    if theirs["exit"] != -signal.SIGSEGV:
        # Other lines are as theirs; a label that ends the input it dropped.
        same = theirs["stdout"].split(b"\n")
        if same[-1] == b"":
            same[-1] = shown[-1]
        same = [
            b if passes_unchanged(line) else a
            for line, a, b in zip(lines, same, shown)
        ]
        fixed = {**theirs, "stdout": b"\n".join(same)}
        if fixed != ours and not any(
            explains(case, fixed, ours)
            for explains in (leap_seconds, early_summer_time)
        ):
            return False
    return all(
        line == result if passes_unchanged(line) else shown_as_date(line, result)
        for line, result in zip(lines, shown)
    )


def long_message(case, theirs, ours):
    cut = ours["stderr"]
    return (
        only_in("stderr", theirs, ours)
        and len(theirs["stderr"]) >= LINE_MAX
        and LINE_MAX - 1 <= len(cut) <= LINE_MAX
        and cut.endswith(b"\n")
        and theirs["stderr"].startswith(cut[:-1])
    )


def overflow(case, theirs, ours):
    for letter, _, value in case["options"]:
        if value.isdigit() and int(value) >= 1 << 64:
            message = b"softlimit: number too large for -%s: %s\n" % (letter, value)
            usage = b"softlimit: usage: "
            return ours["exit"] == 100 and ours["stderr"].startswith(message + usage)
    return False


def exact_age(case, theirs, ours):
    pairs = list(
        zip(*(SECONDS.findall(side["svstat"]["stdout"]) for side in (theirs, ours)))
    )

    def masked(side):
        line = SECONDS.sub(b"", side["svstat"]["stdout"])
        return {**side, "svstat": {**side["svstat"], "stdout": line}}

    return masked(theirs) == masked(ours) and all(
        abs(int(a) - int(b)) <= (2048 if int(b) > 1 << 53 else 2) for a, b in pairs
    )


def more_letters(case, theirs, ours):
    """Ours sent them all; what theirs says of the letter is checked too."""
    sent = b"".join(option[1:] for option in case["options"])
    new = [letter for letter in sent if letter in b"q12"]
    refused = b"svc: illegal option -- %c\n" % new[0] if new else b"\0"
    unread = [spec["control"] == "read" and spec["supervise"] for spec in case["dirs"]]
    return (
        theirs["svc"]["exit"] == 100
        and theirs["svc"]["stderr"].startswith(refused)
        and ours["svc"]["exit"] == 0
        and ours["commands"] == [sent if read else None for read in unread]
        and {**theirs, "svc": 0, "commands": 0} == {**ours, "svc": 0, "commands": 0}
    )


def read_error(case, theirs, ours):
    message = b"multilog: fatal: unable to read input: is a directory\n"
    fixed = {**theirs, "exit": 111, "stderr": theirs["stderr"] + message}
    return case["stdin"] == "folder" and theirs["exit"] == 0 and fixed == ours


def stuck_folder(case, theirs, ours):
    return (
        theirs["exit"] == "timed out"
        and b"pausing: is a directory\n" in theirs["stderr"]
        and ours["exit"] == 0
        and b"current" in {name.rpartition(b"/")[2] for name in ours["files"]}
    )


def log_text(outcome):
    old = sorted(
        (int(name[8:].partition(b".")[0]), name)
        for name in outcome["log"]
        if name.startswith(b"log/@NEW")
    )
    names = [name for _, name in old] + [b"log/current"]
    return b"".join(outcome["log"][name][2] for name in names)


def empty_processor(case, theirs, ours):
    text = b"".join(case["lines"])
    return (
        case["processor"] == ("!",)
        and ours["exit"] == 0
        and log_text(ours) == text
        and log_text(theirs) != text
    )


def no_state(case, theirs, ours):
    return (
        not case["state"]
        and theirs["exit"] == "timed out"
        and b"multilog: warning: processor failed in ./log, pausing" in theirs["stderr"]
        and ours["exit"] == 0
        and log_text(ours) == b"".join(case["lines"])
    )


def envdir_case(entries, inherited=()):
    return {
        "dir": b"env",
        "entries": entries,
        "inherited": list(inherited),
        "child": ("printenv", "-0"),
        "nobody": False,
    }


def filter_case(*lines, zone="UTC"):
    return {"zone": zone, "lines": list(lines), "arguments": [], "pieces": []}


def clients_case(status, *options):
    """One directory with everything in its place."""
    directory = {
        "name": b"",
        "supervise": True,
        "ok": "read",
        "control": "read",
        "status": status,
        "down": "none",
    }
    return {
        "dirs": [directory],
        "options": list(options),
        "extra": [],
        "down_in_place": "none",
    }


def multilog_case(**changes):
    case = {
        "actions": [b"./a"],
        "lines": [b"x\n"],
        "dirs": [],
        "files": [],
        "locked": False,
        "stdin": "file",
        "limit_s": "60",
        "nobody": False,
    }
    return {**case, **changes}


def rotation_case(**changes):
    case = {
        "spelt": "s0",
        "stamp": (),
        "size": 4096,
        "number": 1000,
        "processor": (),
        "select": [],
        "extra": [],
        "lines": [b"y" * 99 + b"\n"] * 50,
        "state": True,
        "limit_s": "60",
        "before": b"",
    }
    return {**case, **changes}


def chpst_case(*options, program="shell"):
    return {"options": list(options), "program": program, "nobody": False}


def wrapping_limit(case, theirs, ours):
    return ours["exit"] == 100 and any(
        line.startswith(b"chpst: number too large for -") for line in ours["stderr"]
    )


def unfit_ids(case, theirs, ours):
    """Empty parts and numbers beyond 32 bits, which runit's takes for others."""
    if ours["exit"] != 111 or len(ours["stderr"]) != 1:
        return False
    text = ours["stderr"][0].removeprefix(b"chpst: fatal: invalid uid/gids: ")
    return any(
        not part or (part.isdigit() and int(part) >= (1 << 32) - 1)
        for part in text.split(b":")
    )


def root_without_accounts(case, theirs, ours):
    told = b"chpst: fatal: unable to get password/group file entry: file does not exist"
    return (
        theirs["stderr"] == [told]
        and b"".join(ours["stderr"]).startswith(b"chpst: fatal: unknown user/group: ")
        and only_in("stderr", theirs, ours)
    )


def unfit_niceness(case, theirs, ours):
    values = [option[1] for option in case["options"] if option[0] == b"-n"]
    numbers = [v.lstrip(b"+-") for v in values]
    return ours["exit"] == 100 and any(
        n.isdigit() and int(n) >= 1 << 31 for n in numbers
    )


TABLE = [
    Difference(
        "chpst: a number that would wrap is refused",
        "chpst",
        "It would be quite another limit than the one asked for.",
        wrapping_limit,
        [
            chpst_case((b"-m", b"18446744073709551616")),
            chpst_case((b"-c", b"99999999999999999999999")),
        ],
    ),
    Difference(
        "chpst: empty ids and those that would wrap are refused",
        "chpst",
        "A slip must not make a process root's.",
        unfit_ids,
        [
            chpst_case((b"-u", b"::5")),
            chpst_case((b"-u", b":5:")),
            chpst_case((b"-U", b":5::6")),
            chpst_case((b"-u", b":4294967297:5")),
        ],
    ),
    Difference(
        "chpst: a niceness that would wrap is refused",
        "chpst",
        "It would be the opposite of the one asked for.",
        unfit_niceness,
        [chpst_case((b"-n", b"2000000000000"))],
    ),
    Difference(
        "chpst: a name in a root without accounts is unknown",
        "chpst",
        "The same failure; C libraries don't tell the two apart alike.",
        root_without_accounts,
        [chpst_case((b"-u", b"daemon"), (b"-/", b"private"))],
    ),
    Difference(
        "envdir: a link to nothing removes the variable",
        "envdir",
        "0.76 sets it to what the file read before held, and a newline.",
        dangling_link,
        # Folders are listed in no certain order: one of these shows it.
        [
            envdir_case([("link", b"B", b"none"), ("file", b"A", b"v", 0o644)]),
            envdir_case([("file", b"A", b"v", 0o644), ("link", b"B", b"none")]),
        ],
    ),
    Difference(
        "envdir: all of a doubled variable are replaced",
        "envdir",
        "0.76 replaces the first; programs may use the other, stale one.",
        doubled_variable,
        [
            envdir_case(
                [("file", b"A", b"new", 0o644)], [(b"A", b"1"), (b"A", b"2")]
            ),
            envdir_case([("file", b"A", b"", 0o644)], [(b"A", b"1"), (b"A", b"2")]),
        ],
    ),
    Difference(
        "tai64nlocal: leap seconds in zones right/... are not known",
        "tai64nlocal",
        "musl's localtime ignores them; a glibc build has no difference.",
        leap_seconds,
        [filter_case(b"@400000006000000000000000 x\n", zone="right/UTC")],
    ),
    Difference(
        "tai64nlocal: a zone's rule also holds before 1970",
        "tai64nlocal",
        "glibc ignores summer time of zones given as a rule before 1970.",
        early_summer_time,
        [filter_case(b"@3fffffffd3d9c63500000000 x\n", zone="CET-1CEST,M3.5.0,M10.5.0/3")],
    ),
    Difference(
        "tai64nlocal: what is no label passes unchanged",
        "tai64nlocal",
        "0.76 takes any digits after @, crashes on dates that do not exist "
        "and drops a label that ends the input.",
        no_label,
        [
            filter_case(b"@hello\n", b"next\n"),
            filter_case(b"@4000000000000000000000000\n"),
            filter_case(b"@40000000500000000"),
            filter_case(b"@ffffffffffffffff00000000 x\n"),
        ],
    ),
    Difference(
        "messages: a line is cut at 4096 bytes",
        "loaders",
        "One write, so that lines of several programs never mix.",
        long_message,
        [
            {
                "loader": "pgrphack",
                "before": [],
                "child": [b"x" * 5000],
                "path": "set",
                "elements": [b"good"],
                "show_here": False,
                "nobody": False,
            }
        ],
    ),
    Difference(
        "softlimit: a number that would wrap is refused",
        "softlimit",
        "0.76 sets a limit that is not the one asked for.",
        overflow,
        [
            {
                "options": [(b"d", "joined", b"18446744073709551616")],
                "odd": [],
                "child": [b"true"],
                "hard": [],
            }
        ],
    ),
    Difference(
        "svstat: even the largest age is exact",
        "clients",
        "0.76 calculates with double, which holds 53 bits.",
        exact_age,
        [clients_case(b"\x10\x74\xa4\x07\xc2\x1a\xb6\x05" + b"\1" * 10)],
    ),
    Difference(
        "svc: letters q, 1 and 2",
        "clients",
        "QUIT, USR1 and USR2, as later suites have them; 0.76 refuses them.",
        more_letters,
        [
            clients_case(None, b"-q"),
            clients_case(None, b"-u1"),
            clients_case(None, b"-2", b"-d"),
        ],
    ),
    Difference(
        "multilog: a read error is one",
        "multilog",
        "0.76 takes it for the end of the input and says nothing.",
        read_error,
        [multilog_case(stdin="folder"), multilog_case(stdin="folder", actions=[])],
    ),
    Difference(
        "multilog: a folder among the old logs is in nobody's way",
        "multilog",
        "0.76 tries to unlink it for ever, and reads nothing meanwhile.",
        stuck_folder,
        [
            multilog_case(
                actions=[b"n2", b"./a"],
                dirs=[
                    (
                        "dir",
                        b"a",
                        [
                            ("file", b"current", b"left", 0o644),
                            ("dir", b"@400000000000000000000001.s", [], 0o755),
                        ],
                        0o755,
                    )
                ],
                limit_s="3",
            )
        ],
    ),
    Difference(
        "multilog: T is a stamp",
        "multilog",
        "daemontools-encore's accustamp; 0.76 ignores it.",
        first_is_a_stamp,
        [multilog_case(actions=[b"T", b"./a"])],
    ),
    Difference(
        "svlogd: behind a plus the line has an end",
        "svlogd",
        "runit's goes on matching behind the end of the line, and finds what it had.",
        plus_at_the_end,
        [{"options": [], "rules": [b"-x+x", b"-+x"], "lines": [b"x", b""], "dirs": [b"a"]}],
    ),
    Difference(
        "multilog: an empty processor is none",
        "multilog rotation",
        "0.76 runs a shell that prints nothing: the text of full files is lost.",
        empty_processor,
        [rotation_case(processor=("!",))],
    ),
    Difference(
        "multilog: a missing state file is made for the processor",
        "multilog rotation",
        "0.76 fails to run the processor for ever.",
        no_state,
        [rotation_case(processor=("!cat",), state=False, limit_s="3")],
    ),
]
