"""sv import: commands and environments are what supervisord takes them for.

Its own reader is asked about random configurations; what it takes for a command
and for an environment has to arrive in the program that the imported service runs.
"""

import json
import os
import random
import subprocess

import pytest

import support
from conftest import peer_programs

CASES = 120
# Asked through supervisord's own options, as nothing else tells what it read.
ORACLE = """
import json, os, shlex, sys
from supervisor.options import ServerOptions
answers = []
for path in json.load(sys.stdin):
    options = ServerOptions()
    options.configfile = path
    options.here = os.path.dirname(path)
    try:
        (group,) = options.read_config(path).process_group_configs
        (process,) = group.process_configs
        answers.append([shlex.split(process.command), process.environment])
    except ValueError as wrong:
        answers.append(str(wrong))
json.dump(answers, sys.stdout)
"""
# Says its arguments, and the variables of which it is asked.
RECORDER = r"""#!/bin/sh
for word; do printf '%s\0' "$word"; done
printf '\1'
env -0
"""
# Quotes within a value mean something to supervisord alone: sv(8) says so.
VARIABLES = {"ONE": "one", "TWO": "two  words", "EMPTY": "", "STAR": "*"}
WORDS = [
    "a", "b c", '"', "'", '"d e"', "'f g'", "\\", "\\\\", '\\"', " ", "  ", "\t", "$HOME", "`x`", "$(x)", "*", ";",
    " ;", "; ", "#", " # ", ",", "=", "%%", "%", "%(here)s", "%(program_name)s", "%(process_num)03d", "%(numprocs)d",
    "%(ENV_ONE)s", "%(ENV_TWO)s", "'%(ENV_TWO)s'", '"x%(ENV_TWO)s"', "%(ENV_EMPTY)s", "%(ENV_STAR)s", "%(ENV_NONE)s",
    "%(group_name)s", "%(nothing)s", "%(ENV_A)s", "%(ENV_B)s", "\n  ", "\n ; x\n  ", "é", "-", "--x=y", "~", "{a,b}", "()", "&", "|", "<", "!",
]
SETTINGS = [
    'A="1"', "A=1", "A='x y'", 'A="a,b"', "B=%(ENV_ONE)s", 'B="%(ENV_ONE)s:%(here)s"', "A=\"it's\"", "B='\"'",
    'B="\\"', "A=", 'A=""', "B=a;b", "A=/x/y.z-1+2:(3)", "A=a b", 'A=a"b', "B=#x", "A=é", "=", "B", "'", '"', "A=@",
    'A="%%"', 'A="%(ENV_NONE)s"', 'A="$HOME `x`"', 'B="x\n  y"', "A=%(process_num)d", 'A="*"',
]


def configuration(rng, recorder):
    command = "".join(rng.choice(WORDS) + rng.choice(["", " "]) for _ in range(rng.choice([0, 1, 2, 3, 5, 8])))
    text = f"[supervisord]\n[program:web]\ncommand={recorder} {command}\n"
    if rng.randrange(3):
        parts = (rng.choice(SETTINGS) for _ in range(rng.choice([1, 1, 2, 3])))
        text += f"environment={rng.choice([',', ', ', chr(10) + '  ,']).join(parts)}\n"
    return text


@pytest.fixture(scope="module")
def oracle():
    """What supervisord makes of each of the files: (words, variables), or a text."""
    packages = peer_programs("supervisor").parent / "lib" / "python3" / "dist-packages"

    def ask(paths):
        asked = subprocess.run(
            ["/usr/bin/python3", "-W", "ignore", "-c", ORACLE], input=json.dumps([str(path) for path in paths]), text=True,
            capture_output=True, timeout=300, env={"PATH": os.environ["PATH"], "PYTHONPATH": str(packages), **VARIABLES},
        )
        if "pkg_resources" in asked.stderr:
            pytest.skip("supervisor needs python3-pkg-resources")
        assert asked.returncode == 0, asked.stderr
        return json.loads(asked.stdout)

    return ask


def imported(path, folder):
    """(exit code, what was said, (words, variables)) of ours."""
    environment = {"PATH": f"{support.BIN}:{os.environ['PATH']}", **VARIABLES}
    done = subprocess.run(
        [support.BIN / "sv", "-d", folder / "scan", "import", "--into", folder, "--no-log", path],
        capture_output=True, text=True, timeout=60, env=environment,
    )
    if done.returncode == 111:
        return 111, done.stderr, None
    # Its output goes where the test reads it.
    ran = subprocess.run(["./run"], cwd=folder / "web", capture_output=True, timeout=60, env=environment)
    words, _, variables = ran.stdout.decode().partition("\1")
    pairs = (pair.split("=", 1) for pair in variables.split("\0")[:-1])
    return done.returncode, done.stderr, (words.split("\0")[:-1], dict(pairs))


def test_commands_and_environments_arrive_as_supervisord_reads_them(oracle, tmp_path):
    rng = random.Random(os.environ.get("PEER_SEED", "1"))
    recorder = tmp_path / "record"
    support.write_script(recorder, RECORDER)
    paths = []
    for i in range(CASES):
        (tmp_path / str(i) / "scan").mkdir(parents=True)
        paths.append(tmp_path / str(i) / "supervisord.conf")
        paths[-1].write_text(configuration(rng, recorder))
    same = refused = 0
    for path, expected in zip(paths, oracle(paths)):
        code, said, got = imported(path, path.parent)
        told = f"{path.read_text()}\nsupervisord: {expected}\nours: {code} {said} {got}"
        if isinstance(expected, str):
            # Nor is it taken in silence; but a variable that isn't there may be
            # when the service runs.
            refused += 1
            assert code != 0 or "names ('ENV_" in expected, told
            continue
        assert code == 0, told
        words, variables = expected
        assert got[0] == words[1:], told
        for name, value in variables.items():
            assert got[1].get(name) == value, told
        same += 1
    assert same > CASES / 4 and refused > CASES / 10
