"""What svscanboot keeps open for svscan: doc/crash-only.md, "Who keeps what"."""

import os
import pathlib
import shutil
import signal
import subprocess

import pytest

import support
from booted import NOBODY, Boot, end, script
from support import BIN, is_alive, program_of, wait_until


@pytest.fixture
def boot(tmp_path, programs):
    return Boot(tmp_path, programs)


def access_of(pid, fd=1):
    """O_WRONLY or O_RDWR: how a process has that descriptor open."""
    text = pathlib.Path(f"/proc/{pid}/fdinfo/{fd}").read_text()
    return int(text.split("flags:")[1].split()[0], 8) & os.O_ACCMODE


COUNTER = script(
    """
    import os, time
    number = 0
    while True:
        os.write(1, b"%d\\n" % number)
        number += 1
        time.sleep(0.001)
    """
)

THIEF = script(
    f"""
    import os, select, sys, time
    if os.fork() == 0:
        # Privilege separation, as sshd has it.
        if os.getuid() == 0:
            os.setgroups([])
            os.setgid({NOBODY})
            os.setuid({NOBODY})
        out = open(sys.argv[1] if len(sys.argv) > 1 else "/dev/null", "w")
        said = []
        try:
            os.open("/proc/self/fd/1", os.O_RDONLY | os.O_NONBLOCK)
            said.append("reopened")
        except OSError as error:
            pass
        try:
            os.read(1, 4096)
            said.append("read")
        except OSError as error:
            said.append(error.strerror)
        os.write(3, " ".join(said).encode())
        os._exit(0)
    os.wait()
    for number in range(2000):
        os.write(1, b"%d\\n" % number)
    time.sleep(1000)
    """
)


def numbers_in(text):
    return [int(line.split()[-1]) for line in text.splitlines()]


def is_counted(lines):
    """Whole, in order, and each once."""
    return lines == [str(number) for number in range(len(lines))]


@pytest.mark.skipif(os.getuid() != 0, reason="needs other users")
@pytest.mark.parametrize("logger", ["multilog", "cat"])
def test_a_service_cannot_read_what_it_logs(boot, tmp_path, logger):
    """Nor can a child of it that has other ids: a third of the lines went to
    such a one while standard output was open for reading, too."""
    found = tmp_path / "found"
    service = boot.make(run=f"#!/bin/sh\nexec ./thief 3>{found}\n", down=True)
    support.write_script(service.path / "thief", THIEF)
    run = support.KEEPER
    if logger == "multilog":
        run = f"#!/bin/sh\nexec {BIN}/multilog t ../kept\n"
    service.add_log(run)
    (service.path / "down").unlink()
    boot.start()
    name = "kept/current" if logger == "multilog" else "log/lines"
    lines = service.wait_lines(name, 2000)
    assert numbers_in("\n".join(lines)) == list(range(2000))
    assert found.read_text() == "Bad file descriptor"


def test_without_svscanboot_the_service_is_its_own_reader(scan):
    """The way of old, as nobody else would outlive svscan and logger."""
    service = make_logged(scan, support.SLEEPER)
    scan.start()
    assert access_of(service.wait_program()) == os.O_RDWR


def make_logged(boot, run=COUNTER, name="service", logger=support.KEEPER):
    """A service, and its log as another one: service.log."""
    service = boot.make(name, run=None)
    service.log = service.add_log(logger)
    service.run(run)
    return service


def log_grows(service, name="log/lines"):
    count = len(service.lines(name))
    return service.wait_lines(name, count + 100)


def test_svscan_and_logger_killed_together_lose_no_line(boot):
    """And the service, though it holds no more than the end for writing, meets
    no pipe without a reader."""
    multilog = f"#!/bin/sh\nexec {BIN}/multilog s999999 ../kept\n"
    service = make_logged(boot, logger=multilog)
    boot.start()
    pid = service.wait_up()
    boot.wait_kept(1)
    for life in range(3):
        log_grows(service, "kept/current")
        assert access_of(pid) == os.O_WRONLY
        svscan, logger = boot.svscan(), service.log.wait_up()
        boot.freeze()
        end(svscan, logger)
        before = written_by(pid)
        wait_until(lambda: written_by(pid) > before + 500, what="more lines")
        boot.thaw()
        log_grows(service, "kept/current")
        assert service.pid() == pid
        boot.wait_kept(1)
    boot.stop()
    # What a logger was writing when it was killed may be there twice.
    files = [path for path in (service.path / "kept").iterdir() if path.name != "lock"]
    found = {int(line) for path in files for line in path.read_text().split()}
    assert found == set(range(max(found) + 1))


def written_by(pid):
    """How many bytes a process has written in all; it must be alive."""
    return int(pathlib.Path(f"/proc/{pid}/io").read_text().split()[3])


HUNDREDS = script(
    """
    import os, pathlib, time
    place = pathlib.Path("written")
    place.touch()
    number = int(place.read_text() or 0)
    for number in range(number, number + 100):
        os.write(1, b"%d\\n" % number)
    place.write_text(str(number + 1))
    time.sleep(1000)
    """
)


def test_all_three_killed_lose_no_line_either(boot):
    service = make_logged(boot, HUNDREDS)
    boot.start()
    service.wait_lines("log/lines", 100)
    pid, logger, svscan = service.wait_up(), service.log.wait_up(), boot.svscan()
    boot.wait_kept(1)
    os.kill(logger, signal.SIGSTOP)
    os.kill(pid, signal.SIGKILL)
    second = service.wait_up(besides=pid)
    wait_until(lambda: service.read("written") == "200")
    boot.freeze()
    end(svscan, second, logger)
    boot.thaw()
    lines = service.wait_lines("log/lines", 300)
    assert is_counted(lines)


