"""sv try: a command supervised here and now, of which nothing is left."""

import os
import signal
import shutil
import subprocess

import pytest

from support import BIN, is_alive, wait_until, write_script


class Trial:
    def __init__(self, programs, folder):
        self.programs = programs
        self.base = folder / "base"
        self.base.mkdir()
        self.work = folder / "work"
        self.work.mkdir()
        self.said_path = folder / "said"
        self.process = None

    def start(self, *words, **variables):
        environment = os.environ | {"XDG_RUNTIME_DIR": str(self.base)} | variables
        with open(self.said_path, "ab") as said:
            self.process = self.programs.start(
                BIN / "sv", "try", *words, env=environment, cwd=self.work, stdout=said, stderr=said
            )
        return self.process

    def said(self):
        return self.said_path.read_text().splitlines()

    def wait_said(self, text, count=1):
        wait_until(lambda: sum(text in line for line in self.said()) >= count, what=text)

    def pid(self, name="pid"):
        path = self.work / name
        return int(wait_until(lambda: path.exists() and path.read_text().strip()))

    def end(self, code, limit_s=60):
        self.programs.wait_end(self.process, code, limit_s)


@pytest.fixture
def trial(programs, tmp_path):
    return Trial(programs, tmp_path)


LOOPING = ["sh", "-c", "echo $$ >pid.new; mv pid.new pid; echo hello; exec sleep 1000"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_runs_in_the_foreground_until_a_signal_and_leaves_nothing(trial, number):
    trial.start("--", *LOOPING)
    pid = trial.pid()
    trial.wait_said("hello")
    trial.wait_said("sv: started, pid")
    assert len(os.listdir(trial.base)) == 1
    trial.process.send_signal(number)
    trial.end(0)
    assert not is_alive(pid)
    assert os.listdir(trial.base) == []
    assert sorted(os.listdir(trial.work)) == ["pid"]


def test_command_is_started_again_and_its_deaths_are_told_of(trial):
    trial.start("--", "sh", "-c", "echo once more; exit 3")
    trial.wait_said("once more", 2)
    trial.wait_said("sv: died: exit 3", 2)
    trial.process.send_signal(signal.SIGINT)
    trial.end(0)


def test_programs_of_other_suites_are_not_called(trial, tmp_path):
    """runit's chpst has no such option, and it was found first."""
    for name in ("chpst", "softlimit", "supervise", "multilog", "setuidgid"):
        write_script(tmp_path / "theirs" / name, f"#!/bin/sh\necho not our {name}\nexit 1\n")
    path = f"{tmp_path}/theirs:{os.environ['PATH']}"
    trial.start("--", "sh", "-c", "echo $PWD; softlimit; sleep 1000", PATH=path)
    trial.wait_said(str(trial.work))
    trial.wait_said("not our softlimit")  # for the command all is as it was
    assert not [line for line in trial.said() if "our chpst" in line]
    trial.process.send_signal(signal.SIGTERM)
    trial.end(0)


def test_arguments_and_relative_programs(trial):
    write_script(trial.work / "prog", '#!/bin/sh\nprintf "[%s]\\n" "$@"\nexec sleep 1000\n')
    trial.start("--", "./prog", "it's", "", "$HOME")
    trial.wait_said("[$HOME]")
    assert [line for line in trial.said() if line.startswith("[")] == ["[it's]", "[]", "[$HOME]"]
    trial.process.send_signal(signal.SIGTERM)
    trial.end(0)


@pytest.mark.parametrize("command,code", [("exit 7", 7), ("exit 0", 0), ("kill -9 $$", 137)])
def test_one_that_is_not_started_again_ends_it_with_its_code(trial, command, code):
    trial.start("--restart", "never", "--", "sh", "-c", command)
    trial.end(code)
    assert os.listdir(trial.base) == []


def test_second_signal_is_meant(trial):
    trial.start("--", "sh", "-c", "trap '' TERM; echo $$ >pid.new; mv pid.new pid; while :; do sleep 0.1; done")
    pid = trial.pid()
    trial.process.send_signal(signal.SIGINT)
    # The first has been taken when the service has got TERM; then the next.
    wait_until(lambda: "term-sent=1" in next(trial.base.glob("*/service/supervise/state")).read_text())
    trial.process.send_signal(signal.SIGINT)
    trial.end(0)
    assert not is_alive(pid)
    assert os.listdir(trial.base) == []


def test_killed_it_takes_the_command_along_and_the_next_cleans_up(trial):
    trial.start("--", *LOOPING)
    pid = trial.pid()
    trial.process.kill()
    trial.process.wait(120)

    def has_ended():
        trial.programs.reap_zombies()
        return not is_alive(pid)

    wait_until(has_ended)
    assert len(os.listdir(trial.base)) == 1
    (trial.work / "pid").unlink()
    trial.start("--", *LOOPING)
    trial.pid()
    assert len(os.listdir(trial.base)) == 1
    trial.process.send_signal(signal.SIGINT)
    trial.end(0)
    assert os.listdir(trial.base) == []


def test_two_at_once_leave_each_other_alone(trial):
    trial.start("--", *LOOPING)
    first = trial.process
    pid = trial.pid()
    trial.start("--", "sh", "-c", "echo second; exec sleep 1000")
    trial.wait_said("second")
    assert len(os.listdir(trial.base)) == 2 and is_alive(pid)
    trial.process.send_signal(signal.SIGINT)
    trial.end(0)
    assert is_alive(pid) and len(os.listdir(trial.base)) == 1
    first.send_signal(signal.SIGINT)
    trial.programs.wait_end(first, 0)
    assert os.listdir(trial.base) == []


def test_wrong_use(trial):
    for words in ([], ["--"], ["--what", "--", "x"], ["--", "-x"]):
        done = subprocess.run([BIN / "sv", "try", *words], capture_output=True, timeout=60)
        assert done.returncode == 100 and b"usage: sv try" in done.stderr


def test_without_supervise_it_says_so(trial, tmp_path):
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(BIN / "sv", alone / "sv")
    environment = os.environ | {"XDG_RUNTIME_DIR": str(trial.base)}
    done = subprocess.run(
        [alone / "sv", "try", "--", "x"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 111 and "unable to run" in done.stderr
    assert os.listdir(trial.base) == []
