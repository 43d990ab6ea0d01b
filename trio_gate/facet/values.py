"""Converts a facet's value to the form that CEL takes.

Rule: a converted value means to CEL what the parameter means to AWS; anything else is UNKNOWN. The CEL library cuts text, bytes
and keys at the first NUL, and one value that it cannot convert spoils all others, so neither may reach it.
"""

from __future__ import annotations

import base64
import math
from enum import Enum
from typing import TYPE_CHECKING, cast

from trio_gate.aws.call import UNKNOWN, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Value

__all__ = ["MAX_SIZE", "MAX_VALUES", "UNKNOWN", "UNSET", "Plain", "Unknown", "Unset", "keys_fit", "plain"]


class Unset(Enum):
    """The type of the one value UNSET."""

    UNSET = "unset"


UNSET = Unset.UNSET
"""Means known to be absent, where UNKNOWN means that nothing is known."""

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]

MAX_SIZE = 64 * 1024
"""Bytes of UTF-8 in all texts and keys of one value together."""

MAX_VALUES = 2000
"""Members and items of one value, on all levels together."""

_MAX_DEPTH = 100
"""Levels of nesting of one value."""

_TEXT = {str}
_INT64 = range(-(2**63), 2**63)


class _Unfit(Exception):  # noqa: N818 - a word of this file, never seen outside
    """Raised where a value is unknown, over a limit, or has no equivalent in CEL."""


def plain(value: Value) -> Plain | Unknown:
    """The whole value for CEL; UNKNOWN if any part is unknown or cannot be converted. Members that are null are left out.

    A text, and a list that has only texts, is returned as it is; most facets are one or the other.
    """
    try:
        if isinstance(value, bool):
            return value
        if isinstance(value, str):
            _size(value, MAX_SIZE)
            return value
        if isinstance(value, list) and len(value) <= MAX_VALUES and _TEXT.issuperset(map(type, value)):
            _size("".join(cast("list[str]", value)), MAX_SIZE)
            return cast("list[Plain]", value)
        return _Conversion().value(value, 0)
    except _Unfit:
        return UNKNOWN


def keys_fit(value: Mapping[str, Value]) -> bool:
    """Whether CEL can distinguish all members of a map."""
    try:
        return len(value) <= MAX_VALUES and _size("".join(value), MAX_SIZE) >= 0
    except (_Unfit, TypeError):
        return False


def _size(text: object, most: int) -> int:
    """The bytes of a text. Raises _Unfit if they are more than `most`, or if CEL cannot hold it."""
    # A text has at least as many bytes as characters, so one that is too long is not even encoded.
    if not isinstance(text, str) or "\0" in text or len(text) > most:
        raise _Unfit
    if text.isascii():
        return len(text)
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise _Unfit from None
    if size > most:
        raise _Unfit
    return size


class _Conversion:
    """Converts one value, and counts what is left of its limits."""

    def __init__(self) -> None:
        self.bytes = MAX_SIZE
        self.values = MAX_VALUES

    def value(self, value: Value, depth: int) -> Plain:
        if depth > _MAX_DEPTH:
            raise _Unfit
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            self.spend(len(value))
            return {self.text(key): self.value(item, depth + 1) for key, item in value.items() if item is not None}
        if isinstance(value, list):
            self.spend(len(value))
            return [self.value(item, depth + 1) for item in value]
        if isinstance(value, bytes):
            return self.blob(value)
        if value is None or (isinstance(value, int) and value in _INT64):
            return value
        if isinstance(value, float) and math.isfinite(value):
            return value
        raise _Unfit

    def spend(self, values: int) -> None:
        self.values -= values
        if self.values < 0:
            raise _Unfit

    def text(self, text: str) -> str:
        self.bytes -= _size(text, self.bytes)
        return text

    def blob(self, blob: bytes) -> str:
        if len(blob) > self.bytes:
            raise _Unfit
        return self.text(base64.b64encode(blob).decode("ascii"))
