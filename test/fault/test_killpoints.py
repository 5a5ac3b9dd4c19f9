"""The supervisor killed at every point: before and after each system call.

Here are services that have nothing but run; those with more scripts are in
test_killpoints_scripts.py.
"""

import errno
import os
import signal
import subprocess

import pytest

from faults import below, helpers, state_of
from killing import (
    Command,
    FromRest,
    Scenario,
    is_another,
    is_same,
    past_throttle,
    try_every_point,
)
from support import BIN, wait_until


class First(Scenario):
    pass


class FirstLogged(Scenario):
    """The service must not be without a reader, or it would die of SIGPIPE."""

    has_logger = True

    def check(self, world):
        assert len(world.services["a"].starts()) == 1


class FirstThenDeath(Scenario):
    """If the service was started, it dies before the engine is back. (Without
    the logger too nobody would hold the pipe, and the line in it would go.)"""

    has_logger = True

    def after_kill(self, world):
        world.dead = set()
        for pid in world.services["a"].processes(world.harness.pid):
            os.kill(pid, signal.SIGKILL)
            world.dead.add(pid)
        for pid in world.dead:
            wait_until(lambda: state_of(pid) is None, what="its end")

    def check(self, world):
        assert world.services["a"].pid() not in world.dead


class Adopt(Scenario):
    """The start of an engine whose forerunner was killed."""

    has_logger = True

    def build(self, world):
        super().build(world)
        world.start_plain()
        wait_until(lambda: all(s.is_up() for s in world.each()), what="up")
        self.note(world)
        world.kill_engine()

    def check(self, world):
        is_same(world, *world.each())


class AdoptDead(Adopt):
    """The same, but the service died in between."""

    def build(self, world):
        super().build(world)
        service = world.services["a"]
        os.kill(service.pid(), signal.SIGKILL)
        wait_until(lambda: not service.processes(world.harness.pid))

    def is_settled(self, world):
        return super().is_settled(world) and is_another(world, world.services["a"])

    def check(self, world):
        assert len(world.services["a"].starts()) == 2


class Restart(FromRest):
    """A service ends by itself; it has been up long enough to start at once."""

    has_logger = True
    victim = "service"

    def prepare(self, world):
        super().prepare(world)
        self.pick(world)
        past_throttle(world.victim)

    def pick(self, world):
        world.victim = world.services["a"]
        world.other = world.victim.log
        if self.victim == "logger":
            world.victim, world.other = world.other, world.victim

    def act(self, world):
        os.kill(world.before[world.victim], signal.SIGKILL)

    def is_over(self, world):
        return is_another(world, world.victim)

    def is_settled(self, world):
        return super().is_settled(world) and self.is_over(world)

    def check(self, world):
        # Without service and engine the logger is at the end of its input.
        if self.victim == "logger":
            is_same(world, world.other)
        assert len(world.victim.starts()) == 2
        state = world.victim.state()
        assert state["deaths"] == "1"
        assert state["last-end"] in ("signal", "unknown")


class Told:
    """With svscanboot there is no end that nobody knows."""

    is_told = True

    def check(self, world):
        super().check(world)
        state = getattr(world, "victim", world.services["a"]).state()
        assert (state["last-end"], state["last-end-number"]) == ("signal", "9"), state


class RestartTold(Told, Restart):
    pass


class RestartOfLogger(Restart):
    victim = "logger"


class RestartThrottled(Restart):
    """It ends so soon that the next start has to wait."""

    has_logger = False

    def prepare(self, world):
        Scenario.prepare(self, world)
        world.victim = world.services["a"]

    def check(self, world):
        assert len(world.victim.starts()) == 2


class RestartThrottledTold(Told, RestartThrottled):
    pass


class AdoptDeadTold(Told, AdoptDead):
    pass


class RestartOfAdoptedTold(Told, Restart):
    """Its parent is another, who is the only one to know."""

    def build(self, world):
        super().build(world)
        world.start_plain()
        wait_until(lambda: all(s.is_up() for s in world.each()), what="up")
        world.kill_engine()


class Down(Command):
    letter = "d"
    want = "down"

    def is_obeyed(self, world):
        service = world.service
        return service.is_down() and service.state()["want"] == "down"

    def check(self, world):
        assert not world.service.processes(world.harness.pid, but=world.engine)
        assert len(world.service.starts()) == 1


class DownLogged(Down):
    has_logger = True


class Up(Command):
    letter = "u"

    def ready(self, world):
        service = world.service
        self.told(world, "d", service.is_down)
        past_throttle(service)

    def is_obeyed(self, world):
        service = world.service
        return service.is_up() and service.status()[2] == self.want

    def check(self, world):
        assert len(world.service.starts()) == 2


