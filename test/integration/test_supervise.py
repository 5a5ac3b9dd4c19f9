"""supervise(8): one service, its commands, its starts and its end.

What holds for a service holds whichever program hosts it, so most tests run
several services under one svscan, which takes less time than one by one.
"""

import fcntl
import os
import pathlib
import resource
import signal
import stat
import subprocess
import sys
import time

import pytest

from support import (
    BIN,
    SLEEPER,
    Host,
    Service,
    is_alive,
    process_fields,
    program_of,
    signal_sets,
    wait_until,
)

# Writes down each signal it gets, and when.
WITNESS = """#!/usr/bin/python3
import os, signal, time
out = os.open("got", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
def note(number, frame):
    name = signal.Signals(number).name
    os.write(out, f"{name} {time.monotonic()}\\n".encode())
for name in "HUP ALRM INT TERM QUIT USR1 USR2 CONT".split():
    signal.signal(getattr(signal, "SIG" + name), note)
os.write(out, f"ready {time.monotonic()}\\n".encode())
while True:
    signal.pause()
"""

SIGNAL_LETTERS = {
    "h": "SIGHUP",
    "a": "SIGALRM",
    "i": "SIGINT",
    "t": "SIGTERM",
    "q": "SIGQUIT",
    "1": "SIGUSR1",
    "2": "SIGUSR2",
    "c": "SIGCONT",
}

# Notes the moment before which there may be no other start, and ends at once.
FLEETING = "#!/bin/sh\nsed -n s/^start-due-ns=//p supervise/state >>starts\n"


@pytest.fixture
def host(tmp_path, programs):
    """For a supervise of its own."""
    return Host(tmp_path, programs)


def supervise(host, service, *before, **options):
    return host.start_program(*before, BIN / "supervise", service.path, **options)


def got(service):
    return [line.split()[0] for line in service.lines("got")]


# ---- commands ----


def test_each_signal_letter_sends_its_signal_to_the_process(scan):
    service = scan.make(run=WITNESS)
    scan.start()
    service.wait_lines("got", 1)
    pid = service.pid()
    for count, (letter, name) in enumerate(SIGNAL_LETTERS.items(), 2):
        service.svc(f"-{letter}")
        service.wait_lines("got", count)
        assert got(service)[1:] == list(SIGNAL_LETTERS.values())[: count - 1], name
    assert service.pid() == pid


def test_pause_continue_and_kill(scan):
    service = scan.make()
    scan.start()
    pid = service.wait_program()
    service.svc("-p")
    wait_until(lambda: process_fields(pid)[0] == "T")
    assert service.svstat().endswith(" seconds, paused")
    service.svc("-c")
    wait_until(lambda: process_fields(pid)[0] == "S")
    assert service.svstat().endswith(" seconds")
    service.svc("-k")
    service.wait_program(besides=pid)
    state = service.state()
    assert (state["last-end"], state["last-end-number"]) == ("signal", "9")
    assert state["deaths"] == "1"


def test_down_sends_term_and_cont_and_the_process_stays_down(scan):
    service = scan.make(run=WITNESS)
    scan.start()
    service.wait_lines("got", 1)
    pid = service.pid()
    service.svc("-p")
    wait_until(lambda: process_fields(pid)[0] == "T")
    service.svc("-d")
    service.wait_lines("got", 3)
    assert sorted(got(service)) == ["SIGCONT", "SIGTERM", "ready"]
    assert service.svstat().endswith(" seconds, want down")
    service.svc("-k")
    service.wait_down()
    assert service.state()["phase"] == "down"
    assert service.svstat().startswith("down ")
    service.svc("-u")
    service.wait_up(besides=pid)


def test_down_does_not_kill_what_ignores_term(scan):
    service = scan.make(run="#!/bin/sh\ntrap '' TERM\nexec sleep 1000\n")
    scan.start()
    pid = service.wait_program()
    service.svc("-d")
    wait_until(lambda: service.status()[18] == 1)
    assert service.state()["term-sent"] == "1"
    assert is_alive(pid)
    service.svc("-u")
    wait_until(lambda: service.state()["want"] == "up")
    assert service.pid() == pid


