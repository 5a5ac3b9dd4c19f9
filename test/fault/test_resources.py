"""A system that refuses: memory, processes, descriptors, clocks, kernel calls.

The engine goes on, or, at its start, says why it can't and ends with 111; no
service ever runs twice, and when the trouble is over all is as it should be.
"""

import functools
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

from hostile import RUN, Scan, cpu_s, kill
from proc import children_of, state_of
from support import BIN, wait_until, write_script

HERE = pathlib.Path(__file__).resolve().parent
SOURCES = HERE.parent.parent / "src"
LOGGER = "#!/bin/sh\nexec cat >>lines\n"
IS_LONG = os.environ.get("HOLDFAST_LONG") == "1"


@functools.cache
def faulty():
    """An svscan to which faults can be preloaded, and the faults."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-faults-"))
    chosen = []
    for part in ("base", "loop", "service", "engine"):
        chosen += sorted((SOURCES / part).glob("*.c"))
    other = ("_portable.c", "backend_poll.c", "launch_fork.c")
    chosen = [path for path in chosen if not path.name.endswith(other)]
    flags = ["cc", "-std=c17", "-D_GNU_SOURCE", "-O1", "-g", f"-I{SOURCES}"]
    flags += ['-DHOLDFAST_SCANDIR="/service"', '-DHOLDFAST_VERSION="0"']
    main = SOURCES / "cmd" / "svscan.c"
    subprocess.run([*flags, "-o", folder / "svscan", main, *chosen], check=True)
    preload = HERE / "faults_preload.c"
    argv = [*flags, "-shared", "-fPIC", "-o", folder / "faults.so", preload]
    subprocess.run(argv, check=True)
    return folder


@pytest.fixture
def scan(tmp_path, programs):
    return Scan(programs, tmp_path / "scan")


def with_faults(**settings):
    names = {f"FAULTS_{key.upper()}": str(value) for key, value in settings.items()}
    return os.environ | {"LD_PRELOAD": str(faulty() / "faults.so")} | names


def start_faulty(scan, **settings):
    return scan.start(faulty() / "svscan", env=with_faults(**settings))


def inject(*faults):
    """svscan under a tracer that makes its system calls fail."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    chosen = [word for fault in faults for word in ("-e", f"inject={fault}")]
    calls = ",".join(fault.partition(":")[0] for fault in faults)
    return ["strace", "-D", "-qqq", "-o", "/dev/null", "-e", f"trace={calls}", *chosen]


def is_tracing_possible():
    try:
        argv = [*inject("uname:error=EIO"), "uname"]
    except pytest.skip.Exception:
        return False
    return subprocess.run(argv, capture_output=True, check=False).returncode == 1


traced = pytest.mark.skipif(not is_tracing_possible(), reason="no strace(1)")


# Of the engine itself, for one service that died and was started again.
CALLS_OF_A_RESTART = 21


@traced
def test_a_restart_costs_few_system_calls(scan, programs, tmp_path):
    scan.add("one")
    scan.start()
    pid = scan.pid("one")
    wait_until(lambda: scan.is_up("one"))
    state = (scan.path / "one/supervise/state").read_text()
    due_ns = int(state.partition("start-due-ns=")[2].partition("\n")[0])
    wait_until(lambda: time.monotonic_ns() > due_ns)  # it may start again at once
    log = tmp_path / "calls"
    argv = ["strace", "-qq", "-o", log, "-e", "signal=none", "-p", str(scan.process.pid)]
    tracer = programs.start(*argv)
    status = f"/proc/{scan.process.pid}/status"
    wait_until(lambda: f"TracerPid:\t{tracer.pid}\n" in open(status).read())
    kill(pid)
    scan.pid("one", other_than=pid)
    wait_until(lambda: "epoll_pwait" in (log.read_text().splitlines() or [""])[-1])
    tracer.terminate()
    tracer.wait()
    # It waits when the tracer comes and when it goes.
    calls = [line for line in log.read_text().splitlines() if "epoll_pwait" not in line]
    assert len(calls) + 2 <= CALLS_OF_A_RESTART, "\n".join(calls)


