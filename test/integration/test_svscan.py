"""svscan(8): which services there are, their loggers, the beginning and the end.

Where the event loop can't tell of directory changes, Scan.notice() sends HUP.
"""

import contextlib
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

from support import (
    BIN,
    LOOP,
    SLEEPER,
    Host,
    Programs,
    Scan,
    Service,
    descendants,
    is_alive,
    process_fields,
    program_of,
    wait_until,
)

# There is no other scan that would see it, but with the loop that can't be told of
# changes, which is told by HUP; so the limit may be as long as any.
AT_ONCE_S = 120
NAMESPACE = ["unshare", "--pid", "--fork", "--mount-proc"]
if os.getuid() != 0:
    NAMESPACE[1:1] = ["--user", "--map-root-user"]

# Told to end, it writes a burst first.
TALKER = """#!/bin/sh
n=0
say() { n=$((n + 1)); echo "$n"; }
end() { while [ $n -lt 3000 ]; do say; done; exit 0; }
trap end TERM
while [ $n -lt 1000 ]; do say; done
: >ready
while :; do sleep 1000 & wait; done
"""
# A sleep that it leaves behind would hold the pipe open.
TALKER = TALKER.replace("sleep 1000 & wait", "read -r x <>never")
TALKER = TALKER.replace("n=0\n", "n=0\n[ -p never ] || mkfifo never\n", 1)


def numbers_to(count):
    return [str(number) for number in range(1, count + 1)]


@pytest.fixture(scope="module", autouse=True)
def waiting(tmp_path_factory):
    """Begins what takes its five seconds while other tests run."""
    programs = Programs()
    scan = Scan(tmp_path_factory.mktemp("waiting"), programs)
    service = scan.make(run=None)
    scan.start()
    yield scan, service
    programs.end_all()


def held_by(pid):
    """The names of all that is open in a process."""
    names = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            names.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except FileNotFoundError:
            pass  # closed meanwhile
    return names


# ---- what is there ----


def test_services_are_children_of_svscan_and_there_is_no_supervise(scan):
    services = [scan.make(f"s{number}") for number in range(5)]
    loggers = [service.add_log() for service in services]
    scan.start()
    pids = [service.wait_program() for service in services]
    pids += [logger.wait_program("cat") for logger in loggers]
    assert sorted(descendants(scan.pid)) == sorted(pids)
    assert all(service.svok() == 0 for service in services + loggers)
    assert scan.said() == []


def test_any_name_but_a_dot_name_is_a_service(scan):
    names = [
        "with blanks",
        "zwölf-日本",
        "new\nline",
        "-dash",
        "*",
        "n" * 255,
        "a'\"$(x)\\",
    ]
    services = [scan.make(name) for name in names]
    loggers = [service.add_log() for service in services[:4]]
    hidden = scan.make(".hidden")
    (scan.path / "plain file").write_text("no directory\n")
    os.mkfifo(scan.path / "fifo")
    scan.start()
    for service in services:
        service.wait_program()
        assert service.svstat().startswith("up ")
    for logger in loggers:
        logger.wait_program("cat")
    assert not (hidden.path / "supervise").exists()
    assert scan.said() == []
    scan.stop()


def test_names_that_are_no_utf8(scan):
    path = os.fsencode(scan.path) + b"/\xff\xfe\x01"
    os.mkdir(path)
    run = path + b"/run"
    with open(run, "w") as file:
        file.write(SLEEPER)
    os.chmod(run, 0o755)
    scan.start()
    wait_until(lambda: os.path.exists(path + b"/supervise/status"))
    wait_until(lambda: descendants(scan.pid))


def test_two_links_to_one_directory_are_one_service(scan):
    service = Service(scan.outside / "real")
    for name in "a", "b", "c":
        (scan.path / name).symlink_to(service.path)
    scan.start()
    pid = service.wait_program()
    scan.hang_up()
    (scan.path / "d").symlink_to(service.path)
    other = scan.make("other")
    other.wait_program()
    assert service.pid() == pid
    assert service.value("starts") == 1
    assert len(descendants(scan.pid)) == 2
    assert scan.said() == []


