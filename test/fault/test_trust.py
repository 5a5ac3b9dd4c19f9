"""Who may be adopted, signalled and killed, and who is taken for whom.

A supervisor that runs as root believes a record only if nobody else could have
written it, and acts on nothing but what is certain: what can't be told from
others, or be looked at, is neither signalled nor started a second time.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import time

import pytest

import support
from proc import children_of
from support import BIN, Service, is_alive, process_fields, wait_until

NOBODY = 65534

pytestmark = pytest.mark.skipif(
    not os.path.exists("/proc/self/stat"), reason="nothing can be proved without /proc"
)
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

# Each start is a line.
NOTED = "#!/bin/sh\necho $$ >>starts\nexec sleep 1000\n"


def can_unshare():
    argv = ["unshare", "--fork", "--pid", "--mount-proc", "true"]
    return (
        os.geteuid() == 0
        and shutil.which("unshare")
        and subprocess.run(argv, capture_output=True).returncode == 0
    )


in_namespaces = pytest.mark.skipif(
    not can_unshare(), reason="needs root, and pid namespaces"
)


@pytest.fixture(autouse=True)
def for_others(tmp_path):
    """Others than root can reach the place, too."""
    for folder in [tmp_path, *tmp_path.parents]:
        if folder.stat().st_uid == os.geteuid() and folder != pathlib.Path("/"):
            folder.chmod(folder.stat().st_mode | 0o711)


@contextlib.contextmanager
def outlived(pid):
    """Nobody adopted it, so it is the test's to end."""
    try:
        yield pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def as_nobody(act):
    """Has a child of uid nobody do it; True: it could."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            act()
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(pid, 0)[1] == 0


def give_away(service):
    """chown -R nobody supervise"""
    for path in [service.path / "supervise", *(service.path / "supervise").iterdir()]:
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def take_back(service):
    for path in [service.path / "supervise", *(service.path / "supervise").iterdir()]:
        os.chown(path, 0, 0, follow_symlinks=False)


def replace_state(service, change):
    """As whoever owns the directory may: another file in its place."""
    path = service.path / "supervise" / "state"
    text = change(path.read_text())
    made = path.with_name("state.mine")
    made.write_text(text)
    made.rename(path)


def naming(pid, **values):
    """A change of the state that makes it speak of that process."""
    values["pid"] = pid
    values["pid-start"] = process_fields(pid)[19]

    def change(text):
        for key, value in values.items():
            text = re.sub(rf"(?m)^{key}=.*$", f"{key}={value}", text)
        return text

    return change


@pytest.fixture
def victim(programs):
    """A process of root's that has nothing to do with any service."""
    return programs.start("sleep", "1000", start_new_session=True)


def not_taken_over(scan, reason, name="service"):
    line = f"svscan: warning: unable to take over {name}: {reason}"
    scan.wait_said(line)
    return line


DOUBTED = "others can write in supervise/"
UNSEEN = "its process can't be looked at"
RESTORED = "a process like it runs, but started at another time"
ELSEWHERE = "it may run in another pid namespace"
SHARED = (
    "svscan: warning: others can write in service/supervise, "
    "so nobody will take over what runs"
)


def send_as_nobody(service, letters):
    return as_nobody(lambda: service.send(letters))


# ---- who can write in supervise/ ----


@as_root
@pytest.mark.parametrize("how", ["upgrade", "crash"])
def test_who_owns_supervise_has_nobody_else_killed(scan, victim, how):
    service = scan.make(run=NOTED)
    scan.start()
    pid = service.wait_program()
    give_away(service)
    with outlived(pid):
        true = service.read("supervise/state")
        assert as_nobody(lambda: replace_state(service, naming(victim.pid)))
        if how == "upgrade":
            subprocess.run([BIN / "svscanctl", "-u", scan.path], check=True)
        else:
            scan.kill()
            scan.start()
        line = not_taken_over(scan, DOUBTED)
        # There is nobody to obey.
        assert not send_as_nobody(service, b"dk")
        assert service.svok() == 100
        assert victim.poll() is None and is_alive(pid)
        # No second copy, and said once, however often it is looked at.
        scan.hang_up()
        wait_until(lambda: scan.times_said(line) == 1)
        assert service.lines("starts") == [str(pid)]
        # With the true record, which is root's, all is well again.
        take_back(service)
        replace_state(service, lambda _: true)
        scan.hang_up()
        scan.wait_until(lambda: service.svok() == 0)
        assert service.value("pid") == pid and service.lines("starts") == [str(pid)]
        scan.stop()


