"""Bytes to and from a peer, over TCP or TLS.

Rule: every failure of a transport is one exception, trio.BrokenResourceError, and `trouble` says why. After a write that failed or
was cancelled the transport is unusable, because nobody knows how much was sent. An end without TLS's close_notify is a failure, not
an end: anybody on the way can cause it.

Theory: one task may send while another receives. Only senders write to the stream, so what TLS sends by itself (the answer to a key
update) leaves before the next piece. OpenSSL gets one record at a time: in a single call it would process all records until one
holds data, and a peer needs no key to fill 64 KiB with records of 27 bytes that hold none.
"""

from __future__ import annotations

import math
import select
import ssl
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Protocol

import trio

from trio_gate.wire.chunked import take

if TYPE_CHECKING:
    from collections.abc import Iterator

RECEIVE = 64 * 1024
"""Bytes asked of the socket at once, unless more are wanted."""

RECORDS = 64
"""Records that are decrypted before other tasks run."""

SPARE = 64
"""Records without data that a peer may send at first: a handshake takes at most ten."""

SPARE_EVERY = 1024 * 1024
"""Bytes of data after which it may send one more: keys are updated after many gigabytes."""

_HEADER = 5
"""Bytes of a record's header, which ends with the payload's length (RFC 8446 section 5.1)."""

_TYPES = range(20, 25)
"""Types of records, all of version 3.x. OpenSSL reports what begins otherwise."""

GOODBYE_TIMEOUT = 1
"""Seconds to send TLS's close_notify, to a peer that may no longer read."""

_CUT_OFF = "UNEXPECTED_EOF_WHILE_READING"
"""What Pythons before 3.11.3 say in place of SSLEOFError."""

_NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST"})
_NO_RECORD = "RECORD_LAYER_FAILURE"
"""What OpenSSL says from 3.2 on in place of these, and of any record that was changed."""


class Transport(Protocol):
    """What a connection reads from and writes to."""

    async def send_all(self, data: bytes | memoryview) -> None:
        """Send all of `data`. Cancelling ends the transport. Raises trio.BrokenResourceError."""

    async def receive_some(self, max_bytes: int) -> bytes:
        """Return 1 to `max_bytes` bytes, or b"" once the peer has ended. Cancelling loses nothing. Raises trio.BrokenResourceError."""

    async def drain(self, most: int, *, quiet: float = math.inf) -> None:
        """End the sending side, and discard up to `most` bytes until the peer ends too or is silent for `quiet` seconds.

        The caller sets an overall deadline. Raises trio.BrokenResourceError.
        """

    async def aclose(self) -> None:
        """Close the transport, with TLS's close_notify. Raises no error that a peer can cause; `trio.aclose_forcefully` does not wait."""


