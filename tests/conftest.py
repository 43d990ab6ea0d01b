"""Fixtures and options that tests of several rooms share."""

from __future__ import annotations

import os
from pathlib import Path

import coverage

from tests.kit.gateway import clean_environment
from tests.kit.standins.embedded import embedded_aws
from tests.kit.teardown import pytest_runtest_teardown

pytest_plugins = ["tests.kit.long"]

__all__ = ["clean_environment", "embedded_aws", "pytest_runtest_teardown"]


def pytest_runtest_logstart(nodeid):
    """What each process is at, for a run that is ended because it takes too long."""
    if folder := os.environ.get("TRIO_GATE_NOW"):
        (Path(folder) / os.environ.get("PYTEST_XDIST_WORKER", "main")).write_text(f"{nodeid}\n")


def pytest_sessionfinish():
    """What was measured is stored before this process says that it is done: xdist kills one that needs ten seconds more to end."""
    if (measured := coverage.Coverage.current()) is not None:
        measured.stop()
        measured.save()
