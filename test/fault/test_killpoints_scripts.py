"""The supervisor killed at every point of services that have more than run.

Each script leaves its traces, so what ran is known, and in which order. A kill
may make a script run once more only where doc/crash-only.md says so, and may
never make the supervisor skip one.
"""

import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

from faults import Acted, Service, check_finish, helpers, read
from killing import (
    THROTTLE_S,
    Command,
    FromRest,
    Scenario,
    is_another,
    is_same,
    past_throttle,
    try_every_point,
)
from support import BIN, wait_until

class Scripts(FromRest):
    """All of the scripts; the others change what they must."""

    scripts = ("start", "run", "finish", "stop")
    files = {}
    wanted = None  # the order of scripts in which things may have come about
    whole = "(S{1,2}(RF)+P)*"  # and in which they may in all

    def build(self, world):
        folder = world.scan / "a"
        world.service = Acted(folder, *self.scripts, **self.files)
        world.services["a"] = world.service

    def told(self, world, letter, is_done):
        world.service.command(letter)
        wait_until(is_done, what=f"effect of {letter}")
        world.settle()

    def check(self, world):
        service = world.service
        service.wait_order(self.wanted)
        order = service.order()
        state = service.state()
        runs = order.count("R")
        assert int(state["starts"]) == runs, (state, order)
        assert int(state["deaths"]) == runs - (state["phase"] == "up"), state
        check_finish(service)

    def use(self, world):
        """Down, and up, and down: each in good order."""
        service = world.service
        for letter, phase in ("d", "down"), ("u", "up"), ("d", "down"):
            service.command(letter)
            wait_until(
                lambda: service.phase() == phase and (phase == "down" or service.is_up()),
                20,
                phase,
            )
        order = service.order()
        assert re.fullmatch(self.whole, order), f"{order}, not {self.whole}"
        check_finish(service)
        assert not service.has_violation()
        wait_until(
            lambda: not service.processes(world.harness.pid, but=world.engine),
            what="nobody to be left",
        )


class FinishAfterDeath(Scripts):
    scripts = ("run", "finish")
    wanted = "RFR"
    whole = "(RF)*"

    def prepare(self, world):
        super().prepare(world)
        past_throttle(world.service)

    def act(self, world):
        os.kill(world.before[world.service], signal.SIGKILL)

    def is_over(self, world):
        return is_another(world, world.service)

    def is_settled(self, world):
        return super().is_settled(world) and self.is_over(world)


class DeathAmongAll(FinishAfterDeath):
    """start and stop have nothing to do with it."""

    scripts = Scripts.scripts
    wanted = "SRFR"
    whole = Scripts.whole


class Told(Command, Scripts):
    def prepare(self, world):
        Scripts.prepare(self, world)
        self.ready(world)


class Kept(Told):
    """svc gives the command, and nobody gives it again."""

    scripts = ("run", "finish")
    whole = "(RF)*"

    def act(self, world):
        # A traced supervisor on a busy machine may take longer than svc waits.
        control = world.service.dir / "supervise" / "control"
        world.control_fd = os.open(control, os.O_WRONLY | os.O_NONBLOCK)
        world.svc = subprocess.Popen([BIN / "svc", f"-{self.letter}", world.service.dir])

    def begin_again(self, world):
        world.start_plain()

    def check(self, world):
        os.close(world.control_fd)
        assert world.svc.wait(120) == 0
        super().check(world)


class KeptDown(Kept):
    letter = "d"
    wanted = "RF"

    def is_obeyed(self, world):
        return world.service.is_down() and world.service.phase() == "down"


class KeptUp(Kept):
    letter = "u"
    wanted = "RFR"

    def ready(self, world):
        self.told(world, "d", lambda: world.service.phase() == "down")
        past_throttle(world.service)

    def is_obeyed(self, world):
        return world.service.is_up()


