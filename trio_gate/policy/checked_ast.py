"""Reads a checked CEL expression, as the CEL library serializes it, into a tree.

Rule: an unknown field is an error, so nothing that a condition reads can be overlooked.

Theory: the bytes are a protobuf Any that holds a `cel.expr.CheckedExpr` (cel-spec, checked.proto and syntax.proto). Its macros
are expanded: `all` and the like are comprehensions, `has(a.b)` is a selection that only tests.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Literal

from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_ANY_VALUE = 2
_CHECKED_EXPR, _CHECKED_SOURCE = 4, 5
_SOURCE_POSITIONS = 4
_CONST_NULL, _CONST_BOOL, _CONST_INT, _, _CONST_DOUBLE, _CONST_STRING = range(1, 7)


@value_class
class Node:
    """One node of an expression.

    Attributes:
        kind: "text" is a constant string, "const" any other constant; "select" is `a.b`, "has" is `has(a.b)`; "loop" is a
            comprehension.
        at: the offset in the source, in characters, of its operator, of a selection's dot or a call's bracket.
        name: an identifier, a field, a function or the constant string.
        parts: a selection's operand; a call's target, if any, and arguments; for other kinds all parts in the order of the text.
        binds: the variables of a comprehension.
        value: a constant that is null, a bool, an int or a double; None for other constants too, which `name` tells apart.
    """

    kind: Literal["text", "const", "ident", "select", "has", "call", "list", "map", "loop"]
    at: int
    name: str = ""
    parts: tuple[Node, ...] = ()
    binds: tuple[str, ...] = ()
    value: bool | int | float | None = None


def tree(serialized: bytes) -> Node:
    """The tree of a serialized expression. Raises ValueError for anything that it does not know."""
    checked = _fields(_fields(serialized)[_ANY_VALUE][0])
    positions = {}
    for entry in _fields(checked[_CHECKED_SOURCE][0]).get(_SOURCE_POSITIONS, []):
        pair = _fields(entry)
        positions[pair.get(1, [0])[0]] = pair.get(2, [0])[0]
    return _Reader(positions).node(checked[_CHECKED_EXPR][0])


def operands(node: Node, operator: str) -> Iterator[Node]:
    """What an operator joins, in the order of the text, however it is nested; the node itself if it is of another kind."""
    if node.kind == "call" and node.name == operator:
        for part in node.parts:
            yield from operands(part, operator)
    else:
        yield node


def shape(node: Node) -> tuple[Any, ...]:
    """A node without its place in the text."""
    return (node.kind, node.name, node.value, *map(shape, node.parts))


def _fields(data: bytes) -> dict[int, list[Any]]:
    """Read a protobuf message: the values of each field in order, by the field's number."""
    found: dict[int, list[Any]] = {}
    for number, value in wire(data):
        found.setdefault(number, []).append(value)
    return found


def wire(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a protobuf message, in order. Raises ValueError for a type of field that expressions do not have."""
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        if kind == 2:
            size, at = _varint(data, at)
        elif kind == 1:
            size = 8
        else:
            raise ValueError(f"wire type {kind} does not occur in an expression")
        yield number, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = data[at]
    if value < 128:  # as most are
        return value, at + 1
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value


_CONSTANTS: Mapping[int, tuple[str, Callable[[Any], bool | int | float | None]]] = {
    _CONST_NULL: ("null", lambda _: None),
    _CONST_BOOL: ("bool", bool),
    _CONST_INT: ("int", _signed),
    _CONST_DOUBLE: ("double", lambda value: struct.unpack("<d", value)[0]),
}
"""How the constants are read that have an equal in Python, and what they are called."""


class _Reader:
    """Turns messages into nodes. `positions` maps ids of nodes to offsets."""

    def __init__(self, positions: Mapping[int, int]) -> None:
        self.positions = positions
        self.kinds = {
            3: self.const,
            4: self.ident,
            5: self.select,
            6: self.call,
            7: self.items,
            8: self.entries,
            9: self.loop,
        }

    def node(self, data: bytes) -> Node:
        found = _fields(data)
        at = self.positions.get(found.pop(2, [0])[0], 0)
        [(kind, [body])] = found.items()
        if kind not in self.kinds:
            raise ValueError(f"an expression has no field {kind}")
        return self.kinds[kind](_fields(body), at)

    def const(self, found: dict[int, list[Any]], at: int) -> Node:
        [(kind, [value])] = found.items()
        if kind == _CONST_STRING:
            return Node(kind="text", at=at, name=value.decode())
        read = _CONSTANTS.get(kind)
        return Node(kind="const", at=at, name=read[0], value=read[1](value)) if read else Node(kind="const", at=at, name="other")

    def ident(self, found: dict[int, list[Any]], at: int) -> Node:
        return Node(kind="ident", at=at, name=found[1][0].decode())

    def select(self, found: dict[int, list[Any]], at: int) -> Node:
        kind: Literal["has", "select"] = "has" if found.get(3, [0])[0] else "select"
        return Node(kind=kind, at=at, name=found[2][0].decode(), parts=self.nodes(found[1]))

    def call(self, found: dict[int, list[Any]], at: int) -> Node:
        parts = self.nodes([*found.get(1, []), *found.get(3, [])])
        return Node(kind="call", at=at, name=found[2][0].decode(), parts=parts)

    def items(self, found: dict[int, list[Any]], at: int) -> Node:
        return Node(kind="list", at=at, parts=self.nodes(found.get(1, [])))

    def entries(self, found: dict[int, list[Any]], at: int) -> Node:
        entries = [_fields(entry) for entry in found.get(2, [])]
        return Node(kind="map", at=at, parts=self.nodes([part for entry in entries for part in (entry[3][0], entry[4][0])]))

    def loop(self, found: dict[int, list[Any]], at: int) -> Node:
        binds = tuple(found[number][0].decode() for number in (1, 8, 3) if number in found)
        parts = self.nodes([found[number][0] for number in (2, 4, 5, 6, 7)])
        return Node(kind="loop", at=at, parts=parts, binds=binds)

    def nodes(self, bodies: list[bytes]) -> tuple[Node, ...]:
        return tuple(self.node(body) for body in bodies)
