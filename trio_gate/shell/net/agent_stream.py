"""One agent's connection, with its deadlines: request heads and bodies in, answers out.

Rule: every wait for the agent has a deadline, but `gone`, which its caller ends; every end of the connection on its side is one
exception, `AgentGone`.
`wire.agent_connection` parses the bytes.
"""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING

import trio

from trio_gate.errors import AgentGone, Malformed
from trio_gate.shell.net.transport import LentPieces
from trio_gate.wire.agent_connection import AgentConnection
from trio_gate.wire.events import NEED_DATA, BodyData, BodyEnd, Http2Preface, PeerClosed
from trio_gate.wire.head import RequestHead

if TYPE_CHECKING:
    from trio_gate.shell.net.accept import Shutdown
    from trio_gate.shell.net.connection_limits import Seat
    from trio_gate.shell.net.transport import Transport
    from trio_gate.wire.agent_connection import AgentEvent
    from trio_gate.wire.head import ResponseHead

RECEIVE, RECEIVE_BODY = 64 * 1024, 256 * 1024
"""Bytes asked of the transport at once, and in a body."""

LARGE = 1024 * 1024
"""Bytes of a body that is worth a buffer of its own, once as much has come as that holds: what is only announced takes no memory."""

SEND = 256 * 1024
"""Bytes written under one deadline."""

SMALL_BYTES = 8 * 1024
"""A piece of fewer bytes costs more than its length is worth."""

SMALL_RUN = 4
"""Small pieces that are read before a pause."""

PAUSE_SECONDS = 0.001
"""The pause, in which small pieces add up to a larger one."""

PATIENCE = 30
"""Seconds by which a body may fall behind its lowest rate."""

LINGER_BYTES = 128 * 1024 * 1024
"""Most bytes that are read and discarded after an answer that came before the body's end. Without that the agent might never
see it: programs in Python read no answer before they have sent the whole body."""

LINGER_BYTES_A_SECOND = 256 * 1024
"""Lowest rate at which they must arrive."""

LINGER_SECONDS = 5
"""Silence after which no more is read."""


