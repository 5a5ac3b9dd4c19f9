"""What runs beside a service: hooks, notices, checks."""

import os
import signal
import socket
import time

import proc
import pytest

from support import is_alive, kill_and_start, wait_until, write_script

TRACER = '#!/bin/sh\necho "${0#./} $*" >>trace\n'
WITNESS = TRACER + (
    "for s in HUP TERM USR1 CONT; do\n"
    '    trap "echo $s >>trace" $s\ndone\n'
    "echo up >>trace\nwhile :; do sleep 0.02; done\n"
)
HELD = "while ! [ -e go ]; do sleep 0.02; done\n"


def add(service, **scripts):
    for name, text in scripts.items():
        write_script(service.path / name, text)


def hook(service, letter, text):
    (service.path / "control").mkdir(exist_ok=True)
    write_script(service.path / "control" / letter, text)


def trace(service):
    return service.lines("trace")


def start(scan, service):
    scan.start()
    wait_until(lambda: "up" in trace(service))
    return service.pid()


def send(service, letters):
    """Sent, and obeyed: a signal without a hook comes after it."""
    before = trace(service).count("USR1")
    service.send(letters + b"1")
    wait_until(lambda: trace(service).count("USR1") > before)


# ---- control/X ----


def test_hook_runs_before_the_signal(scan):
    service = scan.make(run=WITNESS)
    hook(service, "h", TRACER)
    hook(service, "t", TRACER + "exit 1\n")
    start(scan, service)
    send(service, b"h")
    assert "HUP" not in trace(service) and "control/h " in trace(service)
    service.send(b"t")
    wait_until(lambda: "TERM" in trace(service))
    assert trace(service).index("control/t ") < trace(service).index("TERM")


def test_hooks_of_down_are_those_of_term_and_down(scan):
    service = scan.make(run=TRACER + "echo up >>trace\nexec sleep 1000\n")
    hook(service, "t", TRACER + "exit 1\n")
    hook(service, "d", TRACER)
    start(scan, service)
    service.svc("-d")
    service.wait_phase("down")
    wait_until(lambda: "control/d " in trace(service))
    assert trace(service)[2:] == ["control/t ", "control/d "]


def test_hook_of_term_ends_the_service_in_its_own_way(scan):
    service = scan.make(run=WITNESS)
    hook(service, "t", TRACER + "kill -9 $(cat pid)\n")
    pid = start(scan, service)
    (service.path / "pid").write_text(f"{pid}\n")
    service.svc("-d")
    service.wait_phase("down")
    state = service.state()
    assert (state["want"], state["last-end-number"]) == ("down", "9")
    assert service.value("starts") == 1 and "TERM" not in trace(service)


def test_hook_of_term_runs_when_all_stops(scan):
    service = scan.make(run=WITNESS)
    hook(service, "t", TRACER + "kill -9 $(cat pid)\n")
    hook(service, "x", TRACER)
    (service.path / "pid").write_text(f"{start(scan, service)}\n")
    scan.stop()
    assert "control/t " in trace(service) and "TERM" not in trace(service)


def test_hook_of_up_runs_before_each_start(scan):
    service = scan.make(run=WITNESS)
    hook(service, "u", TRACER)
    pid = start(scan, service)
    service.svc("-k")
    service.wait_up(besides=pid)
    wait_until(lambda: trace(service).count("up") == 2)
    assert trace(service) == ["control/u ", "run service", "up"] * 2


def test_commands_wait_for_a_hook_and_nobody_else_does(scan):
    service, other = scan.make(run=WITNESS), scan.make("other", down=True)
    hook(service, "h", TRACER + HELD)
    pid = start(scan, service)
    service.send(b"h1")
    service.send(b"d")
    wait_until(lambda: "control/h " in trace(service))
    other.svc("-u")
    other.wait_up()
    assert trace(service)[-1] == "control/h " and service.state()["want"] == "up"
    (service.path / "go").touch()
    wait_until(lambda: "USR1" in trace(service) and "TERM" in trace(service))
    assert service.state()["want"] == "down" and service.pid() == pid
    assert "HUP" not in trace(service)


def test_hook_is_limited_in_time(scan):
    service = scan.make(run=WITNESS)
    hook(service, "h", TRACER + "echo $$ >hook\nsleep 1000\n")
    start(scan, service)
    service.send(b"h")
    wait_until(lambda: "HUP" in trace(service))
    wait_until(lambda: not is_alive(int(service.lines("hook")[0])))


