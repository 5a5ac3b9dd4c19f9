"""svscanboot(8): svscan kept alive, orphans reaped, errors in sight.

Most tests put a small script in svscan's place, beside svscanboot in a folder
of their own, so that what svscanboot itself does is all that is seen.
"""

import fcntl
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import time

import pytest

from proc import parent_of
from support import BIN, descendants, is_alive, wait_until, write_script

PATH = (
    "/command:/usr/local/bin:/usr/local/sbin:"
    "/bin:/sbin:/usr/bin:/usr/sbin:/usr/X11R6/bin"
)
USAGE = (
    "svscanboot: usage: svscanboot [-c | -m] [-A names | -M names] [-e dir] [-g ms] "
    "[-s signal=what] [-t ms] [scandir [logservice]] [-- command ...]"
)
NAMESPACE = ["unshare", "--pid", "--fork", "--mount-proc"]
if os.getuid() != 0:
    NAMESPACE[1:1] = ["--user", "--map-root-user"]

# Writes its pid to the log, then does what svscan would: waits for signals.
# A shell runs a trap only between commands, so its sleep is in the background.
OBEDIENT = """#!/bin/sh
cd "$1" || exit 111
trap 'echo hup >>log' HUP
trap 'echo term >>log; kill $!; exit 3' TERM
echo "start $$" >>log
while :; do sleep 1000 & wait; kill $!; done
"""


def children_of(pid):
    return [child for child in descendants(pid) if parent_of(child) == pid]


def command_line(pid):
    try:
        text = pathlib.Path("/proc", str(pid), "cmdline").read_bytes()
    except OSError:
        return []
    return text.split(b"\0")[:-1]


class Boot:
    """A folder with svscanboot and a svscan of the test's; a scan directory."""

    def __init__(self, tmp_path, programs):
        self.programs = programs
        self.folder = tmp_path / "bin"
        self.scan_dir = tmp_path / "service"
        self.log = self.scan_dir / "log"
        self.folder.mkdir()
        self.scan_dir.mkdir()
        for name in "svscanboot", "readproctitle":
            (self.folder / name).symlink_to(BIN / name)
        self.process = None

    def svscan(self, text):
        write_script(self.folder / "svscan", text)

    def start(self, *before, **options):
        self.process = self.programs.start(
            *before, self.folder / "svscanboot", self.scan_dir, **options
        )
        return self.process

    def lines(self):
        return self.log.read_text().splitlines() if self.log.exists() else []

    def starts(self):
        return [int(ln.split()[1]) for ln in self.lines() if ln[:5] == "start"]

    def nth_start(self, count):
        wait_until(lambda: len(self.starts()) >= count, what="svscan's start")
        return self.starts()[count - 1]

    def title_pid(self):
        """readproctitle, once it is that program and no more its parent's."""
        for pid in children_of(self.process.pid):
            if command_line(pid)[:1] == [b"readproctitle"]:
                return pid
        return None

    def title(self):
        """What ps would show of readproctitle."""
        pid = self.title_pid()
        return b" ".join(command_line(pid)) if pid else b""


@pytest.fixture
def boot(tmp_path, programs):
    if not (BIN / "readproctitle").exists():
        pytest.skip("readproctitle is not built")
    made = Boot(tmp_path, programs)
    made.svscan(OBEDIENT)
    return made


def test_environment_is_path_and_where_deaths_are_told(boot):
    """What svscan keeps to itself: services get PATH alone."""
    boot.svscan(
        '#!/bin/sh\ncd "$1"; cat /proc/$$/environ >env\n'
        'echo "start $$" >>log; exec sleep 1000\n'
    )
    boot.start(env={"PATH": "/elsewhere", "HOME": "/root", "SECRET": "1"})
    boot.nth_start(1)
    said = (boot.scan_dir / "env").read_text().split("\0")
    assert said[0] == f"PATH={boot.folder}:{PATH}"
    names = [entry.split("=")[0] for entry in said[1:]]
    assert names == ["HOLDFAST_DEATHS", "HOLDFAST_KEEPER", ""]


