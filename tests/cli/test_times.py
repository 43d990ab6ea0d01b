"""A time on the command line is in UTC unless it says otherwise."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from trio_gate.cli.times import moment

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-01-15T12:00:00Z", "2026-01-15 12:00", "2026-01-15T13:00+01:00", "20260115T120000"])
def test_a_time_is_read_in_its_zone(text):
    assert (moment(text), moment(text).utcoffset()) == (NOON, UTC.utcoffset(None))


def test_a_date_is_its_beginning():
    assert moment("2026-01-15") == NOON.replace(hour=0)


@pytest.mark.parametrize("text", ["", "noon", "2026-13-01", "0001-01-01T00:00+01:00"])
def test_anything_else_is_none(text):
    with pytest.raises(ValueError, match=r"."):
        moment(text)
