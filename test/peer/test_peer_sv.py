"""Our sv beside Debian's, on services that either's supervisor hosts.

Each scenario is played twice, in directories of the same make: by their sv and
by ours. What they print and how they exit must be the same but for pids and
seconds.
"""

import concurrent.futures
import os
import re
import subprocess

import pytest
from conftest import peer_programs

from support import BIN, Programs, wait_until, write_script

SLEEP = "#!/bin/sh\nexec sleep 1000\n"
STUBBORN = "#!/bin/sh\ntrap '' TERM\n: >deaf\nwhile :; do sleep 0.05; done\n"
LIMIT_S = 60


def make(kind, path):
    """A service directory of that kind."""
    write_script(path / "run", STUBBORN if "stubborn" in kind else SLEEP)
    if kind == "down":
        (path / "down").touch()
    if "log" in kind:
        write_script(path / "log" / "run", "#!/bin/sh\nexec cat >/dev/null\n")
    if kind == "logdown":
        (path / "log" / "down").touch()
    if "good" in kind:
        write_script(path / "check", "#!/bin/sh\nexit 0\n")
    if "bad" in kind:
        write_script(path / "check", "#!/bin/sh\nexit 1\n")
    if "finish" in kind:
        write_script(path / "finish", "#!/bin/sh\nexec sleep 1.5\n")


# Steps: a command line of sv; "=" and one of an init script; "until" and what
# the status line begins with, or "old": theirs takes a process for a new one
# that was started in the same second.
SCENARIOS = {
    "up": ("plain", ["status s", "-v up s", "start s", "check s", "s s", "sta s"]),
    "normally down": ("down", ["status s", "check s", "-v up s", "status s"]),
    "down": ("plain", ["-v down s", "status s", "check s", "try-restart s", "stop s"]),
    "once": ("down", ["once s", "until run", "status s", "-v once s", "stop s"]),
    "stop and start": ("plain", ["stop s", "start s", "force-stop s", "start s"]),
    "restart": (
        "plain",
        # Theirs says that one is as it should be that is about to start.
        ["restart s", "until run", "status s", "force-restart s", "until run", "check s"],
    ),
    "restart of one that is down": ("down", ["restart s", "status s"]),
    "reload": ("plain", ["alarm s", "until old", "-v term s", "force-reload s"]),
    "letters": ("plain", ["d s", "until down", "u s", "until run", "D s", "T s"]),
    "pause": ("plain", ["-v pause s", "status s", "-v cont s", "status s"]),
    "stubborn": (
        "stubborn",
        ["-w 1 stop s", "status s", "-w 1 force-stop s", "until down", "status s"],
    ),
    "stubborn restart": ("stubborn", ["until old", "-w 1 restart s", "status s", "-w 1 T s"]),
    "exit": ("plain", ["shutdown s", "status s", "exit s", "stop s", "start s"]),
    "forced exit": ("down", ["X s", "force-shutdown s", "status s"]),
    "log": ("log", ["status s", "stop s", "status s", "status s/log", "stop s/log"]),
    "log is down": ("logdown", ["status s", "start s/log", "status s"]),
    "log leaves last": ("log", ["shutdown s", "status s"]),
    "check": ("good", ["start s", "until old", "restart s", "check s"]),
    "check says no": ("bad", ["-w 1 start s", "-w 1 check s", "-w 1 restart s", "stop s"]),
    "names": ("plain", ["status ./s", "status s/", "status s nowhere none", "up nowhere"]),
    "wrong use": ("plain", ["s", "u", "-x status s"]),
    "unknown": ("plain", ["bogus s", "U s", "f s", "r s"]),
    "finish": ("finish", ["d s", "until finish", "status s", "-v down s", "status s"]),
    "init script": (
        "plain",
        ["=status", "=stop", "=status", "=start", "=restart", "=bogus", "=", "=up"],
    ),
    "init script, stubborn": ("stubborn", ["=-w 1 stop", "=-w 1 force-stop"]),
    "init script, none": ("nobody", ["=status", "=start", "status s", "start s"]),
}
# Theirs shows its usage, which says nothing of the slip; the code is the same.
UNKNOWN = "sv: fatal: unknown command {}; sv help lists them"
# Their sv sends x, which for us, as for daemontools, ends no service; and it
# takes a service for one that runs once only if that is wanted down.
NOT_ON_OURS = {"exit", "log leaves last", "once"}


