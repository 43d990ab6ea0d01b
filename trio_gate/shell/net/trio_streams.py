"""Transports as trio streams, for libraries that take those: whole, cut short, or with bytes put back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from trio_gate.shell.net.transport import Transport

RECEIVE = 64 * 1024
"""Bytes that are read at once, unless fewer or more are asked for."""


class Clear(trio.abc.Stream):
    """A transport as a trio stream, for libraries that need one. Its methods are those of `trio.abc.Stream`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """See `trio.abc.Stream`; `Transport.send_all` does the work."""
        await self._transport.send_all(bytes(data))

    async def wait_send_all_might_not_block(self) -> None:
        """Return at once: whether a send would block is not known."""
        await trio.lowlevel.checkpoint()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """See `trio.abc.Stream`; at most `RECEIVE` bytes unless more are asked for."""
        return await self._transport.receive_some(max_bytes or RECEIVE)

    async def aclose(self) -> None:
        """See `trio.abc.Stream`; `Transport.aclose` does the work."""
        await self._transport.aclose()


class _Over(trio.abc.Stream):
    """Wraps a stream; subclasses change how it is read, everything else is passed on to it."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send on the wrapped stream; see `trio.abc.Stream`."""
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        """Wait for the wrapped stream; see `trio.abc.Stream`."""
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        """Close the wrapped stream; see `trio.abc.Stream`."""
        await self._stream.aclose()


class Limited(_Over):
    """A stream of which at most `left` bytes may be read; the caller may set `left` again."""

    def __init__(self, stream: trio.abc.Stream, left: float) -> None:
        super().__init__(stream)
        self.left = left

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """See `trio.abc.Stream`. Raises trio.BrokenResourceError when `left` is used up."""
        if self.left <= 0:
            raise trio.BrokenResourceError("more was sent than may be read")
        data = await self._stream.receive_some(int(min(max_bytes or RECEIVE, self.left)))
        self.left -= len(data)
        return data


class Replay(_Over, trio.abc.HalfCloseableStream):
    """A stream with bytes put back: `head` is read first, then the stream."""

    def __init__(self, stream: trio.abc.Stream, head: bytes) -> None:
        super().__init__(stream)
        self._head = head

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """See `trio.abc.Stream`; `head` comes first."""
        if not self._head:
            return await self._stream.receive_some(max_bytes)
        await trio.lowlevel.checkpoint()
        head, self._head = self._head[:max_bytes], self._head[len(self._head) if max_bytes is None else max_bytes :]
        return head

    async def send_eof(self) -> None:
        """End the sending side of the wrapped stream, if that can be done without closing it."""
        if isinstance(self._stream, trio.abc.HalfCloseableStream):
            await self._stream.send_eof()
