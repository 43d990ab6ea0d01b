"""Tests that are long by nature run with `--all`; what a run leaves out, for this or for another reason, it says at its end.

A test is long by `@pytest.mark.long("reason")`, on it or on one of its parameters, or because it stands in one of FOLDERS. The
reason says what more is tested, as `every operation of every service`: tests that are left out are counted by it.

Properties try fewer examples without `--all`: a quarter of hypothesis's own number, and of each number that is said by `examples`.
"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import settings

from tests.kit.paths import ROOT

FOLDERS = {"tests/programs": "real programs", "tests/browser": "the page in a browser"}

settings.register_profile("all", deadline=None)
settings.register_profile("short", deadline=None, max_examples=25)

LEFT_OUT = pytest.StashKey[Counter[str]]()


def one_in(number: int, what: str):
    """Parametrize a test of many rows by `one_in`: one row in that number, and with `--all` every row."""
    return pytest.mark.parametrize("one_in", [number, pytest.param(1, marks=pytest.mark.long(what))])


def examples(times: int):
    """A property that is tried that many times as often as others are."""
    return settings(max_examples=times * settings().max_examples)


def reason(item: pytest.Item) -> str | None:
    """Why the test is long; None if it is not."""
    if (mark := item.get_closest_marker("long")) is not None:
        return mark.args[0]
    where = item.path.relative_to(ROOT).as_posix() if item.path.is_relative_to(ROOT) else ""
    return next((why for folder, why in FOLDERS.items() if where.startswith(f"{folder}/")), None)


def pytest_addoption(parser):
    parser.addoption("--all", action="store_true", help="run also what is long by nature")


def pytest_configure(config):
    config.addinivalue_line("markers", "long(reason): runs with --all only; the reason says what more is tested")
    config.stash[LEFT_OUT] = Counter()
    settings.load_profile("all" if config.getoption("--all") else "short")
    if config.pluginmanager.has_plugin("xdist"):
        config.pluginmanager.register(_Workers(config.stash[LEFT_OUT]))


def pytest_collection_modifyitems(config, items):
    if config.getoption("--all"):
        return
    reasons = [(item, reason(item)) for item in items]
    config.stash[LEFT_OUT].update(why for _, why in reasons if why)
    config.hook.pytest_deselected(items=[item for item, why in reasons if why])
    items[:] = [item for item, why in reasons if not why]


def pytest_sessionfinish(session):
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["left out"] = dict(session.config.stash[LEFT_OUT])


class _Workers:
    """Each of xdist's workers collects all tests, and so knows all that are left out."""

    def __init__(self, left_out: Counter[str]) -> None:
        self.left_out = left_out

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node):
        self.left_out |= Counter(getattr(node, "workeroutput", {}).get("left out", {}))


def pytest_terminal_summary(terminalreporter, config):
    skipped = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in terminalreporter.stats.get("skipped", []))
    for said, counted in (("left out, run with --all", config.stash[LEFT_OUT]), ("left out, not possible here", skipped)):
        if counted:
            total = f"{said}: {counted.total():,} tests"
            terminalreporter.write_line("; ".join([total, *(f"{count:,} {why}" for why, count in counted.most_common())]))
