"""Our runsvdir beside Debian's: the same things happen to services and logs."""

import os
import signal
import time

import pytest
from conftest import peer_programs

from support import BIN, Host, is_alive, program_of, wait_until, write_script


@pytest.fixture(params=["theirs", "ours"])
def side(request, tmp_path, programs):
    """A services directory, behind a link, and the program that has it."""
    bin_dir = BIN if request.param == "ours" else peer_programs("runit")

    class Side(Host):
        def __init__(self):
            super().__init__(tmp_path, programs)
            (tmp_path / "first").mkdir()
            (tmp_path / "service").symlink_to("first")

        def make(self, name, folder="first"):
            place = tmp_path / folder / name
            made = tmp_path / "made" / name
            for part in made, made / "log":
                write_script(part / "run", "#!/bin/sh\necho $$ >pid\nexec sleep 1000\n")
            place.parent.mkdir(exist_ok=True)
            place.symlink_to(made)
            return made

        def start(self):
            environment = os.environ | {"PATH": f"{bin_dir}:{os.environ['PATH']}"}
            self.start_program("runsvdir", "-P", "service", cwd=tmp_path, env=environment)

    return Side()


def pids(*services, besides=()):
    """Of services and logs, when all have become what they are, and are none of
    `besides`: what was killed keeps its name until it is reaped."""

    def running():
        found = []
        for service in services:
            for part in service, service / "log":
                pid = int((part / "pid").read_text() or 0) if (part / "pid").exists() else 0
                if not pid or pid in besides or program_of(pid) != "sleep":
                    return None
                found.append(pid)
        return found

    return wait_until(running)


def is_over(side, all_pids):
    side.programs.reap_zombies()
    return not any(map(is_alive, all_pids))


def test_hangup_ends_everything(side):
    service = side.make("a")
    side.start()
    before = pids(service)
    os.kill(before[1], 0)
    side.process.send_signal(signal.SIGHUP)
    # A log that doesn't end with its input is told to by nobody.
    wait_until(lambda: is_over(side, before[:1]))
    os.kill(before[1], signal.SIGTERM)
    assert side.process.wait(120) == 111
    wait_until(lambda: is_over(side, before))


def test_term_leaves_everything(side):
    service = side.make("a")
    side.start()
    before = pids(service)
    side.process.send_signal(signal.SIGTERM)
    assert side.process.wait(120) == 0
    assert all(map(is_alive, before))


def test_what_dies_is_started_again(side):
    service = side.make("a")
    side.start()
    before = pids(service)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: is_over(side, before))
    assert len(set(pids(service, besides=before))) == 2


def test_names_come_and_go(side, tmp_path):
    first, second = side.make("a"), side.make("b")
    side.start()
    before = pids(first, second)
    moment = int(time.time())
    # Theirs tells changes by whole seconds of the directory's time.
    wait_until(lambda: int(time.time()) > moment + 1)
    (tmp_path / "first" / "a").unlink()
    third = side.make("c")
    pids(third)
    wait_until(lambda: is_over(side, before[:1]))
    assert pids(second) == before[2:]


def test_the_link_is_turned(side, tmp_path):
    only_first, both = side.make("a"), side.make("b")
    side.start()
    before = pids(only_first, both)
    third = side.make("c", "second")
    (tmp_path / "second" / "b").symlink_to(both)
    (tmp_path / "service.new").symlink_to("second")
    (tmp_path / "service.new").rename(tmp_path / "service")
    pids(third)
    wait_until(lambda: is_over(side, before[:1]))
