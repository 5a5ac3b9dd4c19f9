"""sv allow, sv deny: who may see and control a service without being root."""

import os
import pathlib
import stat
import subprocess
import sys
import tempfile

import pytest

from support import BIN, Service, is_alive, kill_and_start, wait_until
from terminal import Terminal

NOBODY = 65534
GROUP = 54321  # of nobody's: no name is needed
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can be others")


def run(*argv, groups=None, **options):
    """As root, or as a user of no rights who is in the `groups`."""
    if groups is not None:
        options |= {"user": NOBODY, "group": NOBODY, "extra_groups": groups}
    done = subprocess.run(
        [str(word) for word in argv], capture_output=True, text=True, timeout=60,
        **options,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def tmp_path():
    """One that everybody may enter: those of pytest are for one user, and are
    made so again whenever another pytest begins."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as place:
        os.chmod(place, 0o755)
        yield pathlib.Path(place)


@pytest.fixture
def service(scan):
    """A service that runs."""
    made = scan.make("web")
    made.add_log()
    scan.start()
    made.wait_program()
    return made


def allow(scan, *words):
    code, said, trouble = run(BIN / "sv", "-d", scan.path, "allow", *words)
    assert (code, trouble) == (0, "")
    return said


def may_ask(service, groups=()):
    """What svok, svstat and sv say to somebody else."""
    ok = run(BIN / "svok", service.path, groups=groups)[0]
    line = run(BIN / "svstat", service.path, groups=groups)[1]
    return ok, ": up (pid" in line


def may_command(service, groups=()):
    """Also that it is obeyed."""
    pid = service.wait_program()
    code, _, _ = run(BIN / "sv", "-w", "30", "restart", service.path, groups=groups)
    if code != 0:
        assert service.pid() == pid
        return False
    assert service.wait_program() != pid
    return True


def modes(service):
    inner = service.path / "supervise"
    return tuple(
        stat.S_IMODE((inner / name).stat().st_mode) for name in (".", "control", "ok")
    )


@needs_root
def test_nobody_else_sees_anything_by_default(scan, service):
    assert modes(service) == (0o700, 0o600, 0o600)
    assert may_ask(service) == (111, False)
    assert not may_command(service)
    shown = run(BIN / "sv", "-d", scan.path, groups=[])[1]
    assert "unknown" in shown


@needs_root
def test_everybody_may_see(scan, service):
    said = allow(scan, "--status", "web")
    assert said == "web: seen by everybody, controlled by root\n"
    assert modes(service) == (0o755, 0o600, 0o622)
    assert may_ask(service) == (0, True)
    assert not may_command(service)
    code, shown, _ = run(BIN / "sv", "-d", scan.path, groups=[])
    assert code == 0
    assert shown.split("\t")[:2] == ["web", "up"]
    # Bytes in ok command nothing.
    fd = os.open(service.path / "supervise/ok", os.O_WRONLY | os.O_NONBLOCK)
    os.write(fd, b"dx")
    os.close(fd)
    service.svc("-c")
    pid = service.wait_program()
    assert is_alive(pid) and service.svok() == 0


@needs_root
def test_a_group_may_control(scan, service):
    allow(scan, GROUP, "web")
    assert modes(service) == (0o750, 0o620, 0o620)
    assert may_ask(service, [GROUP]) == (0, True)
    assert may_command(service, [GROUP])
    assert may_ask(service) == (111, False)
    assert not may_command(service)
    # It sees the logger, and cannot end it.
    log = Service.__new__(Service)
    log.path = service.path / "log"
    assert may_ask(log, [GROUP]) == (0, True)
    assert run(BIN / "svc", "-d", log.path, groups=[GROUP])[2] != ""
    # Nothing can be put into the directory, read from a FIFO, or be locked.
    inner = service.path / "supervise"
    for script in (
        f"mkfifo {inner}/ready", f"mv {inner}/state {inner}/status",
        f"rm -f {inner}/ok", f": <>{inner}/control", f": <{inner}/lock",
        f": >{inner}/lock", f": >>{inner}/pipe", f": >>{inner}/state",
    ):
        assert run("sh", "-c", script, groups=[GROUP])[0] != 0, script


@needs_root
def test_what_was_allowed_is_listed_and_taken_back(scan, service):
    listed = ("sv", "-d", scan.path, "allow")
    assert run(BIN / "sv", *listed[1:])[1] == "web\troot\troot\n"
    allow(scan, GROUP, "web")
    allow(scan, "--status", "web")
    assert run(BIN / "sv", *listed[1:])[1] == (
        f"web\teverybody\tgroup {GROUP}\nweb/log\teverybody\troot\n"
    )
    assert may_ask(service) == (0, True) and may_command(service, [GROUP])
    code, said, trouble = run(BIN / "sv", "-d", scan.path, "deny", "web")
    assert (code, said) == (0, "web: seen by root, controlled by root\n"), trouble
    assert modes(service) == (0o700, 0o600, 0o600)
    assert may_ask(service, [GROUP]) == (111, False)
    assert service.svok() == 0


def orderly(scan):
    scan.stop()
    scan.start()


def upgrade(scan):
    done = run(BIN / "svscanctl", "-u", scan.path)
    assert done[0] == 0, done


@needs_root
@pytest.mark.parametrize("again", [kill_and_start, orderly, upgrade])
def test_it_outlives_the_supervisor(scan, service, again):
    allow(scan, GROUP, "web")
    allow(scan, "--status", "web")
    identity = (service.path / "supervise/ok").stat().st_ino
    again(scan)
    wait_until(lambda: service.svok() == 0, what="a supervisor")
    service.wait_program()
    assert modes(service) == (0o755, 0o620, 0o622)
    assert (service.path / "supervise/ok").stat().st_ino == identity
    scan.wait_until(lambda: may_ask(service) == (0, True), what="to be seen")
    assert may_command(service, [GROUP])
    assert not may_command(service)


@needs_root
@pytest.mark.parametrize("again", [kill_and_start, orderly])
def test_a_user_who_owns_the_fifos_controls(scan, service, again):
    """What is done by hand for users of runit."""
    inner = service.path / "supervise"
    for name in "ok", "control":
        os.chown(inner / name, NOBODY, -1)
    inner.chmod(0o755)
    assert may_ask(service) == (0, True) and may_command(service)
    again(scan)
    wait_until(lambda: service.svok() == 0, what="a supervisor")
    service.wait_program()
    assert may_ask(service) == (0, True) and may_command(service)


@needs_root
def test_ok_has_a_reader_all_the_time(scan, service):
    """svok, asked without a pause while ok becomes another file and back."""
    code = "while kill -0 $0 2>/dev/null; do $1 $2 || echo $?; done"
    asking = scan.programs.start(
        "sh", "-c", code, os.getpid(), BIN / "svok", service.path,
        stdout=subprocess.PIPE,
    )
    for _ in range(10):
        allow(scan, "--status", "web")
        run(BIN / "sv", "-d", scan.path, "deny", "web")
        service.send(b"m")
        inner = service.path / "supervise"
        wait_until(lambda: (inner / "ok").samefile(inner / "control"))
    asking.kill()
    assert asking.stdout.read() == b""


@needs_root
def test_without_a_supervisor_it_counts_from_the_next_on(scan, service):
    scan.stop()
    allow(scan, "--status", "web")
    assert may_ask(service)[1] is False
    scan.start()
    service.wait_program()
    wait_until(lambda: may_ask(service) == (0, True), what="to be seen")


@needs_root
def test_what_would_be_unsafe_is_refused(scan, service):
    inner = service.path / "supervise"
    inner.chmod(0o777)
    code, said, trouble = run(BIN / "sv", "-d", scan.path, "allow", GROUP, "web")
    assert (code, said) == (1, "")
    assert "chmod go-w" in trouble and trouble.count("\n") == 1
    inner.chmod(0o700)
    code, said, trouble = run(
        BIN / "sv", "-d", scan.path, "allow", GROUP, "web", groups=[GROUP]
    )
    assert code == 1 and said == "" and "web" in trouble
    assert modes(service) == (0o700, 0o600, 0o600)


def modes_below(folder):
    return {path: stat.S_IMODE(path.lstat().st_mode) for path in [folder, *folder.rglob("*")]}


@needs_root
def test_links_of_another_user_lead_nowhere(scan, service):
    """The owner of a service directory put a link in the place of supervise, or
    of log, and root changed the modes of what it led to: another service's."""
    secret = scan.make("secret")
    secret.wait_program()
    before = modes_below(secret.path)
    theirs = service.path
    (theirs / "supervise").rename(theirs / "supervise.own")
    (theirs / "supervise").symlink_to(secret.path / "supervise")
    (theirs / "log").rename(theirs / "log.own")
    (theirs / "log").symlink_to(secret.path)
    os.chown(theirs, NOBODY, NOBODY)
    for words in ["allow", GROUP, "web"], ["allow", "--status", "web"], ["deny", "web"]:
        code, said, trouble = run(BIN / "sv", "-d", scan.path, *words)
        assert (code, said) == (1, "")
        assert [line.partition("supervise")[2].partition("a link in")[1] for line in
                trouble.splitlines()] == ["a link in"] * 2
    assert modes_below(secret.path) == before
    # Where nobody else can make one, a link is as good as a directory.
    os.chown(theirs, 0, 0)
    (theirs / "log").unlink()
    assert run(BIN / "sv", "-d", scan.path, "allow", "--status", "web")[0] == 0
    assert modes_below(secret.path) != before


@needs_root
def test_who_swaps_directories_meanwhile_gets_nothing_of_roots(scan, service, programs):
    """The same, between the look and the change, again and again."""
    secret = scan.make("secret")
    secret.wait_program()
    before = modes_below(secret.path)
    os.chown(service.path, NOBODY, NOBODY)
    swap = "import os,sys; s, o, t = sys.argv[1:]\n"
    swap += "while 1: os.rename(s, o); os.symlink(t, s); os.unlink(s); os.rename(o, s)\n"
    own = service.path / "supervise"
    argv = [sys.executable, "-c", swap, own, f"{own}.own", secret.path / "supervise"]
    programs.start(*argv, user=NOBODY, group=NOBODY, extra_groups=[])
    for number in range(300):
        words = (["allow", "--status"], ["deny"])[number % 2]
        assert run(BIN / "sv", "-d", scan.path, *words, "web")[0] in (0, 1)
        assert modes_below(secret.path) == before


def test_wrong_use_and_what_is_not_there(scan):
    sv = (BIN / "sv", "-d", scan.path)
    assert run(*sv, "allow", "--status")[0] == 100
    assert run(*sv, "deny")[0] == 100
    assert run(*sv, "allow", "0")[0] == 100
    code, _, trouble = run(*sv, "allow", "no-such-group", "web")
    assert code == 111 and "no group no-such-group" in trouble
    scan.make("web")
    code, _, trouble = run(*sv, "allow", "0", "web", "nowhere")
    assert code == 2
    assert "nobody has supervised web yet" in trouble and "nowhere" in trouble


def test_the_list_is_aligned_on_a_terminal(scan, programs):
    for name in ("web", "a-name-that-is-longer-than-twenty-columns", "\u00e4rger"):
        scan.make(name)
    scan.start()
    wait_until(lambda: len(run(BIN / "sv", "-d", scan.path, "allow")[1].splitlines()) == 3)
    with Terminal(100, 24) as terminal:
        terminal.start(programs, BIN / "sv", "-d", scan.path, "allow")
        assert terminal.wait() == 0
        lines = terminal.text()
    at = lines[0].index("SEEN BY")
    owner = run("id", "-un")[1].strip()
    assert len(lines) == 4
    assert {line[at:].split()[0] for line in lines[1:]} == {owner}
    assert all(line[at - 1] == " " for line in lines)