# ---- what changes ----


def test_new_directories_and_links_are_taken_up_at_once(scan):
    first = scan.make("first")
    scan.start()
    first.wait_program()
    moved = scan.make("moved")
    moved.wait_up(AT_ONCE_S)
    linked = Service(scan.outside / "linked")
    log = linked.add_log()
    (scan.path / "linked").symlink_to(linked.path)
    scan.notice()
    linked.wait_up(AT_ONCE_S)
    log.wait_up(AT_ONCE_S)
    linked.wait_program()
    assert scan.said() == []


def test_directory_made_step_by_step_is_run_when_run_is_there(scan):
    """No message, though the directory was there before its run."""
    first = scan.make("first")
    scan.start()
    first.wait_program()
    service = Service(scan.path / "service", run=None)
    scan.notice()
    second = scan.make("second")
    second.wait_program()
    assert service.pid() == 0
    service.run(SLEEPER)
    scan.notice()
    service.wait_up(AT_ONCE_S)
    assert scan.said() == []


def test_rename_keeps_the_process_and_its_commands(scan):
    service = scan.make("before")
    log = service.add_log()
    scan.start()
    pids = service.wait_program(), log.wait_program("cat")
    log.path = scan.path / "after" / "log"
    service.path = service.path.rename(scan.path / "after")
    scan.notice()
    other = scan.make("other")
    other.wait_program()
    assert (service.pid(), log.pid()) == pids
    assert service.value("starts") == 1
    (service.path / "run").unlink()
    service.svc("-t")
    line = "supervise: fatal: unable to start after/run: file does not exist"
    scan.wait_said(line)  # under its new name
    service.run(SLEEPER)
    service.wait_program(besides=pids[0])


def test_removed_name_runs_until_told_to_end(scan):
    service = Service(scan.outside / "service")
    log = service.add_log()
    (scan.path / "service").symlink_to(service.path)
    scan.start()
    pids = service.wait_program(), log.wait_program("cat")
    (scan.path / "service").unlink()
    scan.notice()
    other = scan.make("other")
    other.wait_program()
    service.svc("-t")  # still supervised: started again
    service.wait_program(besides=pids[0])
    service.svc("-dx")
    log.svc("-dx")
    for directory in service, log:
        wait_until(lambda: directory.svok() == 100)
        assert directory.pid() == 0
    # Let go for good: all that svscan held of it is closed.
    inside = str(service.path)
    wait_until(lambda: not any(n.startswith(inside) for n in held_by(scan.pid)))
    assert scan.said() == []


def test_replaced_directory_is_another_service(scan):
    old = scan.make("service")
    scan.start()
    pid = old.wait_program()
    new = Service(scan.outside / "service")
    old.path = old.path.rename(scan.outside / "old")
    scan.move_in(new)
    new.wait_up(AT_ONCE_S)
    assert old.pid() == pid and is_alive(pid)
    assert new.pid() != pid
    old.svc("-dx")
    wait_until(lambda: old.svok() == 100)
    assert new.value("starts") == 1


def test_removed_directories_are_let_go_when_nothing_runs_in_them(scan):
    up = scan.make("up")
    log = up.add_log("#!/bin/sh\ncat >>../../lines\necho over >>../../lines\n")
    down = scan.make("down", down=True)
    scan.start()
    pid = up.wait_program()
    log_pid = log.wait_up()
    wait_until((scan.path / "lines").exists)  # while the logger has a place
    down.wait_phase("down")
    shutil.rmtree(up.path)
    shutil.rmtree(down.path)
    scan.notice()
    other = scan.make("other")
    other.wait_program()
    assert is_alive(pid) and is_alive(log_pid)
    os.kill(pid, signal.SIGKILL)
    scan.notice()
    wait_until(lambda: not is_alive(log_pid))
    wait_until(lambda: not any("(deleted)" in name for name in held_by(scan.pid)))
    assert (scan.path / "lines").read_text() == "over\n"
    (scan.path / "lines").unlink()
    assert len(scan.said()) <= 4, scan.said()  # state files had no place


