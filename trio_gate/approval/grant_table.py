"""The grants that stand, and which of them answers for a call.

Rule: a use is taken before the call is sent and given back only if nothing of it was sent, so no grant is ever used more often
than it says. One that is spent stays in the book until its last call is known to have left.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trio_gate.approval.grant import spent, used

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from trio_gate.approval.grant import Grant
    from trio_gate.approval.question import Question

MAX_GRANTS = 1000
"""Grants that stand at the same time."""


class GrantTable:
    """All grants, by id, in the order they were made."""

    def __init__(self, grants: Iterable[Grant] = ()) -> None:
        self._grants = {grant.id: grant for grant in grants if not spent(grant)}

    def __iter__(self) -> Iterator[Grant]:
        return iter(self._grants.values())

    def get(self, grant_id: str) -> Grant | None:
        """The grant of an id, if it stands."""
        return self._grants.get(grant_id)

    @property
    def full(self) -> bool:
        """Whether no other can be added."""
        return len(self._grants) >= MAX_GRANTS

    def add(self, grant: Grant) -> None:
        """Put a new grant in."""
        self._grants[grant.id] = grant

    def take(self, question: Question, *, standing: str, now: datetime, covers: Callable[[str], bool]) -> Grant | None:
        """Use the first grant that answers for a call; it after that use, or None.

        `standing` is the fingerprint of the rule that asks and its approvers; `covers` says whether a predicate holds for the call.
        """
        for grant in self:
            if _answers(grant, question, standing, now) and (grant.predicate is None or covers(grant.predicate)):
                self._grants[grant.id] = taken = used(grant)
                return taken
        return None

    def give_back(self, grant_id: str) -> Grant | None:
        """Undo a use; the grant after that, None if it is gone."""
        grant = self._grants.get(grant_id)
        if grant is None or not grant.used:
            return None
        self._grants[grant_id] = restored = replace(grant, used=grant.used - 1)
        return restored

    def end(self, grant_id: str) -> Grant | None:
        """Take a grant out."""
        return self._grants.pop(grant_id, None)

    def expired(self, now: datetime) -> list[Grant]:
        """Those whose time is over."""
        return [grant for grant in self if now >= grant.expires_at]

    def void(self, standings: Mapping[str, str]) -> list[Grant]:
        """Those whose rule, or whose rule's approvers, are not what they were; `standings` by the names of rules."""
        return [grant for grant in self if standings.get(grant.rule) != grant.standing]


def _answers(grant: Grant, question: Question, standing: str, now: datetime) -> bool:
    if spent(grant) or now >= grant.expires_at or grant.standing != standing:
        return False
    if (grant.rule, grant.agent, grant.account) != (question.rule, question.agent, question.account):
        return False
    if grant.kind == "once":
        return grant.repeat_key == question.repeat_key
    return question.grantable and (grant.kind == "predicate" or grant.repeat_key == question.repeat_key)
