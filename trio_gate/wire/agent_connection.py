"""The server side of an agent's HTTP/1.1 connection, without a socket: bytes in, events out; answers in, bytes out.

Rule: after any framing error the connection ends, because there is no safe way to find the next request. It also ends after an
answer that is sent before the request was read whole.

Theory: one request at a time. `receive` fills a buffer, `next_event` reads from it: a head, its data, BodyEnd, and then
nothing until `start_next`, so that a pipelined request waits in the buffer, unread, until the one before it is answered.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from trio_gate.errors import Malformed
from trio_gate.text.folding import fold
from trio_gate.wire.chunked import ChunkReader, take
from trio_gate.wire.events import BODY_END, NEED_DATA, BodyData, BodyEnd, Http2Preface, NeedData, PeerClosed
from trio_gate.wire.fields import HeadBuffer
from trio_gate.wire.hop_by_hop import response_headers
from trio_gate.wire.parse import MAX_HEAD, glimpse, parse_request_head
from trio_gate.wire.writer import BodyWriter, serialise

if TYPE_CHECKING:
    from trio_gate.wire.head import RequestHead, ResponseHead

    AgentEvent = NeedData | RequestHead | BodyData | BodyEnd | PeerClosed | Http2Preface

MAX_AHEAD = 1024 * 1024
"""Bytes that an agent may send after a request before that is answered. SDKs send none."""

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
"""With the reason phrase, because older botocore requires three words in a status line."""

HTTP2_GOAWAY = bytes.fromhex("000000 04 00 00000000  000008 07 00 00000000 00000000 0000000d")
"""An empty SETTINGS frame, then GOAWAY of stream 0 with HTTP_1_1_REQUIRED (RFC 9113 §6.5, §6.8, §7)."""

_PREFACE = b"PRI * HTTP/2.0\r\n\r\n"


class _At(Enum):
    HEAD = auto()
    BODY = auto()
    END = auto()


_HEAD, _BODY, _END = _At  # by name: `_At.HEAD` calls a function in Python 3.11


class AgentConnection:
    """An HTTP/1.1 server connection.

    Attributes:
        has_body: whether the request has a body; valid once its head was reported.
        content_length: the body's length in bytes; None when chunked.
        expects_continue: whether the agent waits for `send_continue` before it sends the body, even an empty one: if botocore
            gets an answer instead of 100, it takes it for the answer to its next request too (boto/botocore#3755).
    """

    __slots__ = (
        "_as_it_came",
        "_at",
        "_chunks",
        "_close",
        "_eof",
        "_fault",
        "_in",
        "_left",
        "_method",
        "_raw",
        "_writer",
        "content_length",
        "expects_continue",
        "has_body",
    )

    def __init__(self) -> None:
        self._in = HeadBuffer(MAX_HEAD)
        self._eof = False
        self._fault: Malformed | None = None
        self._raw: bytes | None = None
        self._close = False
        self._reset()

    def _reset(self) -> None:
        self._at = _HEAD
        self._method = ""
        self._chunks: ChunkReader | None = None
        self._left = 0
        self._as_it_came: bytes | memoryview = b""
        self._writer: BodyWriter | None = None
        self.has_body = False
        self.content_length: int | None = 0
        self.expects_continue = False

    def receive(self, data: bytes | memoryview) -> None:
        """Add bytes from the agent; none mean that it will send no more."""
        if self._chunks is None and 0 < len(data) <= self._left and not self.ahead:
            self._as_it_came = data  # a piece of a large body, which is not copied
        else:
            self._in.data += data
        self._eof = self._eof or not data

    def next_event(self) -> AgentEvent:
        """The next event in the bytes received so far. Once it has raised Malformed, every further call raises it too."""
        if self._fault is not None:
            raise self._fault
        try:
            if self._at is _HEAD:
                return self._head()
            return self._body() if self._at is _BODY else self._waiting()
        except Malformed as fault:
            self._fault = fault
            raise

    def _waiting(self) -> AgentEvent:
        if len(self._in.data) > MAX_AHEAD:
            raise Malformed("too much was sent ahead of the answer")
        return PeerClosed() if self._eof else NEED_DATA

    def _head(self) -> AgentEvent:
        buffer = self._in.data
        if buffer and not 0x41 <= buffer[0] <= 0x5A:
            raise Malformed("this is not an HTTP/1.1 request: it does not begin with a method in capitals")
        raw = self._raw = self._in.take()
        if raw is None:
            if self._eof and buffer:
                raise Malformed("the connection closed inside a head")
            return PeerClosed() if self._eof else NEED_DATA
        if raw == _PREFACE:
            self._close, self._at = True, _END
            return Http2Preface()
        head = parse_request_head(raw)
        self._raw = None
        self._begin(head)
        return head

    @property
    def refused_head(self) -> RequestHead:
        """What is readable of a head for which `next_event` raised, to shape the answer; see `parse.glimpse`."""
        return glimpse(self._raw or bytes(self._in.data[:MAX_HEAD]))

    def _begin(self, head: RequestHead) -> None:
        fields = head.first
        if "transfer-encoding" in fields:
            self._chunks, self.content_length = ChunkReader(), None
        else:
            self._left = self.content_length = int(fields.get("content-length", "0"))
        self.has_body = self.content_length != 0
        self.expects_continue = "expect" in fields
        self._method = head.method
        if "connection" in fields:
            self._close = self._close or any("close" in fold(value) for value in head.all("connection"))
        self._at = _BODY

    def _body(self) -> AgentEvent:
        if self._chunks is not None:
            data: bytes | memoryview = self._chunks.read_several(self._in.data)
            done = self._chunks.done
        else:
            data, self._as_it_came = self._as_it_came or take(self._in.data, self._left), b""
            self._left -= len(data)
            done = not self._left
        if data:
            return BodyData(data=data)
        if done:
            self._at = _END
            return BODY_END
        if self._eof:
            raise Malformed("the connection closed inside a body")
        return NEED_DATA

    @property
    def ahead(self) -> bool:
        """Whether bytes have arrived that were not read yet."""
        return bool(self._in.data or self._as_it_came)

    @property
    def must_close(self) -> bool:
        """Whether the connection must be closed after the answer."""
        return self._close or self._fault is not None

    @property
    def answering(self) -> bool:
        """Whether the head of an answer was sent, so that no other answer is possible."""
        return self._writer is not None

    @property
    def leftover(self) -> bytes:
        """The bytes that arrived and were not read."""
        return bytes(self._as_it_came) + self._in.data

    def send_continue(self) -> bytes:
        """The bytes of an interim 100 answer: tells the agent to send the body, or keeps it waiting while a person decides."""
        self._require(self._writer is None, "100 Continue after the answer began")
        return CONTINUE

    def send_head(self, head: ResponseHead, *, length: int | None, close: bool = False) -> bytes:
        """The bytes of the answer's head, framed for this agent.

        Args:
            head: status and fields; those that `hop_by_hop` keeps back are left out.
            length: bytes of the body that follows (for HEAD: that would follow); None to send it chunked.
            close: end the connection after the answer in any case.
        """
        self._require(self._writer is None, "a second answer")
        self._close = self._close or close or self._at is not _END
        bare = head.status in (204, 304)
        silent = bare or self._method == "HEAD"
        self._writer = BodyWriter(length, silent=silent)
        fields = response_headers(head.headers)
        if length is not None and not bare:
            fields.append((b"content-length", b"%d" % length))
        elif length is None and not silent:
            fields.append((b"transfer-encoding", b"chunked"))
        if self.must_close:
            fields.append((b"connection", b"close"))
        return serialise(b"HTTP/1.1 %d %b" % (head.status, head.reason), fields)

    def send_data(self, data: bytes | memoryview) -> bytes | memoryview:
        """The bytes that send a piece of the body; empty where the answer has no body."""
        return self._answer().data(data)

    def send_end(self) -> bytes:
        """The bytes that end the body. Raises RuntimeError if less was sent than promised: then close the connection."""
        return self._answer().end()

    def start_next(self) -> bool:
        """Go on to the next request. False if this one is not read and answered whole, or the connection must close."""
        done = self._writer is not None and self._writer.ended and self._at is _END
        if not done or self.must_close:
            return False
        self._reset()
        return True

    def _answer(self) -> BodyWriter:
        if self._writer is None:
            message = "body before head"
            raise RuntimeError(message)
        return self._writer

    def _require(self, holds: bool, fault: str) -> None:
        if not holds:
            raise RuntimeError(fault)
