"""The same service directories under Debian's runit and s6, and under ours.

Every script is recorder.c, which writes down what it was given. A scenario is
played by both supervisors at once, each on its own copy of the directory: bytes
go to supervise/control, the same ones, and what the scripts saw has to be the
same: their order, arguments, working directory, descriptors, signals, session
and environment. Where it isn't, DIFFERENT says so, with the row of
doc/compatibility.md.
"""

import atexit
import collections
import fcntl
import functools
import os
import pathlib
import random
import shutil
import subprocess
import tempfile
import termios
import time

import pytest
from conftest import peer_programs

import support
from support import BIN, wait_until

S6_LIBRARIES = ("libs6-2.11", "libskarnet2.13", "libexecline2.9")
# Both suites keep starts a second apart; after this none is still to come.
CALM_S = 1.5
LIMIT_S = 60

Scenario = collections.namedtuple("Scenario", "files does steps scripts log")


def scenario(*steps, scripts=("run", "finish"), log=False, does=None, **files):
    """Steps are pairs: bytes for supervise/control, and what is seen of the
    scripts then; see Side.seen()."""
    return Scenario(files, {"run": "stay 15=3"} | (does or {}), steps, scripts, log)


def ended(code, number=0):
    """What finish is told."""
    return f"finish {code} {number}"


UP = ("", ["run"])

# What runit's runsv and s6-supervise both know; "256" is s6's for "killed".
COMMON = {
    "down": scenario(UP, ("d", ["run:15", "run=3", ended(3)])),
    "down at first": scenario(("", []), ("u", ["run"]), down=""),
    "once": scenario(
        ("", []), ("o", ["run"]), ("t", ["run:15", "run=3", ended(3)]), down=""
    ),
    "up twice": scenario(UP, ("u", []), ("u", [])),
    "signals": scenario(
        UP, *[(letter, [f"run:{number}"]) for letter, number in
              {"h": 1, "i": 2, "q": 3, "1": 10, "2": 12, "a": 14, "t": 15}.items()],
        does={"run": "stay"},
    ),
    "term and continue": scenario(UP, ("d", ["run:15", "run:18"]), does={"run": "stay"}),
    "stopped, then told to end": scenario(
        UP, ("p", []), ("d", ["run:15", "run=3", ended(3)])
    ),
    "pause and continue": scenario(UP, ("p", []), ("c", ["run:18"])),
    "killed": scenario(UP, ("o", []), ("k", ["KILLED 9"])),
    "dies of a signal": scenario(
        ("", []), ("o", ["run", "KILLED 2"]), does={"run": "die 2"}, down=""
    ),
    "no finish": scenario(UP, ("d", ["run:15", "run=3"]), scripts=("run",)),
    "commands while finish runs": scenario(
        UP,
        ("t", ["run:15", "run=3", ended(3)]),
        ("d", []),
        ("k", ["EITHER"]),
        does={"finish": "stay"},
    ),
    "restart": scenario(UP, ("t", ["run:15", "run=3", ended(3), "run"])),
    "logger": scenario(UP, ("d", ["run:15", "run=3", ended(3)]), log=True),
}  # fmt: skip

RUNIT = {
    "hook of term that suppresses": scenario(
        UP, ("t", ["t", "t=0"]), scripts=("run", "finish", "control/t")
    ),
    "hook of term that does not": scenario(
        UP, ("t", ["t", "t=1", "run:15", "run=3", ended(3), "run"]),
        scripts=("run", "finish", "control/t"), does={"t": "exit 1"},
    ),
    "hooks of down": scenario(
        UP, ("d", ["t", "t=1", "run:15", "run:18", "d", "d=1"]),
        scripts=("run", "control/t", "control/d"),
        does={"run": "stay", "t": "exit 1", "d": "exit 1"},
    ),
    "hook of up": scenario(
        ("", ["u", "u=0", "run"]),
        ("t", ["run:15", "run=3", ended(3), "u", "u=0", "run"]),
        scripts=("run", "finish", "control/u"),
    ),
    "hooks of other letters": scenario(
        UP, ("h", ["h", "h=1", "run:1"]), ("2", ["2", "2=0"]), ("i", ["run:2"]),
        scripts=("run", "control/h", "control/2"), does={"h": "exit 1"},
    ),
    "hook of kill": scenario(UP, ("k", ["k", "k=0"]), scripts=("run", "control/k")),
    "run that cannot be executed": scenario(
        ("", []), ("o", [ended(111)]), scripts=("finish",), run="#!/no/such\n", down=""
    ),
}  # fmt: skip

