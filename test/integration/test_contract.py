"""The service directory of four families: scripts, limits, signals, policy."""

import fcntl
import os
import signal
import time

import pytest

from support import BIN, LOOP, SLEEPER, Host, Service, is_alive, kill_and_start, process_fields
from support import takes_signal, wait_until, write_script


@pytest.fixture
def host(tmp_path, programs):
    return Host(tmp_path, programs)


TRACER = '#!/bin/sh\necho "${0#./} $*" >>trace\n'
# Stays until TERM, of which it exits 3, or what it is told to exit with.
STAYER = TRACER + "trap 'exit ${code-3}' TERM\nwhile :; do sleep 0.02; done\n"


def add(service, **scripts):
    for name, text in scripts.items():
        write_script(service.path / name, text)


def say(service, **values):
    for name, value in values.items():
        (service.path / name.replace("_", "-")).write_text(f"{value}\n")


def trace(service):
    return service.lines("trace")


def come_back(scan, service):
    kill_and_start(scan)
    wait_until(lambda: service.svok() == 0)


def names(service):
    return [line.split()[0] for line in trace(service)]


# ---- arguments ----


@pytest.mark.parametrize("dialect", ["encore", "runit", "s6"])
def test_run_is_told_its_name(scan, dialect):
    service = scan.make(run=TRACER + "exec sleep 1000\n")
    log = service.add_log(TRACER + "exec sleep 1000\n")
    for each in service, log:
        say(each, dialect=dialect)
    scan.start()
    wait_until(lambda: trace(service) and trace(log))
    assert (trace(service), trace(log)) == (["run service"], ["run service/log"])


# ---- finish ----


@pytest.mark.parametrize(
    "evidence, code",
    [({}, "-1"), ({"timeout_kill": 0}, "256"), ({"dialect": "runit"}, "-1")],
    ids=["none", "s6", "runit"],
)
def test_finish_is_told_how_run_ended(scan, evidence, code):
    service = scan.make(run=STAYER)
    add(service, finish=TRACER)
    say(service, **evidence)
    scan.start()
    pid = service.wait_up()
    wait_until(lambda: names(service) == ["run"])
    service.svc("-k")
    service.wait_up(besides=pid)
    wait_until(lambda: names(service) == ["run", "finish", "run"])
    assert trace(service)[1] == f"finish {code} 9 service {pid}"
    pid = service.wait_up()
    service.svc("-d")
    service.wait_phase("down")
    assert trace(service)[3] == f"finish 3 0 service {pid}"


def test_finish_follows_a_run_that_cannot_be_executed(scan):
    service = scan.make(run="#!/no/such/interpreter\n")
    add(service, finish=TRACER)
    scan.start()
    wait_until(lambda: trace(service))
    assert trace(service)[0].startswith("finish 111 0 service ")


def test_status_says_finish_while_it_runs(scan):
    service = scan.make(run=STAYER)
    add(service, finish=TRACER + "exec sleep 1000\n")
    scan.start()
    service.wait_up()
    wait_until(lambda: names(service) == ["run"])
    service.svc("-d")
    service.wait_phase("finishing")
    wait_until(lambda: names(service) == ["run", "finish"])
    assert service.status()[19] == 2 and service.pid() != 0
    # What it can't do by itself, a person can.
    service.svc("-k")
    wait_until(lambda: service.status()[19] == 0)


def test_finish_is_limited_in_time(scan):
    service = scan.make(run=STAYER)
    add(service, finish=TRACER + "exec sleep 1000\n")
    say(service, timeout_finish=200)
    scan.start()
    service.wait_up()
    wait_until(lambda: names(service) == ["run"])
    service.svc("-d")
    service.wait_phase("down")
    assert names(service) == ["run", "finish"]


def test_finish_that_exits_125_ends_it_for_good(scan):
    service = scan.make(run=TRACER)
    add(service, finish=TRACER + "exit 125\n")
    scan.start()
    service.wait_phase("down")
    state = service.state()
    assert (state["failed"], state["want"]) == ("1", "down")
    assert names(service) == ["run", "finish"]
    scan.wait_said("svscan: warning: service failed for good: its finish exited 125")
    service.svc("-u")
    wait_until(lambda: names(service) == ["run", "finish"] * 2)