def test_services_find_the_programs_wherever_these_were_unpacked(boot):
    """Also if it was called by a relative path."""
    boot.svscan('#!/bin/sh\ncd "$1"; echo "$PATH" >new; mv new path\n')
    boot.programs.start("bin/svscanboot", boot.scan_dir, cwd=boot.folder.parent)
    path = boot.scan_dir / "path"
    wait_until(path.exists)
    assert path.read_text() == f"{boot.folder}:{PATH}\n"


def test_descriptors(boot):
    boot.start(stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    svscan = boot.nth_start(1)
    title = wait_until(boot.title_pid)

    def links(pid):
        folder = f"/proc/{pid}/fd"
        found = {int(fd): os.readlink(f"{folder}/{fd}") for fd in os.listdir(folder)}
        # A shell keeps its script open on a descriptor of its own.
        return {fd: to for fd, to in found.items() if fd < 10}

    own = links(boot.process.pid)
    assert [own.pop(fd) for fd in (0, 1, 2)] == ["/dev/null"] * 3
    door = {to for to in own.values() if to.startswith("socket:")}
    pipe, deaths = sorted(set(own.values()) - door)
    assert len(own) == 6 and pipe.startswith("pipe:") and deaths.startswith("pipe:")
    found = links(svscan)
    if found[1] == deaths:
        pipe, deaths = deaths, pipe
    assert [found.pop(fd) for fd in (0, 1, 2)] == ["/dev/null", pipe, pipe]
    guest = set(found.values()) - {deaths}
    assert len(found) == 2 and len(door) == 2 and guest < door
    assert links(title) == {0: pipe, 1: "/dev/null", 2: "/dev/null"}


def test_any_number_of_inherited_descriptors(boot):
    """It waited by pselect(2), whose sets have room for 1024 numbers: its own, past
    those, were written beyond them, and it crashed."""

    def inherit_many():
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
        for number in range(3, 1500):
            os.dup2(0, number)

    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 2000:
        pytest.skip("needs more descriptors")
    boot.start(preexec_fn=inherit_many, close_fds=False)
    first = boot.nth_start(1)
    os.kill(first, signal.SIGKILL)
    assert boot.nth_start(2) != first
    wait_until(lambda: "start" in boot.lines()[-1])
    boot.process.terminate()
    assert boot.process.wait(60) == 3
    assert boot.lines()[-1] == "term"


@pytest.mark.parametrize("arguments", [["-h"], ["--help"], ["a", "b", "c"]])
def test_usage(arguments):
    result = subprocess.run(
        [BIN / "svscanboot", *arguments], capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 100
    assert result.stderr.splitlines()[-1] == USAGE


def test_a_missing_scan_directory_is_told_at_once(programs, tmp_path):
    boot = programs.start(
        BIN / "svscanboot", tmp_path / "none", stderr=subprocess.PIPE
    )
    assert boot.stderr.readline().decode() == (
        f"svscanboot: warning: unable to use {tmp_path}/none, "
        "trying again every second: file does not exist\n"
    )


def test_scan_directory_is_the_argument(boot):
    boot.start()
    assert command_line(boot.nth_start(1))[-1] == bytes(boot.scan_dir)


def test_readproctitle_gets_400_dots(boot):
    boot.start()
    title = wait_until(boot.title)
    assert title == b"readproctitle service errors: " + b"." * 400


@pytest.mark.parametrize("descriptor", [1, 2])
def test_what_svscan_writes_is_seen_in_the_title(boot, descriptor):
    boot.svscan(f"#!/bin/sh\necho trouble at the mill >&{descriptor}\nexec sleep 1000\n")
    boot.start()
    wait_until(lambda: b"trouble at the mill" in boot.title())


def test_starts_with_closed_standard_descriptors(boot):
    boot.start("sh", "-c", '"$@" <&- >&- 2>&- & wait', "sh")
    svscan = boot.nth_start(1)
    assert os.readlink(f"/proc/{svscan}/fd/0") == "/dev/null"
    assert os.readlink(f"/proc/{svscan}/fd/2").startswith("pipe:")


def test_wrong_use_is_told():
    done = subprocess.run(
        [BIN / "svscanboot", "a", "b", "c"], capture_output=True, timeout=120
    )
    assert done.returncode == 100
    assert done.stderr.decode() == USAGE + "\n"


def test_programs_beside_svscanboot_come_before_those_on_path(boot):
    # Called by a bare name, it must find its folder otherwise than by argv[0].
    shutil.copy(BIN / "svscanboot", boot.folder / "svscanboot.real")
    (boot.folder / "svscanboot").unlink()
    (boot.folder / "svscanboot.real").rename(boot.folder / "svscanboot")
    boot.process = boot.programs.start(
        "svscanboot", boot.scan_dir, env={"PATH": str(boot.folder)}
    )
    boot.nth_start(1)


def test_a_link_to_svscanboot_names_the_folder_to_use(boot):
    """So that turning the links of /command upgrades the next svscan."""
    boot.start()  # the fixture's svscanboot is a link, svscan stands beside it
    boot.nth_start(1)


# Crashes and restarts


def test_first_crash_is_followed_by_a_start_within_100_ms(boot):
    """Once is enough, as the machine may be busy with other things."""
    spans = []
    for turn in range(50):
        boot.log.unlink(missing_ok=True)
        boot.start()
        first = boot.nth_start(1)
        begin = time.monotonic()
        os.kill(first, signal.SIGKILL)
        boot.nth_start(2)
        spans.append(time.monotonic() - begin)
        if spans[-1] < 0.1:
            break
        boot.programs.end_all()
    assert min(spans) < 0.1


@pytest.mark.parametrize("end", ["exit 111", "exit 100", "kill -KILL $$"])
def test_crash_loop_is_held_to_one_start_a_second(boot, end):
    boot.svscan(
        '#!/bin/sh\necho "start $$ $(date +%s.%N)" >>"$1/log"\n' + end + "\n"
    )
    boot.start()
    boot.nth_start(4)
    at = [float(line.split()[2]) for line in boot.lines()[:4]]
    # The first restart is free; the time noted lags behind the start itself.
    assert at[2] - at[1] > 0.9
    assert at[3] - at[2] > 0.9
    assert boot.process.poll() is None


def test_death_by_signal_is_told(boot):
    boot.start()
    os.kill(boot.nth_start(1), signal.SIGSEGV)
    boot.nth_start(2)
    wait_until(
        lambda: b"svscanboot: warning: svscan was killed by signal 11, "
        b"starting it again\n" in boot.title()
    )


def test_missing_svscan_is_told_and_tried_again(boot):
    if shutil.which("svscan", path=PATH):
        pytest.skip("another svscan is on the path")
    (boot.folder / "svscan").unlink()
    boot.start()
    told = b"svscanboot: fatal: unable to run svscan: file does not exist\n"
    wait_until(lambda: boot.title().count(told) >= 2)
    boot.svscan(OBEDIENT)
    boot.nth_start(1)


def test_what_a_dead_svscan_leaves_is_neither_stopped_nor_lost(boot):
    boot.svscan(
        '#!/bin/sh\ncd "$1"\n[ -e log ] || { sleep 1000 & echo $! >left; }\n'
        'echo "start $$" >>log\nexec sleep 1000\n'
    )
    boot.start()
    first = boot.nth_start(1)
    left = int((boot.scan_dir / "left").read_text())
    assert parent_of(left) == first
    os.kill(first, signal.SIGKILL)
    boot.nth_start(2)
    assert parent_of(left) == boot.process.pid


def test_killed_readproctitle_is_replaced_and_svscan_stays(boot):
    boot.svscan(
        '#!/bin/sh\ncd "$1"\ntrap "echo still here >&2" HUP\n'
        'echo "start $$" >>log\nwhile :; do sleep 1000 & wait; done\n'
    )
    boot.start()
    svscan = boot.nth_start(1)
    title = wait_until(boot.title_pid)
    os.kill(title, signal.SIGKILL)
    wait_until(lambda: boot.title_pid() not in (None, title))
    os.kill(svscan, signal.SIGHUP)
    wait_until(lambda: b"still here" in boot.title())
    assert boot.starts() == [svscan]


def test_no_complaint_hangs_while_readproctitle_is_missing(boot):
    if shutil.which("readproctitle", path=PATH):
        pytest.skip("another readproctitle is on the path")
    (boot.folder / "readproctitle").unlink()
    boot.svscan(
        '#!/bin/sh\ncd "$1"\nhead -c 200000 /dev/zero >&2\n'
        'echo "start $$" >>log\nexec sleep 1000\n'
    )
    boot.start()
    boot.nth_start(1)


# The end


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_is_passed_on_and_the_exit_code_comes_back(boot, number):
    process = boot.start()
    boot.nth_start(1)
    title = wait_until(boot.title_pid)
    process.send_signal(number)
    assert process.wait(timeout=120) == 3
    assert boot.lines()[-1] == "term"
    assert parent_of(title) is None


def test_stop_waits_for_svscan(boot):
    boot.svscan(
        '#!/bin/sh\ncd "$1"; mkfifo go\n'
        "trap 'echo term >>log; read x <go; exit 0' TERM\n"
        'echo "start $$" >>log\nwhile :; do sleep 1000 & wait; done\n'
    )
    process = boot.start()
    boot.nth_start(1)
    process.send_signal(signal.SIGTERM)
    wait_until(lambda: "term" in boot.lines())
    assert process.poll() is None
    (boot.scan_dir / "go").write_text("\n")
    assert process.wait(timeout=120) == 0


def test_stop_is_not_lost_on_a_svscan_that_has_just_started(boot):
    # TERM kills a svscan that does not catch it yet, and services stay behind.
    boot.svscan(OBEDIENT.replace("trap", 'echo "young $$" >>log; sleep 0.02; trap', 1))
    process = boot.start()
    wait_until(lambda: boot.lines())
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=120) == 3


def test_stop_between_two_svscans_starts_one_to_stop_what_is_left(boot):
    boot.svscan(
        '#!/bin/sh\ncd "$1"\necho "start $$" >>log\n[ -e mend ] || exit 111\n'
        + OBEDIENT.partition("exit 111\n")[2]
    )
    process = boot.start()
    boot.nth_start(3)
    (boot.scan_dir / "mend").touch()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=120) == 3
    assert boot.lines()[-1] == "term"


