"""Parameters of the REST protocols, by location: path labels, query, headers, header prefixes, and the body.

Rule: a repeated query key or header is a list or refused; so is a body that the operation does not have. The body is read as the
protocol says, and the content type must say the same or be absent.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.model.http_route import X_ID
from trio_gate.aws.params.readers.json_body import read_json
from trio_gate.aws.params.readers.pieces import from_utf8, release
from trio_gate.aws.params.readers.xml_body import read_xml
from trio_gate.aws.params.scalar import from_text, read_base64
from trio_gate.aws.params.tree import structure_from_tree, value_from_tree
from trio_gate.aws.params.xml_document import structure_from_xml
from trio_gate.aws.routing.rpc import media_type
from trio_gate.errors import Malformed
from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Value
    from trio_gate.aws.model.catalog import Operation
    from trio_gate.aws.model.shape import Member, Shape
    from trio_gate.aws.params.readers.xml_body import Element
    from trio_gate.wire.head import RequestHead

_XML = (None, "", "application/xml", "text/xml", "application/octet-stream", "text/plain")
"""Content types of XML bodies. S3 ignores the type, but a form or multipart type would mean another operation."""


_NAMESPACES = {"http://doc.s3.amazonaws.com/2006-03-01": "http://s3.amazonaws.com/doc/2006-03-01/"}
"""Another spelling of S3's namespace, from its older documentation; s3cmd sends it."""

_JSON = ("application/json", None, "")
"""Content types of JSON bodies. botocore sent none until 2021, Java's SDK 1 sends an empty one (aws-sdk-java#937)."""

_PYTHONS = ("True", "False")
"""Booleans in a header as botocore wrote them until 2024; AWS accepts them."""

_ITEM = re.compile(r'[ \t]*+(?:"([^"\\]*+(?:\\.[^"\\]*+)*+)"[ \t]*+(?![^,])|(?!")([^,]*+)),?', re.DOTALL)
"""One value of a list in a header, quoted or not, and the comma after it."""

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def rest_params(
    operation: Operation, head: RequestHead, labels: Mapping[str, str], content: bytes | None, *, xml: bool
) -> dict[str, Value]:
    """Read the input of an operation; `content` is the body, None if that is streamed.

    Raises:
        Malformed: a part is unknown, repeated or of another type.
    """
    shape = operation.input
    if shape is None:
        _require_no_body(content, xml=xml)
        return {}
    values: dict[str, Value] = {}
    for member in shape.at("uri"):
        if member.wire in labels:
            values[member.name] = from_text(member, labels[member.wire], timestamps="iso8601")
    values |= _query(operation, shape, head)
    values |= _headers(shape, head)
    values |= _body(operation, shape, head, content, xml=xml)
    return values


def _query(operation: Operation, shape: Shape, head: RequestHead) -> dict[str, Value]:
    if not head.target.query:
        return {}
    arrived: dict[str, list[str]] = {}
    skipped = {X_ID} | (operation.route.constants.keys() if operation.route else set())
    for name, value in head.target.query:
        if name not in skipped:
            arrived.setdefault(name, []).append(value)
    values: dict[str, Value] = {}
    members = shape.at("querystring")
    for member in members:
        if member.shape.type != "map" and member.wire in arrived:
            values[member.name] = _one_or_list(member, arrived.pop(member.wire))
    for member in members:
        if member.shape.type == "map" and arrived:
            inner = member.shape.members["value"]
            values[member.name] = {name: _one_or_list(inner, given) for name, given in arrived.items()}
            arrived = {}
    return values


def _one_or_list(member: Member, given: list[str]) -> Value:
    if member.shape.type == "list":
        return [from_text(member.shape.element, text, timestamps="iso8601") for text in given]
    if len(given) != 1:
        raise Malformed(f"the query parameter `{member.name}` came twice")
    return from_text(member, given[0], timestamps="iso8601")


def _headers(shape: Shape, head: RequestHead) -> dict[str, Value]:
    values: dict[str, Value] = {}
    sent = head.first
    for member in shape.at("header"):
        if member.wire in sent:
            value = _header(member, head.all(member.wire))
            if value is not None:
                values[member.name] = value
    for member in shape.at("headers"):
        found = [(name[len(member.wire) :], value) for name, value in head.headers if name.startswith(member.wire)]
        if len(dict(found)) != len(found):
            raise Malformed(f"a header that begins with `{member.wire}` came twice")
        if found:
            values[member.name] = dict(found)
    return values


def _header(member: Member, given: tuple[str, ...]) -> Value:
    if member.shape.type == "list":
        return [from_text(member.shape.element, text, timestamps="rfc822") for text in _split(member, ",".join(given))]
    if len(given) != 1:
        raise Malformed(f"the header `{member.wire}` came twice")
    if member.wire == "content-encoding":
        return _without_framing(given[0])
    if member.jsonvalue:
        return _jsonvalue(member, given[0])
    text = fold(given[0]) if member.shape.type == "boolean" and given[0] in _PYTHONS else given[0]
    return from_text(member, text, timestamps="rfc822")


