"""Grants: an approval in advance, by one rule's approvers, of later calls by one agent in one account.

Rule: a grant opens nothing by itself. It stands in for people where the rules require its own rule's approval, within its uses
and its time, and only while that rule and its approvers stay unchanged.

Theory: there are three kinds. "once" comes from approving a call whose agent had left: it keeps that approval for when the same
call comes again. "exact" covers calls with an equal repeat key. "predicate" covers calls for which a condition is true; where
that cannot be decided, it does not apply.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trio_gate.approval.question import Question
    from trio_gate.approval.terms import Terms
    from trio_gate.config.model import Approver, Rule

Kind = Literal["once", "exact", "predicate"]


@value_class
class Grant:
    """A standing approval.

    Attributes:
        id: unique; never used twice.
        rule, agent, account: what it applies to; `agent` is None while no agent is configured.
        about: the call that it was given for, in words. digest: the request digest of that call.
        repeat_key: of that call; equal calls have the same.
        predicate: CEL source; only for the kind "predicate".
        uses: how many calls it allows. used: how many were made.
        by: the people who approved it.
        standing: the fingerprint of the rule and its approvers, see `standing`.
        people: all who could approve it, and so may see it.
    """

    id: str
    kind: Kind
    rule: str
    agent: str | None
    account: str
    account_name: str | None
    about: str
    digest: str
    repeat_key: str
    predicate: str | None
    uses: int
    used: int = 0
    made_at: datetime
    expires_at: datetime
    by: tuple[str, ...]
    standing: str
    people: tuple[str, ...]

    def is_for(self, person: str) -> bool:
        """Whether this person may see and revoke it."""
        return person in self.people


def grant_of(
    question: Question, terms: Terms | None, *, grant_id: str, by: Sequence[str], now: datetime, life: timedelta, standing: str
) -> Grant:
    """Make a grant from an approved question: by `terms`, or without terms for its next equal call within `life`."""
    kind: Kind = "once" if terms is None else "exact" if terms.predicate is None else "predicate"
    ends = now + (life if terms is None else timedelta(minutes=terms.minutes))
    return Grant(
        id=grant_id,
        kind=kind,
        rule=question.rule,
        agent=question.agent,
        account=question.account,
        account_name=question.account_name,
        about=f"{question.operation} on {question.service} in {question.region}",
        digest=question.digest,
        repeat_key=question.repeat_key,
        predicate=terms.predicate if terms else None,
        uses=terms.uses if terms else 1,
        made_at=now,
        expires_at=ends,
        by=tuple(by),
        standing=standing,
        people=tuple(sorted({person for group in question.approvers for person in group.people})),
    )


def used(grant: Grant) -> Grant:
    """The grant after one more use."""
    return replace(grant, used=grant.used + 1)


def spent(grant: Grant) -> bool:
    """Whether a grant has no uses left."""
    return grant.used >= grant.uses


def standing(rule: Rule, approvers: Sequence[Approver]) -> str:
    """A fingerprint of a rule and its approvers. When it changes, the rule's grants are void."""
    groups = [[one.id, sorted(one.people), one.quorum] for one in approvers]
    facts: list[object] = [rule.name, rule.condition, rule.action, list(rule.endpoints), rule.vends, groups]
    if rule.shapes_role:
        facts += [[getattr(rule.assume, one.name) for one in fields(rule.assume)], rule.narrow, list(rule.narrow_also)]
        facts.append(rule.approval_tag)
    if rule.presign:
        facts.append("presign")
    return hashlib.sha256(json.dumps(facts).encode("ascii")).hexdigest()
