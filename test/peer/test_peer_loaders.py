"""The chain loaders: accounts, groups, the search for the child, its end."""

import os

import campaign
import harness

SHOW = b"""#!/bin/sh
# What a loader can change about its child.
echo "show $#: $*"
/usr/bin/id
read -r pid comm state parent group session rest </proc/self/stat
[ "$group" = $$ ] && echo own group
[ "$session" = $$ ] && echo own session
/bin/ls /proc/self/fd
/usr/bin/printenv
exit 5
"""
ENDS = [b"exit 0", b"exit 3", b"exit 111", b"kill -TERM $$", b"kill -KILL $$",
        b"exec /nonexistent", b"echo out; echo err >&2"]
# Only fghack waits for the ends of these.
BACKGROUND = [b"/bin/sleep 0.02 & exit 4", b"(/bin/sleep 0.01; echo late >late) & exit 0"]
ACCOUNTS = [b"root", b"nobody", b"daemon", b"bin", b"nosuch", b"", b"0", b"65534",
            b"root:", b"-n", b"Root"]
LOADERS = [b"setuidgid", b"envuidgid", b"pgrphack", b"fghack", b"envdir", b"setlock",
           b"softlimit"]
# Each folder holds a file "show" that execve likes more or less.
FOLDERS = [
    ("dir", b"good", [("file", b"show", SHOW, 0o755)], 0o755),
    ("dir", b"mode", [("file", b"show", SHOW, 0o644)], 0o755),
    ("dir", b"folder", [("dir", b"show", [], 0o755)], 0o755),
    ("dir", b"empty", [], 0o755),
    ("dir", b"raw", [("file", b"show", b"echo raw\n", 0o755)], 0o755),
    ("dir", b"gone", [("file", b"show", b"#!/nonexistent\n", 0o755)], 0o755),
    ("dir", b"void", [("file", b"show", b"", 0o755)], 0o755),
    ("dir", b"loop", [("link", b"show", b"show")], 0o755),
    ("dir", b"dangling", [("link", b"show", b"nothing")], 0o755),
    ("dir", b"closed", [("file", b"show", SHOW, 0o755)], 0o700),
    ("file", b"plain", b"not a folder", 0o644),
]
ELEMENTS = [entry[1] for entry in FOLDERS] + [b"missing", b"", b".", b"good/", b"x" * 300]


class Loaders(campaign.Area):
    name = "loaders"
    programs = [os.fsdecode(loader) for loader in LOADERS]
    share = 200

    def generate(self, rng):
        loader = rng.choice(LOADERS)
        return {
            "loader": loader.decode(),
            "before": self.before(rng, loader),
            "child": self.child(rng, ENDS + BACKGROUND * (loader == b"fghack")),
            "path": rng.choice(["unset"] + ["set"] * 8),
            "elements": [rng.choice(ELEMENTS) for _ in range(rng.randrange(5))],
            "show_here": rng.randrange(4) == 0,
            "nobody": rng.randrange(8) == 0,
        }

    def before(self, rng, loader):
        """The loader's own arguments; now and then too few."""
        if loader in (b"setuidgid", b"envuidgid"):
            own = [rng.choice(ACCOUNTS)]
        elif loader == b"envdir":
            own = [b"empty"]
        elif loader == b"setlock":
            own = [b"lock"]
        elif loader == b"softlimit":
            own = [b"-c0"]
        else:
            own = []
        # Not for setlock: it would open the child, which may be busy or not.
        too_few = loader != b"setlock" and rng.randrange(20) == 0
        return own[1:] if too_few else own

    def child(self, rng, ends):
        kind = rng.randrange(10)
        if kind < 6:
            return [b"show"] + [b"a", b"b c"][: rng.randrange(3)]
        if kind < 8:
            return [b"/bin/sh", b"-c", rng.choice(ends)]
        folder = rng.choice(ELEMENTS)
        return rng.choice([[folder + b"/show"], [folder], [b"x" * 5000], []])

    def execute(self, bin_dir, case, place):
        harness.plant(place, FOLDERS)
        if case["show_here"]:
            harness.plant(place, [("file", b"show", SHOW, 0o755)])
        env = {b"KEPT": b"value"}
        if case["path"] == "set":
            env[b"PATH"] = b":".join(case["elements"])
        outcome = harness.run(
            bin_dir,
            [case["loader"].encode(), *case["before"], *case["child"]],
            place,
            env=env,
            nobody=case["nobody"],
        )
        # No one relies on the order of the variables; PWD is the shell's.
        lines = outcome["stdout"].split(b"\n")
        outcome["stdout"] = sorted(l for l in lines if not l.startswith(b"PWD="))
        return {**outcome, "files": sorted(os.listdir(os.fsencode(place)))}


def test_loaders_run_their_children_alike(agree):
    agree(Loaders())