def test_stop_ends_a_svscan_that_can_only_fail(boot):
    boot.svscan('#!/bin/sh\necho "start $$" >>"$1/log"\nexit 111\n')
    process = boot.start()
    boot.nth_start(2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=120) == 111


def test_svscan_killed_while_stopping_is_followed_by_one_that_stops(boot):
    boot.svscan(
        '#!/bin/sh\ncd "$1"\ntrap "echo term >>log; [ -e second ] && exit 3" TERM\n'
        'echo "start $$" >>log\nwhile :; do sleep 1000 & wait; done\n'
    )
    process = boot.start()
    first = boot.nth_start(1)
    process.send_signal(signal.SIGTERM)
    wait_until(lambda: "term" in boot.lines())
    (boot.scan_dir / "second").touch()
    os.kill(first, signal.SIGKILL)
    assert process.wait(timeout=120) == 3
    assert boot.lines().count("term") == 2


def test_svscan_that_is_killed_again_while_stopping_ends_svscanboot(boot):
    boot.svscan('#!/bin/sh\ncd "$1"\ntrap "kill -KILL $$" TERM\n'
                'echo "start $$" >>log\nwhile :; do sleep 1000 & wait; done\n')
    process = boot.start()
    boot.nth_start(1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=120) == 128 + signal.SIGKILL
    assert len(boot.starts()) == 2


