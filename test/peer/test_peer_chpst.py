"""chpst: what runit's does to a process, ours does, too."""

import fcntl
import os

import campaign
import harness

SHOW = b"""
echo "show $#: $0 $*"
/usr/bin/id
/usr/bin/nice
/bin/cat /proc/$$/limits
/bin/pwd
umask
read -r pid comm state parent group session rest </proc/self/stat
[ "$session" = $$ ] && echo own session
for fd in 0 1 2 3 4 5; do [ -e /proc/$$/fd/$fd ] && echo "open $fd"; done
/usr/bin/printenv
exit 5
"""
SHELL = [b"/bin/sh", b"-c", SHOW, b"zero", b"one"]
PROGRAMS = {
    "shell": SHELL,
    "searched": [b"sh", *SHELL[1:]],
    "nosuch": [b"nosuch"],
    "no program": [b"./file"],
    "empty": [b""],
    "folder": [b"/"],
    "none": [],
    "long": [b"x" * 300],
    "dash": [b"-"],
    "end": [b"--", b"true"],
    "illegal": [b"-q", b"true"],
}
USUAL = ["shell"] * 12


ENTRIES = [
    ("dir", b"env", [
        ("file", b"SET", b"value \t\nmore", 0o644),
        ("file", b"EMPTY", b"", 0o644),
        ("file", b"GONE", b"", 0o644),
        ("file", b"NUL", b"a\0b\n", 0o644),
        ("file", b"UID", b"7\n", 0o644),
        ("file", b".hidden", b"x\n", 0o644),
    ], 0o755),
    ("dir", b"path", [("file", b"PATH", b"/nowhere\n", 0o644)], 0o755),
    ("dir", b"nested", [
        ("dir", b"inner", [], 0o755), ("file", b"A", b"1", 0o644),
    ], 0o755),
    ("dir", b"secret", [("file", b"KEY", b"1", 0o600)], 0o755),
    ("dir", b"closed", [("file", b"KEY", b"1", 0o644)], 0o700),
    ("dir", b"root", [], 0o755),
    ("dir", b"private", [], 0o700),
    ("file", b"file", b"text\n", 0o644),
    ("file", b"held", b"", 0o666),
    ("fifo", b"fifo"),
    ("link", b"dangling", b"nowhere"),
]
NAMES = [b"root", b"daemon", b"nobody", b"bin", b"sys"]
GROUPS = [b"root", b"daemon", b"adm", b"nogroup", b"tty"]
ODD_USERS = [
    b"", b":", b"nosuch", b"root:nosuch", b"root:", b"0", b"root:0", b":1", b":a:1",
    b":1:b", b":1:-1", b":-1:1", b":1x:1", b": 1:1", b"root:root:nosuch", b"Root",
]
WRAPPING = [b"18446744073709551616", b"99999999999999999999999"]  # of 64 bits
LEAST = {
    b"m": 1 << 27, b"d": 1 << 24, b"o": 16, b"p": 0, b"f": 1 << 16, b"c": 0, b"r": 0,
    b"t": 30,
}


