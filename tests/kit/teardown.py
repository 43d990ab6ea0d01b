"""Each test's teardown has a deadline of its own: a test that ran out of its time has none left for what comes after it."""

from __future__ import annotations

import signal

import pytest

SECONDS = 120


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown():
    def late(*_):
        pytest.fail(f"a fixture waited for more than {SECONDS} seconds, and is left there")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, SECONDS, SECONDS)  # again and again: the next fixture may wait, too
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
