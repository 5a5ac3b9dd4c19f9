"""on-giving-up: one service fails for good, and all ends with a code of its choice."""

import os
import signal
import subprocess

import pytest

from support import BIN, SLEEPER, Host, Service, is_alive, wait_until, write_script

NAMESPACE = ["unshare", "--pid", "--fork", "--mount-proc"]
if os.getuid() != 0:
    NAMESPACE[1:1] = ["--user", "--map-root-user"]

# Told to end, it does so when it may.
PATIENT = """#!/bin/sh
trap 'echo told >>trace; while ! [ -e go ]; do sleep 0.02; done; exit 0' TERM
echo up >>trace
while :; do sleep 0.02; done
"""
HOPELESS = {
    "policy": {"run": "exit 3", "restart": "never"},
    "limit": {"run": "exit 0", "restart": "always limit=1/10s"},
    "finish": {"run": "exit 0", "finish": "exit 125"},
    "start": {"run": "exec sleep 1000", "start": "exit 1"},
    "encore": {"run": "exit 100", "dialect": "encore"},
    "late": {"run": "exec sleep 1000", "notification-fd": "3", "timeout-up": "100"},
}
SCRIPTS = ("run", "finish", "start")


def demand(service, code, **files):
    """The service shall give up, and then all shall end with that code."""
    for name, text in files.items():
        if name in SCRIPTS:
            write_script(service.path / name, f"#!/bin/sh\n{text}\n")
        else:
            (service.path / name).write_text(f"{text}\n")
    (service.path / "on-giving-up").write_text(f"shutdown {code}\n")


def end_of(process, limit_s=60):
    return process.wait(limit_s)


@pytest.mark.parametrize("reason", HOPELESS)
def test_all_stops_in_good_order_with_the_code(scan, reason):
    other = scan.make("other", run=PATIENT)
    (other.path / "go").touch()
    log = other.add_log()
    demand(scan.make("main", run=None), 42, **HOPELESS[reason])
    wait_until(lambda: (log.path / "run").exists())
    process = scan.start()
    assert end_of(process) == 42
    assert "svscan: warning: stopping everything, to exit 42: main has given up" in (
        scan.said()
    )
    assert (other.pid(), log.pid()) == (0, 0)
    assert not (scan.path / ".svscan" / "giving-up").exists()


def test_a_logger_may_demand_it(scan):
    service = scan.make()
    log = service.add_log(run=None)
    demand(log, 5, **HOPELESS["policy"])
    assert end_of(scan.start()) == 5
    assert service.pid() == 0


def test_nothing_is_the_default_and_can_be_said(scan):
    for name, text in ("silent", None), ("said", "nothing"):
        service = scan.make(name, run="#!/bin/sh\nexit 1\n")
        (service.path / "restart").write_text("never\n")
        if text:
            (service.path / "on-giving-up").write_text(f"{text}\n")
    other = scan.make("other")
    scan.start()
    for name in "silent", "said":
        scan.wait_said(f"svscan: warning: {name} failed for good: never to be restarted")
    assert is_alive(other.wait_program())
    scan.stop()


def test_what_has_done_its_work_gives_nothing_up(scan):
    service = scan.make("main", run=None)
    demand(service, 42, run="exit 0", restart="on-failure")
    scan.start()
    wait_until(lambda: service.value("deaths") == 1)
    service.wait_phase("down")
    scan.stop()


def test_what_is_told_to_be_down_gives_nothing_up(scan):
    service = scan.make("main", run=None)
    demand(service, 42, run="exec sleep 1000", finish="exit 125", restart="never")
    scan.start()
    service.wait_program()
    service.svc("-d")
    service.wait_phase("down")
    scan.stop()


def test_others_have_the_time_that_they_need(scan):
    other = scan.make("other", run=PATIENT)
    main = scan.make("main", run=None)
    demand(main, 42, run="while ! [ -e go ]; do sleep 0.02; done; exit 1", restart="never")
    process = scan.start()
    other.wait_lines("trace", 1)
    (main.path / "go").touch()
    other.wait_lines("trace", 2)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)  # as good as done
    (other.path / "go").touch()
    assert end_of(process) == 42


def test_a_supervisor_killed_on_the_way_is_followed_by_one_that_goes_on(scan):
    other = scan.make("other", run=PATIENT)
    main = scan.make("main", run=None)
    demand(main, 42, run="while ! [ -e go ]; do sleep 0.02; done; exit 1", restart="never")
    scan.start()
    pid = other.wait_up()
    other.wait_lines("trace", 1)
    (main.path / "go").touch()
    other.wait_lines("trace", 2)
    scan.kill()
    assert is_alive(pid)
    (other.path / "go").touch()
    process = scan.start()
    scan.wait_until(lambda: process.poll() is not None, 60)
    assert process.returncode == 42
    assert other.lines("trace")[:2] == ["up", "told"] and not is_alive(pid)
    (main.path / "go").unlink()  # or it gives up again, maybe before the other is seen
    scan.start()  # and that was that
    other.wait_up(besides=pid)