class Chpst(campaign.Area):
    name = "chpst"
    package = "runit"
    programs = ["chpst"]
    share = 150

    def generate(self, rng):
        kinds = [
            self.user, self.user, self.variables, self.folder, self.root, self.lock,
            self.niceness, self.limit, self.limit, self.flag, self.flag, self.argv0,
        ]
        count = rng.choice([0, 1, 1, 2, 3, 5, 8])
        return {
            "options": [rng.choice(kinds)(rng) for _ in range(count)],
            "program": rng.choice(USUAL + list(PROGRAMS)),
            "nobody": rng.randrange(4) == 0,
        }

    def user(self, rng):
        if rng.randrange(6) == 0:
            text = rng.choice(ODD_USERS)
        elif rng.randrange(2):
            ids = [b"%d" % rng.choice([0, 1, 5, 1000, 65534, 70000, 4294967294])
                   for _ in range(rng.choice([2, 2, 3, 5]))]
            text = b":" + b":".join(ids)
        else:
            groups = [rng.choice(GROUPS) for _ in range(rng.choice([0, 0, 1, 1, 3]))]
            text = b":".join([rng.choice(NAMES), *groups])
        return (rng.choice([b"-u", b"-U"]), text)

    def variables(self, rng):
        return (b"-U", rng.choice(NAMES))

    def folder(self, rng):
        return (b"-e", rng.choice([
            b"env", b"env", b"env", b"path", b"nested", b"secret", b"closed", b"missing",
            b"file", b"", b".", b"dangling", b"root",
        ]))

    def root(self, rng):
        return (b"-/", rng.choice([b"/", b"/", b"missing", b"file", b"", b"private"]))

    def lock(self, rng):
        letter = rng.choice([b"-l", b"-L"])
        names = [b"new", b"new", b"file", b"missing/new", b"root", b"fifo", b"", b"private/x"]
        return (letter, rng.choice(names + [b"held"] * 3 * (letter == b"-L")))

    def niceness(self, rng):
        values = [
            b"0", b"5", b"+5", b"-5", b"19", b"99", b"-99", b"", b"x", b"5x", b"+-5",
            b"-", b"+", b" 5", b"--", b"2147483647", b"-2147483647", b"007",
        ]
        if os.nice(0) > 0:  # the C library adds them up, and the sum wraps
            values.remove(b"2147483647")
        return (b"-n", rng.choice(values))

    def limit(self, rng):
        letter = rng.choice(list(LEAST))
        kind = rng.randrange(20)
        if kind == 0:
            return (b"-" + letter, rng.choice(WRAPPING))
        if kind < 3:
            return (b"-" + letter, rng.choice([b"=", b"-", b"x", b"-1", b"+1", b" 1", b"1k"]))
        return (b"-" + letter, b"%d" % (LEAST[letter] + rng.getrandbits(rng.choice([1, 8, 30]))))

    def flag(self, rng):
        return (rng.choice([b"-P", b"-v", b"-0", b"-1", b"-2", b"-vP", b"-01"]),)

    def argv0(self, rng):
        return (b"-b", rng.choice([b"other", b"", b"-sh"]))

    def execute(self, bin_dir, case, place):
        harness.plant(place, ENTRIES)
        argv = [b"chpst"]
        for option in case["options"]:
            self.check(option)
            argv += option
        return self.run(bin_dir, argv + PROGRAMS[case["program"]], case, place)

    def check(self, option):
        """Shrinking must not ask for what would end the child by chance."""
        letter = option[0][1:2]
        if len(option[0]) < 2 or (len(option) == 1) != (letter in b"Pv012"):
            raise harness.Invalid(option)
        if letter in LEAST and option[1].isdigit() and int(option[1]) < LEAST[letter]:
            raise harness.Invalid(option)
        if letter in LEAST and not option[1]:
            raise harness.Invalid(option)
        if letter in LEAST and option[1].isdigit() and 1 << 63 <= int(option[1]) < 1 << 64:
            raise harness.Invalid("signed there, and so no limit")
        if letter == b"l" and option[1] == b"held":
            raise harness.Invalid("waits for ever")

    def run(self, bin_dir, argv, case, place):
        with open(os.path.join(place, "held"), "rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            outcome = harness.run(
                bin_dir,
                argv,
                place,
                env={b"PATH": b"/usr/bin:/bin", b"GONE": b"1", b"KEPT": b"1"},
                nobody=case["nobody"],
            )
        here = os.fsencode(place)
        shown = outcome["stdout"].replace(here, b"HERE").split(b"\n")
        # No one relies on the order of the variables; the usage is our own.
        outcome["stdout"] = sorted(l for l in shown if not l.startswith(b"PWD="))
        outcome["stderr"] = [
            line
            for line in outcome["stderr"].split(b"\n")
            if line and b"usage: " not in line
        ]
        return {**outcome, "files": sorted(os.listdir(here))}


class Guises(Chpst):
    """The chain loaders of daemontools, as names of chpst."""

    name = "chpst's other names"
    share = 60

    def generate(self, rng):
        name, options = rng.choice([
            ("envdir", [[self.folder(rng)[1]]]),
            ("envuidgid", [[rng.choice(NAMES + ODD_USERS)]]),
            ("setuidgid", [[rng.choice(NAMES + ODD_USERS + [b":1:1"])]]),
            ("pgrphack", [[]]),
            ("setlock", [[b"-N", b"new"], [b"-x", b"missing/new"], [b"missing/new"],
                          [b"-xX", b"fifo"], [b"-q", b"new"], [b"new"]]),
            ("softlimit", [[b"-c", b"5", b"-a", b"500000000"], [b"-s=", b"-c7"],
                            [b"-q"], [b"-c", b"x"], [], [b"-l", b"4096"]]),
        ])
        return {
            "name": name,
            "options": rng.choice(options),
            "program": rng.choice(USUAL + list(PROGRAMS)),
            "nobody": rng.randrange(4) == 0,
        }

    def execute(self, bin_dir, case, place):
        harness.plant(place, ENTRIES)
        names = os.path.join(os.fsencode(place), b"names")
        name = case["name"].encode()
        os.mkdir(names)
        os.symlink(os.fsencode(bin_dir / "chpst"), os.path.join(names, name))
        argv = [name, *case["options"], *PROGRAMS[case["program"]]]
        return self.run(harness.pathlib.Path(os.fsdecode(names)), argv, case, place)


def test_chpst_changes_the_same(agree):
    agree(Chpst())


def test_chpst_goes_by_the_same_names(agree):
    agree(Guises())
