"""Turns heads and bodies from values into bytes.

Rule: a head is written from its value alone. A field that could end its own line is an internal error, raised before a byte is
sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from trio_gate.wire.head import Headers, RequestHead


def serialise_request(head: RequestHead, framing: Headers = (), *, without: Collection[str] = ()) -> bytes:
    """The bytes of a request head, `host` first, `framing` last; fields of the names `without` are left out.

    Raises ValueError if a field holds a line end, or a name is not ASCII.
    """
    hosts = [field for field in head.headers if field[0] == "host"]
    rest = [field for field in head.headers if field[0] != "host" and field[0] not in without]
    fields = [*hosts, *rest, *framing]
    lines = [f"{head.method} {head.target.text} HTTP/1.1\r\n", *[f"{name}: {value}\r\n" for name, value in fields], "\r\n"]
    text = "".join(lines)
    if not text.isascii() and not "".join([name for name, _ in fields]).isascii():
        message = "a head that was to be sent has a field whose name is not ASCII"
        raise ValueError(message)
    return _checked(text.encode(), len(fields))


def serialise(start: bytes, fields: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The bytes of any head. Raises ValueError if a part of it holds a line end or NUL."""
    return _checked(b"%b\r\n%b\r\n" % (start, b"".join([b"%b: %b\r\n" % field for field in fields])), len(fields))


def _checked(block: bytes, fields: int) -> bytes:
    lines = fields + 2
    if block.count(b"\r") != lines or block.count(b"\n") != lines or b"\0" in block:
        message = "a head that was to be sent holds a line end or NUL inside a field"
        raise ValueError(message)
    return block


class BodyWriter:
    """Frames a body: counted when `length` is known, chunked when it is None, left out when `silent` (as for HEAD).

    Attributes:
        ended: whether `end` was called.
        left: bytes that were promised and are still to come; None for chunks.
    """

    __slots__ = ("_silent", "ended", "left")

    def __init__(self, length: int | None, *, silent: bool = False) -> None:
        self.left = length
        self._silent = silent
        self.ended = False

    def data(self, data: bytes | memoryview) -> bytes | memoryview:
        """The bytes that send a piece of the body. Raises RuntimeError for more than was promised."""
        if self._silent or not data:
            return b""
        if self.left is None:
            return b"".join((b"%x\r\n" % len(data), data, b"\r\n"))
        if len(data) > self.left:
            message = "more body than its head promised"
            raise RuntimeError(message)
        self.left -= len(data)
        return data

    def end(self) -> bytes:
        """The bytes that end the body. Raises RuntimeError if less was sent than promised."""
        if not self._silent and self.left:
            message = "less body than its head promised"
            raise RuntimeError(message)
        self.ended = True
        return b"0\r\n\r\n" if self.left is None and not self._silent else b""
