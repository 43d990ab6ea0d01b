"""Selectors of the RPC protocols: X-Amz-Target for json, the path for CBOR, Action and Version for query and ec2.

Rule: each protocol has one place for the selector, which is read exactly; anything else that could name an operation must be
absent. The functions return the operation's name, or raise NoMatch with the reason.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.model.catalog import Service
    from trio_gate.wire.head import RequestHead

TARGET = "x-amz-target"
SMITHY = "smithy-protocol"
FORM = "application/x-www-form-urlencoded"
_JSON_TYPES = ("application/x-amz-json-1.0", "application/x-amz-json-1.1")
SPELLED: Mapping[str, str] = {
    **{kind: kind for kind in (*_JSON_TYPES, FORM, "application/json", "application/xml", "application/cbor")},
    f"{FORM}; charset=utf-8": FORM,
}
"""Content types as SDKs spell them, with what they mean: most requests have one of them."""

_CHARSET = re.compile(r'[ \t]*charset=(?:utf-8|"utf-8")[ \t]*', re.ASCII | re.IGNORECASE)


class NoMatch(Exception):  # noqa: N818 - not an error: another candidate may match
    """Raised if a service does not have the operation; the text says why."""


def media_type(head: RequestHead) -> str | None:
    """The content type in lower case without `charset=utf-8`; None if absent. Other parameters stay, so nothing matches them."""
    value = head.one("content-type")
    if value is None or value in SPELLED:
        return SPELLED[value] if value else None
    if not value.isascii():
        return value
    kind, semicolon, parameter = value.partition(";")
    return fold(kind.rstrip(" \t")) if not semicolon or _CHARSET.fullmatch(parameter) else fold(value)


def json_operation(service: Service, head: RequestHead) -> str:
    """The operation of `X-Amz-Target: prefix.Operation` (AWS JSON 1.0 and 1.1)."""
    _require(head, path=("",))
    if media_type(head) not in _JSON_TYPES:
        raise NoMatch("x-amz-target needs content-type application/x-amz-json-1.0 or 1.1")
    prefix, _, name = (head.one(TARGET) or "").rpartition(".")
    if (prefix != service.target_prefix and prefix not in _names(service)) or name not in service.operations:
        raise NoMatch(f"{service.name} has no such x-amz-target")
    return name


def cbor_operation(service: Service, head: RequestHead, *, empty: bool) -> str:
    """The operation of `/service/prefix/operation/Operation` (Smithy RPC v2 CBOR)."""
    segments = head.target.segments
    if head.one(SMITHY) != "rpc-v2-cbor":
        raise NoMatch("smithy-protocol must say rpc-v2-cbor")
    if len(segments) != 4 or segments[0] != "service" or segments[1] not in _names(service) or segments[2] != "operation":
        raise NoMatch(f"the path is not {service.name}'s for rpc-v2-cbor")
    _require(head, path=segments)
    if media_type(head) != "application/cbor" and not (empty and media_type(head) is None):
        raise NoMatch("rpc-v2-cbor needs content-type application/cbor")
    if segments[3] not in service.operations:
        raise NoMatch(f"{service.name} has no such operation")
    return segments[3]


def query_operation(service: Service, head: RequestHead, form: Mapping[str, str]) -> str:
    """The operation of `Action` and `Version`: from the URL for GET, from the form for POST, never from both."""
    if head.method == "GET":
        if head.one("content-type") not in (None, "") and media_type(head) != FORM:
            raise NoMatch("a GET of the query protocol has no body")
    elif media_type(head) != FORM:
        raise NoMatch(f"the query protocol needs content-type {FORM}")
    _require(head, path=head.target.segments if service.name == "sqs" else ("",), methods=("GET", "POST"))
    if form.get("Version") != service.api_version:
        raise NoMatch(f"{service.name} has Version={service.api_version}")
    name = form.get("Action", "")
    if name not in service.operations:
        raise NoMatch(f"{service.name} has no such Action")
    return name


def _names(service: Service) -> tuple[str, str]:
    """A service's names in the RPC protocols: the model's prefix, with and without its namespace.

    botocore sends com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101; SDKs made from Smithy models send the shape name of the
    service, which is all that Smithy's protocols have.
    """
    return service.target_prefix, service.target_prefix.rpartition(".")[2]


def _require(head: RequestHead, *, path: tuple[str, ...], methods: tuple[str, ...] = ("POST",)) -> None:
    if head.method not in methods:
        raise NoMatch(f"the method must be {' or '.join(methods)}")
    if head.target.segments != path:
        raise NoMatch("the path must be /")
    if head.target.query and head.method == "POST":
        raise NoMatch("the URL of a POST may not hold parameters: put them all into the body")
