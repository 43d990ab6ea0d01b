"""The strict reader of answers' heads: status, fields, and how the body ends.

Rule: an answer has one framing or none. What one reader would take for a body and another for the next answer is refused
before a byte of it is passed on (RFC 9112 §6). Values that frame nothing may hold any bytes: they are passed on, not read.

Theory: some clients see a coding where none is allowed (Python's http.client in a 204, Node's in `chunked` with a TAB). They
then wait for chunks, or for the connection's end, in bytes that another reader takes for the next answer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trio_gate.errors import Malformed
from trio_gate.values import value_class
from trio_gate.wire.fields import CONTENT_LENGTH, split_head
from trio_gate.wire.head import ResponseHead

if TYPE_CHECKING:
    from trio_gate.wire.fields import Fields

_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: ([\t\x20-\x7e\x80-\xff]*))?")
_FRAMING = frozenset({b"content-length", b"transfer-encoding", b"connection"})
_SWITCHING = 101
_BARE = (204, 304)


@value_class
class AnswerHead:
    """An answer's head and what it says about the body.

    Attributes:
        length: the declared length in bytes, None without one; for HEAD that of the answer to a GET.
        chunked: whether the body comes in chunks.
        bare: whether its status never has a body, whatever the request was.
        closes: whether the connection ends after the answer.
    """

    head: ResponseHead
    length: int | None
    chunked: bool
    bare: bool
    closes: bool


def parse_answer_head(raw: bytes) -> AnswerHead:
    """Read the head of an answer, its blank line included. Raises Malformed."""
    start, fields = split_head(raw)
    found = _STATUS.fullmatch(start)
    if not found:
        raise Malformed("it has no status line")
    minor, status, reason = found[1], int(found[2]), found[3] or b""
    if status == _SWITCHING:
        raise Malformed("it switches to another protocol")
    length, chunked, closes = _framing(fields)
    interim = status < 200
    bare = interim or status in _BARE
    if chunked and (bare or minor == b"0"):
        raise Malformed("it is chunked where chunks are not allowed")
    if length and (interim or status == 204):
        raise Malformed("it has a length but cannot have a body")
    return AnswerHead(
        head=ResponseHead(status=status, reason=reason, headers=tuple(fields)),
        length=length,
        chunked=chunked,
        bare=bare,
        closes=closes or minor == b"0",
    )


def _framing(fields: Fields) -> tuple[int | None, bool, bool]:
    """The length, and whether the body is chunked and the connection closes."""
    found = [field for field in fields if field[0] in _FRAMING]
    lengths = [value for name, value in found if name == b"content-length"]
    codings = [value for name, value in found if name == b"transfer-encoding"]
    if len(lengths) + len(codings) > 1:
        raise Malformed("it is framed twice")
    if lengths and not CONTENT_LENGTH.fullmatch(lengths[0].decode("latin-1")):
        raise Malformed("its length is not a plain number")
    if codings and codings[0].lower() != b"chunked":
        raise Malformed("it has a transfer coding other than chunked")
    options = [option.strip(b" \t").lower() for name, value in found if name == b"connection" for option in value.split(b",")]
    return (int(lengths[0]) if lengths else None), bool(codings), b"close" in options
