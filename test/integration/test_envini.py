"""envini(8): variables from an ini file; what the parser takes is in
test/unit/test_chain.c."""

import os
import subprocess

import pytest

from support import BIN


def envini(*arguments, env=None, **options):
    return subprocess.run(
        [BIN / "envini", *arguments],
        env={"PATH": "/usr/bin:/bin", **(env or {})},
        capture_output=True,
        text=True,
        timeout=120,
        **options,
    )


def test_sections_and_a_prefix_come_before_names(tmp_path):
    ini = tmp_path / "settings.ini"
    ini.write_text("MODE = fast\n; no = 1\n[DB]\nHOST=localhost \nPORT =5432")
    run = envini(ini, "env", env={"MODE": "old", "KEPT": "1"})
    assert sorted(run.stdout.splitlines()) == [
        "DB_HOST=localhost",
        "DB_PORT=5432",
        "KEPT=1",
        "MODE=fast",
        "PATH=/usr/bin:/bin",
    ]
    run = envini("-p", "APP_", ini, "env")
    assert "APP_MODE=fast\nAPP_DB_HOST=localhost\n" in run.stdout


def test_long_file_is_read_whole(tmp_path):
    ini = tmp_path / "settings.ini"
    ini.write_text("".join(f"N{i}={'x' * 1000}\n" for i in range(100)))
    assert envini(ini, "env").stdout.count("x" * 1000 + "\n") == 100


def test_path_of_the_file_does_not_find_the_program(tmp_path):
    ini = tmp_path / "settings.ini"
    ini.write_text("PATH=/nowhere\n")
    run = envini(ini, "env")
    assert (run.returncode, run.stdout) == (0, "PATH=/nowhere\n")


@pytest.mark.parametrize("name, reason", [
    ("missing", "file does not exist"),
    (".", "is a directory"),
])
def test_file_that_cannot_be_read_is_fatal(tmp_path, name, reason):
    run = envini(name, "env", cwd=tmp_path)
    assert (run.returncode, run.stdout) == (111, "")
    assert run.stderr == f"envini: fatal: unable to read {name}: {reason}\n"


@pytest.mark.parametrize("arguments", [[], ["x"], ["-p"], ["-p", "x"], ["-q", "x", "y"]])
def test_wrong_use(arguments):
    run = envini(*arguments)
    assert (run.returncode, run.stdout) == (100, "")
    assert run.stderr.splitlines()[-1] == (
        "envini: usage: envini [-p prefix] inifile child"
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user's file")
def test_file_of_others_is_not_guessed(tmp_path):
    ini = tmp_path / "settings.ini"
    ini.write_text("A=1\n")
    ini.chmod(0o600)
    fd = os.open(tmp_path, os.O_RDONLY)
    run = envini("settings.ini", "env", preexec_fn=lambda: (os.fchdir(fd), os.setuid(65534)))
    os.close(fd)
    assert run.returncode == 111
    assert run.stderr == "envini: fatal: unable to read settings.ini: access denied\n"
