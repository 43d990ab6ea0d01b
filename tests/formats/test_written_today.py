"""What is written today has the form that was written then: the run that made `written/` is made again."""

from __future__ import annotations

from tests.formats.kit import masked, unpacked, written
from tests.formats.record import explained, record

WRITTEN_AGAIN = [
    *("approvals.sql", "approvals.stopped.sql", "audit.sql", "log.jsonl", "log.txt"),
    *("decisions.jsonl", "explain.jsonl", "frames.txt"),
]


def lines(name: str, text: str) -> list[str]:
    return masked(unpacked(text) if name == "audit.sql" else text)


def test_what_a_run_leaves_has_the_form_of_then(embedded_aws, tmp_path):
    today, work = tmp_path / "today", tmp_path / "work"
    today.mkdir()
    work.mkdir()
    record(today, embedded_aws, work)
    for name in WRITTEN_AGAIN:
        assert lines(name, (today / name).read_text()) == lines(name, written(name)), name


def test_a_request_of_then_is_explained_in_the_same_words(tmp_path):
    rows = written("explain.requests.jsonl")
    [now] = {row.partition('"now": "')[2].partition('"')[0] for row in rows.splitlines()}
    assert masked(explained(tmp_path, rows, now)) == masked(written("explain.jsonl"))