S6 = {
    "down-signal": scenario(
        UP, ("d", ["run:2", "run:18"]), does={"run": "stay"}, down_signal="SIGINT\n"
    ),
    "restart": scenario(
        UP, ("r", ["run:2", "run=4", ended(4), "run"]),
        does={"run": "stay 2=4"}, down_signal="2\n",
    ),
    "restart of one that is down": scenario(("", []), ("r", []), down=""),
    "restart of one that runs once": scenario(
        UP, ("O", []), ("r", ["run:15", "run=3", ended(3)])
    ),
    "other signals": scenario(
        UP, ("b", ["run:6"]), ("y", ["run:28"]), does={"run": "stay"}
    ),
    "at most once": scenario(UP, ("O", []), ("t", ["run:15", "run=3", ended(3)])),
    "at most once when down": scenario(("", []), ("O", []), ("u", ["run"]), down=""),
    "at most once, then up": scenario(
        UP, ("O", []), ("u", []), ("t", ["run:15", "run=3", ended(3), "run"])
    ),
    "at most once, and down": scenario(UP, ("Q", []), ("t", ["run:15", "run=3", ended(3)])),
    "down for good": scenario(UP, ("D", ["run:15", "run=3", ended(3)])),
    "up for good": scenario(("", []), ("U", ["run"]), down=""),
    "killed in time": scenario(
        UP, ("d", ["run:15", "run:18", "KILLED 9"]),
        does={"run": "stay"}, timeout_kill="300\n",
    ),
    "finish is killed in time": scenario(
        UP, ("d", ["run:15", "run=3", ended(3)]), does={"finish": "stay"},
        timeout_finish="300\n",
    ),
    "finish for good": scenario(
        UP, ("t", ["run:15", "run=3", ended(3), "finish=125"]), ("u", ["run"]),
        does={"finish": "exit 125"},
    ),
    "notification": scenario(
        UP, ("d", ["run:15", "run=3", ended(3)]),
        does={"run": "ready 3 stay 15=3"}, notification_fd="3\n",
    ),
    "another descriptor": scenario(
        UP, ("d", ["run:15", "run=3", ended(3)]),
        does={"run": "ready 7 stay 15=3"}, notification_fd="7\n",
    ),
    "a lock": scenario(
        UP, ("d", ["run:15", "run=3", ended(3)]), lock_fd="4\n",
        # Of a release that forgets to make it.
        **{"supervise/service-lock": ""},
    ),
}  # fmt: skip

# What differs in what is recorded of a script, and why: rows of
# doc/compatibility.md.
DIFFERENT = {
    "runit": {
        ("run", "arg"): 232,  # our run is told its name
        ("finish", "arg"): 233,  # and finish two things more
        ("hook", "fds"): 260,  # ours holds the commands that came meanwhile
        ("hook", "signals"): 260,  # theirs leaves TERM and CHLD blocked
        ("*", "session"): 214,
        ("*", "group"): 214,
    },
    "s6": {("finish", "arg"): 233},  # this release has one less
}


@functools.cache
def recorder():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-recorder-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    program = folder / "recorder"
    source = support.TOP / "test" / "peer" / "recorder.c"
    argv = ["cc", "-std=c17", "-D_GNU_SOURCE", "-static", "-o", program, source]
    subprocess.run([str(arg) for arg in argv], check=True)
    return program


def make(path, made):
    path.mkdir(parents=True)
    for name, text in made.files.items():
        file = path / name.replace("_", "-")
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    if "run" in made.files:
        (path / "run").chmod(0o755)
    for name in made.scripts:
        (path / name).parent.mkdir(exist_ok=True)
        shutil.copy(recorder(), path / name)
    for name, text in made.does.items():
        (path / f"{name}.does").write_text(f"{text}\n")
    if made.log:
        dialect = made.files["dialect"]
        make(path / "log", scenario(scripts=("run", "finish"), dialect=dialect))


