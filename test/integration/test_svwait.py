"""svwait(8), and svc(8) with --wait: events, not polling; nothing is missed."""

import os
import resource
import signal
import subprocess
import time

import pytest

from support import (
    BIN,
    LOOP,
    Host,
    Service,
    process_fields,
    program_of,
    wait_until,
    write_script,
)

STUBBORN = "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 0.05; done\n"


def run(program, *argv, **options):
    return subprocess.run(
        [BIN / program, *argv], capture_output=True, text=True, timeout=60, **options
    )


@pytest.fixture
def waiter(programs):
    """Starts a program that waits; returns when it has looked and sleeps."""

    def start(program, *argv, **options):
        process = programs.start(
            BIN / program,
            *argv,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **options,
        )
        wait_until(lambda: sleeps(process.pid, program), what=f"{program} sleeps")
        return process

    return start


def sleeps(pid, program):
    """It waits for nothing but events, once it has begun to wait."""
    fields = process_fields(pid)
    return program_of(pid) == program and fields and fields[0] == "S"


def outcome(process):
    text, _ = process.communicate(timeout=120)
    return process.returncode, text


def test_what_is_so_already_is_not_waited_for(scan):
    up, down = scan.make("up"), scan.make("down", down=True)
    scan.start()
    up.wait_program()
    down.wait_phase("down")
    for options in (["-u", up.path], ["-d", down.path], ["-D", down.path], []):
        assert run("svwait", *options).returncode == 0
    assert run("svwait", "-o", up.path, down.path).returncode == 0


def test_time_runs_out(scan):
    up, down = scan.make("up"), scan.make("down", down=True)
    scan.start()
    up.wait_program()
    down.wait_phase("down")
    begun = time.monotonic()
    done = run("svwait", "-t", "300", "up", "down", cwd=scan.path)
    assert time.monotonic() - begun >= 0.3
    assert (done.returncode, done.stdout) == (99, "")
    assert done.stderr == "svwait: warning: timed out waiting for down\n"


def test_all_are_waited_for_or_the_first(scan, waiter):
    services = [scan.make(f"s{i}", down=True) for i in range(3)]
    scan.start()
    for service in services:
        service.wait_phase("down")
    paths = [service.path for service in services]
    every, first = waiter("svwait", *paths), waiter("svwait", "-o", *paths)
    services[1].svc("-u")
    assert outcome(first) == (0, "")
    services[0].svc("-u")
    services[0].wait_program()
    assert every.poll() is None
    services[2].svc("-u")
    assert outcome(every) == (0, "")


def test_down_and_restarted(scan, waiter):
    service = scan.make()
    scan.start()
    pid = service.wait_program()
    restarted = waiter("svwait", "-r", service.path)
    down = waiter("svwait", "-d", service.path)
    os.kill(pid, signal.SIGKILL)
    assert outcome(restarted) == (0, "")
    assert service.wait_up() != pid
    assert outcome(down) == (0, "")  # the instant between was enough


def test_ready_without_a_word_is_a_second_of_being_up(scan):
    service = scan.make(down=True)
    scan.start()
    service.wait_phase("down")
    service.svc("-u")
    assert run("svwait", "-U", service.path).returncode == 0
    pid = service.pid()
    age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - int(
        process_fields(pid)[19]
    ) / os.sysconf("SC_CLK_TCK")
    assert age_s >= 0.95


def test_ready_is_what_check_says(scan, waiter):
    service = scan.make(down=True)
    check = service.path / "check"
    check.write_text("#!/bin/sh\necho noise\nexec test -e available\n")
    check.chmod(0o755)
    scan.start()
    service.wait_phase("down")
    process = waiter("svwait", "-U", service.path)
    service.svc("-u")
    service.wait_program()
    late = run("svwait", "-U", "-t", "1500", service.path)
    assert late.returncode == 99
    (service.path / "available").touch()
    assert outcome(process) == (0, "")


def test_really_down_is_when_finish_has_ended(scan, waiter):
    service = scan.make()
    write_script(service.path / "finish", "#!/bin/sh\nread line <go\n")
    os.mkfifo(service.path / "go")
    scan.start()
    service.wait_program()
    down, really = waiter("svwait", "-d", service.path), waiter("svwait", "-D", service.path)
    service.svc("-d")
    assert outcome(down) == (0, "")
    service.wait_phase("finishing")
    assert run("svwait", "-D", "-t", "200", service.path).returncode == 99
    assert really.poll() is None
    (service.path / "go").write_text("\n")
    assert outcome(really) == (0, "")


def test_ready_is_what_the_service_says(scan, waiter):
    service = scan.make(run="#!/bin/sh\nread line <go\necho >&3\nexec sleep 1000\n")
    os.mkfifo(service.path / "go")
    (service.path / "notification-fd").write_text("3\n")
    scan.start()
    service.wait_up()
    process = waiter("svwait", "-U", service.path)
    assert run("svwait", "-u", service.path).returncode == 0
    assert run("svwait", "-U", "-t", "1500", service.path).returncode == 99
    sv = waiter("sv", "-w", "30", "start", service.path)
    assert process.poll() is None and sv.poll() is None
    (service.path / "go").write_text("\n")
    assert outcome(process) == (0, "")
    assert sv.wait(120) == 0


