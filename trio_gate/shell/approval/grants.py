"""The grants of a process: the table, kept on disk, and every change of it sent to the people it concerns.

Rule: a grant is in the record, and its use on disk, before a call of it is sent, or a crash would let it be used again. Approving a task
gives a grant, so only those may who may grant.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from trio_gate.approval.channel.codec import encode, granted
from trio_gate.approval.channel.frames import GrantEnded
from trio_gate.approval.decided import CallOutcome
from trio_gate.approval.grant import GrantTable, grant_of, spent, task_grant
from trio_gate.approval.persistence import grant_from, grant_json
from trio_gate.approval.state import Refused, proposed
from trio_gate.audit.acts import ended_row, grant_row
from trio_gate.policy import cel
from trio_gate.shell.approval.hub_config import agent_proof, stands_still
from trio_gate.text.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from trio_gate.approval.decided import DecidedTable
    from trio_gate.approval.grant import Grant
    from trio_gate.approval.question import Question
    from trio_gate.approval.state import Prompt, Verdict
    from trio_gate.approval.terms import GrantEnd, RefusedCode, Terms
    from trio_gate.config.model import Person
    from trio_gate.ports import Asked, Clock
    from trio_gate.shell.approval.database import ApprovalDatabase
    from trio_gate.shell.approval.hub_config import Change, Limits
    from trio_gate.shell.approval.subscribers import Subscribers
    from trio_gate.shell.audit.acts import Acts

UNUSED: Mapping[GrantEnd, str] = {
    "expired": "its agent had left, and did not come again in time",
    "revoked": "its approval was revoked",
    "void": "its rule, agent or approvers changed in the configuration",
}
"""Why a call was not sent whose approval waited for its agent, by how the approval ended."""

_VENDS = "calls that return credentials, or may do so, are approved one by one"
_OF_TASK = "what is granted with a task is what it asks for"
_MAY_NOT = "you may not grant: `may_grant` in your person block allows it"

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True, eq=False)
class LiveApproval:
    """An approval whose call has not ended yet.

    Attributes:
        question: what was approved.
        standing: the fingerprint of its rule and approvers.
        verdict: who approved.
        grant: the id of the grant that is used; None where people were asked.
        void: whether it was taken back, so that the call may not be sent any more.
    """

    question: Question
    standing: str
    verdict: Verdict
    grant: str | None
    void: bool = False


class GrantService:
    """The grants of a process.

    Attributes:
        table: the grants that may still be used.
        live: approvals whose calls have not ended yet.
    """

    def __init__(
        self,
        clock: Clock,
        subscribers: Subscribers,
        database: ApprovalDatabase | None,
        acts: Acts,
        decided: DecidedTable,
        *,
        ttl: float,
    ) -> None:
        """`ttl` is how long, in seconds, an approval waits for an agent that has left."""
        self.table = GrantTable()
        self.live: set[LiveApproval] = set()
        self._clock = clock
        self._subscribers = subscribers
        self._database = database
        self._acts = acts
        self._decided = decided
        self.ttl = timedelta(seconds=ttl)

    def load(self) -> None:
        """Read the grants back from the database. Raises StorageUnavailable."""
        if self._database is not None:
            self.table = GrantTable(self._database.load("grant", grant_from).values())

    def frames(self, person: str) -> tuple[str, ...]:
        """The grants that a person may see, each as an encoded frame."""
        return tuple(encode(granted(grant)) for grant in self.table if grant.is_for(person))

    def add(self, question: Question, terms: Terms | None, standing: str, verdict: Verdict) -> Grant:
        """Make the grant of an approval: on these terms, or without terms for the next equal call alone."""
        grant = grant_of(
            question,
            terms,
            grant_id=f"g{secrets.token_hex(8)}",
            by=verdict.by,
            now=self._clock.now(),
            life=self.ttl,
            standing=standing,
        )
        if terms is None:
            self._decided.kept(grant.id, verdict.id)
        return self._added(grant, question, verdict)

    def _added(self, grant: Grant, question: Question, verdict: Verdict) -> Grant:
        self.table.add(grant)
        self._acts.note(grant_row(grant, question.id, verdict.reason))
        self._changed(grant)
        log.info("grant %s (%s) for rule %s, agent %s: %s", grant.id, grant.kind, ascii(grant.rule), grant.agent, grant.about)
        return grant

    def of_approval(self, prompt: Prompt, standing: str, verdict: Verdict, *, detached: bool) -> str | None:
        """Make the grants of an approved question: one use for an agent that has left, and what the people granted.

        Returns the id of the last of them, None if there is none.
        """
        terms, task = proposed(prompt), prompt.question.task
        if task is not None:
            of_task = task_grant(prompt.question, task, by=verdict.by, now=self._clock.now())
            return self._added(of_task, prompt.question, verdict).id
        made = self.add(prompt.question, None, standing, verdict) if detached else None
        if terms is not None:
            made = self.add(prompt.question, terms, standing, verdict)
        return made.id if made else None

    def use(self, asked: Asked) -> Grant | None:
        """Count one use of the first grant that covers a call; None if no grant does."""
        grant = self.table.take(asked.question, standing=asked.standing, now=self._clock.now(), covers=asked.covers)
        if grant is not None:
            self._changed(grant)
        return grant

    def give_back(self, grant_id: str) -> None:
        """Take back one use of a grant, because its call was not sent."""
        grant = self.table.give_back(grant_id)
        if grant is not None:
            self._changed(grant)

    def used(self, grant_id: str) -> None:
        """End a grant if the call that was just sent was its last use."""
        grant = self.table.get(grant_id)
        if grant is not None and spent(grant):
            self.end(grant, "used")

    def became(self, approval_id: str, outcome: CallOutcome) -> None:
        """Tell those who approved a call what became of it; `approval_id` is its question's, or its grant's."""
        told = self._decided.became(approval_id, outcome)
        if told is not None:
            self._subscribers.publish(told[0], told[1].__contains__)

    def end(self, grant: Grant, why: GrantEnd, by: str | None = None) -> None:
        """End a grant: on disk, in the record, and for those who see it. `by` is the person who revoked it."""
        if self.table.end(grant.id) is None:
            return
        if self._database is not None:
            self._database.drop("grant", grant.id)
        if why != "revoked":
            self._acts.note(ended_row(grant, why, self._clock.now()))
        log.info("grant %s ended: %s", grant.id, why)
        if grant.kind == "once" and why in UNUSED:
            self.became(grant.id, CallOutcome(at=self._clock.now(), end="not_sent", why=UNUSED[why]))
        if why in ("revoked", "void", "ended"):
            self.take_back(lambda approval: approval.grant == grant.id)
        self._subscribers.publish(GrantEnded(id=grant.id, why=why, by=by), grant.is_for)

    async def end_task(self, agent: str | None, task: str) -> bool:
        """End a task of an agent, and return once that is on disk; whether there was one of this id. Raises StorageUnavailable."""
        grant = self.table.get(task)
        if grant is None or (grant.kind, grant.agent) != ("task", agent):
            return False
        self.end(grant, "ended")
        await self._acts.flush()
        if self._database is not None:
            await self._database.flush()
        return True

    def void(self, standings: Mapping[str, str], change: Change) -> None:
        """End the grants whose rule, approvers, agent or people are no longer what they were."""

        def stands(agent: str | None, people: Collection[str], *, granting: bool) -> bool:
            same = agent is None or change.same(agent_proof(agent))
            return same and all(change.stands(person, granting=granting) for person in people)

        others = [grant for grant in self.table if not stands(grant.agent, grant.by, granting=grant.kind != "once")]
        for grant in [*self.table.void(standings), *others]:
            self.end(grant, "void")
        self.take_back(
            lambda approval: (
                not stands_still(approval.question, approval.standing, standings)
                or not stands(approval.question.agent, approval.verdict.by, granting=False)
            )
        )

    def take_back(self, which: Callable[[LiveApproval], bool]) -> None:
        """Void the live approvals that `which` selects: those not sent yet will not be sent."""
        for approval in filter(which, self.live):
            approval.void = True

    def sweep(self) -> None:
        """End the grants whose time is over."""
        for grant in self.table.expired(self._clock.now()):
            self.end(grant, "expired")

    def _changed(self, grant: Grant) -> None:
        if self._database is not None:
            self._database.put("grant", grant.id, grant_json(grant))
        self._subscribers.publish(granted(grant), grant.is_for)


def grant_flaw(
    limits: Limits, table: GrantTable, prompt: Prompt, asked: Asked | None, person: Person, terms: Terms | None
) -> Refused | None:
    """Why this person cannot give a grant with a question; None if they can.

    Args:
        limits: of the configuration.
        table: of the grants so far.
        prompt: the question.
        asked: the attempt that waits for its answer; None if none does.
        person: who would give it.
        terms: of the grant; None for those of a task.
    """
    if not person.may_grant:
        return Refused(code="not_allowed", message=_MAY_NOT)
    if terms is not None and (terms.uses > limits.grant_uses or terms.minutes * 60 > limits.grant_time):
        most = f"{limits.grant_uses} uses and {int(limits.grant_time // 60)} minutes"
        return Refused(code="limits", message=f"a grant has at most {most}")
    if terms is not None and not prompt.question.grantable:
        return Refused(code="not_grantable", message=_VENDS if prompt.question.task is None else _OF_TASK)
    if table.count >= limits.max_grants:
        table.refused += 1
        return Refused(code="limits", message="there are too many grants: revoke one")
    return None if terms is None or terms.predicate is None else _predicate_flaw(terms.predicate, asked)


def _predicate_flaw(source: str, asked: Asked | None) -> Refused | None:
    """Why a predicate is not a valid condition, or does not hold for the call at hand; None if all is well."""
    code: RefusedCode = "predicate"
    for fault in cel.check(source):
        if fault.fatal:
            hint = f" ({fault.hint})" if fault.hint else ""
            return Refused(code=code, message=visible(f"at character {fault.offset + 1}: {fault.message}{hint}"))
    if asked is not None and not asked.covers(source):
        return Refused(code=code, message="it does not hold for this call, or cannot be decided")
    return None
