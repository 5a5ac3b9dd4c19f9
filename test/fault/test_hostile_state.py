"""Files in supervise/ and .svscan/ that somebody or something has damaged.

One svscan hosts a service for each file that is to be damaged, and a bystander.
Whatever is done to the files, services that run go on, none runs twice, nothing
outside is touched, and the engine goes on with all others. When the damage is
undone all is as it was.
"""

import pathlib
import re
import shutil
import signal
import subprocess

import pytest

from damages import (  # noqa: F401
    DAMAGES,
    Damages,
    delete,
    fill_with_noise,
    link_to_file,
    make_directory,
    make_immutable,
    need,
    outside,
    remove,
    scan,
)
from hostile import Scan, cpu_s, kill
from support import wait_until

FILES = ["lock", "control", "ok", "status", "state", "pipe"]
TEMPORARY = ["status.new", "state.new", "process.new"]
LOGGER = "#!/bin/sh\nexec cat >>lines\n"


def host(scan, names):
    """Starts svscan on services of these names; returns their pids."""
    for name in names:
        if name.startswith("pipe"):
            scan.add(name, logger=LOGGER)
        else:
            scan.add(name)
    scan.add("bystander")
    scan.start()
    pids = {name: scan.pid(name) for name in names}
    for name in names:
        wait_until(lambda: scan.is_up(name), what=f"{name} to be up")
    return pids


def check_said(scan, names, most):
    """Each service had a line or a few; they name it; none was in a storm."""
    said = scan.said()
    for name in names:
        own = [line for line in said if f" {name}/" in line or f" {name}:" in line]
        assert len(own) <= most, (name, own)
    for line in said:
        assert re.match(r"(svscan|supervise): (warning|fatal): unable to ", line), line


def check_all_obey(scan, names):
    """After another takeover at the latest."""
    scan.process.send_signal(signal.SIGHUP)
    for name in names:
        wait_until(lambda: scan.is_supervised(name), 15, f"{name} to be supervised")
    before = {name: scan.pid(name) for name in names}
    scan.svc("t", *names)
    for name in names:
        pid = scan.pid(name, other_than=before[name])
        wait_until(lambda: f"{name}: up (pid {pid})" in scan.svstat(name), what=name)


# Damages on which a new process can't be put on record, by service.
UNRECORDED = {make_directory: ("state", "state.new"), make_immutable: ("state",)}


def locks_said(scan):
    """ "lock NAME" for each lock that couldn't be had."""
    found = (re.search(r"acquire (.*)/supervise/lock:", line) for line in scan.said())
    return [f"lock {match.group(1)}" for match in found if match]


def damage_all(scan, names, damages):
    """Then nothing may hang, and clients may not touch what is outside."""
    for name in names:
        damages.do(scan.path / name / "supervise" / name)
    for name in names:
        scan.svstat(name)
        scan.client("svok", name)
    scan.svc("u", *names)
    damages.outside.check()


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_damage_while_the_engine_runs(damage, scan, outside, tmp_path):
    need(damage, tmp_path)
    names = FILES + TEMPORARY
    pids = host(scan, names)
    used = cpu_s(scan.process.pid)
    damages = Damages(damage, outside)
    damage_all(scan, names, damages)
    assert {name: scan.pid(name) for name in names} == pids
    # A death is followed by another start, and by another record.
    if damage is make_directory:
        names.remove("pipe")  # nothing can be started; see below
    for name in names:
        kill(pids[name])
    for name in names:
        pids[name] = scan.pid(name, other_than=pids[name])
    scan.check_engine(used)
    outside.check()
    check_said(scan, names, 3)
    # The next engine finds every one of them, at the latest when it may.
    scan.kill()
    damages.undo()
    scan.forget_said()
    scan.start()
    # What couldn't be put on record keeps the lock for life.
    for name in UNRECORDED.get(damage, ()):
        wait_until(lambda: f"lock {name}" in locks_said(scan), what=name)
        assert scan.pid(name) == pids[name]
        kill(pids[name])
        pids[name] = scan.pid(name, other_than=pids[name])
    for name in pids:
        wait_until(lambda: scan.is_up(name), 15, f"{name} to be adopted")
    assert {name: scan.pid(name) for name in pids} == pids
    check_all_obey(scan, pids)
    assert len(scan.said()) == len(UNRECORDED.get(damage, ()))
    scan.stop()


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_damage_between_two_engines(damage, scan, outside, tmp_path):
    need(damage, tmp_path)
    names = FILES + TEMPORARY
    pids = host(scan, names)
    scan.kill()
    damages = Damages(damage, outside)
    damage_all(scan, names, damages)
    scan.start()
    scan.check_engine()
    assert {name: scan.pid(name) for name in names} == pids
    outside.check()
    check_said(scan, names, 2)
    damages.undo()
    check_all_obey(scan, names)
    outside.check()
    scan.stop()


