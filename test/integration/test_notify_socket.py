"""The socket of notify-socket: whoever is dead, its name and what was said to it
stay; whoever writes to it, nobody waits."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import pytest

import kernel
import support
from booted import NOBODY, Boot, end, script
from support import BIN, LOOP, is_alive, wait_until

IS_ROOT = os.geteuid() == 0
OPEN = (
    "svscan: warning: speaker/notify-socket has a name that others can take,"
    " as there is no directory for it"
)

if sys.platform != "linux":
    pytest.skip("Linux only", allow_module_level=True)

# Says what it is told to by files: "say" is sent, and then gone.
SPEAKER = script(
    """
    import os, socket, time
    to = os.environ["NOTIFY_SOCKET"].replace("@", "\\0", 1)
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    while True:
        try:
            text = open("say").read()
        except FileNotFoundError:
            time.sleep(0.01)
            continue
        os.unlink("say")
        try:
            s.sendto(text.encode(), to)
            said = "sent"
        except OSError as error:
            said = error.strerror
        with open("said", "a") as file:
            file.write(said + "\\n")
    """
)


@pytest.fixture
def boot(tmp_path, programs):
    return Boot(tmp_path, programs)


def make_speaker(scan, name="speaker", run=SPEAKER, **files):
    service = scan.make(name, run=None)
    (service.path / "notify-socket").touch()
    for file, text in files.items():
        (service.path / file.replace("_", "-")).write_text(text)
    service.run(run)
    return service


def say(service, text):
    (service.path / "say.new").write_text(text)
    (service.path / "say.new").rename(service.path / "say")


def wait_said(service, count=1):
    return service.wait_lines("said", count)[-1]


def wait_ready(service, ready="1"):
    wait_until(lambda: service.state().get("ready") == ready, what=f"ready={ready}")


def name_of(service):
    """Where its process sends to."""
    pid = service.wait_up()

    def look():
        for entry in pathlib.Path(f"/proc/{pid}/environ").read_text().split("\0"):
            if entry.startswith("NOTIFY_SOCKET="):
                return entry.split("=", 1)[1]
        return None

    return wait_until(look, what="the name")


def on_record(service):
    return service.read("supervise/notify-socket")


# ---- while nobody is there ----


def test_what_is_said_while_there_is_no_svscan_is_heard(boot):
    """It was lost, and a service that was ready was ended for not being so."""
    service = make_speaker(boot, timeout_up="3000\n")
    boot.start()
    pid = service.wait_up()
    boot.wait_kept(1, "socket")
    for text, ready in ("STATUS=first", "0"), ("READY=1\nSTATUS=second", "1"):
        boot.freeze()
        svscan = boot.kill_svscan()
        say(service, text)
        assert wait_said(service) == "sent"
        boot.thaw()
        boot.svscan(besides=svscan)
        expected = text.split("=")[-1]
        wait_until(lambda: service.state()["status-text"] == expected)
        # One comes after the other, each put on record by itself.
        wait_until(lambda: service.state()["ready"] == ready)
    assert service.pid() == pid and service.value("failed") == 0
    boot.wait_kept(1, "socket")


def test_what_was_said_in_time_counts_though_it_is_heard_later(boot):
    service = make_speaker(boot, timeout_up="1500\n")
    boot.start()
    pid = service.wait_up()
    boot.wait_kept(1, "socket")
    boot.freeze()
    end(boot.kill_svscan())
    say(service, "READY=1")
    assert wait_said(service) == "sent"
    state = service.state()
    due_ns = int(state["limit-ns"])
    assert due_ns > 0
    wait_until(lambda: time.monotonic_ns() > due_ns, what="the end of its time")
    boot.thaw()
    wait_ready(service)
    assert service.pid() == pid


def test_without_svscanboot_who_could_not_be_heard_is_not_late(scan):
    service = make_speaker(scan, timeout_up="1500\n")
    other = make_speaker(scan, "other", run=support.SLEEPER, timeout_up="1500\n")
    scan.start()
    pid = service.wait_up()
    scan.kill()
    say(service, "READY=1")
    assert wait_said(service) == "Connection refused"
    scan.start()
    wait_until(lambda: service.svok() == 0)
    wait_until(lambda: service.state()["limit-ns"] == "0")
    assert (service.pid(), service.state()["ready"]) == (pid, "0")
    # What starts from now on can be heard, and late.
    other.svc("-t")
    scan.wait_until(lambda: other.state().get("phase") == "down", what="its end")
    assert other.value("failed") == 1
    # And so can that one, should it say so once more.
    assert service.pid() == pid
    say(service, "READY=1")
    wait_ready(service)


@pytest.mark.skipif(LOOP != "epoll", reason="the portable loop looks every second")
@pytest.mark.parametrize("with_boot", [True, False])
def test_an_upgrade_under_load_refuses_no_message(tmp_path, programs, with_boot):
    count = 500 if os.environ.get("HOLDFAST_LONG") else 150
    host = Boot(tmp_path, programs) if with_boot else support.Scan(tmp_path, programs)
    for number in range(count):
        host.make(f"q{number}")
    speakers = [make_speaker(host, f"z{number}", PINGER) for number in range(5)]
    host.start()
    pids = [speaker.wait_up(limit_s=120) for speaker in speakers]
    svscan = host.svscan() if with_boot else host.pid
    for upgrade in range(3):
        before = [int(speaker.read("sent") or 0) for speaker in speakers]
        subprocess.run([BIN / "svscanctl", "-u", host.path], check=True)
        for speaker, count in zip(speakers, before):
            wait_until(lambda: int(speaker.read("sent") or 0) > count + 20)
    assert [speaker.read("refused") for speaker in speakers] == [""] * 5
    assert [speaker.pid() for speaker in speakers] == pids and is_alive(svscan)
    for speaker in speakers:
        assert speaker.state()["status-text"].isdigit()


PINGER = script(
    """
    import os, socket, time
    to = os.environ["NOTIFY_SOCKET"].replace("@", "\\0", 1)
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    number = 0
    while True:
        number += 1
        try:
            s.sendto(b"STATUS=%d" % number, to)
        except OSError as error:
            with open("refused", "a") as file:
                file.write(str(error) + "\\n")
        if number % 10 == 0:
            with open("sent.new", "w") as file:
                file.write(str(number))
            os.rename("sent.new", "sent")
        time.sleep(0.002)
    """
)


def test_svscanboot_killed_alone_and_with_svscan(boot):
    service = make_speaker(boot, timeout_up="60000\n")
    boot.start()
    pid, name = service.wait_up(), name_of(service)
    boot.wait_kept(1, "socket")
    svscan = boot.svscan()
    boot.kill()
    say(service, "STATUS=alone")
    wait_until(lambda: service.state()["status-text"] == "alone")
    boot.start()
    boot.wait_until(lambda: not is_alive(svscan), what="its end")
    boot.wait_kept(1, "socket")
    say(service, "STATUS=kept")
    wait_until(lambda: service.state()["status-text"] == "kept")
    # Its svscan couldn't be given what the other one had.
    assert service.state()["limit-ns"] == "0"
    boot.freeze()
    end(boot.kill_svscan())
    boot.kill()
    say(service, "STATUS=refused")
    assert wait_said(service, 3) == "Connection refused"
    boot.start()
    boot.wait_kept(1, "socket")
    say(service, "READY=1")
    wait_ready(service)
    assert service.pid() == pid and name_of(service) == name


def test_a_service_that_dies_meanwhile_leaves_no_socket(boot):
    service = make_speaker(boot)
    boot.start()
    pid, name = service.wait_up(), name_of(service)
    boot.wait_kept(1, "socket")
    boot.freeze()
    end(boot.kill_svscan(), pid)
    boot.thaw()
    service.wait_up(besides=pid)
    assert name_of(service) != name
    boot.wait_kept(1, "socket")
    if not name.startswith("@"):
        assert not os.path.exists(name)
    service.svc("-d")
    service.wait_down()
    boot.wait_kept(0, "socket")
    assert not os.path.exists(on_record(service))


# ---- the name ----


def as_nobody(function):
    """What function() returns as another user, in a process of its own."""
    read_fd, write_fd = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            text = str(function())
        except BaseException as error:
            text = f"{type(error).__name__}: {error}"
        os.write(write_fd, text.encode())
        os._exit(0)
    os.close(write_fd)
    with os.fdopen(read_fd) as answer:
        text = answer.read()
    os.waitpid(pid, 0)
    return text


def errno_of(call, *arguments):
    try:
        call(*arguments)
        return "done"
    except OSError as error:
        return error.strerror


@pytest.mark.skipif(not IS_ROOT, reason="needs another user")
def test_nobody_else_can_take_the_name(boot):
    """In a crash or an upgrade it was whoever's that bound it first, and what
    the service said was heard by him."""
    service = make_speaker(boot)
    boot.start()
    pid, name = service.wait_up(), name_of(service)
    assert name == on_record(service) and name.startswith("/run/holdfast/")
    boot.wait_kept(1, "socket")

    def attack():
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        return [
            errno_of(s.bind, name),
            errno_of(s.bind, name + "0"),
            errno_of(s.bind, "/run/holdfast.new"),
            errno_of(os.unlink, name),
            errno_of(os.rename, name, "/tmp/taken"),
            errno_of(os.listdir, "/run/holdfast"),
        ]

    expected = ["Address already in use"] + ["Permission denied"] * 5
    assert as_nobody(attack) == str(expected)
    boot.freeze()
    svscan = boot.kill_svscan()
    end(svscan)
    assert as_nobody(attack) == str(expected), "svscan is dead"
    boot.thaw()
    svscan = boot.svscan(besides=svscan)
    boot.freeze()
    end(boot.kill_svscan())
    boot.kill()
    assert as_nobody(attack) == str(expected), "both are dead"
    boot.start()
    wait_until(lambda: service.svok() == 0)
    say(service, "READY=1")
    wait_ready(service)
    assert (service.pid(), name_of(service)) == (pid, name)


@pytest.mark.skipif(not IS_ROOT, reason="needs root")
def test_names_that_were_left_are_removed(scan):
    """Of old ones only: a new one may be about to be bound. And of nobody's."""
    folder = pathlib.Path("/run/holdfast")
    folder.mkdir(mode=0o711, exist_ok=True)
    mine = f"{os.getpid()}.{time.monotonic_ns()}"
    left, new, held = (folder / f"test.{kind}.{mine}" for kind in ("left", "new", "held"))
    sockets = [socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(3)]
    try:
        for s, path in zip(sockets, (left, new, held)):
            s.bind(str(path))
        for path in left, held:
            os.utime(path, (1, 1))
        for s in sockets[:2]:
            s.close()
        scan.start()
        wait_until(lambda: not left.exists())
        assert new.exists() and held.exists()
    finally:
        for path in left, new, held:
            path.unlink(missing_ok=True)
        sockets[2].close()


