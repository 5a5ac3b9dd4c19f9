"""A hundred thousand names, twenty thousand mistakes: what that costs the engine.

Lists were walked for each name, so a deployment script that went wrong held up
all supervision. Bounds are of CPU time, several times what is needed, a fraction
of what it was.
"""

import os
import time

import pytest

from hostile import RUN, Scan, cpu_s, kill
from support import wait_until, write_script

LIMIT_S = 120  # to wait: the machine may be busy


@pytest.fixture
def scan(tmp_path, programs):
    return Scan(programs, tmp_path / "scan")


def used_for(scan, act, name):
    """What the engine uses until it has done what `act` asks for, and started
    one more service since."""
    before = cpu_s(scan.process.pid)
    act()
    scan.add(name)
    scan.pid(name, limit_s=LIMIT_S)
    return cpu_s(scan.process.pid) - before


def make_names(folder, count):
    folder.mkdir()
    for number in range(count):
        os.close(os.open(folder / f"n{number}", os.O_CREAT | os.O_WRONLY))


def test_a_service_that_needs_a_hundred_thousand_others(scan):
    """0.4 s, 0.1 s, 0.1 s here; it was 10 s, 8 s and 13 s."""
    write_script(scan.path / "many" / "run", RUN)
    names = scan.path / "many" / "dependencies.d"
    make_names(names, 100_000)
    scan.add("bystander")
    scan.start()
    scan.pid("bystander", limit_s=LIMIT_S)
    at_start = cpu_s(scan.process.pid)
    assert at_start < 4
    assert used_for(scan, (names / "one-more").touch, "later") < 2
    before = cpu_s(scan.process.pid)
    kill(scan.pid("bystander"))
    wait_until(lambda: "deaths=1" in (scan.path / "bystander/supervise/state").read_text())
    assert cpu_s(scan.process.pid) - before < 0.5
    scan.stop()


def test_twenty_thousand_links_to_nowhere(scan):
    """Each is told of once, and looking at all again, as is done every five
    seconds, is cheap: it was 90 % of a core for ever."""
    for number in range(20_000):
        (scan.path / f"bad{number}").symlink_to("/nowhere/at/all")
    scan.add("bystander")
    scan.start()
    scan.pid("bystander", limit_s=LIMIT_S)
    wait_until(lambda: len(scan.said()) >= 20_000, LIMIT_S, "the messages")
    for number in range(3):
        assert used_for(scan, lambda: None, f"later{number}") < 1
    assert len(scan.said()) == 20_000
    scan.stop()


def test_a_hundred_thousand_files_among_listeners(scan):
    """Anybody whom event/ belongs to can put them there: all were gone through at
    each event. 0.03 s for five restarts here; it was 0.5 s."""
    service = scan.add("service")
    make_names(service / "event", 100_000)
    scan.start()
    pid = scan.pid("service", limit_s=LIMIT_S)
    before = cpu_s(scan.process.pid)
    for _ in range(5):
        scan.svc("t", "service")
        pid = scan.pid("service", other_than=pid, limit_s=LIMIT_S)
    assert cpu_s(scan.process.pid) - before < 0.2
    scan.stop()


def add_quickly(scan, count):
    """Directories that appear whole, made of links to two files."""
    run, down = scan.dir.parent / "run", scan.dir.parent / "down"
    write_script(run, RUN)
    down.touch()
    for number in range(count):
        made = scan.path / ".made"
        made.mkdir()
        os.link(run, made / "run")
        os.link(down, made / "down")
        made.rename(scan.path / f"s{number}")


def test_twenty_thousand_services_that_come_one_by_one(tmp_path, programs):
    """Each change of the directory called for a look at all names, one look after
    the other; and what doesn't fit was looked for in a list. A few hundred fit. 0.5 s of 4; it was 2.5."""
    scan = Scan(programs, tmp_path / "scan", ["prlimit", "--nofile=1024"])
    scan.add("bystander")
    scan.start()
    scan.pid("bystander", limit_s=LIMIT_S)
    before, began = cpu_s(scan.process.pid), time.monotonic()
    add_quickly(scan, 20_000)
    wait_until(lambda: len(scan.said()) > 19_600, LIMIT_S, "the messages")
    used, took = cpu_s(scan.process.pid) - before, time.monotonic() - began
    assert used < 0.7 + took / 4
    pid = scan.pid("bystander")
    kill(pid)
    scan.pid("bystander", other_than=pid, limit_s=LIMIT_S)
    scan.stop()
