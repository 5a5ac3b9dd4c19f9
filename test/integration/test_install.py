"""What `meson install` puts where."""

import json
import os
import pathlib
import re
import shutil
import stat
import subprocess

import pytest

from support import BIN, TOP, program_names

DATA = {
    "install-service-root",
    "rc.local",
    "svscanboot.openrc",
    "svscanboot.rc",
    "svscanboot.service",
}


def manuals():
    return {page.name for page in (TOP / "man").glob("*.[1-9]")}


def expected(bin_dir, man_dir, data_dir):
    return (
        {f"{bin_dir}/{name}" for name in program_names()}
        | {f"{man_dir}/man{name[-1]}/{name}" for name in manuals()}
        | {f"{data_dir}/{name}" for name in DATA}
    )


def planned(folder, *options):
    """The places where `meson install` would put things; nothing is built."""
    environment = dict(os.environ, CC=os.environ.get("CC", "cc"))
    environment.pop("DESTDIR", None)
    subprocess.run(
        ["meson", "setup", "-Dtests=false", *options, folder, TOP],
        env=environment, check=True, capture_output=True, timeout=120,
    )
    answer = subprocess.run(
        ["meson", "introspect", "--installed", folder],
        check=True, capture_output=True, timeout=120,
    )
    return set(json.loads(answer.stdout).values())


@pytest.mark.skipif(not shutil.which("meson"), reason="no meson here")
@pytest.mark.parametrize("options,bin_dir,man_dir,data_dir", [
    (
        ["--prefix=/usr/local"],
        "/usr/local/bin",
        "/usr/local/share/man",
        "/usr/local/share/holdfast",
    ),
    (
        ["--prefix=/package/admin/holdfast", "--bindir=/command", "--mandir=man"],
        "/command",
        "/package/admin/holdfast/man",
        "/package/admin/holdfast/share/holdfast",
    ),
])
def test_prefix_and_folders_are_respected(
    tmp_path, options, bin_dir, man_dir, data_dir
):
    places = planned(tmp_path / "build", *options)
    assert expected(bin_dir, man_dir, data_dir) <= places
    prefix = options[0].partition("=")[2]
    assert all(name.startswith((prefix + "/", bin_dir + "/")) for name in places)


@pytest.fixture
def stage():
    """The folder that script/build installs into, by DESTDIR."""
    top = BIN.parent
    if not (top / "share" / "holdfast").exists():
        pytest.skip("the programs under test are not staged by script/build")
    return top


def test_staged_files_are_where_they_are_expected(stage):
    found = {
        "/" + str(path.relative_to(stage))
        for path in stage.rglob("*")
        if not path.is_dir()
    }
    assert expected("/bin", "/share/man", "/share/holdfast") <= found
    assert {path.name for path in stage.iterdir()} == {"bin", "share"}


def test_staged_modes(stage):
    for path in stage.rglob("*"):
        if path.is_dir():
            continue
        is_run = path.parent.name == "bin" or path.name == "install-service-root"
        wanted = 0o755 if is_run else 0o644
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_default_scan_directory_is_a_build_option(tmp_path):
    """In svscanboot and install-service-root alike."""
    if not shutil.which("meson"):
        pytest.skip("no meson here")
    build = tmp_path / "build"
    planned(build, "-Dscandir=/etc/service")
    script = (build / "dist" / "install-service-root").read_text()
    assert "default_scan_dir='/etc/service'" in script
    commands = json.loads((build / "compile_commands.json").read_text())
    of_boot = [c["command"] for c in commands if c["file"].endswith("svscanboot.c")]
    assert len(of_boot) == 1 and "/etc/service" in of_boot[0]


def test_copy_of_the_stage_finds_its_own_programs(stage, tmp_path):
    """The staged files may be copied anywhere; nothing holds their first place."""
    target = tmp_path / "opt"
    for name in "bin/svscanboot", "share/holdfast/install-service-root":
        copy = target / name
        copy.parent.mkdir(parents=True)
        shutil.copy(stage / name, copy)
    shutil.copytree(stage / "share", target / "share", dirs_exist_ok=True)
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "inittab").write_text("id:2:initdefault:\n")
    done = subprocess.run(
        [target / "share" / "holdfast" / "install-service-root"],
        env={"PATH": f"{BIN}:/usr/bin:/bin", "DESTDIR": str(root)},
        check=True, capture_output=True, timeout=60,
    )
    assert b"added" in done.stdout
    text = pathlib.Path(root, "etc", "inittab").read_text()
    assert f"SV:123456:respawn:{target}/bin/svscanboot\n" in text
