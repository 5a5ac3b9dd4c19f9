"""Fixtures for all tests; see support.py."""

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

import support  # noqa: E402

support.become_subreaper()


@pytest.fixture
def bin_dir():
    return support.BIN


@pytest.fixture
def programs():
    """Starts programs; ends them and their descendants after the test."""
    started = support.Programs()
    yield started
    started.end_all()
