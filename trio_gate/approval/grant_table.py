"""The table of valid grants, which finds the one that covers a call.

Rule: a use is taken before the call is sent, and given back only if no byte was sent, so no grant is ever used too often. A
spent grant stays in the table until its last call is known to have been sent.
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
"""The most grants at the same time."""


class GrantTable:
    """All grants by id, in the order in which they were made."""

    def __init__(self, grants: Iterable[Grant] = ()) -> None:
        self._grants = {grant.id: grant for grant in grants if not spent(grant)}

    def __iter__(self) -> Iterator[Grant]:
        return iter(self._grants.values())

    def get(self, grant_id: str) -> Grant | None:
        """The grant with this id; None if it has ended."""
        return self._grants.get(grant_id)

    @property
    def full(self) -> bool:
        """Whether no further grant may be added."""
        return len(self._grants) >= MAX_GRANTS

    def add(self, grant: Grant) -> None:
        """Add a new grant. Check `full` before."""
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
        return [grant for grant in self if standings.get(grant.rule) != grant.standing]


def _answers(grant: Grant, question: Question, standing: str, now: datetime) -> bool:
    if spent(grant) or now >= grant.expires_at or grant.standing != standing:
        return False
    if (grant.rule, grant.agent, grant.account) != (question.rule, question.agent, question.account):
        return False
    if grant.kind == "once":
        return grant.repeat_key == question.repeat_key
    return question.grantable and (grant.kind == "predicate" or grant.repeat_key == question.repeat_key)
