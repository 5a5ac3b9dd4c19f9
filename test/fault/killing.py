"""The supervisor killed at every point: what the scenarios of this share.

A point is any moment between two system calls; those that find the world as the
one before left it are the same state, and counted apart in a long test only.

A scenario says how to get to where it begins, what happens then, how to see
that it is over, and what must be true after a kill anywhere in between and a
fresh start of the supervisor. Points are counted by a run without a kill.
"""

import collections
import concurrent.futures
import os
import signal
import time

from faults import LONG, Logged, World, below, check_lines, syscall_names
from support import wait_until

WORKERS = 40
THROTTLE_S = 1.0


class Scenario:
    """First start of one service; the others change what they must."""

    starts_traced = True  # counting begins with the engine's own start
    has_logger = False
    is_told = False  # of how orphans end, as svscanboot does
    is_kept = False  # what it opened for services, as svscanboot does
    is_counting = True  # what was started is what is counted as that

    def build(self, world):
        world.add("a", self.has_logger)

    def prepare(self, world):
        """Brings about where it begins: an engine that waits for events."""
        world.trace(-1)
        wait_until(lambda: all(s.is_up() for s in world.each()), what="up")
        world.settle()
        self.note(world)

    def note(self, world):
        world.before = {s: s.pid() for s in world.each()}

    def act(self, world):
        """What happens, counting."""

    def is_over(self, world):
        return all(s.is_up() for s in world.each())

    def after_kill(self, world):
        """Between the kill and the fresh engine."""

    def begin_again(self, world):
        world.start_plain()

    def is_settled(self, world):
        return all(s.is_up() and s.is_supervised() for s in world.each())

    def check(self, world):
        """The scenario's own demands, after the common ones."""

    def use(self, world):
        """What must still be possible in the end."""
        check_use(world)


def is_another(world, service):
    """Up with a process that isn't the one from before."""
    return service.pid() not in (0, world.before[service]) and service.is_up()


def is_same(world, *services):
    for service in services:
        assert service.pid() == world.before[service], "another process"


class FromRest(Scenario):
    starts_traced = False


class Command(FromRest):
    """A byte comes. Where it was lost (read, or not even that, and nothing on
    record yet), nothing must have changed, and it is given again."""

    letter = None
    want = "up"

    def prepare(self, world):
        super().prepare(world)
        world.service = world.services["a"]
        self.ready(world)

    def ready(self, world):
        """Brings the service to where the command begins."""

    def told(self, world, letter, is_done):
        world.service.command(letter)
        wait_until(is_done, what=f"effect of {letter}")
        world.settle()

    def act(self, world):
        world.service.command(self.letter)

    def is_obeyed(self, world):
        raise NotImplementedError

    def is_over(self, world):
        return self.is_obeyed(world)

    def begin_again(self, world):
        world.is_lost = not self.is_known(world)
        super().begin_again(world)
        service = world.service
        wait_until(service.is_supervised, what="supervised")
        if world.is_lost:
            service.command(self.letter)

    def is_known(self, world):
        """Whether the command is on record: nobody has to give it again."""
        return world.service.state()["want"] == self.want

    def is_settled(self, world):
        return world.service.is_supervised() and self.is_obeyed(world)


def past_throttle(service):
    """Waits until nothing keeps it from being started at once."""
    time.sleep(max(0, service.starts()[-1][1] - time.monotonic()))


# ---- the common demands ----


def check_all(world):
    """What must be true of every service directory, settled."""
    root = world.harness.pid
    expected = {world.engine} - {0}  # 0: it has ended, as it was told
    for service in world.each():
        running = service.processes(root, but=world.engine)
        pid = service.pid()
        if not service.is_supervised():  # whoever takes it looks at the record
            assert not running
            continue
        assert running == ([pid] if pid else []), f"{running} run, {pid} on record"
        expected.update(running)
        assert not service.has_violation(), "two at a time"
        state = service.state()
        if state:
            assert "boot" in state, "state is cut"
            assert state["pid"] == str(pid)
        if pid:
            assert service.recorded_pid() == pid
        if pid and int(state["starts"]) != len(service.starts()):
            assert not world.scenario.is_counting or int(state["starts"]) >= 1
        check_throttle(service)
    assert set(below(root)) == expected, "somebody else runs"


def eventually(check, world, limit_s=60):
    """What isn't true yet may still come: a death takes time to be seen."""
    deadline = time.monotonic() + limit_s
    while True:
        try:
            return check(world)
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def check_throttle(service):
    """
    Each was decided on when the one before allowed it: a second lies between two
    decisions, whoever made them, and however long the way to each exec was.
    """
    due = [at for _, at in service.starts()]
    for earlier, later in zip(due, due[1:]):
        assert later - earlier >= THROTTLE_S - 1e-6, f"{later - earlier} s apart"


