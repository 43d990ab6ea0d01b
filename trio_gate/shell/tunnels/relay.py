"""Relays bytes between two connections, unread, until both sides have ended or the relay is ended.

Rule: an end passes on as an end, a break as a break, so that neither side takes for whole what is cut off. No more is read of a side
than the other takes.

Theory: nothing in a tunnel tells a pause from a hang, so there is one limit on silence for both directions, and it covers a peer that
does not read as well: then no byte moves. One task looks at that, at the whole time, and at whether the tunnel may still be there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import Callable

    from trio_gate.metrics.counts import TunnelCounts
    from trio_gate.shell.net.transport import Transport

PIECE = 32 * 1024
"""Bytes that are read at once, for which each direction has room of its own."""

LOOK_EVERY = 1.0
"""Seconds between two looks at whether a relay must end."""

BROKEN = "a connection broke"


class Relay:
    """The bytes between an agent and a host.

    Args:
        agent, host: the two connections, which the caller closes.
        must_end: is called with the seconds of silence and of the relay's life; says why it must end, None if it may go on.
        counts: is told of each byte.

    Attributes:
        bytes_in, bytes_out: how many came from the agent, and from the host.
        why: why it was cut off; None if both sides have ended.
    """

    def __init__(
        self,
        agent: Transport,
        host: Transport,
        must_end: Callable[[float, float], str | None],
        counts: TunnelCounts,
    ) -> None:
        self.bytes_in = self.bytes_out = 0
        self.why: str | None = None
        self._agent = agent
        self._host = host
        self._must_end = must_end
        self._counts = counts
        self._began = self._moved = trio.current_time()

    async def run(self, arrived: bytes) -> None:
        """Relay until the end; `arrived` came from the agent before. What is cut off is reset."""
        try:
            async with trio.open_nursery() as both:
                both.start_soon(self._look, both.cancel_scope)
                async with trio.open_nursery() as pumps:
                    pumps.start_soon(self._up, arrived, both.cancel_scope)
                    pumps.start_soon(self._down, both.cancel_scope)
                both.cancel_scope.cancel()
        except BaseException:
            self.why = self.why or "the gateway stopped"
            raise
        finally:
            if self.why is not None:
                self._agent.reset()
                self._host.reset()

    async def _look(self, scope: trio.CancelScope) -> None:
        while True:
            await trio.sleep(LOOK_EVERY)
            now = trio.current_time()
            if why := self._must_end(now - self._moved, now - self._began):
                self._cut(why, scope)

    def _cut(self, why: str, scope: trio.CancelScope) -> None:
        self.why = self.why or why
        scope.cancel()

    async def _up(self, arrived: bytes, scope: trio.CancelScope) -> None:
        def count(many: int) -> None:
            self.bytes_in += many
            self._counts.bytes["in"] += many

        await self._pump(self._agent, self._host, count, scope, arrived)

    async def _down(self, scope: trio.CancelScope) -> None:
        def count(many: int) -> None:
            self.bytes_out += many
            self._counts.bytes["out"] += many

        await self._pump(self._host, self._agent, count, scope)

    async def _pump(
        self,
        source: Transport,
        sink: Transport,
        count: Callable[[int], None],
        scope: trio.CancelScope,
        first: bytes = b"",
    ) -> None:
        room = memoryview(bytearray(PIECE))
        try:
            await sink.send_all(first)
            count(len(first))
            while some := await source.receive_into(room):
                self._moved = trio.current_time()
                await sink.send_all(room[:some])
                self._moved = trio.current_time()
                count(some)
            await sink.end_sending()
        except trio.BrokenResourceError:
            self._cut(BROKEN, scope)