@as_root
def test_who_owns_supervise_has_nobody_else_killed_without_a_crash(scan, victim):
    """It is let go at his command, and taken over a second later."""
    service = scan.make(run=NOTED)
    scan.start()
    service.wait_program()
    give_away(service)

    def attack():
        text = service.read("supervise/state")
        service.send(b"dx")
        deadline = time.monotonic() + 60
        while "hosted=0" not in service.read("supervise/state"):
            assert time.monotonic() < deadline
        replace_state(service, lambda _: naming(victim.pid)(text))

    assert as_nobody(attack)
    not_taken_over(scan, DOUBTED)
    assert not send_as_nobody(service, b"k")
    assert victim.poll() is None
    scan.stop()
    assert victim.poll() is None


@as_root
@pytest.mark.parametrize("inline", [False, True], ids=["log", "inline"])
def test_a_logger_is_no_way_in(scan, victim, inline):
    service = scan.make()
    if inline:
        support.write_script(service.path / "log", support.KEEPER)
        (service.path / "logging").touch()
        inner = service.path / "supervise" / "log"
    else:
        service.add_log()
        inner = service.path / "log"
    scan.start()
    service.wait_program()
    log = Service.__new__(Service)
    log.path = inner
    log.wait_program("cat")
    scan.kill()
    with outlived(log.pid()), outlived(service.pid()):
        # For the inline one, the directory above is enough.
        os.chown(service.path / "supervise" if inline else inner / "supervise", NOBODY, -1)
        if not inline:
            assert as_nobody(lambda: replace_state(log, naming(victim.pid)))
        else:
            replace_state(log, naming(victim.pid))
        scan.start()
        not_taken_over(scan, DOUBTED, "service/log")
        assert victim.poll() is None
        scan.stop()
        assert victim.poll() is None


@as_root
def test_who_owns_supervise_goes_on_to_control_that_service(scan):
    """What is started then holds the lock, so there is never a second copy."""
    service = scan.make(run=NOTED, down=True)
    scan.start()
    service.wait_phase("down")
    scan.stop()
    give_away(service)
    scan.start()
    scan.wait_said(SHARED)
    assert send_as_nobody(service, b"u")
    pid = service.wait_program()
    assert as_nobody(lambda: subprocess.run([BIN / "svstat", service.path], check=True))
    assert send_as_nobody(service, b"t")
    other = service.wait_program(besides=pid)
    scan.kill()
    with outlived(other):
        # Nor when the record is gone, or says that it has ended.
        assert as_nobody(lambda: os.unlink(service.path / "supervise" / "state"))
        scan.start()
        scan.wait_said(
            "svscan: warning: unable to acquire service/supervise/lock: temporary failure"
        )
        assert is_alive(other) and service.pid() == other
        assert len(service.lines("starts")) == 2
        # Whoever stops all is told of what isn't.
        scan.stop()
        scan.wait_said("svscan: warning: service was not taken over, and is left as it is")
        assert is_alive(other)
        scan.start()
        os.kill(other, signal.SIGKILL)
        (service.path / "down").unlink()
        scan.wait_until(lambda: len(service.lines("starts")) == 3)
        scan.wait_until(lambda: service.svok() == 0)
        scan.stop()