def become_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def give_to_nobody(top):
    for folder, _, files in os.walk(top):
        for path in [folder, *(os.path.join(folder, file) for file in files)]:
            os.chown(path, NOBODY, NOBODY)


@pytest.mark.skipif(not IS_ROOT, reason="needs another user")
@pytest.mark.parametrize("where", ["runtime", "supervise", "nowhere"])
def test_where_the_socket_of_others_is(where, programs):
    with tempfile.TemporaryDirectory(prefix="holdfast.", dir="/tmp") as top:
        path = pathlib.Path(top)
        scan = make_far(path, programs) if where == "nowhere" else support.Scan(path, programs)
        service = make_speaker(scan)
        runtime = path / "run"
        runtime.mkdir(mode=0o700)
        give_to_nobody(top)
        environment = {"PATH": os.environ["PATH"]}
        if where == "runtime":
            environment["XDG_RUNTIME_DIR"] = str(runtime)
        options = {"preexec_fn": become_nobody, "env": environment}
        scan.start(**options)
        name = name_of(service)
        beginning = {
            "runtime": f"{runtime}/holdfast/",
            "supervise": f"{service.path}/supervise/",
            "nowhere": "@holdfast/",
        }[where]
        assert name.startswith(beginning)
        assert scan.times_said(OPEN) == (where == "nowhere")
        scan.kill()
        scan.start(**options)
        wait_until(lambda: service.svok() == 0)
        say(service, "READY=1")
        wait_ready(service)
        scan.stop()
        assert not os.path.exists(name)


