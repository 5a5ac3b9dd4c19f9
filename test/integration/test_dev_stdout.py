"""/dev/stdout and /dev/stderr of services under another user: chpst --give-output."""

import os
import pathlib
import pwd
import stat
import subprocess

import pytest

from support import BIN, kill_and_start, wait_until

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user"),
    pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="no /dev/stdout that is opened anew"),
]
# Each start has its number; what is written by way of the device comes second. What
# cat says itself comes in pieces, between which another service can write.
TALKS = """#!/bin/sh
exec 2>&1
echo >>starts
exec {chpst} -u {user} --give-output sh -c '
echo plain $0; echo device $0 >/dev/stdout; echo error $0 >>/dev/stderr
cat /dev/stdout 2>/dev/null || echo denied; exec sleep 1000' "$(wc -l <starts)"
"""
CHPST = BIN / "chpst"


def talks(scan, user="nobody", name="service"):
    service = scan.make(name, run=TALKS.format(chpst=CHPST, user=user))
    service.add_log("#!/bin/sh\nexec cat >>lines\n")
    return service


def said(service):
    return [line for line in service.lines("log/lines") if "denied" not in line]


def lines(number):
    return [f"{word} {number}" for word in ("plain", "device", "error")]


def test_a_service_with_a_log_writes_to_the_device_and_cannot_read_it(scan):
    service = talks(scan)
    scan.start()
    wait_until(lambda: said(service) == lines(1))
    wait_until(lambda: any("denied" in line for line in service.lines("log/lines")))
    pipe = os.stat(service.path / "supervise" / "pipe")
    nobody = pwd.getpwnam("nobody")
    assert (pipe.st_uid, pipe.st_gid) == (0, nobody.pw_gid)
    assert stat.S_IMODE(pipe.st_mode) == 0o620


def test_it_holds_over_restarts_and_a_kill_of_the_supervisor(scan):
    service = talks(scan)
    scan.start()
    wait_until(lambda: said(service) == lines(1))
    service.svc("-t")
    wait_until(lambda: said(service) == lines(1) + lines(2))
    kill_and_start(scan)
    wait_until(lambda: service.svok() == 0)
    service.svc("-t")
    wait_until(lambda: said(service) == lines(1) + lines(2) + lines(3))


def test_the_next_user_takes_the_right_from_the_last(scan):
    service = talks(scan, user=":12345:12345")
    scan.start()
    wait_until(lambda: said(service) == lines(1))
    run = service.path / "run"
    service.svc("-d")
    service.wait_down()
    run.write_text(run.read_text().replace("12345", "23456"))
    service.svc("-u")
    wait_until(lambda: said(service) == lines(1) + lines(2))
    pipe = os.stat(service.path / "supervise" / "pipe")
    assert (pipe.st_gid, stat.S_IMODE(pipe.st_mode)) == (23456, 0o620)


def test_services_of_several_users_share_the_pipe_of_a_container(scan):
    """They write, and none of them can read there what others say."""
    for number, user in enumerate((":12345:12345", ":23456:23456")):
        scan.make(f"s{number}", run=TALKS.format(chpst=CHPST, user=user))
    read_fd, write_fd = os.pipe()
    scan.start(stdout=write_fd, stderr=write_fd)
    os.close(write_fd)
    read = b""
    while read.count(b"denied") < 2 or read.count(b"error") < 2:
        read += os.read(read_fd, 65536)
    os.close(read_fd)
    found = [line for line in read.decode().splitlines() if "denied" not in line]
    assert sorted(found) == sorted(2 * lines(1))


def output_of(*options, **how):
    script = "echo plain; echo device >/dev/stdout"
    return subprocess.run(
        [CHPST, "-u", ":12345:12345", *options, "sh", "-c", script],
        capture_output=True, text=True, timeout=60, **how,
    )


def test_without_the_option_the_pipe_is_the_makers():
    done = output_of()
    assert done.stdout == "plain\n" and done.returncode != 0
    assert output_of("--give-output").stdout == "plain\ndevice\n"


def test_files_and_devices_stay_as_they_are(tmp_path):
    path = tmp_path / "file"
    path.touch(mode=0o600)
    with open(path, "w") as file:
        done = subprocess.run(
            [CHPST, "-u", ":12345:12345", "--give-output", "true"], stdout=file, stderr=file
        )
    assert done.returncode == 0
    assert (path.stat().st_gid, stat.S_IMODE(path.stat().st_mode)) == (os.getegid(), 0o600)


def test_it_takes_a_user():
    done = subprocess.run([CHPST, "--give-output", "true"], capture_output=True)
    assert done.returncode == 100


def test_sv_add_uses_it(scan, tmp_path):
    argv = [
        BIN / "sv", "-d", scan.path, "add", "--into", tmp_path / "root", "--user", "nobody", "web",
        "--", "sh", "-c", "echo one; echo two >/dev/stdout; exec sleep 1000",
    ]
    pathlib.Path(scan.path).chmod(0o755)
    subprocess.run(argv, check=True, capture_output=True)
    current = scan.path / "web" / "log" / "main" / "current"
    scan.start()
    wait_until(lambda: current.exists() and current.read_text().count("\n") == 2)
    assert [line.split()[1] for line in current.read_text().splitlines()] == ["one", "two"]
