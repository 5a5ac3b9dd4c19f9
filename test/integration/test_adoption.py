"""A supervisor that was killed, or had its program replaced, loses nothing.

The test process is the parent of what a killed supervisor leaves behind, so it
waits with Host.wait_until(), which reaps.
"""

import os
import random
import signal
import time

import pytest

from booted import Boot, end
from support import (
    kill_and_start,
    BIN,
    LOOP,
    Host,
    Service,
    is_alive,
    process_fields,
    program_of,
    wait_until,
)

# Whoever runs holds a lock for life; one that can't have it leaves a trace.
SINGLE = """#!/bin/sh
echo x >>starts
exec 8>>single
flock -n 8 || echo two >>violations
"""
# Counts on where the last one ended, and notes each number after its line: a
# kill in between makes the next one say that number again.
COUNTER = """#!/usr/bin/python3
import os
try:
    n = int(open("count").read())
except (OSError, ValueError):
    n = 0
out = os.open("count", os.O_WRONLY | os.O_CREAT, 0o644)
while True:
    n += 1
    os.write(1, b"%d %d\\n" % (os.getpid(), n))
    os.pwrite(out, b"%d\\n" % n, 0)
    if n % 50 == 0:
        import time; time.sleep(0.01)
"""


def wait_hosted(scan, *services):
    for service in services:
        scan.wait_until(lambda: service.svok() == 0, what=f"{service.path} hosted")


def test_processes_wishes_and_counts_survive(scan):
    names = "up down once paused leaving ended".split()
    services = {name: scan.make(name) for name in names}
    log = services["up"].add_log()
    services["up"].run("#!/bin/sh\necho x >>starts\necho line\nexec sleep 1000\n")
    scan.start()
    for name in names:
        services[name].wait_program()
    log.wait_lines("lines", 1)
    services["ended"].svc("-k")
    services["ended"].wait_program(besides=services["ended"].pid())
    services["down"].svc("-d")
    services["down"].wait_down()
    services["once"].svc("-o")
    services["paused"].svc("-p")
    services["leaving"].svc("-x")
    wait_until(lambda: services["once"].state()["want"] == "once")
    wait_until(lambda: services["leaving"].state()["leaving"] == "1")
    wait_until(lambda: services["paused"].status()[16])
    everyone = [*services.values(), log]
    before = [(service.pid(), service.state()) for service in everyone]
    statuses = [service.status() for service in everyone]
    for _ in range(3):
        kill_and_start(scan)
        wait_hosted(scan, *everyone)
    marker = scan.make("marker")
    marker.wait_program()
    after = [(service.pid(), service.state()) for service in everyone]
    assert after == before
    assert [service.status() for service in everyone] == statuses
    assert services["up"].lines("starts") == ["x"]
    # What was wished for still happens.
    services["leaving"].svc("-t")
    scan.wait_until(lambda: services["leaving"].value("deaths") == 1)
    services["once"].svc("-t")
    scan.wait_until(lambda: services["once"].state()["phase"] == "down")
    pid = services["paused"].pid()
    assert process_fields(pid)[0] == "T"
    services["paused"].svc("-c")
    scan.wait_until(lambda: process_fields(pid)[0] == "S")
    services["ended"].svc("-t")
    scan.wait_until(lambda: services["ended"].value("starts") == 3)
    assert services["ended"].value("deaths") == 2
    services["up"].svc("-t")
    log.wait_lines("lines", 1)
    scan.wait_until(lambda: log.lines() == ["line", "line"])
    assert scan.said() == []


def test_ends_of_adopted_processes_are_noticed(scan):
    service, down = scan.make(), scan.make("down")
    service.run("#!/bin/sh\ntrap 'exit 7' TERM\n: >ready\nread -r x <>never\n")
    os.mkfifo(service.path / "never")
    scan.start()
    wait_until((service.path / "ready").exists)
    pids = service.wait_up(), down.wait_program()
    kill_and_start(scan)
    wait_hosted(scan, service, down)
    service.svc("-t")
    down.svc("-d")
    scan.wait_until(lambda: service.pid() not in (0, pids[0]))
    scan.wait_until(lambda: down.state()["phase"] == "down")
    assert not any(is_alive(pid) for pid in pids)
    state = service.state()
    assert (state["starts"], state["deaths"]) == ("2", "1")
    if LOOP != "poll":
        assert (state["last-end"], state["last-end-number"]) == ("exit", "7")
        assert down.state()["last-end-number"] == "15"