@pytest.mark.parametrize("how", ["killed", "upgraded"])
@pytest.mark.parametrize("is_shared", [False, True])
def test_a_name_that_was_cleared_away(how, is_shared, programs):
    """The socket came back, but nobody could reach it, and who isn't ready was late.
    Where others can write meanwhile, nothing is bound, and nobody is late, either."""
    with tempfile.TemporaryDirectory(prefix="holdfast.", dir="/tmp") as top:
        path = pathlib.Path(top)
        scan = support.Scan(path, programs)
        service = make_speaker(scan, timeout_up="60000\n")
        runtime = path / "run"
        runtime.mkdir(mode=0o700)
        if IS_ROOT:
            give_to_nobody(top)
        environment = {"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": str(runtime)}
        options = {"preexec_fn": become_nobody if IS_ROOT else None, "env": environment}
        scan.start(**options)
        name, pid = name_of(service), service.pid()
        wait_until(lambda: service.svok() == 0)
        room = runtime / "holdfast"
        shutil.rmtree(room)
        if is_shared:
            room.mkdir()
            room.chmod(0o777)
        if how == "killed":
            scan.kill()
            scan.start(**options)
        else:
            subprocess.run([BIN / "svscanctl", "-u", scan.path], check=True)
        if is_shared:
            scan.wait_said(
                "svscan: warning: unable to listen for speaker/notify-socket: "
                "access denied"
            )
            assert not any(room.iterdir())
        else:
            wait_until(lambda: os.path.exists(name), what="the name")
            say(service, "READY=1")
            wait_ready(service)
        assert service.pid() == pid
        scan.stop()