def test_once_runs_it_once(scan):
    run = "#!/bin/sh\necho x >>starts\nexec sleep 1.2\n"
    down, up = (scan.make(name, run, down=name == "down") for name in ("down", "up"))
    witness = scan.make("witness", "#!/bin/sh\necho x >>starts\nexec sleep 1.2\n")
    scan.start()
    up.wait_up()
    down.wait_phase("down")
    up.svc("-o")  # the current run is the last
    down.svc("-o")  # starts it
    witness.wait_lines("starts", 3)
    for service in up, down:
        service.wait_down()
        assert service.lines("starts") == ["x"]
        assert service.state()["want"] == "once"
        assert service.status()[17] == 0


def test_exit_waits_for_the_end_of_the_process(host, tmp_path):
    service = Service(tmp_path / "service")
    supervise(host, service)
    service.wait_program()
    service.svc("-x")
    wait_until(lambda: service.state()["leaving"] == "1")
    assert host.process.poll() is None
    service.svc("-t")
    assert host.process.wait(120) == 0
    assert service.svok() == 100
    assert service.svstat() == "supervise not running"
    assert service.state()["phase"] == "gone"
    assert service.pid() == 0


def test_exit_of_what_is_down_is_at_once(host, tmp_path):
    service = Service(tmp_path / "service", down=True)
    supervise(host, service)
    service.wait_phase("down")
    service.svc("-x")
    assert host.process.wait(120) == 0


def test_bytes_that_mean_nothing_are_ignored(scan):
    service = scan.make(run=WITNESS)
    scan.start()
    service.wait_lines("got", 1)
    service.send(b"\0zZ EX\n\xff")
    service.send(b"h")
    service.wait_lines("got", 2)
    assert got(service) == ["ready", "SIGHUP"]
    assert service.state()["want"] == "up"


def test_commands_are_obeyed_in_the_first_second(scan):
    """0.76 slept a second after each start. A machine that is busy may be
    slow, too, but not each time."""
    service = scan.make(run=WITNESS)
    scan.start()
    for _ in range(50):
        before = len(service.wait_lines("got", 1))
        pid = service.wait_up()
        service.svc("-k")
        service.wait_up(besides=pid)
        lines = service.wait_lines("got", before + 1)
        service.svc("-1")
        lines = service.wait_lines("got", before + 2)
        ready_at, signal_at = (float(line.split()[1]) for line in lines[before:][:2])
        assert lines[before + 1].startswith("SIGUSR1")
        if signal_at - ready_at < 0.5:
            return
    raise AssertionError("the commands took long each time")


def test_commands_are_obeyed_while_a_start_is_due(scan):
    """Down, exit and once each count at once, before the next start is due."""
    names = "down", "exit", "once"
    services = {name: scan.make(name, FLEETING) for name in names}
    witness = scan.make("witness", FLEETING)
    scan.start()

    def obeyed_in_time(service, letter, phase):
        service.wait_phase("waiting")
        due_ns = service.value("start-due-ns")
        service.svc(letter)
        wait_until(lambda: service.state()["phase"] == phase)
        return time.monotonic_ns() < due_ns

    for name in names:
        services[name].wait_lines("starts", 1)
    # The name of a service that has left is still there: it is taken up again.
    for letter, name, phase in ("-d", "down", "down"), ("-x", "exit", "gone"):
        service = services[name]
        for attempt in range(50):
            if obeyed_in_time(service, letter, phase):
                break
            service.svc("-u")
        else:
            raise AssertionError(f"{letter} took long each time")
    services["once"].wait_phase("waiting")
    services["once"].svc("-o")
    count = len(services["down"].lines("starts"))
    witness.wait_lines("starts", len(witness.lines("starts")) + 3)
    assert len(services["down"].lines("starts")) == count
    assert services["once"].state()["phase"] == "down"