def test_what_svscan_lets_go_svscanboot_does_too(boot):
    removed, renewed, lost = (make_logged(boot, support.SLEEPER, name) for name in "abc")
    boot.start()
    boot.wait_kept(3)
    removed.wait_up()
    aside = boot.outside / "a"
    removed.path.rename(aside)
    boot.notice()
    subprocess.run([BIN / "svc", "-dx", aside, aside / "log"], check=True)
    boot.wait_kept(2)
    # A pipe that somebody takes away: of the old one nothing stays.
    pid = renewed.wait_up()
    (renewed.path / "supervise/pipe").unlink()
    os.kill(pid, signal.SIGKILL)
    assert access_of(renewed.wait_program(besides=pid)) == os.O_WRONLY
    boot.wait_kept(2)
    # A service that is gone before the next svscan comes.
    pids = lost.wait_up(), lost.log.wait_up()
    boot.freeze()
    svscan = boot.kill_svscan()
    end(*pids)
    shutil.rmtree(lost.path)
    boot.thaw()
    boot.svscan(besides=svscan)
    boot.wait_kept(1)


def test_it_is_kept_through_upgrades_and_kills(boot):
    service = make_logged(boot)
    boot.start()
    pid = service.wait_up()
    boot.wait_kept(1)
    for life in range(3):
        subprocess.run([BIN / "svscanctl", "-u", boot.path], check=True)
        log_grows(service)
        svscan = boot.kill_svscan()
        boot.svscan(besides=svscan)
        log_grows(service)
    assert service.pid() == pid
    subprocess.run([BIN / "svc", "-t", service.path], check=True)
    assert access_of(service.wait_up(besides=pid)) == os.O_WRONLY
    wait_until(lambda: service.lines("log/lines").count("0") == 2)
    boot.wait_kept(1)
    boot.stop()
    lines = service.lines("log/lines")
    assert is_counted(lines[: lines.index("0", 1)])


def test_svscanboot_killed_alone(boot):
    """Its svscan goes on, as one that never had it; the next svscanboot keeps
    what its svscan takes over."""
    service = make_logged(boot)
    boot.start()
    first = service.wait_up()
    boot.wait_kept(1)
    svscan = boot.svscan()
    boot.kill()
    log_grows(service)
    os.kill(first, signal.SIGKILL)
    pid = service.wait_up(besides=first)
    wait_until(lambda: program_of(pid) not in ("svscan", None))
    assert access_of(pid) == os.O_RDWR
    boot.start()
    boot.wait_until(lambda: not is_alive(svscan), what="its end")
    boot.wait_kept(1)
    log_grows(service)
    assert service.pid() == pid
    os.kill(pid, signal.SIGKILL)
    boot.wait_until(lambda: service.pid() not in (0, pid), what="another one")
    pid = service.wait_up()
    wait_until(lambda: program_of(pid) not in ("svscan", None))
    assert access_of(pid) == os.O_WRONLY


def test_svscanboot_and_svscan_killed_together(boot):
    """The logger is a reader, too."""
    service = make_logged(boot)
    boot.start()
    pid = service.wait_up()
    boot.wait_kept(1)
    boot.freeze()
    end(boot.kill_svscan())
    boot.kill()
    log_grows(service)
    boot.start()
    boot.wait_kept(1)
    log_grows(service)
    assert service.pid() == pid
    boot.stop()
    assert is_counted(service.lines("log/lines"))


def test_all_have_the_end_for_writing_when_many_start(boot):
    """They come faster than svscanboot could keep them one by one."""
    services = [
        make_logged(boot, support.SLEEPER, f"s{number}", support.SLEEPER)
        for number in range(150)
    ]
    boot.start()
    pids = [service.wait_program(limit_s=120) for service in services]
    assert {access_of(pid) for pid in pids} == {os.O_WRONLY}
    boot.wait_kept(150)
    svscan = boot.kill_svscan()
    boot.svscan(besides=svscan)
    wait_until(lambda: subprocess.run([BIN / "svok", services[-1].path]).returncode == 0)
    boot.wait_kept(150)
    assert [service.pid() for service in services] == pids


def test_descriptor_limits_of_services_are_those_of_before(boot):
    """svscanboot raises its own, to keep as much as it may."""
    service = boot.make(run="#!/bin/sh\nulimit -n >limit\nexec sleep 1000\n")
    boot.start(preexec_fn=low_limit)
    assert service.wait_lines("limit", 1) == ["256"]
    text = pathlib.Path(f"/proc/{boot.pid}/limits").read_text()
    (line,) = [line for line in text.splitlines() if "open files" in line]
    assert line.split()[3] == line.split()[4]


def low_limit():
    import resource

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))


def test_what_all_write_to_the_log_service_none_can_read(boot):
    run = "#!/bin/sh\necho error of $$ >&2\nexec sleep 1000\n"
    service = boot.make(run=run)
    log = boot.make(".log", run="#!/bin/sh\nexec cat >>lines\n")
    boot.start(".log")
    pid = service.wait_program()
    assert {access_of(pid, fd) for fd in (1, 2)} == {os.O_WRONLY}
    wait_until(lambda: f"error of {pid}" in log.lines())
    boot.wait_kept(1)
    boot.freeze()
    end(boot.kill_svscan(), log.wait_up())
    os.kill(pid, signal.SIGKILL)
    boot.thaw()
    again = service.wait_program(besides=pid)
    wait_until(lambda: f"error of {again}" in log.lines())
    boot.stop()