def test_interrupt_that_was_ignored_at_the_start_stays_so(boot):
    # What `sh -c '... &'` does, as in a boot script: the keyboard is not ours.
    boot.start("sh", "-c", 'trap "" INT; exec "$@"', "sh")
    svscan = boot.nth_start(1)
    boot.process.send_signal(signal.SIGINT)
    boot.process.send_signal(signal.SIGHUP)  # comes after, so INT was seen
    wait_until(lambda: "hup" in boot.lines())
    assert "term" not in boot.lines()
    assert boot.starts() == [svscan]


def test_scan_request_is_passed_on(boot):
    process = boot.start()
    boot.nth_start(1)
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: "hup" in boot.lines())
    assert process.poll() is None


@pytest.mark.parametrize("code", [0, 7])
def test_svscan_that_means_to_end_ends_svscanboot(boot, code):
    boot.svscan(f"#!/bin/sh\nexit {code}\n")
    assert boot.start().wait(timeout=120) == code


def test_a_writer_that_outlives_svscan_does_not_hold_the_end_up(boot):
    boot.svscan("#!/bin/sh\nsleep 1000 &\nexit 0\n")
    assert boot.start().wait(timeout=120) == 0


# The real svscan

SERVICE = """#!/bin/sh
trap 'echo stopped >>events; kill $!; exit 0' TERM
echo "start $$" >>events
while :; do sleep 1000 & wait; done
"""