def queue_with_a_death(host, service, letters, letters_first):
    """The process has ended and the bytes are there before supervise looks."""
    pid = service.wait_program()
    # Later than this it would be started again at once.
    wait_until(lambda: time.monotonic_ns() > service.value("start-due-ns"))
    host.process.send_signal(signal.SIGSTOP)
    wait_until(lambda: process_fields(host.pid)[0] == "T")
    if letters_first:
        service.send(letters)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: process_fields(pid)[0] == "Z")
    if not letters_first:
        service.send(letters)
    host.process.send_signal(signal.SIGCONT)


@pytest.mark.parametrize(
    "letters",
    [b"d", b"u" * 300 + b"o" + b"u" * 70 + b"d"],
    ids=["one", "many"],
)
@pytest.mark.parametrize("letters_first", [True, False])
def test_commands_that_wait_count_before_a_restart_is_decided(
    host, tmp_path, letters, letters_first
):
    service = Service(tmp_path / "service")
    service.run("#!/bin/sh\necho x >>starts\nexec sleep 1000\n")
    supervise(host, service)
    queue_with_a_death(host, service, letters, letters_first)
    service.wait_down()
    service.wait_phase("down")
    assert service.value("starts") == 1
    assert service.lines("starts") == ["x"]


def test_exit_that_waits_counts_before_a_restart_is_decided(host, tmp_path):
    service = Service(tmp_path / "service")
    service.run("#!/bin/sh\necho x >>starts\nexec sleep 1000\n")
    supervise(host, service)
    queue_with_a_death(host, service, b"x", False)
    assert host.process.wait(120) == 0
    assert service.lines("starts") == ["x"]


# ---- starts ----


def test_starts_are_a_second_apart_and_no_more(scan):
    fleeting = scan.make("fleeting", FLEETING)
    lasting = scan.make("lasting", FLEETING + "exec sleep 1.2\n")
    scan.start()

    def least_span_s(service):
        """Between two decisions to start it: how long their execs took after that
        is the machine's business, and so is how late one of them was."""
        due_ns = [int(line) for line in service.lines("starts")]
        return min((b - a for a, b in zip(due_ns, due_ns[1:])), default=1e99) / 1e9

    # At once, not a second later: once is enough.
    wait_until(lambda: least_span_s(fleeting) < 1.5)
    wait_until(lambda: least_span_s(lasting) < 1.9)
    fleeting.wait_lines("starts", 4)
    assert least_span_s(fleeting) >= 1
    assert least_span_s(lasting) >= 1.2


def test_run_that_cannot_be_run_is_tried_each_second(scan, tmp_path):
    """The messages are those of 0.76; once it can be run, it is."""
    services = {
        "access denied": scan.make("mode"),
        "file does not exist": scan.make("interpreter", "#!/nowhere/at/all\n"),
        "exec format error": scan.make("format", "exec sleep 1000\n"),
    }
    missing = Service(tmp_path / "missing", run=None)
    host = Host(missing.path, scan.programs)
    (services["access denied"].path / "run").chmod(0o644)
    scan.start()
    supervise(host, missing)
    for reason, service in services.items():
        line = f"supervise: fatal: unable to start {service.path.name}/run: {reason}"
        scan.wait_said(line, 2)
        state = service.state()
        assert (state["last-end"], state["last-end-number"]) == ("exit", "111")
    line = f"supervise: fatal: unable to start {missing.path}/run: file does not exist"
    host.wait_said(line, 2)
    for service in *services.values(), missing:
        service.run(SLEEPER)
    for service in *services.values(), missing:
        service.wait_program()
        assert service.value("starts") <= 5
    assert len(scan.said()) <= 12


