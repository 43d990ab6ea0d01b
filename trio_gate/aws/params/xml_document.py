"""Reads parameters from an XML document.

Rule: element names must equal the model's. A second element for a single value, an unknown element or attribute, and text in
place of elements refuse the request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.aws.params.scalar import from_text
from trio_gate.errors import Malformed

if TYPE_CHECKING:
    from trio_gate.aws.call import Value
    from trio_gate.aws.model.shape import Member, Shape
    from trio_gate.aws.params.readers.xml_body import Element


def structure_from_xml(shape: Shape, element: Element) -> dict[str, Value]:
    """Read the members of a structure.

    Raises:
        Malformed: an element is unknown, repeated or of the wrong type.
    """
    values: dict[str, Value] = {}
    for name, text in element.attributes.items():
        member = _member(shape, name, attribute=True)
        values[member.name] = from_text(member, text, timestamps="iso8601")
    _require_blank(element)
    for child in element.children:
        member = _member(shape, child.name, attribute=False)
        if member.flattened and member.shape.type == "list":
            items = values.setdefault(member.name, [])
            if isinstance(items, list):
                items.append(_value(member.shape.element, child))
        elif member.flattened and member.shape.type == "map":
            entries = values.setdefault(member.name, {})
            if isinstance(entries, dict):
                _entry(member, child, entries)
        elif member.name in values:
            raise Malformed(f"the element `{member.name}` came twice")
        else:
            values[member.name] = _value(member, child)
    return values


def _value(member: Member, element: Element) -> Value:
    shape = member.shape
    if shape.type == "structure":
        return structure_from_xml(shape, element)
    _require_plain(element)
    if shape.type == "list":
        return _list(member, element)
    if shape.type == "map":
        return _map(member, element)
    if element.children:
        raise Malformed(f"the element `{member.name}` holds elements but must hold text")
    return from_text(member, element.text, timestamps="iso8601")


def _list(member: Member, element: Element) -> list[Value]:
    _require_blank(element)
    inner = member.shape.element
    name = inner.wire if inner.renamed else "member"
    if any(child.name != name for child in element.children):
        raise Malformed(f"the list `{member.name}` holds an element that is not `{name}`")
    values: list[Value] = []
    values.extend(_value(inner, child) for child in element.children)
    return values


def _map(member: Member, element: Element) -> dict[str, Value]:
    _require_blank(element)
    values: dict[str, Value] = {}
    for child in element.children:
        if child.name != "entry":
            raise Malformed(f"the map `{member.name}` holds an element that is not `entry`")
        _entry(member, child, values)
    return values


def _entry(member: Member, element: Element, entries: dict[str, Value]) -> None:
    key, value = member.shape.members["key"], member.shape.members["value"]
    key_name, value_name = key.wire, value.wire
    _require_plain(element)
    if [child.name for child in element.children] != [key_name, value_name]:
        raise Malformed(f"an entry of the map `{member.name}` is not `{key_name}` and `{value_name}`")
    name = _value(key, element.children[0])
    if not isinstance(name, str) or name in entries:
        raise Malformed(f"a key of the map `{member.name}` came twice")
    entries[name] = _value(value, element.children[1])


def _member(shape: Shape, name: str, *, attribute: bool) -> Member:
    member = shape.by_wire.get(name)
    if member is None or member.attribute != attribute:
        raise Malformed(f"the operation has no element `{ascii(name[:64])[1:-1][:64]}` here")
    return member


def _require_plain(element: Element) -> None:
    if element.attributes:
        raise Malformed("an element has an attribute that the model does not have")


def _require_blank(element: Element) -> None:
    if not element.blank:
        raise Malformed("the XML body has text where elements belong")
