"""Input shapes of a service model, compiled from botocore's JSON.

Rule: a shape is built once and never changes. Its members are made when they are first read, because an agent's calls reach few of a
service's shapes, and because shapes may refer to each other in circles.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from trio_gate.aws.on_demand import OnDemand
from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shape:
    """A type of the model.

    Attributes:
        type: botocore's type name; "character" and the like do not occur in inputs.
        members: a structure's members by name; a list's `member`; a map's `key` and `value`.
        by_wire: a structure's body members by their names in JSON, CBOR and XML.
        by_query: a structure's members by their names in the query or ec2 protocol.
        by_location: the members by where they are sent, in their order.
        root: name of an XML document of this shape, unless its use gives one.
        namespace: XML namespace of such a document, unless its use gives one.
        payload: the member that is the whole HTTP body; None if the body holds the members without a location.
        timestamp: "iso8601", "rfc822" or "unixtimestamp"; None if the model does not say.
        pattern: the model's regular expression for a string.
        enum: whether a string is one of a closed list of words.
        sensitive: the model's trait: values are masked where they are kept.
    """

    name: str
    type: str
    members: dict[str, Member] = field(init=False, repr=False)
    by_wire: dict[str, Member] = field(init=False, repr=False)
    by_query: dict[str, Member] = field(init=False, repr=False)
    by_location: dict[str | None, list[Member]] = field(init=False, repr=False)
    required: frozenset[str]
    root: str
    namespace: str | None
    payload: str | None
    timestamp: str | None
    pattern: str | None
    enum: bool
    flattened: bool
    document: bool
    streaming: bool
    eventstream: bool
    sensitive: bool
    _inside: Callable[[Shape], _Inside] = field(repr=False)

    if not TYPE_CHECKING:  # to a type checker it would mean that a shape has any attribute

        def __getattr__(self, name: str) -> dict[str, Member]:
            """Called for what is not set yet: make the members."""
            if name not in _Inside._fields:
                raise AttributeError(name)
            inside = self._inside(self)
            for field_name, value in zip(_Inside._fields, inside, strict=True):
                object.__setattr__(self, field_name, value)
            return getattr(inside, name)

    @property
    def element(self) -> Member:
        """The member that describes each item of this list shape."""
        return self.members["member"]

    def inner(self, name: str) -> Shape | None:
        """The shape inside this one: that of a structure's member; of a list's items or a map's values for any name.

        None if the model does not say: for a member that it does not have, or a type without members.
        """
        member = self.members.get({"list": "member", "map": "value"}.get(self.type, name))
        return member.shape if member is not None else None

    def at(self, location: str | None) -> Sequence[Member]:
        """The members that are sent at `location` (see `Member`)."""
        return self.by_location.get(location, ())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Member:
    """A use of a shape: its name and where it is sent.

    Attributes:
        location: "uri", "querystring", "header", "headers" (a prefix) or None for the body.
        wire: its name in JSON, CBOR, XML, a header (lower case), the query or the path template.
        renamed: whether the model sets `wire` explicitly.
        namespace: of the XML document, if the member is the payload.
        query: its name in the query or ec2 protocol.
    """

    name: str
    shape: Shape
    location: str | None
    wire: str
    renamed: bool
    namespace: str | None
    query: str
    flattened: bool
    attribute: bool
    jsonvalue: bool
    timestamp: str | None
    streaming: bool
    host_label: bool
    idempotency_token: bool


class _Inside(NamedTuple):
    """What a shape gets after it was made; see there."""

    members: dict[str, Member]
    by_wire: dict[str, Member]
    by_query: dict[str, Member]
    by_location: dict[str | None, list[Member]]


def compile_shapes(raw: Mapping[str, Any], *, ec2: bool, query_names: Mapping[tuple[str, str], str]) -> Mapping[str, Shape]:
    """The shapes of a model by name.

    `query_names` has names in the query protocol that the model no longer holds, by shape and member.
    """

    def inside(name: str, one: Mapping[str, Any]) -> _Inside:
        members = {
            key: _member(key, ref, shapes[ref["shape"]], ec2=ec2, query=query_names.get((name, key))) for key, ref in refs(one)
        }
        by_location: dict[str | None, list[Member]] = {}
        for member in members.values():
            by_location.setdefault(member.location, []).append(member)
        if one["type"] != "structure":
            return _Inside(members, {}, {}, by_location)
        by_wire = {member.wire: member for member in by_location.get(None, ())}
        return _Inside(members, by_wire, _by_query(members, ec2=ec2), by_location)

    filled = OnDemand(raw, inside)
    shapes: OnDemand[str, Shape] = OnDemand(raw, lambda name, one: _shape(name, one, lambda shape: filled[shape.name]))
    return shapes


def reaching(root: Shape, wanted: Callable[[str], bool]) -> frozenset[Shape]:
    """The shapes below `root`, itself included, from which a structure's member with a `wanted` name can be reached."""
    above: dict[Shape, list[Shape]] = {}
    found: list[Shape] = []
    todo, seen = [root], {root}
    while todo:
        shape = todo.pop()
        for member in shape.members.values():
            above.setdefault(member.shape, []).append(shape)
            if shape.type == "structure" and wanted(member.name):
                found.append(shape)
            if member.shape not in seen:
                seen.add(member.shape)
                todo.append(member.shape)
    reached: set[Shape] = set()
    while found:
        shape = found.pop()
        if shape not in reached:
            reached.add(shape)
            found.extend(above.get(shape, ()))
    return frozenset(reached)


