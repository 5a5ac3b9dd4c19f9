"""Every file of a service that uses all there is, damaged in every way.

Which files there are is taken from a run of such a service, so what comes new
is tried too. For each there is a service of its own, all under one svscan. What
ran goes on, what can start starts, what can't says why; nothing outside is
touched, and when the damage is undone all is as it was.
"""

import os
import re

import pytest

from damages import (  # noqa: F401
    DAMAGES,
    Damages,
    delete,
    fill_with_noise,
    link_hard,
    link_to_file,
    link_to_folder,
    link_to_nothing,
    loop_of_links,
    make_device,
    make_directory,
    make_fifo,
    make_immutable,
    make_socket,
    need,
    outside,
    remove,
    scan,
)
from hostile import RUN, cpu_s, kill
from support import wait_until, write_script

# The others end in the same branches; a long test goes through them, too.
CHOSEN = (
    DAMAGES
    if os.environ.get("HOLDFAST_LONG") == "1"
    else [delete, fill_with_noise, make_directory, link_to_file, make_fifo]
)
LINES = {"notification-fd": "3\n", "lock-fd": "9\n", "max-death-tally": "9\n"}
SCRIPTS = ("start", "finish", "stop", "control/h")
LIMIT_S = 30


def fill(made):
    write_script(made / "run", RUN)
    for script in SCRIPTS:
        write_script(made / script, "#!/bin/sh\nexit 0\n")
    write_script(made / "log", "#!/bin/sh\nexec cat >>lines\n")
    for file, text in LINES.items():
        (made / file).write_text(text)
    (made / "notify-socket").touch()
    (made / "event").mkdir(exist_ok=True)


def add_full(scan, name):
    """A service with a script, a file or a folder of every kind."""
    made = scan.path / f".{name}"
    fill(made)
    os.mkfifo(made / "event" / "ftrig1:nobody")
    made.rename(scan.path / name)


class Ward:
    """A service for each file that is to be damaged, and a bystander."""

    def __init__(self, scan, outside, damage):
        self.scan = scan
        self.damages = Damages(damage, outside)
        add_full(scan, "example")
        scan.add("bystander")
        scan.start()
        pid = scan.pid("example")
        kill(pid)  # so that there is all that a death leaves
        scan.pid("example", other_than=pid)
        wait_until(lambda: scan.is_up("example"), LIMIT_S, "example to be up")
        self.files = {}

    def admit(self, files):
        """files: {name of the service: path in it}."""
        self.files = files
        for name in files:
            add_full(self.scan, name)
        self.pids = {name: self.scan.pid(name, limit_s=LIMIT_S) for name in files}
        for name in files:
            wait_until(lambda: self.scan.is_up(name), LIMIT_S, f"{name} to be up")
        self.used = cpu_s(self.scan.process.pid)

    def harm(self):
        for name, file in self.files.items():
            self.damages.do(self.scan.path / name / file)
        for name in self.files:
            self.scan.svstat(name)
        self.scan.svc("u", *self.files)
        self.damages.outside.check()

    def check_unmoved(self):
        assert {n: self.scan.pid(n, limit_s=LIMIT_S) for n in self.files} == self.pids

    def said_of(self, name):
        return [line for line in self.scan.said() if re.search(rf" {re.escape(name)}[/:, ]", line)]

    def check_said(self, most, but=()):
        for name in self.files:
            if name not in but:
                assert len(self.said_of(name)) <= most, self.said_of(name)
        for line in self.scan.said():
            assert re.match(r"(svscan|supervise): (warning|fatal): ", line), line

    def die(self, names):
        for name in names:
            kill(self.pids[name])
        for name in names:
            self.pids[name] = self.scan.pid(name, other_than=self.pids[name], limit_s=LIMIT_S)

    def check_all_obey(self):
        for name in self.files:
            wait_until(lambda: self.scan.is_supervised(name), LIMIT_S, f"{name} supervised")
        self.scan.svc("t", *self.files)
        for name in self.files:
            self.pids[name] = self.scan.pid(name, other_than=self.pids[name], limit_s=LIMIT_S)
            wait_until(lambda: self.scan.is_up(name), LIMIT_S, f"{name} to be up")
            log = f"{name}/supervise/log"
            wait_until(lambda: self.scan.is_up(log), LIMIT_S, f"{log} to be up")


def kept_files(scan):
    """{service: file} of all in supervise/, and of what files are made from."""
    folder = scan.path / "example" / "supervise"
    paths = sorted(folder.rglob("*"))
    names = [str(p.relative_to(folder)) for p in paths]
    names += [f"{n}.new" for n, p in zip(names, paths) if p.is_file() and "lock" not in n]
    assert len(names) > 20, names
    # A folder of that name may be a link, also to a folder that isn't there.
    names.remove("log/supervise")
    return {n.replace("/", "+"): f"supervise/{n}" for n in names}


@pytest.fixture
def ward(scan, outside, damage, tmp_path):
    need(damage, tmp_path)
    return Ward(scan, outside, damage)