@as_root
def test_wishes_on_a_shared_record_count(scan):
    service = scan.make()
    scan.start()
    service.wait_program()
    give_away(service)
    assert send_as_nobody(service, b"d")
    service.wait_down()
    scan.kill()
    scan.start()
    scan.wait_said(SHARED)
    scan.wait_until(lambda: service.svok() == 0)
    assert service.state()["want"] == "down" and service.pid() == 0
    scan.stop()


@as_root
def test_a_group_that_can_write_is_others(scan, victim):
    service = scan.make()
    scan.start()
    pid = service.wait_program()
    (service.path / "supervise").chmod(0o770)
    scan.kill()
    with outlived(pid):
        replace_state(service, naming(victim.pid))
        scan.start()
        not_taken_over(scan, DOUBTED)
        scan.stop()
    assert victim.poll() is None


@as_root
def test_leave_that_was_given_changes_nothing(scan):
    """sv allow is the way to give somebody control: all is adopted."""
    service = scan.make(run=NOTED)
    scan.start()
    pid = service.wait_program()
    subprocess.run([BIN / "sv", "allow", "nogroup", service.path], check=True)
    support.kill_and_start(scan)
    scan.wait_until(lambda: service.svok() == 0)
    assert service.value("pid") == pid and not scan.said()
    scan.stop()


@as_root
def test_a_foreign_status_is_no_way_in(scan, victim):
    """A pid and the moment of its start, as daemontools left them."""
    service = scan.make(down=True)
    supervise = service.path / "supervise"
    supervise.mkdir(mode=0o700)
    now = int(time.time())
    status = struct.pack(">QI", 2**62 + 10 + now, 0) + struct.pack("<I", victim.pid)
    (supervise / "status").write_bytes(status + b"\0u")
    os.chown(supervise, NOBODY, NOBODY)
    scan.start()
    not_taken_over(scan, DOUBTED)
    scan.stop()
    assert victim.poll() is None


@as_root
def test_a_secret_is_not_shown(scan):
    """Links in supervise/ are followed for none of our files."""
    secret = scan.outside / "secret"
    secret.write_text("s3cr3t-token-0123456789")
    secret.chmod(0o600)
    service = scan.make()
    (service.path / "notify-socket").touch()
    scan.start()
    pid = service.wait_program()
    os.chown(service.path / "supervise", NOBODY, NOBODY)

    def attack():
        for name in "notify-socket", "status", "death_tally":
            path = service.path / "supervise" / name
            path.unlink(missing_ok=True)
            path.symlink_to(secret)

    assert as_nobody(attack)
    with outlived(pid):
        subprocess.run([BIN / "svscanctl", "-u", scan.path], check=True)
        not_taken_over(scan, DOUBTED)
        sockets = pathlib.Path("/proc/net/unix").read_text()
        assert "s3cr3t" not in sockets
        scan.stop()


@as_root
def test_a_link_for_supervise_is_as_good_as_the_directory(scan):
    service = scan.make(run=None)
    target = scan.outside / "run"
    (service.path / "supervise").symlink_to(target)
    service.run(NOTED)
    scan.start()
    pid = service.wait_program()
    support.kill_and_start(scan)
    scan.wait_until(lambda: service.svok() == 0)
    assert service.value("pid") == pid and not scan.said()
    # And as bad.
    os.chown(target, NOBODY, -1)
    scan.kill()
    with outlived(pid):
        scan.start()
        not_taken_over(scan, DOUBTED)
        assert service.lines("starts") == [str(pid)]
        scan.stop()


@as_root
def test_links_that_others_made_lead_nowhere(scan):
    """.svscan/left names directories that are run."""
    scan.start()
    wait_until(lambda: (scan.path / ".svscan" / "control").exists())
    scan.stop()
    service = Service(scan.outside / "evil", NOTED)
    (service.path / "supervise").mkdir(mode=0o700)
    boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text()
    (service.path / "supervise" / "state").write_text(
        f"holdfast=1\nphase=waiting\nwant=up\npid=0\nhosted=1\nboot={boot}"
    )
    left = scan.path / ".svscan" / "left"
    left.mkdir(mode=0o700, exist_ok=True)
    os.chown(left, NOBODY, NOBODY)
    os.chown(left.parent, NOBODY, NOBODY)
    assert as_nobody(lambda: (left / "1-2").symlink_to(service.path))
    other = scan.make("other")
    scan.start()
    other.wait_program()
    # It would have been started along with that.
    support.kill_and_start(scan)
    scan.wait_until(lambda: other.svok() == 0)
    scan.stop()
    assert not service.lines("starts")


