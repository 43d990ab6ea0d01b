"""Reads JSON in Python, several times slower than the library does, so that other threads get their turns.

No call into C handles more than a piece of the text.

Rule: it accepts the same as `json.JSONDecoder`, except duplicate members and objects of more than MAX_MEMBERS.
"""

from __future__ import annotations

import json
import json.scanner
import re
from json.decoder import WHITESPACE, JSONArray, JSONDecodeError, scanstring  # type: ignore[attr-defined]  # in every CPython, in no stub
from typing import TYPE_CHECKING, Any

from trio_gate.aws.params.readers import MAX_MEMBERS
from trio_gate.aws.params.readers.pieces import PIECE
from trio_gate.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable

    _Scan = Callable[[str, int], tuple[Any, int]]

SMALL = 1024
"""Characters of an object or list that is read in one call into C."""

SHORT = 256
"""Characters of the first piece that is read of a string with escapes or more characters."""

_PLAIN = re.compile(r'([^"\\\x00-\x1f]{0,256})"')
_NAME = re.compile(r'"([^"\\\x00-\x1f]{0,256})":[ \t\n\r]{0,256}+(?![ \t\n\r])')
"""Most strings, and most names with their colons."""

MAX_NUMBER = 64
"""Characters of a number; a 64-bit integer has 20, DynamoDB's 38 digits travel as text."""

_LONG_NUMBER = re.compile(rf'-?[0-9][^ \t\n\r,\]}}"]{{{MAX_NUMBER}}}')

_MARKS = (",", "}")


def _blank(text: str, at: int) -> re.Match[str]:
    """Match the white space from `at` on."""
    found: re.Match[str] = WHITESPACE.match(text, at, at + PIECE)
    while found.end() == at + PIECE:
        at += PIECE
        found = WHITESPACE.match(text, at, at + PIECE)
    return found


class Patient(json.JSONDecoder):
    """A `json.JSONDecoder` that does not keep other threads waiting."""

    def __init__(self, **hooks: Any) -> None:
        super().__init__(**hooks)
        self._quick = json.JSONDecoder(**hooks, object_pairs_hook=once).scan_once  # type: ignore[attr-defined]  # in every CPython, in no stub
        self.parse_int, self.parse_float = _ascii(self.parse_int), _ascii(self.parse_float)
        self.parse_string, self.parse_object, self.parse_array = string_at, self._object, self._array
        self.scan_once = json.scanner.py_make_scanner(self)  # type: ignore[attr-defined]  # in every CPython, in no stub

    def decode(self, s: str, _w: Callable[..., Any] = _blank) -> Any:
        """The value of a JSON text. Raises ValueError, Malformed."""
        _check_number(s, _w(s, 0).end())
        return super().decode(s, _w)

    def _object(self, text_and_at: tuple[str, int], strict: bool, scan_once: _Scan, _0: object, _1: object, memo: Any) -> Any:
        return self._small(text_and_at) or _object_at(text_and_at, strict, scan_once, memo)

    def _array(self, text_and_at: tuple[str, int], scan_once: _Scan) -> Any:
        return self._small(text_and_at) or JSONArray(text_and_at, _checked(scan_once), _blank)

    def _small(self, text_and_at: tuple[str, int]) -> tuple[Any, int] | None:
        """Read a small object or list, given the position after its bracket, with the library; None if it is not small."""
        text, at = text_and_at
        try:
            value, end = self._quick(text[at - 1 : at + SMALL], 0)
        except (ValueError, StopIteration):
            return None  # large or invalid: the caller's own reading will find out
        return value, at - 1 + end


def _checked(scan_once: _Scan) -> _Scan:
    def scan(text: str, at: int) -> tuple[Any, int]:
        _check_number(text, at)
        return scan_once(text, at)

    return scan


def _check_number(text: str, at: int) -> None:
    """Raise Malformed if a number at this position is too long, because the library would read all of it in one call."""
    if _LONG_NUMBER.match(text, at):
        raise long_number()


def long_number() -> Malformed:
    """The refusal of a long number."""
    return Malformed(f"a number of the JSON body has more than {MAX_NUMBER} characters")


