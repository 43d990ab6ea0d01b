"""Reads JSON objects strictly. Each small function makes a reader that checks one member or raises Malformed.

Rule: a reader gives the value or raises Malformed with the member's name; what was not asked for is a fault.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from trio_gate.aws.params.readers.json_patient import once
from trio_gate.errors import Malformed

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping

    Reader = Callable[[Any, str], Any]


def json_object(text: str, limit: int) -> dict[str, Any]:
    """Parse a JSON object of at most `limit` bytes. Raises Malformed, also for a duplicate member."""
    if len(text) > limit or len(text.encode("utf-8", "surrogatepass")) > limit:
        raise Malformed(f"the frame is larger than {limit} bytes")
    try:
        value = json.loads(text, object_pairs_hook=once, parse_constant=_no_constant)
    except (ValueError, RecursionError, Malformed):
        raise Malformed("the frame is not JSON (or names a member twice, or is nested too deep)") from None
    if not isinstance(value, dict):
        raise Malformed("the frame is not a JSON object")
    return value


def members(value: Mapping[str, Any], readers: Mapping[str, Reader], optional: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Read the members of an object: all must be known, and present unless `optional`. Raises Malformed."""
    if not (readers.keys() - optional <= value.keys() <= readers.keys()):
        raise Malformed(f"the frame must have these members and no others: type, {', '.join(sorted(readers))}")
    return {name: readers[name](item, name) for name, item in value.items()}


def typed(kind: type[Any]) -> Reader:
    """Make a reader for a value of exactly this type; a bool is not an int."""

    def read(value: Any, name: str) -> Any:
        if type(value) is not kind:
            raise Malformed(f"`{name}` has the wrong type")
        return value

    return read


def text(limit: int) -> Reader:
    """Make a reader for a string of at most `limit` characters."""

    def read(value: Any, name: str) -> Any:
        if len(typed(str)(value, name)) > limit:
            raise Malformed(f"`{name}` has more than {limit} characters")
        return value

    return read


def matching(form: re.Pattern[str]) -> Reader:
    """Make a reader for a string that the pattern matches as a whole."""

    def read(value: Any, name: str) -> Any:
        if not form.fullmatch(typed(str)(value, name)):
            raise Malformed(f"`{name}` must match {form.pattern}")
        return value

    return read


def one_of(*words: str) -> Reader:
    """Make a reader for a string that is one of `words`."""

    def read(value: Any, name: str) -> Any:
        if typed(str)(value, name) not in words:
            raise Malformed(f"`{name}` must be one of: {', '.join(words)}")
        return value

    return read


def whole(least: int, most: int) -> Reader:
    """Make a reader for an integer from `least` to `most`, both included."""

    def read(value: Any, name: str) -> Any:
        if not least <= typed(int)(value, name) <= most:
            raise Malformed(f"`{name}` must be from {least} to {most}")
        return value

    return read


def nullable(reader: Reader) -> Reader:
    """Make a reader for null (None) or whatever `reader` accepts."""
    return lambda value, name: None if value is None else reader(value, name)


def texts(reader: Reader) -> Reader:
    """Make a reader for a list of what `reader` accepts; it returns a tuple."""
    return lambda value, name: tuple(reader(item, name) for item in typed(list)(value, name))


def _no_constant(name: str) -> None:
    message = f"{name} is not JSON"
    raise ValueError(message)
