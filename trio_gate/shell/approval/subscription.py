"""One connection of a person to the approval hub: what it is told, in order, and what happens when it reads too slowly.

Rule: the queue is bounded. Who falls behind is cut off and starts again with the present state; activity, of which nobody needs all,
is left out first and counted.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Any

import trio

from trio_gate.approval.codec import encode
from trio_gate.approval.frames import Activity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trio_gate.approval.frames import ServerFrame
    from trio_gate.config.model import Person

MAX_BEHIND = 256
"""Frames that a subscriber may be behind before it is cut off."""

MAX_BEHIND_ACTIVITY = 128
"""Frames that it may be behind and still be told of activity."""

log = logging.getLogger(__name__)


class Subscription:
    """What one connection of a person is told: the present state, then news as they come. `observes`: activity too.

    `closed`: it has nothing more to say, and what its person says counts no more.
    """

    def __init__(self, person: Person, backlog: Iterable[str]) -> None:
        self.person = person
        self.observes = False
        self.closed = False
        self._missed = 0
        self._backlog = deque(backlog)
        self._send, self._receive = trio.open_memory_channel[str](MAX_BEHIND)

    @property
    def behind(self) -> int:
        """Frames that wait for the reader."""
        return len(self._backlog) + self._send.statistics().current_buffer_used

    async def next(self) -> str | None:
        """The next frame, encoded. None when the reader was too slow: it must connect again."""
        if self._backlog:
            return self._backlog.popleft()
        try:
            return await self._receive.receive()
        except (trio.ClosedResourceError, trio.EndOfChannel):
            return None

    def tell(self, frame: ServerFrame) -> None:
        """Queue a frame, or cut the reader off."""
        self.offer(encode(frame))

    def offer(self, frame: str) -> None:
        """As `tell`, of a frame that is encoded."""
        try:
            self._send.send_nowait(frame)
        except trio.WouldBlock:
            log.warning("approver %s reads too slowly and was cut off", self.person.name)
            self.close()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return

    def show(self, call: dict[str, Any]) -> None:
        """Queue activity, or count it as missed."""
        if self._send.statistics().current_buffer_used >= MAX_BEHIND_ACTIVITY:
            self._missed += 1
            return
        self.tell(Activity(call=call, missed=self._missed))
        self._missed = 0

    def close(self) -> None:
        """End it at once: `next` has nothing more."""
        self.closed = True
        self._backlog.clear()
        self._send.close()
        self._receive.close()