def test_commands_are_taken_while_finish_runs(scan):
    service = scan.make(run=STAYER)
    add(service, finish=TRACER + "while ! [ -e go ]; do sleep 0.02; done\n")
    scan.start()
    pid = service.wait_up()
    wait_until(lambda: names(service) == ["run"])
    service.svc("-t")
    service.wait_phase("finishing")
    service.svc("-d")
    wait_until(lambda: service.state()["want"] == "down")
    (service.path / "go").touch()
    service.wait_phase("down")
    assert not is_alive(pid) and names(service) == ["run", "finish"]


# ---- start, stop, one-shots ----


def encore(service, **scripts):
    say(service, dialect="encore")
    add(service, **scripts)


def test_start_and_stop_frame_all_lives(scan):
    service = scan.make(run=STAYER)
    encore(service, start=TRACER, stop=TRACER)
    scan.start()
    pid = service.wait_program("run")
    wait_until(lambda: names(service) == ["start", "run"])
    service.svc("-t")
    service.wait_program("run", besides=pid)
    wait_until(lambda: names(service) == ["start", "run", "run"])
    service.svc("-d")
    service.wait_phase("down")
    assert names(service) == ["start", "run", "run", "stop"]
    service.svc("-u")
    wait_until(lambda: names(service)[4:] == ["start", "run"])
    scan.stop()
    assert names(service)[4:] == ["start", "run", "stop"]


def test_failing_start_keeps_run_from_running(scan):
    service = scan.make(run=STAYER)
    encore(service, start=TRACER + "exit 4\n", stop=TRACER)
    scan.start()
    service.wait_phase("down")
    state = service.state()
    assert (state["failed"], state["last-end-number"]) == ("1", "4")
    assert names(service) == ["start"]


def test_start_that_is_told_to_end_is_started_again(scan):
    service = scan.make(run=TRACER + "exec sleep 1000\n")
    add(service, start=TRACER + "while ! [ -e go ]; do sleep 0.02; done\n")
    scan.start()
    wait_until(lambda: names(service) == ["start"])
    service.svc("-t")
    wait_until(lambda: names(service) == ["start"] * 2)
    (service.path / "go").touch()
    wait_until(lambda: names(service) == ["start", "start", "run"])
    state = service.state()
    assert (state["failed"], state["want"]) == ("0", "up")


def test_stop_is_limited_in_time(scan):
    service = scan.make(run=STAYER)
    add(service, stop=TRACER + "exec sleep 1000\n")
    say(service, timeout_down=200)
    scan.start()
    wait_until(lambda: names(service) == ["run"])
    service.svc("-d")
    service.wait_phase("down")
    assert names(service) == ["run", "stop"]
    assert service.state()["failed"] == "1"


def test_stop_comes_before_leaving_while_a_restart_is_due(scan):
    service = scan.make(run=TRACER)
    add(service, stop=TRACER)
    say(service, restart="always delay=1h")
    scan.start()
    service.wait_phase("waiting")
    service.svc("-x")
    wait_until(lambda: names(service) == ["run", "stop"])


def test_directory_with_start_alone_is_a_oneshot(scan):
    service = scan.make(run=None)
    add(service, start=TRACER, stop=TRACER)
    scan.start()
    service.wait_phase("active")
    assert service.state()["ready"] == "1"
    service.wait_down()  # the status is written after that
    come_back(scan, service)
    assert service.state()["phase"] == "active" and names(service) == ["start"]
    service.svc("-d")
    service.wait_phase("down")
    assert names(service) == ["start", "stop"]
    service.svc("-u")
    service.wait_phase("active")
    scan.stop()
    assert names(service) == ["start", "stop"] * 2


def test_oneshots_start_at_once(scan):
    """There is no run that may still come, so none is waited for."""
    first, other = scan.make(run=None), scan.make("other", run=None)
    add(first, start=TRACER)
    say(other, type="oneshot", up="touch ran")
    scan.start()
    for service in first, other:
        service.wait_phase("active")

    def took_s(name):
        later = Service(scan.outside / name, run=None)
        add(later, start=TRACER)
        began = time.monotonic()
        scan.move_in(later)
        later.wait_phase("active")
        return time.monotonic() - began

    # It would be 5 s each time; a busy machine may make it that now and then.
    assert any(took_s(f"later{i}") < 4 for i in range(20))


