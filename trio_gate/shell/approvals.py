"""The hub between calls that wait and the people who answer. Fills the port `Approvals`.

Rule: a question is in the hub exactly as long as a task waits in `ask`; it leaves when that task is answered, times out or is
cancelled, and its people are told which. An approver who is not connected is no denial.

Theory: nothing here waits but `ask` and the reader of a `Subscription`. Votes and news are counted and queued in one step of the
scheduler, so two votes cannot overtake each other; a reader who falls behind is cut off, and starts again with what is pending.
"""

from __future__ import annotations

import logging
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import trio

from trio_gate.approval.messages import Accepted, Hello, Rejected, encode, pending, resolved, updated
from trio_gate.approval.state import GONE, Prompt, Refused, Status, decide, expire, verdict_of, withdraw
from trio_gate.approval.text import visible
from trio_gate.errors import Denied

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from trio_gate.approval.messages import Decide
    from trio_gate.approval.request import Question
    from trio_gate.approval.state import Verdict
    from trio_gate.ports import Clock

MAX_PENDING = 1000
"""Questions that wait at once: more than people can read, and a bound on memory (about 100 MiB at worst)."""

MAX_PENDING_PER_AGENT = 100
"""Of one agent, so that it cannot use up the others' share."""

MAX_BEHIND = 256
"""Frames that a subscriber may be behind before it is cut off."""

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class _Waiting:
    prompt: Prompt
    frame: str
    done: trio.Event = field(default_factory=trio.Event)


class Subscription:
    """What one connection of a person is told: `hello`, every pending prompt, then news as they come."""

    def __init__(self, person: str, backlog: Iterable[str]) -> None:
        self.person = person
        self._backlog = deque(backlog)
        self._send, self._receive = trio.open_memory_channel[str](MAX_BEHIND)

    async def next(self) -> str | None:
        """The next frame, encoded. None when the reader was too slow: it must connect again."""
        if self._backlog:
            return self._backlog.popleft()
        try:
            return await self._receive.receive()
        except (trio.ClosedResourceError, trio.EndOfChannel):
            return None

    def offer(self, frame: str) -> None:
        """Queue a frame, or cut the reader off."""
        try:
            self._send.send_nowait(frame)
        except trio.WouldBlock:
            log.warning("approver %s reads too slowly and was cut off", self.person)
            self.close()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return

    def close(self) -> None:
        """End it at once: `next` has nothing more."""
        self._backlog.clear()
        self._send.close()
        self._receive.close()


class ApprovalHub:
    """All questions that wait, and everyone who listens."""

    def __init__(
        self, clock: Clock, *, max_pending: int = MAX_PENDING, max_pending_per_agent: int = MAX_PENDING_PER_AGENT
    ) -> None:
        self._clock = clock
        self._max_pending = max_pending
        self._max_pending_per_agent = max_pending_per_agent
        self._waiting: dict[str, _Waiting] = {}
        self._subscriptions: set[Subscription] = set()

    @property
    def pending(self) -> int:
        """How many questions wait."""
        return len(self._waiting)

    async def ask(self, question: Question) -> Verdict:
        """Put the question to its approvers and wait for their verdict. Cancelling withdraws it.

        Raises:
            Denied: too many questions wait already.
        """
        waiting = self._admit(question)
        try:
            with trio.move_on_after(question.life):
                await waiting.done.wait()
            self._settle(waiting, expire(waiting.prompt))
        finally:
            self._settle(waiting, withdraw(waiting.prompt))
            del self._waiting[question.id]
        return verdict_of(waiting.prompt)

    @contextmanager
    def subscribe(self, person: str) -> Iterator[Subscription]:
        """Listen as `person`, who sees only what is addressed to them."""
        mine = tuple(waiting.frame for waiting in self._waiting.values() if _open_to(waiting, person))
        subscription = Subscription(person, (encode(Hello(person=person, pending=len(mine))), *mine))
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
            subscription.close()

    def decide(self, subscription: Subscription, frame: Decide) -> None:
        """Count a vote of the subscription's person; the answer comes among its frames, before the news it makes."""
        person = subscription.person
        waiting = self._waiting.get(frame.id)
        if waiting is None or not waiting.prompt.question.is_for(person):
            subscription.offer(_rejected(frame, GONE))
            return
        reason = visible(frame.reason)
        now = self._clock.now()
        after = decide(waiting.prompt, person=person, digest=frame.digest, verdict=frame.verdict, reason=reason, now=now)
        if isinstance(after, Refused):
            subscription.offer(_rejected(frame, after))
            if now >= waiting.prompt.question.expires_at:  # the wall clock ran ahead of the deadline, as after a suspend
                self._settle(waiting, expire(waiting.prompt))
            return
        log.info("approver %s: %s %s", person, frame.verdict, frame.id)
        subscription.offer(encode(Accepted(id=frame.id, status=after.status.value)))
        self._settle(waiting, after)

    def _admit(self, question: Question) -> _Waiting:
        if len(self._waiting) >= self._max_pending:
            raise Denied("too many calls wait for approval already: try again when some are answered")
        if (
            sum(_asker(waiting.prompt.question) == _asker(question) for waiting in self._waiting.values())
            >= self._max_pending_per_agent
        ):
            raise Denied(f"this agent has {self._max_pending_per_agent} calls waiting for approval: wait for their answers")
        if question.id in self._waiting:
            message = f"question {question.id} is already asked"
            raise RuntimeError(message)
        prompt = Prompt(question=question)
        waiting = _Waiting(prompt=prompt, frame=encode(pending(prompt)))
        self._waiting[question.id] = waiting
        self._tell(question, waiting.frame)
        return waiting

    def _settle(self, waiting: _Waiting, after: Prompt) -> None:
        """Take a step and tell it; nothing if the prompt does not move."""
        if after is waiting.prompt:
            return
        waiting.prompt = after
        if after.status is Status.PENDING:
            waiting.frame = encode(pending(after))
            self._tell(after.question, encode(updated(after)))
            return
        waiting.done.set()
        self._tell(after.question, encode(resolved(after)))

    def _tell(self, question: Question, frame: str) -> None:
        for subscription in tuple(self._subscriptions):
            if question.is_for(subscription.person):
                subscription.offer(frame)


def _open_to(waiting: _Waiting, person: str) -> bool:
    return waiting.prompt.status is Status.PENDING and waiting.prompt.question.is_for(person)


def _asker(question: Question) -> str:
    return question.agent or question.agent_address


def _rejected(frame: Decide, refused: Refused) -> str:
    return encode(Rejected(id=frame.id, code=refused.code, message=refused.message))