def test_one_that_has_failed_for_good_is_not_waited_for(scan, waiter):
    good, bad = scan.make("good", down=True), scan.make("bad", down=True)
    write_script(bad.path / "run", "#!/bin/sh\nexit 1\n")
    write_script(bad.path / "finish", "#!/bin/sh\nexit 125\n")
    scan.start()
    for service in good, bad:
        service.wait_phase("down")
    process = waiter("svwait", "-R", good.path, bad.path)
    good.svc("-u")
    good.wait_up()
    bad.svc("-u")
    code, text = outcome(process)
    assert (code, text) == (1, f"svwait: warning: {bad.path} has failed\n")


def test_descriptors_for_many_services_are_found(scan):
    service = scan.make()
    scan.start()
    service.wait_program()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]

    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))

    many = [service.path] * 200
    assert run("svwait", "-u", *many, preexec_fn=few).returncode == 0
    done = run("sv", "check", *many, preexec_fn=few)
    assert (done.returncode, done.stdout.count("ok: run: ")) == (0, 200)


def test_a_service_may_come_into_being(scan, waiter):
    """A directory that nobody has looked at yet, then svscan finds it."""
    service = Service(scan.outside / "service")
    process = waiter("svwait", "-u", service.path)
    (scan.path / "service").symlink_to(service.path)
    scan.start()
    assert outcome(process) == (0, "")


def test_a_supervisor_that_is_replaced_is_not_missed(scan, waiter):
    service = scan.make()
    scan.start()
    pid = service.wait_program()
    process = waiter("svwait", "-r", service.path)
    scan.kill()
    scan.start()
    scan.wait_until(lambda: service.svok() == 0)
    assert process.poll() is None
    os.kill(pid, signal.SIGKILL)
    scan.wait_until(lambda: service.pid() not in (0, pid))
    assert outcome(process) == (0, "")


def test_without_a_supervisor_nothing_is_expected(scan, waiter):
    service = scan.make()
    scan.start()
    service.wait_program()
    process = waiter("svwait", "-d", service.path)
    begun = time.monotonic()
    scan.kill()
    code, text = outcome(process)
    assert (code, text) == (102, f"svwait: warning: nobody supervises {service.path}\n")
    assert time.monotonic() - begun >= 4.5  # another one might have come


def test_what_its_supervisor_left_down_is_down(scan, waiter):
    service = scan.make()
    host = Host(scan.outside, scan.programs)
    host.start_program(BIN / "supervise", service.path)
    service.wait_program()
    process = waiter("svwait", "-D", service.path)
    service.svc("-dx")
    assert outcome(process) == (0, "")
    assert host.process.wait(120) == 0
    assert run("svwait", "-d", service.path).returncode == 0


def test_wrong_use(tmp_path):
    assert run("svwait", "-t", "x", ".").returncode == 100
    assert run("svwait", "-q", ".").returncode == 100
    done = run("svwait", tmp_path / "nowhere")
    assert done.returncode == 111
    assert done.stderr == (
        f"svwait: warning: unable to open {tmp_path}/nowhere: file does not exist\n"
    )


@pytest.mark.skipif(LOOP == "poll", reason="this loop has no directory events")
def test_it_sleeps_while_nothing_happens(scan, waiter):
    service = scan.make()
    scan.start()
    service.wait_program()
    process = waiter("svwait", "-d", service.path)

    def switches():
        with open(f"/proc/{process.pid}/status") as file:
            lines = [line for line in file if "voluntary_ctxt" in line]
        return [int(line.split()[1]) for line in lines][0]

    def is_idle():
        before = switches()
        done = run("svwait", "-d", "-t", "1000", service.path)  # a second goes by
        assert done.returncode == 99
        return switches() == before

    wait_until(is_idle)


# ---- svc ----


def test_svc_waits_for_what_it_does(scan):
    service = scan.make(down=True)
    scan.start()
    service.wait_phase("down")
    done = run("svc", "-u", "--wait=up", service.path)
    assert (done.returncode, done.stderr) == (0, "")
    pid = service.pid()
    assert pid != 0
    for _ in range(3):
        done = run("svc", "-t", "--wait", "restarted", "--timeout=100", service.path)
        assert (done.returncode, done.stderr) == (0, "")
        assert service.pid() not in (0, pid)
        pid = service.pid()
    done = run("svc", "-d", "--wait=down", service.path)
    assert (done.returncode, done.stderr) == (0, "")
    assert service.pid() == 0


def test_svc_gives_up_in_time(scan):
    service = scan.make(run=STUBBORN)
    scan.start()
    pid = service.wait_up()
    wait_until(lambda: int(signal_ignored(pid), 16) >> (signal.SIGTERM - 1) & 1)
    done = run("svc", "-d", "--wait=down", "--timeout=0.3", service.path)
    assert done.returncode == 99
    assert done.stderr == f"svc: warning: timed out waiting for {service.path}\n"
    done = run("svc", "-k", "--wait=down", service.path)
    assert done.returncode == 0


def signal_ignored(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(line for line in file if line.startswith("SigIgn")).split()[1]


def test_svc_does_not_wait_where_nobody_listens(scan):
    service = Service(scan.outside / "service")
    done = run("svc", "-u", "--wait=up", service.path)
    assert done.returncode == 102
    assert done.stderr.splitlines() == [
        f"svc: warning: unable to control {service.path}: file does not exist",
        f"svc: warning: nobody supervises {service.path}",
    ]
    assert run("svc", "-u", "--wait=sideways", service.path).returncode == 100
    assert run("svc", "-u", "--timeout=x", service.path).returncode == 100