class Service:
    """A service that tells in a file when it starts and stops."""

    def __init__(self, boot, name):
        self.directory = boot.scan_dir / name
        write_script(self.directory / "run", SERVICE)

    def events(self):
        events = self.directory / "events"
        return events.read_text().splitlines() if events.exists() else []

    def pid(self, other_than=None):
        """Its pid, in its own pid namespace, once it runs."""

        def find():
            last = (self.events() or ["none"])[-1].split()
            found = int(last[1]) if last[0] == "start" else other_than
            return found != other_than and found

        return wait_until(find)


@pytest.fixture
def real(boot):
    """A boot with the svscan that was built, and one service."""
    if not (BIN / "svscan").exists():
        pytest.skip("svscan is not built")
    (boot.folder / "svscan").unlink()
    for name in "svscan", "supervise", "svc", "svstat", "svok":
        (boot.folder / name).symlink_to(BIN / name)
    boot.service = Service(boot, "web")
    return boot


def svscan_of(boot, pid):
    """The pid of the svscan below the svscanboot with that pid."""

    def find():
        for child in children_of(pid):
            if command_line(child)[-1:] == [bytes(boot.scan_dir)]:
                return child
        return None

    return wait_until(find)


def test_services_outlive_svscan_and_are_adopted(real):
    process = real.start()
    pid = real.service.pid()
    first = svscan_of(real, process.pid)
    # Twice, as the second svscan adopts what the first one did not start.
    for _ in range(2):
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: parent_of(first) is None)
        second = svscan_of(real, process.pid)
        wait_until(
            lambda: subprocess.run([BIN / "svok", real.service.directory]).returncode
            == 0
        )
        first = second
    assert real.service.events() == [f"start {pid}"]
    subprocess.run([BIN / "svc", "-t", real.service.directory], check=True)
    wait_until(lambda: real.service.events()[1:2] == ["stopped"])
    assert real.service.pid(other_than=pid)


