"""Fixtures for all tests; see support.py."""

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

import results  # noqa: E402
import support  # noqa: E402

support.become_subreaper()


def pytest_addoption(parser):
    parser.addoption("--results", metavar="FILE", help="what script/test reads")


def pytest_configure(config):
    if path := config.getoption("results"):
        config.pluginmanager.register(results.Writer(path))


@pytest.fixture(autouse=True)
def sanitizer_reports():
    """A test in which a sanitizer found something fails; see support.py."""
    yield
    reports = support.take_sanitizer_reports()
    assert not reports, reports


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
