"""A time on the command line is in UTC unless it says otherwise, or how long ago."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import UTC, datetime, timedelta

import pytest

from trio_gate.cli.times import moment
from trio_gate.shell.clock import SystemClock

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-01-15T12:00:00Z", "2026-01-15 12:00", "2026-01-15T13:00+01:00", "20260115T120000"])
def test_a_time_is_read_in_its_zone(text):
    assert (moment(text), moment(text).utcoffset()) == (NOON, UTC.utcoffset(None))


def test_a_date_is_its_beginning():
    assert moment("2026-01-15") == NOON.replace(hour=0)


@pytest.mark.parametrize(("text", "seconds"), [("0s", 0), ("10m", 600), ("2h", 7200), ("3d", 259200)])
def test_how_long_ago(text, seconds):
    before = SystemClock().now()
    found = moment(text) + timedelta(seconds=seconds)
    assert before <= found <= SystemClock().now()


@pytest.mark.parametrize("text", ["", "noon", "2026-13-01", "0001-01-01T00:00+01:00", "-10m", "10 m", "10w", "999999999d"])
def test_anything_else_is_none(text):
    with pytest.raises(ArgumentTypeError, match=r"is no time: write one such as 2026-01-15T12:00 \(UTC\), or 10m, 2h or 3d ago"):
        moment(text)