def check_use(world):
    """Lines flow, and commands are obeyed."""
    for service in world.services.values():
        if isinstance(service, Logged) and service.is_supervised():
            if service.state()["want"] != "up":
                service.command("u")
            wait_until(service.is_up, what="up")
            pid = service.pid()
            assert pid > 0  # 0 would be this very process group
            os.kill(pid, signal.SIGUSR1)
            line = f"{pid} 2\n".encode()  # the first is from its start
            wait_until(lambda: service.logged().endswith(line), what="line in the log")
    for service in world.services.values():
        if service.is_supervised():
            service.command("d")
            wait_until(
                lambda: service.is_down()
                and not service.processes(world.harness.pid, but=world.engine),
                what="down",
            )
    for service in world.services.values():
        if isinstance(service, Logged):
            try:
                wait_until(
                    lambda: len(service.logged()) >= len(to_be_logged(world, service)), 20
                )
            except AssertionError:
                raise AssertionError(
                    f"{service.written()} written, {service.logged()} logged, started"
                    f" {service.starts()}, logger {service.log.starts()}"
                ) from None
            check_lines(to_be_logged(world, service), service.logged())


def to_be_logged(world, service):
    """
    What was written, less what may be lost: with service and engine dead, a
    logger that had met the end of its input before the service opened the pipe
    is gone as well, and nobody holds the pipe; unless that is kept.
    """
    dead = getattr(world, "dead", set())
    if not dead or world.scenario.is_kept or len(service.log.starts()) < 2:
        return service.written()
    logged = service.logged().splitlines(keepends=True)
    return b"".join(
        line
        for line in service.written().splitlines(keepends=True)
        if int(line.split()[0]) not in dead or line in logged
    )


# ---- one run ----


def run(scenario, folder, point):
    """
    A run with a kill at that point (0: without). Returns what was hit, as
    "NAME WHERE WHO"; None if it was over before; for 0 the number of points.
    """
    world = World(folder)
    world.scenario = scenario
    hit = None
    try:
        if scenario.is_told:
            world.harness.tell("tell")
        if scenario.is_kept:
            world.harness.tell("keep")
        scenario.build(world)
        if scenario.starts_traced:
            world.trace(point)
        else:
            scenario.prepare(world)
            world.harness.tell("arm", point)
            scenario.act(world)
        hit = await_kill(scenario, world, point)
        if point == 0:
            return hit
        if hit is None:
            return None
        scenario.after_kill(world)
        scenario.begin_again(world)
        wait_until(lambda: scenario.is_settled(world), what="settled")
        eventually(check_all, world)
        scenario.check(world)
        scenario.use(world)
        return hit, getattr(world, "is_lost", False), getattr(world, "is_left", False)
    except Exception as error:
        states = {str(s.dir): s.state() for s in world.each()}
        raise AssertionError(
            f"point {point}, {hit}: {error}\n{world.said()}\n{states}"
        ) from error
    finally:
        world.close()


def await_kill(scenario, world, point):
    quiet_s = 0.1 if point else 0.005
    end = time.monotonic() + 240
    while time.monotonic() < end:
        said = world.harness.hear(quiet_s)
        if said and said[0] == "killed":
            name = syscall_names().get(int(said[2]), said[2])
            return f"{name} {said[3]} {said[4]}"
        if scenario.is_over(world):
            points, _ = world.settle()
            if scenario.is_over(world):
                said = world.harness.hear()
                if said and said[0] == "killed":
                    name = syscall_names().get(int(said[2]), said[2])
                    return f"{name} {said[3]} {said[4]}"
                return points if point == 0 else None
    raise AssertionError("neither killed nor over")


def run_to_point(scenario, folder, point):
    """A point may be a wait that doesn't come about each time."""
    for attempt in range(4):
        if hit := run(scenario, folder / f"{point}.{attempt}", point):
            return hit
    return None


def try_every_point(scenario, tmp_path, capsys):
    """The test that each scenario is."""
    failures, kinds, hits, lost, left = [], collections.Counter(), 0, 0, 0
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        dry = [pool.submit(run, scenario, tmp_path / f"dry{i}", 0) for i in range(2)]
        # How often it waits depends on what else the machine does.
        counts = [job.result() for job in dry]
        points = max(counts)
        chosen = range(1, points + 1)
        jobs = {
            pool.submit(run_to_point, scenario, tmp_path, point): point
            for point in chosen
        }
        for job in concurrent.futures.as_completed(jobs):
            if job.exception():
                failures.append((jobs[job], str(job.exception())))
            elif job.result():
                hit, is_lost, is_left = job.result()
                hits += 1
                kinds[hit.split()[2]] += 1
                lost += is_lost
                left += is_left
    with capsys.disabled():
        print(
            f"\n{type(scenario).__name__}: {points} points, {hits} kills"
            f" ({kinds['child']} in a child), {lost} commands said again,"
            f" {left} taken over by hand, {len(failures)} failed"
        )
    failures.sort()
    assert not failures, f"{len(failures)} of {len(chosen)}:\n" + "\n".join(
        text for _, text in failures[:5]
    )
    if hits < min(counts) * 0.9:
        # The machine may have been busier when they were counted.
        counts += [run(scenario, tmp_path / f"dry{i}", 0) for i in (2, 3, 4)]
    assert hits >= min(counts) * 0.9, (hits, counts)