def test_helpers_named_start_and_stop_are_left_alone(scan):
    service = scan.make()
    add(service, start=TRACER, stop=TRACER)
    say(service, dialect="daemontools")
    scan.start()
    service.wait_program()
    scan.stop()
    assert trace(service) == []


# ---- signals ----

WITNESS = TRACER + (
    "for s in HUP INT QUIT USR1 USR2 TERM WINCH ABRT ALRM; do\n"
    '    trap "echo $s >>trace" $s\ndone\n'
    "echo up >>trace\nwhile :; do sleep 0.02; done\n"
)


def test_every_signal_letter_arrives(scan):
    service = scan.make(run=WITNESS)
    scan.start()
    wait_until(lambda: "up" in trace(service))
    letters = {"h": "HUP", "i": "INT", "q": "QUIT", "1": "USR1", "2": "USR2",
               "w": "WINCH", "y": "WINCH", "b": "ABRT", "a": "ALRM", "t": "TERM",
               "l": "HUP"}  # fmt: skip
    for count, (letter, name) in enumerate(letters.items(), 1):
        service.send(letter.encode())
        wait_until(lambda: len(trace(service)) == 2 + count, what=letter)
        assert trace(service)[-1] == name


def test_signals_of_the_directory(scan):
    service = scan.make(run=WITNESS)
    say(service, down_signal="INT", reload_signal="12", timeout_kill=300)
    scan.start()
    wait_until(lambda: "up" in trace(service))
    pid = service.pid()
    service.send(b"l")
    wait_until(lambda: trace(service)[-1] == "USR2")
    service.send(b"r")
    wait_until(lambda: "INT" in trace(service))
    service.wait_up(besides=pid)  # killed, as it didn't end by itself
    assert service.state()["last-end-number"] == "9"
    assert service.state()["want"] == "up"


def test_what_ignores_term_is_killed_in_time(scan):
    service = scan.make(run=TRACER + "trap '' TERM\necho up >>trace\n"
                                     "while :; do sleep 0.02; done\n")  # fmt: skip
    say(service, timeout_kill=200)
    scan.start()
    wait_until(lambda: "up" in trace(service))
    service.svc("-d")
    service.wait_phase("down")
    assert service.state()["last-end-number"] == "9"


def test_restart_is_limited_in_time_as_down_is(scan):
    service = scan.make(run=TRACER + "trap : TERM\nwhile :; do sleep 0.02; done\n")
    say(service, timeout_kill=200)
    scan.start()
    pid = service.wait_up()
    wait_until(lambda: takes_signal(pid, signal.SIGTERM))
    service.send(b"p")
    wait_until(lambda: process_fields(pid)[0] == "T")
    service.send(b"r")
    service.wait_up(besides=pid)
    assert service.state()["last-end-number"] == "9"


def test_kill_limit_outlives_the_supervisor(scan):
    service = scan.make(run=TRACER + "trap '' TERM\necho up >>trace\n"
                                     "while :; do sleep 0.02; done\n")  # fmt: skip
    say(service, timeout_kill=1500)
    scan.start()
    wait_until(lambda: "up" in trace(service))
    pid = service.wait_up()
    service.svc("-d")
    wait_until(lambda: service.state()["want"] == "down")
    kill_and_start(scan)
    scan.wait_until(lambda: service.state()["phase"] == "down")
    assert service.value("deaths") == 1 and not is_alive(pid)
    if LOOP != "poll":
        assert service.state()["last-end-number"] == "9"


def test_group_letters_reach_the_whole_group(scan):
    service = scan.make(run=TRACER + "sleep 1000 & echo $! >child\nwait\n")
    scan.start()
    wait_until(lambda: service.lines("child"))
    child = int(service.lines("child")[0])
    service.send(b"P")
    wait_until(lambda: process_fields(child)[0] == "T")
    service.send(b"C")
    wait_until(lambda: process_fields(child)[0] == "S")
    service.send(b"dK")
    wait_until(lambda: not is_alive(child))


