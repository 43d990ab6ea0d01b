"""URLs to objects of S3 that are signed with version 2, as boto3 presigns by default in regions older than 2014.

Rule: GET, HEAD and PUT of one object. What this signature does not cover and what would change the meaning is refused: any other
parameter of the query, and fields that are kept with an object or decide whether it is written. The key id, which holds the
account, is not covered either, so the account must be the only one that the agent may use. Fields that choose what a read
answers of the object that was signed may be added, as to every presigned URL. What goes on is signed with version 4.

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
from trio_gate.errors import Malformed, Unauthenticated, WrongSignature
from trio_gate.signing.presigned import field_of
from trio_gate.signing.verify import MAX_PRESIGNED, SKEW, WRONG
from trio_gate.text.folding import fold
from trio_gate.wire.aws_chunked import FRAMED, UNSIGNED

if TYPE_CHECKING:
    from collections.abc import Collection

    from trio_gate.aws.call import Call, Claim, Place
    from trio_gate.wire.head import Headers, RequestHead

OPERATIONS = frozenset({"GetObject", "HeadObject", "PutObject"})

SUBRESOURCES = frozenset(
    {"partNumber", "versionId"}
    | {f"response-{name}" for name in ("cache-control", "content-disposition", "content-encoding", "content-language")}
    | {"response-content-type", "response-expires"}
)
"""Those of an object that the signature covers and that leave it one of OPERATIONS."""

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
    """The request without its signature: what the query says in place of fields stands in fields, its payload's hash among them.

    Raises:
        Malformed: a parameter is not covered by the signature, or says something else than its field.
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
            f"a parameter of the URL is empty or holds another one, which its signature cannot tell apart: {USE_S3V4}"
        )
    fields = (*head.headers, *(field for field in moved if head.one(field[0]) is None))
    said = replace(head, target=replace(head.target, query=query), headers=fields)
    if said.one(_HASH) in FRAMED:
        raise Malformed(f"aws-chunked bodies are not signed with version 2: {USE_S3V4}")
    return said


def _stands_for_field(name: str) -> bool:
    return fold(name) in _COVERED or fold(name).startswith("x-amz-")


def declared(said: RequestHead) -> RequestHead:
    """The same with a declared payload, as version 4 has it: the body of a URL is unsigned unless it says its hash."""
    return said if said.one(_HASH) is not None else replace(said, headers=(*said.headers, (_HASH, UNSIGNED)))


def verify(said: RequestHead, place: Place, claim: Claim, *, secret: str, now: datetime) -> None:
    """Check the signature of a URL.

    Args:
        said: the head from `spoken`, as AWS will see it.
        place: where it goes: the signature covers the bucket, wherever it stands.
        claim: what the signature says.
        secret: the agent's.
        now: the time, aware.

    Raises:
        WrongSignature: it was made with another secret, or over another request.
        Unauthenticated: its time is over or too far ahead.
    """
    _check_time(claim.expires or 0, now)
    text = string_to_sign(said, claim.expires or 0, place.bucket)
    expected = base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha1"))
    if not hmac.compare_digest(expected, claim.signature.encode()):
        raise WrongSignature(WRONG, detail="the signature does not match this agent's secret")


def _check_time(expires: int, now: datetime) -> None:
    ends = datetime.fromtimestamp(expires, UTC)
    if now > ends:
        raise Unauthenticated("request has expired", condition="Expired")
    if ends - now > timedelta(seconds=MAX_PRESIGNED) + SKEW:
        raise Unauthenticated(f"Expires must be at most {MAX_PRESIGNED} seconds ahead")


def string_to_sign(said: RequestHead, expires: int, bucket: str | None) -> str:
    """What the secret signs; `bucket` is the host's."""
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
    """Refuse a URL whose account nothing proves: the signature does not cover the key id. Raises Unauthenticated.

    Args:
        accounts: those that its agent may use.
    """
    if len(accounts) > 1:
        raise Unauthenticated(f"a signature of version 2 does not cover the account, and this agent has several: {USE_S3V4}")


def check_call(call: Call, head: RequestHead) -> None:
    """Refuse what such a URL cannot mean. `head` is what is sent of it. Raises Malformed, Unauthenticated."""
    if call.service != "s3" or call.operation not in OPERATIONS:
        raise Unauthenticated(f"a URL signed with version 2 may be for GET, HEAD or PUT of an object alone: {USE_S3V4}")
    free = _FREE if call.operation == "PutObject" else _FREE_FOR_READS
    loose = sorted({name for name, _ in head.headers} & HTTP - free)
    if loose:
        raise Malformed(f"a signature of version 2 does not cover the field `{loose[0]}`: {USE_S3V4}")