class KeptTerm(Kept):
    """A signal may come twice, and the second is for another process then."""

    letter = "t"
    wanted = "(RF){1,2}R"

    def ready(self, world):
        past_throttle(world.service)

    def is_obeyed(self, world):
        return is_another(world, world.service)


class KeptDownExit(Kept):
    """All of it, or nothing; svscan then takes it over again."""

    letter = "dx"
    wanted = "(RF){1,2}R"

    def is_obeyed(self, world):
        state = world.service.state()
        is_back = state["want"] == "up" and state["leaving"] == "0"
        return is_another(world, world.service) and is_back

    def check(self, world):
        """Who takes it over again counts from the beginning."""
        assert world.svc.wait(120) == 0
        world.service.wait_order(self.wanted)
        check_finish(world.service)


class Hooked:
    """Before each command its hook runs; that is on record, and so is the rest."""

    hooks = ("t", "d", "u")

    def build(self, world):
        super().build(world)
        for letter in self.hooks:
            hook = world.service.dir / "control" / letter
            hook.parent.mkdir(exist_ok=True)
            hook.write_text(f"#!/bin/sh\necho {letter} >>hooks\nexit 1\n")
            hook.chmod(0o755)

    def ran(self, world):
        return read(world.service.dir / "hooks").decode().replace("\n", "")


class HookedDown(Hooked, KeptDown):
    def is_obeyed(self, world):
        return super().is_obeyed(world) and "t" in self.ran(world)


class HookedUp(Hooked, KeptUp):
    """The start waits for its hook, too, which may run again."""

    hooks = ("u",)


class HookedTerm(Hooked, KeptTerm):
    """A start while another hook runs has none."""

    def check(self, world):
        super().check(world)
        assert re.fullmatch("u+t[tu]*", self.ran(world)), self.ran(world)


class HookedDownUp(Hooked, KeptUp):
    """The second is read when the hooks of the first are over."""

    letter = "du"
    wanted = "(RF){1,2}R"

    def ready(self, world):
        past_throttle(world.service)

    def is_obeyed(self, world):
        service = world.service
        return service.is_up() and service.at("run", "end") and world.svc.poll() == 0


class FinishOnTheWayDown(Told):
    letter = "d"
    want = "down"
    scripts = ("run", "finish")
    wanted = "RF"
    whole = "(RF)*"

    def is_obeyed(self, world):
        return world.service.is_down() and world.service.phase() == "down"


class StopOnTheWayDown(FinishOnTheWayDown):
    scripts = Scripts.scripts
    wanted = "SRFP"
    whole = Scripts.whole


class AdoptFinish(Scripts):
    """The engine was killed while finish ran, and so may be the next."""

    starts_traced = True
    files = {"act_finish": "await go"}
    wanted = "SRFP"

    def build(self, world):
        super().build(world)
        service = world.service
        world.start_plain()
        wait_until(service.is_up, what="up")
        service.command("d")
        wait_until(lambda: service.at("finish", "begin"), what="finish")
        self.note(world)
        world.kill_engine()

    def is_over(self, world):
        return world.service.phase() == "finishing" and world.service.is_supervised()

    def is_settled(self, world):
        return self.is_over(world)

    def check(self, world):
        is_same(world, world.service)
        (world.service.dir / "go").touch()
        wait_until(lambda: world.service.phase() == "down", what="down")
        super().check(world)


class AdoptStop(AdoptFinish):
    files = {"act_stop": "await go"}

    def build(self, world):
        Scripts.build(self, world)
        service = world.service
        world.start_plain()
        wait_until(service.is_up, what="up")
        service.command("d")
        wait_until(lambda: service.at("stop", "begin"), what="stop")
        self.note(world)
        world.kill_engine()

    def is_over(self, world):
        return world.service.phase() == "stopping" and world.service.is_supervised()


class StartAtFirst(Scripts):
    """What it came to isn't known if the engine was dead when it ended."""

    starts_traced = True
    wanted = "S{1,2}R"


class StartThatIsTold(StartAtFirst):
    """Then it is known, and start doesn't run again."""

    is_told = True
    wanted = "SR"