class Once(Up):
    letter = "o"
    want = "once"


class OnceWhileUp(Up):
    letter = "o"
    want = "once"

    def ready(self, world):
        pass

    def check(self, world):
        is_same(world, world.service)


class Pause(Command):
    letter = "p"

    def is_known(self, world):
        return world.service.state()["paused"] == "1"

    def is_obeyed(self, world):
        service = world.service
        return service.status()[1] and state_of(service.pid()) == "T"

    def check(self, world):
        is_same(world, world.service)
        world.service.command("c")
        wait_until(lambda: state_of(world.service.pid()) == "S", what="going on")


class Continue(Command):
    letter = "c"

    def ready(self, world):
        service = world.service
        self.told(world, "p", lambda: service.status()[1])

    def is_known(self, world):
        return world.service.state()["paused"] == "0"

    def is_obeyed(self, world):
        service = world.service
        return not service.status()[1] and state_of(service.pid()) != "T"

    def check(self, world):
        is_same(world, world.service)


class Term(Command):
    """A plain signal; the service is started again. Whether the byte was
    taken can't be seen, unless the service has ended."""

    letter = "t"

    def is_known(self, world):
        service = world.service
        state = service.state()
        return state["term-sent"] == "1" or not state_of(world.before[service])

    def is_obeyed(self, world):
        service = world.service
        return is_another(world, service)

    def check(self, world):
        assert len(world.service.starts()) == 2


class Exit(Command):
    """x: it goes on until the service ends, and svscan then takes it again."""

    letter = "x"

    def is_known(self, world):
        return world.service.state()["leaving"] == "1"

    def is_obeyed(self, world):
        return world.service.is_up() and world.service.state()["leaving"] == "1"

    def check(self, world):
        is_same(world, world.service)


class DownExit(Command):
    """dx: svscan takes it over again, as 0.76's does, and then it is up."""

    letter = "dx"

    def is_known(self, world):
        service = world.service
        state = service.state()
        is_back = state["want"] == "up" and state["pid"] != str(world.before[service])
        return state["leaving"] == "1" or state["hosted"] == "0" or is_back

    def is_obeyed(self, world):
        service = world.service
        return is_another(world, service)

    def check(self, world):
        assert world.service.state()["leaving"] == "0"
        assert len(world.service.starts()) == 2


class Stop(FromRest):
    """TERM to svscan: all end. A fresh svscan brings all up again."""

    has_logger = True

    def build(self, world):
        world.add("a", True)
        world.add("b")

    def act(self, world):
        os.kill(world.engine, signal.SIGTERM)

    def is_over(self, world):
        return not below(world.harness.pid)

    def is_settled(self, world):
        """What had begun to stop has stopped, and is back."""
        return super().is_settled(world) and all(
            s.state()["leaving"] == "0" and s.status()[2] == "up" for s in world.each()
        )


class KeptStop(Stop):
    """The same by svscanctl, which waits until it is obeyed: by this svscan or
    the next. One that is killed in the middle of it stops nothing more."""

    letter = "t"

    def act(self, world):
        argv = [BIN / "svscanctl", f"-{self.letter}", world.scan]
        world.svscanctl = subprocess.Popen(argv)

    def after_kill(self, world):
        world.had_begun = any(s.state()["leaving"] == "1" for s in world.each())

    def is_settled(self, world):
        if world.svscanctl.poll() is None:
            return False
        if self.has_ended(world) and not hasattr(world, "is_back"):
            world.is_back = True
            world.start_plain()
        is_obeyed = world.had_begun or hasattr(world, "is_back")
        return is_obeyed and super().is_settled(world)

    def has_ended(self, world):
        return not below(world.harness.pid)

    def check(self, world):
        assert world.svscanctl.wait(120) == 0


class KeptDetach(KeptStop):
    """It may have been obeyed just before; then the next one stays."""

    letter = "d"

    def has_ended(self, world):
        return state_of(world.engine) is None

    is_over = has_ended

    def after_kill(self, world):
        world.had_begun = True

    def check(self, world):
        super().check(world)
        is_same(world, *world.each())


class KeptUpgrade(FromRest):
    """Whichever program is killed, nothing restarts."""

    has_logger = True

    def act(self, world):
        argv = [BIN / "svscanctl", "-u", world.scan]
        world.svscanctl = subprocess.Popen(argv)

    def is_over(self, world):
        return world.svscanctl.poll() is not None and super().is_over(world)

    def check(self, world):
        assert world.svscanctl.wait(120) == 0
        is_same(world, *world.each())


