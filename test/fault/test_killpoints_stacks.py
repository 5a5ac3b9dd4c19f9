"""The supervisor killed at every point of services that need one another, and of
the end of all because one gave up.

Each script says on one file, for all, when it begins, is ready and ends. From
that it is seen that nothing began before what it needs was ready, and that
nothing ended before those that need it, whichever supervisor did it.
"""

import os
import signal
import time

import pytest

from faults import Acted, below, helpers, read
from killing import (
    THROTTLE_S,
    Command,
    FromRest,
    is_another,
    is_same,
    try_every_point,
)
from support import wait_until
from test_killpoints import Removal

STOPPED_ALL = "stopping everything, to exit 42: db has given up"


class Stack(FromRest):
    """Three services, each of which needs the one before; and one wanted."""

    needs = {"db": (), "extra": (), "web": ("db",), "shop": ("web",)}
    wants = {"web": ("extra",)}
    files = {}  # besides, by service
    scripts = {}  # besides run, by service
    dies = ()  # those that end by themselves, whoever needs them

    def build(self, world):
        (world.dir / "order").touch()
        for name in self.needs:
            files = {"notification_fd": 3, "act_run": "ready 3"}
            service = Acted(
                world.scan / name,
                "run",
                *self.scripts.get(name, ()),
                **{**files, **self.files.get(name, {})},
            )
            (service.dir / "order").symlink_to(world.dir / "order")
            world.services[name] = service
            for kind, names in ("dependencies.d", self.needs), ("wants.d", self.wants):
                for other in names.get(name, ()):
                    (service.dir / kind).mkdir(exist_ok=True)
                    (service.dir / kind / other).touch()

    def are_ready(self, world, *names):
        chosen = (world.services[name] for name in names or self.needs)
        return all(
            s.is_supervised() and s.is_up() and s.state().get("ready") == "1"
            for s in chosen
        )

    def prepare(self, world):
        world.trace(-1)
        wait_until(lambda: self.are_ready(world), what="all ready")
        world.settle()
        self.note(world)

    def is_over(self, world):
        return self.are_ready(world)

    def is_settled(self, world):
        return self.are_ready(world)

    def check(self, world):
        self.check_order(world)

    def order(self, world):
        lines = read(world.dir / "order").decode().splitlines()
        return [line.split() for line in lines]

    def check_order(self, world):
        ready, running, ended = set(), set(), set()
        for name, script, what, _ in self.order(world):
            if script != "run":
                continue
            if what == "begin":
                # What is only wanted isn't waited for while it is told to end, or
                # can't be taken over yet: see doc/crash-only.md.
                wanted = set(self.wants.get(name, ())) - ended
                said = world.said()
                wanted = {w for w in wanted if f"acquire {w}/supervise/lock" not in said}
                before = {*self.needs[name], *wanted}
                assert before <= ready, f"{name} too soon: {self.order(world)}"
                running.add(name)
                ended.discard(name)
                ready.discard(name)  # it may have been killed
            elif what == "ready":
                ready.add(name)
            else:
                running.discard(name)
                ended.add(name)
                ready.discard(name)
                late = {other for other in running if name in self.needs[other]}
                assert not late or name in self.dies, (
                    f"{name} before {late}: {self.order(world)}"
                )

    def check_starts(self, world, **counts):
        """How many times each of them was started; the others once."""
        for name, service in world.services.items():
            wanted = counts.get(name, 1)
            assert service.order().count("R") == wanted, (name, service.order())

    def is_waiting(self, world, *names):
        return all(
            world.services[name].is_supervised()
            and world.services[name].phase() == "waiting"
            for name in names
        )

    def use(self, world):
        """All can be brought up, and be stopped, in good order."""
        db, shop = world.services["db"], world.services["shop"]
        for name in reversed(self.needs):
            world.services[name].command("u")
        wait_until(lambda: self.are_ready(world), what="all up again")
        db.command("d")
        wait_until(lambda: db.phase() == "down", what="db down")
        assert self.is_waiting(world, "web", "shop")
        assert shop.state()["want"] == "up"
        self.check_order(world)


