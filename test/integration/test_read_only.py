"""Service directories that can't be written: what is said of them, and what runs all the same."""

import os
import subprocess

import pytest

from support import BIN, write_script

IS_ROOT = os.geteuid() == 0


def sealed(*paths):
    """A command line's beginning: in a mount namespace where nothing below `paths` can be written."""
    script = f'n=$1; shift; i=0; while [ $i -lt $n ]; do d=$1; shift; i=$((i+1)); {one("$d")}; done; exec "$@"'
    return ["unshare", "--mount", "sh", "-c", script, "sh", str(len(paths)), *map(str, paths)]


def one(path):
    return f'mount --bind "{path}" "{path}" && mount -o remount,bind,ro "{path}" || exit 99'


@pytest.fixture
def seal(tmp_path):
    if subprocess.run([*sealed(tmp_path), "true"], capture_output=True).returncode != 0:
        pytest.skip("no mount namespaces here")
    return sealed


def as_user(uid, gid=0):
    """Without capabilities, and without a way to get any."""
    return [
        "setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups",
        "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs",
    ]


def make_service(path):
    path.mkdir()
    path.chmod(0o755)
    write_script(path / "run", "#!/bin/sh\nexec sleep 1000\n")
    return path


def run(*argv, **options):
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, **options)
    assert done.stderr == ""
    return done.returncode, done.stdout


ADVICE = (
    "make it a link to a directory that can be written, such as one of a tmpfs;"
    " see supervise(8)\n"
)


def test_lint_tells_of_a_directory_on_a_read_only_file_system(tmp_path, seal):
    path = make_service(tmp_path / "web")
    lint = [BIN / "sv", "lint", f"{path}/"]
    assert run(*lint) == (0, "")
    code, said = run(*seal(tmp_path), *lint)
    assert (code, said) == (
        1,
        f"{path}//supervise: a supervisor can't make it: read-only file system; {ADVICE}",
    )
    (path / "supervise").mkdir(mode=0o700)
    code, said = run(*seal(tmp_path), *lint)
    assert (code, said) == (
        1,
        f"{path}//supervise: a supervisor can't write there: read-only file system; {ADVICE}",
    )


def test_lint_has_nothing_against_a_link_to_where_there_is_room(tmp_path, seal):
    (tmp_path / "here").mkdir()
    path = make_service(tmp_path / "here" / "web")
    (path / "supervise").symlink_to(tmp_path / "web")
    lint = [BIN / "sv", "lint", f"{path}/"]
    assert run(*seal(tmp_path / "here"), *lint) == (0, "")
    (tmp_path / "web").mkdir(mode=0o700)
    assert run(*seal(tmp_path / "here"), *lint) == (0, "")


@pytest.mark.skipif(not IS_ROOT, reason="becomes another user")
def test_lint_tells_of_a_directory_of_another_user(tmp_path):
    path = make_service(tmp_path / "web")
    for folder in (tmp_path, *tmp_path.parents):
        if os.access(folder, os.W_OK) and folder.stat().st_uid == 0 and not folder.stat().st_mode & 1:
            folder.chmod(folder.stat().st_mode | 0o011)
    code, said = run(*as_user(12345), BIN / "sv", "lint", f"{path}/")
    assert (code, said) == (
        1,
        f"{path}//supervise: a supervisor that runs as this user can't make it: access denied; {ADVICE}",
    )
