"""Decided questions are remembered, the last of them, for those who were asked, with what became of their calls."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.kit.approvals.questions import NOW, question
from trio_gate.approval.decided import MAX_DECIDED, MAX_SHOWN, MAX_WHY, CallOutcome, DecidedTable
from trio_gate.approval.question import Group
from trio_gate.approval.state import Prompt, decide, withdraw

MISSED = CallOutcome(at=NOW + timedelta(seconds=2), end="answered", status=404, error_code="NoSuch\u202e", seconds=0.25)


def approved(question_id: str = "q1") -> Prompt:
    made = question(question_id)
    voted = decide(Prompt(question=made), person="alice", digest=made.digest, verdict="approve", reason="fine", now=NOW)
    assert isinstance(voted, Prompt)
    return voted


def test_an_approved_call_has_an_outcome_once_it_is_known():
    table = DecidedTable()
    first = table.ended(approved(), at=NOW, grant=None)
    assert (first.status, first.by, first.reason, first.outcome) == ("approved", ["alice"], "fine", None)
    assert (first.call["sentence"], first.call["account_name"]) == ('Delete object "a" from "reports"', "prod")
    told = table.became("q1", MISSED)
    assert told is not None
    frame, people = told
    assert people == {"alice", "bob"}
    assert replace(frame, outcome=None) == first
    assert frame.outcome == {
        "at": "2026-03-04T05:06:09.000Z",
        "end": "answered",
        "status": 404,
        "error_code": "NoSuch\\u{202e}",
        "seconds": 0.25,
        "why": None,
    }
    assert table.of("bob") == [frame]
    assert table.of("carol") == []


def test_an_approval_that_waited_as_a_grant_leads_back_to_its_question():
    table = DecidedTable()
    table.ended(approved(), at=NOW, grant="g1")
    table.kept("g1", "q1")
    assert table.became("g1", MISSED)[0].id == "q1"
    assert table.became("g2", MISSED) is None


def test_who_or_what_withdrew_a_question_is_said_and_long_reasons_are_cut():
    table = DecidedTable()
    ended = table.ended(withdraw(Prompt(question=question())), at=NOW, grant=None, why="stopped by bob: odd\x1b")
    assert (ended.status, ended.reason) == ("withdrawn", "stopped by bob: odd\\u{1b}")
    said = table.became("q1", replace(MISSED, why="x" * 9 * MAX_WHY))[0].outcome["why"]
    assert said == "x" * MAX_WHY


def test_only_the_last_are_kept_and_fewer_sent():
    table = DecidedTable()
    own = Group(id="human.g", people=("carol",), quorum=1, timeout=1.0)
    table.ended(withdraw(Prompt(question=question("mine", own))), at=NOW, grant=None)
    for number in range(MAX_DECIDED - 1):
        table.ended(approved(f"q{number}"), at=NOW, grant=None)
        table.kept(f"g{number}", f"q{number}")
    assert [frame.id for frame in table.of("carol")] == ["mine"]
    assert [frame.id for frame in table.of("alice")] == [f"q{number}" for number in range(MAX_DECIDED - 1)][-MAX_SHOWN:]
    table.ended(approved("last"), at=NOW, grant=None)
    assert table.of("carol") == []
    for number in range(2):
        table.kept(f"h{number}", "last")
    assert table.became("g0", MISSED) is None
    assert table.became("g1", MISSED) is not None
