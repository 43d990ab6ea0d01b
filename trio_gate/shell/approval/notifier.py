"""Tells people of the calls that wait: each notice when it is due, once, to each receiver of the configuration in force.

Rule: a notice counts as told once its receiver took it, and that is written down: one that was not told before a restart is told after
it, with the same id. Nothing is begun for a question that has ended. A receiver that hangs keeps no other waiting. What is given up is
logged and counted.

Theory: every notice is a task of its own that waits until it is due. It looks at question and configuration again before each try, so
neither an answer nor a reload has to find it.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import trio

from trio_gate.effect.reasons import Reason
from trio_gate.notices.notice import notice_of
from trio_gate.notices.plan import Key, planned, receiver_of
from trio_gate.notices.trouble import Trouble, Undelivered, named, pause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from trio_gate.config.model import Approver
    from trio_gate.config.receivers.model import Receiver
    from trio_gate.ports import Clock
    from trio_gate.shell.approval.database import ApprovalDatabase
    from trio_gate.shell.approval.pending import PendingQuestions
    from trio_gate.shell.approval.waiting import Entry
    from trio_gate.shell.notices.delivery import Delivery

    Connected = Callable[[Iterable[str]], bool]
    """Whether at least one of these people is connected."""

MAX_WAITING = 10_000
"""How many notices may wait, for their time or for another try; any more are given up.

Not a knob: nobody reads ten thousand of them.
"""

AT_ONCE = 4
"""How many notices are under way to one receiver."""

LOOK_EVERY = 30.0
"""The most seconds between two looks at the clock: that soon, a machine that slept is noticed."""

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True, eq=False)
class _Watched:
    """A question, which notices of it have a task or need none, and which were told; `over` is set when it ends."""

    entry: Entry
    begun: set[Key]
    told: set[Key]
    over: trio.Event = field(default_factory=trio.Event)


class Notifier:
    """Tells of the table's `questions` while `run` does. Without `delivery` nobody is told.

    Attributes:
        page: the address of the approvals page.
        waiting: how many notices wait, for their time or for another try.
        refused: how many were given up because too many waited.
    """

    def __init__(
        self,
        clock: Clock,
        delivery: Delivery | None,
        page: str,
        questions: PendingQuestions,
        connected: Connected,
        database: ApprovalDatabase | None,
    ) -> None:
        self.undelivered = Undelivered()
        self._questions = questions
        self._connected = connected
        self._clock = clock
        self._delivery = delivery
        self.page = page
        self._database = database
        self._approvers: Mapping[str, Approver] = {}
        self._watched: dict[str, _Watched] = {}
        self._limiters: dict[tuple[str, str], trio.CapacityLimiter] = {}
        self.waiting = self.refused = 0
        self._send, self._receive = trio.open_memory_channel[tuple[_Watched, Key, "datetime"]](math.inf)

    def load(self) -> None:
        """Go on with the questions of the last start. Raises StorageUnavailable."""
        kept = self._database.load("notice", _keys) if self._database is not None else {}
        for entry in self._questions:
            self._watch(entry, kept.get(entry.prompt.question.id, set()))
        for name in kept.keys() - self._watched.keys():
            self._drop(name)

    def watch(self, entry: Entry) -> None:
        """Tell of a new question."""
        self._watch(entry, set())

    def end(self, question_id: str) -> None:
        """Tell no more of a question, which has ended."""
        one = self._watched.pop(question_id, None)
        if one is not None:
            one.over.set()
            if one.told:
                self._drop(question_id)

    def take(self, approvers: Mapping[str, Approver]) -> None:
        """Go on by the approvers of a new configuration."""
        self._approvers = approvers
        for one in self._watched.values():
            self._plan(one)

    async def run(self) -> None:
        """Tell, until cancelled; that also ends what is under way."""
        async with trio.open_nursery() as nursery:
            async for one, key, at in self._receive:
                nursery.start_soon(self._notify, one, key, at)

    def _watch(self, entry: Entry, told: set[Key]) -> None:
        one = self._watched[entry.prompt.question.id] = _Watched(entry=entry, begun=set(told), told=told)
        self._plan(one)

    def _plan(self, one: _Watched) -> None:
        """Begin the notices that were not begun yet."""
        for key, at in planned(one.entry.prompt, self._approvers).items():
            if key in one.begun:
                continue
            one.begun.add(key)
            if self.waiting >= MAX_WAITING:
                self.refused += 1
                self._give_up(one, key, Trouble(text="too many notices wait"))
                continue
            self.waiting += 1
            self._send.send_nowait((one, key, at))

    async def _notify(self, one: _Watched, key: Key, at: datetime) -> None:
        try:
            while (left := (at - self._clock.now()).total_seconds()) > 0 and not one.over.is_set():
                await _wait(one, min(left, LOOK_EVERY))
            await self._deliver(one, key)
        finally:
            self.waiting -= 1

    async def _deliver(self, one: _Watched, key: Key) -> None:
        tries = 0
        while not one.over.is_set():
            async with self._limiters.setdefault((key.approver, key.receiver), trio.CapacityLimiter(AT_ONCE)):
                trouble = await self._try(one, key)
            if trouble is None:
                return
            tries += 1
            wait = pause(tries, trouble)
            if wait is None:
                self._give_up(one, key, trouble)
                return
            log.info("%s was not notified of %s yet: %s", named(key), one.entry.prompt.question.id, trouble.text)
            await _wait(one, wait)

    async def _try(self, one: _Watched, key: Key) -> Trouble | None:
        """Tell of a question, if that is still wanted; what went wrong, None if nothing did."""
        receiver = self._receiver(one, key)
        if receiver is None or self._delivery is None:
            one.begun.discard(key)  # a later configuration may want it again
            return None
        if not (receiver.when_absent and self._connected(self._approvers[key.approver].people)):
            trouble = await self._delivery.deliver(receiver.to, notice_of(one.entry.prompt.question, key, self.page))
            if trouble is not None:
                return trouble
        self._told(one, key)
        return None

    def _receiver(self, one: _Watched, key: Key) -> Receiver | None:
        """Who is to be told now; None if that is no longer wanted."""
        if one.over.is_set() or key not in planned(one.entry.prompt, self._approvers):
            return None
        return receiver_of(key, self._approvers)

    def _told(self, one: _Watched, key: Key) -> None:
        one.told.add(key)
        if self._database is not None and not one.over.is_set():
            told = [{"event": at.event, "approver": at.approver, "receiver": at.receiver} for at in one.told]
            self._database.put("notice", one.entry.prompt.question.id, {"notices": told})

    def _give_up(self, one: _Watched, key: Key, trouble: Trouble) -> None:
        self.undelivered.add(key, trouble, self._clock.now())
        log.warning("%s was not notified of %s: %s", named(key), one.entry.prompt.question.id, trouble.text)
        if not one.over.is_set():
            text = f"{named(key)} was not notified: {trouble.text}"
            self._questions.mention(one.entry, Reason(level="fact", code="unnotified", text=text))

    def _drop(self, question_id: str) -> None:
        if self._database is not None:
            self._database.drop("notice", question_id)


async def _wait(one: _Watched, seconds: float) -> None:
    """Wait, but not longer than the question."""
    with trio.move_on_after(seconds):
        await one.over.wait()


def _keys(kept: Mapping[str, Any]) -> set[Key]:
    return {Key(**one) for one in kept["notices"]}