def test_who_will_never_say_that_it_is_ready_costs_nothing(scan):
    """The end of that FIFO was met again and again."""
    service = scan.add("mute", "#!/bin/sh\nexec sleep 1000 3>&-\n")
    (service / "notification-fd").write_text("3\n")
    scan.start()
    scan.pid("mute")
    used = cpu_s(scan.process.pid)
    scan.add("bystander")
    scan.pid("bystander")
    kill(scan.pid("bystander"))
    wait_until(lambda: "deaths=1" in (scan.path / "bystander/supervise/state").read_text())
    time.sleep(1)  # for it to spin in
    assert cpu_s(scan.process.pid) - used < 0.3


class Story:
    """What may happen to a scan directory, told to several at the same time."""

    def __init__(self, scan):
        self.scan = scan
        scan.add("one")
        scan.add("two", logger=LOGGER)

    def change(self):
        path = self.scan.path
        (path / "one").rename(path / "uno")
        self.scan.add("three", logger=LOGGER)

    def has_ended(self):
        return self.scan.process.poll() is not None

    def keep_going(self):
        """It may have ended with 111 at the start of one program or another."""
        process = self.scan.process
        if process.poll() is None:
            return
        assert process.returncode == 111, (process.returncode, self.scan.said())
        assert any(": fatal: " in line for line in self.scan.said())
        self.scan.start()

    def check(self):
        for name in ("uno", "two", "three"):
            self.scan.pid(name, limit_s=120)
        for name in ("uno", "two", "two/log", "three", "three/log"):
            wait_until(lambda: self.scan.is_up(name), what=f"{name} to be up")


def tell_all(stories):
    """Each engine has what is to fail set; the story is the same for all."""
    for story in stories:
        wait_until(lambda: story.has_ended() or story.scan.pids("one"))
        story.keep_going()
    for story in stories:
        story.change()
    for story in stories:
        wait_until(lambda: story.has_ended() or story.scan.pids("three"))
        story.keep_going()
        story.scan.client("svscanctl", "-u", ".")
    for story in stories:
        # Commands come in order: after this one the upgrade has begun.
        wait_until(lambda: story.has_ended() or story.scan.is_up("three"))
        story.keep_going()
        story.check()
        story.scan.check_engine_alive()
    for story in stories:
        story.scan.stop()


@pytest.mark.parametrize("first", range(1, 33 if not IS_LONG else 65, 8))
def test_each_allocation_fails_in_turn(first, programs, tmp_path):
    stories = []
    for number in range(first, first + 8):
        scan = Scan(programs, tmp_path / f"scan{number}")
        stories.append(Story(scan))
        start_faulty(scan, fail_at=number, hit=tmp_path / f"hit{number}")
    tell_all(stories)
    if first == 1:
        assert len(list(tmp_path.glob("hit*"))) == 8


def test_no_memory_for_a_while(scan, tmp_path):
    none = tmp_path / "none"
    scan.add("bystander")
    scan.add("gone")
    start_faulty(scan, fail_while=none)
    pid = scan.pid("bystander")
    gone = scan.pid("gone")
    none.touch()
    for number in range(5):
        scan.add(f"new{number}", logger=LOGGER)
    (scan.path / "bystander").rename(scan.path / "renamed")
    wait_until(lambda: any("out of memory" in line for line in scan.said()))
    scan.svc("d", "gone")
    scan.await_gone("gone", gone)
    for _ in range(20):
        scan.client("svscanctl", "-s", ".")
    scan.client("svscanctl", "-u", ".")
    wait_until(lambda: any("going on as before" in line for line in scan.said()))
    assert len(scan.said()) < 30, scan.said()
    none.unlink()
    for number in range(5):
        scan.pid(f"new{number}")
    assert scan.pid("renamed") == pid
    scan.check_engine_alive()
    scan.stop()


