"""Parameters of the query and ec2 protocols: turns dotted names into structures, lists and maps.

Rule: the names are split at dots into a tree, which must fit the shape as a whole. A name that no member has, a value that also
has sub-names, and a gap in a list's numbers (1, 2, …) refuse the request. An empty value in place of a list is the empty list
(AWS query protocol, "empty list").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from trio_gate.aws.params.readers import MAX_DEPTH
from trio_gate.aws.params.readers.pieces import FEW, take_apart
from trio_gate.aws.params.scalar import from_text
from trio_gate.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Value
    from trio_gate.aws.model.shape import Member, Shape
    from trio_gate.wire.head import RequestHead

_NUMBER = re.compile(r"[1-9][0-9]{0,5}")
_RDS_HOST = re.compile(r"https://rds(?:-fips)?\.([a-z0-9\-]{1,63})\.")
_REGION = "SourceRegion"
_SELECTORS = ("Action", "Version")

_Tree = dict[str, Any]  # of _Tree and str


def structure_from_query(shape: Shape | None, form: Mapping[str, str], *, ec2: bool) -> dict[str, Value]:
    """Read the input of an operation from the parameters of a form or URL.

    Raises:
        Malformed: a parameter is unknown or of another type.
    """
    tree: _Tree = {}
    for name, value in form.items():
        if name not in _SELECTORS:
            _plant(tree, name, value)
    if shape is None:
        if tree:
            raise Malformed("the operation takes no parameters")
        return {}
    values = _structure(shape, tree, ec2=ec2)
    if len(form) > FEW:
        take_apart(tree)
    return values


def with_source_region(shape: Shape | None, values: dict[str, Value]) -> dict[str, Value]:
    """Add the member `SourceRegion`, which SDKs send only inside `PreSignedUrl` (copies and replicas of rds, neptune, docdb)."""
    url = values.get("PreSignedUrl")
    if shape is None or _REGION not in shape.members or _REGION in values or not isinstance(url, str):
        return values
    found = _RDS_HOST.match(url)
    return {**values, _REGION: found[1]} if found else values


def queue_of_path(values: Mapping[str, Value], shape: Shape | None, head: RequestHead) -> dict[str, Value]:
    """The member `QueueUrl`, if only the path names the queue (/111111111111/queue in SQS's query protocol); otherwise nothing.

    Raises:
        Malformed: path and `QueueUrl` name different queues, or the operation is not about a queue.
    """
    path = "/" + "/".join(head.target.segments)
    if path == "/":
        return {}
    url = values.get("QueueUrl", f"https://{head.one('host')}{path}")
    about_a_queue = shape is not None and "QueueUrl" in shape.members
    if not about_a_queue or not isinstance(url, str) or "/" + url.partition("://")[2].partition("/")[2] != path:
        raise Malformed("the path names a queue that the parameters do not")
    return {} if "QueueUrl" in values else {"QueueUrl": url}


def _plant(tree: _Tree, name: str, value: str) -> None:
    *path, last = name.split(".", MAX_DEPTH + 1)
    if len(path) > MAX_DEPTH:
        raise Malformed("a parameter's name has too many dots")
    for part in path:
        below = tree.setdefault(part, {})
        if isinstance(below, str):
            raise _twofold(name)
        tree = below
    if last in tree:
        raise _twofold(name)
    tree[last] = value


def _structure(shape: Shape, tree: _Tree, *, ec2: bool) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for name, below in tree.items():
        member = shape.by_query.get(name)
        if member is None:
            raise Malformed(f"the operation has no parameter `{ascii(name[:64])[1:-1][:64]}` here")
        if member.name in values:
            raise Malformed(f"`{member.name}` came twice")
        values[member.name] = _value(member, below, ec2=ec2)
    return values


def _value(member: Member, below: _Tree | str, *, ec2: bool) -> Value:
    kind = member.shape.type
    if kind == "list":
        return _list(member, below, ec2=ec2)
    if isinstance(below, str):
        if kind in ("structure", "map"):
            raise Malformed(f"`{member.name}` is not a {kind}")
        return from_text(member, below, timestamps="iso8601")
    if kind == "map":
        return _map(member, below, ec2=ec2)
    if kind != "structure":
        raise Malformed(f"`{member.name}` must be a single value")
    return _structure(member.shape, below, ec2=ec2)


def _list(member: Member, below: _Tree | str, *, ec2: bool) -> list[Value]:
    if isinstance(below, str):
        if below:
            raise Malformed(f"`{member.name}` is not a list")
        return []
    element = member.shape.element
    if not ec2 and not member.flattened:
        below = _only(member, below, element.query if element.renamed else "member")
    values: list[Value] = []
    values.extend(_value(element, item, ec2=ec2) for item in _numbered(member, below))
    return values


def _map(member: Member, below: _Tree, *, ec2: bool) -> dict[str, Value]:
    if not member.flattened:
        below = _only(member, below, "entry")
    key, value = member.shape.members["key"], member.shape.members["value"]
    values: dict[str, Value] = {}
    for entry in _numbered(member, below):
        name = entry.get(key.query) if isinstance(entry, dict) else None
        if not isinstance(name, str) or name in values or entry.keys() != {key.query, value.query}:
            raise Malformed(f"an entry of `{member.name}` is not one new {key.query} and its {value.query}")
        values[name] = _value(value, entry[value.query], ec2=ec2)
    return values


def _only(member: Member, below: _Tree, name: str) -> _Tree:
    inner = below.get(name)
    if len(below) != 1 or not isinstance(inner, dict):
        raise Malformed(f"`{member.name}` must be numbered as {member.query}.{name}.1")
    return inner


def _numbered(member: Member, below: _Tree) -> list[Any]:
    if not all(_NUMBER.fullmatch(name) for name in below):
        raise Malformed(f"`{member.name}` must be numbered 1, 2, 3 and so on")
    try:
        return [below[str(number)] for number in range(1, len(below) + 1)]
    except KeyError:
        raise Malformed(f"the numbers of `{member.name}` have a gap") from None


def _twofold(name: str) -> Malformed:
    return Malformed(f"`{ascii(name[:64])[1:-1][:64]}` has a value and parts")
