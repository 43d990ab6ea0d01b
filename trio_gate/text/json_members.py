"""Members of JSON objects, each of which may come once: of two, two readers could take another one."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def once(pairs: list[tuple[str, T]]) -> dict[str, T]:
    """Members as a dict, for `object_pairs_hook` of `json`. Raises ValueError if one comes twice."""
    members = dict(pairs)
    if len(members) != len(pairs):
        message = "a member is given twice"
        raise ValueError(message)
    return members
