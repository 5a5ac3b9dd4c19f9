"""Kills at random moments, under a stream of numbered lines, and among scripts.

The service, the engine, or both are killed in any order; every line that was
written before is in the log, once and in order. There is no svscanboot: so where
both are dead, the logger may meet the end of its input, and leave. Until lines come
through again, the engine is not killed once more, as nobody may be left who holds
the pipe; but where that is kept, as svscanboot does.

HOLDFAST_SEED repeats a run; HOLDFAST_LONG=1 makes it one of thousands of kills.
"""

import os
import random
import re
import signal
import subprocess
import time

import pytest

from faults import (
    LONG,
    Acted,
    Logged,
    World,
    check_lines,
    read,
    state_of,
)
from support import BIN, takes_signal, wait_until

SEED = int(os.environ.get("HOLDFAST_SEED", random.randrange(1 << 32)))
KILLS = int(os.environ.get("HOLDFAST_KILLS", 1500 if LONG else 25))
PAUSE_US = 200


class Storm:
    """Services under an engine that is started again whenever it is killed."""

    def __init__(self, folder, count, logger="collector", logged=Logged.logged, kept=False):
        self.logged = logged
        self.is_kept = kept
        self.world = World(folder)
        self.random = random.Random(SEED)
        self.kills = dict.fromkeys(("service", "engine", "both"), 0)
        self.cut_off = {}  # whose logger may have met the end: their last pids
        for number in range(count):
            service = Logged(self.world.scan / f"s{number}")
            (service.dir / "stream").write_text(f"{PAUSE_US}\n")
            self.world.services[service.dir.name] = service
            if logger == "multilog":
                run = service.log.dir / "run"
                run.unlink()
                run.write_text(f"#!/bin/sh\nexec {BIN}/multilog s16777215 ./main\n")
                run.chmod(0o755)
        if kept:
            self.world.harness.tell("keep")
        self.world.start_plain()
        wait_until(self.is_up, what="up")

    def is_up(self):
        return all(s.is_up() and s.log.pid() for s in self.world.services.values())

    def close(self):
        self.world.close()

    def kill_service(self, service):
        """Whatever runs there now, if anything."""
        for pid in service.processes(self.world.harness.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def is_flowing(self, service):
        """Whether a line came through of what runs now."""
        pid = service.pid()
        is_new = pid not in (0, self.cut_off[service])
        return is_new and b"\n%d " % pid in b"\n" + self.logged(service)

    def kill_engine(self):
        wait_until(lambda: all(map(self.is_flowing, self.cut_off)), what="lines again")
        self.cut_off = {}
        self.world.kill_engine()

    def strike(self, victims):
        """One of them, or the engine, or both, in either order."""
        choice = self.random.choice(list(self.kills))
        self.kills[choice] += 1
        deeds = []
        if choice != "engine":
            service = self.random.choice(victims)
            deeds.append(lambda: self.kill_service(service))
        if choice != "service":
            deeds.append(self.kill_engine)
        self.random.shuffle(deeds)
        for deed in deeds:
            deed()
            time.sleep(self.random.choice((0, 0, 0.0005, 0.003)))
        if choice != "service":
            if not self.is_kept:
                self.cut_off = {
                    s: s.pid()
                    for s in self.world.services.values()
                    if not s.processes(self.world.harness.pid)
                }
            self.world.start_plain()

    def end(self):
        """All down in good order, and the loggers at the end of their input."""
        wait_until(self.is_up, what="up again")
        # What is up may have been so before the engine: it is told to stop when
        # it can be told.
        engine = self.world.engine
        wait_until(lambda: takes_signal(engine, signal.SIGTERM), what="an engine")
        os.kill(engine, signal.SIGTERM)
        wait_until(
            lambda: not any(
                s.processes(self.world.harness.pid, self.world.engine)
                for s in self.world.each()
            ),
            what="all down",
        )

    def check(self):
        lines = 0
        for service in self.world.each():
            assert not service.has_violation(), f"two at a time in {service.dir}"
        for service in self.world.services.values():
            lines += check_lines(service.written(), self.logged(service))
        return lines


def campaign(storm, capsys, name, pause_s):
    try:
        services = list(storm.world.services.values())
        for _ in range(KILLS):
            storm.strike(services)
            time.sleep(storm.random.uniform(0, pause_s))
        storm.end()
        lines = storm.check()
        with capsys.disabled():
            print(f"\n{name}, seed {SEED}: {KILLS} kills {storm.kills}, {lines} lines")
        assert lines > KILLS
    except AssertionError as error:
        raise AssertionError(
            f"seed {SEED}, kills {storm.kills}: {error}\n{storm.world.said()[-2000:]}"
        ) from error
    finally:
        storm.close()


def test_no_line_is_lost_or_doubled(tmp_path, capsys):
    storm = Storm(tmp_path / "storm", 1)
    campaign(storm, capsys, "one service", 0.3)


def test_no_line_is_lost_whoever_is_killed_where_the_pipe_is_kept(tmp_path, capsys):
    """As svscanboot does; so at any moment, also while a logger is leaving."""
    storm = Storm(tmp_path / "storm", 3, kept=True)
    campaign(storm, capsys, "kept", 0.1)


def test_restart_storms_of_five_services(tmp_path, capsys):
    storm = Storm(tmp_path / "storm", 5)
    campaign(storm, capsys, "five services", 0.1)


@pytest.mark.skipif(not (BIN / "multilog").exists(), reason="multilog isn't built")
def test_no_line_is_lost_with_multilog(tmp_path, capsys):
    def logged(service):
        return read(service.log.dir / "main" / "current")

    storm = Storm(tmp_path / "storm", 2, "multilog", logged)
    campaign(storm, capsys, "multilog", 0.2)


def test_no_kill_of_the_engine_disturbs_a_service(tmp_path):
    """In quick succession, from its first instant on."""
    storm = Storm(tmp_path / "storm", 2)
    try:
        pids = [s.pid() for s in storm.world.each()]
        for _ in range(KILLS):
            storm.world.kill_engine()
            storm.world.start_plain()
            time.sleep(storm.random.uniform(0, 0.01))
        wait_until(storm.is_up, what="up")
        assert [s.pid() for s in storm.world.each()] == pids
        assert all(state_of(pid) in "SR" for pid in pids)
        storm.end()
        storm.check()
    finally:
        storm.close()


# ---- services with all scripts ----

ALL = ("start", "run", "finish", "stop")


class ScriptStorm:
    """Scripts that end, engines that are killed, upgraded or detached, commands:
    at any moment, so that something is always on the way."""

    # What may be missing was ended before it could leave a trace.
    KINDS = {
        "all": (ALL, {}, "(S*((R?F)*P)?)*"),
        "deaf": (
            ALL,
            {"timeout_kill": 50, "dialect": "encore", "act_run": "deaf"},
            "(S*((R?F)*P)?)*",
        ),
        "tidy": (("run", "finish"), {}, "(R?F)*"),
        "oneshot": (("start", "stop"), {}, "(S*P?)*"),
    }

    def __init__(self, folder):
        self.world = World(folder)
        self.random = random.Random(SEED)
        self.deeds = []
        for name, (scripts, files, _) in self.KINDS.items():
            self.world.services[name] = Acted(self.world.scan / name, *scripts, **files)
        self.world.start_plain()
        wait_until(self.is_hosted, what="hosted")

    def is_hosted(self):
        return all(s.is_supervised() for s in self.world.services.values())

    def tell_svscan(self, option):
        argv = [BIN / "svscanctl", option, self.world.scan]
        subprocess.run(argv, stderr=subprocess.DEVNULL, timeout=120, check=False)

    def kill_engine(self):
        self.world.kill_engine()
        self.world.start_plain()

    def upgrade(self):
        self.tell_svscan("-u")

    def detach(self):
        """svscan may be too young to be told; then nothing comes of it, and a kill
        is as good."""
        self.tell_svscan("-d")
        try:
            wait_until(lambda: state_of(self.world.engine) is None, limit_s=1)
        except AssertionError:
            self.world.kill_engine()
        self.world.start_plain()

    def kill_script(self):
        """One that has left a trace."""
        service = self.random.choice(list(self.world.services.values()))
        traced = {int(words[2]) for words in service.trace()}
        for pid in service.processes(self.world.harness.pid, but=self.world.engine):
            if pid not in traced:
                continue
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def command(self):
        service = self.random.choice(list(self.world.services.values()))
        try:
            service.command(self.random.choice("uudrtUD"))
        except OSError:
            pass  # nobody there at the moment

    def strike(self):
        weights = {
            self.kill_engine: 4,
            self.upgrade: 2,
            self.detach: 1,
            self.kill_script: 4,
            self.command: 8,
        }
        deed = self.random.choices(list(weights), weights.values())[0]
        self.deeds.append(deed.__name__)
        deed()

    def go_down(self, service):
        service.command("d")
        wait_until(lambda: service.phase() in ("down", "gone"), what="down")

    def end(self):
        wait_until(self.is_hosted, what="hosted again")
        for service in self.world.services.values():
            self.go_down(service)
            left = service.processes(self.world.harness.pid, but=self.world.engine)
            assert not left, f"{left} are left in {service.dir}"

    def check(self):
        for name, service in self.world.services.items():
            assert not service.has_violation(), f"two at a time in {name}"
            wanted, order = self.KINDS[name][2], service.order()
            assert re.fullmatch(wanted, order), f"{name}: {order}"
            if "finish" not in self.KINDS[name][0]:
                continue
            told_of = [t[6] for t in service.trace() if t[:2] == ["finish", "begin"]]
            assert len(set(told_of)) == len(told_of), f"{name}: {service.trace()}"
            state = service.state()
            counts = {int(state["starts"]), int(state["deaths"]), len(told_of)}
            assert len(counts) == 1, f"{name}: {state}, {service.trace()}"


def test_no_script_is_skipped_or_run_beside_another(tmp_path, capsys):
    storm = ScriptStorm(tmp_path / "storm")
    try:
        for _ in range(KILLS * 4):
            storm.strike()
            time.sleep(storm.random.uniform(0, 0.08))
        storm.end()
        storm.check()
        with capsys.disabled():
            orders = {n: len(s.order()) for n, s in storm.world.services.items()}
            print(f"\nscripts, seed {SEED}: {len(storm.deeds)} deeds, ran {orders}")
    except AssertionError as error:
        raise AssertionError(
            f"seed {SEED}: {error}\n{storm.world.said()[-3000:]}\n{storm.deeds[-20:]}"
        ) from error
    finally:
        storm.world.close()
