"""envdir: random trees make the same environment, or the same complaint."""

import campaign
import harness

NAMES = [b"A", b"B", b"FOO", b"LONG_NAME", b"PATH", b"x y", b"=", b"A=B", b"-", b"~"]
BLANKS = [b" ", b"\t", b"\n", b"\0", b"\r", b"\v", b"\f", b"=", b"\xff", b"v", b"word"]


class Environment(list):
    """An environment that may hold a name more than once, unlike a dict."""

    def items(self):
        return self


class Envdir(campaign.Area):
    name = "envdir"
    programs = ["envdir"]
    share = 200

    def generate(self, rng):
        names = rng.sample(NAMES + [b".hid", b"..x"], rng.randrange(7))
        entries = [self.entry(rng, name) for name in names]
        inherited = [
            (rng.choice(NAMES[:4] + [b"~"]), rng.choice([b"", b"old", b"=", b" "]))
            for _ in range(rng.randrange(4))
        ]
        if any(entry[0] == "link" or b"=" in entry[1] for entry in entries):
            # One known difference at a time: no doubled variables here.
            inherited = list(dict(inherited).items())
        return {
            "dir": rng.choice([b"env"] * 12 + [b"none", b"env/A", b"", b"."]),
            "entries": entries,
            "inherited": inherited,
            "child": rng.choice(
                [("printenv", "-0")] * 12
                + [("none",), ("",), ("./none",), ("env/A",), ()]
            ),
            "nobody": rng.randrange(12) == 0,
        }

    def entry(self, rng, name):
        kind = rng.randrange(40)
        if kind == 0:
            return ("dir", name, [], 0o755)
        if kind == 1 and b"=" not in name:
            target = rng.choice([b"../other", b"../env/A", b"/", b"none"])
            return ("link", name, target)
        if kind == 2:
            return ("link", name, name)  # a loop
        if kind == 3:
            return ("fifo", name)
        content = b"".join(
            rng.choice(BLANKS) for _ in range(rng.choice([0, 0, 1, 2, 3, 6, 12]))
        )
        if kind == 4:
            content = content * 400 + rng.randbytes(rng.randrange(5000))
        return ("file", name, content, rng.choice([0o644] * 15 + [0]))

    def execute(self, bin_dir, case, place):
        harness.plant(place, [("dir", b"env", case["entries"], 0o755)])
        harness.plant(place, [("file", b"other", b"other value \n", 0o644)])
        env = Environment([(b"PATH", harness.PATH.encode()), *case["inherited"]])
        if any(b"=" in name for name, _ in env):
            raise harness.Invalid("a name with =")
        outcome = harness.run(
            bin_dir,
            [b"envdir", case["dir"], *case["child"]],
            place,
            env=env,
            nobody=case["nobody"],
        )
        # No one relies on the order of the variables.
        outcome["stdout"] = sorted(outcome["stdout"].split(b"\0"))
        return outcome


def test_envdir_makes_the_same_environment(agree):
    agree(Envdir())
