"""Reads parameters from a JSON or CBOR tree.

Rule: members are looked up by their exact wire name. A name that the shape does not have refuses the request, so that no reader
at AWS can see something that the rules did not. A null member counts as not sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trio_gate.aws.params.readers.cbor_body import Epoch
from trio_gate.aws.params.scalar import from_tree
from trio_gate.errors import Malformed

if TYPE_CHECKING:
    from trio_gate.aws.call import Value
    from trio_gate.aws.model.shape import Member, Shape


def structure_from_tree(shape: Shape, tree: Any, *, binary: bool = False) -> dict[str, Value]:
    """Read the body members of a structure.

    Raises:
        Malformed: a member is unknown or of the wrong type.
    """
    if not isinstance(tree, dict):
        raise Malformed("the body is not an object")
    values: dict[str, Value] = {}
    for name, value in tree.items():
        member = shape.by_wire.get(name)
        if member is None:
            raise Malformed(
                f"the operation has no member `{ascii(name[:64])[1:-1][:64]}` here: gateway and client know different models"
            )
        if value is not None:
            plain = isinstance(value, str) and member.shape.type == "string"
            values[member.name] = value if plain else value_from_tree(member, value, binary=binary)
    return values


def value_from_tree(member: Member, value: Any, *, binary: bool = False) -> Value:
    """Read the value of one member.

    Raises:
        Malformed: it is of the wrong type, or holds an unknown member.
    """
    shape = member.shape
    if shape.document:
        return _document(value)
    if shape.type == "structure":
        if not isinstance(value, dict):
            raise Malformed(f"`{member.name}` is not a structure")
        return structure_from_tree(shape, value, binary=binary)
    if shape.type == "list":
        if not isinstance(value, list):
            raise Malformed(f"`{member.name}` is not a list")
        values: list[Value] = []
        values.extend(None if item is None else value_from_tree(shape.element, item, binary=binary) for item in value)
        return values
    if shape.type == "map":
        if not isinstance(value, dict):
            raise Malformed(f"`{member.name}` is not a map")
        return _map(shape.members["value"], value, binary=binary)
    return from_tree(member, value, binary=binary)


def _map(inner: Member, value: dict[str, Any], *, binary: bool) -> dict[str, Value]:
    values: dict[str, Value] = {}
    texts = inner.shape.type == "string"
    for key, item in value.items():
        if item is not None:
            values[key] = item if texts and isinstance(item, str) else value_from_tree(inner, item, binary=binary)
    return values


def _document(value: Any) -> Value:
    """A value of any form. In CBOR it may hold timestamps, which no rule reads by name."""
    if isinstance(value, dict):
        return {key: _document(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_document(item) for item in value]
    if isinstance(value, Epoch):
        return value.seconds
    plain: Value = value
    return plain