def _without_framing(text: str) -> str | None:
    """Content-Encoding as S3 stores it: without aws-chunked (S3 user guide, "Signature calculations, chunked upload")."""
    kept = [part for part in (part.strip(" \t") for part in text.split(",")) if fold(part) != "aws-chunked"]
    return ",".join(kept) or None


def _jsonvalue(member: Member, text: str) -> Value:
    value: Value = read_json(read_base64(member, text))
    return value


def _split(member: Member, text: str) -> list[str]:
    """Split a header list at commas; a value may be quoted (Smithy, "httpHeader list serialization")."""
    if member.shape.element.shape.type == "timestamp":
        parts = [part.strip(" \t") for part in text.split(",")]
        if len(parts) % 2:
            raise Malformed(f"the header `{member.wire}` holds a date that is cut at its comma")
        return [f"{day}, {rest}" for day, rest in zip(parts[::2], parts[1::2], strict=True)]
    values, at = [], 0
    while at < len(text):
        found = _ITEM.match(text, at)
        if found is None:
            raise Malformed(f"the header `{member.wire}` has a quote that does not end")
        value = found[2].rstrip(" \t") if found[1] is None else _ESCAPED.sub(r"\1", found[1])
        at = found.end()
        if not value and found[1] is None:
            raise _empty(member)
        values.append(value)
    if text.endswith(","):
        raise _empty(member)
    return values


def _empty(member: Member) -> Malformed:
    return Malformed(f"the header `{member.wire}` has an empty item, which some readers skip: quote it or leave it out")


def _body(operation: Operation, shape: Shape, head: RequestHead, content: bytes | None, *, xml: bool) -> dict[str, Value]:
    if shape.payload is not None:
        member = shape.members[shape.payload]
        value = _payload(operation, member, head, content, xml=xml)
        return {} if value is None else {member.name: value}
    if not shape.at(None):
        _require_no_body(content, xml=xml)
        return {}
    if not content:
        return {}
    if xml:
        return _from_xml(shape, head, content, {operation.root or shape.name, shape.root}, {operation.namespace, shape.namespace})
    tree = _json(operation, head, content)
    values = structure_from_tree(shape, tree)
    release(tree, content)
    return values


def _payload(operation: Operation, member: Member, head: RequestHead, content: bytes | None, *, xml: bool) -> Value:
    if member.shape.eventstream and content not in (b"", b"{}"):
        raise Malformed(
            f"{operation.name} sends signed events, which the gateway does not relay: use an operation without a stream"
        )
    if content is None:
        return UNKNOWN
    if not content or member.shape.eventstream:
        return None
    if member.shape.type == "blob":
        return content
    if member.shape.type == "string":
        return _text(content)
    if xml:
        roots, namespaces = {member.wire, member.shape.root}, {member.namespace, member.shape.namespace}
        return _from_xml(member.shape, head, content, roots, namespaces)
    tree = _json(operation, head, content)
    value = value_from_tree(member, tree)
    release(tree, content)
    return value


def _text(content: bytes) -> str:
    try:
        return from_utf8(content)
    except UnicodeDecodeError:
        raise Malformed("the body is not UTF-8") from None


def _json(operation: Operation, head: RequestHead, content: bytes) -> Any:
    # In a few operations the content type is a member itself: bedrock-agentcore's InvokeAgentRuntimeCommand.
    shape = operation.input
    own = shape is not None and any(member.wire == "content-type" for member in shape.at("header"))
    if not own and media_type(head) not in _JSON:
        raise Malformed("the content type must be application/json")
    return read_json(content)


def _from_xml(shape: Shape, head: RequestHead, content: bytes, roots: set[str], namespaces: set[str | None]) -> dict[str, Value]:
    tree = _document(head, content, roots, namespaces)
    values = structure_from_xml(shape, tree)
    release(tree, content)
    return values


def _document(head: RequestHead, content: bytes, roots: set[str], namespaces: set[str | None]) -> Element:
    if media_type(head) not in _XML:
        raise Malformed("the content type must be application/xml")
    tree = read_xml(content)
    if tree.name not in roots:
        raise Malformed(f"the XML body must be a `{min(roots)}`")
    if tree.namespace and _NAMESPACES.get(tree.namespace, tree.namespace) not in namespaces:
        raise Malformed(f"the XML body is in a namespace other than {' or '.join(sorted(filter(None, namespaces))) or 'none'}")
    return tree


def _require_no_body(content: bytes | None, *, xml: bool) -> None:
    if content and (xml or content != b"{}"):
        raise Malformed("the operation has no body")
