"""Reads parameters without trusting their shape: an absent member is None, one that cannot be known is UNKNOWN."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trio_gate.aws.call import Unknown, Value

Leaf = tuple[tuple[str, ...], "str | Unknown"]
"""The path of names to a string, and the string or UNKNOWN."""


def at(params: Mapping[str, Value], *names: str) -> Value:
    """The value at a path of member names; None if a step is absent or not a structure, UNKNOWN below an UNKNOWN."""
    value: Value = params if isinstance(params, dict) else dict(params)
    for name in names:
        if value is UNKNOWN:
            return UNKNOWN
        value = value.get(name) if isinstance(value, dict) else None
    return value


def text(params: Mapping[str, Value], *names: str) -> str | None:
    """The non-empty string at a path, None for anything else."""
    value = at(params, *names)
    return value if isinstance(value, str) and value else None


def items(value: Value) -> list[Value]:
    """The items of a list; an empty list for anything else."""
    return value if isinstance(value, list) else []


def given(params: Mapping[str, Value], *names: str) -> bool:
    """Whether a path holds a value that is not empty or false; UNKNOWN counts as one."""
    return at(params, *names) not in (None, "", False, [], {})


def leaves(params: Mapping[str, Value]) -> Iterator[Leaf]:
    """Every string and every UNKNOWN in `params`, map keys included, depth first."""
    around: list[Iterator[tuple[tuple[str, ...], Value]]] = [_members((), params)]
    while around:
        for path, value in around[-1]:
            if isinstance(value, str) or value is UNKNOWN:
                yield path, value
            elif isinstance(value, list):
                around.append(zip(repeat(path), value, strict=False))
                break
            elif isinstance(value, dict):
                around.append(_members(path, value))
                break
        else:
            around.pop()


def _members(path: tuple[str, ...], value: Mapping[str, Value]) -> Iterator[tuple[tuple[str, ...], Value]]:
    return (((*path, name), item) for name, item in value.items())