def test_deaths_in_between_are_noticed(scan):
    up, down, once = (scan.make(name) for name in ("up", "down", "once"))
    scan.start()
    pids = [service.wait_program() for service in (up, down, once)]
    down.svc("-d")
    down.wait_down()
    once.svc("-o")
    wait_until(lambda: once.state()["want"] == "once")
    scan.kill()
    for pid in pids[0], pids[2]:
        os.kill(pid, signal.SIGKILL)
    scan.wait_until(lambda: not process_fields(pids[0]) and not process_fields(pids[2]))
    scan.start()
    scan.wait_until(lambda: up.pid() not in (0, pids[0]))
    scan.wait_until(lambda: once.state()["phase"] == "down")
    wait_hosted(scan, down)
    assert down.state()["phase"] == "down"
    for service, starts in (up, 2), (down, 1), (once, 1):
        assert (service.value("starts"), service.value("deaths")) == (starts, 1)


def test_another_process_with_the_recorded_number_is_not_adopted(scan):
    """The record is of a process that ended; its number has been given again."""
    service = scan.make()
    scan.start()
    pid = service.wait_program()
    start = process_fields(pid)[19]
    scan.kill()
    os.kill(pid, signal.SIGKILL)
    scan.wait_until(lambda: not process_fields(pid))
    stranger = scan.programs.start("sleep", "1000")
    while process_fields(stranger.pid)[19] == start:  # within one clock tick
        stranger = scan.programs.start("sleep", "1000")
    record = service.read("supervise/state").replace(
        f"\npid={pid}\n", f"\npid={stranger.pid}\n"
    )
    (service.path / "supervise" / "state").write_text(record)
    scan.start()
    new = service.wait_up(besides=stranger.pid)
    service.svc("-d")
    service.wait_down()
    assert new != stranger.pid and is_alive(stranger.pid)


@pytest.mark.parametrize("name", ["state", "status"])
def test_damaged_files_are_no_obstacle(scan, name):
    """Without one of the two records, the other still tells."""
    contents = [b"", b"\0" * 100, b"holdfast=1\nphase=up\npid=99999999999999999999\n"]
    services = [scan.make(f"s{number}") for number in range(len(contents))]
    scan.start()
    pids = [service.wait_program() for service in services]
    scan.kill()
    for service, content in zip(services, contents):
        (service.path / "supervise" / name).write_bytes(content)
    scan.start()
    for service, pid in zip(services, pids):
        wait_hosted(scan, service)
        wait_until(lambda: service.pid() == pid)
        assert service.value("starts") == 1
        service.svc("-d")
        scan.wait_until(lambda: service.pid() == 0)


def test_files_of_an_earlier_boot_are_history(scan):
    service, other = scan.make(down=True), scan.make("other")
    scan.start()
    service.wait_phase("down")
    pid = other.wait_program()
    service.svc("-u")
    other.svc("-d")
    service.wait_program()
    other.wait_down()
    scan.kill()
    for each in service, other:
        path = each.path / "supervise" / "state"
        text = path.read_text()
        boot = text.split("boot=")[1].split()[0]
        path.write_text(text.replace(boot, "0" * 8 + boot[8:]))
    last_pid = service.pid()
    os.kill(last_pid, signal.SIGKILL)
    scan.wait_until(lambda: not process_fields(last_pid))
    scan.start()
    other.wait_program(besides=pid)  # no "down" file: up
    scan.wait_until(lambda: service.state()["phase"] == "down")
    assert other.value("starts") == 1 and service.value("starts") == 0


def test_supervise_adopts_as_svscan_does(scan, programs):
    service = scan.make()
    scan.start()
    pid = service.wait_program()
    scan.kill()
    host = Host(scan.outside, programs)
    host.start_program(BIN / "supervise", service.path)
    wait_until(lambda: service.svok() == 0)
    service.svc("-h")
    host.wait_until(lambda: service.value("starts") == 2)
    assert not is_alive(pid)
    host.stop()


