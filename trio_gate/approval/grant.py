"""Grants: an approval in advance, by the approvers of its rules, of later calls by one agent in its accounts; and the table of those in force.

Rule: a grant opens nothing by itself. It stands in for people where the rules require its own rule's approval, within its uses
and its time, and only while that rule and its approvers stay unchanged. A use is taken before the call is sent, and given back only if
no byte was sent, so no grant is ever used too often; a spent grant stays in the table until its last call is known to have been sent.

Theory: there are four kinds. "once" comes from approving a call whose agent had left: it keeps that approval for when the same
call comes again. "exact" covers calls with an equal repeat key. "predicate" covers calls for which a condition is true; where
that cannot be decided, it does not apply. "task" is a predicate, too, for all rules and accounts that a task touches.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import field, fields, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from trio_gate.approval.task import stand
from trio_gate.approval.terms import Terms
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from trio_gate.approval.question import Question
    from trio_gate.approval.task import Standings, Task
    from trio_gate.config.model import Approver, Rule

Kind = Literal["once", "exact", "predicate", "task"]


@value_class
class Grant:
    """A standing approval.

    Attributes:
        id: unique; never used twice.
        rule, agent, account: what it applies to; `agent` is None while no agent is configured.
        about: the call that it was given for, in words. digest: the request digest of that call.
        repeat_key: of that call; equal calls have the same.
        predicate: CEL source; only for the kinds "predicate" and "task".
        uses: how many calls it allows. used: how many were made.
        by: the people who approved it.
        standing: the fingerprint of the rule and its approvers, see `standing`.
        people: all who could approve it, and so may see it.
        purpose: of a task; None for the other kinds.
        others: the other rules of a task, with their fingerprints.
        accounts: those of a task of several, with their labels; `account` is one of them.
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
    purpose: str | None = None
    others: Standings = ()
    accounts: Mapping[str, str | None] = field(default_factory=dict)

    def is_for(self, person: str) -> bool:
        """Whether this person may see and revoke it."""
        return person in self.people

    def covers(self, account: str) -> bool:
        """Whether it is for calls in this account."""
        return account == self.account or account in self.accounts

    @property
    def rules(self) -> Standings:
        """All its rules, with their fingerprints."""
        return ((self.rule, self.standing), *self.others)


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


def task_grant(question: Question, task: Task, *, by: Sequence[str], now: datetime) -> Grant:
    """The grant of an approved task. Its id follows from that of its question, so that the agent knows it."""
    (rule, standing), *others = task.rules
    made = grant_of(
        question,
        Terms(uses=task.uses, minutes=task.minutes, predicate=task.predicate),
        grant_id=task_id(question.id),
        by=by,
        now=now,
        life=timedelta(0),
        standing=standing,
    )
    about = f"task: {task.purpose}"
    return replace(made, kind="task", rule=rule, about=about, purpose=task.purpose, others=tuple(others), accounts=task.accounts)


def task_id(question_id: str) -> str:
    """The id of the grant that a task becomes."""
    return f"t{question_id[1:]}"


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


class GrantTable:
    """All grants by id, in the order in which they were made.

    Attributes:
        refused: how many were not made because there were too many.
    """

    def __init__(self, grants: Iterable[Grant] = ()) -> None:
        self.refused = 0
        self._grants = {grant.id: grant for grant in grants if not spent(grant)}

    def __iter__(self) -> Iterator[Grant]:
        return iter(self._grants.values())

    def get(self, grant_id: str) -> Grant | None:
        """The grant with this id; None if it has ended."""
        return self._grants.get(grant_id)

    def usable(self, grant_id: str) -> Grant | None:
        """As `get`; None, too, if it has no uses left."""
        grant = self._grants.get(grant_id)
        return None if grant is None or spent(grant) else grant

    def of_agent(self, agent: str | None) -> tuple[Grant, ...]:
        """The grants of an agent that have uses left."""
        return tuple(grant for grant in self if grant.agent == agent and not spent(grant))

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._grants)

    def add(self, grant: Grant) -> None:
        """Add a new grant. Check `count` before."""
        self._grants[grant.id] = grant

    def take(self, question: Question, *, standing: str, now: datetime, covers: Callable[[str], bool]) -> Grant | None:
        """Use the first grant that covers a call; returns the grant after that use, or None without one.

        `standing` is the fingerprint of the asking rule and its approvers; `covers` says whether a predicate is true of the call.
        """
        for grant in self:
            if _answers(grant, question, standing, now) and (grant.predicate is None or covers(grant.predicate)):
                self._grants[grant.id] = taken = used(grant)
                return taken
        return None

    def give_back(self, grant_id: str) -> Grant | None:
        """Undo a use; returns the grant after that, None if it has ended."""
        grant = self._grants.get(grant_id)
        if grant is None or not grant.used:
            return None
        self._grants[grant_id] = restored = replace(grant, used=grant.used - 1)
        return restored

    def end(self, grant_id: str) -> Grant | None:
        """Remove a grant and return it; None if it has already ended."""
        return self._grants.pop(grant_id, None)

    def expired(self, now: datetime) -> list[Grant]:
        """The grants whose time is over."""
        return [grant for grant in self if now >= grant.expires_at]

    def void(self, standings: Mapping[str, str]) -> list[Grant]:
        """The grants whose rule or approvers have changed. `standings` maps names of rules to their present fingerprints."""
        return [grant for grant in self if not stand(grant.rules, standings)]

    def task(self, question: Question, now: datetime) -> Grant | None:
        """The grant that this task became when it was asked for before; None where it has to be asked for."""
        for grant in self:
            same = (grant.kind, grant.agent, grant.account, grant.repeat_key)
            live = not spent(grant) and now < grant.expires_at
            if live and same == ("task", question.agent, question.account, question.repeat_key):
                return grant
        return None


def _answers(grant: Grant, question: Question, standing: str, now: datetime) -> bool:
    if spent(grant) or now >= grant.expires_at or (question.rule, standing) not in grant.rules:
        return False
    if grant.agent != question.agent or not grant.covers(question.account):
        return False
    if grant.kind == "once":
        return grant.repeat_key == question.repeat_key
    return question.grantable and (grant.predicate is not None or grant.repeat_key == question.repeat_key)