def test_the_clock_is_set_back_and_forth(scan, tmp_path):
    clock = tmp_path / "clock"
    clock.write_text("0")
    scan.add("short", run="#!/bin/sh\nsed -n s/start-due-ns=//p supervise/state >>starts\n")
    scan.add("bystander")
    start_faulty(scan, clock=clock)
    starts = scan.path / "short" / "starts"

    def count():
        return len(starts.read_text().split()) if starts.exists() else 0

    for offset in (7200, -7200, 10**9, -(10**9), 0):
        before = count()
        clock.write_text(str(offset))
        wait_until(lambda: count() >= before + 1, what="another start")
        assert "seconds" in scan.svstat("short")
    # As decided, by the clock that nobody sets: how soon a script runs is another thing.
    moments = [int(text) for text in starts.read_text().split()]
    for earlier, later in zip(moments, moments[1:]):
        assert later - earlier >= 10**9
    scan.check_engine()
    scan.stop()


@traced
@pytest.mark.parametrize("follow", [[], ["-f"]])
def test_no_process_to_be_had(scan, follow):
    """Four times no thread that could start one, then, where that is followed,
    four times the thread gets none. One message for each service each time."""
    scan.add("bystander")
    scan.add("other")
    tracer = [*inject("clone:error=EAGAIN:when=1..4"), *follow]
    scan.start(*tracer, BIN / "svscan")
    scan.pid("bystander")
    scan.pid("other")
    times = 8 if follow else 4
    refused = sum("unable to fork" in line for line in scan.said())
    assert times <= refused <= 2 * times
    scan.check_engine()
    scan.stop()


# Each of these may fail once, at its Nth call, and then works again.
CALLS = {
    "epoll_ctl": "ENOMEM",
    "epoll_create1": "EMFILE",
    "signalfd4": "ENOMEM",
    "inotify_init1": "EMFILE",
    "inotify_add_watch": "ENOSPC",
    "clone": "ENOMEM",
    "dup3": "EMFILE",
    "close_range": "ENOSYS",
    "flock": "ENOLCK",
    "openat": "ENFILE",
    "open": "ENFILE",
    "mknodat": "ENOSPC",
    "mknod": "ENOSPC",
    "mkdirat": "EDQUOT",
    "renameat": "EIO",
    "fcntl": "ENOLCK",
    "newfstatat": "EIO",
    "fstat": "EIO",
    "read": "EIO",
    "getdents64": "EIO",
    "mmap": "ENOMEM",
    "waitid": "ENOSYS",
    "prlimit64": "EPERM",
    "pidfd_send_signal": "EPERM",
}


@traced
@pytest.mark.parametrize("call", CALLS)
def test_a_call_fails_now_and_then(call, programs, tmp_path):
    """Each of the first few fails alone, in an svscan of its own."""
    stories = []
    for when in (1, 2, 3, 5, 8):
        scan = Scan(programs, tmp_path / f"scan{when}")
        stories.append(Story(scan))
        fault = f"{call}:error={CALLS[call]}:when={when}"
        scan.start(*inject(fault), BIN / "svscan")
    for story in stories:
        scan = story.scan
        wait_until(lambda: story.has_ended() or scan.pids("one"))
        story.keep_going()
        story.change()
    for story in stories:
        story.check()
        story.scan.check_engine_alive()
    for story in stories:
        story.scan.stop()


@traced
def test_calls_that_this_kernel_lacks(scan):
    """Without inotify there is a scan now and then; the rest is done otherwise."""
    scan.add("bystander")
    faults = ("inotify_init1:error=ENOSYS", "close_range:error=ENOSYS")
    scan.start(*inject(*faults), BIN / "svscan")
    scan.pid("bystander")
    scan.add("later")
    scan.pid("later", limit_s=120)
    write_script(scan.path / "later" / "log" / "run", LOGGER)
    wait_until(lambda: scan.is_up("later/log"), 15, "the logger")
    scan.check_engine()
    scan.stop()