class Side:
    """One supervisor, with services of its own."""

    def __init__(self, name, folder):
        self.name = name
        self.path = folder / name
        self.path.mkdir()

    def make(self, names):
        for name, made in names.items():
            make(self.path / name, made)

    def records(self, service):
        """What its scripts wrote: (event, script, fields) each."""
        try:
            lines = (self.path / service / "trace").read_text().splitlines()
        except FileNotFoundError:
            return []
        found = []
        for line in lines:
            head, *rest = line.split("\t")
            fields = collections.defaultdict(list)
            for each in rest:
                key, _, value = each.partition("=")
                fields[key].append(value)
            found.append((*head.split(" ", 1), fields))
        return found

    def is_settled(self, service):
        """Whether nothing is in between: what runs has come to its sleep, and there
        is nothing that its supervisor has yet to do."""
        records = self.records(service)
        is_asleep = not records or records[-1][0] != "start"
        return is_asleep and not self.has_unread(service) and not self.is_to_start(service)

    def has_unread(self, service):
        control = self.path / service / "supervise" / "control"
        fd = os.open(control, os.O_RDONLY | os.O_NONBLOCK)
        try:
            count = fcntl.ioctl(fd, termios.FIONREAD, bytes(4))
        finally:
            os.close(fd)
        return count != bytes(4)

    def is_to_start(self, service):
        """It is down, and that is not what is wanted; by its status, or by ours."""
        folder = self.path / service / "supervise"
        if (folder / "state").exists():
            return "\nphase=waiting\n" in (folder / "state").read_text()
        if not (folder / "status").exists():
            return True
        status = (folder / "status").read_bytes()
        if len(status) == 20:  # runit's
            return status[19] == 0 and status[17:18] == b"u"
        return status[24:32] == bytes(8) and status[-1] & 4 != 0

    def seen(self, service):
        """What happened, in words: "run", "run:15" for a signal, "run=3" for an
        exit, "finish 3 0" for what finish was told."""
        words = []
        for event, script, fields in self.records(service):
            if event == "start" and script == "finish":
                words.append(f"finish {' '.join(fields['arg'][:2])}")
            elif event == "start":
                words.append(script)
            elif event == "signal" and script != "finish":
                # s6 sends CONT ahead of its KILL.
                words.append(f"{script}:{fields['number'][0]}")
            elif event == "exit" and (script, fields["code"]) != ("finish", ["0"]):
                words.append(f"{script}={fields['code'][0]}")
        return words

    def send(self, service, letters):
        control = self.path / service / "supervise" / "control"
        fd = os.open(control, os.O_WRONLY | os.O_NONBLOCK)
        try:
            assert os.write(fd, letters.encode()) == len(letters)
        finally:
            os.close(fd)

    def is_supervised(self, service):
        try:
            self.send(service, "")
        except OSError:
            return False
        return True


def starts(side, service):
    """What each start of a script saw, without what has to be another."""
    found, last_run = [], None
    for event, script, fields in side.records(service):
        if event != "start":
            continue
        if script == "run":
            last_run = fields["pid"][0]
        seen = {key: list(values) for key, values in fields.items() if key != "pid"}
        cwd = os.path.relpath(seen["cwd"][0], os.path.realpath(side.path))
        seen["cwd"] = [cwd]
        if script == "finish" and len(seen["arg"]) > 3:
            # The process group, which it led; 0 or a number of its own if it
            # couldn't be executed.
            assert seen["arg"][3] == last_run or last_run is None
            seen["arg"][3] = "PGID"
        found.append((script, seen))
    return found


def is_known(suite, script, key, theirs, ours):
    known = DIFFERENT[suite]
    script = "hook" if len(script) == 1 else script
    if key == "arg" and (script, key) in known:
        return ours[: len(theirs)] == theirs  # more, never others
    return (script, key) in known or ("*", key) in known


