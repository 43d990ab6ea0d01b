"""Turns a part of a prompt into text that a person can read in full, a piece at a time.

Rule: nothing of the value is left out, and the text says what was done to make it readable. Base64 and gzip are undone, JSON
is indented, the files of an archive are listed with their text; other bytes are shown in hexadecimal, and the kind of a picture is said.
What would be larger than the caller allows stays as it came.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

from trio_gate.aws.call import Unknown
from trio_gate.aws.params.readers.inflate import gunzip
from trio_gate.aws.params.readers.json_patient import Patient
from trio_gate.aws.params.readers.pieces import from_base64, from_utf8, without_blanks
from trio_gate.content.archive import ZIP, archive
from trio_gate.errors import Malformed
from trio_gate.text.visible import visible_lines
from trio_gate.values import value_class

if TYPE_CHECKING:
    from trio_gate.aws.call import Value
    from trio_gate.content.archive import Inside
    from trio_gate.text.visible import Json

PIECE = 64 * 1024
"""Characters of one piece; each takes at most ten once escaped."""

MOST = 2 * 1024 * 1024
"""Bytes and characters that are unpacked and laid out for one text. 16 KiB of gzip may hold a thousand times as much, and a line of JSON
takes as many blanks as it is nested deep."""

GZIP = b"\x1f\x8b"
_PICTURES = (("png", b"\x89PNG\r\n\x1a\n"), ("jpeg", b"\xff\xd8\xff"), ("gif", b"GIF87a"), ("gif", b"GIF89a"))
_RIFF, _WEBP = b"RIFF", b"WEBP"
"""A picture in WebP begins with the first, four bytes of length, and the second."""

HEX_LINE = 32
"""Bytes on one line of hexadecimal."""

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
MIN_BASE64 = 16
"""Characters that base64 must have at least; a shorter text may be a word."""

_ENCODER = json.JSONEncoder(ensure_ascii=False)
_INDENTED = json.JSONEncoder(ensure_ascii=False, indent=2)


@value_class
class Readable:
    """A value as text, not yet made safe to show.

    Attributes:
        size, sha256: of the value's bytes, before anything was undone.
        how: what was done to it, in order: "base64", "gzip", "zip", "json", "hex"; before "hex" stands "png", "jpeg", "gif" or "webp"
            for bytes that begin as such a picture does.
        made: bytes and characters that were unpacked and laid out.
        whole: whether no file of an archive was left packed because the caller allows no more.
        files: those of an archive, one by one.
    """

    text: str
    size: int
    sha256: str
    how: tuple[str, ...]
    made: int = 0
    whole: bool = True
    files: tuple[Inside, ...] = ()

    def piece(self, offset: int) -> tuple[str, int | None]:
        """Safe text, with line breaks, from the character `offset` on, and the offset of the next piece (None at the end)."""
        end = offset + PIECE
        return visible_lines(self.text[offset:end]), end if end < len(self.text) else None


def readable(value: Value, most: int = MOST) -> Readable:
    """Make a value of a call readable, and unpack and lay out `most` bytes and characters at most. Never fails, whatever it holds."""
    maker = _Maker(most)
    match value:
        case str():
            data = value.encode("utf-8", "surrogatepass")
            text, how = maker.of_text(value, ())
        case bytes():
            data = value
            text, how = maker.of_bytes(value, ())
        case _:
            plain = _plain(value)
            text, how = maker.indented(plain) or "".join(_ENCODER.iterencode(plain)), ()
            data = text.encode("utf-8", "surrogatepass")
    return Readable(
        text=text,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        how=how,
        made=most - maker.left,
        whole=maker.whole,
        files=maker.files,
    )


class _Maker:
    """Makes one value readable. `left` is how much it may still unpack and lay out."""

    def __init__(self, most: int) -> None:
        self.left = most
        self.whole = True
        self.files: tuple[Inside, ...] = ()

    def of_text(self, text: str, how: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        laid_out = self._laid_out(text)
        if laid_out is not None:
            return laid_out, (*how, "json")
        data = _decoded(text) if "base64" not in how else None
        if data is None:
            return text, how
        inner, done = self.of_bytes(data, (*how, "base64"))
        return (text, how) if done[-1] == "hex" and not data.startswith((GZIP, ZIP)) else (inner, done)

    def of_bytes(self, data: bytes, how: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        if data.startswith(GZIP) and "gzip" not in how:
            return self._gunzipped(data, how)
        if data.startswith(ZIP):
            return self._unzipped(data, how)
        picture = _picture(data)
        if picture is not None:
            return hex_lines(data), (*how, picture, "hex")
        try:
            text = from_utf8(data)
        except UnicodeDecodeError:
            return hex_lines(data), (*how, "hex")
        return (hex_lines(data), (*how, "hex")) if "\0" in text else self.of_text(text, how)

    def indented(self, value: Json) -> str | None:
        """JSON with a line for each member; None if it would be too long."""
        parts, length = list[str](), 0
        for part in _INDENTED.iterencode(value):
            length += len(part)
            if length > self.left:
                return None
            parts.append(part)
        self.left -= length
        return "".join(parts)

    def _gunzipped(self, data: bytes, how: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        most = max(1, self.left)
        try:
            content = gunzip(data, most)
        except Malformed:
            why = f"this gzip is not unpacked: it is not whole, or larger than {most} bytes"
            return f"{why}\n{hex_lines(data)}", (*how, "hex")
        self.left -= len(content)
        return self.of_bytes(content, (*how, "gzip"))

    def _unzipped(self, data: bytes, how: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        listed = archive(data, self.left)
        self.left -= listed.unpacked
        self.whole, self.files = listed.whole, listed.files
        return (listed.text, (*how, "zip")) if listed.read else (f"{listed.text}\n{hex_lines(data)}", (*how, "hex"))

    def _laid_out(self, text: str) -> str | None:
        """JSON as `indented`; None if it is not an object or list, or has a duplicate member."""
        if len(text) > self.left or not text.lstrip().startswith(("{", "[")):
            return None
        self.left -= len(text)
        try:
            return self.indented(Patient().decode(text))
        except (ValueError, RecursionError, Malformed):
            return None  # also for a duplicate member: one of the two would be lost


def _picture(data: bytes) -> str | None:
    """The kind of picture as which bytes begin. Never SVG, which is markup."""
    if data.startswith(_RIFF) and data[8:12] == _WEBP:
        return "webp"
    return next((kind for kind, begin in _PICTURES if data.startswith(begin)), None)


def _decoded(text: str) -> bytes | None:
    bare = without_blanks(text)
    letters = bare.rstrip("=")
    if len(letters) < MIN_BASE64 or not letters.isascii() or letters.encode().translate(None, _ALPHABET):
        return None
    try:
        return from_base64(bare)
    except ValueError:
        return None


def hex_lines(data: bytes) -> str:
    """Bytes in hexadecimal, HEX_LINE of them on each line."""
    return "\n".join(data[at : at + HEX_LINE].hex(" ", -2) for at in range(0, len(data), HEX_LINE))


def _plain(value: Value) -> Json:
    match value:
        case dict():
            return {name: _plain(item) for name, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case Unknown():
            return "(streamed, too large, or not derivable)"
        case int() if not isinstance(value, bool):
            return str(value) if value.bit_length() <= 4096 else hex(value)
        case float() | str() | bool() | None:
            return value