def test_a_new_run_counts_at_the_next_start(scan):
    service = scan.make()
    scan.start()
    pid = service.wait_program()
    service.run("#!/bin/sh\necho new >>lines\nexec sleep 1000\n")
    assert service.pid() == pid
    service.svc("-t")
    service.wait_lines("lines", 1)
    service.wait_up(besides=pid)


def test_down_file_counts_when_supervision_begins(scan):
    service = scan.make(down=True)
    other = scan.make("other")
    scan.start()
    other.wait_program()
    service.wait_phase("down")
    assert service.value("starts") == 0
    (service.path / "down").unlink()
    (other.path / "down").touch()
    before = other.pid()
    other.svc("-t")
    other.wait_up(besides=before)
    assert service.pid() == 0


class Refused(Host):
    """A supervise that may have one process, itself, as its user's only one."""

    def __init__(self, tmp_path, programs, uid_offset):
        super().__init__(tmp_path, programs)
        self.as_user = {}
        if os.getuid() == 0:
            uid = 20000 + (os.getpid() + uid_offset) % 30000
            self.as_user = {"user": uid, "group": uid, "extra_groups": []}
        self.most = resource.getrlimit(resource.RLIMIT_NPROC)[1]
        self.service = Service(tmp_path / "service")
        os.chown(self.service.path, self.as_user.get("user", -1), -1)
        # A sanitizer that looks for leaks needs a process for that.
        asan = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        self.start_program(
            BIN / "supervise",
            ".",
            cwd=self.service.path,
            env=os.environ | {"ASAN_OPTIONS": asan},
            preexec_fn=self.limit,
            **self.as_user,
        )

    def limit(self):
        resource.setrlimit(resource.RLIMIT_NPROC, (1, self.most))

    def lift_limit(self):
        text = (
            "import resource;"
            f"resource.prlimit({self.pid}, resource.RLIMIT_NPROC, {(self.most,) * 2})"
        )
        argv = ["/usr/bin/python3", "-c", text]
        subprocess.run(argv, check=True, **self.as_user)


def test_refused_starts_are_tried_again_and_commands_obeyed(programs, tmp_path):
    host = Refused(tmp_path, programs, 0)
    service = host.service
    line = "supervise: warning: unable to fork for ., sleeping {} seconds: {}"
    host.wait_said(line.format(1, "temporary failure"))
    host.wait_said(line.format(2, "temporary failure"))
    assert service.value("refused-starts") >= 2
    assert service.state()["phase"] == "waiting"
    assert service.svstat().endswith("want up")
    service.svc("-d")
    service.wait_phase("down", 2)
    said = len(host.said())
    service.svc("-u")
    service.wait_phase("waiting")
    host.lift_limit()
    service.wait_program()
    assert service.value("starts") == 1
    assert len(host.said()) <= said + 3
    service.svc("-dx")
    assert host.process.wait(120) == 0


def test_exit_is_obeyed_while_starts_are_refused(programs, tmp_path):
    host = Refused(tmp_path, programs, 1)
    host.service.wait_phase("waiting")
    host.service.svc("-x")
    assert host.process.wait(120) == 0
    assert host.service.value("starts") == 0


# ---- what the process gets ----


def pick_process(scan, service, **options):
    scan.start(**options)
    return service.wait_program()


def test_process_gets_directory_arguments_environment_and_umask(scan):
    service = scan.make(
        run='#!/bin/sh\necho "$0" $# "$@" >argv\nexec sleep 1000\n',
    )
    wanted = {"PATH": "/bin:/usr/bin", "WITH": "a b\nc", "EMPTY": ""}
    pid = pick_process(scan, service, env=wanted, umask=0o027)
    assert os.readlink(f"/proc/{pid}/cwd") == str(service.path)
    assert service.lines("argv") == ["./run 0"]
    with open(f"/proc/{pid}/environ", "rb") as file:
        found = file.read().split(b"\0")[:-1]
    expected = {f"{key}={value}".encode() for key, value in wanted.items()}
    shell_own = (b"PWD=", b"OLDPWD=", b"SHLVL=", b"_=")
    assert {entry for entry in found if not entry.startswith(shell_own)} == expected
    with open(f"/proc/{pid}/status") as file:
        assert "\nUmask:\t0027\n" in file.read()
    mode = stat.S_IMODE((service.path / "supervise" / "state").stat().st_mode)
    assert mode == 0o640


