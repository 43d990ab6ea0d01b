"""JSON as RFC 8259 has it and nothing more.

Refused: another encoding than UTF-8, a byte order mark, NaN and Infinity, a member twice (names are compared after
unescaping), lone surrogates, numbers of more than 64 characters or beyond a double, nesting beyond MAX_DEPTH, more than
MAX_NODES or MAX_COMMAS. Those two are counted in texts too: a count before anything is made of the body bounds what it can cost.
"""

from __future__ import annotations

import json
import json.scanner
import math
from typing import TYPE_CHECKING, Any, NoReturn

from trio_gate.aws.readers import MAX_COMMAS, MAX_DEPTH, MAX_NODES
from trio_gate.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_NUMBER = 64
"""Characters of a number; a 64-bit integer has 20, DynamoDB's 38 digits travel as text."""


DENSE = 20_000
"""Brackets and commas of a body that is read in one call into C, which takes some 10 ms for them."""


def read_json(data: bytes) -> Any:
    """The value of a JSON text: dict, list, str, int, float, bool or None.

    Raises:
        Malformed: it is not JSON, or more than JSON.
    """
    if data.count(b"[") + data.count(b"{") > MAX_NODES or data.count(b",") > MAX_COMMAS:
        raise Malformed(f"the JSON body has more than {MAX_NODES} brackets or {MAX_COMMAS} commas")
    decoder = _DECODER if data.count(b"{") + data.count(b"[") + data.count(b",") <= DENSE else _PATIENT
    try:
        text = data.decode("utf-8")
        value = decoder.decode(text)
    except UnicodeDecodeError:
        raise Malformed("the JSON body is not UTF-8") from None
    except (ValueError, RecursionError):
        raise Malformed("the body is not JSON") from None
    _check(value, surrogates="\\u" in text)
    return value


def _check(root: Any, *, surrogates: bool) -> None:
    level = [root]
    for _ in range(MAX_DEPTH + 1):
        if surrogates and not all(_sound(value) for value in level):
            raise Malformed("the JSON body holds half a surrogate pair")
        level = [child for value in level if isinstance(value, (dict, list)) for child in _children(value)]
        if not level:
            return
    raise Malformed(f"the JSON body is nested deeper than {MAX_DEPTH} levels")


def _children(value: dict[str, Any] | list[Any]) -> list[Any]:
    return value if isinstance(value, list) else [*value.keys(), *value.values()]


def _sound(value: Any) -> bool:
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return False
    return True


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) <= DENSE:
        members = dict(pairs)
        if len(members) == len(pairs):
            return members
        raise Malformed("a member of the JSON body came twice")
    return unique(pairs)


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The pairs as a dictionary, one by one, which empties their list. Raises Malformed."""
    members: dict[str, Any] = {}
    pairs.reverse()
    while pairs:
        name, value = pairs.pop()
        if name in members:
            raise Malformed("a member of the JSON body came twice")
        members[name] = value
    return members


def _int(digits: str) -> int:
    _short(digits)
    return int(digits)


def _float(digits: str) -> float:
    _short(digits)
    number = float(digits)
    if not math.isfinite(number):
        raise Malformed("a number of the JSON body is too large")
    return number


def _short(digits: str) -> None:
    if len(digits) > MAX_NUMBER:
        raise Malformed(f"a number of the JSON body has more than {MAX_NUMBER} characters")


def _constant(name: str) -> NoReturn:
    raise Malformed(f"{name.lstrip('-')} is no JSON")


def _ascii(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Numbers of the digits that JSON has: the reader in Python takes those of other scripts too."""

    def number(digits: str) -> Any:
        if digits.isascii():
            return read(digits)
        message = "digits that are not JSON's"
        raise ValueError(message)

    return number


class Patient(json.JSONDecoder):
    """Reads the same as its base, some times slower: in Python but for single strings, so that other threads get their turns."""

    def __init__(self, **hooks: Any) -> None:
        super().__init__(**hooks)
        self.parse_int, self.parse_float = _ascii(self.parse_int), _ascii(self.parse_float)
        self.scan_once = json.scanner.py_make_scanner(self)  # type: ignore[attr-defined]  # in every CPython, in no stub


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_int, parse_float=_float, parse_constant=_constant)
_PATIENT = Patient(object_pairs_hook=_object, parse_int=_int, parse_float=_float, parse_constant=_constant)
