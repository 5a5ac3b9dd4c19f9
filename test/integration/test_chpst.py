"""chpst(8): each option by what runit's was seen to do, and what that one lacks.

test/peer compares the two with random options.
"""

import fcntl
import grp
import os
import pwd
import subprocess

import pytest

from support import BIN, SANITIZER_REPORTS

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may do it")
NOBODY = 65534


def chpst(*arguments, **options):
    return subprocess.run(
        [BIN / "chpst", *arguments], capture_output=True, text=True, timeout=120, **options
    )


def shell(*arguments, script, **options):
    """What the script writes under these options."""
    run = chpst(*arguments, "sh", "-c", script, **options)
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout


def fails(run, code, text):
    assert (run.returncode, run.stdout) == (code, "")
    assert text in run.stderr.splitlines()


def wrong_use(*arguments):
    run = chpst(*arguments, "echo", "ran")
    assert (run.returncode, run.stdout) == (100, "")
    assert run.stderr.splitlines()[-1].startswith("chpst: usage: chpst [-vVP012] ")


# ---- who ----


@as_root
def test_numeric_ids_and_supplementary_groups():
    assert shell("-u", ":1000:1000:7:8", script="id -u; id -G") == "1000\n1000 7 8\n"
    assert shell("-u", ":4000000000:4000000001", script="id -u; id -G") == (
        "4000000000\n4000000001\n"
    )


@as_root
def test_groups_of_the_caller_are_not_kept():
    run = chpst("-u", ":1000:1000", "id", "-G", extra_groups=[0, 4, 5])
    assert run.stdout == "1000\n"


@as_root
def test_all_groups_of_an_account():
    name = "nobody"
    account = pwd.getpwnam(name)
    groups = set(os.getgrouplist(name, account.pw_gid))
    found = shell("-u", name, "--all-groups", script="id -G")
    assert set(map(int, found.split())) == groups


@as_root
def test_all_groups_and_those_that_are_named():
    """Those that are named were lost when all others were taken."""
    name = "nobody"
    account = pwd.getpwnam(name)
    named = [group for group in grp.getgrall() if group.gr_gid != account.pw_gid][:2]
    primary = grp.getgrgid(account.pw_gid).gr_name
    user = ":".join([name, primary, *[group.gr_name for group in named]])
    found = set(map(int, shell("-u", user, "--all-groups", script="id -G").split()))
    assert found == {group.gr_gid for group in named} | set(os.getgrouplist(name, account.pw_gid))


def test_all_groups_need_an_account():
    wrong_use("--all-groups")
    wrong_use("--all-groups", "-u", ":1000:1000")


@pytest.mark.parametrize("ids", [":", "::", ":1", ":1:", "::1", ":1::2", ":1:x", ":-1:1"])
def test_slip_in_ids_is_refused(ids):
    for option in ("-u", "-U"):
        run = chpst(option, ids, "echo", "ran")
        fails(run, 111, f"chpst: fatal: invalid uid/gids: {ids[1:]}")


@as_root
def test_unprivileged_user_is_told_what_was_refused():
    for arguments, what in [
        (["-u", "root"], "setgroups"),
        (["-u", ":65534:65534"], "setgroups"),
        (["-/", "/"], "change root directory"),
        (["-n", "-1"], "set nice level"),
    ]:
        run = chpst(*arguments, "echo", "ran", user=NOBODY, group=NOBODY, extra_groups=[])
        fails(run, 111, f"chpst: fatal: unable to {what}: permission denied")
    run = chpst("--oom-score=-1000", "echo", "ran", user=NOBODY, group=NOBODY)
    fails(run, 111, "chpst: fatal: unable to set OOM score: access denied")


# ---- where ----


def test_variables_from_quoted_files(tmp_path):
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir/A").write_text("from dir\n")
    (tmp_path / "dir/D").write_text("stays\n")
    (tmp_path / "one").write_text("# options\nA=\"-x 'y' \"\nB=$(echo no)\n")
    (tmp_path / "two").write_text("B='later'\nC=3\n")
    files = [f"--env-file={tmp_path}/one", "--env-file", f"-{tmp_path}/two"]
    files += [f"--env-file=-{tmp_path}/none"]
    said = shell(*files, "-e", str(tmp_path / "dir"), script='echo "$A|$B|$C|$D"')
    assert said == "-x 'y' |later|3|stays\n"
    run = chpst(f"--env-file={tmp_path}/none", "env")
    fails(run, 111, f"chpst: fatal: unable to read {tmp_path}/none: file does not exist")
    (tmp_path / "one").write_bytes(b"A=x\0y\n")
    run = chpst(f"--env-file={tmp_path}/one", "env")
    fails(run, 111, f"chpst: fatal: there is a byte 0 in {tmp_path}/one: invalid argument")