def test_exit_of_a_service_whose_name_stays(scan):
    """It is taken up again, after a second, wishes forgotten."""
    first = scan.make("first")
    second = scan.make("second")
    scan.start()
    pid = first.wait_program()
    second.wait_program()
    first.svc("-dx")
    second.svc("-dx")
    wait_until(lambda: first.svok() == second.svok() == 100)
    scan.make("third")  # something else to look at, meanwhile
    first.wait_up(AT_ONCE_S, besides=pid)
    second.wait_up(AT_ONCE_S)
    assert first.state()["want"] == "up"


def test_hup_scans_now(scan):
    service = scan.make()
    scan.start()
    pid = service.wait_program()
    for number in range(3):
        scan.hang_up()
    other = Service(scan.outside / "other")
    other.path = other.path.rename(scan.path / "other")
    scan.hang_up()
    other.wait_up(AT_ONCE_S)
    assert service.pid() == pid


# ---- trouble ----


def test_trouble_is_said_once_and_over_when_it_is(scan):
    """One test: its six seconds are those of one scan and a bit."""
    late = Service(scan.outside / "late")
    hidden = late.path.rename(scan.outside / "hidden")
    (scan.path / "dangling").symlink_to(late.path)
    (scan.path / "looping").symlink_to("looping")
    file_log = scan.make("file-log", "#!/bin/sh\necho to svscan\nexec sleep 1000\n")
    (file_log.path / "log").write_text("no directory\n")
    link_log = scan.make("link-log")
    (link_log.path / "log").symlink_to("log")
    foreign = scan.make("foreign")
    holder = Host(scan.outside, scan.programs)
    holder.start_program(BIN / "supervise", foreign.path)
    foreign_pid = foreign.wait_program()
    expected = [
        "svscan: warning: unable to stat dangling: file does not exist",
        "svscan: warning: unable to stat looping: symbolic link loop",
        "svscan: warning: unable to log to file-log/log: not a directory",
        "svscan: warning: unable to stat link-log/log: symbolic link loop",
        "svscan: warning: unable to acquire foreign/supervise/lock: temporary failure",
        "to svscan",
    ]
    scan.start()
    file_log.wait_program()
    for line in expected:
        scan.wait_said(line)
    for _ in range(3):
        scan.hang_up()
    marker = scan.make("marker")
    marker.wait_program()
    assert sorted(scan.said()) == sorted(expected)
    assert link_log.pid() == 0
    assert foreign.pid() == foreign_pid
    # Now each is put right, and found by the scan that looks after trouble.
    late.path = hidden.rename(late.path)
    (link_log.path / "log").unlink()
    foreign.svc("-dx")
    assert holder.process.wait(120) == 0
    late.wait_program(limit_s=120)
    link_log.wait_program(limit_s=120)
    foreign.wait_program(limit_s=120)
    assert process_fields(foreign.pid())[1] == str(scan.pid)
    assert sorted(scan.said()) == sorted(expected)


def test_what_fits_the_descriptor_limit_runs(scan):
    services = [scan.make(f"s{number:02}") for number in range(12)]

    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))

    def running():
        return [service for service in services if service.pid()]

    scan.start(preexec_fn=limit)
    wait_until(lambda: len(scan.said()) + len(running()) == 12)
    first = running()
    pids = [service.wait_program() for service in first]
    assert 4 <= len(first) < 12
    waiting = [service for service in services if service not in first]
    line = "svscan: warning: unable to start {}: running too many services"
    expected = sorted(line.format(service.path.name) for service in waiting)
    assert sorted(scan.said()) == expected
    for _ in range(3):
        scan.hang_up()
    # Room for two: two more.
    for service in first[:2]:
        service.path = service.path.rename(scan.outside / service.path.name)
        service.svc("-dx")
    wait_until(lambda: len([1 for service in waiting if service.pid()]) == 2)
    assert [service.pid() for service in first[2:]] == pids[2:]
    assert sorted(scan.said()) == expected


