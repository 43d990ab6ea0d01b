"""Questions about a call, and the input of its digest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.kit.calls import make_call
from trio_gate.approval.digest import DigestInput
from trio_gate.approval.param_tree import shown
from trio_gate.approval.question import Circumstances, Group, Question, question_from
from trio_gate.audit.redact import masked
from trio_gate.config.model import Approver
from trio_gate.content.code import Code
from trio_gate.effect.effect import effect_of

if TYPE_CHECKING:
    from trio_gate.aws.call import Call, Value

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
ONCALL = Approver(kind="human", name="oncall", people=("alice", "bob"), quorum=1, timeout=600.0)


class FixedClock:
    """Wall time that moves when told."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time


def parts(**changes) -> DigestInput:
    made = DigestInput(
        agent="ci",
        account="111111111111",
        partition="aws",
        region="us-east-1",
        signing_name="s3",
        credential="base",
        assume_role={"role_arn": "arn:aws:iam::111111111111:role/gate", "session_name": "gate-ci", "external_id": None},
        host="s3.us-east-1.amazonaws.com",
        address=None,
        method="POST",
        path="/reports",
        query="delete=",
        headers=(("host", "s3.us-east-1.amazonaws.com"), ("content-type", "application/xml"), ("user-agent", "aws-cli/2")),
        payload_length=3,
        payload_sha256="0" * 64,
        rule="the rest",
    )
    return replace(made, **changes)


def call(params: dict[str, Value] | None = None, **changes) -> Call:
    """A DeleteObjects that holds nothing special."""
    deletes = {
        "operation": "DeleteObjects",
        "region": "us-east-1",
        "host": "s3.us-east-1.amazonaws.com",
        "method": "POST",
        "path": "/reports",
        "params": {"Bucket": "reports", "Delete": {"Objects": [{"Key": "a"}]}} if params is None else params,
        "iam_action": "s3:DeleteObject",
        "iam_actions": ("s3:DeleteObject",),
        "access": "write",
        "destroys": True,
        "resource": "arn:aws:s3:::reports/a",
        "resources": ("arn:aws:s3:::reports/a",),
    }
    return make_call(**deletes | changes)


def asked(made: Call | None = None, bound: DigestInput | None = None, **changes) -> Question:
    """A question made from a call; `changes` are of its circumstances."""
    made = made or call()
    given = {
        "reason": None,
        "approvers": [ONCALL],
        "account_name": "prod",
        "agent_address": "127.0.0.1",
        "user_agent": "aws-cli/2.0",
        "streamed": False,
        "effect": effect_of(made, masked(made.params)),
    }
    around = Circumstances(**{**given, **changes})
    return question_from(
        made,
        bound or parts(),
        shown(made.params, code=Code(service=made.service, operation=made.operation)),
        around,
        question_id="q1",
        asked_at=NOW,
    )


def question(question_id: str = "q1", *groups: Group, life: float = 600.0, **changes) -> Question:
    """A question to these groups, by default to one of alice and bob."""
    groups = groups or (Group(id="human.oncall", people=("alice", "bob"), quorum=1, timeout=life),)
    ends = NOW + timedelta(seconds=life)
    return replace(asked(), **{"id": question_id, "approvers": groups, "expires_at": ends, "hold_until": ends, **changes})
