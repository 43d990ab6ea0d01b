"""The texts of a call, each with what the model says about its place.

Rule: every text and every UNKNOWN is a leaf, in the order of the parameters; keys of maps are leaves too. What a caller stores or sends as
a message is marked, unless the model has a structure for it, because the members of a structure have their own names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from trio_gate.aws.call import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trio_gate.aws.call import Unknown, Value
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


class Leaf(NamedTuple):
    """A text, or one that is unknown.

    `path` is the path of names, including keys of maps; `names` has only those of the model. `use` is the model's innermost member on
    the path, None if the model does not know it; `shape` is that of the text itself. `stored` marks what the caller stores or sends.
    """

    path: tuple[str, ...]
    names: tuple[str, ...]
    value: str | Unknown
    shape: Shape | None
    use: Member | None
    stored: bool
    is_key: bool = False


class _Place(NamedTuple):
    path: tuple[str, ...]
    names: tuple[str, ...]
    value: Value
    shape: Shape | None
    use: Member | None
    stored: bool


def walk(service: str, shape: Shape | None, params: Mapping[str, Value]) -> list[Leaf]:
    """Every leaf of the parameters, whose shape is `shape`."""
    found: list[Leaf] = []
    own = STORED_BY.get(service, TAGS) | TAGS
    todo: list[_Place | Leaf] = [_Place((), (), dict(params), shape, None, False)]
    while todo:
        one = todo.pop()
        if isinstance(one, Leaf):
            found.append(one)
        elif isinstance(one.value, str) or one.value is UNKNOWN:
            found.append(Leaf(one.path, one.names, one.value, one.shape, one.use, one.stored))
        elif isinstance(one.value, list):
            inner = one.shape.inner("") if one.shape else None
            todo.extend(_Place(one.path, one.names, item, inner, one.use, one.stored) for item in reversed(one.value))
        elif isinstance(one.value, dict):
            todo.extend(reversed(list(_inside(one, one.value, own))))
    return found


def _inside(place: _Place, value: Mapping[str, Value], own: frozenset[str]) -> Iterator[_Place | Leaf]:
    """The places in a structure or a map."""
    path, names, kind = place.path, place.names, place.shape
    if kind is not None and kind.type == "map":
        key, inner = kind.members["key"].shape, kind.members["value"].shape
        for name, item in value.items():
            yield Leaf((*path, name), names, name, key, place.use, place.stored, is_key=True)
            yield _Place((*path, name), names, item, inner, place.use, place.stored)
        return
    for name, item in value.items():
        if item is None or isinstance(item, (bool, int, float, bytes)):
            continue
        member = kind.members.get(name) if kind is not None else None
        shape = member.shape if member else None
        stored = place.stored or name in own or (name in STORED and (shape is None or shape.type != "structure"))
        yield _Place((*path, name), (*names, name), item, shape, member, stored)
