"""HTML forms, as the query and ec2 protocols use them: `name=value` joined by `&`, each name once.

`+` is a space; `%XX` is strict; both sides are UTF-8. A raw `;` is refused, because readers of HTML 4 split there. So are raw
controls, blanks and bytes that are not ASCII, which some decode as Latin-1; every SDK escapes all of them. A NUL is refused too,
as none of these protocols uses it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trio_gate.aws.params.readers import MAX_VALUES
from trio_gate.aws.params.readers.pieces import PIECE, escaped_pieces, from_utf8, unescaped
from trio_gate.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterable

_RAW = re.compile(rb"[!-:<-~]*")
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def read_form(data: bytes) -> dict[str, str]:
    """Read the parameters of a form body.

    Raises:
        Malformed: it has raw bytes that must be escaped, bad escapes, bad UTF-8, or an empty or repeated name.
    """
    if not all(_RAW.fullmatch(data, at, at + PIECE) for at in range(0, len(data), PIECE)):
        raise Malformed("the form holds a raw semicolon, control, blank or byte that is not ASCII: percent-encode it")
    if data.count(b"&") >= MAX_VALUES:
        raise Malformed(f"the form has more than {MAX_VALUES} parameters")
    return once(_pair(part) for part in data.split(b"&")) if data else {}


def once(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Turn pairs into a mapping.

    Raises:
        Malformed: a name came twice.
    """
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in values:
            raise Malformed("a parameter of the query protocol came twice")
        values[name] = value
    return values


def _pair(part: bytes) -> tuple[str, str]:
    name, _, value = part.partition(b"=")
    if not name:
        raise Malformed("the form has a parameter without a name")
    return _decode(name), _decode(value)


def _decode(part: bytes) -> str:
    if b"%" not in part and b"+" not in part:
        return part.decode("ascii")
    if any(map(_BAD_ESCAPE.search, escaped_pieces(part))):
        raise Malformed("the form holds a `%` without two hex digits after it")
    try:
        text = from_utf8(unescaped(part))
    except UnicodeDecodeError:
        raise Malformed("the form is not UTF-8") from None
    if "\0" in text:
        raise Malformed("the form holds NUL")
    return text
