"""The machine fixture; see machine.py."""

import os
import platform
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from kernel import Missing  # noqa: E402
from machine import Machine  # noqa: E402


@pytest.fixture
def machine(tmp_path):
    """Machines; where they can't be had, the test is skipped, and says why."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        pytest.skip("machines are of the kind that Debian calls amd64")
    try:
        return Machine(tmp_path)
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    """So is one for which something else is missing here."""
    outcome = yield
    if outcome.excinfo and issubclass(outcome.excinfo[0], Missing):
        outcome.force_exception(pytest.skip.Exception(str(outcome.excinfo[1])))
