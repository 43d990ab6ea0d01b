"""One connection to AWS for the length of one exchange: request out, answer in, each wait with a deadline.

Rule: every failure is an UpstreamError that names the host: 504 if AWS was silent, else 502. `sent` decides whether a request may be
sent again; it is increased before the bytes are written.

Theory: one task may `send` while another awaits `next_event`: AWS may answer before it has read the body. The deadline of the answer
is moved on while the body is being sent.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import trio

from trio_gate.errors import UpstreamError
from trio_gate.shell.net.transport import LentPieces, trouble
from trio_gate.wire.events import NEED_DATA, Informational, NeedData, PeerClosed
from trio_gate.wire.head import ResponseHead

if TYPE_CHECKING:
    from trio_gate.shell.net.transport import Transport
    from trio_gate.wire.events import BodyData, BodyEnd
    from trio_gate.wire.upstream_connection import UpstreamConnection

    AnswerEvent = ResponseHead | Informational | BodyData | BodyEnd

RECEIVE = 256 * 1024
"""Bytes asked of the transport at once: what AWS sends is large, and fewer pieces cost less."""

LARGE = 64 * 1024
"""Bytes of a body that is worth a buffer of its own, if it is longer."""

PIECE = 256 * 1024
"""Bytes written under one deadline, and the most that is encrypted ahead."""


class UpstreamExchange:
    """A connection to AWS, lent for one request and its answer.

    Attributes:
        connection: makes the bytes to send, and says what those received mean.
        sent: bytes of this exchange that were handed to the transport.
    """

    def __init__(
        self,
        host: str,
        transport: Transport,
        connection: UpstreamConnection,
        *,
        idle_timeout: float,
        answer_timeout: float,
    ) -> None:
        self.connection = connection
        self.sent = 0
        self._host = host
        self._transport = transport
        self._idle_timeout = idle_timeout
        self._answer_timeout = answer_timeout
        self._unsent = 0
        self._awaited = self._answering = False
        self._deadline = math.inf
        self._ended = False
        self._lent: LentPieces | None = None

    @property
    def reusable(self) -> bool:
        """Whether another exchange may follow on the connection."""
        return not self._unsent and self.connection.reusable

    async def send(self, data: bytes | memoryview) -> None:
        """Send what `connection` made. Cancelling it ends the connection. Raises UpstreamError.

        An answer may have come all the same: AWS can refuse a body and close before it has read it.
        """
        self._unsent += len(data)
        try:
            for at in range(0, len(data), PIECE):
                piece = data if len(data) <= PIECE else memoryview(data)[at : at + PIECE]
                self.sent += len(piece)
                await self._transport.send_all(piece, self._idle_timeout)
                self._unsent -= len(piece)
                if self._awaited and not self._answering:
                    self._deadline = trio.current_time() + self._answer_timeout
                    self._transport.move_deadline(self._deadline)
        except trio.TooSlowError:
            raise UpstreamError(f"{self._host} stopped reading the request", status=504) from None
        except trio.BrokenResourceError as broken:
            raise UpstreamError(f"the request could not be sent to {self._host}: {trouble(broken)}") from None

    def arrived_event(self) -> AnswerEvent | None:
        """The next part of the answer, if it has arrived. Raises UpstreamError."""
        try:
            event = self.connection.next_event()
        except UpstreamError as error:
            if self._ended:
                raise UpstreamError(f"{self._host} closed the connection in the middle of its answer") from None
            raise UpstreamError(f"{self._host}: {error.reason}") from None
        if event is NEED_DATA:
            return None
        if isinstance(event, (NeedData, PeerClosed)):
            raise UpstreamError(f"{self._host} closed the connection before it answered")
        if isinstance(event, ResponseHead):
            self._answering = True
        return event

    async def next_event(self) -> AnswerEvent:
        """The next part of the answer: interim answers, the head, pieces of the body, its end. Raises UpstreamError.

        A piece of the body is valid until the next call.
        """
        event = self.arrived_event()
        if event is None:
            self._deadline = trio.current_time() + (self._idle_timeout if self._answering else self._answer_timeout)
            self._awaited = True
            while event is None:
                await self._receive()
                event = self.arrived_event()
        return event

    async def answer_head(self) -> ResponseHead:
        """The head of the answer, after any interim ones. Raises UpstreamError."""
        while True:
            event = await self.next_event()
            if isinstance(event, ResponseHead):
                return event

    async def _receive(self) -> None:
        try:
            data = await self._arrives()
        except trio.TooSlowError:
            silence = "stopped in the middle of its answer" if self._answering else "did not answer in time"
            raise UpstreamError(f"{self._host} {silence}", status=504) from None
        except trio.BrokenResourceError as broken:
            raise UpstreamError(f"no whole answer from {self._host}: {trouble(broken)}") from None
        self._ended = not data
        self.connection.receive(data)

    async def _arrives(self) -> bytes | memoryview:
        if not self._answering or (self.connection.content_length or 0) <= LARGE:
            return await self._transport.receive_some(RECEIVE, self._deadline)
        if self._lent is None:
            self._lent = LentPieces(self._transport, RECEIVE)
        return await self._lent.next(self._deadline)
