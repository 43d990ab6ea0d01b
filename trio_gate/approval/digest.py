"""What an approval is bound to: one SHA-256 over everything that defines the call that AWS will execute.

Rule: two calls that could differ in effect have different digests. So all headers count, except a closed list of those that say
nothing about the call or change each time it is sent; and even these count where the operation's model makes them parameters.

Theory: the encoding is injective. Each value is a tag, a length of eight bytes and its bytes; a list is a tag, a count and its
items; the fields follow the version in a fixed order. Adding or removing a field makes a new version.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.idempotency import IdempotentForm
    from trio_gate.wire.head import Headers

VERSION = "trio-gate request digest 2"

LEFT_OUT = frozenset(
    {
        "authorization",
        "baggage",
        "connection",
        "content-length",
        "date",
        "expect",
        "traceparent",
        "tracestate",
        "transfer-encoding",
        "user-agent",
        "x-amz-date",
        "x-amz-s3session-token",
        "x-amz-security-token",
        "x-amz-user-agent",
        "x-amzn-trace-id",
    }
)
"""Header fields left out of the digest unless they are parameters: signature, dates, token, user agents, tracing, framing."""

LEFT_OUT_PREFIX = "amz-sdk-"
"""Fields with this prefix are left out too: attempt counters and the SDK's invocation id."""

_HASHES = ("content-md5", "x-amz-content-sha256", "x-amz-checksum-")
"""Prefixes of fields that hold a hash of the payload, and so change with its idempotency token."""

_Item = str | None | tuple["_Item", ...]


@value_class
class DigestInput:
    """All that a digest covers.

    Attributes:
        agent: the agent's name; None while no agent is configured.
        credential: the name of the base credential's block.
        assume_role: the whole AssumeRole request, by the names of its parts.
        host: the host that the request names. address: "host:port" where its connections go instead; None without.
        path, query: in the canonical spelling, as sent.
        headers: every field that will be sent; `digest` leaves out the closed list.
        modelled: the names of those fields that hold parameters.
        payload_length, payload_sha256: bytes and lower-case hex of the content after aws-chunked and transfer decoding. The
            length is only shown to people; it follows from the hash, so it is not encoded.
        trailers: the payload's trailers.
        rule: name of the rule that requires the approval.
        repeat: the request without its idempotency tokens, see `aws.idempotency`; None if it has none.
    """

    agent: str | None
    account: str
    partition: str
    region: str
    signing_name: str
    credential: str
    assume_role: Mapping[str, str | None]
    host: str
    address: str | None
    method: str
    path: str
    query: str
    headers: Headers
    modelled: frozenset[str] = frozenset()
    payload_length: int
    payload_sha256: str
    trailers: Headers = ()
    rule: str
    repeat: IdempotentForm | None = None


def digest(parts: DigestInput) -> str:
    """The request digest, 64 lower-case hex digits."""
    items: tuple[_Item, ...] = (
        VERSION,
        parts.agent,
        parts.account,
        parts.partition,
        parts.region,
        parts.signing_name,
        parts.credential,
        tuple(sorted(parts.assume_role.items())),
        parts.host,
        parts.address,
        parts.method,
        parts.path,
        parts.query,
        _by_name(tuple(field for field in parts.headers if field[0] in parts.modelled or not says_nothing(field[0]))),
        parts.payload_sha256,
        _by_name(parts.trailers),
        parts.rule,
    )
    return hashlib.sha256(_encode(items)).hexdigest()


def repeat_key(parts: DigestInput) -> str:
    """A digest that stays the same when an SDK makes the same call again; `digest` itself for a call without such tokens."""
    repeat = parts.repeat
    if repeat is None:
        return digest(parts)
    headers = tuple(field for field in parts.headers if field[0] not in repeat.headers and not hashes_payload(field[0]))
    return digest(replace(parts, payload_sha256=f"repeat {repeat.sha256}", query="", headers=headers))


def says_nothing(name: str) -> bool:
    """Whether a header field that is no parameter is left out of the digest."""
    return name in LEFT_OUT or name.startswith(LEFT_OUT_PREFIX)


def hashes_payload(name: str) -> bool:
    """Whether a header field holds a hash of the payload."""
    return name.startswith(_HASHES)


def _by_name(headers: Headers) -> Headers:
    """Sorted by name; values of the same name keep their order, which is significant (RFC 9110 section 5.3)."""
    return tuple(sorted(headers, key=lambda field: field[0]))


def _encode(item: _Item) -> bytes:
    match item:
        case None:
            return b"n"
        case str():
            data = item.encode("utf-8", "surrogatepass")
            return b"s%b%b" % (len(data).to_bytes(8, "big"), data)
        case _:
            return b"l%b%b" % (len(item).to_bytes(8, "big"), b"".join(map(_encode, item)))