def watched_inodes(pid):
    """Those of all directories that the process is told of."""
    found = set()
    for info in pathlib.Path(f"/proc/{pid}/fdinfo").iterdir():
        try:
            words = [line.split() for line in info.read_text().splitlines()]
        except FileNotFoundError:
            continue  # closed by now
        found |= {int(w[2][4:], 16) for w in words if w[:1] == ["inotify"]}
    return found


@traced
def test_no_other_directory_is_watched_than_was_opened(scan):
    """Between the two, another took its name: that one was watched in its place."""
    scan.dir.joinpath(".other").mkdir()
    service = scan.add("service")
    scan.start(*inject("inotify_add_watch:delay_enter=3s:when=2"), BIN / "svscan")
    descriptors = pathlib.Path(f"/proc/{scan.process.pid}/fd")

    def is_open():
        try:
            return str(service) in map(os.readlink, descriptors.iterdir())
        except OSError:
            return False

    wait_until(is_open)
    service.rename(scan.dir / ".service")
    (scan.dir / ".other").rename(service)
    inode = (scan.dir / ".service").stat().st_ino
    wait_until(lambda: len(watched_inodes(scan.process.pid)) >= 2)
    assert inode in watched_inodes(scan.process.pid)


@traced
def test_no_watch_on_one_service(scan):
    """Of the scan directory there is one: what is added is found all the same."""
    scan.add("bystander")
    scan.start(*inject("inotify_add_watch:error=ENOSPC:when=2+"), BIN / "svscan")
    scan.pid("bystander")
    write_script(scan.path / "bystander" / "log" / "run", LOGGER)
    wait_until(lambda: scan.is_up("bystander/log"), 15, "the logger")
    scan.check_engine()
    scan.stop()


@traced
def test_no_descriptor_for_a_process_to_adopt(scan):
    """It isn't taken over, which is said once, and isn't started again."""
    scan.add("one")
    scan.add("bystander")
    scan.start()
    pids = [scan.pid("one"), scan.pid("bystander")]
    wait_until(lambda: scan.is_up("one") and scan.is_up("bystander"))
    scan.kill()
    scan.start(*inject("pidfd_open:error=ENOSYS"), BIN / "svscan")
    scan.add("new")
    scan.pid("new")
    wait_until(lambda: len(scan.said()) >= 2)
    wait_until(lambda: scan.client("svscanctl", "-s", ".") == "")
    pid = scan.pid("new")
    for _ in range(3):  # seconds pass
        scan.svc("t", "new")
        pid = scan.pid("new", other_than=pid)
    assert [scan.pid("one"), scan.pid("bystander")] == pids
    assert len(scan.said()) == 2, scan.said()
    scan.check_engine_alive()
    scan.kill()
    scan.start()
    scan.check_engine()
    assert scan.pid("one") == pids[0]
    scan.stop()


def test_descriptors_run_out(programs, tmp_path):
    limited = Scan(programs, tmp_path / "scan", ["prlimit", "--nofile=128"])
    names = [f"s{number:02}" for number in range(20)]
    limited.add("bystander")
    limited.start()
    limited.pid("bystander")
    for name in names:
        limited.add(name)
    wait_until(lambda: any("too many services" in line for line in limited.said()))
    limited.check_engine()
    running = [name for name in names if limited.pids(name)]
    assert 5 < len(running) < len(names)
    for name in running[:5]:
        (limited.path / name).rename(limited.path / f".{name}")
        limited.svc("dx", f".{name}")
    others = [name for name in names if name not in running]
    wait_until(lambda: sum(bool(limited.pids(name)) for name in others) >= 5)
    limited.check_engine()
    assert len(limited.said()) <= len(names)
    limited.stop()


