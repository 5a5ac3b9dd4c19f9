"""The campaign fixture; see campaign.py.

PEER_SEED   a number, or "random"     PEER_CASES  how many cases in all
PEER_CASE   one case, as a failure printed it, run instead of the others
HOLDFAST_BIN  the programs under test
"""

import functools
import os
import pathlib
import random
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

import support  # noqa: E402
from campaign import Campaign  # noqa: E402

SUMMARY = pytest.StashKey()


@functools.cache
def peer_programs(package):
    """Where the package's programs are; skips when it cannot be had."""
    got = subprocess.run(
        [support.TOP / "script" / "peers", package],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if got.returncode:
        pytest.skip(got.stderr.strip())
    return pathlib.Path(got.stdout.strip(), "usr", "bin")


@pytest.fixture(scope="session")
def campaign(request):
    seed = os.environ.get("PEER_SEED", "1")
    if seed == "random":
        seed = str(random.SystemRandom().randrange(1 << 32))
    os.umask(0o022)
    started = Campaign(
        peer_programs,
        support.BIN.resolve(),
        seed,
        int(os.environ.get("PEER_CASES", "6000")),
    )
    request.config.stash[SUMMARY] = started
    yield started
    started.close()


@pytest.fixture
def agree(campaign):
    """agree(area): the area's cases come out the same on both sides."""

    def check(area):
        missing = [p for p in area.programs if not (campaign.ours / p).exists()]
        if missing:
            pytest.skip(f"not built: {' '.join(missing)}")
        peer_programs(area.package)
        wrong = campaign.run(area)
        if wrong:
            pytest.fail(wrong, pytrace=False)

    return check


def pytest_terminal_summary(terminalreporter, config):
    if SUMMARY in config.stash:
        terminalreporter.section("differential campaign")
        for line in config.stash[SUMMARY].summary():
            terminalreporter.write_line(line)
