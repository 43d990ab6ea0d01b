"""Decided questions are remembered, the last of them, for those who were asked, with what became of their calls."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.kit.approvals.questions import NOW, question
from trio_gate.approval.decided import CUT_OFF, MAX_DECIDED, MAX_SHOWN, MAX_WHY, CallOutcome, DecidedTable
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


def restarted(notes: dict, *grants: str) -> tuple[DecidedTable, dict]:
    """A table that took back what another one noted, and what it notes itself."""
    kept = {name: json.loads(json.dumps(value)) for name, value in sorted(notes.items()) if value is not None}
    again: dict = {}
    table = DecidedTable(again.__setitem__)
    table.load(kept.values(), grants)
    return table, again


def test_after_a_restart_the_last_are_there_in_their_order_with_what_became_of_them():
    notes: dict = {}
    table = DecidedTable(notes.__setitem__)
    for number in range(MAX_DECIDED + 1):
        table.ended(approved(f"q{number}"), at=NOW + timedelta(seconds=number), grant=None)
        table.became(f"q{number}", MISSED)
    assert (notes["q0"], sum(value is not None for value in notes.values())) == (None, MAX_DECIDED)
    again, noted = restarted(notes)
    assert (again.of("bob"), noted) == (table.of("bob"), {})
    assert again.of("carol") == []
    again.ended(approved("new"), at=NOW + timedelta(hours=1), grant=None)
    assert [name for name, value in noted.items() if value is None] == ["q1"]


def test_secrets_in_reasons_are_masked_where_they_are_kept():
    notes: dict = {}
    table = DecidedTable(notes.__setitem__)
    spoken = replace(approved(), votes=[replace(vote, reason="token=hunter2hunter2") for vote in approved().votes])
    assert "hunter2" in table.ended(spoken, at=NOW, grant=None).reason
    assert "hunter2" in table.became("q1", replace(MISSED, why="password=hunter2hunter2"))[0].outcome["why"]
    assert "hunter2" not in json.dumps(notes)


def test_what_was_under_way_when_the_process_ended_is_not_said_to_be():
    notes: dict = {}
    table = DecidedTable(notes.__setitem__)
    table.ended(approved("cut"), at=NOW, grant=None)
    table.ended(approved("once"), at=NOW + timedelta(seconds=1), grant="g1")
    table.kept("g1", "once")
    table.ended(withdraw(Prompt(question=question("no"))), at=NOW + timedelta(seconds=2), grant=None)
    again, _ = restarted(notes, "g1")
    cut, once, no = again.of("alice")
    assert (cut.outcome["end"], cut.outcome["why"]) == ("unanswered", CUT_OFF)
    assert (once.outcome, no.outcome) == (None, None)
    assert again.became("g1", MISSED)[0].id == "once"


def test_an_agent_that_changed_is_told_of_nothing_that_its_namesake_asked():
    notes: dict = {}
    table = DecidedTable(notes.__setitem__)
    table.ended(approved("old"), at=NOW, grant=None)
    table.disown("cd".__eq__)
    assert table.of_agent("old", "ci") is not None
    table.disown("ci".__eq__)
    table.ended(approved("new"), at=NOW + timedelta(seconds=1), grant=None)
    assert table.became("old", MISSED) is not None
    for now in (table, restarted(notes)[0]):
        assert now.of_agent("old", "ci") is None
        assert now.of_agent("new", "ci") is not None
        assert [frame.id for frame in now.of("alice")] == ["old", "new"]
    for number in range(MAX_DECIDED):
        table.ended(approved(f"q{number}"), at=NOW, grant=None)
    table.ended(approved("old"), at=NOW, grant=None)
    assert table.of_agent("old", "ci") is not None


@pytest.mark.parametrize("grants", [("t1",), ()])
def test_nothing_of_a_task_was_under_way(grants):
    notes: dict = {}
    table, asked = DecidedTable(notes.__setitem__), approved()
    of_task = replace(asked, question=replace(asked.question, service="trio-gate", operation="AskForTask"))
    table.ended(of_task, at=NOW, grant="t1")
    again, noted = restarted(notes, *grants)
    assert (again.of("alice"), noted) == (table.of("alice"), {})
