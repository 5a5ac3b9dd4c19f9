"""envdir(8): environments and directories that no record shows."""

import os
import subprocess
import threading

import pytest

from support import BIN


class Repeating:
    """What subprocess takes for an environment, but with repeated names."""

    def __init__(self, *pairs):
        self.pairs = pairs

    def items(self):
        return self.pairs


def variables(directory, env):
    run = subprocess.run(
        [BIN / "envdir", directory, "/usr/bin/env", "-0"],
        env=env,
        capture_output=True,
        timeout=120,
    )
    assert (run.returncode, run.stderr) == (0, b"")
    return run.stdout.decode().split("\0")[:-1]


def test_every_duplicate_goes(tmp_path):
    (tmp_path / "SET").write_text("new\n")
    (tmp_path / "GONE").write_text("")
    env = Repeating(
        ("SET", "1"), ("GONE", "2"), ("KEPT", "3"), ("SET", "4"), ("GONE", "5")
    )
    assert variables(tmp_path, env) == ["KEPT=3", "SET=new"]


def test_dangling_link_is_as_an_empty_file_whatever_came_before(tmp_path):
    for number in range(20):
        (tmp_path / f"A{number}").write_text("value\n")
        (tmp_path / f"L{number}").symlink_to("nowhere")
    env = {f"L{number}": "x" for number in range(20)}
    assert sorted(variables(tmp_path, env)) == sorted(
        f"A{number}=value" for number in range(20)
    )


def test_file_that_vanishes_is_skipped(tmp_path):
    """However the race ends, no other file's value is taken."""
    (tmp_path / "A").write_text("value\n")
    has_ended = threading.Event()

    def come_and_go():
        while not has_ended.is_set():
            for number in range(20):
                (tmp_path / f"V{number}").write_text("own\n")
            for number in range(20):
                (tmp_path / f"V{number}").unlink()

    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        for _ in range(100):
            found = variables(tmp_path, {})
            assert "A=value" in found
            others = {entry.partition("=")[2] for entry in found} - {"value"}
            assert others <= {"own"}
    finally:
        has_ended.set()
        thread.join()


@pytest.mark.parametrize("length", [1023, 1024, 1025, 100000])
def test_values_of_any_length(tmp_path, length):
    (tmp_path / "V").write_text("x" * length + "\nnot this\n")
    (tmp_path / "W").write_text("y" * length)
    assert sorted(variables(tmp_path, {})) == [
        "V=" + "x" * length,
        "W=" + "y" * length,
    ]


def test_fifo_without_writer_is_as_an_empty_file(tmp_path):
    os.mkfifo(tmp_path / "V")
    assert variables(tmp_path, {"V": "x"}) == []


def test_fifo_with_a_silent_writer_is_trouble(tmp_path):
    directory = tmp_path / "d"
    directory.mkdir()
    os.mkfifo(directory / "V")
    writer = os.open(directory / "V", os.O_RDWR)
    try:
        run = subprocess.run(
            [BIN / "envdir", "d", "/bin/true"],
            cwd=tmp_path,
            capture_output=True,
            timeout=120,
        )
    finally:
        os.close(writer)
    assert run.returncode == 111
    assert run.stderr == b"envdir: fatal: unable to read d/V: temporary failure\n"


def test_prefix_comes_before_each_name(tmp_path):
    (tmp_path / "SET").write_text("new\n")
    (tmp_path / "GONE").write_text("")
    env = {"PATH": "/usr/bin:/bin", "SET": "1", "APP_GONE": "2", "GONE": "3"}
    for option in (["-p", "APP_"], ["-pAPP_"]):
        run = subprocess.run(
            [BIN / "envdir", *option, tmp_path, "env"],
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert (run.returncode, run.stderr) == (0, "")
        assert run.stdout.splitlines() == [
            "PATH=/usr/bin:/bin", "SET=1", "GONE=3", "APP_SET=new",
        ]


def test_other_dashes_begin_a_directory(tmp_path):
    """As in 0.76; only -p was given a meaning since."""
    (tmp_path / "-d").mkdir()
    (tmp_path / "-d" / "A").write_text("1")
    run = subprocess.run(
        [BIN / "envdir", "-d", "env"], cwd=tmp_path, capture_output=True, text=True,
        timeout=120,
    )
    assert "A=1\n" in run.stdout


@pytest.mark.parametrize("arguments", [["-p"], ["-p", "x"], ["-p", "x", "d"], ["-px", "d"]])
def test_prefix_without_the_rest_is_wrong_use(arguments):
    run = subprocess.run(
        [BIN / "envdir", *arguments], capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 111
    assert run.stderr.startswith("envdir: usage: envdir ")
