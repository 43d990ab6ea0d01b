"""The grants of a process: the book, kept on disk, and told to those whom they concern.

Rule: a grant is in the record, and its use on disk, before a call of it is sent, or a crash would let it be used again.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from trio_gate.approval.codec import as_json, encode, granted
from trio_gate.approval.frames import GrantEnded
from trio_gate.approval.grant import grant_of, spent
from trio_gate.approval.grant_table import GrantTable
from trio_gate.approval.persistence import grant_from
from trio_gate.audit.acts import ended_row, grant_row
from trio_gate.shell.approval.hub_config import agent_proof

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from trio_gate.approval.grant import Grant
    from trio_gate.approval.question import Question
    from trio_gate.approval.state import Verdict
    from trio_gate.approval.terms import GrantEnd, Terms
    from trio_gate.ports import Asked, Clock
    from trio_gate.shell.approval.database import ApprovalDatabase
    from trio_gate.shell.approval.hub_config import Change
    from trio_gate.shell.approval.subscribers import Subscribers
    from trio_gate.shell.audit.acts import Acts

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True, eq=False)
class LiveApproval:
    """An approval on its way: of what question, by whom, and of which grant it is a use; `void` once it is taken back."""

    question: Question
    standing: str
    verdict: Verdict
    grant: str | None
    void: bool = False


class GrantService:
    """The grants of a process. `ttl` is the life in seconds of an approval that waits for its agent; `live` are approvals on their way."""

    def __init__(
        self, clock: Clock, subscribers: Subscribers, database: ApprovalDatabase | None, acts: Acts, *, ttl: float
    ) -> None:
        self.book = GrantTable()
        self.live: set[LiveApproval] = set()
        self._clock = clock
        self._subscribers = subscribers
        self._database = database
        self._acts = acts
        self._ttl = timedelta(seconds=ttl)

    def load(self) -> None:
        """Take in what was kept. Raises StorageUnavailable."""
        if self._database is not None:
            self.book = GrantTable(map(grant_from, self._database.load("grant").values()))

    def frames(self, person: str) -> tuple[str, ...]:
        """Those that a person may see, encoded."""
        return tuple(encode(granted(grant)) for grant in self.book if grant.is_for(person))

    def add(self, question: Question, terms: Terms | None, standing: str, verdict: Verdict) -> Grant:
        """The grant that an approval makes; without terms for the next equal call."""
        grant = grant_of(
            question,
            terms,
            grant_id=f"g{secrets.token_hex(8)}",
            by=verdict.by,
            now=self._clock.now(),
            life=self._ttl,
            standing=standing,
        )
        self.book.add(grant)
        self._acts.note(grant_row(grant, question.id, verdict.reason))
        self._changed(grant)
        log.info("grant %s (%s) for rule %s, agent %s: %s", grant.id, grant.kind, ascii(grant.rule), grant.agent, grant.about)
        return grant

    def take(self, asked: Asked) -> Grant | None:
        """Use the first grant that answers for a call."""
        grant = self.book.take(asked.question, standing=asked.standing, now=self._clock.now(), covers=asked.covers)
        if grant is not None:
            self._changed(grant)
        return grant

    def give_back(self, grant_id: str) -> None:
        """A use came to nothing."""
        grant = self.book.give_back(grant_id)
        if grant is not None:
            self._changed(grant)

    def used(self, grant_id: str) -> None:
        """A use has left: where it was the last, the grant is no more."""
        grant = self.book.get(grant_id)
        if grant is not None and spent(grant):
            self.end(grant, "used")

    def end(self, grant: Grant, why: GrantEnd, by: str | None = None) -> None:
        """Take a grant out."""
        if self.book.end(grant.id) is None:
            return
        if self._database is not None:
            self._database.drop("grant", grant.id)
        if why != "revoked":
            self._acts.note(ended_row(grant, why, self._clock.now()))
        log.info("grant %s ended: %s", grant.id, why)
        if why in ("revoked", "void"):
            self.take_back(lambda approval: approval.grant == grant.id)
        self._subscribers.tell(GrantEnded(id=grant.id, why=why, by=by), grant.is_for)

    def void(self, standings: Mapping[str, str], change: Change) -> None:
        """End those whose rule or approvers, whose agent, or whose people are not what they were."""

        def stands(agent: str | None, people: Collection[str], *, granting: bool) -> bool:
            same = agent is None or change.same(agent_proof(agent))
            return same and all(change.stands(person, granting=granting) for person in people)

        others = [grant for grant in self.book if not stands(grant.agent, grant.by, granting=grant.kind != "once")]
        for grant in [*self.book.void(standings), *others]:
            self.end(grant, "void")
        self.take_back(
            lambda approval: (
                standings.get(approval.question.rule) != approval.standing
                or not stands(approval.question.agent, approval.verdict.by, granting=False)
            )
        )

    def take_back(self, which: Callable[[LiveApproval], bool]) -> None:
        """Approvals that are on their way and have not been sent are not sent any more."""
        for approval in filter(which, self.live):
            approval.void = True

    def sweep(self) -> None:
        """End those whose time is over."""
        for grant in self.book.expired(self._clock.now()):
            self.end(grant, "expired")

    def _changed(self, grant: Grant) -> None:
        if self._database is not None:
            self._database.put("grant", grant.id, as_json(grant))
        self._subscribers.tell(granted(grant), grant.is_for)