def test_process_leads_a_session_and_a_group_of_its_own(scan):
    quiet = scan.make("quiet")
    loud = scan.make(
        "loud",
        "#!/bin/sh\ntrap '' TERM\nkill -TERM 0\necho x >>lines\nexec sleep 1000\n",
    )
    scan.start(start_new_session=True)  # whose group is hit, if it isn't so
    loud.wait_lines("lines", 1)
    pids = [service.wait_program() for service in (quiet, loud)]
    for pid in pids:
        fields = process_fields(pid)
        assert (int(fields[1]), int(fields[2]), int(fields[3])) == (scan.pid, pid, pid)
    assert scan.process.poll() is None
    assert quiet.value("starts") == loud.value("starts") == 1


def test_process_gets_default_signals_whatever_svscan_was_given(scan):
    ignored = "HUP INT QUIT PIPE TERM USR1 CHLD ALRM TSTP".split()

    def spoil():
        for name in ignored:
            signal.signal(getattr(signal, "SIG" + name), signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())

    service = scan.make()
    pid = pick_process(scan, service, preexec_fn=spoil)
    sets = signal_sets(pid)
    assert (sets["SigBlk"], sets["SigIgn"], sets["SigCgt"]) == (0, 0, 0)
    # All of this works all the same.
    service.svc("-t")
    other = service.wait_program(besides=pid)
    assert service.state()["last-end"] == "signal"
    scan.stop()
    assert not is_alive(other)


def limits_of(pid, what):
    with open(f"/proc/{pid}/limits") as file:
        line = next(line for line in file if line.startswith(what))
    return line[len(what) :].split()[:2]


def test_process_gets_the_limits_svscan_was_given(scan):
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, 1024))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    service = scan.make()
    pid = pick_process(scan, service, preexec_fn=limit)
    assert limits_of(pid, "Max open files") == ["200", "1024"]
    assert limits_of(pid, "Max core file size") == ["0", "0"]
    assert limits_of(scan.pid, "Max open files") == ["1024", "1024"]


def test_limits_of_whoever_started_svscan_do_not_end_it(scan):
    """SIGXFSZ ended it at its first record, each time anew."""

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))
        resource.setrlimit(resource.RLIMIT_CPU, (1000, resource.RLIM_INFINITY))

    run = "#!/bin/sh\nulimit -f unlimited\necho $$ >>pids\nexec sleep 1000\n"
    service = scan.make(run=run)
    scan.start(preexec_fn=limit)
    pid = int(service.wait_lines("pids", 1)[0])
    wait_until(lambda: program_of(pid) == "sleep", what="sleep")
    sets = signal_sets(pid)
    assert (sets["SigBlk"], sets["SigIgn"], sets["SigCgt"]) == (0, 0, 0)
    assert limits_of(pid, "Max cpu time") == ["1000", "unlimited"]
    os.kill(pid, signal.SIGKILL)
    service.wait_lines("pids", 2)
    assert scan.process.poll() is None


def test_few_descriptors_are_enough_to_begin_with(scan):
    """As long as it may have more: the limit was raised too late."""
    # A shell wants descriptor 10.
    run = f"#!{sys.executable}\nimport time\nwhile True: time.sleep(1000)\n"

    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (8, 1024))

    service = scan.make(run=run)
    scan.start(preexec_fn=limit)
    pid = service.wait_up()
    wait_until(lambda: limits_of(pid, "Max open files") == ["8", "1024"])


