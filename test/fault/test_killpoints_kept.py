"""The supervisor killed at every point while somebody keeps for it what must not
go with it, as svscanboot does: doc/crash-only.md, "Who keeps what".

Nothing of what was written or said is lost then, and nothing is kept for longer
than it is needed.
"""

import os
import signal

import pytest

from faults import Acted
from killing import try_every_point
from support import wait_until
from test_killpoints import (
    Adopt,
    FirstLogged,
    FirstThenDeath,
    KeptDetach,
    KeptUpgrade,
    Removal,
    Restart,
    RestartOfLogger,
    Stop,
)
from test_killpoints_scripts import Ready, ReadyLate


class Held:
    is_told = True
    is_kept = True
    held = 1

    def check(self, world):
        wait_until(lambda: world.held() == self.held, what=f"{self.held} kept")
        super().check(world)


class FirstKept(Held, FirstLogged):
    pass


class FirstKeptThenDeath(Held, FirstThenDeath):
    """The line that it wrote is there for the next logger."""


class AdoptKept(Held, Adopt):
    pass


class RestartKept(Held, Restart):
    pass


class RestartOfLoggerKept(Held, RestartOfLogger):
    pass


class UpgradeKept(Held, KeptUpgrade):
    pass


class DetachKept(Held, KeptDetach):
    pass


class StopKept(Held, Stop):
    pass


class RemovalKept(Held, Removal):
    held = 0


class Notified(Held, Ready):
    """READY=1 is said once. It is heard, or its time would be over."""

    files = {"notify_socket": "", "timeout_up": 60000, "act_run": "notify"}


class NotifiedLate(Held, ReadyLate):
    files = {"notify_socket": "", "timeout_up": 60000, "act_run": "notify-late"}


class NotifiedUpgrade(Held, KeptUpgrade):
    """It is said while one program becomes the other."""

    def build(self, world):
        world.service = Acted(world.scan / "a", "run", **NotifiedLate.files)
        world.services["a"] = world.service

    def act(self, world):
        super().act(world)
        # Or svscan is woken by the message, and killed before it could be told.
        wait_until(lambda: self.is_told_to(world), what="svscanctl to be at the door")
        os.kill(world.service.pid(), signal.SIGUSR1)

    def is_told_to(self, world):
        folder = f"/proc/{world.svscanctl.pid}/fd"
        try:
            links = [os.readlink(f"{folder}/{fd}") for fd in os.listdir(folder)]
        except OSError:
            links = []  # or it closes some this moment
        is_there = any(link.endswith("/.svscan/control") for link in links)
        return is_there or world.svscanctl.poll() is not None

    def is_over(self, world):
        return super().is_over(world) and world.service.state()["ready"] == "1"

    def is_settled(self, world):
        return super().is_settled(world) and world.service.state()["ready"] == "1"


SCENARIOS = [
    FirstKept,
    FirstKeptThenDeath,
    AdoptKept,
    RestartKept,
    RestartOfLoggerKept,
    UpgradeKept,
    DetachKept,
    StopKept,
    RemovalKept,
    Notified,
    NotifiedLate,
    NotifiedUpgrade,
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.__name__)
def test_every_point(scenario, tmp_path, capsys):
    try_every_point(scenario(), tmp_path, capsys)
