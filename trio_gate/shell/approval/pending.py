"""The questions that wait for people: who asks them, how many there may be, what is kept of each and what people are sent of it.

Rule: whatever changes a question writes it down for the next start and sends the change to those who may see it, in the same step.
What an answer leads to (clearances, grants, cool-downs) is the hub's part.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from trio_gate.approval.channel.codec import encode, pending, updated
from trio_gate.approval.persistence import completed, prompt_from, prompt_json
from trio_gate.approval.state import Prompt, attach, detach, granted, recount
from trio_gate.effect.reasons import Reason
from trio_gate.errors import Denied, Overloaded
from trio_gate.metrics.limits import fullest
from trio_gate.shell.approval.hub_config import asker_of
from trio_gate.shell.approval.waiting import Attempt, Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from trio_gate.approval.question import Question
    from trio_gate.approval.state import Vote
    from trio_gate.metrics.limits import Filled
    from trio_gate.ports import Asked
    from trio_gate.shell.approval.database import ApprovalDatabase
    from trio_gate.shell.approval.hub_config import Change, Limits
    from trio_gate.shell.approval.subscribers import Subscribers


RETRY_SECONDS = 60
"""After this long an agent may ask again that has too many calls waiting."""


class PendingQuestions:
    """The table of what waits, by question id, in the order in which it was asked."""

    def __init__(self, limits: Callable[[], Limits], subscribers: Subscribers, database: ApprovalDatabase | None) -> None:
        self._limits = limits
        self._subscribers = subscribers
        self._database = database
        self._entries: dict[str, Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        """Entries as they are now: the table may change while they are walked."""
        return iter(tuple(self._entries.values()))

    def fullest(self, own: Mapping[str, int]) -> Filled:
        """How many questions wait of the asker that is nearest to its limit, and that limit; `own` are those of askers that have one."""
        each, count = self._limits().max_pending_per_agent, Counter(asker_of(entry.prompt.question) for entry in self)
        return fullest(((used, own.get(asker, each)) for asker, used in count.items()), each)

    @property
    def oldest(self) -> datetime | None:
        """When the question was asked that waits longest."""
        return min((entry.prompt.question.asked_at for entry in self), default=None)

    def load(self) -> None:
        """Read back the questions of the last start, all without an agent. Raises StorageUnavailable."""
        found = self._database.load("prompt", prompt_from) if self._database is not None else {}
        for name, (prompt, standing) in found.items():
            self._entries[name] = Entry(prompt=prompt, standing=standing, frame=encode(pending(prompt)))

    def get(self, question_id: str, person: str) -> Entry | None:
        """The question of this id; None if it does not wait, or the person may not see it."""
        entry = self._entries.get(question_id)
        return entry if entry is not None and entry.prompt.question.is_for(person) else None

    def of_agent(self, question_id: str, agent: str | None) -> Entry | None:
        """The question of this id; None if it does not wait, or is another agent's."""
        entry = self._entries.get(question_id)
        return entry if entry is not None and entry.prompt.question.agent == agent else None

    def matching(self, asked: Asked) -> Entry | None:
        """The question that this attempt repeats: the same asker, call and rule.

        The SDK's invocation id only tells apart two attempts that both carry one while the first still waits.
        """
        wanted = asker_of(asked.question), asked.question.digest, asked.standing
        for entry in self:
            if (asker_of(entry.prompt.question), entry.prompt.question.digest, entry.standing) == wanted:
                waiting = entry.attempt.asked.invocation if entry.attempt else None
                if waiting is None or asked.invocation is None or waiting == asked.invocation:
                    return entry
        return None

    def outdated_by(self, question: Question) -> list[Entry]:
        """Detached questions of the same call whose idempotency token the agent's SDK has filled in again since."""
        same = asker_of(question), question.repeat_key
        others = ((entry, entry.prompt.question) for entry in self if entry.prompt.detached)
        return [entry for entry, other in others if (asker_of(other), other.repeat_key) == same]

    def check_room(self, asker: str, most: int | None = None) -> None:
        """Raise Overloaded where no more questions may wait, Denied where none of this asker; `most`: its own limit, None without one."""
        if len(self) >= self._limits().max_pending:
            raise Overloaded(
                "too many calls wait for approval already: try again when some are answered",
                retry_after=RETRY_SECONDS,
                limit="max_pending",
            )
        mine = sum(asker_of(entry.prompt.question) == asker for entry in self)
        if mine >= (self._limits().max_pending_per_agent if most is None else most):
            raise Denied(
                f"this agent has {mine} calls waiting for approval: wait for their answers",
                retry_after=RETRY_SECONDS,
                limit="max_pending_per_agent",
            )

    def add(self, question: Question, standing: str) -> Entry:
        """Let a new question wait, and show it to its approvers."""
        prompt = Prompt(question=question)
        entry = self._entries[question.id] = Entry(prompt=prompt, standing=standing, frame="")
        self._show(entry, prompt)
        return entry

    def void_votes(self, entry: Entry, change: Change) -> list[Vote]:
        """Take out the votes of people who changed, or who may no longer grant what they granted; its approvers are shown the rest."""
        grants = entry.prompt.question.task is not None
        voided = [
            vote for vote in entry.prompt.votes if not change.stands(vote.person, granting=vote.grant is not None or grants)
        ]
        if voided:
            names = ", ".join(vote.person for vote in voided)
            text = f"the answer of {names} no longer counts: their rights or token have changed"
            self._show(entry, recount(entry.prompt, voided, Reason(level="caution", code="recount", text=text)))
        return voided

    def mention(self, entry: Entry, reason: Reason) -> None:
        """Say something of a question that still waits, before the reasons for its level; its approvers are shown it whole again."""
        question = entry.prompt.question
        self._show(entry, replace(entry.prompt, question=replace(question, risks=(reason, *question.risks))))

    def step(self, entry: Entry, after: Prompt) -> None:
        """Take a step after which the question still waits; its approvers are sent what changed, if anything did."""
        if after is not entry.prompt:
            self._keep(entry, after)
            self._subscribers.publish(updated(after), after.question.is_for)

    def begin(self, entry: Entry, asked: Asked) -> Attempt:
        """Attach an attempt that waits for the answer, in place of an older one, which is sent away.

        Where it is the first since a restart, its approvers are shown the question whole again.
        """
        if entry.attempt is not None:
            entry.attempt.answer(None)
        if entry.asked is None and entry.prompt.detached:
            self._show(entry, replace(entry.prompt, question=completed(entry.prompt.question, asked.question)))
        entry.asked, entry.attempt = asked, Attempt(asked=asked)
        self.step(entry, attach(entry.prompt))
        return entry.attempt

    def leave(self, entry: Entry, attempt: Attempt) -> None:
        """Detach the question from an attempt that does not wait any more, unless a newer one has taken its place."""
        if entry.attempt is attempt:
            entry.attempt = None
            self.step(entry, detach(entry.prompt))

    def end(self, entry: Entry, after: Prompt) -> Attempt | None:
        """Take a question out, in its last state; the attempt that waits for its answer, if one does."""
        attempt = entry.attempt
        entry.prompt, entry.attempt = after, None
        entry.over.set()
        del self._entries[after.question.id]
        if self._database is not None:
            self._database.drop("prompt", after.question.id)
        return attempt

    def cover(self, entry: Entry, by: Sequence[str], grant: str, now: datetime) -> Prompt:
        """Take out a question whose call goes through by a grant, which these people gave; its last state."""
        after = granted(entry.prompt, by=by, reason=f"grant {grant}", now=now)
        self.end(entry, after)
        return after

    def _show(self, entry: Entry, prompt: Prompt) -> None:
        self._keep(entry, prompt)
        self._subscribers.publish(entry.frame, prompt.question.is_for)

    def _keep(self, entry: Entry, prompt: Prompt) -> None:
        entry.prompt, entry.frame = prompt, encode(pending(prompt))
        if self._database is not None:
            self._database.put("prompt", prompt.question.id, prompt_json(prompt, entry.standing))
