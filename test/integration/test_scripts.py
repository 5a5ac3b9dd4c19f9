"""The scripts in script/, and what the build stages."""

import os
import shutil
import struct
import subprocess

import pytest

import support
from support import TOP

PROGRAMS = """
envdir envuidgid fghack multilog pgrphack readproctitle setlock setuidgid
softlimit supervise svc svok svscan svscanboot svstat tai64n tai64nlocal
""".split()
# What bootstrap itself uses; everything else is then missing.
TOOLS = "sh env dirname tr cat mktemp rm touch echo".split()


class Machine:
    """A machine of which PATH is all there is, with an apt-get of ours."""

    def __init__(self, folder, uid=0):
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.calls = folder / "calls"
        self.calls.touch()
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool))
        self.program("id", f"echo {uid}")

    def program(self, name, text=":"):
        support.write_script(self.bin / name, f"#!/bin/sh\n{text}\n")

    def apt_get(self, text=":"):
        self.program("apt-get", f'echo "apt-get $*" >>{self.calls}\n{text}')

    def has(self, *names):
        for name in names:
            self.program(name)

    def bootstrap(self, *arguments):
        return subprocess.run(
            [TOP / "script" / "bootstrap", *arguments],
            env={"PATH": str(self.bin)},
            capture_output=True,
            text=True,
        )

    def apt_calls(self):
        return self.calls.read_text().splitlines()


def test_bootstrap_is_silent_when_nothing_is_missing(tmp_path):
    machine = Machine(tmp_path)
    machine.apt_get()
    machine.has("meson", "ninja", "gcc", "musl-gcc")
    done = machine.bootstrap("build")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert machine.apt_calls() == []


def test_bootstrap_dry_run_names_what_is_missing_and_does_nothing(tmp_path):
    machine = Machine(tmp_path)
    machine.apt_get()
    machine.has("gcc", "ninja")
    done = machine.bootstrap("--dry-run", "build")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["meson", "musl-tools"]
    assert machine.apt_calls() == []


def test_bootstrap_test_asks_for_more_than_bootstrap_build(tmp_path):
    machine = Machine(tmp_path)
    build = set(machine.bootstrap("--dry-run", "build").stdout.split())
    test = set(machine.bootstrap("--dry-run", "test").stdout.split())
    assert build < test
    assert {"clang-tidy", "libcmocka-dev", "mandoc", "strace"} <= test


def test_bootstrap_installs_only_what_is_missing(tmp_path):
    machine = Machine(tmp_path)
    machine.has("gcc", "ninja", "musl-gcc")
    machine.apt_get(f"touch {machine.bin}/meson; /bin/chmod +x {machine.bin}/meson")
    done = machine.bootstrap()
    assert done.returncode == 0, done.stderr
    assert machine.apt_calls() == ["apt-get install -y --no-install-recommends meson"]


def test_bootstrap_fetches_package_lists_when_installing_failed(tmp_path):
    machine = Machine(tmp_path)
    machine.has("gcc", "ninja", "musl-gcc")
    machine.apt_get(
        f"case $1 in update) echo >{machine.bin}/lists ;; esac\n"
        f"[ -e {machine.bin}/lists ] || exit 100\n"
        f"touch {machine.bin}/meson; /bin/chmod +x {machine.bin}/meson"
    )
    done = machine.bootstrap("build")
    assert done.returncode == 0, done.stderr
    assert [call.split()[1] for call in machine.apt_calls()] == [
        "install",
        "update",
        "install",
    ]


def test_bootstrap_fails_when_a_package_did_not_bring_what_is_needed(tmp_path):
    machine = Machine(tmp_path)
    machine.has("gcc", "ninja", "musl-gcc")
    machine.apt_get()
    done = machine.bootstrap("build")
    assert done.returncode == 111
    assert "still missing after installing: meson" in done.stderr


def test_bootstrap_goes_through_sudo_when_not_root(tmp_path):
    machine = Machine(tmp_path, uid=1000)
    machine.has("gcc", "ninja", "musl-gcc")
    machine.apt_get(f"touch {machine.bin}/meson; /bin/chmod +x {machine.bin}/meson")
    machine.program("sudo", f'echo "sudo $*" >>{machine.calls}\nexec "$@"')
    done = machine.bootstrap("build")
    assert done.returncode == 0, done.stderr
    assert [call.split()[0] for call in machine.apt_calls()] == ["sudo", "apt-get"]


def test_bootstrap_says_what_root_has_to_run_when_there_is_no_sudo(tmp_path):
    machine = Machine(tmp_path, uid=1000)
    machine.has("gcc", "ninja", "musl-gcc")
    machine.apt_get()
    done = machine.bootstrap("build")
    assert done.returncode == 111
    assert "as root run: apt-get install meson" in done.stderr
    assert machine.apt_calls() == []


def test_bootstrap_names_what_to_install_where_there_is_no_apt_get(tmp_path):
    machine = Machine(tmp_path)
    machine.has("gcc", "ninja", "musl-gcc")
    done = machine.bootstrap("build")
    assert done.returncode == 111
    assert done.stderr.endswith(": meson \n")


def test_bootstrap_does_not_insist_on_musl_where_there_is_no_apt_get(tmp_path):
    machine = Machine(tmp_path)
    machine.has("gcc", "ninja", "meson")
    assert machine.bootstrap("build").returncode == 0


def test_bootstrap_refuses_other_arguments(tmp_path):
    machine = Machine(tmp_path)
    done = machine.bootstrap("everything")
    assert done.returncode == 100
    assert done.stderr == "bootstrap: usage: bootstrap [--dry-run] [build|test]\n"


def is_dynamic(path):
    """True if the program asks for a dynamic linker, with a PT_INTERP header."""
    PT_INTERP = 3
    image = path.read_bytes()
    assert image[:5] == b"\x7fELF\x02", f"{path} is no 64-bit ELF file"
    (table,) = struct.unpack_from("<Q", image, 32)
    size, count = struct.unpack_from("<HH", image, 54)
    headers = (image[table + size * i :] for i in range(count))
    return any(struct.unpack_from("<I", header)[0] == PT_INTERP for header in headers)


def staged_release():
    if support.BIN.resolve() != (TOP / "out" / "bin").resolve():
        pytest.skip("about the release build only")
    if not support.BIN.exists():
        pytest.skip("there are no programs yet")
    return support.BIN


def test_staging_holds_all_programs():
    staged = staged_release()
    unwritten = [p for p in PROGRAMS if not (TOP / "src/cmd" / f"{p}.c").exists()]
    if unwritten:
        pytest.skip(f"not written yet: {' '.join(unwritten)}")
    assert set(PROGRAMS) <= {path.name for path in staged.iterdir()}


def test_staged_programs_need_no_dynamic_linker():
    staged = staged_release()
    configured = TOP / "build-release" / ".configured"
    if not configured.read_text().startswith("musl-gcc "):
        pytest.skip("not built with musl-gcc")
    assert [path.name for path in staged.iterdir() if is_dynamic(path)] == []


def test_demo_shows_all_and_leaves_nothing_behind(tmp_path, programs):
    if not (support.BIN / "multilog").exists():
        pytest.skip("not all programs are built")
    demo = programs.start(
        TOP / "script" / "demo",
        env=os.environ | {"HOLDFAST_BIN": str(support.BIN), "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said, _ = demo.communicate(timeout=120)
    assert demo.returncode == 0, said
    assert "nothing was restarted" in said
    assert said.endswith("Nothing is left running.\n")
    assert "\x1b" not in said
    assert list(tmp_path.iterdir()) == []
    assert support.descendants() == []
