"""URLs to S3 objects signed with signature version 2, as boto3 presigns by default in regions older than 2014.

Rule: GET, HEAD and PUT of one object. What the signature does not cover but would change the meaning is refused: any other query
parameter, and fields that are stored with an object or decide whether it is written. The key id, which holds the account, is not
covered either, so the agent must have no other account. Fields that select what a read returns of the signed object may be
added, as with every presigned URL. The request is sent on signed with version 4.

Theory: signature = HMAC-SHA1(secret, method, content-md5, content-type, expires, x-amz-* fields, /bucket/key?sub-resources). Values
of sub-resources are signed decoded, so one that holds another's `&name=` has two readings. Presigners write fields that they have
signed into the query; S3 wants them as fields. Source: "Signing and authenticating REST requests (AWS signature version 2)",
Amazon S3 API Reference.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from trio_gate.aws.claim import SIGV2, USE_S3V4
from trio_gate.aws.forwarded_headers import HTTP
from trio_gate.errors import Malformed, Unauthenticated
from trio_gate.signing.presigned import field_of
from trio_gate.signing.verify import MAX_PRESIGNED, SKEW, matching
from trio_gate.text.folding import fold
from trio_gate.wire.aws_chunked import FRAMED, UNSIGNED

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from trio_gate.aws.call import Call, Claim, Place
    from trio_gate.wire.head import Headers, RequestHead

OPERATIONS = frozenset({"GetObject", "HeadObject", "PutObject"})

SUBRESOURCES = frozenset(
    {"partNumber", "versionId"}
    | {f"response-{name}" for name in ("cache-control", "content-disposition", "content-encoding", "content-language")}
    | {"response-content-type", "response-expires"}
)
"""Query parameters that the signature covers and with which the call is still one of OPERATIONS."""

_COVERED = ("content-md5", "content-type")
_HASH = "x-amz-content-sha256"
_FREE = frozenset({*_COVERED, "accept", "accept-encoding", "user-agent"})
_FREE_FOR_READS = _FREE | {
    "cache-control",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "range",
}


def spoken(head: RequestHead) -> RequestHead:
    """The request that a URL stands for: without its signature, and with fields in place of parameters that stand for them.

    Raises:
        Malformed: a parameter is not covered by the signature, or differs from its field.
    """
    query = tuple(pair for pair in head.target.query if pair[0] in SUBRESOURCES)
    moved = [field_of(name, value) for name, value in head.target.query if _stands_for_field(name)]
    if len(query) + len(moved) + len(SIGV2) != len(head.target.query):
        raise Malformed(f"the query holds a parameter that a signature of version 2 does not cover: {USE_S3V4}")
    names = [name for name, _ in (*query, *moved)]
    if len(set(names)) != len(names) or any(head.one(name) not in (None, value) for name, value in moved):
        raise Malformed("a parameter of the URL came twice, or differs from its field: send it once")
    if any(not value or any(f"&{name}=" in value for name in SUBRESOURCES) for _, value in query):
        raise Malformed(
            f"a parameter of the URL is empty or contains another one, which its signature cannot distinguish: {USE_S3V4}"
        )
    fields = (*head.headers, *(field for field in moved if head.one(field[0]) is None))
    said = replace(head, target=replace(head.target, query=query), headers=fields)
    if said.one(_HASH) in FRAMED:
        raise Malformed(f"aws-chunked bodies are not signed with version 2: {USE_S3V4}")
    return said


def _stands_for_field(name: str) -> bool:
    return fold(name) in _COVERED or fold(name).startswith("x-amz-")


def declared(said: RequestHead) -> RequestHead:
    """The request with its payload declared as in version 4: unsigned, unless the URL gave a hash."""
    return said if said.one(_HASH) is not None else replace(said, headers=(*said.headers, (_HASH, UNSIGNED)))


def verify(said: RequestHead, place: Place, claim: Claim, *, secrets: Sequence[str], now: datetime) -> str:
    """Check the signature of a URL. Returns the secret that it was made with.

    Args:
        said: the head from `spoken`, as AWS will see it.
        place: where the request goes; the signature covers the bucket, whether it stands in the host or in the path.
        claim: what the signature says.
        secrets: the agent's; all are tried.
        now: the time, aware.

    Raises:
        WrongSignature: it was made with none of the secrets, or over another request.
        Unauthenticated: it has expired, or expires too far in the future.
    """
    _check_time(claim.expires or 0, now)
    text = string_to_sign(said, claim.expires or 0, place.bucket)

    def sign(secret: str) -> bytes:
        return base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha1"))

    return matching(secrets, sign, claim.signature)


def _check_time(expires: int, now: datetime) -> None:
    ends = datetime.fromtimestamp(expires, UTC)
    if now > ends:
        raise Unauthenticated("request has expired", condition="Expired")
    if ends - now > timedelta(seconds=MAX_PRESIGNED) + SKEW:
        raise Unauthenticated(f"Expires must be at most {MAX_PRESIGNED} seconds ahead")


def string_to_sign(said: RequestHead, expires: int, bucket: str | None) -> str:
    """The text that the agent's secret signs. `bucket` is the one that the host names, if any."""
    covered = [said.one(name) or "" for name in _COVERED]
    path = said.target.arrived or said.target.path
    resource = f"/{bucket}{path}" if bucket else path
    query = "&".join(f"{name}={value}" for name, value in sorted(said.target.query))
    return "\n".join(
        (said.method, *covered, str(expires), *_amz_lines(said.headers), f"{resource}?{query}" if query else resource)
    )


def _amz_lines(headers: Headers) -> list[str]:
    return [f"{name}:{value}" for name, value in sorted(headers) if name.startswith("x-amz-")]


def check_account(accounts: Collection[str]) -> None:
    """Refuse a URL whose account is not proven, because the signature does not cover the key id. Raises Unauthenticated.

    Args:
        accounts: the accounts that its agent may use.
    """
    if len(accounts) > 1:
        raise Unauthenticated(f"a signature of version 2 does not cover the account, and this agent has several: {USE_S3V4}")


def check_call(call: Call, head: RequestHead) -> None:
    """Refuse a call that such a URL may not make. `head` is what would be sent. Raises Malformed, Unauthenticated."""
    if call.service != "s3" or call.operation not in OPERATIONS:
        raise Unauthenticated(f"a URL signed with version 2 may only GET, HEAD or PUT one object: {USE_S3V4}")
    free = _FREE if call.operation == "PutObject" else _FREE_FOR_READS
    loose = sorted({name for name, _ in head.headers} & HTTP - free)
    if loose:
        raise Malformed(f"a signature of version 2 does not cover the field `{loose[0]}`: {USE_S3V4}")
