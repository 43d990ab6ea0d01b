"""The members of inputs and answers that existed when the operations were reviewed.

Rule: anything else is newer than the review, so nothing follows from its absence in a list; a member of an answer counts if it may
hold a secret (see `answer_members`), and a listed one if it may hold more than it might then. `members.txt` has the members of each structure that an input reaches, by the structure's name;
`outputs.txt` has the same for answers. Each member is listed with its structure (`Tags=[Tag` is a list of `Tag`), so that a member with
the same name and another structure is newer, too; in `outputs.txt` a mark follows what may hold a secret (`answer_members.MARKS`). The reviewed operations are in `aws/review/operations.txt`.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Literal

from trio_gate.aws.iam.answer_members import MARKS, mark, may_hold_secrets
from trio_gate.aws.model.shape import refs
from trio_gate.aws.on_demand import OnDemand

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from trio_gate.aws.call import Value
    from trio_gate.aws.model.shape import Shape

    Side = Literal["input", "output"]

_INSIDE = {"list": "[", "map": "{"}
_DEPTH = 8
"""Nested lists and maps that are followed. No model has more, and recursion ends there."""

HEADING = "= "
"""Beginning of a line with the name of a service, in `members.txt`, `outputs.txt` and the review's table."""


def services(lists: bytes) -> list[str]:
    """The services that `members.txt`, `outputs.txt` or the review's table has a part for."""
    text = lists.decode("ascii")
    return [line.removeprefix(HEADING) for line in text.splitlines() if line.startswith(HEADING)]


def of_service(lists: bytes, service: str) -> str | None:
    """The part for one service, for `read`; None without one."""
    heading = f"{HEADING}{service}\n".encode()
    at = 0 if lists.startswith(heading) else lists.find(b"\n" + heading) + 1
    if not lists.startswith(heading, at):
        return None
    start = at + len(heading)
    end = lists.find(f"\n{HEADING}".encode(), start - 1)
    return lists[start : end if end >= 0 else len(lists)].decode("ascii")


def read(text: str) -> Mapping[str, frozenset[str]]:
    """Parse lines of `key: Name Name …`, without comments, which begin with `#`."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            key, _, names = line.partition(":")
            found[key] = f"{found[key]} {names}" if key in found else names
    return OnDemand(found, lambda _, names: frozenset(names.split()))


def reaches_newer(shape: Shape, known: Mapping[str, frozenset[str]]) -> bool:
    """Whether an input of this shape may have a member that is not in `known`."""
    seen: dict[str, Shape] = {}
    todo = [shape]
    while todo:
        one = todo.pop()
        if one.name in seen:
            continue
        seen[one.name] = one
        if one.type == "structure" and not _entries(one, one.members) <= known.get(one.name, frozenset()):
            return True
        todo.extend(member.shape for member in one.members.values())
    return False


def carries_newer(shape: Shape, params: Mapping[str, Value], known: Mapping[str, frozenset[str]]) -> bool:
    """Whether `params` have a member that is not in `known`."""
    todo: list[tuple[Shape, Value]] = [(shape, dict(params))]
    while todo:
        one, value = todo.pop()
        if one.type == "list" and isinstance(value, list):
            todo.extend((one.element.shape, item) for item in value)
        elif one.type == "map" and isinstance(value, dict):
            todo.extend((one.members["value"].shape, item) for item in value.values())
        elif one.members and isinstance(value, dict):
            if not _entries(one, value) <= known.get(one.name, frozenset()):
                return True
            todo.extend((one.members[name].shape, item) for name, item in value.items() if name in one.members)
    return False


def all_known(model: Mapping[str, Any], known: Mapping[str, frozenset[str]], side: Side) -> frozenset[str]:
    """The operations of botocore's service-2 JSON whose input or output has only members that are in `known`.

    An output may also have others, if they hold no secrets.
    """
    users: dict[str, list[str]] = {}
    for name, shape in model["shapes"].items():
        for _, ref in refs(shape):
            users.setdefault(ref["shape"], []).append(name)
    shapes = model["shapes"]
    todo = [name for name, shape in shapes.items() if _is_newer(name, shape, known, shapes, side)]
    reaching = set(todo)
    while todo:
        found = [user for user in users.get(todo.pop(), ()) if user not in reaching]
        reaching.update(found)
        todo.extend(found)
    return frozenset(name for name, one in model["operations"].items() if side not in one or one[side]["shape"] not in reaching)


def _is_newer(
    name: str, shape: Mapping[str, Any], known: Mapping[str, frozenset[str]], shapes: Mapping[str, Any], side: Side
) -> bool:
    """Whether a structure has a member that is not in `known` and counts."""
    if shape["type"] != "structure":
        return False
    listed = known.get(name, frozenset())
    if side == "input":
        return not entries(shape, shapes, side) <= listed
    return any(
        listed.isdisjoint(_as_before(member, ref, shapes)) and may_hold_secrets(member, ref["shape"], shapes)
        for member, ref in shape["members"].items()
    )


def entries(structure: Mapping[str, Any], shapes: Mapping[str, Any], side: Side) -> frozenset[str]:
    """The members of a structure of botocore's service-2 JSON, in the form of the lists of this side."""
    return frozenset(
        _listed(name, ref, shapes) + (mark(name, ref["shape"], shapes) if side == "output" else "")
        for name, ref in structure["members"].items()
    )


def _as_before(name: str, ref: Mapping[str, Any], shapes: Mapping[str, Any]) -> list[str]:
    """How a member of an answer may have been listed if it holds no more now."""
    return [_listed(name, ref, shapes) + one for one in MARKS[MARKS.index(mark(name, ref["shape"], shapes)) :]]


def _listed(name: str, ref: Mapping[str, Any], shapes: Mapping[str, Any]) -> str:
    """A member in the form of the lists."""
    return _entry(name, _steps(ref["shape"], shapes))


def _steps(name: str, shapes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The types and names of a shape and, through lists and maps, of its items."""
    while True:
        shape = shapes[name]
        yield shape["type"], name
        if shape["type"] not in _INSIDE:
            return
        name = shape[{"list": "member", "map": "value"}[shape["type"]]]["shape"]


def _entries(structure: Shape, names: Iterable[str]) -> frozenset[str]:
    """The same for a compiled structure; a name that it does not have is kept as it is."""
    members = structure.members
    return frozenset(_entry(name, _steps_of(members[name].shape)) if name in members else name for name in names)


def _steps_of(shape: Shape | None) -> Iterator[tuple[str, str]]:
    while shape is not None:
        yield shape.type, shape.name
        shape = shape.inner("") if shape.type in _INSIDE else None


def _entry(name: str, steps: Iterable[tuple[str, str]]) -> str:
    """A member with the structure that it leads to, through lists and maps."""
    way = ""
    for kind, called in itertools.islice(steps, _DEPTH):
        way += _INSIDE.get(kind, called if kind == "structure" else "")
    return f"{name}={way}" if way else name