def test_what_a_service_manager_said_of_the_supervisor_does_not_reach_services(
    scan, tmp_path, programs
):
    """A service of a unit that has WatchdogSec=, or sockets, took them for its own."""
    names = "NOTIFY_SOCKET WATCHDOG_PID WATCHDOG_USEC LISTEN_PID LISTEN_FDS LISTEN_FDNAMES"
    told = dict.fromkeys(names.split(), "1") | {"KEPT": "1"}
    services = [scan.make()]
    pick_process(scan, services[0], env=os.environ | told)
    for program in ("supervise", "runsv"):
        services.append(Service(tmp_path / program))
        programs.start(BIN / program, services[-1].path, env=os.environ | told)
    for service in services:
        pid = service.wait_program()
        found = pathlib.Path(f"/proc/{pid}/environ").read_text().split("\0")
        assert [entry for entry in found if entry.partition("=")[0] in told] == ["KEPT=1"]


def test_process_gets_no_descriptor_but_the_standard_ones(scan, tmp_path):
    low = os.open("/dev/null", os.O_RDONLY)
    high = fcntl.fcntl(low, fcntl.F_DUPFD, 500)
    plain = scan.make("plain")
    logged = scan.make("logged")
    log = logged.add_log("#!/bin/sh\nexec sleep 1000\n")
    scan.start(pass_fds=(low, high))
    os.close(low)
    os.close(high)
    for service in plain, logged, log:
        pid = service.wait_program()
        wait_until(lambda: sorted(os.listdir(f"/proc/{pid}/fd")) == ["0", "1", "2"])
    pipe = str(logged.path / "supervise" / "pipe")
    assert os.readlink(f"/proc/{logged.pid()}/fd/1") == pipe
    assert os.readlink(f"/proc/{log.pid()}/fd/0") == pipe
    assert os.readlink(f"/proc/{log.pid()}/fd/1") == str(scan.said_path)


def test_closed_standard_descriptors_are_nothing_to_trip_over(scan):
    def close_all():
        for fd in range(3):
            os.close(fd)

    service = scan.make()
    log = service.add_log()
    scan.start(preexec_fn=close_all)
    pid = service.wait_program()
    wait_until(lambda: sorted(os.listdir(f"/proc/{pid}/fd")) == ["0", "1", "2"])
    log.wait_program("cat")


# ---- files ----


def test_status_is_20_bytes_and_true(scan):
    up = scan.make("up")
    down = scan.make("down", down=True)
    once = scan.make("once", down=True)
    paused = scan.make("paused")
    stubborn = scan.make("stubborn", "#!/bin/sh\ntrap '' TERM\nexec sleep 1000\n")
    before = time.time()
    scan.start()
    for service in up, paused, stubborn:
        service.wait_program()
    for service in down, once:
        service.wait_phase("down")
    paused.svc("-p")
    once.svc("-o")
    once.wait_program()
    stubborn.svc("-d")
    wait_until(lambda: stubborn.status()[18] and paused.status()[16])
    after = time.time()
    tails = {
        up: (0, ord("u"), 0, 1),
        down: (0, ord("d"), 0, 0),
        once: (0, 0, 0, 1),
        paused: (1, ord("u"), 0, 1),
        stubborn: (0, ord("d"), 1, 1),
    }
    for service, tail in tails.items():
        status = service.status()
        assert len(status) == 20
        assert tuple(status[16:]) == tail, service.path
        seconds = int.from_bytes(status[:8], "big") - 2**62 - 10
        moment = seconds + int.from_bytes(status[8:12], "big") / 1e9
        assert before - 0.01 <= moment <= after
        pid = int.from_bytes(status[12:16], "little")
        assert (program_of(pid) == "sleep") == (service is not down)
    # The moment is that of the last start or end: other changes keep it.
    stamps = [service.status()[:12] for service in (up, paused)]
    up.svc("-dpcu")
    paused.svc("-c")
    wait_until(lambda: paused.status()[16] == 0)
    assert paused.status()[:12] == stamps[1]