class NewDirectory(FromRest):
    """A directory with a logger is moved into the scan directory."""

    def build(self, world):
        super().build(world)
        world.new = world.add("n", True, where=world.dir)

    def prepare(self, world):
        world.trace(-1)
        wait_until(world.services["a"].is_up, what="up")
        world.settle()
        world.before = {world.services["a"]: world.services["a"].pid()}

    def act(self, world):
        target = world.scan / "n"
        os.rename(world.new.dir, target)
        world.new.dir, world.new.log.dir = target, target / "log"

    def check(self, world):
        is_same(world, world.services["a"])


class Removal(FromRest):
    """The name goes, then dx is said. If the engine dies in between, the
    service can be found again by `supervise DIR`."""

    has_logger = True

    def build(self, world):
        service = world.add("a", True, where=world.dir)
        (world.scan / "a").symlink_to(service.dir)
        world.add("b")

    def act(self, world):
        service = world.services["a"]
        # A logger that is told to end leaves unread what is still in the pipe.
        wait_until(lambda: 0 < len(service.written()) == len(service.logged()))
        (world.scan / "a").unlink()
        for each in (service, service.log):
            try:
                each.command("dx")
            except OSError as error:  # the engine is dead already
                assert error.errno in (errno.ENXIO, errno.EPIPE)

    def is_over(self, world):
        a = world.services["a"]
        return not a.is_supervised() and not a.log.is_supervised()

    def begin_again(self, world):
        left = world.scan / ".svscan" / "left"
        is_on_record = left.is_dir() and any(left.iterdir())
        world.start_plain()
        a, b = world.services["a"], world.services["b"]
        wait_until(b.is_supervised, what="b supervised")
        scanner = world.engine
        for service in (a, a.log):
            is_alive = service.processes(world.harness.pid, but=scanner)
            if not is_on_record and is_alive and service.state()["hosted"] == "1":
                world.is_left = True
                world.start_plain([BIN / "supervise", service.dir])
                # One that was to leave may have done so before it is looked at.
                wait_until(
                    lambda: service.is_supervised() or service.state()["hosted"] == "0",
                    what="taken over",
                )
        world.engine = scanner

    def tell_again(self, world):
        """To whoever has them, and as often as it takes: some are on the way."""
        a = world.services["a"]
        for service in (a, a.log):
            try:
                service.command("dx")
            except BlockingIOError:
                pass  # as many are on the way as a FIFO holds
            except OSError as error:
                assert error.errno in (errno.ENXIO, errno.EPIPE)

    def is_settled(self, world):
        self.tell_again(world)
        return self.is_removed(world) and world.services["b"].is_up()

    def is_removed(self, world):
        a = world.services["a"]
        gone = not a.processes(world.harness.pid) and not a.log.processes(
            world.harness.pid
        )
        left = world.scan / ".svscan" / "left"
        is_forgotten = not left.is_dir() or not any(left.iterdir())
        return gone and is_forgotten and self.is_over(world)

    def check(self, world):
        is_same(world, world.services["b"])


class Refused(Scenario):
    """The script can't be run: a start a second, for ever."""

    is_counting = False

    def build(self, world):
        service = world.add("a")
        (service.dir / "run").unlink()
        (service.dir / "run").mkdir()

    def is_over(self, world):
        state = world.services["a"].state()
        return state.get("deaths") == "1" and state["phase"] == "waiting"

    def is_settled(self, world):
        """It can be run at last."""
        service = world.services["a"]
        if (service.dir / "run").is_dir() and int(service.state().get("deaths", 0)) >= 1:
            (service.dir / "run").rmdir()
            (service.dir / "run").symlink_to(helpers() / "numberer")
        return super().is_settled(world)

    def check(self, world):
        state = world.services["a"].state()
        assert state["last-end"] in ("exit", "unknown")


SCENARIOS = [
    First,
    FirstLogged,
    FirstThenDeath,
    Adopt,
    AdoptDead,
    AdoptDeadTold,
    Restart,
    RestartTold,
    RestartOfLogger,
    RestartThrottled,
    RestartThrottledTold,
    RestartOfAdoptedTold,
    Down,
    DownLogged,
    Up,
    Once,
    OnceWhileUp,
    Pause,
    Continue,
    Term,
    Exit,
    DownExit,
    Stop,
    KeptStop,
    KeptDetach,
    KeptUpgrade,
    NewDirectory,
    Removal,
    Refused,
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.__name__)
def test_every_point(scenario, tmp_path, capsys):
    try_every_point(scenario(), tmp_path, capsys)