def make_far(path, programs):
    """So far down that no path of a socket fits."""
    far = path
    for _ in range(3):
        far = far / ("far" * 16)
        far.mkdir()
    return support.Scan(far, programs)


@pytest.mark.skipif(not IS_ROOT, reason="needs root")
def test_where_run_cannot_be_written_the_name_is_open_and_said_so(scan):
    service = make_speaker(scan)
    mounted = "mount -t tmpfs -o ro none /run && exec \"$@\""
    probe = ["unshare", "--mount", "sh", "-c", mounted, "sh"]
    if subprocess.run([*probe, "true"], capture_output=True).returncode != 0:
        pytest.skip("no mounts here")
    scan.start(*probe)
    assert name_of(service).startswith("@holdfast/")
    scan.wait_said(OPEN)
    say(service, "READY=1")
    wait_ready(service)


@pytest.mark.parametrize("is_link", [True, False])
@pytest.mark.parametrize("text", ["secret\n", "/etc/passwd", "/run/holdfast/1.1.1", ""])
def test_a_name_on_record_is_believed_only_where_it_can_be_one(scan, text, is_link):
    """A link to a secret file had its first bytes shown as the name of a socket."""
    service = make_speaker(scan)
    scan.start()
    pid = service.wait_up()
    name_of(service)
    scan.kill()
    secret = scan.outside / "secret"
    secret.write_text(text)
    record = service.path / "supervise/notify-socket"
    record.unlink()
    if is_link:
        record.symlink_to(secret)
    else:
        record.write_text(text)
    scan.start()
    reason = "symbolic link loop" if is_link else "file does not exist"
    scan.wait_said(
        f"svscan: warning: unable to listen for speaker/notify-socket: {reason}"
    )
    assert service.pid() == pid
    assert "secret" not in pathlib.Path("/proc/net/unix").read_text()
    assert secret.read_text() == text and pathlib.Path("/etc/passwd").exists()
    service.svc("-t")
    scan.wait_until(lambda: service.pid() not in (0, pid), what="another one")
    say(service, "READY=1")
    wait_ready(service)


