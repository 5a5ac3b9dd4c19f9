"""sv watch: what happens to services, as it happens."""

import json
import os
import re
import shutil
import subprocess
import time

import pytest

from support import BIN, LOOP, process_fields, wait_until, write_script


def wait_watching(pid):
    """It has subscribed, and looked, when it sleeps: nothing else makes it."""
    wait_until(lambda: (process_fields(pid) or "?")[0] == "S")


class Watch:
    """A running sv watch, and the events that it told of."""

    def __init__(self, scan, programs, *names):
        self.path = scan.outside / "events"
        with open(self.path, "wb") as out:
            self.process = programs.start(
                *(BIN / "sv", "-d", scan.path, "watch", "--json", *names), stdout=out
            )
        wait_watching(self.process.pid)

    def events(self, service="service"):
        said = [json.loads(line) for line in self.path.read_text().splitlines()]
        return [item for item in said if item["service"] == service]

    def words(self, service="service"):
        return [item["event"] for item in self.events(service)]

    def wait(self, *words, service="service"):
        """Waits for exactly these events, and returns them."""
        wait_until(lambda: self.words(service) == list(words), what=words)
        return self.events(service)


@pytest.fixture
def watch(scan, programs):
    return lambda *names: Watch(scan, programs, *names)


def test_a_life_is_told_of(scan, watch):
    service = scan.make(run="#!/bin/sh\ntrap 'exit 3' TERM\n: >ears\nwhile :; do sleep 0.02; done\n", down=True)
    scan.start()
    service.wait_phase("down")
    told = watch()
    service.svc("-o")
    assert told.wait("started")[0]["pid"] == service.wait_up()
    wait_until((service.path / "ears").exists)
    service.svc("-p")
    told.wait("started", "paused")
    service.svc("-c")
    told.wait("started", "paused", "continued")
    service.svc("-t")
    died = told.wait("started", "paused", "continued", "died")[-1]
    assert (died["exit_code"], died["signal"], died["times"]) == (3, None, 1)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", died["time"])


def test_readiness_and_giving_up_are_told_of(scan, watch):
    ready = scan.make("ready", run="#!/bin/sh\necho >&3\nexec sleep 1000\n", down=True)
    (ready.path / "notification-fd").write_text("3\n")
    failing = scan.make("failing", run="#!/bin/sh\nkill -KILL $$\n", down=True)
    write_script(failing.path / "finish", "#!/bin/sh\nexit 125\n")
    scan.start()
    ready.wait_phase("down")
    failing.wait_phase("down")
    told = watch()
    ready.svc("-u")
    failing.svc("-u")
    told.wait("started", "ready", service="ready")
    last = told.wait("started", "died", "gave-up", service="failing")[-1]
    assert last["signal"] == "KILL"


def test_services_that_come_and_go_are_told_of(scan, watch):
    scan.start()
    told = watch()
    service = scan.make(run="#!/bin/sh\nexec sleep 1000\n")
    service.wait_program()
    told.wait("supervised", "started")
    shutil.rmtree(scan.outside / "gone", ignore_errors=True)
    service.path.rename(scan.outside / "gone")
    scan.notice()
    wait_until(lambda: told.words()[-1] == "unsupervised")


def test_the_end_of_the_supervisor_is_told_of(scan, watch):
    service = scan.make()
    scan.start()
    service.wait_program()
    told = watch()
    scan.kill()
    told.wait("unsupervised")
    scan.start()
    told.wait("unsupervised", "supervised")


def test_loggers_and_named_services_are_watched(scan, watch):
    service = scan.make(down=True)
    log = service.add_log()
    other = scan.make("other", down=True)
    scan.start()
    service.wait_phase("down")
    other.wait_phase("down")
    log.wait_program("cat")
    told = watch("service")
    other.svc("-o")
    service.svc("-o")
    told.wait("started")
    assert told.words("other") == []
    log.svc("-k")
    told.wait("died", "started", service="service/log")


@pytest.mark.skipif(LOOP == "poll", reason="looks from time to time")
def test_nothing_is_asked_while_nothing_happens(scan, watch):
    """No wake-ups: the processor time and the context switches stand still."""
    service = scan.make()
    scan.start()
    service.wait_program()
    told = watch()

    def switches():
        text = open(f"/proc/{told.process.pid}/status").read()
        return sum(map(int, re.findall(r"ctxt_switches:\t(\d+)", text)))

    def is_idle():
        before = switches()
        time.sleep(2)  # nothing to wait for: that is what is tested
        return switches() == before

    wait_until(is_idle)


def test_events_for_people(scan, programs):
    service = scan.make("w\x1bb", down=True)
    scan.start()
    service.wait_phase("down")
    with open(scan.outside / "told", "wb") as out:
        process = programs.start(BIN / "sv", "-d", scan.path, "watch", stdout=out)
    wait_watching(process.pid)
    service.svc("-o")
    pid = service.wait_up()
    told = scan.outside / "told"
    text = wait_until(told.read_text)
    assert re.fullmatch(rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d w\^\[b: started, pid {pid}\n", text)


def test_watching_ends_when_nobody_reads(scan, programs):
    service = scan.make(down=True)
    scan.start()
    service.wait_phase("down")
    reader, writer = os.pipe()
    process = programs.start(BIN / "sv", "-d", scan.path, "watch", stdout=writer)
    os.close(writer)
    wait_watching(process.pid)
    os.close(reader)
    service.svc("-o")
    wait_until(lambda: process.poll() is not None)
    assert process.returncode == 0


def test_watch_of_what_is_not_there(scan):
    done = subprocess.run(
        [BIN / "sv", "-d", scan.path, "watch", "none"], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "sv: warning: unable to watch none: file does not exist\n"
    nowhere = [BIN / "sv", "-d", scan.path / "none", "watch"]
    assert subprocess.run(nowhere, stderr=-3).returncode == 111