def test_signals_for_the_group_until_they_are_for_the_process(scan):
    """As svc of daemontools-encore writes them: + or =, then what is meant."""
    child = WITNESS.replace(">>trace", ">>heard")
    service = scan.make(run=WITNESS.replace("while", f"./child &\nwhile"))
    log = service.add_log(WITNESS.replace("while", f"./child &\nwhile"))
    add(service, child=child)
    add(log, child=child)
    scan.start()
    for each in service, log:
        wait_until(lambda: "up" in trace(each) and "up" in each.lines("heard"))
    service.svc("-1+2=h")
    wait_until(lambda: sorted(trace(service)[2:]) == ["HUP", "USR1", "USR2"])
    wait_until(lambda: service.lines("heard")[1:] == ["up", "USR2"])
    service.svc("-1")  # what was said before is over
    wait_until(lambda: trace(service).count("USR1") == 2)
    service.svc("-L+1")
    wait_until(lambda: trace(log)[2:] == log.lines("heard")[2:] == ["USR1"])
    assert service.lines("heard")[1:] == ["up", "USR2"]


def test_a_signal_for_the_group_outlives_the_supervisor(scan):
    service = scan.make(run=WITNESS.replace("while", "./child &\nwhile"))
    add(service, child=WITNESS.replace(">>trace", ">>heard"))
    scan.start()
    wait_until(lambda: "up" in trace(service) and "up" in service.lines("heard"))
    scan.kill()
    # It was killed between the record and the signals: CONT after HUP.
    state = service.path / "supervise" / "state"
    text = state.read_text().replace("\nsignal-due=0\n", "\nsignal-due=-1\n")
    state.write_text(text.replace("\nnext-signal-due=0\n", "\nnext-signal-due=18\n"))
    scan.start()
    wait_until(lambda: trace(service)[-1] == service.lines("heard")[-1] == "HUP")
    assert wait_until(lambda: service.state()["signal-due"] == "0")


def test_l_reloads_nothing_in_a_directory_of_encore(scan):
    service, other = scan.make(run=WITNESS), scan.make("other", run=WITNESS)
    say(service, dialect="encore")
    scan.start()
    for each in service, other:
        wait_until(lambda: "up" in trace(each))
        each.send(b"1l")
        wait_until(lambda: "USR1" in trace(each))
    wait_until(lambda: "HUP" in trace(other))
    service.send(b"2")
    wait_until(lambda: "USR2" in trace(service))
    assert "HUP" not in trace(service)


def test_kill_scope_group(scan):
    service = scan.make(run=TRACER + "sleep 1000 & echo $! >child\nwait\n")
    say(service, kill_scope="group")
    scan.start()
    wait_until(lambda: service.lines("child"))
    child = int(service.lines("child")[0])
    service.svc("-d")
    wait_until(lambda: not is_alive(child))


def test_letters_that_keep_a_file_for_the_next_boot(scan):
    service = scan.make()
    down = service.path / "down"
    scan.start()
    pid = service.wait_program()
    service.send(b"D")
    service.wait_phase("down")
    assert down.exists()
    service.send(b"U")
    service.wait_program(besides=pid)
    assert not down.exists()
    service.send(b"Q")
    wait_until(down.exists)
    assert service.state()["want"] == "once" and service.pid() != 0


def test_at_most_once_does_not_start(scan):
    service = scan.make(down=True)
    scan.start()
    service.wait_phase("down")
    service.send(b"O")
    wait_until(lambda: service.state()["want"] == "once")
    assert (service.pid(), service.value("starts")) == (0, 0)


def test_letters_for_the_logger(scan):
    """As svc of daemontools-encore writes them: l or L, then what is meant."""
    service = scan.make(run=WITNESS)
    log = service.add_log(WITNESS)
    scan.start()
    wait_until(lambda: "up" in trace(service) and "up" in trace(log))
    service.send(b"Lh")
    wait_until(lambda: trace(log)[-1] == "HUP")
    service.send(b"l1")
    wait_until(lambda: trace(service)[-1] == "USR1")
    assert "HUP" not in trace(service) and "USR1" not in trace(log)


# ---- readiness ----

READY = TRACER + "while ! [ -e go ]; do sleep 0.02; done\necho >&3\n" + (
    "exec 3>&-\nexec sleep 1000\n"
)


def test_notification_makes_it_ready(scan):
    service = scan.make(run=READY)
    say(service, notification_fd=3)
    scan.start()
    pid = service.wait_up()
    assert service.state()["ready"] == "0"
    (service.path / "go").touch()
    wait_until(lambda: service.state()["ready"] == "1")
    assert service.state()["ready-since"] >= service.state()["since"]
    come_back(scan, service)
    assert service.state()["ready"] == "1" and service.pid() == pid
    (service.path / "go").unlink()
    service.svc("-k")
    scan.wait_until(lambda: service.pid() not in (0, pid))
    assert service.state()["ready"] == "0"


