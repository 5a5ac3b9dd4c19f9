"""sv edit: another run, put in place at once, with all it had."""

import os
import stat
import subprocess

import pytest

from support import BIN, SLEEPER, Service, write_script


@pytest.fixture
def edit(scan, tmp_path):
    """Runs sv edit with an editor that is this script of sh; $1 is the file."""
    (tmp_path / "tmp").mkdir()

    def run(script, *words, **variables):
        write_script(tmp_path / "editor", f"#!/bin/sh\n{script}\n")
        environment = os.environ | {"TMPDIR": str(tmp_path / "tmp"), "EDITOR": str(tmp_path / "editor")}
        environment.pop("VISUAL", None)
        done = subprocess.run(
            [BIN / "sv", "-d", scan.path, "edit", *words],
            env=environment | variables, capture_output=True, text=True, timeout=60,
        )
        return done.returncode, done.stdout, done.stderr

    return run


def leftovers(tmp_path):
    return [path for path in (tmp_path / "tmp").rglob("*") if path.is_file()]


def test_change_is_in_place_with_mode_and_owner(scan, edit, tmp_path):
    service = Service(scan.path / "web")
    run = service.path / "run"
    run.chmod(0o750)
    if os.geteuid() == 0:
        os.chown(run, 12, 34)
        os.chown(service.path, 12, 34)
    before = run.stat()
    code, said, wrong = edit('[ "${1##*/}" = run ] && sed -i s/1000/2000/ "$1"', "web")
    assert (code, wrong) == (0, "")
    assert said == f"changed {run}; it counts from the next start on: sv restart web\n"
    after = run.stat()
    assert run.read_text() == SLEEPER.replace("1000", "2000")
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert after.st_ino != before.st_ino
    assert os.listdir(service.path) == ["run"] and leftovers(tmp_path) == []


def test_nothing_is_written_if_nothing_was_changed(scan, edit, tmp_path):
    run = Service(scan.path / "web").path / "run"
    inode = run.stat().st_ino
    assert edit("exit 0", "web") == (0, f"{run} is unchanged\n", "")
    assert run.stat().st_ino == inode and leftovers(tmp_path) == []


@pytest.mark.parametrize("script", ["echo x >\"$1\"; exit 1", ": >\"$1\"", "rm \"$1\"", "kill -9 $$"])
def test_editor_that_fails_or_leaves_nothing_changes_nothing(scan, edit, tmp_path, script):
    run = Service(scan.path / "web").path / "run"
    code, said, wrong = edit(script, "web")
    assert (code, said) == (111, "") and "stays as it is" in wrong
    assert run.read_text() == SLEEPER and leftovers(tmp_path) == []


def test_what_somebody_else_has_changed_is_not_overwritten(scan, edit, tmp_path):
    run = Service(scan.path / "web").path / "run"
    code, _, wrong = edit(f'echo "# theirs" >>{run}; echo "# mine" >>"$1"', "web")
    assert code == 111 and "somebody else has changed" in wrong
    assert run.read_text() == SLEEPER + "# theirs\n"
    [kept] = leftovers(tmp_path)
    assert kept.read_text() == SLEEPER + "# mine\n" and str(kept) in wrong


def test_links_are_followed(scan, edit):
    made = Service(scan.outside / "real")
    (made.path / "run").rename(scan.outside / "script")
    (made.path / "run").symlink_to("../script")
    (scan.path / "web").symlink_to(made.path)
    assert edit('echo "# more" >>"$1"', "web")[0] == 0
    assert (made.path / "run").is_symlink()
    assert (scan.outside / "script").read_text() == SLEEPER + "# more\n"
    assert stat.S_IMODE((scan.outside / "script").stat().st_mode) == 0o755


def test_other_files_and_services_that_are_not_linked(scan, edit):
    made = Service(scan.path.with_name("scan-available") / "web")
    (made.path / "restart").write_text("always\n")
    code, said, _ = edit('echo never >"$1"', "web", "restart")
    assert code == 0 and (made.path / "restart").read_text() == "never\n"


def test_what_is_wrong_with_it_is_said(scan, edit):
    Service(scan.path / "web")
    code, said, _ = edit('printf "#!/bin/sh\\nsleep 1000\\n" >"$1"', "web")
    assert code == 0
    assert said.splitlines()[1].endswith("run: it runs sleep without exec, so signals go to the shell; put exec before its last command")


def test_visual_comes_first_and_may_have_arguments(scan, edit, tmp_path):
    Service(scan.path / "web")
    write_script(tmp_path / "visual", '#!/bin/sh\n[ "$1 $2" = "-a b" ] && echo "# v" >>"$3"\n')
    assert edit("exit 1", "web", VISUAL=f"{tmp_path}/visual -a b")[0] == 0
    assert (scan.path / "web/run").read_text().endswith("# v\n")


def test_what_is_not_there(scan, edit):
    code, said, wrong = edit("exit 0", "none")
    assert (code, said) == (111, "") and "unable to edit" in wrong
    assert edit("exit 0")[0] == 100