def test_services_in_two_scan_directories_belong_to_the_first(scan, tmp_path, programs):
    service = Service(scan.outside / "service")
    log = service.add_log()
    (scan.path / "service").symlink_to(service.path)
    scan.start()
    pids = service.wait_program(), log.wait_program("cat")
    (tmp_path / "more").mkdir()
    second = Scan(tmp_path / "more", programs)
    (second.path / "service").symlink_to(service.path)
    own = second.make("own")
    second.start()
    own.wait_program()
    lock = "svscan: warning: unable to acquire {}/supervise/lock: temporary failure"
    for name in "service", "service/log":
        second.wait_said(lock.format(name))
    assert (service.pid(), log.pid()) == pids
    # The second one holds nothing that the logger's end of input waits for. It
    # takes over what is free when it looks next, which isn't to be while the first
    # still has the logger: that would go on then, with what the service writes.
    os.kill(second.pid, signal.SIGSTOP)
    scan.stop()
    os.kill(second.pid, signal.SIGCONT)
    assert not any(is_alive(pid) for pid in pids)
    assert second.process.poll() is None


def test_unreadable_scan_directory(tmp_path):
    missing = tmp_path / "missing"
    process = subprocess.run([BIN / "svscan", missing], capture_output=True, text=True)
    assert process.returncode == 111
    line = f"svscan: fatal: unable to chdir to {missing}: file does not exist\n"
    assert process.stderr == line


def test_an_unprivileged_user_may_have_a_scan_directory(programs):
    with tempfile.TemporaryDirectory(prefix="holdfast-") as folder:
        path = pathlib.Path(folder)
        scan = Scan(path, programs)
        service = scan.make()
        log = service.add_log()
        as_user = {}
        if os.getuid() == 0:
            as_user = {"user": 65534, "group": 65534, "extra_groups": []}
            for place in [path, *path.rglob("*")]:
                os.chown(place, 65534, 65534)
        scan.start(**as_user)
        service.wait_program()
        log.wait_program("cat")
        assert scan.said() == []
        scan.stop()
        programs.end_all()


# ---- loggers ----


def test_every_line_reaches_the_log_across_restarts_of_both(scan):
    run = """#!/bin/sh
read -r n 2>/dev/null <count || n=0
while :; do
	n=$((n + 1))
	echo $n >count.new && mv count.new count && echo $n
	[ $n -lt 22 ] || { : >done; exec sleep 1000; }
	[ $((n % 7)) -ne 0 ] || exit
done
"""
    service = scan.make(run=run)
    log = service.add_log(
        "#!/bin/sh\nn=0\nwhile [ $n -lt 10 ] && read -r line\n"
        'do echo "$line" >>lines; n=$((n + 1)); done\n'
    )
    scan.start()
    wait_until((service.path / "done").exists)
    assert log.wait_lines("lines", 22) == numbers_to(22)
    assert service.value("starts") == 4
    assert log.value("starts") >= 2


def test_log_added_later_counts_from_the_next_start_on(scan):
    service = scan.make(run='#!/bin/sh\necho "$$"\nexec sleep 1000\n')
    scan.start()
    pid = service.wait_program()
    scan.wait_said(str(pid))
    log = service.add_log()
    scan.notice()
    log.wait_program("cat", limit_s=AT_ONCE_S)
    assert service.pid() == pid
    service.svc("-t")
    new = service.wait_program(besides=pid)
    assert log.wait_lines("lines", 1) == [str(new)]
    assert scan.said() == [str(pid)]


def test_log_is_controlled_by_itself(scan):
    service = scan.make(run="#!/bin/sh\necho one\nexec sleep 1000\n")
    log = service.add_log(down=True)
    scan.start()
    service.wait_program()
    log.wait_phase("down")
    assert log.svstat().startswith("down ")
    log.svc("-u")
    log.wait_lines("lines", 1)
    service.svc("-d")
    service.wait_down()
    assert log.svstat().startswith("up ")