# ---- strangers ----

KERNELS = [
    pytest.param(
        version,
        marks=pytest.mark.skipif(not kernel.can_be(version), reason="no filter"),
    )
    for version in kernel.LACKS
]


# Sends descriptors whose last close takes ten minutes: not his own, as he closes
# them while they are on their way.
ATTACKER = f"""
import array, os, socket, struct, sys, time
name, more = sys.argv[1].replace("@", "\\0", 1), int(sys.argv[2])
if os.getuid() == 0:
    os.setgroups([])
    os.setgid({NOBODY})
    os.setuid({NOBODY})
kept = [os.pipe() for _ in range(more)]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
answers = set()
for _ in range(3):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(1)
    client = socket.socket()
    client.connect(listener.getsockname())
    server, _ = listener.accept()
    kept += [client, server]
    client.setblocking(False)
    try:
        while True:
            client.send(b"x" * 65536)
    except BlockingIOError:
        pass
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 600))
    fds = [client.fileno()] + [fd for ends in kept[:more] for fd in ends]
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))]
    try:
        s.sendmsg([b"hello"], rights, socket.MSG_DONTWAIT, name)
        answers.add("sent")
        client.close()
    except OSError as error:
        answers.add(error.strerror)
print(*answers, flush=True)
time.sleep(1000)
"""


def is_guarded():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        return errno_of(s.setsockopt, socket.SOL_SOCKET, kernel.SO_PASSRIGHTS, 0) == "done"


@contextlib.contextmanager
def attacked(programs, pid, name, version, more=0):
    """Done while the process is stopped, so that it is all there at once."""
    os.kill(pid, signal.SIGSTOP)
    argv = [sys.executable, "-c", ATTACKER, name, more]
    attacker = programs.start(*argv, stdout=subprocess.PIPE, cwd="/")
    said = attacker.stdout.readline().decode().strip()
    expected = "Operation not permitted" if version == "6.16" and is_guarded() else "sent"
    assert said == expected
    yield
    os.kill(pid, signal.SIGCONT)


def restarts(service):
    pid = service.wait_program()
    os.kill(pid, signal.SIGKILL)
    return service.wait_program(besides=pid)


@pytest.mark.skipif(LOOP != "epoll", reason="is one for all loops")
@pytest.mark.parametrize("version", KERNELS)
@pytest.mark.parametrize("more", [0, 100])
def test_descriptors_of_strangers_keep_nobody_waiting(scan, programs, version, more):
    """To close them took as long as the stranger liked, of the only process that
    could restart anything; TERM was not obeyed, either."""
    service = make_speaker(scan)
    victim = scan.make("victim")
    scan.start(preexec_fn=lambda: kernel.become(version))
    victim.wait_program()
    with attacked(programs, scan.pid, name_of(service), version, more):
        pass
    restarts(victim)
    # On its own socket it is heard all the same.
    say(service, "READY=1\nSTATUS=fine")
    wait_ready(service)
    # Its socket is closed while such messages are in it.
    pid = service.pid()
    with attacked(programs, scan.pid, name_of(service), version, more):
        os.kill(pid, signal.SIGKILL)
    service.wait_up(besides=pid)
    restarts(victim)
    say(service, "READY=1")
    wait_ready(service)
    with attacked(programs, scan.pid, name_of(service), version, more):
        scan.process.terminate()
    assert scan.process.wait(30) == 0