def make_loop(path):
    path.symlink_to("run")


@pytest.mark.parametrize("make", [pathlib.Path.mkdir, os.mkfifo, make_loop])
def test_run_is_no_program(make, scan):
    scan.add("bystander")
    folder = scan.add("odd")
    scan.start()
    pid = scan.pid("odd")
    (folder / "run").unlink()
    make(folder / "run")
    kill(pid)
    wait_until(lambda: any("unable to start odd/run" in line for line in scan.said()))
    scan.check_engine()
    (folder / "run").rename(folder / "odd")
    write_script(folder / "run", RUN)
    scan.pid("odd", other_than=pid)
    scan.stop()


def test_stopped_and_stubborn_services(scan):
    stubborn = "#!/bin/sh\ntrap '' TERM\nexec sleep 1000\n"
    forks = "#!/bin/sh\n(setsid sleep 1000 &)\nexit 0\n"
    for name, run in (("stopped", RUN), ("stubborn", stubborn), ("forks", forks)):
        scan.add(name, run=run)
    scan.add("bystander")
    scan.start()
    stopped, stubborn = scan.pid("stopped"), scan.pid("stubborn")
    kill(stopped, signal.SIGSTOP)
    wait_until(lambda: state_of(stopped) == "T")
    scan.svc("d", "stopped", "stubborn", "forks")
    scan.await_gone("stopped", stopped)
    wait_until(lambda: "want down" in scan.svstat("stubborn"))
    scan.check_engine()
    assert scan.pid("stubborn") == stubborn
    scan.svc("k", "stubborn")
    scan.await_gone("stubborn", stubborn)
    scan.stop()


@pytest.mark.parametrize("program", ["svscan", "svscanboot"])
def test_thousands_of_orphans(program, programs, tmp_path):
    """For process 1, which reaps them all and still has time for others."""
    before = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    scan = Scan(programs, tmp_path / "scan", before)
    scan.add("bystander")
    loop = "for i in $(seq 3000); do (: &) ; done"
    scan.add("many", run=f"#!/bin/sh\n{loop}\n>done\nexec sleep 1000\n")
    scan.start(BIN / program)
    wait_until((scan.path / "many" / "done").exists, 60, "all orphans")
    first = wait_until(lambda: children_of(scan.process.pid))[0]
    wait_until(lambda: not any(state_of(pid) == "Z" for pid in children_of(first)))
    scan.check_engine()


def test_without_proc_nothing_is_started_twice(programs, tmp_path):
    script = 'mount -t tmpfs none /proc && exec "$@"'
    before = ["unshare", "--mount", "sh", "-c", script, "sh"]
    probe = subprocess.run([*before, "true"], capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip("no mount namespaces here")
    scan = Scan(programs, tmp_path / "scan", before)
    scan.add("one")
    scan.start()
    pid = scan.pid("one")
    wait_until(lambda: scan.is_up("one"))
    scan.kill()
    scan.start()
    wait_until(lambda: any("one/supervise/lock" in line for line in scan.said()))
    assert scan.pid("one") == pid
    scan.add("bystander")
    scan.check_engine()
    kill(pid)
    scan.pid("one", other_than=pid)
    scan.stop()


def test_an_svscan_whose_svscanboot_was_killed(programs, scan):
    """It met the end of the pipe of deaths again and again, and span."""
    scan.add("bystander")
    boot = scan.start(BIN / "svscanboot")
    scan.pid("bystander")
    engine = int(pathlib.Path(f"/proc/{scan.pid('bystander')}/stat").read_text().split()[3])
    boot.kill()
    boot.wait()
    pid = scan.pid("bystander")
    used = cpu_s(engine)
    for _ in range(2):  # seconds pass
        scan.svc("t", "bystander")
        pid = scan.pid("bystander", other_than=pid)
    assert cpu_s(engine) - used < 0.3
