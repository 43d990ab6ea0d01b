"""Selects the header fields that are sent upstream.

Rule: an allow-list. A field is forwarded if the operation's model binds it, if AWS reads it as plain HTTP, or if it belongs to
the protocol or to the SDK's own bookkeeping. Any other `x-amz-*` or `x-amzn-*` is refused, never dropped, as it may change what
AWS does. The rest is dropped; the signer and the writer set host, date, token, signature and framing.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from trio_gate.errors import Malformed

if TYPE_CHECKING:
    from trio_gate.aws.model.catalog import Operation, Service
    from trio_gate.aws.model.shape import Shape
    from trio_gate.wire.head import Headers, RequestHead

SET_BY_US = frozenset(
    {
        "authorization",
        "connection",
        "content-length",
        "date",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-amz-s3session-token",
        "x-amz-security-token",
    }
)
"""Fields that the signer and the writer set themselves, or that are hop-by-hop (RFC 9110 §7.6.1)."""

HTTP = frozenset(
    {
        "accept",
        "accept-encoding",
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-md5",
        "content-type",
        "expires",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "range",
        "user-agent",
    }
)
"""Fields that AWS honours with the meaning that HTTP gives them."""

PROTOCOL = frozenset(
    {
        "amz-sdk-invocation-id",
        "amz-sdk-request",
        "x-amz-user-agent",
        "x-amzn-trace-id",
    }
)
"""Fields that SDKs send with every operation."""

OF_PROTOCOL = {
    "json": frozenset({"x-amz-target", "x-amzn-query-mode"}),
    "smithy-rpc-v2-cbor": frozenset({"smithy-protocol", "x-amzn-query-mode"}),
}
"""Selectors and modes of one protocol; `x-amzn-query-mode` asks for the query protocol's error codes."""

S3_UPLOAD = frozenset({"x-amz-decoded-content-length", "x-amz-trailer", "x-amz-sdk-checksum-algorithm"})
"""Fields that say how the body of an S3 upload is framed and checked."""

OF_SERVICE = {
    "glacier": frozenset({"x-amz-glacier-version", "x-amz-sha256-tree-hash"}),
    "s3control": frozenset({"x-amz-outpost-id"}),
}
"""Fields that SDKs send although no model has them, such as JavaScript's tree hash for every Glacier body. `naming` compares the
outpost with the ARNs in the parameters."""

API_VERSION = "x-amz-api-version"
"""Sent with endpoint discovery and by the C++ SDK; only the model's own version is accepted."""

_REMEMBERED = 512
"""Of how many operations the allowed fields are remembered."""

CHECKSUM_PREFIX = "x-amz-checksum-"
CHECKSUM_ALGORITHM = "x-amz-sdk-checksum-algorithm"


def forwarded_headers(head: RequestHead, service: Service, operation: Operation, protocol: str) -> Headers:
    """The fields of `head` to sign and send, in their order.

    Raises:
        Malformed: an `x-amz-*` or `x-amzn-*` field that the operation does not have.
    """
    allowed, prefixes = _allowed(service, operation, protocol)
    kept = []
    for field in head.headers:
        name = field[0]
        if name in allowed:
            kept.append(field)
        elif name in SET_BY_US:
            continue
        elif name.startswith(prefixes) or field == (API_VERSION, service.api_version):
            kept.append(field)
        elif name.startswith(("x-amz-", "x-amzn-")):
            raise Malformed(f"`{name[:64]}` is not a header of {service.name}:{operation.name}")
    return tuple(kept)


@lru_cache(_REMEMBERED)
def _allowed(service: Service, operation: Operation, protocol: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """The names and prefixes of the fields that are sent on."""
    names, prefixes = _bound(operation.input)
    allowed = names | HTTP | PROTOCOL | OF_PROTOCOL.get(protocol, frozenset()) | OF_SERVICE.get(service.name, frozenset())
    allowed |= _checksums(service.name, operation)
    if service.name in _CHECKSUMMED:
        prefixes = (*prefixes, CHECKSUM_PREFIX)
    return allowed - SET_BY_US, prefixes


_CHECKSUMMED = ("s3", "s3control")


def _checksums(service: str, operation: Operation) -> frozenset[str]:
    if service == "s3" and operation.streams:
        return S3_UPLOAD
    return frozenset({CHECKSUM_ALGORITHM}) if service in _CHECKSUMMED else frozenset()


def modelled(headers: Headers, shape: Shape | None) -> frozenset[str]:
    """The names of those fields that hold members of an operation's input; `shape` is that input's."""
    names, prefixes = _bound(shape)
    return frozenset(name for name, _ in headers if name in names or name.startswith(prefixes))


def _bound(shape: Shape | None) -> tuple[frozenset[str], tuple[str, ...]]:
    """The header names and prefixes that the model binds to members."""
    if shape is None:
        return frozenset(), ()
    return frozenset(member.wire for member in shape.at("header")), tuple(member.wire for member in shape.at("headers"))