def test_wish_outlives_a_supervisor_that_is_killed_over_its_hook(scan):
    service = scan.make(run=TRACER + "echo up >>trace\nexec sleep 1000\n")
    hook(service, "t", TRACER + HELD + "exit 1\n")
    start(scan, service)
    service.send(b"d")
    service.send(b"U")
    wait_until(lambda: "control/t " in trace(service))
    assert service.state()["want"] == "down" and service.pid() != 0
    kill_and_start(scan)
    # Both were obeyed: what was held back, and what wasn't read yet.
    # (Of the state, which is written before the status.)
    scan.wait_until(lambda: service.value("deaths") == 1 and service.value("pid") != 0)
    assert service.state()["want"] == "up"
    (service.path / "go").touch()


def test_prefix_outlives_a_supervisor_that_is_killed_over_a_hook(scan):
    family = "#!/bin/sh\ntrap '' USR1\nsleep 1000 &\necho $! >child\nwait\n"
    service = scan.make(run=family)
    hook(service, "1", TRACER + HELD)
    scan.start()
    child = int(service.wait_lines("child", 1)[0])
    service.send(b"+1d")
    service.wait_lines("trace", 1)
    wait_until(lambda: service.state()["rest-for-group"] == "1")
    kill_and_start(scan)
    scan.wait_until(lambda: service.pid() == 0, what="down")
    scan.wait_until(lambda: not is_alive(child), what="the group's end")
    wait_until(lambda: service.state()["rest-for-group"] == "0")
    scan.stop()


def test_start_outlives_a_supervisor_that_is_killed_over_its_hook(scan):
    service = scan.make(run=WITNESS, down=True)
    hook(service, "u", TRACER + HELD)
    scan.start()
    service.wait_phase("down")
    service.svc("-u")
    wait_until(lambda: "control/u " in trace(service))
    kill_and_start(scan)
    (service.path / "go").touch()
    wait_until(lambda: "up" in trace(service))
    assert trace(service).count("up") == 1


def test_down_while_the_hook_of_a_start_runs(scan):
    service = scan.make(run=WITNESS)
    hook(service, "u", TRACER + HELD)
    scan.start()
    wait_until(lambda: "control/u " in trace(service))
    service.svc("-d")
    (service.path / "go").touch()
    wait_until(lambda: service.state()["want"] == "down")
    service.svc("-k")
    service.wait_phase("down")
    assert service.value("starts") <= 1


def test_hooks_are_not_for_loggers(scan):
    service = scan.make(run=WITNESS)
    log = service.add_log(WITNESS)
    hook(log, "h", TRACER)
    start(scan, service)
    wait_until(lambda: "up" in trace(log))
    send(log, b"h")
    assert "HUP" in trace(log) and "control/h " not in trace(log)


# ---- notify ----


def notices(service):
    return [line.split()[1:] for line in trace(service) if line.startswith("notify ")]


def test_notify_is_told_of_starts_and_ends(scan):
    service = scan.make(run=TRACER + "exec sleep 1000\n")
    add(service, notify=TRACER, start=TRACER + "exit 0\n", stop=TRACER + "exit 3\n")
    scan.start()
    pid = service.wait_program()
    service.svc("-dk")
    service.wait_phase("down")
    wait_until(lambda: len(notices(service)) == 6)
    told = sorted((script, event, int(code)) for script, event, _, code in notices(service))
    assert told == [
        ("run", "killed", told[0][2]),
        ("run", "start", 0),
        ("start", "exit", 0),
        ("start", "start", 0),
        ("stop", "exit", 3),
        ("stop", "start", 0),
    ]
    assert told[0][2] in (signal.SIGTERM, signal.SIGKILL)
    assert {each[2] for each in notices(service) if each[0] == "run"} == {str(pid)}


def test_notify_that_hangs_holds_up_nothing(scan):
    service = scan.make(run=TRACER + "exit 0\n")
    add(service, notify="#!/bin/sh\necho $$ >>pids\nexec sleep 1000\n")
    scan.start()
    wait_until(lambda: service.value("starts") == 6)
    assert len([p for p in service.lines("pids") if is_alive(int(p))]) <= 8
    scan.wait_until(lambda: any("unable to start service/notify" in line for line in scan.said()))
    # Killed when their time has come.
    first = int(service.lines("pids")[0])
    wait_until(lambda: not is_alive(first))


