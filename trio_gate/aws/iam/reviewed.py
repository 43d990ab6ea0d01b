"""The operations and input members that existed when the lists about the meaning of calls were made.

Rule: anything else is newer than the lists, so its absence from them proves nothing. Operations are in `operations.txt` beside
this file; `members.txt` has the members of each structure that an input reaches, by the structure's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Value
    from trio_gate.aws.model.shape import Shape

HEADING = "= "
"""Begins each line of `members.txt` that names a service."""


def by_service(text: str) -> Mapping[str, str]:
    """Split `members.txt` into the part of each of botocore's services, for `read`."""
    _, *blocks = f"\n{text}".split(f"\n{HEADING}")
    return {service: lines for service, _, lines in (block.partition("\n") for block in blocks)}


def read(text: str) -> Mapping[str, frozenset[str]]:
    """Parse lines of `key: Name Name …`, without comments, which begin with `#`."""
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            key, _, names = line.partition(":")
            found.setdefault(key, set()).update(names.split())
    return {key: frozenset(names) for key, names in found.items()}


def reaches_newer(shape: Shape, known: Mapping[str, frozenset[str]]) -> bool:
    """Whether an input of this shape could carry a member that is not among the `known` ones."""
    seen: dict[str, Shape] = {}
    todo = [shape]
    while todo:
        one = todo.pop()
        if one.name in seen:
            continue
        seen[one.name] = one
        if one.type == "structure" and not one.members.keys() <= known.get(one.name, frozenset()):
            return True
        todo.extend(member.shape for member in one.members.values())
    return False


def carries_newer(shape: Shape, params: Mapping[str, Value], known: Mapping[str, frozenset[str]]) -> bool:
    """Whether `params` carry a member that is not among the `known` ones."""
    todo: list[tuple[Shape, Value]] = [(shape, dict(params))]
    while todo:
        one, value = todo.pop()
        if one.type == "list" and isinstance(value, list):
            todo.extend((one.element.shape, item) for item in value)
        elif one.type == "map" and isinstance(value, dict):
            todo.extend((one.members["value"].shape, item) for item in value.values())
        elif one.members and isinstance(value, dict):
            if not value.keys() <= known.get(one.name, frozenset()):
                return True
            todo.extend((one.members[name].shape, item) for name, item in value.items() if name in one.members)
    return False
