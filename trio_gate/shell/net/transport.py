"""Bytes to and from a peer over TCP, and why a connection broke.

Rule: every failure of a transport is one exception, trio.BrokenResourceError, and `trouble` says why; a wait that takes too long is
a trio.TooSlowError. After a write that failed, was late or was cancelled the transport is unusable, because nobody knows how much was
sent. An end without TLS's close_notify is a failure, not an end: anybody on the way can cause it.

Theory: one task may send while another receives. To read is to wait first, as the bytes are hardly ever there, and so others have
their turn; to write is to try first, as there is nearly always room. But a connection's first bytes are often there when it is
accepted (see `arrived`), and after a read that got all it asked for there is likely to be more (see `IN_A_ROW`). All connections of a
run receive what is encrypted in one buffer and decrypt it into another: nobody waits meanwhile. A record that became bytes of its own
would be copied once more.
"""

from __future__ import annotations

import math
import select
import socket
import ssl
import struct
from abc import abstractmethod
from typing import TYPE_CHECKING, Protocol

import trio

from trio_gate.shell.net.socket_waits import Wait

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    ReadInto = Callable[[int, memoryview], int]
    """What `read` of TLS's objects is if it is given a buffer: it returns how many bytes it wrote into that."""

RECEIVE = 64 * 1024
"""Bytes asked of the socket at once, unless more are wanted."""

RECORDS = 64
"""Records of TLS that are decrypted before other tasks run."""

IN_A_ROW = 4
"""Reads, each of all that was asked for, of which only the first waits: then others have their turn."""

DECRYPTED = 256 * 1024
"""Most bytes that are decrypted before other tasks run."""

LONGEST_RECORD = 5 + 16 * 1024 + 2048
"""Bytes of TLS's longest record, with its header (RFC 5246 section 6.2.3); those of TLS 1.3 are shorter."""

_ROOM = trio.lowlevel.RunVar[memoryview]("room for records")
_RAW = trio.lowlevel.RunVar[memoryview]("room for what arrives encrypted")
_INNER = trio.lowlevel.RunVar[memoryview]("room for what arrives encrypted twice")

_RESET = struct.pack("ii", 1, 0)
"""To linger for no time: what is not sent yet is dropped, and the peer gets a reset (socket(7))."""

_CUT_OFF = "UNEXPECTED_EOF_WHILE_READING"
"""What Pythons before 3.11.3 say in place of SSLEOFError."""

_NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST"})
_NO_RECORD = "RECORD_LAYER_FAILURE"
"""What OpenSSL says from 3.2 on in place of these, and of any record that was changed."""


class Transport(Protocol):
    """What a connection reads from and writes to. A write has `within` seconds; deadlines are by trio's clock."""

    async def send_all(self, data: bytes | memoryview, within: float = math.inf) -> None:
        """Send all of `data`. Cancelling ends the transport. Raises trio.BrokenResourceError, trio.TooSlowError."""

    async def arrival(self, deadline: float = math.inf) -> None:
        """Wait until something may have arrived, so that the next read need not: a connection that idles here takes less memory.

        Raises trio.BrokenResourceError, trio.TooSlowError.
        """

    async def receive_some(self, max_bytes: int, deadline: float = math.inf) -> bytes:
        """Return 1 to `max_bytes` bytes, or b"" once the peer has ended. Cancelling loses nothing.

        Raises trio.BrokenResourceError, trio.TooSlowError.
        """

    async def receive_into(self, room: memoryview, deadline: float = math.inf) -> int:
        """As `receive_some`, into `room`, so that a large body is not copied once more. Returns how many bytes: 0 at the end."""

    def receive_now(self, room: memoryview) -> int | None:
        """As `receive_into`, but does not wait; None if there is nothing yet. Raises trio.BrokenResourceError."""

    def move_deadline(self, deadline: float) -> None:
        """Change the deadline of a read that is running."""

    async def end_sending(self) -> None:
        """Say that nothing more will be sent; what the peer sends can still be read. Raises trio.BrokenResourceError."""

    def reset(self) -> None:
        """Close the connection so that the peer takes what it got for cut off, and not for whole."""

    async def drain(self, most: int, *, quiet: float = math.inf) -> None:
        """End the sending side, and discard up to `most` bytes until the peer ends too or is silent for `quiet` seconds.

        The caller sets an overall deadline. Raises trio.BrokenResourceError.
        """

    async def aclose(self) -> None:
        """Close the transport, with TLS's close_notify. Raises no error that a peer can cause; `trio.aclose_forcefully` does not wait."""


class Receiver(trio.abc.AsyncResource):
    """What all transports receive by."""

    __slots__ = ("_in_a_row", "_room")

    def __init__(self) -> None:
        self._in_a_row = 0
        self._room = record_room()

    async def arrival(self, deadline: float = math.inf) -> None:
        """See `Transport`."""
        self._read_until(deadline)
        if self._must_wait():
            await self._arrives()
        else:
            await trio.lowlevel.checkpoint()
        self._in_a_row = 1

    async def receive_some(self, max_bytes: int, deadline: float = math.inf) -> bytes:
        """See `Transport`."""
        room = self._room[:max_bytes]
        return bytes(room[: await self.receive_into(room, deadline)])

    async def receive_into(self, room: memoryview, deadline: float = math.inf) -> int:
        """See `Transport`."""
        self._read_until(deadline)
        if not 0 < self._in_a_row < IN_A_ROW:
            self._in_a_row = 0
            if self._must_wait():
                await self._more(len(room))
            else:
                await trio.lowlevel.checkpoint()
        while (count := self.receive_now(room)) is None:
            await self._more(len(room))
        self._in_a_row = self._in_a_row + 1 if count == len(room) else 0
        return count

    @abstractmethod
    def receive_now(self, room: memoryview) -> int | None:
        """See `Transport`."""

    @abstractmethod
    def _read_until(self, deadline: float) -> None:
        """Set the deadline of the waits."""

    @abstractmethod
    def _must_wait(self) -> bool:
        """Whether nothing is known to be there."""

    @abstractmethod
    def _arrives(self) -> Awaitable[None]:
        """Wait until something may have arrived."""

    @abstractmethod
    def _more(self, most: int) -> Awaitable[None]:
        """Wait until more may be there, while others have their turn. `most` bytes will be asked for."""