def test_notify_in_flight_is_forgotten_by_the_next_supervisor(scan):
    service = scan.make(run=WITNESS)
    add(service, notify=TRACER + HELD)
    pid = start(scan, service)
    wait_until(lambda: len(notices(service)) == 1)
    kill_and_start(scan)
    wait_until(lambda: service.svok() == 0)
    (service.path / "go").touch()
    service.svc("-k")
    scan.wait_until(lambda: service.pid() not in (0, pid))
    wait_until(lambda: len(notices(service)) == 3)
    assert [each[:2] for each in notices(service)].count(["run", "start"]) == 2


# ---- readiness that a service doesn't tell of ----


def dependant(scan, service):
    other = scan.make("other", run=TRACER + "exec sleep 1000\n")
    folder = other.path / "dependencies.d"
    folder.mkdir()
    (folder / service.path.name).touch()
    return other


def test_check_is_asked_while_somebody_waits(scan):
    service = scan.make(run=WITNESS)
    add(service, check="#!/bin/sh\necho $$ >>checks\n[ -e go ]\n")
    other = dependant(scan, service)
    scan.start()
    service.wait_lines("checks", 3)
    assert service.state()["ready"] == "0" and not trace(other)
    (service.path / "go").touch()
    wait_until(lambda: trace(other))
    assert service.state()["ready"] == "1"
    asked = service.lines("checks")
    pid = other.wait_program()
    other.svc("-k")
    other.wait_program(besides=pid)
    assert service.lines("checks") == asked


def test_check_that_hangs_is_asked_again(scan):
    service = scan.make(run=WITNESS)
    add(service, check="#!/bin/sh\n[ -e ready ] && exit 0\n"
                       "echo $$ >>checks\n: >ready\nexec sleep 1000\n")  # fmt: skip
    other = dependant(scan, service)
    scan.start()
    wait_until(lambda: trace(other))
    assert not is_alive(int(service.lines("checks")[0]))


def test_check_is_asked_again_by_the_next_supervisor(scan):
    service = scan.make(run=WITNESS)
    add(service, check="#!/bin/sh\necho $$ >>checks\n[ -e go ]\n")
    other = dependant(scan, service)
    scan.start()
    service.wait_lines("checks", 1)
    kill_and_start(scan)
    (service.path / "go").touch()
    wait_until(lambda: trace(other))
    assert service.value("starts") == 1 and trace(service).count("up") == 1


def test_check_is_not_asked_for_nobody(scan):
    service = scan.make(run=WITNESS)
    add(service, check="#!/bin/sh\necho $$ >>checks\n")
    other = scan.make("other", run=TRACER + "exit 0\n")
    start(scan, service)
    wait_until(lambda: other.value("starts") >= 4)
    assert service.lines("checks") == [] and service.state()["ready"] == "0"


def test_staying_up_for_a_second_is_being_ready(scan):
    service = scan.make(run="#!/bin/sh\n[ -e again ] || { : >again; exit 1; }\nexec sleep 1000\n")
    other = dependant(scan, service)
    scan.start()
    wait_until(lambda: trace(other))
    assert service.value("starts") == 2 and service.state()["ready"] == "1"
    assert service.state()["ready-since"] > service.state()["since"]


# ---- notify-socket ----

TELL = """import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
to = os.environ.get("NOTIFY_SOCKET") or sys.argv[2]
s.sendto(sys.argv[1].encode(), to.replace("@", "\\0", 1))
"""
HERALD = TRACER + """python3 ./tell "STATUS=warming
up"
while ! [ -e go ]; do sleep 0.02; done
python3 ./tell "READY=1
STATUS=serving"
while ! [ -e again ]; do sleep 0.02; done
python3 ./tell "MAINPID=1
STOPPING=1"
exec sleep 1000
"""


def herald(scan, run=HERALD):
    service = scan.make(run=run)
    (service.path / "notify-socket").touch()
    (service.path / "tell").write_text(TELL)
    scan.start()
    return service


def socket_of(pid):
    entries = open(f"/proc/{pid}/environ").read().split("\0")
    return [e.split("=", 1)[1] for e in entries if e.startswith("NOTIFY_SOCKET=")]


def test_what_the_socket_is_told(scan):
    service = herald(scan)
    wait_until(lambda: service.state().get("status-text") == "warming")
    assert service.state()["ready"] == "0"
    (service.path / "go").touch()
    wait_until(lambda: service.state()["ready"] == "1")
    assert service.state()["status-text"] == "serving"
    assert service.state()["stopping"] == "0"
    (service.path / "again").touch()
    wait_until(lambda: service.state()["stopping"] == "1")
    scan.wait_said(
        "svscan: warning: service/notify-socket: MAINPID= is refused; "
        "the process that was started is the one that is watched"
    )
    service.svc("-d")
    service.wait_phase("down")
    assert service.state()["status-text"] == ""