# ---- the end ----


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_orderly_stop(scan, number):
    """Services are told to end, loggers read all there is, and end by that."""
    talker = scan.make("talker", TALKER)
    slow = "sleep 0.2\nexec cat >>lines\n"
    log = talker.add_log(f"#!/bin/sh\ntrap ': >told' TERM\n{slow}")
    plain = scan.make("plain")
    stopped = scan.make("stopped")
    down = scan.make("down", down=True)
    fleeting = scan.make("fleeting", "#!/bin/sh\nexit 0\n")
    fleeting_log = fleeting.add_log("#!/bin/sh\nexit 0\n")
    (scan.path / "dangling").symlink_to("nowhere")
    scan.start()
    wait_until((talker.path / "ready").exists)
    pids = [service.wait_program() for service in (plain, stopped)]
    pids += [talker.pid(), log.wait_up()]
    stopped.svc("-p")
    wait_until(lambda: process_fields(pids[1])[0] == "T")
    down.wait_phase("down")
    for service in fleeting, fleeting_log:
        wait_until(lambda: service.value("deaths"))
    scan.stop(number)
    assert not any(is_alive(pid) for pid in pids)
    assert log.lines() == numbers_to(3000)
    assert not (log.path / "told").exists()
    for service in talker, log, plain, stopped, down, fleeting, fleeting_log:
        state = service.state()
        assert (state["phase"], state["hosted"]) == ("gone", "0"), service.path
        assert service.svok() == 100
    for service in talker, log:
        state = service.state()
        assert (state["last-end"], state["last-end-number"]) == ("exit", "0")
    assert stopped.state()["last-end-number"] == str(int(signal.SIGTERM))


def test_orderly_stop_ends_a_logger_only_after_its_service(scan):
    service = scan.make(
        run="#!/usr/bin/python3\nimport os, signal, time\n"
        "def end(number, frame):\n"
        "    for n in range(10):\n"
        "        os.write(1, b'%d\\n' % n); time.sleep(0.03)\n"
        "    os._exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "open('ready', 'w').close()\n"
        "while True: signal.pause()\n"
    )
    log = service.add_log()
    scan.start()
    wait_until((service.path / "ready").exists)
    log.wait_program("cat")
    scan.stop()
    assert log.lines() == [str(number) for number in range(10)]
    assert log.state()["last-end-at"] > service.state()["last-end-at"]


def test_orderly_stop_while_a_logger_waits_for_its_start(scan):
    """What it has to read is read all the same."""
    services = [scan.make(f"s{number}", TALKER) for number in range(3)]
    crash = "#!/bin/sh\n[ -e crashed ] || { : >crashed; exit 1; }\nexec cat >>lines\n"
    loggers = [service.add_log(crash) for service in services]
    scan.start()
    for service, logger in zip(services, loggers):
        wait_until((service.path / "ready").exists)
        wait_until((logger.path / "crashed").exists)
    scan.stop()
    for logger in loggers:
        assert logger.lines() == numbers_to(3000)
        assert logger.state()["hosted"] == "0"


def test_second_signal_of_a_stop_does_no_harm(scan):
    service = scan.make(run=TALKER)
    log = service.add_log("#!/bin/sh\nsleep 0.3\nexec cat >>lines\n")
    scan.start()
    wait_until((service.path / "ready").exists)
    log.wait_up()
    for number in signal.SIGTERM, signal.SIGHUP, signal.SIGINT:
        scan.process.send_signal(number)
    scan.stop()
    assert log.lines() == numbers_to(3000)


