"""Requests are counted under a bounded number of labels, and AWS's time apart from ours."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from trio_gate.metrics.counts import MAX_SERIES, MOST_OF_AGENT, NOT_OURS, Counts
from trio_gate.metrics.histogram import OTHER
from trio_gate.metrics.limits import LIMITS
from trio_gate.metrics.table import METRICS

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
KEY = ("s3", "read", "allow", "ci", "111111111111")
MS = 1_000_000


def test_a_request_counts_under_what_it_was():
    counts = Counts()
    for status in (200, 204, None):
        counts.request(KEY, "answered" if status else "aborted", status, {}, NOW)
    found = counts.collect()
    assert found["requests"] == {KEY: 3}
    assert found["ends"] == {("answered", "2xx"): 2, ("aborted", "none"): 1}
    assert counts.seen == {"ci": NOW}


def test_the_time_of_others_is_not_ours():
    counts = Counts()
    counts.request(KEY, "answered", 200, {"identified": 3 * MS, "end": 4 * MS, **dict.fromkeys(NOT_OURS, 1000 * MS)}, NOW)
    found = counts.collect()
    assert round(found["own_seconds"][("read",)].total, 6) == 0.007
    assert found["aws_seconds"][("s3",)].total == 1.0


@pytest.mark.parametrize(("end", "own"), [("answered", 0.009), ("refused", 0.002), ("aborted", 0.002)])
@pytest.mark.parametrize("decided", ["allowed", "approval_needed"])
def test_a_wait_that_came_to_nothing_is_not_ours(decided, end, own):
    counts = Counts()
    counts.request(KEY, end, 403, {"identified": MS, decided: MS, "end": 7 * MS}, NOW)
    assert round(counts.collect()["own_seconds"][("read",)].total, 6) == own


def test_a_request_that_was_not_sent_has_no_time_of_aws():
    counts = Counts()
    counts.request(KEY, "refused", 403, {"identified": 3 * MS}, NOW)
    assert counts.collect()["aws_seconds"] == {}


def test_series_beyond_the_most_count_as_other_with_their_outcome():
    counts = Counts()
    for number in range(MAX_SERIES + 10):
        counts.request((f"s{number}", "read", "deny", f"ci{number % 2}", "1"), "refused", 403, {}, NOW)
    found = counts.collect()["requests"]
    assert len(found) == MAX_SERIES + 1
    assert found[OTHER, OTHER, "deny", OTHER, OTHER] == 10


def test_one_agent_leaves_series_to_others():
    counts = Counts()
    for number in range(MOST_OF_AGENT + 5):
        counts.request((f"s{number}", "read", "allow", "ci", "1"), "answered", 200, {}, NOW)
    counts.request(("s3", "read", "allow", "cd", "1"), "answered", 200, {}, NOW)
    found = counts.collect()["requests"]
    assert found["other", "other", "allow", "ci", "other"] == 5
    assert found["s3", "read", "allow", "cd", "1"] == 1
    assert len(found) == MOST_OF_AGENT + 2


def test_every_limit_is_counted_from_the_start():
    counts = Counts()
    counts.refuse("max_pending")
    found = counts.collect()["limit_refused"]
    assert {limit for (limit,) in found} == {one.name for one in LIMITS}
    assert {limit for (limit,), count in found.items() if count} == {"max_pending"}


def test_services_are_asked_when_somebody_reads():
    counts, asked = Counts(), []

    def source():
        asked.append(True)
        yield "waiting", (), 4
        yield "limit_refused", ("max_connections",), 2

    counts.watch(source)
    counts.refuse("rate")
    counts.refuse("rate")
    assert asked == []
    found = counts.collect()
    assert found["waiting"] == {(): 4}
    assert {limit: count for limit, count in found["limit_refused"].items() if count} == {("rate",): 2, ("max_connections",): 2}


def test_what_is_counted_has_a_metric():
    counts = Counts()
    counts.request(KEY, "answered", 200, {"aws": MS}, NOW)
    assert counts.collect().keys() <= {one.name for one in METRICS}