def test_log_goes_on_while_nobody_supervises(scan):
    """Service and logger hold the pipe without help."""
    service = scan.make(run=COUNTER)
    log = service.add_log()
    scan.start()
    log.wait_lines("lines", 100)
    scan.kill()
    before = len(log.lines())
    log.wait_lines("lines", before + 200)
    scan.start()
    wait_hosted(scan, service, log)
    service.svc("-d")
    scan.wait_until(lambda: service.state()["phase"] == "down")
    count = int(service.read("count"))
    scan.stop()
    check_lines(log.lines(), count)


def check_lines(lines, at_least):
    """Each number once, in order; after a kill of the writer between a line and
    the note of it, that line's number comes again from the next writer."""
    last_pid, last = None, 0
    for line in lines:
        pid, number = (int(word) for word in line.split())
        if pid == last_pid:
            assert number == last + 1, line
        else:
            assert number in (last, last + 1), line
        last_pid, last = pid, number
    assert last >= at_least


def run_and_kill(scan, turns, kill_svscan, before_turn=lambda loggers: None):
    """Lines of three services while these and svscan are killed, at random moments."""
    services = [scan.make(f"s{number}", COUNTER) for number in range(3)]
    loggers = [service.add_log() for service in services]
    moments = random.Random(1)
    scan.start()
    for log in loggers:
        log.wait_lines("lines", 1)
    for turn in range(turns):
        before_turn(loggers)
        time.sleep(moments.random() / 10)  # when it happens must not matter
        service = moments.choice(services)
        victim = service.pid() if turn % 3 != 0 else 0
        if turn % 3 != 1:
            kill_svscan(victim)
        else:
            kill(victim)
    for service, log in zip(services, loggers):
        wait_hosted(scan, service, log)
        scan.wait_until(service.pid)
        wait_for_more(scan, log)
        service.svc("-d")
        scan.wait_until(lambda: service.state()["phase"] == "down")
    counts = [int(service.read("count")) for service in services]
    scan.stop()
    for log, count in zip(loggers, counts):
        check_lines(log.lines(), count)


def wait_for_more(scan, log):
    size = len(log.lines())
    scan.wait_until(lambda: len(log.lines()) > size)


def kill(pid):
    if pid:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def test_no_line_is_lost_however_they_are_killed(tmp_path, programs):
    """svscanboot holds what neither service, logger nor svscan does."""
    boot = Boot(tmp_path, programs)

    def kill_svscan(victim):
        svscan = boot.svscan()
        boot.freeze()
        kill(victim)
        end(svscan)
        boot.thaw()
        boot.svscan(besides=svscan)

    run_and_kill(boot, 9, kill_svscan)


def test_no_line_is_lost_while_somebody_holds_the_pipe(scan):
    """Without svscanboot, that is the logger, when service and svscan are killed
    together. It may meet the end of its input then, and leave: until lines come
    through again, there may be nobody left who holds what is in the pipe."""

    def kill_svscan(victim):
        kill(victim)
        kill_and_start(scan)

    def wait_for_all(loggers):
        for log in loggers:
            wait_for_more(scan, log)

    run_and_kill(scan, 12, kill_svscan, wait_for_all)


def test_never_two_of_a_service(scan):
    """svscan is killed again and again while services come and go."""
    fleeting = [
        scan.make(f"f{number:02}", SINGLE + f"exec sleep 0.{number}\n")
        for number in range(10)
    ]
    lasting = [
        scan.make(f"l{number:02}", SINGLE + "exec sleep 1000\n") for number in range(10)
    ]
    services = fleeting + lasting
    moments = random.Random(2)
    scan.start()
    for turn in range(25):
        time.sleep(moments.random() / 10)  # when it happens must not matter
        kill_and_start(scan)
        for service in moments.sample(services, 3):
            pid = service.pid()
            if pid and program_of(pid) == "sleep":
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
    wait_hosted(scan, *services)
    for service in lasting:
        scan.wait_until(lambda: program_of(service.pid()) == "sleep")
    for service in services:
        assert service.lines("violations") == []
        # No start but is counted; one whose child was killed before it became
        # the script, or that never heard of it, is none.
        assert service.value("starts") >= len(service.lines("starts")) - 1
    pids = [service.pid() for service in lasting]
    scan.stop()
    assert not any(is_alive(pid) for pid in pids)


