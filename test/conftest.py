"""Fixtures for all tests; see support.py."""

import os
import pathlib
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.dirname(__file__))

import results  # noqa: E402
import support  # noqa: E402

support.become_subreaper()


def pytest_addoption(parser):
    parser.addoption("--results", metavar="FILE", help="what script/test reads")


MEMORY = "/dev/shm"
MEMORY_BYTES = 8 << 30  # left there, which all legs together don't need


def place():
    """Where tests have their files: in memory, where there is much of it. They make
    and remove small ones by the hundred thousand, and a disk that discards takes its
    time for each. A long test is one of the disk, too."""
    if "HOLDFAST_LONG" in os.environ or "TMPDIR" in os.environ:
        return None
    try:
        found = os.statvfs(MEMORY)
    except OSError:
        return None
    is_large = found.f_bavail * found.f_frsize > MEMORY_BYTES
    is_good = is_large and not found.f_flag & os.ST_NOEXEC
    return MEMORY if is_good and os.access(MEMORY, os.W_OK) else None


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    # What pytest shares among its runs, each that begins closes to other users.
    if config.option.basetemp is None:
        config.option.basetemp = tempfile.mkdtemp(prefix="holdfast.", dir=place())
        config.room = pathlib.Path(config.option.basetemp)
    if path := config.getoption("results"):
        config.pluginmanager.register(results.Writer(path))


def pytest_sessionfinish(session, exitstatus):
    """What failed is left to be looked at."""
    if exitstatus == 0 and hasattr(session.config, "room"):
        shutil.rmtree(session.config.room, ignore_errors=True)


@pytest.fixture(autouse=True)
def sanitizer_reports():
    """A test in which a sanitizer found something fails; see support.py."""
    yield
    reports = support.take_sanitizer_reports()
    assert not reports, reports


@pytest.fixture
def path_outside_dev():
    """For tmp_path, where files are to be mounted: what is below /dev is passed over."""
    with tempfile.TemporaryDirectory(prefix="holdfast.", dir="/tmp") as made:
        yield pathlib.Path(made)


@pytest.fixture
def bin_dir():
    return support.BIN


@pytest.fixture
def programs():
    """Starts programs; ends them and their descendants after the test."""
    started = support.Programs()
    yield started
    started.end_all()


@pytest.fixture
def scan(tmp_path, programs):
    """A scan directory; its svscan is started by the test."""
    return support.Scan(tmp_path, programs)
