"""A run of the tests ends, whatever they wait for, and says where it was."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

WAITS = """\
from tests.kit import teardown

teardown.SECONDS = 1
pytest_runtest_teardown = teardown.pytest_runtest_teardown
"""
TESTS = """\
import threading

import pytest


@pytest.fixture
def first():
    yield
    threading.Event().wait()


@pytest.fixture
def second():
    yield
    threading.Event().wait()


@pytest.mark.timeout(1)
def test_waits(first, second):
    threading.Event().wait()


def test_after():
    pass
"""


def test_a_test_and_its_fixtures_that_wait_for_ever_are_left(tmp_path):
    (tmp_path / "conftest.py").write_text(WAITS)
    (tmp_path / "test_it.py").write_text(TESTS)
    words = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert "1 failed, 1 passed, 1 error" in done.stdout
    assert done.stdout.count("a fixture waited for more than 1 seconds") >= 2
