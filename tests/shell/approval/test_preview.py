"""What a grant would let through: counted of the record as far as it tells, of what waits, and bounded."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.kit.approvals.asking import asked
from tests.kit.approvals.questions import NOW, question
from tests.kit.records import intent, read
from trio_gate.approval.channel.frames import Preview
from trio_gate.approval.task import Task
from trio_gate.audit.rows import intent_row
from trio_gate.shell.approval import preview as module
from trio_gate.shell.approval.preview import PERIOD, Recorded, preview

MEANT = replace(question(), service="s3", operation="GetObject")
BUCKET = 'aws.params.Bucket == "b"'


def row(**fields) -> dict:
    given = {"time": NOW - timedelta(hours=1), "rule": "the rest", **fields}
    return read(intent_row(intent(**given)))


def found(predicate, rows, *, others=(), meant=MEANT):
    def recent(rules, since, most):
        asking = ["the rest"] if meant.task is None else ["the rest", "second"]
        assert (rules, since, most) == (asking, NOW - PERIOD, module.MOST_ROWS)
        yield from rows

    record = Recorded(recent=recent, never_vends=lambda service, action: (service, action) == ("s3", "CopyObject"))
    return preview(Preview(ref="1", id="q1", predicate=predicate), meant, others, record, NOW)


@pytest.mark.parametrize(
    ("predicate", "rows", "counts"),
    [
        (BUCKET, [], (0, 0, 0)),
        (BUCKET, [row(), row(), row(params='{"Bucket":"c"}')], (2, 0, 3)),
        (BUCKET, [row(params='{"Bucket":{"$masked":{"length":3}}}'), row()], (1, 1, 2)),
        (BUCKET, [row(agent="other"), row(account="222222222222"), None], (0, 0, 0)),
        (BUCKET, [row(operation="PutObject")], (0, 1, 1)),
        (BUCKET, [row(operation="CopyObject")], (1, 0, 1)),
        (BUCKET, [row(operation="PutObject", params='{"Bucket":"c"}')], (0, 0, 1)),
        ("aws.runs_code", [row()], (0, 1, 1)),
        (None, [row(digest=MEANT.digest), row(digest="d" * 64), row()], (1, 0, 3)),
    ],
)
def test_recorded_calls_are_counted_as_far_as_the_record_tells(predicate, rows, counts):
    answer = found(predicate, rows)
    assert (answer.covered, answer.undecided, answer.calls) == counts
    assert (answer.complete, answer.since) == (True, "2026-03-03T05:06:07.000Z")


def test_where_equal_calls_may_differ_their_digests_do_not_tell():
    meant = replace(MEANT, may_differ=("ClientToken",))
    answer = found(None, [row(digest=MEANT.digest), row(digest="d" * 64), row(operation="PutObject")], meant=meant)
    assert (answer.covered, answer.undecided, answer.calls) == (1, 1, 3)
    assert answer.words == "calls equal to this one in all that is sent, whatever their ClientToken"


def test_a_task_is_counted_by_its_own_condition_and_all_its_rules():
    rules = (("the rest", "1" * 64), ("second", "2" * 64))
    task = Task(purpose="move", lines=("s3: GetObject", "s3: CopyObject"), predicate=BUCKET, uses=2, minutes=1, rules=rules)
    rows = [row(), row(operation="CopyObject", rule="second"), row(operation="PutObject"), row(params='{"Bucket":"c"}')]
    answer = found(None, rows, meant=replace(MEANT, task=task, service="trio-gate", operation="AskForTask"))
    assert (answer.covered, answer.undecided, answer.calls) == (1, 2, 4)
    assert answer.words == "s3: GetObject; s3: CopyObject"


def test_words_are_the_conditions():
    assert found(BUCKET, []).words == "all operations, whose Bucket is b"
    assert found(None, []).words == "calls equal to this one in all that is sent"


def test_what_waits_is_named_where_it_is_covered():
    first = asked(question("q2", repeat_key=MEANT.repeat_key), covers=lambda _: False)
    second = asked(question("q3", repeat_key="e" * 64), covers=lambda condition: condition == BUCKET)
    assert found(BUCKET, [], others=[first, second]).waiting == ("q3",)
    assert found(None, [], others=[first, second]).waiting == ("q2",)


def test_a_long_list_of_what_waits_is_cut(monkeypatch):
    monkeypatch.setattr(module, "MOST_WAITING", 2)
    others = [asked(question(f"q{number}", repeat_key=MEANT.repeat_key)) for number in range(2, 6)]
    assert found(None, [], others=others).waiting == ("q2", "q3")


@pytest.mark.parametrize("bound", ["rows", "seconds"])
def test_too_many_rows_are_left_out_and_that_is_said(monkeypatch, bound):
    monkeypatch.setattr(module, *(("MOST_ROWS", 2) if bound == "rows" else ("MOST_SECONDS", -1.0)))
    times = [NOW - timedelta(minutes=minute) for minute in (1, 2, 3)]
    answer = found(BUCKET, [row(time=time) for time in times])
    seen = 2 if bound == "rows" else 1
    assert (answer.calls, answer.complete) == (seen, False)
    assert answer.since == f"2026-03-04T05:0{6 - seen}:07.000Z"


def test_without_a_record_nothing_is_said_of_it():
    answer = preview(Preview(ref="1", id="q1"), MEANT, (), None, NOW)
    assert (answer.calls, answer.complete) == (0, False)