@as_root
def test_files_of_variables_are_read_as_the_caller(tmp_path):
    (tmp_path / "secret").write_text("A=1\n")
    (tmp_path / "secret").chmod(0o600)
    assert shell("-u", ":1000:1000", f"--env-file={tmp_path}/secret", script="echo $A") == "1\n"


def test_working_directory(tmp_path):
    (tmp_path / "inner").mkdir()
    for option in (["-C", "inner"], ["--chdir=inner"], ["--chdir", "inner"]):
        run = chpst(*option, "pwd", cwd=tmp_path)
        assert run.stdout == f"{tmp_path}/inner\n"
    run = chpst("-C", "missing", "pwd", cwd=tmp_path)
    fails(run, 111, "chpst: fatal: unable to change directory: missing: file does not exist")


@pytest.mark.skipif(SANITIZER_REPORTS is not None, reason="sanitizers need /proc")
@as_root
def test_working_directory_is_seen_from_the_new_root(tmp_path):
    (tmp_path / "seen").mkdir()
    run = chpst("--chroot", tmp_path, "-C", "/seen", "missing")
    fails(run, 111, "chpst: fatal: unable to run: missing: file does not exist")
    run = chpst("-/", tmp_path, "-C", tmp_path, "missing")
    fails(
        run,
        111,
        f"chpst: fatal: unable to change directory: {tmp_path}: file does not exist",
    )


# ---- how ----


def test_umask():
    assert int(shell("--umask=027", script="umask"), 8) == 0o027
    assert int(shell("--umask", "0", script="umask"), 8) == 0


@pytest.mark.parametrize("mode", ["", "8", "1000", "-1", "u=rwx", "0x1"])
def test_umask_that_is_none_is_wrong_use(mode):
    wrong_use(f"--umask={mode}")


def test_niceness_is_clamped_not_wrapped():
    assert shell("-n", "2147483647", script="nice") == "19\n"
    assert shell("--nice=3", script="nice") == f"{os.nice(0) + 3}\n"
    wrong_use("-n", "2147483648")


@pytest.mark.parametrize(
    "text, shown",
    [
        ("idle", "idle"),
        ("best-effort", "best-effort: prio 4"),
        ("best-effort:0", "best-effort: prio 0"),
        ("best-effort:7", "best-effort: prio 7"),
    ],
)
def test_disk_priority(text, shown):
    assert shell(f"--ionice={text}", script="ionice") == f"{shown}\n"


@pytest.mark.parametrize(
    "text", ["", "idl", "idle:0", "idle:", "best-effort:", "best-effort:8", "realtime:x", "3"]
)
def test_disk_priority_that_is_none_is_wrong_use(text):
    wrong_use(f"--ionice={text}")


def test_oom_score():
    script = "cat /proc/self/oom_score_adj"
    assert shell("--oom-score=500", script=script) == "500\n"
    assert shell("--oom-score=+1000", script=script) == "1000\n"


@pytest.mark.parametrize("score", ["", "x", "1001", "-1001", "1e3"])
def test_oom_score_that_is_none_is_wrong_use(score):
    wrong_use(f"--oom-score={score}")


def test_no_new_privileges():
    script = "grep NoNewPrivs /proc/self/status"
    assert shell("--no-new-privs", script=script) == "NoNewPrivs:\t1\n"


# ---- descriptors ----


def test_redirections_are_made_one_by_one(tmp_path):
    (tmp_path / "in").write_text("read\n")
    (tmp_path / "log").write_text("old\n")
    run = chpst(
        "--read=0:in", "--append=1:log", "--copy=2:1", "--write=7:out",
        "sh", "-c", "cat; echo said >&2; echo written >&7",
        cwd=tmp_path,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert (tmp_path / "log").read_text() == "old\nread\nsaid\n"
    assert (tmp_path / "out").read_text() == "written\n"


def test_file_is_made_by_the_mask_and_emptied(tmp_path):
    (tmp_path / "old").write_text("old\n")
    run = chpst("--umask=077", "--write=1:new", "--write=2:old", "true", cwd=tmp_path)
    assert run.returncode == 0
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "old").read_text() == ""


def test_closed_descriptors():
    script = "for fd in 0 1 2 9; do [ -e /proc/$$/fd/$fd ] && echo $fd; done; exit 0"
    assert shell("--close=0", "--close=9", script=script, pass_fds=()) == "1\n2\n"
    assert shell("-0", script=script) == "1\n2\n"