class AgentStream:
    """An HTTP/1.1 server connection over a transport.

    Args:
        transport: where its bytes come from.
        seat: its place among all connections.
        head_timeout, idle_timeout: seconds for a head, and for any other silence.
        body_rate: lowest rate of a body, in bytes a second, while it is waited for; it may fall `PATIENCE` seconds behind. So the
            deadline of a request grows with its length.
        shutdown: ends each wait between two requests when the gateway stops.

    Attributes:
        connection: the parser of its bytes.
        shutdown: as given.
        received: bytes of the current request's body so far. sent: of the answer's. interim: number of interim answers.
    """

    __slots__ = (
        "_at_once",
        "_body_rate",
        "_head_timeout",
        "_idle_timeout",
        "_lent",
        "_new",
        "_patience",
        "_small",
        "_transport",
        "connection",
        "interim",
        "received",
        "seat",
        "sent",
        "shutdown",
    )

    def __init__(
        self,
        transport: Transport,
        *,
        seat: Seat,
        head_timeout: float,
        idle_timeout: float,
        body_rate: int,
        shutdown: Shutdown,
    ) -> None:
        self.seat = seat
        self.connection = AgentConnection()
        self.received = self.sent = self.interim = 0
        self._transport = transport
        self._head_timeout = head_timeout
        self._idle_timeout = idle_timeout
        self._body_rate = body_rate
        self._patience = float(PATIENCE)
        self.shutdown = shutdown
        self._new = True
        self._small = self._at_once = 0
        self._lent: LentPieces | None = None

    async def next_head(self) -> RequestHead | Http2Preface | None:
        """The next request's head; None when the agent closes, or sends nothing for `idle_timeout` seconds.

        Raises:
            Malformed: it is not a request, or (408) its head came too slowly.
        """
        self.received = self.sent = self.interim = self._small = 0
        self._patience = float(PATIENCE)
        self._lent = None
        try:
            if not (self.connection.ahead or await self._begins()):
                return None
            self.seat.begin()
            return await self._head()
        except AgentGone:
            return None

    async def _begins(self) -> bool:
        """Whether bytes of a request arrive before the idle time is over, or the gateway stops."""
        if self.shutdown.requested and not self._new:
            return False
        self.shutdown.idle_agents.add(self)
        deadline = trio.current_time() + self._idle_timeout
        try:
            await self._transport.arrival(deadline)
            data = await self._transport.receive_some(RECEIVE, deadline)
        except (trio.TooSlowError, trio.BrokenResourceError):
            return False
        finally:
            self.shutdown.idle_agents.discard(self)
            self._new = False
        self._took(data)
        return True

    def stop_idling(self) -> None:
        """End the wait for a further request; a new connection may still bring its first one."""
        if self._new:
            return
        self._transport.move_deadline(trio.current_time())

    async def _head(self) -> RequestHead | Http2Preface | None:
        event = self.connection.next_event()
        if event is NEED_DATA:
            try:
                event = await self._later_event(trio.current_time() + self._head_timeout)
            except trio.TooSlowError:
                raise Malformed("the request head did not arrive in time", status=408, limit="head_timeout") from None
        if isinstance(event, PeerClosed):
            return None
        if isinstance(event, (RequestHead, Http2Preface)):
            return event
        message = f"{event} instead of a head"
        raise RuntimeError(message)

    async def next_piece(self) -> bytes | memoryview | None:
        """The next bytes of the body, None at its end. A view is valid until the next call.

        Raises AgentGone, or Malformed on broken framing.
        """
        event, took = self.connection.next_event(), 0.0
        if self._at_once and isinstance(event, BodyData):  # it came in many pieces at once: others have their turn between them
            await self._let_others()
        elif event is NEED_DATA:
            began = trio.current_time()
            try:
                event = await self._later_event(began + min(self._patience, self._idle_timeout), RECEIVE_BODY)
            except trio.TooSlowError:
                raise Malformed("the body came too slowly, or stopped half-way", status=408, limit="body_rate") from None
            took = trio.current_time() - began
        if isinstance(event, BodyData):
            count = len(event.data)
            self.received += count
            self._at_once += 1
            self._small += count < SMALL_BYTES
            self._patience = min(self._patience + count / self._body_rate - took, PATIENCE)
            return event.data
        if isinstance(event, BodyEnd):
            self._lent = None
            return None
        raise AgentGone

    async def _let_others(self) -> None:
        """Let other tasks run, and now and then threads: a loop that never waits would starve them."""
        if self._small < SMALL_RUN:
            await trio.lowlevel.checkpoint()
        else:
            self._small = 0
            await trio.sleep(PAUSE_SECONDS)

    async def gone(self) -> None:
        """Return when the agent hangs up while it waits for an answer. Raises Malformed if it sends too much ahead."""
        while not isinstance(self.connection.next_event(), PeerClosed):
            try:
                await self._receive(math.inf)
            except AgentGone:
                return

    async def ask_for_body(self) -> None:
        """Answer `Expect: 100-continue`, where the agent waits for it."""
        if self.connection.expects_continue:
            self.connection.expects_continue = False
            await self.keep_alive()

    async def keep_alive(self) -> None:
        """An interim answer: a sign of life."""
        self.interim += 1
        await self._send(self.connection.send_continue())

    async def send_head(
        self, head: ResponseHead, *, length: int | None, close: bool = False, data: bytes = b"", ended: bool = False
    ) -> None:
        """The head of the answer and the first bytes of its body, all of it if `ended`; see `AgentConnection.send_head`.

        Raises AgentGone.
        """
        connection = self.connection
        self.sent += len(data)
        answer = connection.send_head(head, length=length, close=close or self.shutdown.requested) + connection.send_data(data)
        await self._send(answer + connection.send_end() if ended else answer)

    async def send_data(self, data: bytes | memoryview) -> None:
        """A piece of the answer's body. Raises AgentGone."""
        self.sent += len(data)
        await self._send(self.connection.send_data(data))

    async def send_end(self) -> None:
        """The end of the answer's body. Raises AgentGone."""
        await self._send(self.connection.send_end())

    async def send_raw(self, data: bytes) -> None:
        """Send bytes outside of any answer, as HTTP/2's GOAWAY. Raises AgentGone."""
        await self._send(data)

    async def linger(self) -> None:
        """End our side, and discard what the agent still sends, so that no reset destroys the answer (RFC 9112 section 9.6)."""
        self.seat.leave()
        length = self.connection.content_length
        most = LINGER_BYTES if length is None else min(length, LINGER_BYTES)
        deadline = LINGER_SECONDS + most / LINGER_BYTES_A_SECOND
        with trio.move_on_after(deadline), suppress(trio.BrokenResourceError):
            await self._transport.drain(LINGER_BYTES, quiet=LINGER_SECONDS)

    async def aclose(self) -> None:
        """Close the connection; see `Transport.aclose`."""
        await self._transport.aclose()

    async def _later_event(self, deadline: float, most: int = RECEIVE) -> AgentEvent:
        """The next event, which needs more bytes. Raises Malformed, AgentGone; trio.TooSlowError at the deadline."""
        while True:
            await self._receive(deadline, most)
            event = self.connection.next_event()
            if event is not NEED_DATA:
                return event

    async def _receive(self, deadline: float, most: int = RECEIVE) -> None:
        try:
            data = await self._arrives(deadline, most)
        except trio.BrokenResourceError:
            raise AgentGone from None
        self._took(data)

    def _took(self, data: bytes | memoryview) -> None:
        self._at_once = 0
        self.seat.took(len(data))
        self.connection.receive(data)

    async def _arrives(self, deadline: float, most: int) -> bytes | memoryview:
        if self.received < RECEIVE_BODY or most < RECEIVE_BODY or (self.connection.content_length or 0) < LARGE:
            return await self._transport.receive_some(most, deadline)
        if self._lent is None:
            self._lent = LentPieces(self._transport, most)
        return await self._lent.next(deadline)

    async def _send(self, data: bytes | memoryview) -> None:
        for at in range(0, len(data), SEND):
            piece = data if len(data) <= SEND else memoryview(data)[at : at + SEND]
            try:
                await self._transport.send_all(piece, self._idle_timeout)
            except (trio.BrokenResourceError, trio.TooSlowError):
                raise AgentGone from None