def test_process_1_reaps_orphans_and_stops_in_order(scan):
    try:
        subprocess.run([*NAMESPACE, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no namespaces here")
    # A process that ends as the child of process 1, again and again.
    run = "#!/bin/sh\nfor n in 1 2 3 4 5 6 7 8 9; do (sleep 0.1 &) ; done\n"
    service = scan.make(run=run + ": >left\nexec sleep 1000\n")
    log = service.add_log()
    scan.start(*NAMESPACE)
    wait_until((service.path / "left").exists)

    def processes():
        states = []
        for entry in os.listdir("/proc"):
            fields = process_fields(entry) if entry.isdigit() else None
            if fields and int(fields[1]) == below_pid:
                states.append(fields[0])
        return states

    below_pid = wait_until(
        lambda: next((p for p in descendants(scan.pid) if program_of(p) == "svscan"), 0)
    )
    wait_until(lambda: len(processes()) == 2 and "Z" not in processes())
    os.kill(below_pid, signal.SIGTERM)
    assert scan.process.wait(120) == 0
    assert log.state()["hosted"] == "0"


# ---- at rest ----


@pytest.mark.skipif(LOOP == "poll", reason="looks every 5 seconds")
def test_nothing_happens_when_nothing_happens(scan):
    services = [scan.make(f"s{number}") for number in range(50)]
    services.append(scan.make("down", down=True))
    scan.start()
    for service in services[:50]:
        service.wait_program()
    services[50].wait_phase("down")

    def switches():
        with open(f"/proc/{scan.pid}/status") as file:
            return [line for line in file if "ctxt_switches" in line]

    def is_idle():
        before = switches()
        time.sleep(2.2)  # nothing to wait for: that is what is tested
        return switches() == before

    wait_until(is_idle)


# ---- what was begun at first ----


def test_directory_without_run_is_said_after_a_while(waiting):
    scan, service = waiting
    line = "supervise: fatal: unable to start service/run: file does not exist"
    scan.wait_said(line)
    service.run(SLEEPER)
    service.wait_up(AT_ONCE_S)
    scan.stop()


def test_who_is_told_ok_finds_a_status(scan):
    """0.76 writes the status before it opens "ok"; scripts wait with svok."""
    scan.start()
    for number in range(50):
        service = scan.make(f"s{number}")
        scan.notice()
        wait_until(lambda: service.svok() == 0)
        assert re.match(r"(up|down) ", service.svstat().split(": ", 1)[-1])


def test_messages_that_nobody_reads_stop_no_service(scan):
    """svscan's own message, a child's that can't run, and then the count."""
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(write_end, b"x" * 4096)
    os.set_blocking(write_end, True)  # as a service that shares it would see it
    scan.make("broken", "#!/nonexistent\n")
    service = scan.make("good")
    (scan.path / "dangling").symlink_to("nowhere")
    scan.start(stderr=write_end)
    pid = service.wait_program()
    service.svc("-t")
    again = service.wait_program(besides=pid)
    os.set_blocking(read_end, False)
    said = b""

    def is_told():
        nonlocal said
        with contextlib.suppress(BlockingIOError):
            while True:
                said += os.read(read_end, 65536).lstrip(b"x")
        return re.search(
            rb"^svscan: warning: nobody read standard error, messages dropped: [1-9]",
            said,
            re.M,
        )

    wait_until(is_told)  # the broken one complains each second
    os.close(read_end)
    os.close(write_end)
    assert service.pid() == again


def test_a_file_system_that_cannot_be_written_is_told_of(scan, tmp_path, programs):
    """What was said is that supervise/lock doesn't exist. Here, nothing else can be
    written either; test_read_only.py has what is done where something can."""
    service = scan.make("web")
    seal = 'mount --bind "{0}" "{0}" && mount -o remount,bind,ro "{0}" && '
    places = "".join(map(seal.format, ("$0", "/run", "/tmp")))
    unshare = ["unshare", "--mount", "sh", "-c", places + 'exec "$@"', scan.path]
    if subprocess.run([*unshare, "true"], capture_output=True).returncode != 0:
        pytest.skip("no mount namespaces here")
    scan.start(*unshare)
    reason = "read-only file system; SUPERVISEDIR can name another place"
    scan.wait_said("svscan: warning: unable to make .svscan: read-only file system")
    scan.wait_said(f"svscan: warning: unable to make web/supervise: {reason}")
    done = programs.start(*unshare, BIN / "supervise", service.path, stderr=subprocess.PIPE)
    line = f"supervise: fatal: unable to make {service.path}/supervise: {reason}\n"
    assert done.stderr.read().decode() == line
    assert done.wait() == 111
