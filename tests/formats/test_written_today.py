"""What is written today has the form that was written then: the run that made `written/` is made again."""

from __future__ import annotations

import pytest

from tests.formats.kit import masked, written
from tests.formats.record import explained, record

WRITTEN_AGAIN = [
    *("approvals.sql", "approvals.stopped.sql", "audit.sql", "log.jsonl", "log.txt"),
    *("decisions.jsonl", "explain.jsonl", "frames.txt"),
]


@pytest.fixture(scope="module")
def today(embedded_aws, tmp_path_factory):
    folder = tmp_path_factory.mktemp("today")
    record(folder, embedded_aws, tmp_path_factory.mktemp("work"))
    return folder


@pytest.mark.parametrize("name", WRITTEN_AGAIN)
def test_it_has_the_form_of_then(today, name):
    assert masked((today / name).read_text()) == masked(written(name))


def test_a_request_of_then_is_explained_in_the_same_words(tmp_path):
    rows = written("explain.requests.jsonl")
    [now] = {row.partition('"now": "')[2].partition('"')[0] for row in rows.splitlines()}
    assert explained(tmp_path, rows, now) == written("explain.jsonl")