class SocketTransport(Receiver):
    """A `Transport` over a connected TCP socket, which it owns. Small writes are sent at once."""

    __slots__ = ("_arrivals", "_cut_off", "_readable", "_socket")

    def __init__(self, sock: socket.socket) -> None:
        super().__init__()
        sock.setblocking(False)
        if sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = sock
        self._readable = Wait(sock, trio.lowlevel.wait_readable)
        self._cut_off = False
        self._arrivals: select.poll | None = None

    async def send_all(self, data: bytes | memoryview, within: float = math.inf) -> None:
        """See `Transport`."""
        if self._cut_off:
            raise trio.BrokenResourceError("an earlier write was cut off")
        sent = self._sent(data)
        if sent < len(data):
            self._cut_off = True
            await self._send_rest(memoryview(data)[sent:], trio.current_time() + within)
            self._cut_off = False

    async def _send_rest(self, data: memoryview, deadline: float) -> None:
        writable = self._writable(deadline)
        while data:
            await writable.ready()
            data = data[self._sent(data) :]

    def _writable(self, deadline: float) -> Wait:
        """A wait for the socket to take more."""
        wait = Wait(self._socket, trio.lowlevel.wait_writable)
        wait.deadline = deadline
        return wait

    def _sent(self, data: bytes | memoryview) -> int:
        """How much could be sent at once."""
        try:
            return self._socket.send(data) if data else 0
        except BlockingIOError:
            return 0
        except OSError as fault:
            raise trio.BrokenResourceError from fault

    def arrived(self, most: int) -> bytes:
        """What can be read without waiting: nothing if nothing has arrived, or the connection has ended."""
        try:
            return self._socket.recv(most)
        except OSError:
            return b""

    def _read_until(self, deadline: float) -> None:
        self._readable.deadline = deadline

    def _must_wait(self) -> bool:
        return True

    def _arrives(self) -> Awaitable[None]:
        return self._readable.ready()

    def _more(self, most: int) -> Awaitable[None]:
        return self._readable.ready()

    def receive_now(self, room: memoryview) -> int | None:
        """See `Transport`."""
        try:
            return self._socket.recv_into(room)
        except BlockingIOError:
            return None
        except OSError as fault:
            raise trio.BrokenResourceError from fault

    def move_deadline(self, deadline: float) -> None:
        """See `Transport`."""
        self._readable.move(deadline)

    async def end_sending(self) -> None:
        """See `Transport`."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError as fault:
            raise trio.BrokenResourceError from fault

    def reset(self) -> None:
        """See `Transport`."""
        if self._socket.fileno() >= 0:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.close()

    async def drain(self, most: int, *, quiet: float = math.inf) -> None:
        """See `Transport`."""
        await self.end_sending()
        try:
            while most > 0 and (data := await self.receive_some(RECEIVE, trio.current_time() + quiet)):
                most -= len(data)
        except trio.TooSlowError:
            return

    async def aclose(self) -> None:
        """See `Transport`."""
        self.close()

    def close(self) -> None:
        """Close the socket; who waits for it gets a trio.BrokenResourceError."""
        if self._socket.fileno() >= 0:
            trio.lowlevel.notify_closing(self._socket)
            self._socket.close()

    def quiet(self) -> bool:
        """Whether it is known that nothing has arrived since the last read, the end included."""
        if self._socket.fileno() < 0:
            return False
        if self._arrivals is None:
            self._arrivals = select.poll()
            self._arrivals.register(self._socket, select.POLLIN | select.POLLRDHUP)
        return not self._arrivals.poll(0)


class LentPieces:
    """Reads a large body from `transport` in pieces of at most `most` bytes, all views of one buffer.

    A piece is valid until the next read, which releases it: to use it later is a ValueError. Copy what is to be kept.
    """

    def __init__(self, transport: Transport, most: int) -> None:
        self._transport = transport
        self._room = memoryview(bytearray(most))
        self._lent = self._room[:0]

    async def next(self, deadline: float) -> memoryview:
        """The next bytes, valid until the next call; see `Transport.receive_into`."""
        self._lent.release()
        self._lent = self._room[: await self._transport.receive_into(self._room, deadline)]
        return self._lent


def record_room() -> memoryview:
    """The buffer in which this run of trio decrypts records."""
    return _shared(_ROOM, DECRYPTED)


def receive_room() -> memoryview:
    """The buffer in which this run of trio receives what is encrypted, for transports right on a socket.

    It begins with room for a part of a record, which had arrived before.
    """
    return _shared(_RAW, LONGEST_RECORD + DECRYPTED)


def inner_room() -> memoryview:
    """The same for TLS inside TLS: the outer one decrypts into this what it has received in the other."""
    return _shared(_INNER, LONGEST_RECORD + DECRYPTED)


def _shared(room: trio.lowlevel.RunVar[memoryview], size: int) -> memoryview:
    try:
        return room.get()
    except LookupError:
        room.set(made := memoryview(bytearray(size)))
        return made


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