def test_notification_may_come_after_the_supervisor_was_killed(scan):
    service = scan.make(run=READY)
    say(service, notification_fd=3)
    scan.start()
    pid = service.wait_up()
    kill_and_start(scan)
    (service.path / "go").touch()
    wait_until(lambda: service.state()["ready"] == "1")
    assert service.pid() == pid


def test_notification_may_come_while_there_is_no_supervisor(scan):
    """The line goes with the last who has the FIFO open; that it was closed stays."""
    service = scan.make(run=READY)
    say(service, notification_fd=3)
    scan.start()
    pid = service.wait_up()
    scan.kill()
    (service.path / "go").touch()
    fifo = service.path / "supervise" / "ready"

    def is_closed():
        return all(not same_file(fd, fifo) for fd in (f"/proc/{pid}/fd/{n}" for n in range(20)))

    def same_file(one, other):
        try:
            return os.path.samefile(one, other)
        except OSError:
            return False

    wait_until(is_closed)
    assert service.state()["ready"] == "0"
    scan.start()
    wait_until(lambda: service.state()["ready"] == "1")
    assert service.pid() == pid


def test_what_is_not_ready_in_time_has_failed(scan):
    service = scan.make(run=READY)
    say(service, notification_fd=3, timeout_up=300)
    scan.start()
    service.wait_phase("down")
    assert service.state()["failed"] == "1"


# ---- policy ----


def test_never_restarted(scan):
    service = scan.make(run=TRACER + "exit 1\n")
    say(service, restart="never")
    scan.start()
    service.wait_phase("down")
    assert service.value("starts") == 1 and service.state()["failed"] == "1"


def test_restarted_on_failure_alone(scan):
    service = scan.make(run=TRACER + "[ -e again ] && exit 0\n: >again\nexit 1\n")
    say(service, restart="on-failure")
    scan.start()
    service.wait_phase("down")
    assert (service.value("starts"), service.state()["failed"]) == (2, "0")


def test_gives_up_after_too_many(scan):
    service = scan.make(run=TRACER + "exit 1\n")
    say(service, restart="always limit=2/1m")
    scan.start()
    service.wait_phase("down")
    assert (service.value("starts"), service.state()["failed"]) == (3, "1")


def test_delay_is_kept_across_supervisors(scan):
    service = scan.make(run=TRACER + "exit 1\n")
    say(service, restart="always delay=1h")
    scan.start()
    service.wait_phase("waiting")
    come_back(scan, service)
    assert service.state()["phase"] == "waiting"
    due_s = int(service.state()["start-due-ns"]) / 1e9 - time.monotonic()
    assert 3000 < due_s <= 3600


def test_up_cuts_a_delay_short(scan):
    service = scan.make(run=TRACER)
    say(service, restart="always delay=1h")
    scan.start()
    wait_until(lambda: names(service) == ["run"])
    service.wait_phase("waiting")
    service.svc("-u")
    wait_until(lambda: names(service) == ["run"] * 2)


def test_exit_100_ends_it_for_good_with_encore(scan):
    service, *others = [
        scan.make(name, run=TRACER + "exit 100\n")
        for name in ("service", "classic", "s6", "runit")
    ]
    say(service, dialect="encore")
    for other in others[1:]:
        say(other, dialect=other.path.name)
    scan.start()
    service.wait_phase("down")
    assert (service.value("starts"), service.state()["failed"]) == (1, "1")
    for other in others:
        wait_until(lambda o=other: o.value("starts") >= 2)


# ---- what else a directory may ask for ----


def test_inline_logger(scan):
    service = scan.make(run="#!/bin/sh\necho hello\nexec sleep 1000\n")
    add(service, log='#!/bin/sh\necho "$0 $*" >>argv\nexec cat >>lines\n')
    scan.start()
    service.wait_lines("lines", 1)
    assert service.lines("argv") == ["./log "]
    log = Service.__new__(Service)
    log.path = service.path / "supervise" / "log"
    pid = log.wait_up()
    log.svc("-t")
    log.wait_up(besides=pid)
    kill_and_start(scan)
    wait_until(lambda: log.svok() == 0)
    scan.stop()
    assert service.lines("lines") == ["hello"]