# ---- what can't be looked at ----


HIDDEN = """
mount -t proc -o hidepid=2 proc /proc
exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
"""


@in_namespaces
def test_what_is_hidden_is_not_dead(scan):
    """/proc with hidepid, and a service that becomes another user."""
    other = shutil.copy(shutil.which("sleep"), scan.outside / "susleep")
    os.chmod(other, 0o4755)
    service = scan.make(run=f"#!/bin/sh\necho $$ >>starts\nexec {other} 1000\n")
    for path in [scan.path, service.path]:
        os.chown(path, NOBODY, NOBODY)
    hidden = ["unshare", "--mount", "sh", "-ec", HIDDEN, "sh"]
    scan.start(*hidden)
    pid = service.wait_program("susleep")
    scan.kill()
    with outlived(pid):
        scan.start(*hidden)
        not_taken_over(scan, UNSEEN)
        assert is_alive(pid) and service.lines("starts") == [str(pid)]
        # It ends: that can be told.
        os.kill(pid, signal.SIGKILL)
        scan.wait_until(lambda: len(service.lines("starts")) == 2)
        scan.wait_until(lambda: service.svok() == 0)
    # What would end it isn't permitted to.
    second = service.wait_program("susleep", besides=pid)
    scan.process.terminate()
    os.kill(second, signal.SIGKILL)
    scan.wait_until(lambda: scan.process.poll() is not None)


# ---- who has another number for it ----

BOX = ["unshare", "--fork", "--pid", "--kill-child", "--mount-proc"]


def kill_box(scan):
    """Its process 1, and with that all that is in there."""
    wait_until(lambda: children_of(scan.pid))
    for pid in children_of(scan.pid):
        os.kill(pid, signal.SIGKILL)
    scan.process.wait(30)


@in_namespaces
def test_another_pid_namespace_starts_no_second_copy(scan):
    service = scan.make(run=NOTED)
    scan.start()
    pid = service.wait_program()
    scan.kill()
    scan.start(*BOX)
    not_taken_over(scan, ELSEWHERE)
    assert is_alive(pid) and service.lines("starts") == [str(pid)]
    kill_box(scan)
    # Where it can be seen, it is adopted.
    scan.start()
    scan.wait_until(lambda: service.svok() == 0)
    assert service.value("pid") == pid and service.lines("starts") == [str(pid)]
    scan.stop()


@in_namespaces
def test_figures_are_not_of_who_has_the_number_here(scan):
    """Number 2 or so is some thread of the kernel, or of this machine's init."""
    service = scan.make(run=NOTED)
    scan.start(*BOX)
    wait_until(lambda: service.svok() == 0 and service.value("pid"))
    argv = [BIN / "sv", "-d", scan.path, "status", "--json", "service"]
    told = json.loads(subprocess.run(argv, check=True, capture_output=True).stdout)
    (row,) = told["services"] if "services" in told else [told]
    assert row["pid"] == service.value("pid") and row["state"] == "up"
    assert row["memory_bytes"] is None and not row["process_tree"] and not row["limits"]
    kill_box(scan)