def compare(suite, theirs, ours, service):
    """How what the scripts saw differs, and how many values were compared."""
    differences, count = [], 0
    for (script, their), (other, our) in zip(
        starts(theirs, service), starts(ours, service), strict=False
    ):
        if script != other:
            break  # what was seen differs, and says so
        for key in sorted(their.keys() | our.keys()):
            count += 1
            a, b = their.get(key, []), our.get(key, [])
            if a != b and not is_known(suite, script, key, a, b):
                differences.append(f"{service}: {script} {key}: theirs {a}, ours {b}")
    return differences, count


def in_order(seen):
    """What started and ended, and the signals: a process that gets one writes
    that down while others go on."""
    return [w for w in seen if ":" not in w], [w for w in seen if ":" in w]


def settle(sides, services):
    """Waits until nothing more comes for a while, on both sides."""
    seen, since = None, time.monotonic()
    deadline = since + LIMIT_S

    def look():
        nonlocal seen, since
        now = [(s.seen(n), s.is_settled(n)) for s in sides for n in services]
        if now != seen:
            seen, since = now, time.monotonic()
        return time.monotonic() - since > CALM_S and all(calm for _, calm in now)

    wait_until(look, deadline - time.monotonic(), "rest")


def expected(suite, step):
    killed = {"runit": -1, "s6": 256}[suite]
    for word in step:
        if word.startswith("KILLED "):
            yield ended(killed, int(word.removeprefix("KILLED ")))
        elif word != "EITHER":
            yield word


def play(suite, theirs, ours, scenarios):
    """All scenarios side by side, a step of each at a time."""
    sides = (theirs, ours)
    for side in sides:
        for name in scenarios:
            wait_until(lambda s=side, n=name: s.is_supervised(n), LIMIT_S, name)
    for step in range(max(len(made.steps) for made in scenarios.values())):
        for name, made in scenarios.items():
            if step < len(made.steps) and made.steps[step][0]:
                for side in sides:
                    side.send(name, made.steps[step][0])
        settle(sides, scenarios)
    wrong, count = [], 0
    for name, made in scenarios.items():
        seen = [side.seen(name) for side in sides]
        if in_order(seen[0]) != in_order(seen[1]):
            wrong.append(f"{name}: theirs {seen[0]}, ours {seen[1]}")
        wanted = [word for step in made.steps for word in expected(suite, step[1])]
        if in_order(seen[1]) != in_order(wanted):
            wrong.append(f"{name}: promised {wanted}, ours {seen[1]}")
        for place in (name, f"{name}/log") if made.log else (name,):
            differences, compared = compare(suite, theirs, ours, place)
            wrong += differences
            count += compared
        down = [(side.path / name / "down").exists() for side in sides]
        if down[0] != down[1]:
            wrong.append(f"{name}: down: theirs {down[0]}, ours {down[1]}")
    print(f"{suite}: {len(scenarios)} directories, {count} values compared")
    assert not wrong, "\n".join(wrong)


ENVIRONMENT = {"HOME": "/nowhere", "MARK": "two words", "EMPTY": ""}


@pytest.fixture
def sides(tmp_path):
    return Side("theirs", tmp_path), Side("ours", tmp_path)


