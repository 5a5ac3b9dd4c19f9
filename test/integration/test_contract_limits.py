"""What a service directory may say at its limits, and what it says wrongly."""

import os
import resource
import signal
import subprocess

import pytest

from support import BIN, is_alive, program_of, wait_until

NAMESPACE = ["unshare", "--pid", "--fork", "--mount-proc"]
LIMIT = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
# A namespace's process 1 gets no signal that it has no handler for.
INIT = "#!/bin/sh\ntrap 'exit 0' TERM\necho $$ >>lines\nwhile :; do sleep 0.02; done\n"


def notifier(number):
    """Tells that it is ready when there is a file "go"."""
    return f"""#!/usr/bin/python3
import os, time
while not os.path.exists("go"): time.sleep(0.02)
os.write({number}, b"\\n"); os.close({number})
time.sleep(1000)
"""


def say(service, **files):
    for name, text in files.items():
        (service.path / name.replace("_", "-")).write_text(f"{text}\n")


@pytest.mark.parametrize("number", [1, 3, 9, 255, LIMIT - 1 if LIMIT < 65536 else 1000])
def test_any_descriptor_may_be_the_one_that_notifies(scan, number):
    service = scan.make(run=notifier(number))
    say(service, notification_fd=number)
    scan.start()
    service.wait_up()
    assert service.state()["ready"] == "0"
    (service.path / "go").touch()
    wait_until(lambda: service.state()["ready"] == "1")
    assert scan.said() == []
    scan.stop()


@pytest.mark.parametrize("text", ["-1", "3x", "", "3 4", "4294967299", "9" * 30])
@pytest.mark.parametrize("name", ["notification-fd", "lock-fd"])
def test_what_is_no_descriptor_is_told_of_and_not_used(scan, name, text):
    service = scan.make()
    (service.path / name).write_text(f"{text}\n")
    scan.start()
    pid = service.wait_program()
    assert [line for line in scan.said() if f"service/{name}: " in line] == scan.said()
    assert len(scan.said()) == 1
    # The loader has another one for a moment.
    wait_until(lambda: sorted(os.listdir(f"/proc/{pid}/fd")) == ["0", "1", "2"])
    scan.stop()


@pytest.mark.parametrize("name", ["notification-fd", "lock-fd"])
def test_a_descriptor_above_the_limit_keeps_that_service_alone_from_starting(scan, name):
    service, other = scan.make(), scan.make("other")
    (service.path / name).write_text("900\n")
    scan.start("sh", "-c", 'ulimit -n 400; exec "$0" "$@"')
    other.wait_program()
    wait_until(lambda: any(" service" in line for line in scan.said()))
    assert program_of(service.pid()) != "sleep"
    (service.path / name).unlink()
    service.wait_program()
    scan.stop()


def test_one_number_for_both_descriptors_is_refused_for_the_lock(scan):
    service = scan.make(run=notifier(5))
    say(service, notification_fd=5, lock_fd=5)
    scan.start()
    service.wait_up()
    (service.path / "go").touch()
    wait_until(lambda: service.state()["ready"] == "1")
    assert len(scan.said()) == 1 and "service/lock-fd: " in scan.said()[0]
    scan.stop()


def test_no_limit_of_time_is_one_of_zero(scan):
    service = scan.make(run="#!/bin/sh\ntrap '' TERM\n: >deaf\nwhile :; do sleep 0.02; done\n")
    say(service, timeout_kill=0)
    scan.start()
    wait_until(lambda: (service.path / "deaf").exists())
    pid = service.pid()
    service.svc("-d")
    wait_until(lambda: service.state()["term-sent"] == "1")
    assert service.state()["limit-ns"] == "0"
    say(service, timeout_kill=100)  # a process keeps what held when it started
    service.svc("-x")
    assert is_alive(pid)
    service.svc("-k")
    scan.wait_until(lambda: service.svok() == 100)


@pytest.mark.parametrize("count", [0, 1, 2, 4096, 5000])
def test_the_tally_is_as_long_as_it_may_be(scan, count):
    service = scan.make(run="#!/bin/sh\nexit 3\n")
    say(service, max_death_tally=count, restart="always delay=1ms")
    tally = service.path / "supervise" / "death_tally"
    tally.parent.mkdir(mode=0o700)
    # Of an earlier supervisor, and as long as s6 makes it.
    tally.write_bytes(bytes.fromhex("400000006b03c621001ffcf40300") * 4096)
    scan.start()
    wait_until(lambda: service.value("deaths") >= 2)
    if count == 0:
        assert not tally.exists()
    else:
        assert tally.stat().st_size == 14 * min(count, 4096)
    scan.stop()


@pytest.fixture
def namespaces():
    if os.geteuid() != 0:
        pytest.skip("makes pid namespaces")
    probe = subprocess.run([*NAMESPACE, "true"], capture_output=True, timeout=120)
    if probe.returncode != 0:
        pytest.skip("no pid namespaces here: " + probe.stderr.decode())


def test_process_1_of_a_namespace_stops_and_is_killed(scan, namespaces):
    service = scan.make(run=INIT)
    deaf = scan.make("deaf", run="#!/bin/sh\necho $$ >>lines\nexec sleep 1000\n")
    for one in service, deaf:
        say(one, flag_newpidns="", timeout_kill=300)
    scan.start()
    wait_until(lambda: service.lines() or "unable to fork" in "".join(scan.said()))
    if not service.lines():
        pytest.skip("spawn() by fork(2) makes no namespaces")
    for one in service, deaf:
        assert one.wait_lines("lines", 1) == ["1"]
        pid = one.wait_up()
        one.svc("-d")
        one.wait_down()
        assert not is_alive(pid)
    assert service.state()["last-end"] == "exit"
    assert (deaf.state()["last-end"], deaf.state()["last-end-number"]) == ("signal", "9")
    scan.stop()


def test_a_namespace_in_that_of_a_container(scan, namespaces):
    """svscan is process 1, and its service is process 1 of one further in."""
    service = scan.make(run=INIT)
    say(service, flag_newpidns="")
    process = scan.start_program(*NAMESPACE, BIN / "svscan", scan.path)
    wait_until(lambda: service.lines() or "unable to fork" in "".join(scan.said()))
    if not service.lines():
        pytest.skip("spawn() by fork(2) makes no namespaces")
    assert service.lines() == ["1"]
    service.svc("-t")
    assert service.wait_lines("lines", 2) == ["1", "1"]
    service.svc("-dx")
    scan.wait_until(lambda: service.svok() == 100)
    assert process.poll() is None