@in_namespaces
def test_a_pid_namespace_below_is_waited_for(scan, programs):
    """Its svscan is killed, its process 1 goes on."""
    service = scan.make(run=NOTED)
    box = f"{BIN}/svscan {scan.path} & echo $! >{scan.outside}/pid; wait; exec sleep 1000"
    scan.start_program(*BOX, "sh", "-c", box)
    wait_until(lambda: service.lines("starts"))
    (init,) = children_of(scan.pid)
    (inner,) = wait_until(
        lambda: [pid for pid in children_of(init) if support.program_of(pid) == "svscan"]
    )
    wait_until(lambda: service.value("pid") and service.state()["phase"] == "up")
    os.kill(inner, signal.SIGKILL)
    wait_until(lambda: not is_alive(inner))
    outer = support.Host(scan.outside, programs)
    outer.start_program(BIN / "svscan", scan.path)
    not_taken_over(outer, ELSEWHERE)
    assert len(service.lines("starts")) == 1
    kill_box(scan)
    wait_until(lambda: len(service.lines("starts")) == 2)
    outer.stop()


@in_namespaces
def test_where_proc_is_that_of_others_the_lock_tells(scan):
    """Numbers there are not those of kill(2)."""
    service = scan.make(run=NOTED)
    scan.start("unshare", "--fork", "--pid", "--kill-child", "sh", "-c", '"$@"; exec sleep 1000', "sh")
    pid = service.wait_program()
    (shell,) = children_of(scan.pid)
    (inner,) = [each for each in children_of(shell) if support.program_of(each) == "svscan"]
    os.kill(inner, signal.SIGKILL)
    wait_until(lambda: not is_alive(inner))
    line = "unable to acquire service/supervise/lock: temporary failure"
    said = subprocess.run(
        [BIN / "supervise", service.path], capture_output=True, text=True, timeout=60
    )
    assert said.stderr == f"supervise: fatal: {line.replace('service/', f'{service.path}/', 1)}\n"
    assert is_alive(pid) and len(service.lines("starts")) == 1
    kill_box(scan)


# ---- containers that come back ----


class Container:
    """The same file system, again and again; all of it is noted in a file."""

    def __init__(self, scan, entry):
        self.scan = scan
        self.log = scan.outside / "log"
        self.entry = entry

    def make(self):
        scan, log = self.scan, self.log
        init = Service(scan.path / "init", None)
        (init.path / "type").write_text("oneshot\n")
        (init.path / "up").write_text(f'sh -c "echo init >>{log}"\n')
        web = Service(scan.path / "web", f"#!/bin/sh\necho web >>{log}\nexec sleep 1000\n")
        weak = Service(scan.path / "weak", f"#!/bin/sh\necho weak >>{log}\nexit 1\n")
        (weak.path / "restart").write_text("never\n")
        return web, weak

    def start(self):
        self.log.write_text("")
        self.scan.start_program(*BOX, *self.entry, self.scan.path)
        wait_until(lambda: sorted(self.log.read_text().split()) == ["init", "weak", "web"])


ENTRIES = {
    "svscanboot": [BIN / "svscanboot"],
    "svscan": [BIN / "svscan"],
    "shell": ["sh", "-c", f'{BIN}/svscan "$0" & wait'],
}


@in_namespaces
@pytest.mark.parametrize("entry", ENTRIES)
def test_a_container_that_was_killed_is_a_new_boot(scan, entry):
    """One-shots run again; what was told to be down, or failed, does so anew."""
    container = Container(scan, ENTRIES[entry])
    web, weak = container.make()
    for again in range(3):
        container.start()
        wait_until(lambda: weak.state()["failed"] == "1" and weak.value("pid") == 0)
        wait_until(lambda: web.value("pid"))
        assert (web.value("starts"), weak.value("starts")) == (1, 1)
        web.svc("-d")
        web.wait_down()
        kill_box(scan)
    assert not [line for line in scan.said() if "take over" in line]


@in_namespaces
def test_what_runs_when_a_container_is_killed_runs_in_the_next(scan):
    """Its number is that of another there, at once and soon after."""
    container = Container(scan, ENTRIES["svscan"])
    web, weak = container.make()
    for again in range(4):
        container.start()
        wait_until(lambda: web.value("pid") and web.state()["phase"] == "up")
        assert web.value("starts") == 1
        kill_box(scan)