def namespace(kind):
    try:
        return str(os.stat(f"/proc/self/ns/{kind}").st_ino)
    except FileNotFoundError:
        return "0"


def test_state_tells_all(scan):
    run = "#!/bin/sh\n[ -e ended ] || { touch ended; exit 3; }\nexec sleep 1000\n"
    service = scan.make(run=run)
    scan.start()
    pid = service.wait_program()
    text = service.read("supervise/state")
    state = service.state()
    with open("/proc/sys/kernel/random/boot_id") as file:
        boot = file.read().strip()
    assert text.startswith("holdfast=1\n") and text.endswith("\n")
    assert int(state.pop("last-pid")) not in (0, pid)
    stamps = state.pop("since"), state.pop("last-end-at")
    assert all(len(stamp) == 25 and stamp.startswith("@4") for stamp in stamps)
    assert stamps[1] < stamps[0]
    assert time.monotonic_ns() - int(state.pop("start-due-ns")) < 30e9
    up_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - int(state.pop("since-ns"))
    assert 0 <= up_ns < 120e9
    assert state == {
        "holdfast": "1",
        "phase": "up",
        "want": "up",
        "waits-for": "",
        "pid": str(pid),
        "pid-start": process_fields(pid)[19],
        "paused": "0",
        "term-sent": "0",
        "leaving": "0",
        "draining": "0",
        "ready": "0",
        "ready-since": "",
        "was-ready": "0",
        "failed": "0",
        "started": "1",
        "ending": "0",
        "once-more": "0",
        "limit-ns": "0",
        "restart-streak": "0",
        "restart-window": "0",
        "restart-window-ns": "0",
        "starts": "2",
        "deaths": "1",
        "last-end": "exit",
        "last-end-number": "3",
        "last-end-core": "0",
        "last-end-oom": "0",
        "refused-starts": "0",
        "signal-due": "0",
        "next-signal-due": "0",
        "rest-for-group": "0",
        "down-file-due": "0",
        "status-text": "",
        "stopping": "0",
        "hosted": "1",
        "pid-namespace": namespace("pid"),
        "time-namespace": namespace("time"),
        "init-start": process_fields(1)[19],
        "boot": boot,
    }


def test_modes_of_what_is_made(scan):
    service = scan.make()
    service.add_log()
    scan.start(umask=0o022)
    service.wait_program()
    modes = {
        name: stat.S_IMODE((service.path / "supervise" / name).stat().st_mode)
        for name in os.listdir(service.path / "supervise")
    }
    assert modes == {
        "lock": 0o600,
        "control": 0o600,
        "ok": 0o600,
        "pipe": 0o600,
        "status": 0o644,
        "state": 0o644,
    }
    folder = service.path / "supervise"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_supervise_may_be_a_link_to_what_is_not_there_yet(scan, tmp_path):
    service = Service(scan.outside / "service")
    (service.path / "supervise").symlink_to(tmp_path / "memory")
    scan.move_in(service)
    scan.start()
    service.wait_program()
    assert (tmp_path / "memory" / "status").stat().st_size == 20


def test_the_pipe_may_be_anything_and_nobody_waits_for_it(scan):
    """What its owner does to a service directory must not stop the others."""
    fleeting = "#!/bin/sh\necho x >>starts\n"
    service = scan.make("service")
    log = service.add_log(fleeting)
    other = scan.make("other")
    scan.start()
    log.wait_lines("starts", 1)
    other.wait_program()
    pipe = service.path / "supervise" / "pipe"
    pipe.unlink()
    os.mkfifo(pipe)  # that nobody writes to
    starts = log.value("starts")
    wait_until(lambda: log.value("starts") > starts)
    other.svc("-d")
    other.wait_down(5)
    pipe.unlink()
    pipe.write_text("no FIFO\n")
    line = "supervise: fatal: unable to set up descriptors for service/log/run: "
    wait_until(lambda: any(said.startswith(line) for said in scan.said()))
    other.svc("-u")
    other.wait_up(5)