class StackStarts(Stack):
    starts_traced = True

    def check(self, world):
        super().check(world)
        self.check_starts(world)


class StackStops(Stack):
    """What had begun to stop has stopped, and is back."""

    def act(self, world):
        os.kill(world.engine, signal.SIGTERM)

    def is_over(self, world):
        return not below(world.harness.pid)

    def is_settled(self, world):
        return super().is_settled(world) and all(
            s.state()["leaving"] == "0" and s.state()["want"] == "up"
            for s in world.each()
        )


class OfOne(Stack, Command):
    """A command to one of them."""

    name = "db"

    def prepare(self, world):
        Stack.prepare(self, world)
        world.service = world.services[self.name]
        self.ready(world)

    def is_over(self, world):
        return self.is_obeyed(world)

    def is_settled(self, world):
        return self.is_obeyed(world)


class NeededGoesDown(OfOne):
    """Those that need it end first, and wait."""

    letter = "d"
    want = "down"

    def ready(self, world):
        time.sleep(THROTTLE_S)  # a start that comes by mistake would come at once

    def is_obeyed(self, world):
        is_down = world.service.is_supervised() and world.service.phase() == "down"
        return is_down and self.is_waiting(world, "web", "shop")

    def check(self, world):
        super().check(world)
        self.check_starts(world)
        is_same(world, world.services["extra"])


class MiddleGoesDown(OfOne):
    name = "web"
    letter = "d"
    want = "down"

    def ready(self, world):
        time.sleep(THROTTLE_S)

    def is_obeyed(self, world):
        is_down = world.service.is_supervised() and world.service.phase() == "down"
        return is_down and self.is_waiting(world, "shop")

    def check(self, world):
        super().check(world)
        self.check_starts(world)
        is_same(world, world.services["db"], world.services["extra"])


class NeededComesBack(OfOne):
    letter = "u"

    def ready(self, world):
        self.told(world, "d", lambda: world.service.phase() == "down")
        wait_until(lambda: self.is_waiting(world, "web", "shop"), what="they wait")
        time.sleep(THROTTLE_S)

    def is_obeyed(self, world):
        return self.are_ready(world)

    def check(self, world):
        super().check(world)
        self.check_starts(world, db=2, web=2, shop=2)


class NeededDies(Stack):
    """It is started again; those that need it run on."""

    dies = ("db",)

    def prepare(self, world):
        super().prepare(world)
        time.sleep(THROTTLE_S)

    def act(self, world):
        os.kill(world.before[world.services["db"]], signal.SIGKILL)

    def is_over(self, world):
        return is_another(world, world.services["db"]) and self.are_ready(world)

    is_settled = is_over

    def check(self, world):
        super().check(world)
        self.check_starts(world, db=2)


class NeededFailsForGood(NeededDies):
    """So they do if it isn't. Who comes up waits for it."""

    files = {"db": {"restart": "never"}}

    def is_over(self, world):
        db = world.services["db"].state()
        has_failed = db["phase"] == "down" and db["failed"] == "1"
        return has_failed and self.are_ready(world, "extra", "web", "shop")

    def is_settled(self, world):
        return world.services["db"].is_supervised() and self.is_over(world)

    def check(self, world):
        Stack.check(self, world)
        self.check_starts(world)


class NeededFailsAtFirst(NeededFailsForGood):
    """Nobody who needs it ever starts."""

    starts_traced = True
    is_counting = False

    def build(self, world):
        super().build(world)
        run = world.services["db"].dir / "run"
        run.unlink()
        run.symlink_to("/bin/false")

    def is_over(self, world):
        db = world.services["db"].state()
        has_failed = db.get("phase") == "down" and db["failed"] == "1"
        is_there = has_failed and self.are_ready(world, "extra")
        return is_there and self.is_waiting(world, "web", "shop")

    def check(self, world):
        Stack.check(self, world)
        self.check_starts(world, db=0, web=0, shop=0)
        assert world.services["db"].state()["starts"] == "1"

    def use(self, world):
        """It may be better another time."""
        run = world.services["db"].dir / "run"
        run.unlink()
        run.symlink_to(helpers() / "actor")
        super().use(world)