def start(programs, argv, environment, cwd=None):
    """With the same standard descriptors on both sides."""
    programs.start(
        *argv, env=environment, cwd=cwd, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip


def begin_runit(sides, programs):
    theirs, ours = sides
    bin_dir = peer_programs("runit")
    environment = ENVIRONMENT | {"PATH": f"{bin_dir}:/usr/bin:/bin"}
    start(programs, [bin_dir / "runsvdir", theirs.path], environment)
    start(programs, [BIN / "runsvdir", ours.path], environment)


@pytest.fixture
def begin_s6(tmp_path, programs):
    """Starts both scanners; theirs looks for the other programs in ../bin."""
    bin_dir = peer_programs("s6")
    places = [peer_programs(name).parent / "lib" for name in S6_LIBRARIES]
    found = [str(path) for place in places for path in place.iterdir()]
    (tmp_path / "bin").symlink_to(bin_dir)
    environment = ENVIRONMENT | {
        "PATH": f"{bin_dir}:/usr/bin:/bin",
        "LD_LIBRARY_PATH": ":".join(found),
    }

    def begin(sides):
        theirs, ours = sides
        start(programs, [bin_dir / "s6-svscan", theirs.path], environment)
        start(programs, [BIN / "svscan", ours.path], environment)

    return begin


def with_dialect(scenarios, suite):
    """For ours, a directory that shows nothing else of its suite says it."""
    return {
        name.replace(" ", "-"): made._replace(files={"dialect": suite} | made.files)
        for name, made in scenarios.items()
    }


def test_runit_runs_the_same_directories(sides, programs):
    scenarios = with_dialect(COMMON | RUNIT, "runit")
    for side in sides:
        side.make(scenarios)
    begin_runit(sides, programs)
    play("runit", *sides, scenarios)


def test_s6_runs_the_same_directories(sides, begin_s6):
    scenarios = with_dialect(COMMON | S6, "s6")
    for side in sides:
        side.make(scenarios)
    begin_s6(sides)
    play("s6", *sides, scenarios)


def test_s6_obeys_wishes_in_any_order_alike(sides, begin_s6):
    """What one wish after another comes to, of u d o D U O Q r t and k.

    PEER_SEED gives other sequences."""
    chance = random.Random(int(os.environ.get("PEER_SEED", "1")))
    scenarios = {}
    for number in range(60):
        # One that is deaf to TERM isn't told to restart: with theirs it has no
        # limit in time then, with ours it has (row 253).
        run = chance.choice(("stay 15=0", "stay"))
        wishes = "uudoDUOQQtk" + "r" * (run != "stay")
        letters = [chance.choice(wishes) for _ in range(5)]
        made = scenario(*[(letter, []) for letter in letters], down=None)
        files = {"dialect": "s6", "timeout-kill": "200\n"}
        if chance.random() < 0.5:
            files["down"] = ""
        made = made._replace(files=files, does={"run": run})
        scenarios[f"{number}-{''.join(letters)}"] = made
    for side in sides:
        side.make(scenarios)
    begin_s6(sides)
    for side in sides:
        for name in scenarios:
            wait_until(lambda s=side, n=name: s.is_supervised(n), LIMIT_S, name)
    settle(sides, scenarios)
    for step in range(5):
        for name, made in scenarios.items():
            for side in sides:
                side.send(name, made.steps[step][0])
        settle(sides, scenarios)
    wrong = []
    for name in scenarios:
        both = [
            (in_order(side.seen(name)), (side.path / name / "down").exists())
            for side in sides
        ]
        if both[0] != both[1]:
            wrong.append(f"{name}: theirs {both[0]}, ours {both[1]}")
    assert not wrong, "\n".join(wrong)


def test_commands_of_s6_reach_our_services(tmp_path, programs, begin_s6):
    """s6-svc and s6-svok; s6-svstat and s6-svwait read s6's own status."""
    sides = Side("theirs", tmp_path), Side("ours", tmp_path)
    made = scenario(dialect="s6")
    sides[1].make({"service": made})
    begin_s6(sides)
    bin_dir, ours = peer_programs("s6"), sides[1]
    places = [peer_programs(name).parent / "lib" for name in S6_LIBRARIES]
    libraries = ":".join(str(path) for place in places for path in place.iterdir())
    wait_until(lambda: ours.seen("service") == ["run"])

    def s6(program, *options):
        argv = [bin_dir / program, *options, ours.path / "service"]
        environment = {"LD_LIBRARY_PATH": libraries, "PATH": str(bin_dir)}
        return subprocess.run(argv, env=environment, timeout=60, check=False).returncode

    assert s6("s6-svok") == 0
    round_trip = ["run:15", "run=3", ended(3)]
    for options, words in (
        (["-h"], ["run:1"]),
        (["-r"], [*round_trip, "run"]),
        (["-d"], round_trip),
        (["-u"], ["run"]),
        (["-Ot"], round_trip),
        (["-o"], ["run"]),
        (["-k"], [ended(256, 9)]),
    ):
        before = ours.seen("service")
        wait_until(lambda: ours.is_settled("service"))
        assert s6("s6-svc", *options) == 0
        wait_until(lambda b=before, w=words: ours.seen("service") == b + w)
    assert s6("s6-svc", "-xd") == 0
    wait_until(lambda: s6("s6-svok") != 0)
