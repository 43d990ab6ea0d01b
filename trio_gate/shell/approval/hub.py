"""The hub between calls that wait and the people who answer. Fills the port `Approvals`.

Rule: a question is executed only by the one task that waits for it, with the `HubClearance` that it got. A question whose task has left
stays with the people as detached: its approval becomes a grant for one use. An approver who is not connected is no denial.

Theory: nothing here waits but `ask`. Votes and news are counted and queued in one step of the scheduler, so two votes, or a vote and
a leaving agent, cannot overtake each other: each finds what the other has made. The table of what waits is `pending`; what people may
do here is in `commands`.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import trio

from trio_gate.approval.codec import as_json, encode, resolved, timestamp
from trio_gate.approval.frames import Hello
from trio_gate.approval.risks import Risk
from trio_gate.approval.send_history import Ledger
from trio_gate.approval.state import Status, Verdict, expire, proposed, recount, verdict_of, withdraw
from trio_gate.audit.acts import void_row, voided_row
from trio_gate.audit.record import whole_row
from trio_gate.errors import AgentGone, Denied
from trio_gate.shell.approval.clearance import HubClearance
from trio_gate.shell.approval.grants import GrantService
from trio_gate.shell.approval.hub_config import Change, HubConfig, Limits
from trio_gate.shell.approval.pending import PendingQuestions
from trio_gate.shell.approval.stops import Stops
from trio_gate.shell.approval.subscribers import Subscribers
from trio_gate.shell.approval.waiting import asker_of
from trio_gate.shell.audit.acts import Acts
from trio_gate.text.secret_detection import kept_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trio_gate.approval.persistence import Stop
    from trio_gate.approval.question import Question
    from trio_gate.approval.send_history import Sent
    from trio_gate.approval.state import Prompt
    from trio_gate.audit.record import Intent, Outcome
    from trio_gate.config.model import Person
    from trio_gate.ports import Asked, AuditLog, Clock
    from trio_gate.shell.approval.database import ApprovalDatabase
    from trio_gate.shell.approval.notifier import Notifier
    from trio_gate.shell.approval.subscription import Subscription
    from trio_gate.shell.approval.waiting import Attempt, Entry

VOIDED = "the person's token or rights are not what they were, and the question waits for others"

log = logging.getLogger(__name__)


class ApprovalHub:
    """All questions that wait, and with them the grants, the stops, and everyone who listens."""

    def __init__(
        self,
        clock: Clock,
        limits: Limits | None = None,
        config: HubConfig | None = None,
        *,
        database: ApprovalDatabase | None = None,
        audit: AuditLog | None = None,
        notifier: Notifier | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.config = config or HubConfig()
        self.subscribers = Subscribers()
        self.acts = Acts(self.subscribers.show, audit)
        self.grants = GrantService(clock, self.subscribers, database, self.acts, ttl=self.limits.grant_ttl)
        self.stops = Stops(clock, self.subscribers, database)
        self.ledger = Ledger(timedelta(seconds=self.limits.deny_cooldown))
        self.voting = trio.Lock()
        self.moved = trio.Event()
        self.notices = (database.void,) if database is not None and database.void else ()
        self._clock = clock
        self._database = database
        self._notifier = notifier
        self._questions = PendingQuestions(self.limits, self.subscribers, database)
        self._stopping = False

    @property
    def pending(self) -> int:
        """How many questions wait."""
        return len(self._questions)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._questions)

    def load(self) -> None:
        """Take in what was kept, as far as its rule is what it was. Raises StorageUnavailable."""
        if self._database is not None and self._database.void:
            self.acts.note(voided_row(self._database.void, self._clock.now()))
        self.stops.load()
        self.grants.load()
        self._questions.load()
        self._changed(Change(before=self._database.proofs() if self._database else {}, after=self.config.proofs))

    def judge_again(self, config: HubConfig) -> None:
        """The configuration is another now: what hangs on a rule, an agent or a person who is not what they were is no more.

        That is questions, votes, grants, and approvals on their way, those of throttled calls included.
        """
        change, self.config = Change(before=self.config.proofs, after=config.proofs), config
        self._changed(change)

    def _changed(self, change: Change) -> None:
        for entry in self:
            question = entry.prompt.question
            if change.same(asker_of(question)) and self.config.standings.get(question.rule) == entry.standing:
                self._recount(entry, change)
            else:
                self.settle(entry, withdraw(entry.prompt))
        self.grants.void(self.config.standings, change)
        self.ledger.void(change.same, lambda person: change.stands(person, granting=False))
        if self._database is not None:
            self._database.prove(self.config.proofs)

    def _recount(self, entry: Entry, change: Change) -> None:
        """Leave out answers of people who are not who they were, or may not grant what they granted any more."""
        voided = [vote for vote in entry.prompt.votes if not change.stands(vote.person, granting=vote.grant is not None)]
        if not voided:
            return
        names = ", ".join(vote.person for vote in voided)
        risk = Risk(
            code="recount", text=f"the answer of {names} does not count any more: what they may, or their token, is another"
        )
        self._questions.replace(entry, recount(entry.prompt, voided, risk))
        for vote in voided:
            self.acts.note(void_row(entry.prompt.question, vote.person, "", why=VOIDED, now=self._clock.now()))

    def stop_waiting(self) -> None:
        """The gateway stops: agents that wait are told so, and their questions stay for the next start."""
        self._stopping = True
        for entry in self:
            if entry.attempt is not None:
                entry.attempt.answer(Verdict(outcome="stop", by=(), reason=entry.prompt.question.id))
                self._leave(entry, entry.attempt)

    def check(self, agent: str | None) -> None:
        """Raise Denied while the calls of an agent are stopped, StorageUnavailable while a stop could not be kept."""
        self.stops.check(agent)
        if self._database is not None:
            self._database.check()

    @property
    def failing(self) -> bool:
        """Whether no call goes on, because a stop could not be kept."""
        return self._database is not None and self._database.failing

    async def kept(self) -> None:
        """Return once what outlives the process is on disk. Raises StorageUnavailable."""
        if self._database is not None:
            await self._database.flush()

    def stop(self, agent: str | None, by: str, reason: str) -> Stop:
        """Refuse an agent's calls, or all, and take back what it waits for."""
        stop = self.stops.stop(agent, by, reason)
        for entry in self:
            if agent in (None, entry.prompt.question.agent):
                self.settle(entry, withdraw(entry.prompt))
        self.grants.take_back(lambda approval: agent in (None, approval.question.agent))
        return stop

    def publish(self, record: Callable[[], tuple[Intent, Outcome]]) -> None:
        """Show a call that ended to those who observe, if there are any."""
        self.subscribers.show(lambda: whole_row(*record()))

    async def ask(self, asked: Asked) -> Verdict | HubClearance:
        """See `ports.Approvals`. Raises AgentGone, too, when a newer attempt of the call took this one's place."""
        self.sweep()
        cleared = self._cleared_before(asked)
        if cleared is not None:
            await self._durable(cleared)
            return cleared
        entry = self._questions.matching(asked) or self._admitted(asked)
        attempt = self._questions.begin(entry, asked)
        question = entry.prompt.question
        left = (question.expires_at - self._clock.now()).total_seconds()
        try:
            with trio.move_on_after(max(0, min(left, question.hold))):
                await attempt.done.wait()
            if not attempt.done.is_set():
                return self._out_of_time(entry, expired=left <= question.hold)
            answered, attempt.answered = attempt.answered, None
            if answered is None:
                raise AgentGone("a newer attempt of the call took its place")
            return answered
        finally:
            self._leave(entry, attempt)

    def _cleared_before(self, asked: Asked) -> HubClearance | None:
        """What stands in for asking: a throttled call's approval, or a grant. Raises Denied during a cool-down."""
        question, now, asker = asked.question, self._clock.now(), asker_of(asked.question)
        retry = self.ledger.retry(asker, question.digest, asked.invocation, now, asked.standing)
        if retry is not None:
            self.ledger.sending(asker, question.digest, asked.invocation, retry.verdict, now, asked.standing)
            return self._cleared(asked, retry.verdict, retry=retry)
        grant = self.grants.take(asked)
        if grant is not None:
            verdict = Verdict(outcome="approve", by=grant.by, reason=f"grant {grant.id}", grant=grant.id)
            return self._cleared(asked, verdict, grant=grant.id)
        reason = self.ledger.cooling(asker, question, now)
        if reason is not None:
            told = f'rule "{question.rule}" asks for approval, and this call was denied a moment ago'
            raise Denied(f"{told}: {reason}", detail=f"{told}: {kept_text(reason)}") if reason else Denied(told)
        return None

    def _cleared(self, asked: Asked, verdict: Verdict, *, grant: str | None = None, retry: Sent | None = None) -> HubClearance:
        return HubClearance(
            asked,
            verdict,
            grants=self.grants,
            ledger=self.ledger,
            clock=self._clock,
            asker=asker_of(asked.question),
            grant=grant,
            retry=retry,
        )

    async def _durable(self, cleared: HubClearance) -> None:
        """Return once a grant and its use are on disk. Raises StorageUnavailable."""
        try:
            if cleared.grant is not None:
                await self.acts.flush()
                await self.kept()
        except BaseException:
            cleared.close()
            raise

    def _admitted(self, asked: Asked) -> Entry:
        """A new question. Raises Denied where there are too many."""
        if self._stopping:
            raise Denied("the gateway is stopping: run the same command again in a while")
        question = asked.question
        for entry in self._questions.outdated_by(question):
            self.settle(entry, withdraw(entry.prompt))
        self._questions.check_room(asker_of(question))
        earlier = self.ledger.earlier(asker_of(question), question.digest, self._clock.now())
        if earlier is not None:
            question = replace(question, risks=(Risk(code="sent", text=earlier), *question.risks))
        entry = self._questions.add(question, asked.standing)
        self._page(question)
        self.moved.set()
        return entry

    def _out_of_time(self, entry: Entry, *, expired: bool) -> Verdict:
        if not expired:
            return Verdict(outcome="hold", by=(), reason=entry.prompt.question.id)
        self.settle(entry, expire(entry.prompt))
        return verdict_of(entry.prompt)

    def _leave(self, entry: Entry, attempt: Attempt) -> None:
        """The attempt's task goes. What it did not take goes back."""
        self._questions.leave(entry, attempt)
        if isinstance(attempt.answered, HubClearance):
            attempt.answered.close()

    @contextmanager
    def subscribe(self, person: Person) -> Iterator[Subscription]:
        """Listen as `person`: the present state, then news."""
        self.sweep()
        prompts = tuple(entry.frame for entry in self if entry.prompt.question.is_for(person.name))
        grants = self.grants.frames(person.name)
        hello = Hello(
            person=person.name,
            kind=person.kind,
            may_grant=person.may_grant,
            may_observe=person.may_observe,
            may_stop=person.may_stop,
            now=timestamp(self._clock.now()),
            max_minutes=int(self.limits.grant_time // 60),
            max_uses=self.limits.grant_uses,
            agents=self.config.agents if person.may_stop else (),
            stops=tuple(as_json(stop) for stop in self.stops),
            notices=self.notices,
            pending=len(prompts),
            grants=len(grants),
        )
        with self.subscribers.join(person, (encode(hello), *prompts, *grants)) as subscription:
            yield subscription

    def entry(self, prompt_id: str, person: str) -> Entry | None:
        """The question of an id, if it waits and the person may see it."""
        self.sweep()
        return self._questions.get(prompt_id, person)

    def settle(self, entry: Entry, after: Prompt) -> None:
        """Take a step; where it ends the question, do what follows, and tell it."""
        if after is entry.prompt:
            return
        if after.status is Status.PENDING:
            self._questions.step(entry, after)
            return
        question, attempt = after.question, self._questions.end(entry, after)
        verdict = verdict_of(after)
        if verdict.outcome == "deny":
            self.ledger.denied(asker_of(question), question, verdict.reason, self._clock.now())
        grant = self._granted(entry, verdict, detached=attempt is None) if verdict.outcome == "approve" else None
        if attempt is not None:
            attempt.answer(self._cleared(attempt.asked, verdict) if verdict.outcome == "approve" else verdict)
        self.subscribers.tell(resolved(after, grant), question.is_for)

    def _granted(self, entry: Entry, verdict: Verdict, *, detached: bool) -> str | None:
        """The grants of an approval: one use for an agent that has left, and what the people granted besides."""
        question, terms = entry.prompt.question, proposed(entry.prompt)
        made = self.grants.add(question, None, entry.standing, verdict) if detached else None
        if terms is not None:
            made = self.grants.add(question, terms, entry.standing, verdict)
        self.moved.set()
        return made.id if made else None

    def sweep(self) -> None:
        """End what is out of time."""
        now = self._clock.now()
        for entry in self:
            if now >= entry.prompt.question.expires_at:
                self.settle(entry, expire(entry.prompt))
        self.grants.sweep()
        self.ledger.forget(now)

    def _page(self, question: Question) -> None:
        """Run the programs of approvers of whom nobody is connected."""
        for group in question.approvers:
            program = self.config.notify.get(group.id, ())
            if self._notifier is not None and program and not self.subscribers.has(group.people):
                self._notifier.page(program, question)