class StartThatFails(Told):
    letter = "u"
    files = {"act_start": "exit 1", "down": ""}
    wanted = "S{1,2}"
    whole = "S*"

    def prepare(self, world):
        world.trace(-1)
        wait_until(lambda: world.service.phase() == "down", what="down")
        world.settle()

    def is_known(self, world):
        state = world.service.state()
        return state["want"] == "up" or state["failed"] == "1"

    def is_obeyed(self, world):
        state = world.service.state()
        return state["phase"] == "down" and state["failed"] == "1"

    def use(self, world):
        """It may be better another time."""
        (world.service.dir / "act-start").unlink()
        world.service.command("u")
        wait_until(world.service.is_up, what="up")
        world.service.command("d")
        world.service.wait_order("S{2,3}RFP")


class OrderlyStop(Scripts):
    """TERM to svscan. A fresh one brings it up again."""

    wanted = "SR(F(PS{1,2})?R)?"

    def act(self, world):
        os.kill(world.engine, signal.SIGTERM)

    def is_over(self, world):
        return world.service.phase() == "gone"

    def is_settled(self, world):
        service = world.service
        return (
            super().is_settled(world)
            and service.state()["leaving"] == "0"
            and service.status()[2] == "up"
        )

    def check(self, world):
        world.service.wait_order(self.wanted)
        check_finish(world.service)


class OneshotUp(Scripts):
    starts_traced = True
    scripts = ("start", "stop")
    wanted = "S{1,2}"
    whole = "(S{1,2}P)*"

    def is_over(self, world):
        return world.service.phase() == "active"

    def is_settled(self, world):
        service = world.service
        return service.is_supervised() and service.phase() == "active"

    def use(self, world):
        service = world.service
        for letter, phase in ("d", "down"), ("u", "active"), ("d", "down"):
            service.command(letter)
            wait_until(lambda: service.phase() == phase, 20, phase)
        assert re.fullmatch(self.whole, service.order()), service.order()
        assert not service.has_violation()


class OneshotDown(OneshotUp, Told):
    starts_traced = False
    letter = "d"
    want = "down"
    wanted = "SP"

    def prepare(self, world):
        world.trace(-1)
        wait_until(lambda: world.service.phase() == "active", what="active")
        world.settle()

    is_over = Told.is_over
    is_settled = Told.is_settled

    def is_obeyed(self, world):
        return world.service.phase() == "down"


class TimeoutKill(FinishOnTheWayDown):
    """It doesn't hear TERM."""

    scripts = ("run", "finish")
    files = {"timeout_kill": 80, "act_run": "deaf"}


class RestartLetter(Told):
    letter = "r"
    scripts = ("run", "finish")
    wanted = "RFR"
    whole = "(RF)*"

    def ready(self, world):
        past_throttle(world.service)

    def is_known(self, world):
        service = world.service
        return service.state()["term-sent"] == "1" or service.at("run", "end")

    def is_obeyed(self, world):
        return is_another(world, world.service)


class DownForGood(FinishOnTheWayDown):
    letter = "D"

    def check(self, world):
        super().check(world)
        assert (world.service.dir / "down").exists()


class UpForGood(Told):
    letter = "U"
    files = {"down": ""}
    scripts = ("run",)
    wanted = "R"
    whole = "R*"

    def prepare(self, world):
        world.trace(-1)
        wait_until(lambda: world.service.phase() == "down", what="down")
        world.settle()

    def is_obeyed(self, world):
        return world.service.is_up()

    def check(self, world):
        super().check(world)
        assert not (world.service.dir / "down").exists()


class Ready(Scripts):
    """It says so as soon as it runs, whether anybody listens or not."""

    starts_traced = True
    scripts = ("run",)
    files = {"notification_fd": 3, "act_run": "ready 3"}
    wanted = "R"
    whole = "R*"

    def is_over(self, world):
        return super().is_over(world) and world.service.state()["ready"] == "1"

    def is_settled(self, world):
        return super().is_settled(world) and self.is_over(world)