def test_a_service_without_a_pipe_starts_when_it_has_one_again(scan, outside):
    pids = host(scan, ["pipe"])
    pipe = scan.path / "pipe" / "supervise" / "pipe"
    make_directory(pipe, outside)
    kill(pids["pipe"])
    wait_until(lambda: any("pipe/run: is a directory" in line for line in scan.said()))
    remove(pipe)
    scan.pid("pipe", other_than=pids["pipe"])
    scan.stop()


SCANNER_FILES = ["lock", "control", ""]


@pytest.mark.parametrize("name", SCANNER_FILES, ids=lambda name: name or "directory")
def test_damage_to_the_scanners_own_files(name, scan, outside):
    """It does its main job all the same, and says once what it can't do."""
    for damage in (delete, fill_with_noise, make_directory, link_to_file):
        path = scan.path / ".svscan" / name if name else scan.path / ".svscan"
        if not (scan.path / "bystander").exists():
            scan.add("bystander")
        scan.start()
        wait_until(lambda: scan.is_up("bystander"))
        damages = Damages(damage, outside)
        damages.do(path)
        scan.client("svscanctl", "-s", ".")
        scan.check_engine_alive()
        scan.kill()
        scan.forget_said()
        scan.start()
        scan.check_engine()
        assert len(scan.said()) <= 1, scan.said()
        for line in scan.said():
            assert ".svscan/" in line
        outside.check()
        scan.kill()
        remove(scan.path / ".svscan")


def test_the_whole_directory_removed_while_the_engine_runs(scan):
    pids = host(scan, ["one"])
    shutil.rmtree(scan.path / "one" / "supervise")
    kill(pids["one"])
    pid = scan.pid("one", other_than=pids["one"])
    scan.check_engine()
    scan.kill()
    scan.start()
    wait_until(lambda: scan.is_up("one"), what="it to be adopted")
    assert scan.pid("one") == pid
    check_all_obey(scan, ["one"])
    scan.stop()


def namespace(programs, folder, options):
    """A process in a mount namespace with a small file system on folder."""
    folder.mkdir()
    script = f'mount -t tmpfs -o {options} none "$1" && echo ready && exec sleep 999'
    argv = ["unshare", "--mount", "sh", "-c", script, "sh", folder]
    holder = programs.start(*argv, stdout=subprocess.PIPE)
    if holder.stdout.readline() != b"ready\n":
        pytest.skip("no mount namespaces here")
    inside = ["nsenter", f"--target={holder.pid}", "--mount"]
    return inside, f"/proc/{holder.pid}/root{folder}"


def test_a_full_disk(programs, tmp_path):
    inside, path = namespace(programs, tmp_path / "scan", "size=256k")
    scan = Scan(programs, tmp_path / "scan", [*inside, "--"], pathlib.Path(path))
    pids = host(scan, ["one", "two"])
    with open(scan.path / "filler", "wb", buffering=0) as filler:
        try:
            while filler.write(b"x" * 4096):
                pass
        except OSError:
            pass
    pid = pids["one"]
    kill(pid)
    pid = scan.pid("one", other_than=pid)
    scan.svc("d", "two")
    scan.await_gone("two", pids["two"])
    scan.check_engine()
    check_said(scan, ["one", "two"], 3)
    scan.kill()
    scan.start()
    scan.check_engine_alive()
    assert scan.pid("one") == pid
    (scan.path / "filler").unlink()
    # What couldn't be put on record keeps the lock for life.
    for name in ("one", "bystander"):
        pid = scan.pid(name)
        kill(pid)
        scan.pid(name, other_than=pid)
    check_all_obey(scan, ["one", "bystander"])
    scan.stop()


def test_a_read_only_file_system(programs, tmp_path):
    """It turns so between two engines; the kernel forbids it while one runs."""
    inside, path = namespace(programs, tmp_path / "scan", "size=4m")
    scan = Scan(programs, tmp_path / "scan", [*inside, "--"], pathlib.Path(path))
    pids = host(scan, ["one", "two"])
    scan.kill()
    remount = [*inside, "mount", "-o"]
    subprocess.run([*remount, "remount,ro", scan.dir], check=True)
    scan.start()
    wait_until(lambda: len(scan.said()) >= 3, what="word of it")
    assert all("read-only file system" in line for line in scan.said()), scan.said()
    scan.check_engine_alive()
    assert {name: scan.pid(name) for name in pids} == pids
    subprocess.run([*remount, "remount,rw", scan.dir], check=True)
    scan.process.send_signal(signal.SIGHUP)
    check_all_obey(scan, ["one", "two", "bystander"])
    scan.stop()
