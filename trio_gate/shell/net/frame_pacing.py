"""Paces how fast approval channels are read, by counting WebSocket frames.

Rule: a channel that sends too fast is read later, not closed: a person or bot with much to answer only waits, and a flood stays with
its sender. One that goes on flooding answers no ping in time, which closes it. A message in too many frames is refused.

Theory: frames are counted from their headers (RFC 6455 section 5.2) before the WebSocket library reads them: to it an empty frame, or
a ping, costs as much as a large one. All channels of a person share one pace; one without a token has its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from trio_gate.shell.net.rate_limit import Bucket, Pace
from trio_gate.shell.net.trio_streams import Limited

if TYPE_CHECKING:
    from collections.abc import Callable

FRAMES = Pace(most=200, rate=200)
"""Frames of a person: a burst, and a rate a second. A page sends one for a click and one in 20 seconds, a bot one for a call.

The burst is smaller than the number of answers that may wait for a reader (`subscription.MAX_BEHIND`). A delay of more than ten
seconds would make the answer to a ping too late.
"""

UNIT = 1024
"""Bytes that count as one more frame."""

SEARCH = 20
"""Frames that a search of the record counts as: it takes a thread some ten milliseconds."""

PARTS = 64
"""Frames of one message: the largest message in pieces of 1 KiB."""

_CONTINUATION, _CONTROL = 0, 8
"""Opcodes; from the second on they are control frames."""


class Turns:
    """The pace of one person's channels, or of one connection without a token."""

    def __init__(self, pace: Pace = FRAMES) -> None:
        self._bucket = Bucket(pace, trio.current_time)
        self._lock = trio.Lock()

    async def take(self, cost: float) -> None:
        """Wait until `cost` frames may be read; callers are served in order."""
        async with self._lock:
            await trio.sleep(self._bucket.owe(cost))


class Frames:
    """Counts the frames that a peer sends. `longest`: most frames that one message had."""

    def __init__(self) -> None:
        self.longest = 0
        self._parts = 0
        self._head = b""
        self._payload = 0

    def count(self, data: bytes | bytearray) -> int:
        """How many frames begin in these bytes, which follow those of the last call."""
        begun = at = 0
        while at < len(data):
            if self._payload:
                step = min(self._payload, len(data) - at)
                self._payload -= step
            else:
                step = _size(self._head) - len(self._head)
                begun += not self._head
                self._head += data[at : at + step]
                if len(self._head) == _size(self._head):
                    self._begin()
            at += step
        return begun

    def _begin(self) -> None:
        """Read a complete frame header, and count its frame."""
        head, self._head = self._head, b""
        opcode, short, more = head[0] & 15, head[1] & 127, _more(head)
        self._payload = int.from_bytes(head[2 : 2 + more]) if more else short
        if opcode < _CONTROL:
            self._parts = self._parts + 1 if opcode == _CONTINUATION else 1
            self.longest = max(self.longest, self._parts)


class Paced(Limited):
    """A channel's stream, read at the pace of `turns`. `refused` is set once a message had too many frames; the rest is discarded."""

    def __init__(self, stream: trio.abc.Stream, left: float, turns: Callable[[], Turns]) -> None:
        super().__init__(stream, left)
        self.refused = trio.Event()
        self._turns = turns
        self._frames = Frames()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """See `Limited`; waits for its turn after each read."""
        while data := await super().receive_some(max_bytes):
            await self._turns().take(self._frames.count(data) + len(data) / UNIT)
            if self._frames.longest > PARTS:
                self.refused.set()
            if not self.refused.is_set():
                break
        return data


def _more(head: bytes) -> int:
    """Bytes of the extended length field."""
    return {126: 2, 127: 8}.get(head[1] & 127, 0)


def _size(head: bytes) -> int:
    """Length of a frame's header in bytes, as far as its first bytes tell."""
    return 2 if len(head) < 2 else 2 + _more(head) + 4 * (head[1] >> 7)
