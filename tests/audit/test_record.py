from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.records import CALL
from trio_gate.audit.record import plain_read, stamp
from trio_gate.aws.call import UNKNOWN


@pytest.mark.parametrize(
    ("fields", "plain"),
    [
        ({}, True),
        ({"access": "list"}, True),
        ({"cross_account": UNKNOWN}, True),
        ({"cross_account": True}, False),
        ({"access": "write"}, False),
        ({"access": "permissions"}, False),
        ({"access": "tagging"}, False),
        ({"reads_secret": True}, False),
        ({"vends_credentials": True}, False),
        ({"presigned": 60}, False),
        ({"iam_action": None}, False),
        ({"iam_actions": UNKNOWN}, False),
    ],
)
def test_only_a_classified_read_of_its_own_account_may_go_before_its_record(fields, plain):
    assert plain_read(replace(CALL, **fields)) is plain


def test_times_are_utc_whatever_they_came_in():
    east = datetime(2026, 1, 15, 14, 0, 0, 5, tzinfo=timezone(timedelta(hours=2)))
    assert stamp(east) == "2026-01-15T12:00:00.000005Z" == stamp(east.astimezone(UTC))


MOST = 3_150_000_000_000_000
"""Microseconds in a hundred years."""

ZONES = st.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours)))


@given(st.integers(0, MOST), ZONES)
def test_a_time_is_written_as_a_formatter_writes_it(microseconds, zone):
    time = (datetime(2000, 1, 2, tzinfo=UTC) + timedelta(microseconds=microseconds)).astimezone(zone)
    assert stamp(time) == time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
