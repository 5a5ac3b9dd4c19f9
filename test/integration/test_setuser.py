"""setuser(8): an account's ids, groups, home and variables."""

import os
import pwd
import subprocess

import pytest

from support import BIN

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may change ids")


def setuser(*arguments, **options):
    return subprocess.run(
        [BIN / "setuser", *arguments],
        env={"PATH": "/usr/bin:/bin", "HOME": "/nowhere", "KEPT": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        **options,
    )


def usable_account():
    """An account other than root whose home can be entered."""
    for account in pwd.getpwall():
        if account.pw_uid and os.path.isdir(account.pw_dir):
            if os.stat(account.pw_dir).st_mode & 0o005 == 0o005:
                return account
    pytest.skip("no account but root has a home here")


@as_root
def test_all_of_the_account_is_taken():
    account = usable_account()
    groups = os.getgrouplist(account.pw_name, account.pw_gid)
    run = setuser(account.pw_name, "sh", "-c", "id -u; id -g; id -G; pwd; env -u PWD")
    uid, gid, all_groups, place, *variables = run.stdout.splitlines()
    assert (run.returncode, run.stderr) == (0, "")
    assert (int(uid), int(gid)) == (account.pw_uid, account.pw_gid)
    assert sorted(map(int, all_groups.split())) == sorted(set(groups))
    assert os.path.samefile(place, account.pw_dir)
    wanted = {
        f"GID={account.pw_gid}",
        f"UID={account.pw_uid}",
        f"HOME={account.pw_dir}",
        f"SHELL={account.pw_shell}",
        f"USER={account.pw_name}",
        "KEPT=1",
        "PATH=/usr/bin:/bin",
    }
    assert wanted <= set(variables)


@as_root
def test_home_that_cannot_be_entered_is_fatal():
    account = next(
        (a for a in pwd.getpwall() if not os.path.isdir(a.pw_dir)), None
    )
    if account is None:
        pytest.skip("every account here has a home")
    run = setuser(account.pw_name, "true")
    assert (run.returncode, run.stdout) == (111, "")
    assert run.stderr == (
        f"setuser: fatal: unable to switch to directory {account.pw_dir}: "
        "file does not exist\n"
    )


@as_root
def test_others_than_root_are_refused():
    name = usable_account().pw_name
    run = setuser(name, "true", user=65534, group=65534, extra_groups=[])
    assert (run.returncode, run.stdout) == (111, "")
    assert run.stderr == "setuser: fatal: unable to setgroups: permission denied\n"


@pytest.mark.parametrize("name", ["nosuch", "", "root:root", "0", "-s"])
def test_unknown_account(name):
    run = setuser(name, "true")
    assert (run.returncode, run.stdout) == (111, "")
    assert run.stderr == f"setuser: fatal: unknown account {name}\n"


@pytest.mark.parametrize("arguments", [[], ["root"]])
def test_wrong_use(arguments):
    run = setuser(*arguments)
    assert run.returncode == 100
    assert run.stderr == "setuser: usage: setuser account child\n"
