"""One connection of a person to the approval hub: what is sent to it, in order, and what happens if it reads too slowly.

Rule: the queue is bounded. A reader that falls behind is cut off, and starts again with the present state; activity, which nobody
needs in full, is left out first and counted.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Any

import trio

from trio_gate.approval.channel.codec import encode
from trio_gate.approval.channel.frames import Activity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trio_gate.approval.channel.frames import ServerFrame
    from trio_gate.config.model import Person

MAX_BEHIND = 256
"""How many frames a subscriber may be behind before it is cut off."""

MAX_BEHIND_ACTIVITY = 128
"""How many frames it may be behind and still be sent activity."""

log = logging.getLogger(__name__)


class Subscription:
    """The frames for one connection of a person: the present state, then news as it comes.

    Attributes:
        person: who is connected.
        observes: whether activity is sent, too.
        follows: whether `Decided` is sent, too.
        by_session: whether the page's session opened it, and not the person's token.
        closed: whether it has ended: nothing more is sent, and what its person still sends does not count.
    """

    def __init__(self, person: Person, backlog: Iterable[str], *, follows: bool = False) -> None:
        self.person = person
        self.follows = follows
        self.observes = False
        self.by_session = False
        self.closed = False
        self._missed = 0
        self._backlog = deque(backlog)
        self._send, self._receive = trio.open_memory_channel[str](MAX_BEHIND)

    @property
    def behind(self) -> int:
        """How many frames wait for the reader."""
        return len(self._backlog) + self._send.statistics().current_buffer_used

    async def next(self) -> str | None:
        """Wait for the next frame, encoded. None once the subscription is closed: the client must connect again."""
        if self._backlog:
            return self._backlog.popleft()
        try:
            return await self._receive.receive()
        except (trio.ClosedResourceError, trio.EndOfChannel):
            return None

    def send(self, frame: ServerFrame) -> None:
        """Queue a frame; a reader that is too far behind is cut off instead."""
        self.send_encoded(encode(frame))

    def send_encoded(self, frame: str) -> None:
        """Queue a frame that is encoded already, as `send` does."""
        try:
            self._send.send_nowait(frame)
        except trio.WouldBlock:
            log.warning("approver %s reads too slowly and was cut off", self.person.name)
            self.close()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return

    def send_activity(self, call: dict[str, Any]) -> None:
        """Queue one row of activity; if the reader is behind, it is counted as missed instead."""
        if self._send.statistics().current_buffer_used >= MAX_BEHIND_ACTIVITY:
            self._missed += 1
            return
        self.send(Activity(call=call, missed=self._missed))
        self._missed = 0

    def close(self) -> None:
        """End the subscription at once: whatever is queued is dropped, and `next` returns None."""
        self.closed = True
        self._backlog.clear()
        self._send.close()
        self._receive.close()