def namespace(raw: Mapping[str, Any]) -> str | None:
    """The XML namespace of a raw shape or reference; None without one."""
    given = raw.get("xmlNamespace")
    return given["uri"] if isinstance(given, dict) else given


def refs(raw: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """A raw shape's references to others, each with its name or role."""
    members = raw.get("members", {}) if raw["type"] == "structure" else {}
    return [*members.items(), *((role, raw[role]) for role in ("member", "key", "value") if role in raw)]


def _shape(name: str, raw: Mapping[str, Any], inside: Callable[[Shape], _Inside]) -> Shape:
    return Shape(
        name=name,
        type=raw["type"],
        required=frozenset(raw.get("required", ())),
        root=raw.get("locationName", name),
        namespace=namespace(raw),
        payload=raw.get("payload"),
        timestamp=_lower(raw.get("timestampFormat")),
        pattern=raw.get("pattern"),
        enum=bool(raw.get("enum")),
        flattened=bool(raw.get("flattened")),
        document=bool(raw.get("document")),
        streaming=bool(raw.get("streaming")),
        eventstream=bool(raw.get("eventstream")),
        sensitive=bool(raw.get("sensitive")),
        _inside=inside,
    )


def _member(name: str, ref: Mapping[str, Any], shape: Shape, *, ec2: bool, query: str | None) -> Member:
    location, wire = ref.get("location"), ref.get("locationName", name)
    return Member(
        name=name,
        shape=shape,
        location=location,
        wire=fold(wire) if location in ("header", "headers") else wire,
        renamed="locationName" in ref,
        namespace=namespace(ref),
        query=query or _query_name(name, ref, ec2=ec2),
        flattened=shape.flattened or bool(ref.get("flattened")),
        attribute=bool(ref.get("xmlAttribute")),
        jsonvalue=bool(ref.get("jsonvalue")),
        timestamp=_lower(ref.get("timestampFormat")),
        streaming=shape.streaming or bool(ref.get("streaming")),
        host_label=bool(ref.get("hostLabel")),
        idempotency_token=bool(ref.get("idempotencyToken")),
    )


def _query_name(name: str, ref: Mapping[str, Any], *, ec2: bool) -> str:
    given: str | None = ref.get("locationName")
    if not ec2:
        return given or name
    if "queryName" in ref:
        return str(ref["queryName"])
    name = given or name
    return name[0].upper() + name[1:]


def _by_query(members: Mapping[str, Member], *, ec2: bool) -> dict[str, Member]:
    found = {member.query: member for member in members.values()}
    for member in members.values():
        if not ec2 and member.flattened and member.shape.type == "list" and member.shape.element.renamed:
            # botocore sends a flattened list under its item's name, Smithy under the list's own.
            found.setdefault(member.shape.element.query, member)
    return found


def _lower(text: str | None) -> str | None:
    return fold(text) if text else None