def test_what_has_ended_for_it_is_not_started_by_the_next_supervisor(scan):
    slow, quick = scan.make("slow", run=PATIENT), scan.make("quick", run=PATIENT)
    (quick.path / "go").touch()
    main = scan.make("main", run=None)
    demand(main, 42, run="while ! [ -e go ]; do sleep 0.02; done; exit 1", restart="never")
    scan.start()
    for service in slow, quick:
        service.wait_lines("trace", 1)
    (main.path / "go").touch()
    quick.wait_phase("gone")
    slow.wait_lines("trace", 2)
    scan.kill()
    (slow.path / "go").touch()
    process = scan.start()
    scan.wait_until(lambda: process.poll() is not None, 60)
    assert process.returncode == 42
    assert quick.lines("trace") == ["up", "told"]
    assert main.value("starts") <= 1


def test_the_record_of_another_boot_is_nothing(scan):
    service = scan.make()
    (scan.path / ".svscan").mkdir()
    record = scan.path / ".svscan" / "giving-up"
    record.write_text("code=42\nboot=00000000-0000-0000-0000-000000000000\n")
    scan.start()
    service.wait_program()
    assert not record.exists()
    scan.stop()


@pytest.mark.parametrize("code", [99, 100, 111, 256])
def test_a_code_that_means_something_else_is_refused(scan, code):
    service = scan.make("main", run=None)
    demand(service, code, **HOPELESS["policy"])
    scan.start()
    service.wait_phase("down")
    assert any("main/on-giving-up: expected" in line for line in scan.said())
    scan.stop()


def test_runsvdir_ends_with_the_code_too(scan):
    demand(scan.make("main", run=None), 7, **HOPELESS["policy"])
    host = Host(scan.outside, scan.programs)
    assert end_of(host.start_program(BIN / "runsvdir", scan.path)) == 7


class Single(Host):
    """supervise, or runsv, and its one service."""

    def __init__(self, scan, program):
        super().__init__(scan.outside, scan.programs)
        self.program = program
        self.service = Service(scan.outside / "main", run=None)

    def start(self):
        return self.start_program(BIN / self.program, self.service.path)


@pytest.fixture(params=["supervise", "runsv"])
def single(request, scan):
    return Single(scan, request.param)


@pytest.mark.parametrize("reason", HOPELESS)
def test_a_supervisor_of_one_service_ends_with_the_code_too(single, reason):
    demand(single.service, 42, **HOPELESS[reason])
    assert end_of(single.start()) == 42
    path = single.service.path
    line = f"{single.program}: warning: stopping everything, to exit 42: {path} has given up"
    assert single.times_said(line) == 1
    assert not (path / "supervise" / "giving-up").exists()
    assert single.service.svok() == 100
    # The next one begins anew, as a container does that is started again.
    assert end_of(single.start()) == 42
    assert single.times_said(line) == 2


def test_a_supervisor_of_one_service_goes_on_for_one_that_was_killed(single):
    """Between the record and the end: here while the service still runs."""
    service = single.service
    demand(service, 42, run=f"exec >>trace\n{PATIENT}", **{
        "notification-fd": "3", "timeout-up": "100",
    })  # fmt: skip
    single.start()
    service.wait_lines("trace", 2)
    pid = service.pid()
    single.kill()
    assert is_alive(pid) and (service.path / "supervise" / "giving-up").exists()
    (service.path / "go").touch()
    process = single.start()
    single.wait_until(lambda: process.poll() is not None, 60)
    assert process.returncode == 42 and not is_alive(pid)
    assert not (service.path / "supervise" / "giving-up").exists()


def test_the_record_of_another_boot_ends_no_service_alone(single):
    write_script(single.service.path / "run", SLEEPER)
    (single.service.path / "supervise").mkdir()
    record = single.service.path / "supervise" / "giving-up"
    record.write_text("code=42\nboot=00000000-0000-0000-0000-000000000000\n")
    single.start()
    single.service.wait_program()
    assert not record.exists()
    single.stop()


def test_a_supervisor_of_one_service_told_to_stop_ends_as_ever(single):
    demand(single.service, 42, run="exec sleep 1000", finish="exit 125", restart="never")
    single.start()
    single.service.wait_program()
    single.stop()


def test_runsv_ends_its_service_when_the_log_gives_up(scan):
    single = Single(scan, "runsv")
    write_script(single.service.path / "run", SLEEPER)
    log = single.service.add_log(run=None)
    demand(log, 5, **HOPELESS["policy"])
    assert end_of(single.start()) == 5
    assert single.service.pid() == 0


@pytest.mark.parametrize("program", ["svscan", "svscanboot"])
@pytest.mark.parametrize("code", [0, 42, 142])
def test_container_ends_with_the_code(scan, program, code):
    probe = subprocess.run([*NAMESPACE, "true"], capture_output=True, timeout=120)
    if probe.returncode != 0:
        pytest.skip("no pid namespaces here: " + probe.stderr.decode())
    other = scan.make("other", run=PATIENT)
    (other.path / "go").touch()
    demand(scan.make("main", run=None), code, **HOPELESS["policy"])
    process = scan.start_program(*NAMESPACE, BIN / program, scan.path)
    assert end_of(process) == code
    wait_until(lambda: other.pid() == 0)
