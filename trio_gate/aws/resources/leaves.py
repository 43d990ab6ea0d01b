"""The texts of a call, each with its place: what the model says about its place.

Rule: every text and every UNKNOWN is a leaf, in the order of the parameters; keys of maps are leaves too. What a caller stores or sends as
a message is marked, unless the model has a structure for it, because the members of a structure have their own names.

Theory: the places of an operation's input are the same in every call, so each is made once and cached, and whatever else is known of a place
can be cached too (see `place_facts`). Below a name that the model does not have, places come from the caller and are not cached.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trio_gate.aws.call import Value
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Place:
    """A place in an operation's input.

    Attributes:
        service: botocore's name.
        operation: botocore's name.
        names: the members on the path, without keys of maps.
        shape: of the value there, None if the model does not say.
        use: the model's innermost member on the path, None if the model does not know it.
        stored: whether it is what the caller stores or sends.
        kept: whether the model has it, so that it is the same object in every call.
    """

    service: str
    operation: str
    names: tuple[str, ...]
    shape: Shape | None
    use: Member | None = None
    stored: bool = False
    kept: bool = True


Leaf = tuple[Place, "str | None", "str | Unknown"]
"""The place of a text, its key if it is in a map, and the text, which may be UNKNOWN."""


@lru_cache(PLACES_KEPT)
def root(service: str, operation: str, shape: Shape | None) -> Place:
    """The place of a whole input of this shape."""
    return Place(service=service, operation=operation, names=(), shape=shape)


def walk(top: Place, params: Mapping[str, Value]) -> list[Leaf]:
    """Every leaf of the parameters, whose place is `top`."""
    found: list[Leaf] = []
    todo: list[tuple[Place, str | None, Value]] = [(top, None, dict(params))]
    while todo:
        place, key, value = todo.pop()
        if isinstance(value, str) or value is UNKNOWN:
            found.append((place, key, value))
        elif isinstance(value, list):
            inner = _item(place) if place.shape is not None else place
            todo += [(inner, key, item) for item in reversed(value)]
        elif isinstance(value, dict):
            todo += reversed(_inside(place, value))
    return found


def _inside(place: Place, value: Mapping[str, Value]) -> Sequence[tuple[Place, str | None, Value]]:
    """The places and values in a structure or a map."""
    shape = place.shape
    if shape is not None and shape.type == "map":
        keys, items = _key(place), _item(place)
        return [one for name, item in value.items() for one in ((keys, name, name), (items, name, item))]
    members = shape.members if shape is not None else {}
    return [
        (_member(place, name) if name in members else _spot(place, name, None), None, item)
        for name, item in value.items()
        if isinstance(item, (str, dict, list, Unknown))
    ]


@lru_cache(PLACES_KEPT)
def _item(place: Place) -> Place:
    """The place of a list's items or a map's values."""
    return replace(place, shape=place.shape.inner("") if place.shape is not None else None)


@lru_cache(PLACES_KEPT)
def _key(place: Place) -> Place:
    """The place of a map's keys."""
    return replace(place, shape=place.shape.members["key"].shape if place.shape is not None else None)


@lru_cache(PLACES_KEPT)
def _member(place: Place, name: str) -> Place:
    """The place of a member of the model."""
    return _spot(place, name, place.shape.members[name] if place.shape is not None else None)


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
        kept=member is not None,
    )