def test_the_end_of_an_orphan_is_known_also_when_its_directory_is_busy(real):
    """A child of the svscan that was killed holds the lock until its exec, so the
    next svscan may take the directory over only when that script has ended. What
    was told of that was forgotten by then, and "start" ran a second time."""
    folder = real.service.directory
    write_script(
        folder / "start",
        "#!/bin/sh\necho begun >>events\nuntil [ -e go ]; do sleep 0.02; done\n",
    )
    process = real.start()
    wait_until(lambda: real.service.events() == ["begun"], what="its start script")
    script = int((folder / "supervise" / "status").read_bytes()[12:16][::-1].hex(), 16)
    first = svscan_of(real, process.pid)
    process.send_signal(signal.SIGSTOP)
    os.kill(first, signal.SIGKILL)
    with open(folder / "supervise" / "lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as that child would hold it
        (folder / "go").touch()
        wait_until(lambda: not is_alive(script), what="its end")
        process.send_signal(signal.SIGCONT)
        busy = b"unable to acquire web/supervise/lock"
        wait_until(lambda: busy in real.title(), what="the next svscan")
    pid = real.service.pid()
    assert real.service.events() == ["begun", f"start {pid}"]


def test_stop_ends_every_service_in_order(real):
    other = Service(real, "other")
    process = real.start()
    pids = [real.service.pid(), other.pid()]
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=120) == 0
    assert [parent_of(pid) for pid in pids] == [None, None]
    assert real.service.events()[-1] == other.events()[-1] == "stopped"


def test_stop_after_svscan_was_killed_still_ends_every_service(real):
    process = real.start()
    pid = real.service.pid()
    os.kill(svscan_of(real, process.pid), signal.SIGKILL)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=120) == 0
    assert parent_of(pid) is None
    assert real.service.events() == [f"start {pid}", "stopped"]


def test_svscan_that_is_told_to_stop_ends_svscanboot(real):
    process = real.start()
    real.service.pid()
    os.kill(svscan_of(real, process.pid), signal.SIGTERM)
    assert process.wait(timeout=120) == 0
    assert real.service.events()[-1] == "stopped"


def test_scan_directory_that_comes_later_is_found(real):
    real.scan_dir.rename(real.scan_dir.with_name("away"))
    real.start()
    told = b"svscan: fatal: unable to chdir to %b: file does not exist\n"
    wait_until(lambda: told % bytes(real.scan_dir) in real.title())
    real.scan_dir.with_name("away").rename(real.scan_dir)
    assert real.service.pid()


def test_complaint_of_a_service_is_seen_in_the_title(real):
    write_script(
        real.scan_dir / "sick" / "run",
        "#!/bin/sh\necho no ink left >&2\nexec sleep 1000\n",
    )
    real.start()
    wait_until(lambda: b"no ink left" in real.title())


def test_usr1_leaves_services_running_for_the_next_one(real):
    """What systemd is told to send when the unit is restarted."""
    process = real.start()
    pid = real.service.pid()
    svscan = svscan_of(real, process.pid)
    process.send_signal(signal.SIGUSR1)
    real.programs.wait_end(process, 0)
    assert parent_of(svscan) is None
    process = real.start()
    supervised = [BIN / "svok", real.service.directory]
    wait_until(lambda: subprocess.run(supervised).returncode == 0)
    process.send_signal(signal.SIGTERM)
    real.programs.wait_end(process, 0)
    assert real.service.events() == [f"start {pid}", "stopped"]