def test_without_a_session_of_its_own(scan):
    service, other = scan.make(), scan.make("other")
    say(service, no_setsid="")
    scan.start()
    pid, other_pid = service.wait_program(), other.wait_program()
    assert os.getsid(pid) == os.getsid(scan.process.pid)
    assert os.getsid(other_pid) == other_pid


@pytest.mark.skipif(os.geteuid() != 0, reason="makes a pid namespace")
def test_pid_namespace(scan):
    service = scan.make(run="#!/bin/sh\necho $$ >>lines\nexec sleep 1000\n")
    say(service, flag_newpidns="")
    scan.start()
    refusal = "unable to fork for service"
    wait_until(lambda: service.lines() or refusal in "".join(scan.said()))
    if not service.lines():
        pytest.skip("spawn() by fork(2) makes no namespaces")
    pid = service.wait_up()
    assert service.lines() == ["1"] and is_alive(pid)
    come_back(scan, service)
    assert service.pid() == pid
    service.svc("-k")
    service.wait_up(besides=pid)


def test_lock_is_inherited(scan):
    service = scan.make()
    say(service, lock_fd=7)
    scan.start()
    pid = service.wait_program()
    assert os.readlink(f"/proc/{pid}/fd/7").endswith("/supervise/lock-fd")
    with open(service.path / "supervise" / "lock-fd", "w") as file:
        with pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.kill(pid, signal.SIGKILL)
    service.wait_program(besides=pid)


def test_bad_values_are_told_of_and_harm_nobody(scan):
    service = scan.make()
    say(service, timeout_kill="soon", down_signal="SIGNOPE")
    scan.start()
    service.wait_program()
    said = scan.said()
    assert len(said) == 2 and all(line.startswith("svscan: warning: service/")
                                  for line in said)  # fmt: skip
    service.svc("-t")
    wait_until(lambda: service.value("starts") == 2)
    assert scan.said() == said


def test_names_that_are_the_users_mean_nothing(scan):
    service = scan.make()
    own = {"env/PATH": "/nowhere", "data/run": "#!/bin/sh\n", "main/current": "",
           "log/log/run": SLEEPER, "README": "", "restart.txt": "never"}  # fmt: skip
    service.add_log(SLEEPER)
    for name, text in own.items():
        write_script(service.path / name, text)
    before = sorted(path.name for path in service.path.iterdir())
    scan.start()
    log = Service.__new__(Service)
    log.path = service.path / "log"
    for each in service, log:
        assert is_alive(each.wait_up())
    assert scan.said() == []
    now = sorted(path.name for path in service.path.iterdir())
    assert now == sorted([*before, "supervise"])
    assert sorted(path.name for path in log.path.iterdir()) == ["log", "run", "supervise"]
    assert [path.name for path in (log.path / "log").iterdir()] == ["run"]


def without(capability):
    """Runs what follows without that right, or as whoever has none."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--bounding-set=-{capability}", f"--inh-caps=-{capability}"]


def test_where_there_are_no_pid_namespaces_that_service_alone_does_not_start(scan):
    service, other = scan.make(), scan.make("other")
    say(service, flag_newpidns="")
    scan.start(*without("sys_admin"))
    other.wait_program()
    wait_until(lambda: "unable to fork for service" in "".join(scan.said()))
    assert service.pid() == 0 and service.state()["want"] == "up"
    (service.path / "flag-newpidns").unlink()
    service.wait_program()


def test_files_that_cannot_be_replaced_are_rewritten(host, tmp_path):
    """As by daemontools-encore, in a supervise/ of another user."""
    service = Service(tmp_path / "service")
    host.start_program(BIN / "supervise", service.path)
    service.wait_program()
    (service.path / "supervise" / "state").write_text("x" * 5000)
    service.svc("-dx")
    host.process.wait(120)
    folder = service.path / "supervise"
    folder.chmod(0o500)
    try:
        host.start_program(*without("dac_override"), BIN / "supervise", service.path)
        pid = service.wait_program()
        assert service.svstat().startswith(f"up (pid {pid}) ")
        assert len(service.status()) == 20
        assert service.state()["pid"] == str(pid)
        assert service.read("supervise/state").endswith("\n")
        service.svc("-d")
        service.wait_phase("down")
        assert host.said() == []
    finally:
        folder.chmod(0o700)