def test_redirection_does_not_take_the_place_of_a_lock(tmp_path):
    """Whatever number the lock's descriptor would have had."""
    holder = subprocess.Popen(
        [BIN / "chpst", "-L", "lock", *(f"--write={fd}:out" for fd in range(3, 9)),
         "sh", "-c", "echo held; read line"],
        cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout.readline() == b"held\n"
        run = chpst("-L", "lock", "--write=1:out", "echo", "ran", cwd=tmp_path)
        fails(run, 111, "chpst: fatal: unable to lock: lock: temporary failure")
    finally:
        holder.communicate(b"\n", timeout=120)
    with open(tmp_path / "lock", "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_file_is_not_emptied_by_who_does_not_get_the_lock(tmp_path):
    (tmp_path / "out").write_text("precious\n")
    with open(tmp_path / "lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run = chpst("-L", "lock", "--write=1:out", "echo", "ran", cwd=tmp_path)
    assert run.returncode == 111
    assert (tmp_path / "out").read_text() == "precious\n"


@as_root
def test_file_is_opened_as_the_new_user(tmp_path):
    (tmp_path / "out").write_text("")
    (tmp_path / "out").chmod(0o600)
    fd = os.open(tmp_path, os.O_RDONLY)
    try:
        run = chpst("-u", ":65534:65534", f"--write=1:/proc/self/fd/{fd}/out", "true",
                    pass_fds=[fd])
    finally:
        os.close(fd)
    assert run.returncode == 111
    assert run.stderr.startswith("chpst: fatal: unable to open: ")
    assert run.stderr.endswith(": access denied\n")


def test_descriptor_that_is_not_open_is_told():
    fails(
        chpst("--copy=1:77", "echo", "ran"),
        111,
        "chpst: fatal: unable to copy descriptor 77: file descriptor not open",
    )


@pytest.mark.parametrize(
    "option",
    ["--close=", "--close=x", "--close=-1", "--close=1:x", "--close=4294967297",
     "--read=0", "--read=0:", "--read=:file", "--read=x:file", "--copy=1:", "--copy=1:x",
     "--copy=1", "--write=1", "--append=99999999999:x"],
)
def test_redirection_that_is_none_is_wrong_use(option):
    wrong_use(option)


# ---- usage ----


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        (["-q"], "illegal option -- q"),
        (["--nosuch"], "illegal option -- --nosuch"),
        (["--nosuch=1"], "illegal option -- --nosuch=1"),
        (["-u"], "option requires an argument -- u"),
        (["--close"], "option requires an argument -- --close"),
    ],
)
def test_wrong_option_is_named(arguments, complaint):
    run = chpst(*arguments)
    assert run.returncode == 100
    assert run.stderr.splitlines()[0] == f"chpst: {complaint}"
    assert len(run.stderr.splitlines()) == 2


def test_options_end_at_the_program():
    assert chpst("-C", "/", "echo", "-q", "--nosuch").stdout == "-q --nosuch\n"


def test_version_is_told_with_the_usage():
    run = chpst("-V")
    assert run.returncode == 100
    assert run.stderr.startswith("chpst (Holdfast) ")


# ---- other names ----


def test_as_setlock_n_does_not_wait(tmp_path):
    """runit's has -n and -N the wrong way round."""
    (tmp_path / "setlock").symlink_to(BIN / "chpst")
    with open(tmp_path / "lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for options, code in (["-n"], 111), (["-n", "-x"], 0), (["-Nnx"], 0):
            run = subprocess.run(
                [tmp_path / "setlock", *options, "lock", "echo", "ran"],
                cwd=tmp_path, capture_output=True, text=True, timeout=120,
            )
            assert (run.returncode, run.stdout) == (code, "")


# ---- recorded from runit 2.1.2 ----

RECORDED = [
    (["-e", "env"], "printenv SET; printenv NUL; printenv GONE", "value\na\nb\n"),
    (["-e", "nested"], "printenv A", "1\n"),
    (["-e", "path"], "/usr/bin/printenv PATH", "/nowhere\n"),
    (["-e", "env", "-e", "path"], "/usr/bin/printenv SET", ""),
    (["-U", "root"], "printenv GID UID", "0\n0\n"),
    (["-U", ":5:6:7"], "printenv UID GID", "5\n6\n"),
    (["-U", ":5:6", "-e", "env"], "printenv UID", "5\n"),
    (["-b", "other"], "echo $0", "other\n"),
    (["-b", ""], "echo [$0]", "[]\n"),
    (["-n", "+2", "-n", "3"], "nice", "3\n"),
    (["-n", ""], "nice", "0\n"),
    (["-n2"], "nice", "2\n"),
    (["-vvP"], "cut -d' ' -f6 /proc/$$/stat | grep -cx $$", "1\n"),
    (["--"], "echo ran", "ran\n"),
    (["-l", "new"], "stat -c %a new", "600\n"),
    (["-L", "file"], "echo ran; cat file", "ran\ntext\n"),
]
LIMITED = [
    (["-d", "70000000"], "Max data size", "70000000"),
    (["-o", "33"], "Max open files", "33"),
    (["-p", "900"], "Max processes", "900"),
    (["-f", "90000"], "Max file size", "90000"),
    (["-c", "5"], "Max core file size", "5"),
    (["-r", "6"], "Max resident set", "6"),
    (["-t", "70", "-t", "80"], "Max cpu time", "80"),
    (["-m", "900000000"], "Max address space", "900000000"),
    (["-m", "900000000", "-d", "70000000"], "Max data size", "70000000"),
    (["-d", "70000000", "-m", "900000000"], "Max data size", "900000000"),
    (["-c", ""], "Max core file size", "0"),
]
REFUSED = [
    (["-e", "missing"], "unable to switch to directory: missing: file does not exist"),
    (["-e", "file"], "unable to switch to directory: file: not a directory"),
    (["-/", "missing"], "unable to change directory: missing: file does not exist"),
    (["-l", "missing/new"], "unable to open lock: missing/new: file does not exist"),
    (["-l", "env"], "unable to open lock: env: is a directory"),
    (["-L", "held"], "unable to lock: held: temporary failure"),
    (["-u", "nosuch"], "unknown user/group: nosuch"),
    (["-u", "root:nosuch"], "unknown user/group: root:nosuch"),
    (["-u", "root:"], "unknown user/group: root:"),
    (["-u", ""], "unknown user/group: "),
    (["-U", ":5"], "invalid uid/gids: 5"),
    (["-U", ":5:6:x"], "invalid uid/gids: 5:6:x"),
]


@pytest.fixture
def place(tmp_path, monkeypatch):
    for path, text in [
        ("env/SET", "value \t\nmore"), ("env/GONE", ""), ("env/NUL", "a\0b\n"),
        ("env/UID", "7\n"), ("path/PATH", "/nowhere\n"), ("nested/A", "1"),
        ("file", "text\n"), ("held", ""),
    ]:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / "nested" / "inner").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GONE", "1")
    monkeypatch.delenv("SET", raising=False)
    with open("held", "rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield tmp_path


@pytest.mark.parametrize("options, script, wanted", RECORDED)
def test_option_does_as_recorded(place, options, script, wanted):
    run = chpst(*options, "/bin/sh", "-c", script)
    if script == "nice":  # they are added to that of the tests
        wanted = f"{int(wanted) + os.nice(0)}\n"
    assert (run.stdout, run.stderr) == (wanted, "")


@pytest.mark.parametrize("options, limit, wanted", LIMITED)
def test_limit_is_set_as_recorded(options, limit, wanted):
    for line in chpst(*options, "cat", "/proc/self/limits").stdout.splitlines():
        if line.startswith(limit):
            assert line[len(limit) :].split()[0] == wanted
            return
    pytest.fail(f"no {limit}")


@pytest.mark.parametrize("options, text", REFUSED)
def test_refusal_is_worded_as_recorded(place, options, text):
    fails(chpst(*options, "echo", "ran"), 111, f"chpst: fatal: {text}")


def test_program_that_cannot_be_run(place, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    for program, reason in [("nosuch", "file does not exist"), ("./file", "access denied"),
                            ("", "access denied"), ("/", "access denied")]:
        fails(chpst(program), 111, f"chpst: fatal: unable to run: {program}: {reason}")
    fails(chpst("-b", "x", "nosuch"), 111,
          "chpst: fatal: unable to run: x: file does not exist")


def test_directory_among_variables_is_told_on_request(place):
    run = chpst("-ve", "nested", "true")
    assert (run.returncode, run.stderr) == (
        0, "chpst: warning: unable to read nested/inner: is a directory\n"
    )


@pytest.mark.parametrize(
    "options",
    [["-n", "x"], ["-n", "5x"], ["-n", "+-5"], ["-n", " 5"], ["-m", "x"], ["-m", "="],
     ["-c", "-"], ["-o", "-1"], ["-t", "1k"], ["-l", "a", "-l", "b"], ["-l", "a", "-L", "a"]],
)
def test_value_that_is_none_is_wrong_use(tmp_path, monkeypatch, options):
    monkeypatch.chdir(tmp_path)
    wrong_use(*options)


@pytest.mark.parametrize("options", [[], ["-P"], ["-u", "nosuch"], ["-e", "missing"]])
def test_no_program_is_wrong_use(options):
    run = chpst(*options)
    assert (run.returncode, len(run.stderr.splitlines())) == (100, 1)
