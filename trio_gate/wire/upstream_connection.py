"""The client side of an HTTP/1.1 connection to AWS, without a socket.

Rule: an answer that two readers could understand differently is a 502, and the connection is never used again. Heads are read by
`answer`, chunks by the same strict reader as an agent's, so that nothing is passed on that another reader frames differently.

Theory: one request is under way at a time. A body ends by its length, with its last chunk, or with the connection.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from trio_gate.errors import Malformed, UpstreamError
from trio_gate.wire.answer import parse_answer_head
from trio_gate.wire.chunked import AnswerChunkReader, take
from trio_gate.wire.events import BODY_END, NEED_DATA, BodyData, BodyEnd, Informational, NeedData, PeerClosed
from trio_gate.wire.fields import HeadBuffer
from trio_gate.wire.writer import BodyWriter, serialise_request

if TYPE_CHECKING:
    from trio_gate.wire.answer import AnswerHead
    from trio_gate.wire.head import Headers, RequestHead, ResponseHead

    UpstreamEvent = NeedData | ResponseHead | Informational | BodyData | BodyEnd | PeerClosed

MAX_HEAD = 64 * 1024
"""Bytes of an answer's head. S3's is under 10 KiB with all metadata."""

MAX_INFORMATIONAL = 8
"""How many 1xx answers may come before the final one. Go's client accepts 5."""

_WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE"})
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "expect"})


class _At(Enum):
    HEAD = auto()
    BODY = auto()
    END = auto()


_HEAD, _BODY, _END = _At  # by name: `_At.HEAD` calls a function in Python 3.11


class UpstreamConnection:
    """An HTTP/1.1 client connection.

    Attributes:
        content_length: of the answer, valid after its head; None when chunked or ended by the connection's end.
    """

    __slots__ = (
        "_as_it_came",
        "_at",
        "_chunks",
        "_closes",
        "_eof",
        "_in",
        "_informational",
        "_left",
        "_method",
        "_spoiled",
        "_writer",
        "content_length",
    )

    def __init__(self) -> None:
        self._in = HeadBuffer(MAX_HEAD)
        self._spoiled = False
        self._eof = False
        self._closes = False
        self._reset("")

    def _reset(self, method: str) -> None:
        self._method = method
        self._writer: BodyWriter | None = None
        self._at = _HEAD
        self._informational = 0
        self._chunks: AnswerChunkReader | None = None
        self._left: int | None = None
        self._as_it_came: bytes | memoryview = b""
        self.content_length: int | None = None

    def send_request(self, head: RequestHead, *, length: int | None) -> bytes:
        """The bytes of a request's head, framed for `length` bytes of body, or for chunks when it is None.

        Framing fields, `connection` and `expect` in `head` are left out. Raises RuntimeError while a request is under way.
        """
        if self._writer is not None and not self.reusable:
            message = "a request on a connection that is busy or spoiled"
            raise RuntimeError(message)
        self._reset(head.method)
        self._writer = BodyWriter(length)
        return serialise_request(head, _framing(head.method, length), without=_FRAMING)

    def send_data(self, data: bytes | memoryview) -> bytes | memoryview:
        """The bytes that send a piece of the request's body."""
        return self._request().data(data)

    def send_end(self) -> bytes:
        """The bytes that end the request's body. Raises RuntimeError if less was sent than promised: then close instead."""
        return self._request().end()

    def receive(self, data: bytes | memoryview) -> None:
        """Add bytes from AWS; b"" means that it closed the connection."""
        if self._left is not None and 0 < len(data) <= self._left and not (self._in.data or self._as_it_came):
            self._as_it_came = data  # a piece of a large body, which is not copied
        else:
            self._in.data += data
        self._eof = self._eof or not data

    def next_event(self) -> UpstreamEvent:
        """The next event in the bytes received so far. Raises UpstreamError (502)."""
        if self._spoiled:
            raise UpstreamError("upstream's connection is unusable after an earlier fault")
        try:
            if self._at is _END or self._writer is None:
                return self._idle()
            return self._head() if self._at is _HEAD else self._body()
        except Malformed as fault:
            self._spoiled = True
            raise UpstreamError(f"upstream's answer is not valid HTTP: {fault.reason}") from None

    def _idle(self) -> UpstreamEvent:
        if self._in.data:
            raise Malformed("it came without a request")
        return PeerClosed() if self._eof else NEED_DATA

    def _head(self) -> UpstreamEvent:
        raw = self._in.take()
        if raw is not None:
            return self._begin(parse_answer_head(raw))
        if self._eof and self._in.data:
            raise Malformed("it ends inside a head")
        return PeerClosed() if self._eof else NEED_DATA

    def _begin(self, answer: AnswerHead) -> UpstreamEvent:
        if answer.head.status < 200:
            self._informational += 1
            if self._informational > MAX_INFORMATIONAL:
                raise Malformed("it sends too many interim answers")
            return Informational(status=answer.head.status)
        self._at = _BODY
        self._closes = answer.closes
        self.content_length = answer.length
        if answer.bare or self._method == "HEAD":
            self._left = 0
        elif answer.chunked:
            self._chunks = AnswerChunkReader()
        else:
            self._left = answer.length
        return answer.head

    def _body(self) -> UpstreamEvent:
        if self._chunks is not None:
            data: bytes | memoryview = self._chunks.read_several(self._in.data)
            done = self._chunks.done
        else:
            data = self._as_it_came or take(self._in.data, len(self._in.data) if self._left is None else self._left)
            self._as_it_came = b""
            done = self._ended(len(data))
        if data:
            return BodyData(data=data)
        if done:
            self._at = _END
            return BODY_END
        if self._eof:
            raise Malformed("it ends inside its body")
        return NEED_DATA

    def _ended(self, count: int) -> bool:
        if self._left is None:
            return self._eof
        self._left -= count
        return not self._left

    @property
    def reusable(self) -> bool:
        """Whether the exchange is over and another request may be sent on this connection."""
        whole = self._at is _END and self._writer is not None and self._writer.ended
        return whole and not (self._spoiled or self._eof or self._closes or self._in.data)

    @property
    def unsent(self) -> int | None:
        """Bytes of the request's body that its head promised and that are still to be sent; None where it is chunked."""
        return self._request().left

    def _request(self) -> BodyWriter:
        if self._writer is None:
            message = "body before head"
            raise RuntimeError(message)
        return self._writer


def _framing(method: str, length: int | None) -> Headers:
    if length is None:
        return (("transfer-encoding", "chunked"),)
    return () if not length and method in _WITHOUT_BODY else (("content-length", str(length)),)