class StreamTransport(trio.abc.AsyncResource):
    """A `Transport` over a trio stream, without TLS."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self._cut_off = False

    async def send_all(self, data: bytes | memoryview) -> None:
        """See `Transport`."""
        if self._cut_off:
            raise trio.BrokenResourceError("an earlier write was cut off")
        self._cut_off = True
        with _one_error():
            await self._stream.send_all(data)
        self._cut_off = False

    async def receive_some(self, max_bytes: int) -> bytes:
        """See `Transport`."""
        with _one_error():
            return bytes(await self._stream.receive_some(max_bytes))

    async def drain(self, most: int, *, quiet: float = math.inf) -> None:
        """See `Transport`."""
        with _one_error(), trio.move_on_after(quiet) as scope:
            if isinstance(self._stream, trio.abc.HalfCloseableStream):
                await self._stream.send_eof()
            while most > 0 and (data := await self._stream.receive_some(RECEIVE)):
                most -= len(data)
                scope.deadline = trio.current_time() + quiet

    async def aclose(self) -> None:
        """See `Transport`."""
        with suppress(trio.BrokenResourceError):
            await self._stream.aclose()

    def quiet(self) -> bool:
        """Whether it is known that nothing has arrived since the last read, the end included."""
        if not isinstance(self._stream, trio.SocketStream) or self._stream.socket.fileno() < 0:
            return False
        poll = select.poll()
        poll.register(self._stream.socket.fileno(), select.POLLIN | select.POLLRDHUP)
        return not poll.poll(0)


class TlsTransport(trio.abc.AsyncResource):
    """A `Transport` with TLS over a trio stream, which it owns. Call `handshake` first."""

    def __init__(
        self, stream: trio.abc.Stream, context: ssl.SSLContext, *, server_hostname: str | None = None, server_side: bool = False
    ) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=server_side, server_hostname=server_hostname)
        self._below = StreamTransport(stream)
        self._arrived = bytearray()
        self._spare = float(SPARE)

    @property
    def certificate(self) -> bytes:
        """The peer's certificate in DER, after the handshake; empty if it has none."""
        return self._tls.getpeercert(binary_form=True) or b""

    async def handshake(self) -> None:
        """Agree on keys and check certificates. Raises trio.BrokenResourceError; cancelling it ends the transport."""
        while isinstance(fault := self._shake(), ssl.SSLWantReadError):
            await self._flush()
            if not self._next_record():
                await self._receive(RECEIVE)
        if fault is None:
            await self._flush()
            return
        with suppress(trio.BrokenResourceError):
            await self._flush()  # the alert, for the peer's log
        raise trio.BrokenResourceError from fault

    def _shake(self) -> ssl.SSLError | None:
        """Continue the handshake. Returns what stopped it, None if it is done."""
        try:
            self._tls.do_handshake()
        except ssl.SSLError as fault:
            return fault
        return None

    async def send_all(self, data: bytes | memoryview) -> None:
        """See `Transport`. All of `data` is encrypted in one step, so pass large data in pieces."""
        with _one_error():
            self._tls.write(data)
        await self._flush()

    async def receive_some(self, max_bytes: int) -> bytes:
        """See `Transport`."""
        if self._arrived or self._tls.pending():
            await trio.lowlevel.checkpoint()
        while (data := self._decrypted(max_bytes)) is None:
            await self._receive(max_bytes)
        return data

    def _decrypted(self, most: int) -> bytes | None:
        """Data that can be had without waiting; None if there is none yet, b"" after the peer's close_notify."""
        pieces: list[bytes] = []
        piece: bytes | None = None
        while most > 0 and len(pieces) < RECORDS and (piece := self._piece(most)):
            pieces.append(piece)
            most -= len(piece)
        return b"".join(pieces) if pieces or piece is not None else None

    def _piece(self, most: int) -> bytes | None:
        """As `_decrypted`, from one record."""
        while True:
            try:
                data = self._tls.read(most)
            except ssl.SSLWantReadError:
                if not self._next_record():
                    return None
            except ssl.SSLError as fault:
                raise trio.BrokenResourceError from fault
            else:
                self._spare += len(data) / SPARE_EVERY + (len(data) > 0)
                return data

    def _next_record(self) -> bool:
        """Pass one more record to OpenSSL; return whether there was one. Raises trio.BrokenResourceError if too many hold no data."""
        size = _HEADER + int.from_bytes(self._arrived[3:_HEADER])
        strange = self._arrived and not (self._arrived[0] in _TYPES and self._arrived[1:2] in b"\x03")
        if not strange and len(self._arrived) < max(size, _HEADER + 1):
            return False
        self._spare -= 1
        if self._spare < 0:
            raise trio.BrokenResourceError("too many records without data")
        self._incoming.write(take(self._arrived, RECEIVE if strange else size))
        return True

    async def _receive(self, most: int) -> None:
        data = await self._below.receive_some(max(most, RECEIVE))
        self._arrived += data
        if not data:
            self._incoming.write(take(self._arrived, len(self._arrived)))
            self._incoming.write_eof()

    async def _say_goodbye(self) -> None:
        with suppress(ssl.SSLError):  # the peer's is not there yet, or there was no handshake
            self._tls.unwrap()
        await self._flush()

    async def _flush(self) -> None:
        await self._below.send_all(self._outgoing.read())

    async def drain(self, most: int, *, quiet: float = math.inf) -> None:
        """See `Transport`. What arrives is not decrypted."""
        await self._say_goodbye()
        await self._below.drain(most, quiet=quiet)

    async def aclose(self) -> None:
        """See `Transport`. Does not wait for the peer's close_notify."""
        try:
            with trio.move_on_after(GOODBYE_TIMEOUT), suppress(trio.BrokenResourceError):
                await self._say_goodbye()
        finally:
            await self._below.aclose()

    def quiet(self) -> bool:
        """Whether it is known that nothing has arrived since the last read, the end included."""
        return not (self._arrived or self._incoming.pending or self._tls.pending()) and self._below.quiet()


class Clear(trio.abc.Stream):
    """A TLS transport as a trio stream, for libraries that need one. Its methods are those of `trio.abc.Stream`."""

    def __init__(self, transport: TlsTransport) -> None:
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


def trouble(broken: trio.BrokenResourceError) -> str:
    """Why a transport broke, in words for an agent."""
    cause = broken.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the certificate is not accepted: {cause.verify_message.rstrip('.').lower()}"
    if isinstance(cause, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return "the connection was closed early"
    if isinstance(cause, ssl.SSLError):
        reason = cause.reason or "unknown"
        if reason == _CUT_OFF:
            return "the connection was closed early"
        if reason == _NO_RECORD:
            return "the peer does not speak TLS, or what it sent was changed on its way"
        return "the peer does not speak TLS" if reason in _NOT_TLS else f"TLS failed: {reason.replace('_', ' ').lower()}"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror.lower()
    return "the connection broke"


@contextmanager
def _one_error() -> Iterator[None]:
    try:
        yield
    except trio.ClosedResourceError as closed:
        raise trio.BrokenResourceError from closed
    except ssl.SSLError as fault:
        raise trio.BrokenResourceError from fault
