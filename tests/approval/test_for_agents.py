"""What an agent is told of its questions and grants: in each state, what to do next; nothing of people and conditions."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest

from tests.kit.approvals.questions import NOW, question
from trio_gate.approval.channel.codec import timestamp
from trio_gate.approval.decided import CallOutcome, DecidedTable
from trio_gate.approval.for_agents import of_decided, of_grant, of_prompt
from trio_gate.approval.grant import Kind, grant_of
from trio_gate.approval.state import Prompt, Status, decide, expire, withdraw
from trio_gate.approval.terms import Terms

PAGE = "https://127.0.0.1:9443/"
WAITS = Prompt(question=question())


def voted(answer, reason=""):
    made = WAITS.question
    return decide(WAITS, person="alice", digest=made.digest, verdict=answer, reason=reason, now=NOW)


def grant(terms=None):
    return grant_of(WAITS.question, terms, grant_id="g1", by=("alice",), now=NOW, life=timedelta(minutes=5), standing="s" * 64)


def told(prompt, *, made=None, outcome=None, why="", kept=None):
    table = DecidedTable()
    frame = table.ended(prompt, at=NOW, grant=made, why=why)
    if outcome:
        frame = table.became("q1", CallOutcome(at=NOW, end=outcome))[0]
    return of_decided(frame, kept)


def test_a_question_that_waits():
    said = of_prompt(WAITS, PAGE)
    assert (said["id"], said["status"], said["account"], said["until"]) == (
        "q1",
        "pending",
        "111111111111",
        "2026-03-04T05:16:07.000Z",
    )
    assert said["call"] == 'Delete object "a" from "reports"'
    assert said["next"].endswith(f"/-/agent/approvals/q1?wait=60, or ask your user to approve it at {PAGE}#q1")
    assert of_prompt(WAITS, "")["next"].endswith("?wait=60")


def test_a_question_of_an_older_gateway_has_no_sentence():
    older = replace(WAITS, question=replace(WAITS.question, sentence=None))
    assert of_prompt(older, "")["call"] == "DeleteObjects on s3"
    assert told(expire(older))["call"] == "DeleteObjects on s3"


ENDS = {
    "denied": (voted("deny", "use SQS"), {}, "denied by a person: use SQS: do not run it again"),
    "denied without a reason": (voted("deny"), {}, "denied by a person: do not run it again"),
    "expired": (expire(WAITS), {}, "nobody answered in time, which is not a denial: run the same command again"),
    "withdrawn": (withdraw(WAITS), {"why": "stopped by bob"}, "withdrawn, which is not a denial: run the same command again"),
    "being sent": (voted("approve"), {}, "approved: the command that waits is being executed"),
    "answered": (voted("approve"), {"outcome": "answered"}, "approved and sent to AWS"),
    "unanswered": (voted("approve"), {"outcome": "unanswered"}, "approved, and may have been executed"),
    "kept for the agent": (voted("approve"), {"made": "g1", "kept": grant()}, "approved, and not executed yet: run the same"),
    "kept, and being sent": (voted("approve"), {"made": "g1"}, "approved: the command that waits is being executed"),
    "granted, and being sent": (
        voted("approve"),
        {"made": "g1", "kept": replace(grant(), kind="exact")},
        "approved: the command that waits is being executed",
    ),
    "kept too long": (voted("approve"), {"made": "g1", "outcome": "not_sent"}, "approved, and the approval is over"),
    "not sent": (voted("approve"), {"outcome": "not_sent"}, "approved, and the approval is over"),
}


@pytest.mark.parametrize(("prompt", "more", "then"), ENDS.values(), ids=ENDS)
def test_a_question_that_has_ended(prompt, more, then):
    said = told(prompt, **more)
    assert said["next"].startswith(then)
    assert not any(name in json.dumps(said) for name in ("alice", "bob", "oncall"))
    assert (said["until"] is None) == ("kept" not in more)


def test_every_kind_of_grant_is_told():
    said = [of_grant(replace(grant(), kind=kind))["covers"] for kind in get_args(Kind)]
    assert len(set(said)) == len(said)


OF_TASK = replace(WAITS, question=replace(WAITS.question, service="trio-gate", operation="AskForTask"))
AGAIN = "which is not a denial: ask for the task again"


@pytest.mark.parametrize(
    ("status", "kept", "then"),
    [
        (Status.APPROVED, replace(grant(), kind="task"), "approved: its calls go through until `until`"),
        (Status.APPROVED, None, "approved, and the task is over: ask for another"),
        (Status.EXPIRED, None, f"nobody answered in time, {AGAIN}"),
        (Status.WITHDRAWN, None, f"withdrawn, {AGAIN}"),
    ],
)
@pytest.mark.parametrize("outcome", [None, "answered", "unanswered"])
def test_of_a_task_no_call_is_spoken_of(status, kept, then, outcome):
    said = told(replace(OF_TASK, status=status), made="g1", kept=kept, outcome=outcome)
    assert said["next"] == then
    assert said["until"] == (timestamp(kept.expires_at) if kept else None)


@pytest.mark.parametrize(
    ("terms", "covers"),
    [
        (None, "the same call once, unchanged"),
        (Terms(uses=3, minutes=5), "the same call, unchanged"),
        (Terms(uses=3, minutes=5, predicate='aws.params.Bucket == "secret-plan"'), "calls that people described"),
    ],
)
def test_a_grant(terms, covers):
    said = of_grant(replace(grant(terms), used=1))
    assert said["covers"].startswith(covers)
    assert said["left"] == (2 if terms else 0)
    assert not any(text in json.dumps(said) for text in ("alice", "secret-plan"))
