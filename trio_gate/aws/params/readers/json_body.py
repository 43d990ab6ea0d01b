"""Reads JSON as defined by RFC 8259, and nothing more.

Refused: encodings other than UTF-8, a byte order mark, NaN and Infinity, a duplicate member (names are compared after
unescaping), lone surrogates, numbers of more than 64 characters or beyond a double, nesting beyond MAX_DEPTH, more than
MAX_NODES, MAX_COMMAS or MAX_MEMBERS. Nodes and commas are counted before parsing, inside strings too, which bounds the cost.
"""

from __future__ import annotations

import json
import math
from itertools import chain
from typing import TYPE_CHECKING, Any, NoReturn

from trio_gate.aws.params.readers import MAX_COMMAS, MAX_DEPTH, MAX_NODES
from trio_gate.aws.params.readers.json_patient import MAX_NUMBER, Patient, long_number, once
from trio_gate.aws.params.readers.pieces import from_utf8, let_go, take_apart
from trio_gate.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DENSE = 20_000
"""The most brackets and commas of a body that is read in one call into C, which takes about 10 ms for them."""

LONG = 1024 * 1024
"""The most bytes of a body that is read in one call into C."""


def read_json(data: bytes) -> Any:
    """Read a JSON text as dict, list, str, int, float, bool or None.

    Raises:
        Malformed: it is not JSON, or something that is refused here.
    """
    brackets, commas = data.count(b"[") + data.count(b"{"), data.count(b",")
    if brackets > MAX_NODES or commas > MAX_COMMAS:
        raise Malformed(f"the JSON body has more than {MAX_NODES} brackets or {MAX_COMMAS} commas")
    quick = len(data) <= LONG and brackets + commas <= DENSE
    try:
        text = from_utf8(data)
    except UnicodeDecodeError:
        raise Malformed("the JSON body is not UTF-8") from None
    value = _decoded(_at_once if quick else _PATIENT.decode, text)
    surrogates = "\\ud" in text or "\\uD" in text
    if surrogates or brackets > MAX_DEPTH:  # otherwise there is nothing to find
        try:
            _check(value, surrogates=surrogates)
        except Malformed:
            take_apart(value)
            raise
    return value


def _decoded(decode: Callable[[str], Any], text: str) -> Any:
    try:
        return decode(text)
    except Malformed as fault:
        let_go(fault)
        refusal = Malformed(fault.reason)
    except (ValueError, RecursionError) as fault:
        let_go(fault)
        refusal = Malformed("the body is not JSON")
    raise refusal  # raised here, so that it keeps alive neither the fault nor what was read


def _check(root: Any, *, surrogates: bool) -> None:
    """Check depth and, with `surrogates`, all texts of a tree. Builds no long list, which the garbage collector would scan."""
    way: list[Iterator[Any]] = [iter((root,))]
    while way:
        for value in way[-1]:
            if surrogates and not _sound(value):
                raise Malformed("the JSON body holds half a surrogate pair")
            if value and isinstance(value, (dict, list)):
                if len(way) > MAX_DEPTH:
                    raise Malformed(f"the JSON body is nested deeper than {MAX_DEPTH} levels")
                way.append(iter(value) if isinstance(value, list) else chain(value, value.values()))
                break
        else:
            way.pop()


def _sound(value: Any) -> bool:
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return False
    return True


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
        raise long_number()


def _constant(name: str) -> NoReturn:
    raise Malformed(f"{name.lstrip('-')} is not JSON")


def _at_once(text: str) -> Any:
    """Read a text in one call into C. Raises ValueError, Malformed."""
    text = text.strip(_BLANKS)
    tree, end = _DECODER.raw_decode(text)
    if end != len(text):
        message = "not one value"
        raise ValueError(message)
    return tree


_BLANKS = " \t\n\r"
_DECODER = json.JSONDecoder(object_pairs_hook=once, parse_int=_int, parse_float=_float, parse_constant=_constant)
_PATIENT = Patient(parse_int=_int, parse_float=_float, parse_constant=_constant)