class NeededIsRemoved(Removal):
    """Who needs it runs on, and would wait for it another time; or ends first, if
    the command came before it was seen that the name is gone."""

    def build(self, world):
        super().build(world)
        (world.services["b"].dir / "dependencies.d").mkdir()
        (world.services["b"].dir / "dependencies.d" / "a").touch()

    def is_settled(self, world):
        b = world.services["b"]
        self.tell_again(world)
        is_waiting = b.state()["phase"] == "waiting" and b.is_supervised()
        return self.is_removed(world) and (b.is_up() or is_waiting)

    def check(self, world):
        b = world.services["b"]
        assert len(b.starts()) == 1 and b.state()["want"] == "up"

    def use(self, world):
        b = world.services["b"]
        b.command("r")
        wait_until(lambda: b.state()["phase"] == "waiting", what="b to wait")


class Surrender(Stack):
    """One gives up, and so all must end, in good order, once."""

    files = {"db": {"restart": "never", "on_giving_up": "shutdown 42"}}
    dies = ("db",)
    code = 42
    stopped_all = STOPPED_ALL

    def prepare(self, world):
        super().prepare(world)
        time.sleep(THROTTLE_S)  # a start that comes by mistake would come at once

    def act(self, world):
        os.kill(world.before[world.services["db"]], signal.SIGKILL)

    def is_over(self, world):
        return not below(world.harness.pid)

    def begin_again(self, world):
        """Traced, though not killed again: so it is heard how it ends."""
        record = world.scan / ".svscan" / "giving-up"
        world.is_done = not record.exists() and not any(
            s.state()["hosted"] == "1" for s in world.each()
        )
        world.trace(-1)

    def is_settled(self, world):
        if world.is_done:  # killed just before it would have exited by itself
            return self.are_ready(world)
        said = world.harness.hear()
        if said and said[0] == "ended":
            assert os.waitstatus_to_exitcode(int(said[2])) == self.code, said
            world.engine = 0
            return True
        return False

    def check(self, world):
        super().check(world)
        for name, service in world.services.items():
            assert service.order() == "R" * (1 + world.is_done), (name, service.order())
        assert world.said().count(self.stopped_all) <= 2, world.said()
        assert not (world.scan / ".svscan" / "giving-up").exists()

    def use(self, world):
        """And that was that: another begins anew."""
        if not world.is_done:
            world.start_plain()
        wait_until(lambda: self.are_ready(world), what="all up again")


class MainEnds(Surrender):
    """It is the one for whose end, well or not, all must end, with its code."""

    is_told = True  # or nobody knows how it ended while there was no svscan
    files = {"db": {"on_exit": "shutdown"}}
    code = 128 + signal.SIGKILL
    stopped_all = "to exit 137: db was killed by KILL"


class MainHasDone(MainEnds):
    """The same when it has done its work: that is no failure, nor is it on record as
    one."""

    code = 0
    stopped_all = "to exit 0: db ended with exit code 0"

    def act(self, world):
        os.kill(world.before[world.services["db"]], signal.SIGTERM)


SCENARIOS = [
    StackStarts,
    StackStops,
    NeededGoesDown,
    MiddleGoesDown,
    NeededComesBack,
    NeededDies,
    NeededFailsForGood,
    NeededFailsAtFirst,
    NeededIsRemoved,
    Surrender,
    MainEnds,
    MainHasDone,
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.__name__)
def test_every_point(scenario, tmp_path, capsys):
    try_every_point(scenario(), tmp_path, capsys)
