"""The texts of a call, each with its place: what the model says about its place.

Rule: every text and every UNKNOWN is a leaf, in the order of the parameters; keys of maps are leaves too. What a caller stores or sends as
a message is marked, unless the model has a structure for it, because the members of a structure have their own names.

Theory: the places of an operation's input are the same in every call, so each is made once and cached, and whatever else is known of a place
can be cached too (see `place_facts`). Below a name that the model does not have, places come from the caller and are not cached.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN, Unknown
from trio_gate.aws.model.place import Place
from trio_gate.aws.resources.place_facts import found_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Value
    from trio_gate.aws.model.place import Leaf
    from trio_gate.aws.model.shape import Member, Shape


STORED = frozenset(
    (
        "AttributeUpdates",
        "Body",
        "Data",
        "Description",
        "Detail",
        "Expected",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
        "Item",
        "Message",
        "MessageAttributes",
        "MessageBody",
        "Metadata",
        "Payload",
        "SecretString",
        "input",
        "logEvents",
        "message",
    )
)
"""Members that hold what a caller stores or sends, not what the call acts on."""

TAGS = frozenset(("TagSet", "Tags", "resourceTags", "tags"))

STORED_BY: Mapping[str, frozenset[str]] = {
    "cloudwatch": frozenset(("Dimensions", "MetricData")),
    "ecr": frozenset(("imageManifest",)),
    "kinesis": frozenset(("ExplicitHashKey", "PartitionKey")),
    "dynamodb": frozenset(("Key", "KeyConditions", "Keys", "QueryFilter", "RequestItems", "ScanFilter", "TransactItems")),
    "logs": frozenset(("transformerConfig",)),
    "lambda": frozenset(("Environment",)),
    "ec2": frozenset(("TagSpecifications", "UserData")),
    "s3": frozenset(("Key", "SSECustomerKey", "CopySourceSSECustomerKey", "Tagging")),
    "ssm": frozenset(("Value",)),
}
"""The same for single services; where the curated readers read such a member, nothing else in it names anything."""


PLACES_KEPT = 1 << 15
"""Size of the caches of places, enough for some thousand operations."""


@lru_cache(PLACES_KEPT)
def root(service: str, operation: str, shape: Shape | None) -> Place:
    """The place of a whole input of this shape."""
    return Place(service=service, operation=operation, names=(), shape=shape)


def walk(top: Place, params: Mapping[str, Value]) -> list[Leaf]:
    """Every leaf of the parameters, whose place is `top`, without what is below a quiet place (see `place_facts`)."""
    found: list[Leaf] = []
    _add_inside(top, params, found)
    return found


def _add_inside(place: Place, value: Mapping[str, Value], found: list[Leaf]) -> None:
    """Add the leaves in a structure or a map."""
    shape = place.shape
    if shape is not None and shape.type == "map":
        keys, items = _key(place), _item(place)
        for name, item in value.items():
            found.append((keys, name, name))
            _add(items, name, item, found)
        return
    members = shape.members if shape is not None else ()
    for name, item in value.items():
        if type(item) in _BEARING:
            _add(_member(place, name) if name in members else _spot(place, name, None), None, item, found)


def _add(place: Place, key: str | None, value: Value, found: list[Leaf]) -> None:
    """Add a text or the leaves in a list, a structure or a map."""
    if isinstance(value, str) or value is UNKNOWN:
        found.append((place, key, value))
    elif place.facts is not None and place.facts.quiet:
        return
    elif isinstance(value, dict):
        _add_inside(place, value, found)
    elif isinstance(value, list):
        inner = _item(place) if place.shape is not None else place
        for item in value:
            _add(inner, key, item, found)


_BEARING = frozenset((str, dict, list, Unknown))
"""Types of values that are leaves or hold some."""


@lru_cache(PLACES_KEPT)
def _item(place: Place) -> Place:
    """The place of a list's items or a map's values."""
    return _with_shape(place, place.shape.inner("") if place.shape is not None else None)


@lru_cache(PLACES_KEPT)
def _key(place: Place) -> Place:
    """The place of a map's keys."""
    return _with_shape(place, place.shape.members["key"].shape if place.shape is not None else None)


def _with_shape(place: Place, shape: Shape | None) -> Place:
    inner = replace(place, shape=shape, facts=None)
    if place.facts is not None:
        inner.facts = found_of(inner)
    return inner


@lru_cache(PLACES_KEPT)
def _member(place: Place, name: str) -> Place:
    """The place of a member of the model."""
    found = _spot(place, name, place.shape.members[name] if place.shape is not None else None)
    found.facts = found_of(found)
    return found


def _spot(above: Place, name: str, member: Member | None) -> Place:
    shape = member.shape if member is not None else None
    own = name in TAGS or name in STORED_BY.get(above.service, ())
    says = name in STORED and (shape is None or shape.type != "structure")
    return Place(
        service=above.service,
        operation=above.operation,
        names=(*above.names, name),
        shape=shape,
        use=member,
        stored=above.stored or own or says,
    )
