"""Turns query parameters that stand for header fields in a presigned request to S3 back into fields.

Rule: there is one form. A parameter is refused if its field is there too, if it comes twice or in two spellings, or if the
request is signed in its head. No protection is lost, because the inbound signature covers the query.

Theory: a URL carries no fields, so presigners move `x-amz-*` fields into the query, in lower case (JavaScript) or as
`X-Amz-Acl` (Go). S3 honours most of them there and ignores some, such as x-amz-tagging. As a field each means the same to the
rules and to S3. The one exception is the checksum of an empty body: the JavaScript SDK, which presigns uploads without their
bodies, puts it into every such URL, and S3 ignores it (github.com/localstack/localstack/issues/12169); as a field it would
fail every upload.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from trio_gate.aws.claim import PRESIGNED
from trio_gate.errors import Malformed
from trio_gate.signing.sigv4 import S3_FAMILY
from trio_gate.text.folding import fold
from trio_gate.wire.parse import field_value

if TYPE_CHECKING:
    from trio_gate.aws.call import Claim
    from trio_gate.wire.head import RequestHead

_PREFIX = "x-amz-"
_ANYWHERE = frozenset({"X-Amz-Content-Sha256", "X-Amz-S3session-Token", "X-Amz-Security-Token"})
"""Presigners of every service add these, in this one spelling."""

_ANYWHERE_FOLDED = frozenset(map(fold, _ANYWHERE))

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~\-]+")
_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")

_ALGORITHM = "x-amz-sdk-checksum-algorithm"
_CHECKSUM = "x-amz-checksum-"
_OF_NOTHING = frozenset(
    {"AAAAAA==", "AAAAAAAAAAA=", "2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}
)
"""The checksums of an empty body in base64: CRC32 and CRC32C, CRC64NVME, SHA-1, SHA-256."""


def with_fields(head: RequestHead, claim: Claim) -> RequestHead:
    """Turn the query parameters that stand for fields into fields.

    Outside S3 they stay: such a parameter is an operation's own, as in Sign-In's paths, or the router refuses it.

    Args:
        head: the head as it arrived; `verify` needs that one, not what is returned.
        claim: what its signature says.

    Raises:
        Malformed: a parameter is there in two forms, or cannot be a field.
    """
    moved = [pair for pair in head.target.query if _stands_for_field(pair[0])] if head.target.query else None
    if not moved:
        return head
    anywhere = [name for name, _ in moved if fold(name) in _ANYWHERE_FOLDED]
    if head.one("authorization") is not None and (anywhere or claim.service in S3_FAMILY):
        raise Malformed("an x-amz parameter in the query of a request that is signed in its head: send it as a field")
    if claim.service not in S3_FAMILY:
        _check_once(head, anywhere)
        return head
    _check_once(head, [name for name, _ in moved])
    fields = tuple(field_of(name, value) for name, value in moved)
    query = tuple(pair for pair in head.target.query if not _stands_for_field(pair[0]))
    target = replace(head.target, query=query)
    return replace(head, target=target, headers=(*head.headers, *_without_digest_of_nothing(fields)))


def _stands_for_field(name: str) -> bool:
    return fold(name).startswith(_PREFIX) and name not in PRESIGNED


def _check_once(head: RequestHead, names: list[str]) -> None:
    folded = [fold(name) for name in names]
    fields = {name for name, _ in head.headers}
    if len(set(folded)) != len(folded) or not fields.isdisjoint(folded):
        raise Malformed("an x-amz parameter of a presigned request came twice, or as a field too: send it once")
    if any(fold(name) in _ANYWHERE_FOLDED and name not in _ANYWHERE for name in names):
        raise Malformed("a parameter of a presigned request is not spelled as X-Amz-Content-Sha256 is")


def field_of(name: str, value: str) -> tuple[str, str]:
    """Name (lower case) and value of the field that a query parameter stands for. Raises Malformed."""
    if not (_NAME.fullmatch(name) and _VALUE.fullmatch(value)):
        raise Malformed("a parameter of a presigned request cannot stand for a field: its name or value holds other bytes")
    return fold(name), field_value(fold(name), value.strip(" ").encode())


def _without_digest_of_nothing(fields: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    digests = {name for name, value in fields if name.startswith(_CHECKSUM) and value in _OF_NOTHING}
    left_out = digests | {_ALGORITHM} if digests else set()
    return tuple(field for field in fields if field[0] not in left_out)
