"""Our side of a connection to AWS, without a socket.

Rule: an answer with two readings is a 502 and the connection is never used again. h11 reads the answer and frames its body;
before it sees a head, the shared strict grammar has accepted it, because h11 by itself takes bare LF, folded lines and two
framings in one message.

Theory: the request is written by `writer`; h11 is told the method alone, which is all it needs to know how long the answer
is. One request is under way at a time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import h11

from trio_gate.errors import Malformed, UpstreamError
from trio_gate.wire.chunked import take
from trio_gate.wire.events import NEED_DATA, BodyData, BodyEnd, Informational, NeedData, PeerClosed
from trio_gate.wire.fields import CONTENT_LENGTH, HeadBuffer, split_head
from trio_gate.wire.head import ResponseHead
from trio_gate.wire.writer import BodyWriter, serialise_request

if TYPE_CHECKING:
    from trio_gate.wire.head import Headers, RequestHead

    UpstreamEvent = NeedData | ResponseHead | Informational | BodyData | BodyEnd | PeerClosed

MAX_HEAD = 64 * 1024
"""Bytes of an answer's head: S3's own is under 10 KiB with all metadata."""

MAX_INFORMATIONAL = 8
"""1xx answers before the final one. Go's client stands 5."""

_STATUS = re.compile(rb"HTTP/1\.[01] [1-5][0-9]{2}(?: [\t\x20-\x7e\x80-\xff]*)?")
_WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE"})
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "expect"})


class UpstreamConnection:
    """An HTTP/1.1 client connection.

    Attributes:
        content_length: of the answer, after its head; None when chunked or ended by close.
    """

    __slots__ = ("_answered", "_eof", "_h11", "_head", "_in_head", "_informational", "_spoiled", "_writer", "content_length")

    def __init__(self) -> None:
        self._h11 = h11.Connection(h11.CLIENT)
        self._head = HeadBuffer(MAX_HEAD)
        self._spoiled = False
        self._eof = False
        self._reset()

    def _reset(self) -> None:
        self._writer: BodyWriter | None = None
        self._in_head = True
        self._answered = False
        self._informational = 0
        self.content_length: int | None = None

    def send_request(self, head: RequestHead, *, length: int | None) -> bytes:
        """The head of a request, framed: `length` bytes follow, or chunks when it is None. Raises RuntimeError if busy.

        Framing fields, `connection` and `expect` in `head` are left out.
        """
        if self._writer is not None:
            if not self.reusable:
                message = "a request on a connection that cannot take one"
                raise RuntimeError(message)
            self._h11.start_next_cycle()
            self._reset()
        self._h11.send(h11.Request(method=head.method, target="/", headers=[("host", "upstream")]))
        self._h11.send(h11.EndOfMessage())
        self._writer = BodyWriter(length)
        return serialise_request(head.where(lambda name: name not in _FRAMING), _framing(head.method, length))

    def send_data(self, data: bytes) -> bytes:
        """A piece of the request's body."""
        return self._request().data(data)

    def send_end(self) -> bytes:
        """The end of the request's body. Raises RuntimeError if the promised length was not reached: close instead."""
        return self._request().end()

    def receive(self, data: bytes) -> None:
        """Take bytes from AWS; b"" says that it closed."""
        self._eof = self._eof or not data
        if self._in_head or self._answered:
            self._head.data += data
        else:
            self._h11.receive_data(data)

    def next_event(self) -> UpstreamEvent:
        """What the bytes so far say next. Raises UpstreamError (502)."""
        try:
            return self._next()
        except Malformed as fault:
            raise self._fault(f"upstream's answer is not valid HTTP: {fault.reason}") from None
        except h11.ProtocolError:
            raise self._fault("upstream's answer is not valid HTTP") from None

    def _next(self) -> UpstreamEvent:
        if self._spoiled:
            raise UpstreamError("upstream's connection is spoiled")
        if self._answered or self._writer is None:
            return self._idle()
        if self._in_head:
            raw = self._head.take()
            if raw is None:
                return self._no_head()
            _check_head(raw)
            self._h11.receive_data(raw)
        return self._event()

    def _idle(self) -> UpstreamEvent:
        if self._head.data:
            raise Malformed("it says more than it was asked")
        return PeerClosed() if self._eof else NEED_DATA

    def _no_head(self) -> UpstreamEvent:
        if self._eof and self._head.data:
            raise Malformed("it ends inside a head")
        return PeerClosed() if self._eof else NEED_DATA

    def _event(self) -> UpstreamEvent:
        event = self._h11.next_event()
        if isinstance(event, h11.InformationalResponse):
            return self._interim(event.status_code)
        if isinstance(event, h11.Response):
            return self._final(event)
        if isinstance(event, h11.Data):
            return BodyData(data=bytes(event.data))
        if isinstance(event, h11.EndOfMessage):
            self._answered = True
            self._head.data += self._h11.trailing_data[0]
            return BodyEnd()
        return NEED_DATA

    def _interim(self, status: int) -> Informational:
        self._informational += 1
        if self._informational > MAX_INFORMATIONAL:
            raise Malformed("it sends interim answers without end")
        self._head.restart()
        return Informational(status=status)

    def _final(self, event: h11.Response) -> ResponseHead:
        self._in_head = False
        head = ResponseHead(status=event.status_code, reason=bytes(event.reason), headers=tuple(event.headers))
        length = head.one(b"content-length")
        self.content_length = None if length is None else int(length)
        if self._head.data:
            self._h11.receive_data(take(self._head.data, len(self._head.data)))
        if self._eof:
            self._h11.receive_data(b"")
        return head

    @property
    def reusable(self) -> bool:
        """Whether the exchange is over and another request may follow on this connection."""
        whole = self._answered and self._writer is not None and self._writer.ended
        open_ = not (self._spoiled or self._eof or self._head.data)
        return whole and open_ and self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE

    def _request(self) -> BodyWriter:
        if self._writer is None:
            message = "body before head"
            raise RuntimeError(message)
        return self._writer

    def _fault(self, reason: str) -> UpstreamError:
        self._spoiled = True
        return UpstreamError(reason)


def _framing(method: str, length: int | None) -> Headers:
    if length is None:
        return (("transfer-encoding", "chunked"),)
    return () if not length and method in _WITHOUT_BODY else (("content-length", str(length)),)


def _check_head(raw: bytes) -> None:
    """What h11 would let pass. Raises Malformed."""
    start, fields = split_head(raw)
    if not _STATUS.fullmatch(start):
        raise Malformed("it has no status line")
    lengths = [value for name, value in fields if name == b"content-length"]
    codings = [value for name, value in fields if name == b"transfer-encoding"]
    if len(lengths) + len(codings) > 1:
        raise Malformed("it is framed twice")
    if lengths and not CONTENT_LENGTH.fullmatch(lengths[0].decode("latin-1")):
        raise Malformed("its length is not a plain number")
    if codings and start.startswith(b"HTTP/1.0"):
        raise Malformed("it is chunked in HTTP/1.0")
