"""--version: every program tells which it is, and does nothing else."""

import re
import subprocess

import pytest

from support import BIN, TOP


def programs():
    text = (TOP / "src" / "meson.build").read_text()
    table = re.search(r"^programs = \{(.*?)^\}", text, re.M | re.S).group(1)
    return re.findall(r"^\s*'([^']+)':", table, re.M)


def version():
    return re.search(r"version: '([^']+)'", (TOP / "meson.build").read_text()).group(1)


@pytest.mark.parametrize("program", programs())
def test_version_as_the_only_argument(program, tmp_path):
    run = subprocess.run(
        [BIN / program, "--version"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.stdout == f"{program} (Holdfast) {version()}\n"
    assert (run.returncode, run.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_version_of_the_script():
    script = BIN.parent / "share" / "holdfast" / "install-service-root"
    if not script.exists():
        pytest.skip("install-service-root is not staged")
    run = subprocess.run([script, "--version"], capture_output=True, text=True, timeout=120)
    assert run.stdout == f"install-service-root (Holdfast) {version()}\n"
    assert (run.returncode, run.stderr) == (0, "")


def test_version_beside_other_arguments_is_an_argument(tmp_path):
    (tmp_path / "--version").mkdir()
    (tmp_path / "--version" / "A").write_text("1")
    run = subprocess.run(
        [BIN / "envdir", "--version", "env"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )
    assert "A=1\n" in run.stdout


def test_version_that_cannot_be_written_is_a_failure():
    with open("/dev/full", "w") as full:
        run = subprocess.run(
            [BIN / "svc", "--version"], stdout=full, stderr=subprocess.PIPE, timeout=120
        )
    assert run.returncode == 111
    assert run.stderr == b"svc: fatal: unable to write output: out of disk space\n"