class ReadyLate(Ready):
    starts_traced = False
    files = {"notification_fd": 3, "act_run": "late 3"}

    def prepare(self, world):
        Scenario.prepare(self, world)
        assert world.service.state()["ready"] == "0"

    def act(self, world):
        os.kill(world.service.pid(), signal.SIGUSR1)

    def check(self, world):
        is_same(world, world.service)
        super().check(world)


class GivingUp(Scripts):
    """The policy says that there is no other time."""

    scripts = ("run", "finish")
    files = {"restart": "never"}
    wanted = "RF"
    whole = "(RF)*"

    def prepare(self, world):
        super().prepare(world)
        # It is up before it has said that it began, and may be killed then.
        world.service.wait_order("R")

    def act(self, world):
        os.kill(world.before[world.service], signal.SIGKILL)

    def is_over(self, world):
        state = world.service.state()
        return state["phase"] == "down" and state["failed"] == "1"

    def is_settled(self, world):
        return world.service.is_supervised() and self.is_over(world)


def runs_as(pid, name):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text() == f"{name}\n"
    except OSError:
        return False


class Inline(Service):
    """A logger that runs where its service does."""

    def __init__(self, service):
        self.service = service
        self.dir = service.dir / "supervise" / "log"

    def starts(self):
        return []

    def processes(self, root, but=0):
        found = Service.processes(self.service, root, but)
        return [pid for pid in found if runs_as(pid, "log")]

    def is_up(self):
        pid = self.pid()
        return pid != 0 and self.recorded_pid() == pid


class WithInline(Service):
    def processes(self, root, but=0):
        return [pid for pid in super().processes(root, but) if not runs_as(pid, "log")]


class InlineLogger(Scripts):
    """No line is lost, and the service never meets a pipe without a reader."""

    starts_traced = True

    def build(self, world):
        service = WithInline(world.scan / "a")
        (service.dir / "log").symlink_to(helpers() / "actor")
        world.service = world.services["a"] = service
        world.services["a/log"] = Inline(service)

    def check(self, world):
        assert len(world.service.starts()) == 1

    def use(self, world):
        service = world.service
        pid = service.pid()
        os.kill(pid, signal.SIGUSR1)
        lines = f"{pid} 1\n{pid} 2\n".encode()
        wait_until(lambda: read(service.dir / "lines") == lines, what="lines in the log")
        for each in world.each():
            each.command("d")
            wait_until(each.is_down, what="down")


class InlineLoggerDies(InlineLogger):
    starts_traced = False

    def prepare(self, world):
        super().prepare(world)
        world.log = world.services["a/log"]
        wait_until(lambda: world.log.processes(world.harness.pid), what="logger's exec")
        time.sleep(THROTTLE_S)

    def act(self, world):
        os.kill(world.log.pid(), signal.SIGKILL)

    def is_over(self, world):
        return world.log.pid() not in (0, world.before[world.log])

    def is_settled(self, world):
        return super().is_settled(world) and self.is_over(world)

    def check(self, world):
        is_same(world, world.service)


SCENARIOS = [
    KeptDown,
    KeptUp,
    KeptTerm,
    KeptDownExit,
    HookedDown,
    HookedUp,
    HookedTerm,
    HookedDownUp,
    FinishAfterDeath,
    DeathAmongAll,
    FinishOnTheWayDown,
    StopOnTheWayDown,
    AdoptFinish,
    AdoptStop,
    StartAtFirst,
    StartThatIsTold,
    StartThatFails,
    OrderlyStop,
    OneshotUp,
    OneshotDown,
    TimeoutKill,
    RestartLetter,
    DownForGood,
    UpForGood,
    Ready,
    ReadyLate,
    GivingUp,
    InlineLogger,
    InlineLoggerDies,
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.__name__)
def test_every_point(scenario, tmp_path, capsys):
    try_every_point(scenario(), tmp_path, capsys)