@in_namespaces
def test_an_end_of_all_is_over_with_its_container(scan):
    """Killed while it carried out "shutdown 7", which takes for ever."""
    service = scan.make("weak", "#!/bin/sh\nexit 1\n", down=True)
    (service.path / "restart").write_text("never\n")
    (service.path / "on-giving-up").write_text("shutdown 7\n")
    slow = scan.make("slow", "#!/bin/sh\ntrap '' TERM\necho >>starts\nwhile :; do sleep 1; done\n")
    scan.start(*BOX)
    wait_until(lambda: slow.lines("starts") and service.svok() == 0)
    service.svc("-u")
    record = scan.path / ".svscan" / "giving-up"
    wait_until(record.exists)
    # In the same life, it goes on there: that is what the record is for.
    kill_box(scan)
    assert record.exists()
    scan.start(*BOX)
    wait_until(lambda: len(slow.lines("starts")) == 2)
    wait_until(lambda: not record.exists())
    assert scan.process.poll() is None
    kill_box(scan)


# ---- restored, and in another time ----


def started_earlier(service):
    """As after a checkpoint: the record and "status" are of an earlier start."""
    replace_state(
        service,
        lambda text: re.sub(
            r"(?m)^pid-start=(\d+)$", lambda found: f"pid-start={max(1, int(found[1]) - 5000)}", text
        ),
    )
    path = service.path / "supervise" / "status"
    status = path.read_bytes()
    seconds = int.from_bytes(status[:8], "big") - 50
    path.write_bytes(seconds.to_bytes(8, "big") + status[8:])


def test_what_was_restored_has_no_second_copy(scan):
    service = scan.make(run=NOTED)
    scan.start()
    pid = service.wait_program()
    scan.kill()
    with outlived(pid):
        started_earlier(service)
        scan.start()
        not_taken_over(scan, RESTORED)
        assert service.lines("starts") == [str(pid)]
        os.kill(pid, signal.SIGKILL)
        scan.wait_until(lambda: len(service.lines("starts")) == 2)
        scan.stop()


@in_namespaces
@pytest.mark.parametrize("there", ["before", "after"])
def test_another_time_namespace_has_no_second_copy(scan, there):
    shifted = ["unshare", "--fork", "--kill-child=SIGKILL", "--time", "--boottime", "100000"]
    if subprocess.run([*shifted, "true"], capture_output=True).returncode != 0:
        pytest.skip("needs time namespaces")
    service = scan.make(run=NOTED)
    scan.start(*(shifted if there == "before" else []))
    pid = service.wait_program()
    for each in children_of(scan.pid) if there == "before" else []:
        os.kill(each, signal.SIGKILL)
    scan.kill()
    with outlived(pid):
        scan.start(*(shifted if there == "after" else []))
        scan.wait_until(lambda: service.svok() == 0)
        assert service.value("pid") == pid
        assert service.lines("starts") == [str(pid)] and not scan.said()


# ---- an end that was told ----


def test_an_end_is_told_of_that_very_process(scan, programs):
    """What svscanboot told of one that had the number before."""
    if support.LOOP != "epoll":
        pytest.skip("it doesn't know how what it adopted ends")
    service = scan.make()
    (service.path / "restart").write_text("never\n")
    scan.start()
    pid = service.wait_program()
    scan.kill()
    read_fd, write_fd = os.pipe()
    os.set_blocking(read_fd, False)
    try:
        scan.start(
            pass_fds=[read_fd], env={**os.environ, "HOLDFAST_DEATHS": str(read_fd)}
        )
        scan.wait_until(lambda: service.svok() == 0)
        os.kill(scan.pid, signal.SIGSTOP)
        os.kill(pid, signal.SIGKILL)
        os.write(write_fd, struct.pack("qqq", pid, 12345, 7 << 8))
        os.kill(scan.pid, signal.SIGCONT)
        scan.wait_until(lambda: service.value("pid") == 0)
        state = service.state()
        assert (state["last-end"], state["last-end-number"]) != ("exit", "7")
        scan.stop()
    finally:
        os.close(read_fd)
        os.close(write_fd)