def test_socket_outlives_the_supervisor(scan):
    service = herald(scan)
    wait_until(lambda: service.state().get("status-text") == "warming")
    pid, name = service.pid(), socket_of(service.pid())
    kill_and_start(scan)
    wait_until(lambda: service.svok() == 0)
    assert service.state()["status-text"] == "warming"
    (service.path / "go").touch()
    wait_until(lambda: service.state()["ready"] == "1")
    assert (service.pid(), socket_of(pid)) == (pid, name)


def test_strangers_are_not_believed(scan):
    service = herald(scan, run=TRACER + "exec sleep 1000\n")
    pid = service.wait_program()
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.sendto(b"READY=1\nSTATUS=lies", socket_of(pid)[0])
    scan.wait_said(
        "svscan: warning: service/notify-socket: somebody else's message is ignored"
    )
    assert (service.state()["ready"], service.state()["status-text"]) == ("0", "")


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_socket_is_reached_by_another_user(scan):
    text = "import os, socket, sys, time; told = open('tell').read(); os.setuid(65534); exec(told)"
    service = herald(
        scan, run=f'#!/bin/sh\nexec python3 -c "{text}; time.sleep(1000)" READY=1\n'
    )
    wait_until(lambda: service.read("supervise/state") and service.state()["ready"] == "1")
    assert os.stat(f"/proc/{service.pid()}").st_uid == 65534


def test_status_is_one_line_of_plain_text(scan):
    service = herald(scan, run=TRACER + "python3 ./tell \"STATUS=a\033[31mb$(printf '%0300d' 0)\"\n"
                     "exec sleep 1000\n")  # fmt: skip
    wait_until(lambda: service.state().get("status-text"))
    text = service.state()["status-text"]
    assert text.startswith("a?[31mb000") and text.endswith("...") and len(text) < 128


def test_what_is_not_ready_in_time_by_its_socket_has_failed(scan):
    service = scan.make(run=TRACER + "exec sleep 1000\n")
    (service.path / "notify-socket").touch()
    (service.path / "timeout-up").write_text("300\n")
    scan.start()
    service.wait_phase("down")
    assert service.state()["failed"] == "1"


# ---- event, stat and pid ----


def listener(service, name="ftrig1:@4000000000000000deadbeef:abcdefgh"):
    (service.path / "event").mkdir(exist_ok=True)
    os.mkfifo(service.path / "event" / name)
    return os.open(service.path / "event" / name, os.O_RDONLY | os.O_NONBLOCK)


def hears(fd, letters):
    heard = b""

    def has_all():
        nonlocal heard
        try:
            heard += os.read(fd, 100)
        except BlockingIOError:
            pass
        return len(heard) >= len(letters)

    wait_until(has_all)
    assert heard == letters


def test_listeners_hear_what_becomes_of_it(scan):
    service = scan.make(run=TRACER + "echo >&3\nexec sleep 1000\n")
    (service.path / "notification-fd").write_text("3\n")
    add(service, finish=TRACER + "exit 125\n")
    fd = listener(service)
    scan.start()
    hears(fd, b"suU")
    service.svc("-d")
    hears(fd, b"dOD")
    service.svc("-u")
    hears(fd, b"uU")
    scan.stop()
    hears(fd, b"dODx")
    os.close(fd)


def test_what_listeners_hear_is_on_record_already(scan):
    service = scan.make(run=TRACER + "sleep 0.3\necho >&3\nexec sleep 1000\n")
    (service.path / "notification-fd").write_text("3\n")
    add(service, finish=TRACER)
    fd = listener(service)
    scan.start()
    records = {}

    def follow(letters):
        """Looks at the state as soon as a letter has come, without a pause."""
        for letter in letters:
            heard, until = b"", time.monotonic() + 30
            while not heard and time.monotonic() < until:
                try:
                    heard = os.read(fd, 1)
                except BlockingIOError:
                    pass
            assert heard == letter.encode()
            records[letter] = service.state()

    follow("suU")
    service.svc("-d")
    follow("dD")
    os.close(fd)
    assert (records["u"]["phase"], records["u"]["starts"]) == ("up", "1")
    assert records["U"]["ready"] == "1"
    assert (records["d"]["want"], records["d"]["deaths"]) == ("down", "1")
    assert records["D"]["phase"] == "down"


