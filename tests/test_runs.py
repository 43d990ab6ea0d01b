"""A run of the tests ends, whatever they wait for, and says where it was and what it left out."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.kit.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

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

SOME_ARE_LONG = """\
import pytest

from tests.kit.long import one_in


@one_in(20, "a whole corpus")
def test_rows(one_in):
    assert one_in in (1, 20)


@pytest.mark.long("every word")
@pytest.mark.parametrize("word", ["a", "b"])
def test_words(word):
    pass


def test_a_program():
    pytest.skip("no such program")  # reason: the run that reads this text is to count it
"""


def run(folder: Path, conftest: str, tests: str, *words: str) -> str:
    """What a run of these tests alone prints."""
    (folder / "conftest.py").write_text(conftest)
    (folder / "test_it.py").write_text(tests)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), *words, str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False).stdout


def test_a_test_and_its_fixtures_that_wait_for_ever_are_left(tmp_path):
    said = run(tmp_path, WAITS, TESTS, "-p", "no:xdist")
    assert "1 failed, 1 passed, 1 error" in said
    assert said.count("a fixture waited for more than 1 seconds") >= 2


TWO_WAYS = [(), pytest.param(("-n", "2"), marks=pytest.mark.long("runs in several processes"))]


@pytest.mark.parametrize("processes", TWO_WAYS, ids=["one", "two"])
def test_what_is_left_out_is_said_by_its_reason(tmp_path, processes):
    conftest = 'pytest_plugins = ["tests.kit.long"]'
    short = run(tmp_path, conftest, SOME_ARE_LONG, *processes)
    assert "left out, run with --all: 3 tests; 2 every word; 1 a whole corpus\n" in short
    assert "left out, not possible here: 1 tests; 1 no such program\n" in short
    assert "1 passed, 1 skipped" in short
    everything = run(tmp_path, conftest, SOME_ARE_LONG, "--all", *processes)
    assert "run with --all" not in everything
    assert "left out, not possible here: 1 tests; 1 no such program\n" in everything
    assert "4 passed, 1 skipped" in everything