# ---- one supervisor ----


def test_one_supervisor_to_a_directory(scan, host):
    service = scan.make()
    scan.start()
    service.wait_program()
    process = subprocess.run(
        [BIN / "supervise", service.path], capture_output=True, text=True, timeout=120
    )
    assert process.returncode == 111
    assert process.stdout == ""
    assert process.stderr == (
        f"supervise: fatal: unable to acquire {service.path}/supervise/lock:"
        " temporary failure\n"
    )
    assert service.value("starts") == 1


@pytest.mark.parametrize("lock", [fcntl.flock, fcntl.lockf])
def test_locks_of_other_suites_are_respected(host, tmp_path, lock):
    service = Service(tmp_path / "service")
    (service.path / "supervise").mkdir()
    with open(service.path / "supervise" / "lock", "w") as held:
        lock(held, fcntl.LOCK_EX)
        supervise(host, service)
        assert host.process.wait(120) == 111
    assert host.said() == [
        f"supervise: fatal: unable to acquire {service.path}/supervise/lock:"
        " temporary failure"
    ]
    assert service.state() == {}


@pytest.mark.parametrize("lock", [fcntl.flock, fcntl.lockf])
def test_other_suites_are_kept_out(host, tmp_path, lock):
    service = Service(tmp_path / "service")
    supervise(host, service)
    service.wait_program()
    with open(service.path / "supervise" / "lock", "r+") as tried:
        with pytest.raises(BlockingIOError):
            lock(tried, fcntl.LOCK_EX | fcntl.LOCK_NB)


# ---- the end ----


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("paused", [False, True])
def test_orderly_stop(host, tmp_path, number, paused):
    service = Service(
        tmp_path / "service",
        """#!/usr/bin/python3
import os, signal
def end(number, frame):
    os.write(1, b"end\\n")
    os._exit(0)
signal.signal(signal.SIGTERM, end)
open("ready", "w").close()
while True:
    signal.pause()
""",
    )
    supervise(host, service)
    wait_until((service.path / "ready").exists)
    pid = service.pid()
    if paused:
        service.svc("-p")
        wait_until(lambda: process_fields(pid)[0] == "T")
    host.stop(number)
    assert host.said() == ["end"]
    assert not is_alive(pid)
    state = service.state()
    assert (state["phase"], state["hosted"], state["pid"]) == ("gone", "0", "0")
    assert (state["last-end"], state["last-end-number"]) == ("exit", "0")


def test_orderly_stop_while_a_start_is_due(host, tmp_path):
    service = Service(tmp_path / "service", FLEETING)
    supervise(host, service)
    service.wait_phase("waiting")
    host.stop()
    assert service.state()["phase"] == "gone"


def test_after_an_orderly_stop_wishes_are_forgotten(host, tmp_path):
    service = Service(tmp_path / "service")
    supervise(host, service)
    service.wait_program()
    service.svc("-d")
    service.wait_down()
    host.stop()
    supervise(host, service)
    service.wait_program()
    host.stop()


def test_hup_is_nothing_to_supervise(host, tmp_path):
    service = Service(tmp_path / "service")
    supervise(host, service)
    pid = service.wait_program()
    host.process.send_signal(signal.SIGHUP)
    service.svc("-t")
    service.wait_program(besides=pid)
    assert host.process.poll() is None


def test_removed_directory_is_let_go_when_its_process_ends(host, tmp_path):
    """Nothing in it can be run any more, nor can a command reach it."""
    service = Service(tmp_path / "service")
    supervise(host, service)
    pid = service.wait_program()
    subprocess.run(["rm", "-r", service.path], check=True)
    assert is_alive(pid) and host.process.poll() is None
    os.kill(pid, signal.SIGKILL)
    assert host.process.wait(120) == 0
    assert len(host.said()) <= 1