def test_listeners_that_are_gone_or_stuck_hold_up_nothing(scan):
    service = scan.make(run="#!/bin/sh\nexit 0\n")
    stuck = listener(service)
    os.close(listener(service, "ftrig1:gone"))
    names = service.path / "event"
    fill = os.open(
        names / "ftrig1:@4000000000000000deadbeef:abcdefgh", os.O_WRONLY | os.O_NONBLOCK
    )
    with pytest.raises(BlockingIOError):
        while True:
            os.write(fill, b"." * 4096)
    (names / "ftrig1:file").write_text("")
    (names / "other").write_text("")
    scan.start()
    wait_until(lambda: service.value("starts") >= 2)
    wait_until(lambda: not (names / "ftrig1:gone").exists())
    assert (names / "ftrig1:file").read_text() == ""
    os.close(stuck)
    os.close(fill)


def test_stat_and_pid_for_scripts_of_runit(scan):
    service = scan.make(run=WITNESS)
    hook(service, "z", TRACER)
    pid = start(scan, service)
    stat = service.path / "supervise" / "stat"
    wait_until(lambda: service.read("supervise/stat") == "run\n")
    assert service.read("supervise/pid") == f"{pid}\n"
    service.send(b"p")
    wait_until(lambda: stat.read_text() == "run, paused\n")
    service.send(b"cd")
    wait_until(lambda: stat.read_text() == "run, got TERM, want down\n")
    service.send(b"k")
    wait_until(lambda: stat.read_text() == "down\n" and service.read("supervise/pid") == "")


def test_other_directories_have_no_stat(scan):
    service = scan.make(run=WITNESS)
    start(scan, service)
    assert not (service.path / "supervise" / "stat").exists()


# ---- one-shots of s6-rc ----


def oneshot(scan, up, down=None):
    service = scan.make(run=None)
    (service.path / "type").write_text("oneshot\n")
    (service.path / "up").write_text(up)
    if down is not None:
        (service.path / "down").write_text(down)
    return service


def test_oneshot_of_command_lines(scan):
    service = oneshot(scan, 'sh -c "echo up >>trace"\n', 'sh -c "echo down >>trace"\n')
    scan.start()
    service.wait_phase("active")
    assert trace(service) == ["up"] and service.state()["ready"] == "1"
    kill_and_start(scan)
    wait_until(lambda: service.svok() == 0)
    assert (trace(service), service.state()["phase"]) == (["up"], "active")
    service.svc("-d")
    service.wait_phase("down")
    assert trace(service) == ["up", "down"]


def test_oneshot_that_fails(scan):
    service = oneshot(scan, 'sh -c "echo up >>trace; exit 3"\n', "echo down >>trace\n")
    scan.start()
    service.wait_phase("down")
    assert (service.state()["failed"], trace(service)) == ("1", ["up"])


def test_oneshot_is_run_by_execlineb_where_there_is_one(scan, tmp_path):
    programs = tmp_path / "programs"
    programs.mkdir()
    write_script(programs / "execlineb", '#!/bin/sh\necho "$*" >>trace\n')
    service = oneshot(scan, "if { true } true\n")
    scan.start(env=os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"})
    service.wait_phase("active")
    assert trace(service) == ["-P ./up"]


# ---- kill-scope ----

# Leaves a process that TERM and KILL of the group don't reach.
ESCAPER = TRACER + "setsid sleep 1000 & echo $! >child\nexec sleep 1000\n"


def escaped(service):
    wait_until(lambda: service.lines("child"))
    return int(service.lines("child")[0])


def test_kill_reaches_all_of_the_cgroup(scan):
    service = scan.make(run=ESCAPER)
    (service.path / "kill-scope").write_text("cgroup\n")
    scan.start()
    child = escaped(service)
    if any("unable to make a cgroup" in line for line in scan.said()):
        pytest.skip("no cgroups can be made here")
    pid = service.wait_program()
    folder = open(f"/proc/{pid}/cgroup").read().strip().split("\n")[-1]
    assert "/holdfast-" in folder and folder in open(f"/proc/{child}/cgroup").read()
    kill_and_start(scan)
    wait_until(lambda: service.svok() == 0)
    service.send(b"Ok")
    scan.wait_until(lambda: service.state()["phase"] == "down")
    scan.wait_until(lambda: not is_alive(child))


# ---- all of it ----


@pytest.mark.parametrize("number", [9])
def test_no_side_process_is_left_unreaped(scan, number):
    service = scan.make(run=WITNESS)
    hook(service, "h", TRACER)
    start(scan, service)
    for _ in range(20):
        send(service, b"h")
    children = proc.children_of(scan.process.pid)
    assert len(children) == 1 and os.getpgid(service.pid())
    os.kill(service.pid(), number)
