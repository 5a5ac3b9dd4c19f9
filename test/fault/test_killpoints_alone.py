"""The supervisor of one service killed at every point: supervise, and runsv, which
has the logger as well. They exit when they are done.
"""

import os
import signal
import time

import pytest

from faults import below, state_of
from killing import FromRest, Scenario, try_every_point
from support import BIN, wait_until
from test_killpoints import Down, DownLogged, Restart, RestartOfLogger, Term, Up


class Supervise(Scenario):
    """The first start."""

    program = "supervise"
    has_logger = False

    def build(self, world):
        super().build(world)
        argv = [BIN / self.program, world.services["a"].dir]
        world.engine_argv = lambda: argv

    def begin_again(self, world):
        """A child that hasn't become the service yet holds the lock."""
        for _ in range(100):
            world.start_plain()
            end = time.monotonic() + 20
            while time.monotonic() < end:
                if all(service.is_supervised() for service in world.each()):
                    return
                if state_of(world.engine) is None:
                    break
                time.sleep(0.002)
        raise AssertionError("it can't begin")


class Runsv(Supervise):
    program = "runsv"
    has_logger = True


class SuperviseRestarts(Restart, Supervise):
    has_logger = False

    def pick(self, world):
        world.victim = world.services["a"]


class SuperviseTerm(Term, Supervise):
    pass


class SuperviseDown(Down, Supervise):
    pass


class SuperviseUp(Up, Supervise):
    pass


class RunsvRestarts(Restart, Runsv):
    pass


class RunsvRestartsLogger(RestartOfLogger, Runsv):
    pass


class RunsvDown(DownLogged, Runsv):
    pass


class SuperviseLeaves(FromRest, Supervise):
    """dx: all ends. What is begun anew is told again."""

    def act(self, world):
        world.services["a"].command("dx")

    def is_over(self, world):
        return not below(world.harness.pid)

    def begin_again(self, world):
        world.start_plain()

    def is_settled(self, world):
        service = world.services["a"]
        has_ended = state_of(world.engine) is None
        # Looked at in this order: it is itself below, until it has ended.
        if not below(world.harness.pid):
            world.engine = 0
            return True
        if has_ended:
            world.start_plain()
        elif service.is_supervised() and service.state()["leaving"] == "0":
            self.tell_again(world)
        return False

    def tell_again(self, world):
        try:
            self.act(world)
        except OSError:  # it has left this moment
            pass

    def check(self, world):
        assert len(world.services["a"].starts()) <= 2

    def use(self, world):
        world.start_plain()
        wait_until(lambda: all(s.is_up() for s in world.each()), what="up again")
        super().use(world)


class RunsvLeaves(SuperviseLeaves, Runsv):
    """So does its logger, when it has read what there is."""

    program = "runsv"
    has_logger = True


class SuperviseStops(SuperviseLeaves):
    """The same, by TERM."""

    def act(self, world):
        os.kill(world.engine, signal.SIGTERM)


class RunsvStops(SuperviseStops, RunsvLeaves):
    pass


class SuperviseSurrenders(SuperviseLeaves):
    """The service gives up, and its supervisor ends with a code, once."""

    def build(self, world):
        super().build(world)
        folder = world.services["a"].dir
        (folder / "restart").write_text("never\n")
        (folder / "on-giving-up").write_text("shutdown 42\n")

    def prepare(self, world):
        super().prepare(world)
        time.sleep(1)  # a start that comes by mistake would come at once

    def act(self, world):
        os.kill(world.before[world.services["a"]], signal.SIGKILL)

    def begin_again(self, world):
        """Traced, though not killed again: so it is heard how it ends."""
        service = world.services["a"]
        record = service.dir / "supervise" / "giving-up"
        is_gone = service.state()["hosted"] == "0"
        # Killed just before it would have exited by itself: begun anew.
        world.is_done = is_gone and not record.exists()
        world.trace(-1)

    def is_settled(self, world):
        if world.is_done:
            return all(s.is_up() and s.is_supervised() for s in world.each())
        said = world.harness.hear()
        if not said or said[0] != "ended":
            return False
        assert os.waitstatus_to_exitcode(int(said[2])) == 42, said
        world.engine = 0
        return True

    def check(self, world):
        service = world.services["a"]
        assert len(service.starts()) == 1 + world.is_done
        assert not (service.dir / "supervise" / "giving-up").exists()

    def use(self, world):
        if world.is_done:
            Supervise.use(self, world)
        else:
            super().use(world)


class RunsvSurrenders(SuperviseSurrenders, RunsvLeaves):
    pass


SCENARIOS = [
    Supervise,
    SuperviseRestarts,
    SuperviseTerm,
    SuperviseDown,
    SuperviseUp,
    SuperviseLeaves,
    SuperviseStops,
    SuperviseSurrenders,
    Runsv,
    RunsvRestarts,
    RunsvRestartsLogger,
    RunsvDown,
    RunsvLeaves,
    RunsvStops,
    RunsvSurrenders,
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.__name__)
def test_every_point(scenario, tmp_path, capsys):
    try_every_point(scenario(), tmp_path, capsys)
