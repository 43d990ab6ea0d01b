"""The hub between calls that wait and the people who answer. Fills the port `Approvals`.

Rule: a call is sent only by the one task that waits for its question, with the `HubClearance` that it got. A question whose task has
left stays with the people, as detached: its approval becomes a grant for one use. That no approver is connected is not a denial.

Theory: nothing here waits but `ask`. Votes and news are counted and queued in one step of the scheduler, so two votes, or a vote and
a leaving agent, cannot overtake each other: each finds what the other has made. The table of what waits is `pending`; what people may
do here is in `commands`.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import trio

from trio_gate.approval.channel.codec import as_json, encode, resolved, timestamp
from trio_gate.approval.channel.frames import Hello
from trio_gate.approval.decided import DecidedTable
from trio_gate.approval.for_agents import AgentState, of_decided, of_prompt
from trio_gate.approval.send_history import Ledger
from trio_gate.approval.state import Status, Verdict, expire, proposed, verdict_of, withdraw
from trio_gate.audit.acts import void_row, voided_row
from trio_gate.audit.rows import whole_row
from trio_gate.effect.reasons import Reason
from trio_gate.errors import AgentGone, Denied
from trio_gate.shell.approval.clearance import Clearances, HubClearance
from trio_gate.shell.approval.grants import GrantService
from trio_gate.shell.approval.hub_config import Change, HubConfig, Limits, agent_proof, asker_of, stands_still
from trio_gate.shell.approval.links import SignInLinks
from trio_gate.shell.approval.notifier import Notifier
from trio_gate.shell.approval.pending import PendingQuestions
from trio_gate.shell.approval.stops import Stops
from trio_gate.shell.approval.subscribers import Subscribers
from trio_gate.shell.audit.acts import Acts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from trio_gate.approval.for_agents import Told
    from trio_gate.approval.persistence import Stop
    from trio_gate.approval.question import Question
    from trio_gate.approval.state import Prompt
    from trio_gate.audit.record import Intent, Outcome
    from trio_gate.config.model import Person
    from trio_gate.ports import Asked, AuditLog, Clock, Sessions
    from trio_gate.sessions.session import VirtualSession
    from trio_gate.shell.approval.database import ApprovalDatabase
    from trio_gate.shell.approval.subscription import Subscription
    from trio_gate.shell.approval.waiting import Attempt, Entry
    from trio_gate.shell.notices.delivery import Delivery

VOIDED = "the person's token or rights have changed: the question waits for others"


class ApprovalHub:
    """The questions that wait, the grants, the stops, and everyone who is connected.

    Attributes:
        limits: what the configuration allows.
        config: the agents, people and rules of the configuration in force.
        subscribers: the connected people.
        acts: the way of people's acts into the record.
        grants: approvals that may be used without asking.
        links: the links to sign in with that were not used yet.
        decided: the questions that ended last.
        stops: whose calls are refused.
        ledger: what was sent and denied of late.
        voting: held while a vote is recorded and counted, so that votes count in the order in which they came.
        deadlines_changed: set when something new may expire; see `open_hub`.
        sessions: the virtual sessions of agents; None without any.
        page: the URL of the approvals page, empty without one.
        questions: what waits.
        notifier: tells people of what waits, while it runs.
    """

    def __init__(
        self,
        clock: Clock,
        limits: Limits | None = None,
        config: HubConfig | None = None,
        *,
        database: ApprovalDatabase | None = None,
        audit: AuditLog | None = None,
        delivery: Delivery | None = None,
        sessions: Sessions | None = None,
        page: str = "",
    ) -> None:
        self.sessions = sessions
        self.page = page
        self.limits = limits or Limits()
        self.config = config or HubConfig()
        self.subscribers = Subscribers()
        self.acts = Acts(self.subscribers.publish_activity, audit)
        self.decided = DecidedTable(database.noting("decided") if database is not None else None)
        self.links = SignInLinks(clock, self.acts)
        self.grants = GrantService(clock, self.subscribers, database, self.acts, self.decided, ttl=self.limits.grant_ttl)
        self.stops = Stops(clock, self.subscribers, database)
        self.ledger = Ledger(timedelta(seconds=self.limits.deny_cooldown))
        self.voting = trio.Lock()
        self.deadlines_changed = trio.Event()
        self._clock = clock
        self._database = database
        self.questions = PendingQuestions(lambda: self.limits, self.subscribers, database)
        self.notifier = Notifier(clock, delivery, page, self.questions, self.subscribers.has, database)
        self._clearances = Clearances(clock, self.grants, self.ledger)
        self._stopping = False
        if sessions is not None:
            sessions.watch(self._sessions_ended)

    @property
    def pending(self) -> int:
        """How many questions wait."""
        return len(self.questions)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.questions)

    def load(self) -> None:
        """Read back what the database holds, as far as its rule, agent and people are unchanged. Raises StorageUnavailable."""
        if self._database is not None and self._database.void:
            self.acts.note(voided_row(self._database.void, self._clock.now()))
        self.stops.load()
        self.grants.load()
        if self._database is not None:
            self.decided.load(self._database.load("decided", dict).values(), {grant.id for grant in self.grants.table})
        self.questions.load()
        self.notifier.load()
        self._changed(Change(before=self._database.proofs() if self._database else {}, after=self.config.proofs))

    def judge_again(self, config: HubConfig) -> None:
        """Take a new configuration: whatever depends on a rule, an agent or a person that changed is withdrawn.

        That is questions, votes, grants, and approvals whose calls have not ended, including those of throttled calls.
        """
        change, self.config = Change(before=self.config.proofs, after=config.proofs), config
        self._changed(change)

    def _changed(self, change: Change) -> None:
        for entry in self:
            question = entry.prompt.question
            if change.same(asker_of(question)) and stands_still(question, entry.standing, self.config.standings):
                self._void_votes(entry, change)
            else:
                self.settle(entry, withdraw(entry.prompt), why="its rule, agent or approvers changed in the configuration")
        self.notifier.take(self.config.approvers)
        self.decided.disown(lambda agent: not change.same(agent_proof(agent)))
        self.grants.void(self.config.standings, change)
        self.ledger.void(change.same, lambda person: change.stands(person, granting=False))
        if self._database is not None:
            self._database.prove(self.config.proofs)

    def _void_votes(self, entry: Entry, change: Change) -> None:
        """Void the votes of people who changed, or who may no longer grant what they granted; each has a row in the record."""
        question, now = entry.prompt.question, self._clock.now()
        for vote in self.questions.void_votes(entry, change):
            self.acts.note(void_row(question, vote.person, "", why=VOIDED, now=now))

    def stop_waiting(self) -> None:
        """Answer all agents that wait that the gateway stops; their questions stay for the next start."""
        self._stopping = True
        for entry in self:
            entry.over.set()
            if entry.attempt is not None:
                entry.attempt.answer(entry.waits("stop"))
                self._leave(entry, entry.attempt)

    def check(self, agent: str | None) -> None:
        """Raise Denied while an agent's calls are stopped, StorageUnavailable while a stop could not be written down."""
        self.stops.check(agent)
        if self._database is not None:
            self._database.check()

    @property
    def failing(self) -> bool:
        """Whether all calls are refused because a stop could not be written down."""
        return self._database is not None and self._database.failing

    async def flush(self) -> None:
        """Wait until the questions, grants and stops are on disk. Raises StorageUnavailable."""
        if self._database is not None:
            await self._database.flush()

    def stop(self, agent: str | None, by: str, reason: str) -> Stop:
        """Refuse an agent's calls, or with None all calls, and end its questions, approvals and sessions. `by` is the person's name."""
        stop = self.stops.stop(agent, by, reason)
        if self.sessions is not None:
            self.sessions.end(lambda session: agent in (None, session.agent))
        for entry in self:
            if agent in (None, entry.prompt.question.agent):
                self.settle(entry, withdraw(entry.prompt), why=f"stopped by {by}{': ' if reason else ''}{reason}")
        self.grants.take_back(lambda approval: agent in (None, approval.question.agent))
        return stop

    def _sessions_ended(self, ended: Sequence[VirtualSession]) -> None:
        """End the questions and approvals of virtual sessions that have ended: nothing can be executed with those any more."""
        keys = {session.key_id for session in ended}
        for entry in self:
            if entry.prompt.question.session in keys:
                self.settle(entry, withdraw(entry.prompt), why="its virtual session has ended")
        self.grants.take_back(lambda approval: approval.question.session in keys)

    async def end_task(self, agent: str | None, task: str) -> bool:
        """See `ports.Approvals`."""
        return await self.grants.end_task(agent, task)

    def publish(self, record: Callable[[], tuple[Intent, Outcome]]) -> None:
        """Send a call that ended to those who observe; `record` is called only if somebody does."""
        self.subscribers.publish_activity(lambda: whole_row(*record()))

    async def ask(self, asked: Asked) -> Verdict | HubClearance:
        """See `ports.Approvals`. Raises AgentGone, too, when a newer attempt of the call took this one's place."""
        self.sweep()
        cleared = self._clearances.without_asking(asked)
        if cleared is not None:
            if cleared.grant is not None and (one := self.questions.matching(asked)) is not None and one.attempt is None:
                self._ended(self.questions.cover(one, cleared.verdict.by, cleared.grant, self._clock.now()), None)
            await self._durable(cleared)
            return cleared
        entry = self.questions.matching(asked) or self._admitted(asked)
        attempt = self.questions.begin(entry, asked)
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
            if isinstance(answered, HubClearance):
                await self._durable(answered)
            return answered
        finally:
            self._leave(entry, attempt)

    async def _durable(self, cleared: HubClearance) -> None:
        """Wait until a grant and its use are on disk; closes the clearance if that fails. Raises StorageUnavailable."""
        try:
            if cleared.lasting:
                await self.acts.flush()
                await self.flush()
        except BaseException:
            cleared.close()
            raise

    def _admitted(self, asked: Asked) -> Entry:
        """Put a new question to its approvers. Raises Denied if too many of its agent wait or the gateway stops, Overloaded if too many of all."""
        if self._stopping:
            raise Denied("the gateway is stopping: run the same command again in a while", outcome="unavailable", retry_after=30)
        question = asked.question
        for entry in self.questions.outdated_by(question):
            self.settle(entry, withdraw(entry.prompt), why="its agent made the call again, with another idempotency token")
        asker = asker_of(question)
        self.questions.check_room(asker, self.config.max_pending.get(asker))
        earlier = self.ledger.earlier(asker_of(question), question.digest, self._clock.now())
        if earlier is not None:
            question = replace(question, risks=(Reason(level="caution", code="sent", text=earlier), *question.risks))
        entry = self.questions.add(question, asked.standing)
        self.notifier.watch(entry)
        self.deadlines_changed.set()
        return entry

    def _out_of_time(self, entry: Entry, *, expired: bool) -> Verdict:
        if not expired:
            return entry.waits("hold")
        self.settle(entry, expire(entry.prompt))
        return verdict_of(entry.prompt)

    def _leave(self, entry: Entry, attempt: Attempt) -> None:
        """Let an attempt's task go; an approval that it did not take is given back."""
        self.questions.leave(entry, attempt)
        if isinstance(attempt.answered, HubClearance):
            attempt.answered.close()

    @contextmanager
    def subscribe(self, person: Person, *, follows: bool = False) -> Iterator[Subscription]:
        """Open a subscription as `person`: it begins with the present state, and then sends news; `follows`: of decided calls, too."""
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
            notices=self._notices(),
            pending=len(prompts),
            grants=len(grants),
        )
        decided = [encode(frame) for frame in self.decided.of(person.name)] if follows else []
        with self.subscribers.join(person, (encode(hello), *prompts, *grants, *decided), follows=follows) as subscription:
            yield subscription

    def _notices(self) -> tuple[str, ...]:
        """What everyone who connects is shown about this run of the gateway."""
        void = (self._database.void,) if self._database is not None and self._database.void else ()
        return (*void, *self.notifier.undelivered.lines())

    def alike(self, entry: Entry, person: str) -> list[Asked]:
        """What the others ask, of a person, whose agents wait and that a grant of this question may cover."""
        question = entry.prompt.question
        found = [pair for rule, standing in entry.rules for pair in self._alike(replace(question, rule=rule), standing)]
        return [attempt.asked for one, attempt in found if one is not entry and one.prompt.question.is_for(person)]

    def _alike(self, meant: Question, standing: str) -> Iterator[tuple[Entry, Attempt]]:
        """The questions of a rule, agent and account as these whose agents wait, without what somebody has to look at first."""
        for entry in self:
            question, attempt = entry.prompt.question, entry.attempt
            same = (question.rule, question.agent) == (meant.rule, meant.agent) and question.account in meant.accounts
            seen = question.repeat_key == meant.repeat_key or not (question.level == "danger" or question.to_read)
            if attempt is not None and same and seen and question.grantable and entry.standing == standing:
                yield entry, attempt

    def entry(self, prompt_id: str, person: str) -> Entry | None:
        """The question of this id; None if it does not wait, or the person may not see it."""
        self.sweep()
        return self.questions.get(prompt_id, person)

    def settle(self, entry: Entry, after: Prompt, *, why: str = "") -> None:
        """Bring a question into its next state; where that ends it, answer the agent, make grants and publish the outcome.

        `why` says who or what withdrew it.
        """
        if after is entry.prompt:
            return
        if after.status is Status.PENDING:
            self.questions.step(entry, after)
            return
        question, attempt = after.question, self.questions.end(entry, after)
        verdict = verdict_of(after)
        if verdict.outcome == "deny":
            self.ledger.denied(asker_of(question), question, verdict.reason, self._clock.now())
        approved, grant = verdict.outcome == "approve", None
        if approved:
            grant = self.grants.of_approval(after, entry.standing, verdict, detached=attempt is None)
            self.deadlines_changed.set()
        if attempt is not None:
            attempt.answer(self._clearances.approved(attempt.asked, verdict) if approved else verdict)
        self._ended(after, grant, why)
        for rule, standing in entry.rules if approved and (question.task or proposed(after)) else ():
            self._let_go(replace(question, rule=rule), standing)

    def _ended(self, after: Prompt, grant: str | None, why: str = "") -> None:
        """Tell how a question ended."""
        self.notifier.end(after.question.id)
        is_for = after.question.is_for
        self.subscribers.publish(resolved(after, grant), is_for)
        told = self.decided.ended(after, at=self._clock.now(), grant=grant, why=why)
        if why:
            self.subscribers.publish(told, is_for)

    def _let_go(self, meant: Question, standing: str) -> None:
        """Let the waiting calls go that a question's new grant covers, the oldest first, as many as it has uses."""
        for entry, attempt in self._alike(meant, standing):
            grant = self.grants.use(attempt.asked)
            if grant is None:
                continue
            after = self.questions.cover(entry, grant.by, grant.id, self._clock.now())
            attempt.answer(self._clearances.approved(attempt.asked, replace(verdict_of(after), grant=grant.id), grant=grant.id))
            self._ended(after, None)

    def of_agent(self, agent: str | None) -> AgentState:
        """See `ports.Approvals`."""
        self.sweep()
        waiting = tuple(entry.prompt for entry in self if entry.prompt.question.agent == agent)
        return AgentState(waiting=waiting, grants=self.grants.table.of_agent(agent), stop=self.stops.of_agent(agent))

    async def asked_by(self, agent: str | None, question_id: str, within: float) -> Told | None:
        """See `ports.Approvals`."""
        self.sweep()
        entry = self.questions.of_agent(question_id, agent)
        if entry is not None:
            with trio.move_on_after(within):
                await entry.over.wait()
            if entry.prompt.status is Status.PENDING:
                return of_prompt(entry.prompt, self.page)
        decided, usable = self.decided.of_agent(question_id, agent), self.grants.table.usable
        if decided is None:
            return None
        return of_decided(decided, usable(decided.grant or ""), left=any(map(usable, self.decided.waits(question_id))))

    def sweep(self) -> None:
        """End the questions and grants whose time is over."""
        now = self._clock.now()
        for entry in self:
            if now >= entry.prompt.question.expires_at:
                self.settle(entry, expire(entry.prompt))
        self.grants.sweep()
        self.ledger.forget(now)
