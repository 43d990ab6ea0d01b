"""Start lines and field lines: the grammar that requests and answers share.

Rule: every byte that is not expressly allowed is refused. Only CRLF ends a line; there is no folding, no control byte but TAB
inside a value, and no space before a colon (RFC 9112 §2.2, §5). Everything is compared as bytes, or by patterns that list
their characters, because Python's text methods accept more spaces, digits and letters than HTTP does.
"""

from __future__ import annotations

import re

from trio_gate.errors import Malformed

END = b"\r\n\r\n"

_PLAIN = bytes(byte for byte in range(256) if (byte >= 0x20 and byte != 0x7F) or byte in b"\t\r\n")
_PRINTABLE = re.compile(rb"[ -~]*")
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FIELD = re.compile(rb"\r\n([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([^\r]*)")
_FIELD_TEXT = re.compile(r"\r\n([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([^\r]*)")

CONTENT_LENGTH = re.compile(r"0|[1-9][0-9]{0,17}")
"""RFC 9110 §8.6 without signs, lists and leading zeros; 18 digits stay below 2**63, where other readers turn negative."""

FRAMING = frozenset({b"content-length", b"host", b"transfer-encoding"})
"""Fields that say where a message ends or which host it is for."""

_NO_TRAILERS = FRAMING | {
    *(b"authorization", b"connection", b"content-encoding", b"content-range", b"content-type", b"expect", b"keep-alive"),
    *(b"proxy-authorization", b"proxy-connection", b"set-cookie", b"te", b"trailer", b"upgrade"),
}
"""Fields that RFC 9110 §6.5.1 bars from trailers: a reader that merges trailers into the head would see another message."""

Fields = list[tuple[bytes, bytes]]


class HeadBuffer:
    """Collects bytes until a head is complete, up to `limit` bytes of it.

    Callers may remove bytes from `data` between heads; they call `restart` where a new head begins.
    """

    __slots__ = ("_limit", "_looked", "data")

    def __init__(self, limit: int) -> None:
        self.data = bytearray()
        self._limit = limit
        self._looked = 0

    def restart(self) -> None:
        """Look for the next head from the start of the buffer."""
        self._looked = 0

    def take(self) -> bytes | None:
        """The next head with its blank line, removed from the buffer; None while it is incomplete. Raises Malformed."""
        looked = max(0, self._looked - len(END) + 1)
        at = self.data.find(END, looked)
        if at < 0:
            if len(self.data) > self._limit:
                raise _too_large(self._limit)
            # The last byte before the new ones may be the CR of a CRLF that they complete.
            before = max(0, self._looked - 1)
            if self.data.count(b"\n", self._looked) != self.data.count(b"\r\n", before):
                raise Malformed("a line of the head ends in a bare LF: end lines with CRLF")
            self._looked = len(self.data)
            return None
        end = at + len(END)
        if end > self._limit:
            raise _too_large(self._limit)
        head = bytes(self.data[:end])
        del self.data[:end]
        self._looked = 0
        return head


def split_head(raw: bytes) -> tuple[bytes, Fields]:
    """Start line and fields of a head, names in lower case, values without outer blanks. Raises Malformed."""
    fields = [(name.lower(), value.strip(b" \t")) for name, value in _FIELD.findall(raw)]
    _check_head(raw, len(fields))
    return raw[: raw.index(b"\r\n")], fields


def split_text(raw: bytes) -> tuple[str, list[tuple[str, str]]]:
    """As `split_head`, each byte a character of Latin-1."""
    text = raw.decode("latin-1")
    fields = [(name.lower(), value.strip(" \t")) for name, value in _FIELD_TEXT.findall(text)]
    _check_head(raw, len(fields))
    return text[: text.index("\r\n")], fields


def _check_head(raw: bytes, fields: int) -> None:
    """Raise Malformed unless a head is a start line, so many fields, and a blank line."""
    if not raw.endswith(END):
        raise Malformed("the head does not end with a blank line")
    odd = raw.translate(None, _PLAIN)
    if odd:
        raise Malformed(f"the head holds the control byte 0x{odd[0]:02x}")
    # Each field that was found takes one CR and one LF, and the blank line two: if no others are left, every line was a field.
    ends = fields + 2
    if raw.count(b"\r") == ends == raw.count(b"\n") and b"\t" not in raw:
        return
    lines = raw[: -len(END)].split(b"\r\n")
    if any(b"\r" in line or b"\n" in line for line in lines):
        raise Malformed("a line of the head holds a bare CR or LF: end lines with CRLF")
    for line in lines[1:]:
        split_field(line)


def split_field(line: bytes) -> tuple[bytes, bytes]:
    """Name (lower case) and value of a field line, given without its CRLF. Raises Malformed."""
    if line[:1] in (b" ", b"\t"):
        raise Malformed("a field is folded over two lines: send it in one")
    name, colon, value = line.partition(b":")
    if not colon or not _NAME.fullmatch(name):
        raise Malformed("a line of the head is not `name: value`")
    name = name.lower()
    if name in FRAMING and b"\t" in value:
        raise Malformed(f"the field `{name.decode()}` holds a TAB, which readers take differently: send a space")
    return name, value.strip(b" \t")


def split_trailer(line: bytes) -> tuple[bytes, bytes]:
    """As `split_field`, for a line of trailers: printable ASCII only, and no field that RFC 9110 bars. Raises Malformed."""
    if not _PRINTABLE.fullmatch(line):
        raise Malformed("a trailer of the body holds a byte that is not printable ASCII")
    name, value = split_field(line)
    if name in _NO_TRAILERS:
        raise Malformed(f"the field `{name.decode()}` came as a trailer: it belongs in the head")
    return name, value


def _too_large(limit: int) -> Malformed:
    return Malformed(f"the head is larger than {limit} bytes", status=431)