def normal(text):
    text = re.sub(r"\(pid \d+\)", "(pid N)", text)
    text = re.sub(r" \d+s\b", " Ns", text)
    return text.rstrip("\n")


class Player:
    """One side: a directory, the program that hosts it, the sv that is used."""

    def __init__(self, folder, kind, host, sv, programs):
        self.folder = folder
        self.sv = sv
        make(kind, folder / "s")
        (folder / "nowhere").mkdir()
        (folder / "init").mkdir()
        (folder / "init" / "s").symlink_to(sv)
        if kind != "nobody":
            programs.start(
                host, "s", cwd=folder, stderr=subprocess.DEVNULL, start_new_session=True
            )
            self.until("down" if kind == "down" else "run")
            if kind == "stubborn":
                wait_until((folder / "s" / "deaf").exists)
            if "log" in kind:
                self.until("down" if kind == "logdown" else "run", "s/log")

    def call(self, argv):
        environment = {"SVDIR": str(self.folder), "PATH": os.environ["PATH"]}
        done = subprocess.run(
            argv,
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=LIMIT_S,
        )
        return done.returncode, normal(done.stdout), normal(done.stderr)

    def until(self, beginning, name="s"):
        def has_come():
            argv = [self.sv, "status", name]
            environment = {"SVDIR": str(self.folder)}
            done = subprocess.run(argv, capture_output=True, text=True, env=environment)
            said = done.stdout
            if beginning == "old":
                return int(re.search(r" (\d+)s", said)[1]) >= 2
            # Their runsv tells of a finish that it is about to start, too.
            return said.startswith(beginning + ":") and "(pid 0)" not in said

        wait_until(has_come, LIMIT_S, f"{beginning}: {name}")

    def play(self, step):
        if step.startswith("until "):
            self.until(step.split()[1])
            return None
        if step.startswith("="):
            return self.call([self.folder / "init" / "s", *step[1:].split()])
        return self.call([self.sv, *step.split()])


def play(name, kind, steps, folder, host, theirs, programs):
    """The lines that tell of differences."""
    players = []
    for side, sv in (("theirs", theirs / "sv"), ("ours", BIN / "sv")):
        place = folder / name.replace(" ", "-") / side
        place.mkdir(parents=True)
        players.append(Player(place, kind, host, sv, programs))
    wrong = []
    for step in steps:
        expected, got = (player.play(step) for player in players)
        if step == "" or (got and got[1] == ""):
            expected, got = (drop_empty(each) for each in (expected, got))
        if name == "unknown":
            expected = (expected[0], "", UNKNOWN.format(step.split()[0]))
        if got != expected:
            wrong.append(f"{name}: {step}: {expected} {got}")
    return wrong


def drop_empty(outcome):
    """Their usage ends with an empty line; ours has lines, before theirs, of
    commands of our own, and an option more."""
    lines = outcome[2].strip().splitlines() if outcome else []
    ours = [line for line in lines[:-1] if line.startswith("usage: sv ")]
    lines = [line.replace(" [-d dir]", "") for line in lines if line not in ours]
    return outcome and (outcome[0], outcome[1].strip(), "\n".join(lines))


@pytest.fixture(scope="module")
def theirs():
    return peer_programs("runit")


@pytest.fixture
def quick_programs():
    started = Programs()
    yield started
    started.end_all()


def run_all(scenarios, folder, host, theirs, programs):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        futures = [
            pool.submit(play, name, kind, steps, folder, host, theirs, programs)
            for name, (kind, steps) in scenarios.items()
        ]
        return [line for future in futures for line in future.result()]


def test_on_services_of_their_runsv(theirs, tmp_path, quick_programs):
    wrong = run_all(SCENARIOS, tmp_path, theirs / "runsv", theirs, quick_programs)
    assert not wrong, "\n".join(wrong)


def test_on_services_of_our_runsv(theirs, tmp_path, quick_programs):
    scenarios = {
        name: scenario
        for name, scenario in SCENARIOS.items()
        if name not in NOT_ON_OURS
    }
    wrong = run_all(scenarios, tmp_path, BIN / "runsv", theirs, quick_programs)
    assert not wrong, "\n".join(wrong)
