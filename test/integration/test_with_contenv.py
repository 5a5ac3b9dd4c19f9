"""with-contenv(8): the container's variables, where something has cleared them."""

import os
import subprocess

import pytest

from support import BIN, write_script

SHOW = ["sh", "-c", 'echo "$FOO|$OTHER|${NONE-unset}"']


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "environment"
    made.mkdir()
    (made / "FOO").write_bytes(b"two\0lines\n")
    (made / "NONE").write_text("\n")
    return made


def run(*argv, **more):
    env = {"PATH": os.environ["PATH"], "FOO": "mine", "OTHER": "stays"}
    return subprocess.run([BIN / "with-contenv", *argv], capture_output=True, text=True,
                          timeout=120, env=env, **more)


def test_variables_are_added(folder):
    done = run("-e", folder, *SHOW)
    assert (done.returncode, done.stdout) == (0, "two\nlines|stays|\n")


def test_where_there_are_none_it_is_as_if_it_was_not_there(folder):
    done = run("-e", folder / "none", *SHOW)
    assert (done.returncode, done.stdout) == (0, "mine|stays|unset\n")


def test_it_runs_a_script(tmp_path):
    script = tmp_path / "script"
    write_script(script, f"#!{BIN}/with-contenv sh\necho \"$0 $1 $OTHER\"\n")
    done = subprocess.run([script, "one"], capture_output=True, text=True, timeout=120,
                          env={"PATH": os.environ["PATH"], "OTHER": "stays"})
    assert done.stdout == f"{script} one stays\n"


def test_a_directory_that_can_not_be_read_is_fatal(tmp_path):
    (tmp_path / "file").touch()
    done = run("-e", tmp_path / "file", *SHOW)
    assert (done.returncode, done.stdout) == (111, "")
    assert done.stderr == (
        f"with-contenv: fatal: unable to read directory {tmp_path}/file: "
        "not a directory\n")


def test_one_that_holds_what_can_not_be_read_is_too(folder):
    (folder / "FOO").unlink()
    (folder / "FOO").mkdir()
    done = run("-e", folder, *SHOW)
    assert done.returncode == 111
    assert done.stderr.startswith(f"with-contenv: fatal: unable to read {folder}/FOO: ")


@pytest.mark.parametrize("argv", [[], ["-x", "true"], ["-e"], ["-e", "dir"]])
def test_wrong_use(argv):
    done = run(*argv)
    assert done.returncode == 100
    assert done.stderr.splitlines()[-1] == (
        "with-contenv: usage: with-contenv [-e dir] program")