def test_never_two_when_killed_during_a_boot(scan):
    """Many are started side by side then."""
    services = [
        scan.make(f"s{number:03}", SINGLE + "exec sleep 1000\n")
        for number in range(150)
    ]
    moments = random.Random(3)
    scan.start()
    for _ in range(6):
        time.sleep(moments.random() / 20)  # when it happens must not matter
        kill_and_start(scan)
    for service in services:
        scan.wait_until(lambda: program_of(service.pid()) == "sleep", 60)
    for service in services:
        assert service.lines("violations") == []
        assert service.value("starts") >= len(service.lines("starts"))
    pids = [service.pid() for service in services]
    assert len(set(pids)) == len(services)
    scan.process.send_signal(signal.SIGKILL)
    scan.process.wait()
    scan.start()
    wait_hosted(scan, *services)
    assert [service.pid() for service in services] == pids
    scan.stop()


def test_killed_in_an_orderly_stop(scan):
    """The next svscan begins anew, when the old processes have ended."""
    service = scan.make(
        run="#!/bin/sh\ntrap ':' TERM\necho x >>starts\n: >ready\n"
        "while [ ! -e end ]; do read -r x <>never; done\n"
    )
    os.mkfifo(service.path / "never")
    scan.start()
    wait_until((service.path / "ready").exists)
    pid = service.wait_up()
    scan.process.send_signal(signal.SIGTERM)
    wait_until(lambda: service.state()["want"] == "down")
    kill_and_start(scan)
    wait_hosted(scan, service)
    assert service.pid() == pid
    service.svc("-k")
    service.run("#!/bin/sh\nexec sleep 1000\n")
    scan.wait_until(lambda: program_of(service.pid()) == "sleep")
    assert service.state()["want"] == "up"
    assert service.lines("starts") == ["x"]


def test_a_service_without_a_name_is_found_again(scan):
    """Its name was removed, svscan was killed: the next one still obeys for it."""
    service = Service(scan.outside / "away")
    service.add_log()
    link = scan.path / "linked"
    link.symlink_to(service.path)
    scan.start()
    scan.notice()
    pid = service.wait_program()
    logger = Service.__new__(Service)
    logger.path = service.path / "log"
    logger.wait_up()
    link.unlink()
    scan.notice()
    left = scan.path / ".svscan" / "left"
    scan.wait_until(lambda: left.is_dir() and list(left.iterdir()))
    scan.kill()
    scan.start()
    scan.wait_until(lambda: service.svok() == 0)
    assert service.wait_up() == pid
    service.svc("-dx")
    logger.svc("-dx")
    scan.wait_until(lambda: service.svok() != 0 and logger.svok() != 0)
    scan.notice()
    scan.wait_until(lambda: not list(left.iterdir()))
    assert not is_alive(pid)


def test_of_a_service_without_a_name_only_the_rest_comes_back(scan):
    """The service was told to leave, its logger not yet, when svscan died."""
    service = Service(scan.outside / "away")
    service.add_log()
    link = scan.path / "linked"
    link.symlink_to(service.path)
    scan.start()
    scan.notice()
    service.wait_program()
    logger = Service.__new__(Service)
    logger.path = service.path / "log"
    logger.wait_up()
    link.unlink()
    scan.notice()
    left = scan.path / ".svscan" / "left"
    wait_until(lambda: left.is_dir() and list(left.iterdir()))
    service.svc("-dx")
    scan.wait_until(lambda: service.svok() != 0)
    scan.kill()
    scan.start()
    scan.wait_until(lambda: logger.svok() == 0)
    logger.wait_up()  # another: without service and svscan its input had ended
    logger.svc("-dx")
    scan.wait_until(lambda: logger.svok() != 0)
    scan.notice()
    scan.wait_until(lambda: not list(left.iterdir()))
    assert service.svok() != 0 and service.value("starts") == 1