# A script that can't have its descriptors isn't started.
UNSTARTABLE = {make_directory: {"lock-fd", "pipe"}, make_immutable: {"lock-fd"}}
# Damages on which a new process can't be put on record, by service.
UNRECORDED = {make_directory: {"state", "state.new"}, make_immutable: {"state"}}


@pytest.mark.parametrize("damage", CHOSEN, ids=lambda damage: damage.__name__)
def test_what_supervise_holds_while_the_engine_runs(ward, damage):
    ward.admit(kept_files(ward.scan))
    ward.harm()
    ward.check_unmoved()
    unstartable = UNSTARTABLE.get(damage, set())
    ward.die(ward.files.keys() - unstartable)
    for name in unstartable:
        kill(ward.pids[name])
        wait_until(lambda: ward.said_of(name), LIMIT_S, f"word of {name}")
    ward.scan.check_engine(ward.used)
    ward.damages.outside.check()
    ward.check_said(3, but=unstartable)  # these are tried again every second
    ward.scan.kill()
    ward.damages.undo()
    ward.scan.start()
    for name in unstartable:
        ward.pids[name] = ward.scan.pid(name, limit_s=LIMIT_S)
    for name in UNRECORDED.get(damage, ()):  # it keeps the lock for life
        wait_until(lambda: ward.said_of(name), LIMIT_S, f"word of {name}")
        ward.check_unmoved()
        kill(ward.pids[name])
        ward.pids[name] = ward.scan.pid(name, other_than=ward.pids[name], limit_s=LIMIT_S)
    ward.check_unmoved()
    ward.check_all_obey()
    ward.scan.stop()


@pytest.mark.parametrize("damage", CHOSEN, ids=lambda damage: damage.__name__)
def test_what_supervise_holds_between_two_engines(ward, damage):
    ward.admit(kept_files(ward.scan))
    ward.scan.kill()
    ward.harm()
    ward.scan.start()
    ward.scan.check_engine()
    ward.check_unmoved()
    ward.damages.outside.check()
    ward.check_said(3)
    ward.damages.undo()
    ward.check_all_obey()
    ward.damages.outside.check()
    ward.scan.stop()


# What the owner of a service may have there, with what it takes to be started.
OWN = [*LINES, *SCRIPTS, "control", "event", "event/ftrig1:nobody", "log", "notify-socket", "down"]


@pytest.mark.parametrize("damage", CHOSEN, ids=lambda damage: damage.__name__)
def test_what_the_owner_of_a_service_put_there(ward, damage):
    """It counts when the service starts again, and may keep it from that."""
    files = [*OWN, "run"]
    if damage is link_to_folder:
        files.remove("log")  # which may be a link
    assert {*OWN, "run"} >= set(os.listdir(ward.scan.path / "example")) - {
        "supervise",
        "lines",
    }
    ward.admit({f.replace("/", "+"): f for f in files})
    ward.harm()
    ward.check_unmoved()
    ward.scan.svc("hUQ", "down")  # removes and makes that file
    ward.scan.kill()
    ward.scan.start()
    ward.scan.check_engine()
    ward.check_unmoved()
    for name in ward.files:
        kill(ward.pids[name])
    ward.scan.check_engine_alive()
    ward.damages.outside.check()
    ward.damages.undo()
    for name in ward.files:
        put_right(ward.scan.path / name)
    ward.scan.svc("u", *ward.files)
    ward.scan.svc("du", "run")  # without it, it was one that is up with start alone
    for name in ward.files:
        ward.pids[name] = ward.scan.pid(name, limit_s=LIMIT_S)
    ward.damages.outside.check()
    ward.scan.stop()


def put_right(folder):
    """All that the owner had there, as it was."""
    for name in ("run", *OWN):
        remove(folder / name.partition("/")[0])
    fill(folder)


def test_who_cannot_be_heard_to_be_ready_is_not_late(scan):
    made = scan.path / ".late"
    fill(made)
    (made / "notify-socket").unlink()
    (made / "timeout-up").write_text("300\n")
    (made / "supervise" / "ready").mkdir(parents=True)
    made.rename(scan.path / "late")
    scan.start()
    wait_until(lambda: any("late/supervise/ready: is a directory" in s for s in scan.said()))
    pid = scan.pid("late")
    scan.kill()
    scan.start()
    wait_until(lambda: scan.is_up("late"), LIMIT_S)
    text = (scan.path / "late" / "supervise" / "state").read_text()
    assert "\nlimit-ns=0\n" in text and "\nready=0\n" in text
    assert scan.pid("late") == pid
    scan.stop()


def test_a_logger_whose_folder_went_is_started_again(scan):
    add_full(scan, "a")
    scan.start()
    log = scan.path / "a" / "supervise" / "log"
    wait_until(lambda: scan.is_up("a/supervise/log"), LIMIT_S)
    pid = int(scan.svstat("a/supervise/log").partition("pid ")[2].partition(")")[0])
    remove(log)
    kill(pid)
    wait_until(lambda: log.is_dir() and scan.is_up("a/supervise/log"), LIMIT_S)
    scan.stop()
