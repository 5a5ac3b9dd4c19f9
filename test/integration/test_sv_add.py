"""sv(8): add, enable, disable and remove."""

import os
import pathlib
import pwd
import random
import shutil
import stat
import subprocess
import sys

import pytest

from support import BIN, SANITIZER_REPORTS, Service, SLEEPER, is_alive, wait_until, write_script

IS_ROOT = os.geteuid() == 0
SPELLER = "import sys,os; os.write(1, b'\\0'.join(os.fsencode(a) for a in sys.argv[1:]))"


@pytest.fixture
def sv(scan):
    def run(*argv, **variables):
        environment = os.environ | {"SVDIR": str(scan.path)} | variables
        environment["PATH"] = f"{BIN}:{environment['PATH']}"
        environment.pop("SVROOT", None)
        done = subprocess.run(
            [BIN / "sv", *argv],
            capture_output=True,
            timeout=60,
            env=environment,
            cwd=scan.outside,
        )
        said = (done.stdout + done.stderr).decode(errors="surrogateescape")
        return done.returncode, said

    return run


@pytest.fixture
def root(scan):
    return scan.path.with_name("scan-available")


def start(scan):
    scan.start(env=os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"})


def service_at(path):
    service = Service.__new__(Service)
    service.path = pathlib.Path(path)
    return service


def contents(folder):
    """All files below: {path: (mode, text)}, but for what a supervisor makes."""
    return {
        str(path.relative_to(folder)): (
            stat.S_IMODE(path.stat().st_mode),
            path.read_text() if path.is_file() else None,
        )
        for path in sorted(folder.rglob("*"))
        if "supervise" not in path.parts
    }


# ---- add ----


def test_added_service_runs_and_logs(scan, sv, root):
    start(scan)
    code, said = sv("add", "web", "--", "sh", "-c", "echo up; echo bad >&2; exec sleep 1000")
    assert (code, said) == (0, f"made {root}/web, linked into {scan.path}\n")
    service = service_at(scan.path / "web")
    service.wait_program("sleep")
    log = root / "web/log/main/current"
    lines = wait_until(lambda: log.exists() and log.read_text().count("\n") == 2 and log.read_text())
    assert [line.split(" ", 1)[1] for line in lines.splitlines()] == ["up", "bad"]
    assert os.readlink(scan.path / "web") == f"{root}/web"


def test_dry_run_shows_what_would_be_made_and_makes_nothing(scan, sv, root):
    options = ["--down", "--env", "KEY=it is", "--user", "root", "--cwd", "/", "--log-user", ""]
    options += ["--needs", "db", "--wants", "cache", "--after", "mail", "--umask", "027"]
    options += ["--limit", "nofile=512", "--limit", "core=unlimited", "--nice", "5"]
    options += ["--restart", "on-failure delay=2s", "--stop-timeout", "1.5s", "--stop-signal", "INT"]
    options += ["--ready-fd", "3", "--notify-socket"]
    code, shown = sv("add", "--dry-run", *options, "web", "--", "httpd", "-f", "a b")
    assert code == 0
    assert not root.exists() and os.listdir(scan.path) == []
    assert sv("add", *options, "web", "--", "httpd", "-f", "a b")[0] == 0
    made = contents(root / "web")
    assert made["run"] == (
        0o755,
        "#!/bin/sh\nexec 2>&1\n"
        "exec softlimit -o 512 -c - chpst -e ./env -C / --umask 027 -n 5 -u root --give-output"
        " httpd -f 'a b'\n",
    )
    assert made["log/run"] == (0o755, "#!/bin/sh\nexec multilog t s1000000 ./main\n")
    assert {name: text for name, (_, text) in made.items() if text is not None and name.count("/") == 0} == {
        "run": made["run"][1],
        "restart": "on-failure delay=2s\n",
        "timeout-kill": "1500\n",
        "down-signal": "INT\n",
        "notification-fd": "3\n",
        "notify-socket": "",
        "down": "",
    }
    assert made["env"] == (0o700, None) and made["env/KEY"] == (0o600, "it is\n")
    assert {"dependencies.d/db", "wants.d/cache", "after.d/mail"} <= set(made)
    for name, (mode, text) in made.items():
        kind = "/" if text is None else ""
        assert f"{root}/web/{name}{kind} (mode {mode:04o})\n" in shown
        for line in (text or "").splitlines():
            assert f"    {line}\n" in shown
    assert shown.endswith(f"{scan.path}/web -> {root}/web\n")


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
def test_any_arguments_arrive_as_they_were_given(scan, sv, root, shell):
    if not shutil.which(shell):
        pytest.skip(f"no {shell}")
    shell = [shell, "sh"] if shell == "busybox" else [shell]
    chance = random.Random(20)
    alphabet = [bytes([i]) for i in range(1, 256)] + [b"'", b"\\", b"$", b"`", b"\n", b'"', b" "] * 20
    lists = [[b"", b"-n", b"~", b"A=$b", b"*", b"!", b"#x", b"{a,b}", b"a\n"]]
    lists += [
        [b"".join(chance.choices(alphabet, k=chance.randrange(12))) for _ in range(20)]
        for _ in range(20)
    ]
    for i, words in enumerate(lists):
        name = f"s{i}"
        code, said = sv("add", "--disabled", "--no-log", name, "--", "/usr/bin/python3", "-c", SPELLER, *words)
        assert code == 0, said
        done = subprocess.run([*shell, root / name / "run"], stdout=subprocess.PIPE, timeout=120)
        assert done.stdout == b"\0".join(words)


def test_values_of_variables_arrive_as_they_were_given(scan, sv, root):
    values = {"A": "plain", "B": "ends in a blank ", "C": "", "D": "two\nlines", "E": "it's $HOME"}
    options = [word for name, value in values.items() for word in ("--env", f"{name}={value}")]
    program = "import os,json; print(json.dumps({n: os.environ.get(n) for n in 'ABCDE'}))"
    assert sv("add", "--no-log", "--disabled", *options, "web", "--", "/usr/bin/python3", "-c", program)[0] == 0
    path = f"{BIN}:{os.environ['PATH']}"
    done = subprocess.run(
        ["./run"], cwd=root / "web", env={"PATH": path}, stdout=subprocess.PIPE, timeout=120
    )
    assert __import__("json").loads(done.stdout) == values


def others(folder):
    """A folder of programs of another suite, to be found before ours."""
    for name in ("chpst", "multilog", "setuidgid", "softlimit"):
        write_script(folder / name, f"#!/bin/sh\necho not our {name}\nexit 1\n")
    return folder


def test_programs_of_other_suites_are_not_called(scan, root, tmp_path):
    """They have the names of ours, and are found first: ours are called by path."""
    environment = os.environ | {"SVDIR": str(scan.path)}
    environment["PATH"] = f"{others(tmp_path / 'theirs')}:{os.environ['PATH']}"
    options = ["--env", "A=b", "--limit", "nofile=64", "--log-user", ""]
    argv = [BIN / "sv", "add", "--disabled", *options, "web", "--", "sh", "-c", "echo $A; ulimit -n"]
    subprocess.run(argv, env=environment, check=True, capture_output=True)
    done = subprocess.run(
        ["./run"], cwd=root / "web", env=environment, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("b\n64\n", "")
    done = subprocess.run(
        ["./run"], cwd=root / "web" / "log", env=environment, input="line\n", text=True, capture_output=True
    )
    assert (done.stdout, done.stderr) == ("", "")
    assert (root / "web" / "log" / "main" / "current").read_text().endswith(" line\n")


def test_nothing_is_overwritten(scan, sv, root):
    assert sv("add", "web", "--", "one")[0] == 0
    before = contents(root / "web")
    code, said = sv("add", "web", "--", "two")
    assert code == 111 and "is there already" in said
    (scan.path / "web").unlink()
    code, said = sv("add", "web", "--", "two")
    assert code == 111 and "sv enable web" in said
    assert contents(root / "web") == before
    assert os.listdir(scan.path) == []
    (scan.path / "other").mkdir()
    assert sv("add", "other", "--", "two")[0] == 111
    assert sorted(os.listdir(root)) == ["web"]


@pytest.mark.parametrize("words", [
    ["--", "prog"], ["web"], ["web", "--"], ["--user"], ["--nonsense", "web", "--", "x"],
    ["web", "--", "-x"], ["web", "--", ""],
])
def test_wrong_use(scan, sv, root, words):
    code, said = sv("add", *words)
    assert code == 100 and "usage: sv [-d dir] add" in said
    assert not root.exists()


@pytest.mark.parametrize("options", [
    ["--env", "1A=x"], ["--env", "A"], ["--limit", "nofiles=3"], ["--limit", "nofile=x"],
    ["--user", "no-such-user-here"], ["--stop-signal", "NOPE"], ["--stop-timeout", "x"],
    ["--umask", "9"], ["--restart", "perhaps"], ["--cwd", "relative"], ["--needs", "a/b"],
    ["--nice", "99"], ["--ready-fd", "x"],
])
def test_values_that_make_no_sense_are_told_of(scan, sv, root, options):
    code, said = sv("add", *options, "web", "--", "prog")
    assert code == 100
    assert said == f"sv: fatal: {options[0]}: not understood: {options[1]}; see sv(8)\n"
    assert not root.exists()


@pytest.mark.parametrize("name", ["", ".web", "a/b", "x" * 255, "a\nb"])
def test_names_that_cannot_be(scan, sv, root, name):
    code, said = sv("add", name, "--", "prog")
    assert code == 111 and "can't be the name of a service" in said
    assert os.listdir(scan.path) == []


def test_relative_programs_are_found_from_where_sv_was_called(scan, sv, root):
    write_script(scan.outside / "bin/server", SLEEPER)
    assert sv("add", "--disabled", "web", "--", "./bin/server")[0] == 0
    assert f"exec {scan.outside}/./bin/server\n" in (root / "web/run").read_text()
    code, said = sv("add", "--disabled", "two", "--", "./bin/none")
    assert code == 0 and "warning: unable to run" in said


@pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")
def test_logger_runs_as_its_own_user(scan, sv, root):
    start(scan)
    account = pwd.getpwnam("nobody")
    for folder in scan.path.parent, *scan.path.parent.parents:
        if folder != pathlib.Path("/") and not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    code, said = sv("add", "--log-user", "nobody", "web", "--", "sh", "-c", "echo up; exec sleep 1000")
    assert code == 0, said
    main = (root / "web/log/main").stat()
    assert (main.st_uid, main.st_gid) == (account.pw_uid, account.pw_gid)
    assert stat.S_IMODE(main.st_mode) == 0o750
    assert (root / "web/log/run").stat().st_uid == 0
    current = root / "web/log/main/current"
    wait_until(lambda: current.exists() and " up\n" in current.read_text())
    assert current.stat().st_uid == account.pw_uid
    assert sv("add", "--log-user", "no-such-user-here", "two", "--", "x")[0] == 111
    assert not (root / "two").exists()


@pytest.mark.skipif(not IS_ROOT, reason="changes the user")
def test_user_without_privileges_adds_to_a_scan_directory_of_its_own(tmp_path):
    account = pwd.getpwnam("nobody")
    for folder in tmp_path, *tmp_path.parents:
        if folder != pathlib.Path("/") and not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    home = tmp_path / "home"
    home.mkdir()
    (home / "service").mkdir()
    for path in home, home / "service":
        os.chown(path, account.pw_uid, account.pw_gid)
    done = subprocess.run(
        [BIN / "sv", "-d", home / "service", "add", "web", "--", "prog"],
        user="nobody", group=account.pw_gid, extra_groups=[], capture_output=True, timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert (home / "service-available/web/log/main").stat().st_uid == account.pw_uid
    assert "setuidgid" not in (home / "service-available/web/log/run").read_text()


def test_root_of_services_is_found(scan, sv, tmp_path):
    assert sv("add", "--into", tmp_path / "a/b", "one", "--", "x")[0] == 0
    assert (tmp_path / "a/b/one/run").exists()
    environment = os.environ | {"SVDIR": str(scan.path), "SVROOT": str(tmp_path / "c")}
    subprocess.run([BIN / "sv", "add", "two", "--", "x"], env=environment, check=True, timeout=60)
    assert (tmp_path / "c/two/run").exists()


WORDS = ["add", "--env", "A=b", "--needs", "db", "web", "--", "prog"]


@pytest.fixture
def traced(scan, tmp_path):
    """Runs sv add with strace's injections; returns the names of its calls."""

    if SANITIZER_REPORTS:
        pytest.skip("sanitizers don't run under strace")

    def run(*inject):
        options = [word for text in inject for word in ("-e", f"inject={text}")]
        environment = os.environ | {"SVDIR": str(scan.path)}
        environment["PATH"] = f"{BIN}:{environment['PATH']}"  # as sv() has it
        done = subprocess.run(
            ["strace", "-o", tmp_path / "trace", *options, BIN / "sv", *WORDS],
            env=environment, capture_output=True, timeout=60,
        )
        lines = (tmp_path / "trace").read_text(errors="replace").splitlines()
        calls = [line.partition("(")[0] for line in lines if not line.startswith(("+", "-"))]
        return done.returncode, calls

    return run


def each_call(calls, wanted=None):
    """What strace is told to mean each of the calls: (name, how often so far)."""
    seen = {}
    for name in calls:
        seen[name] = seen.get(name, 0) + 1
        if name.isidentifier() and name != "execve" and (not wanted or name in wanted):
            yield name, seen[name]


@pytest.fixture
def rehearsal(sv, root, traced):
    """What sv add makes, and the calls by which it does."""
    code, calls = traced()
    assert code == 0
    whole = contents(root / "web")
    assert sv("remove", "--purge", "web")[0] == 0
    return whole, calls


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace")
def test_killed_at_any_system_call_it_has_made_nothing_or_the_whole(scan, sv, root, traced, rehearsal):
    whole, calls = rehearsal
    outcomes = set()
    for name, count in each_call(calls):
        traced(f"{name}:signal=KILL:when={count}")
        is_linked = (scan.path / "web").is_symlink()
        is_made = (root / "web").exists()
        assert set(os.listdir(scan.path)) <= {"web"}
        assert is_made or not is_linked
        outcomes.add((is_linked, is_made))
        # The next attempt is not hindered by what is left.
        code, said = sv(*WORDS)
        assert (code, "is there already" in said) == ((111, True) if is_made else (0, False))
        assert is_linked or not is_made or sv("enable", "web")[0] == 0
        assert contents(root / "web") == whole
        assert sv("remove", "--purge", "web")[0] == 0
        assert os.listdir(root) == [] and os.listdir(scan.path) == []
    assert outcomes == {(False, False), (False, True), (True, True)}


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace")
def test_what_fails_at_any_call_leaves_nothing_that_is_supervised(scan, sv, root, traced, rehearsal):
    whole, calls = rehearsal
    changing = {"mkdir", "mkdirat", "open", "openat", "write", "writev", "fchmod", "fchmodat",
                "fsync", "rename", "renameat", "renameat2", "symlinkat", "flock", "fchownat"}
    failed = 0
    for name, count in each_call(calls, changing):
        code, _ = traced(f"{name}:error=ENOSPC:when={count}")
        assert code in (0, 111)
        failed += code != 0
        if (scan.path / "web").is_symlink() or (root / "web").exists():
            assert contents(root / "web") == whole
        if code == 0:
            assert (scan.path / "web").is_symlink()
        assert sv(*WORDS)[0] == 0 or (root / "web").exists()
        assert sv("remove", "--purge", "web")[0] == 0
        assert os.listdir(root) == [] and os.listdir(scan.path) == []
    assert failed > 20


# ---- one at a time ----


def hold_lock(programs, path):
    """A process that has the file locked, and goes on having it."""
    code = "import fcntl,os,sys,time; fd = os.open(sys.argv[1], os.O_RDONLY)\n"
    code += "fcntl.flock(fd, fcntl.LOCK_EX); print(flush=True); time.sleep(1000)"
    holder = programs.start(sys.executable, "-c", code, path, stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"\n"
    return holder


def test_a_lock_that_anybody_can_hold_keeps_nobody_out(scan, sv, root, programs):
    """The lock was on the directory, which everybody can open: root's command
    waited, silently, for as long as anybody wanted."""
    root.mkdir()
    hold_lock(programs, root)
    assert sv("add", "web", "--", "sleep", "1000")[0] == 0
    assert sv("disable", "web")[0] == 0
    assert sv("enable", "web")[0] == 0
    assert sv("remove", "--purge", "web")[0] == 0
    assert os.listdir(root) == []


def test_commands_take_turns(scan, sv, root, programs):
    root.mkdir()
    (root / ".lock").touch()
    holder = hold_lock(programs, root / ".lock")
    argv = [BIN / "sv", "-d", scan.path, "add", "web", "--", "sleep", "1000"]
    waiting = programs.start(*argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    line = waiting.stderr.readline().decode()
    assert line == f"sv: warning: waiting for another command that changes {root}\n"
    assert os.listdir(root) == [".lock"] and waiting.poll() is None
    assert stat.S_IMODE((root / ".lock").stat().st_mode) == 0o600
    holder.kill()
    assert waiting.wait(60) == 0
    assert os.listdir(root) == ["web"]


def test_a_lock_that_is_a_link_is_not_followed(scan, sv, root):
    root.mkdir()
    (root / ".lock").symlink_to("other")
    code, said = sv("add", "web", "--", "sleep", "1000")
    assert (code, f"sv: fatal: unable to lock {root}: " in said) == (111, True)
    assert os.listdir(root) == [".lock"]


# ---- enable, disable, remove ----


def test_a_scan_directory_that_is_not_there_is_named(scan, sv, root):
    scan.path.rmdir()
    for words in ["add", "web", "--", "true"], ["remove", "web"], ["enable", "web"]:
        assert sv(*words) == (
            111,
            f"sv: fatal: there is no scan directory {scan.path}: make it, or name"
            " another by -d or SVDIR\n",
        )


def test_enable_and_disable_link_in_and_out(scan, sv, root):
    start(scan)
    assert sv("add", "--disabled", "web", "--", "sleep", "1000")[0] == 0
    assert "web" not in os.listdir(scan.path)
    assert sv("enable", "web") == (0, f"linked {root}/web into {scan.path}\n")
    assert sv("enable", "web") == (0, f"web is in {scan.path} already\n")
    service = service_at(root / "web")
    pid = service.wait_program("sleep")
    assert sv("disable", "web") == (0, f"web is not supervised; its directory is {root}/web\n")
    assert not is_alive(pid)
    assert "web" not in os.listdir(scan.path)
    assert (root / "web/run").exists()
    assert service.svok() == 100 and service_at(root / "web/log").svok() == 100
    assert sv("enable", "web")[0] == 0
    service.wait_program("sleep", besides=pid)


def test_enable_takes_a_path(scan, sv):
    made = Service(scan.outside / "mine")
    assert sv("enable", "./mine") == (0, f"linked {made.path} into {scan.path}\n")
    code, said = sv("enable", "none")
    assert code == 111 and "file does not exist" in said
    other = Service(scan.outside / "other/mine")
    code, said = sv("enable", str(other.path))
    assert code == 111 and "file already exists" in said


def test_remove_loses_no_line_of_the_log(scan, sv, root):
    start(scan)
    loop = "i=0; trap 'echo last; exit' TERM; while echo $i; do i=$((i+1)); done"
    assert sv("add", "web", "--", "sh", "-c", loop)[0] == 0
    log = root / "web/log/main"
    wait_until(lambda: (log / "current").exists() and (log / "current").stat().st_size > 100000)
    assert sv("remove", "web")[0] == 0
    files = sorted(path for path in log.iterdir() if path.name.startswith("@")) + [log / "current"]
    lines = [line.split(" ", 1)[1] for path in files for line in path.read_text().splitlines()]
    assert lines[-1] == "last"
    numbers = [int(line) for line in lines[:-1]]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_remove_is_safe_when_nobody_supervises(scan, sv, root):
    assert sv("add", "web", "--", "sleep", "1000")[0] == 0
    assert sv("remove", "web")[0] == 0
    assert os.listdir(scan.path) == [] and (root / "web/run").exists()
    assert sv("remove", "web")[0] == 0
    assert sv("remove", "--purge", "web") == (0, f"removed {root}/web\n")
    assert os.listdir(root) == []
    code, said = sv("remove", "web")
    assert code == 111 and "unable to find" in said


def test_purge_follows_no_link(scan, sv, root, tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/data").touch()
    assert sv("add", "web", "--", "sleep", "1000")[0] == 0
    (root / "web/data").symlink_to(tmp_path / "precious")
    (root / "web/deep/er").mkdir(parents=True)
    assert sv("remove", "--purge", "web")[0] == 0
    assert (tmp_path / "precious/data").exists() and os.listdir(root) == []


def test_purge_keeps_what_is_elsewhere(scan, sv, root):
    made = Service(scan.outside / "mine")
    assert sv("enable", "./mine")[0] == 0
    root.mkdir()
    code, said = sv("remove", "--purge", "mine")
    assert code == 0 and "it stays where it is" in said
    assert (made.path / "run").exists() and os.listdir(scan.path) == []


def test_service_that_does_not_end_keeps_its_files(scan, sv, root):
    start(scan)
    assert sv("add", "web", "--", "sh", "-c", "trap '' TERM; : >deaf; while :; do sleep 0.1; done")[0] == 0
    wait_until((root / "web/deaf").exists)
    code, said = sv("remove", "--purge", "--timeout", "0.3", "web")
    assert code == 99 and "nothing else was removed" in said
    assert (root / "web/run").exists()


def test_directory_in_the_scan_directory_moves_to_the_root(scan, sv, root):
    service = scan.make("web")
    start(scan)
    pid = service.wait_program("sleep")
    code, said = sv("disable", "web")
    assert code == 0, said
    assert not is_alive(pid)
    assert (root / "web/run").exists() and "web" not in os.listdir(scan.path)
    assert sv("enable", "web")[0] == 0
    service_at(root / "web").wait_program("sleep", besides=pid)


def test_link_to_nowhere_is_removed(scan, sv):
    (scan.path / "web").symlink_to("/nonexistent/web")
    assert sv("remove", "web")[0] == 0
    assert os.listdir(scan.path) == []