def by_parts(text: str) -> Any:
    """Read a JSON object that is trusted: each member's value is read in one call into C."""
    quick = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # in every CPython, in no stub
    memo: dict[str, str] = {}

    def member(text: str, at: int) -> tuple[Any, int]:
        found: tuple[Any, int] = _object_at((text, at + 1), True, quick, memo) if text.startswith("{", at) else quick(text, at)
        return found

    return _object_at((text, text.index("{") + 1), True, member, memo)[0]


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Turn the members of an object into a dict. Raises Malformed for a duplicate."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise Malformed("a member of the JSON body came twice")
    return members


def string_at(text: str, at: int, strict: bool = True) -> tuple[str, int]:
    """Read the string whose first character is at `at`; returns it and the position after it. Raises ValueError."""
    plain = _PLAIN.match(text, at)
    if plain is not None:
        return plain[1], plain.end()
    parts: list[str] = []
    size = SHORT
    while True:
        piece = text[at : at + size]
        piece = piece[: _whole(piece)] if at + size < len(text) else piece
        part, end = scanstring(f'{piece}"', 0, strict)
        _add(parts, part)
        if end <= len(piece):
            return "".join(parts), at + end
        at += len(piece)
        if at >= len(text):
            raise JSONDecodeError("a string without an end", "", 0)
        size = min(2 * size, PIECE)


def _whole(piece: str) -> int:
    """The length of a piece of a string without an incomplete escape at its end."""
    start = piece.rfind("\\", max(0, len(piece) - 5))
    head = piece[: start + 1]
    if start < 0 or (len(head) - len(head.rstrip("\\"))) % 2 == 0:
        return len(piece)
    need = 6 if piece.startswith("u", start + 1) else 2
    return start if start + need > len(piece) else len(piece)


def _add(parts: list[str], part: str) -> None:
    """Add a part to a string, and join a surrogate pair that was split between two parts."""
    if parts and "\ud800" <= parts[-1][-1:] <= "\udbff" and "\udc00" <= part[:1] <= "\udfff":
        pair = parts[-1][-1] + part[0]
        parts[-1] = parts[-1][:-1]
        part = pair.encode("utf-16-le", "surrogatepass").decode("utf-16-le") + part[1:]
    parts.append(part)


def _object_at(text_and_at: tuple[str, int], strict: bool, scan_once: _Scan, memo: dict[str, str]) -> tuple[dict[str, Any], int]:
    """Read the object whose brace is before this position; returns it and the position after it. Raises ValueError, Malformed."""
    text, at = text_and_at
    values: dict[str, Any] = {}
    at = _blank(text, at).end()
    if text[at : at + 1] == "}":
        return values, at + 1
    while True:
        plain = _NAME.match(text, at)
        name, at = (plain[1], plain.end()) if plain is not None else _name_at(text, at, strict)
        if name in values:
            raise Malformed("a member of the JSON body came twice")
        if len(values) == MAX_MEMBERS:
            raise Malformed(f"an object of the JSON body has more than {MAX_MEMBERS} members")
        _check_number(text, at)
        values[memo.setdefault(name, name)], at = scan_once(text, at)
        if text[at : at + 1] not in _MARKS:
            at = _blank(text, at).end()
        mark = text[at : at + 1]
        if mark == "}":
            return values, at + 1
        if mark != ",":
            raise JSONDecodeError("no comma", "", 0)
        at = _blank(text, at + 1).end()


def _name_at(text: str, at: int, strict: bool) -> tuple[str, int]:
    """Read a name and its colon; returns it and the position of its value. Raises ValueError."""
    if text[at : at + 1] != '"':
        raise JSONDecodeError("no name", "", 0)
    name, at = string_at(text, at + 1, strict)
    at = _blank(text, at).end()
    if text[at : at + 1] != ":":
        raise JSONDecodeError("no colon", "", 0)
    return name, _blank(text, at + 1).end()


def _ascii(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Restrict a reader of numbers to ASCII digits, because the library's Python reader accepts those of other scripts too."""

    def number(digits: str) -> Any:
        if digits.isascii():
            return read(digits)
        message = "digits that are not JSON's"
        raise ValueError(message)

    return number