def test_svscanboot_killed_alone_is_replaced_with_its_svscan(real):
    """The svscan that it leaves behind leaves its place, but to nobody less."""
    process = real.start()
    pid = real.service.pid()
    old = svscan_of(real, process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    alone = subprocess.run(
        [BIN / "svscan", real.scan_dir], capture_output=True, text=True, timeout=120
    )
    assert alone.stderr.startswith("svscan: fatal: unable to acquire .svscan/lock: ")
    assert parent_of(old) is not None
    process = real.start()

    def is_replaced():
        real.programs.reap_zombies()
        return parent_of(old) is None

    wait_until(is_replaced)
    supervised = [BIN / "svok", real.service.directory]
    wait_until(lambda: subprocess.run(supervised).returncode == 0)
    process.send_signal(signal.SIGTERM)
    real.programs.wait_end(process, 0)
    assert real.service.events() == [f"start {pid}", "stopped"]


def test_usr1_while_no_svscan_can_run_ends_it(boot):
    boot.svscan('#!/bin/sh\necho "start $$" >>"$1/log"\nexit 111\n')
    process = boot.start()
    boot.nth_start(2)
    process.send_signal(signal.SIGUSR1)
    assert process.wait(timeout=120) == 0


def test_whoever_waits_is_told_when_svscan_is_ready_and_when_it_stops(real):
    """systemd's Type=notify; services don't get to see its socket."""
    name = f"@{real.folder}"
    write_script(
        real.scan_dir / "web" / "run",
        "#!/bin/sh\nenv >env.new; mv env.new env\nexec sleep 1000\n",
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(name.replace("@", "\0", 1))
        listener.settimeout(30)
        process = real.start(env={"NOTIFY_SOCKET": name})
        assert listener.recv(100) == b"READY=1"
        # From now on svscan takes commands.
        subprocess.run([BIN / "svscanctl", "-s", real.scan_dir], check=True)
        wait_until((real.scan_dir / "web" / "env").exists)
        process.send_signal(signal.SIGTERM)
        assert listener.recv(100) == b"STOPPING=1"
        assert process.wait(timeout=120) == 0
    said = (real.scan_dir / "web" / "env").read_text()
    assert "NOTIFY_SOCKET" not in said and "HOLDFAST" not in said


def test_container_of_real_programs_stops_in_order(real, namespace):
    unshare = real.start(*namespace)
    assert real.service.pid() > 1
    first = first_process(unshare)
    os.kill(svscan_of(real, first), signal.SIGKILL)
    svscan_of(real, first)
    os.kill(first, signal.SIGTERM)
    assert unshare.wait(timeout=120) == 0
    assert [line.split()[0] for line in real.service.events()] == ["start", "stopped"]


# Process 1


@pytest.fixture
def namespace(boot):
    probe = subprocess.run([*NAMESPACE, "true"], capture_output=True, timeout=120)
    if probe.returncode != 0:
        pytest.skip("no pid namespaces here: " + probe.stderr.decode())
    return NAMESPACE


def first_process(unshare):
    """The pid, as seen here, of process 1 in the namespace."""

    def find():
        for pid in children_of(unshare.pid):
            if b"svscanboot" in command_line(pid)[0]:
                return pid
        return None

    return wait_until(find)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_as_process_1_it_stops_when_told(boot, namespace, number):
    unshare = boot.start(*namespace)
    boot.nth_start(1)
    os.kill(first_process(unshare), number)
    assert unshare.wait(timeout=120) == 3
    assert boot.lines()[-1] == "term"


def test_as_process_1_it_passes_scan_requests_on(boot, namespace):
    unshare = boot.start(*namespace)
    boot.nth_start(1)
    os.kill(first_process(unshare), signal.SIGHUP)
    wait_until(lambda: "hup" in boot.lines())
    assert unshare.poll() is None


def test_as_process_1_it_reaps_thousands_of_orphans(boot, namespace):
    """Children of process 1 are svscan, then, and what was not reaped."""
    boot.svscan(
        '#!/bin/sh\ncd "$1"\ni=0\n'
        "while [ $i -lt 3000 ]; do (: & :); i=$((i + 1)); done\n"
        'echo "start $$" >>log\nexec sleep 1000\n'
    )
    unshare = boot.start(*namespace)
    boot.nth_start(1)
    first = first_process(unshare)

    def no_zombies():
        children = pathlib.Path("/proc", str(first), "task", str(first), "children")
        return len(children.read_text().split()) == 1

    wait_until(no_zombies)


def test_as_process_1_it_keeps_svscan_alive(boot, namespace):
    boot.start(*namespace)
    assert boot.nth_start(1) > 1
    first = first_process(boot.process)
    for child in children_of(first):
        if command_line(child)[-1] == bytes(boot.scan_dir):
            os.kill(child, signal.SIGKILL)
    boot.nth_start(2)