# ---- a number that was given away ----

# Process 1 of a namespace in which it decides on the next number.
REUSE = r"""
import os, pathlib, signal, subprocess, sys, time
bin_dir, scan, cgroups = map(pathlib.Path, sys.argv[1:])
service = scan / "service"
def until(what):
    deadline = time.monotonic() + 60
    while not what():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)
def state():
    try:
        text = (service / "supervise/state").read_text()
    except OSError:
        return {}
    return dict(line.split("=", 1) for line in text.splitlines())
def start():
    return subprocess.Popen([bin_dir / "svscan", scan])
def is_hosted(svscan):
    return subprocess.run([bin_dir / "svok", service]).returncode == 0
first = start()
until(lambda: state().get("phase") == "up" and state()["pid"] != "0")
pid = int(state()["pid"])
until(lambda: pathlib.Path(f"/proc/{pid}/comm").read_text() == "sleep\n")
first.kill(); first.wait()
second = start()
until(lambda: is_hosted(second))
assert int(state()["pid"]) == pid
second.send_signal(signal.SIGSTOP)
fd = os.open(service / "supervise/control", os.O_WRONLY | os.O_NONBLOCK)
os.write(fd, sys.stdin.read().encode())
os.kill(pid, signal.SIGKILL)
os.waitpid(pid, 0)
read_fd, write_fd = os.pipe()
pathlib.Path("/proc/sys/kernel/ns_last_pid").write_text(str(pid - 1))
stranger = os.fork()
if stranger == 0:
    os.setsid()
    if cgroups != pathlib.Path("/"):
        (cgroups / "cgroup.procs").write_text("0")
    os.write(write_fd, b"x")
    time.sleep(1000)
os.read(read_fd, 1)
assert stranger == pid, (stranger, pid)
second.send_signal(signal.SIGCONT)
until(lambda: int(state()["deaths"]) == 1)
hit = os.waitpid(stranger, os.WNOHANG)
assert hit == (0, 0), hit
os.kill(stranger, signal.SIGKILL)
second.terminate()
second.wait()
print("well")
"""


def cgroup2_directory():
    """That of this process, in which others can be made."""
    mounts = pathlib.Path("/proc/self/mountinfo").read_text()
    found = re.search(r"(?m)^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2 ", mounts)
    own = re.search(r"(?m)^0::(/.*)$", pathlib.Path("/proc/self/cgroup").read_text())
    if found and own:
        path = pathlib.Path(found[1] + own[1])
        if os.access(path, os.W_OK) and (path / "cgroup.procs").exists():
            return path
    return None


@in_namespaces
@pytest.mark.parametrize("scope", ["process", "group", "cgroup"])
@pytest.mark.parametrize("letters", ["k", "d", "gt"])
def test_a_number_that_was_given_away_is_not_hit(scan, scope, letters):
    """Of an adopted process: somebody else reaps it."""
    if support.LOOP != "epoll":
        pytest.skip("a number is all that it has of an adopted process")
    service = scan.make()
    (service.path / "kill-scope").write_text(f"{scope}\n")
    (service.path / "restart").write_text("never\n")
    stranger = pathlib.Path("/")
    if scope == "cgroup":
        if not cgroup2_directory():
            pytest.skip("needs cgroups of version 2")
        stranger = cgroup2_directory() / f"holdfast-test{os.getpid()}"
        stranger.mkdir()
    try:
        done = subprocess.run(
            [*BOX, "python3", "-c", REUSE, BIN, scan.path, stranger],
            input=letters, capture_output=True, text=True, timeout=120,
        )
        assert done.stdout == "well\n", done.stderr
    finally:
        if scope == "cgroup":
            wait_until(lambda: not (stranger / "cgroup.procs").read_text())
            stranger.rmdir()