@pytest.mark.skipif(LOOP != "epoll", reason="is one for all loops")
@pytest.mark.parametrize("version", KERNELS)
def test_nor_svscanboot_that_keeps_the_socket(boot, programs, version):
    service = make_speaker(boot)
    victim = boot.make("victim")
    boot.start(preexec_fn=lambda: kernel.become(version))
    pid = service.wait_up()
    boot.wait_kept(1, "socket")
    # Killed with all that in the socket, which outlives it.
    svscan = boot.svscan()
    with attacked(programs, svscan, name_of(service), version):
        os.kill(svscan, signal.SIGKILL)
    wait_until(lambda: boot.svscan(besides=svscan))
    restarts(victim)
    say(service, "READY=1")
    wait_ready(service)
    assert service.pid() == pid
    svscan = boot.svscan()
    with attacked(programs, svscan, name_of(service), version):
        end(pid)
        os.kill(svscan, signal.SIGKILL)
    service.wait_up(besides=pid)
    restarts(victim)
    boot.wait_kept(1, "socket")
    boot.stop()


FLOOD = f"""
import os, socket, sys
name = sys.argv[1].replace("@", "\\0", 1)
if os.getuid() == 0:
    os.setgid({NOBODY})
    os.setuid({NOBODY})
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(name)
while True:
    s.send(b"READY=1\\nSTATUS=lies")
"""


@pytest.mark.parametrize("version", KERNELS)
def test_a_flood_of_strangers_drowns_nobody(scan, programs, version):
    service = make_speaker(scan)
    victim = scan.make("victim")
    scan.start(preexec_fn=lambda: kernel.become(version))
    victim.wait_program()
    for _ in range(3):
        programs.start(sys.executable, "-c", FLOOD, name_of(service))
    scan.wait_said(
        "svscan: warning: speaker/notify-socket: somebody else's message is ignored"
    )
    restarts(victim)
    assert (service.state()["ready"], service.state()["status-text"]) == ("0", "")
    say(service, "READY=1\nSTATUS=true")
    wait_ready(service)
    assert service.state()["status-text"] == "true"


GONE = """
import os, socket, sys
name = sys.argv[1].replace("@", "\\0", 1)
if len(sys.argv) > 3:
    os.setgid(int(sys.argv[3]))
    os.setuid(int(sys.argv[3]))
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.sendto(sys.argv[2].encode(), name)
"""


@pytest.mark.parametrize("version", KERNELS)
def test_of_who_is_gone_the_user_counts(scan, version):
    """systemd-notify has ended before anybody could look at it."""
    service = make_speaker(scan)
    scan.start(preexec_fn=lambda: kernel.become(version))
    name = name_of(service)
    wait_until(lambda: service.svok() == 0)

    def send(*arguments):
        os.kill(scan.pid, signal.SIGSTOP)
        subprocess.run([sys.executable, "-c", GONE, name, *arguments], check=True)
        os.kill(scan.pid, signal.SIGCONT)

    if IS_ROOT:
        send("READY=1\nSTATUS=lies", str(NOBODY))
        scan.wait_said(
            "svscan: warning: speaker/notify-socket: somebody else's message is ignored"
        )
        assert (service.state()["ready"], service.state()["status-text"]) == ("0", "")
    send("READY=1\nSTATUS=true")
    wait_ready(service)
    assert service.state()["status-text"] == "true"


@pytest.mark.parametrize("size, is_heard", [(4096, True), (4097, False), (60000, False)])
def test_long_messages(scan, size, is_heard):
    service = make_speaker(scan)
    scan.start()
    wait_until(lambda: service.svok() == 0)
    say(service, "X=" + "x" * (size - 2 - len("\nREADY=1")) + "\nREADY=1")
    wait_said(service)
    if is_heard:
        wait_ready(service)
        return
    scan.wait_said(
        "svscan: warning: speaker/notify-socket: a message of more than 4096 bytes is ignored"
    )
    assert service.state()["ready"] == "0"
    say(service, "READY=1")
    wait_ready(service)
