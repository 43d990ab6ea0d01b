"""Checks that an inbound signature proves the agent: made with its secret, over this request, just now.

Rule: a signature must cover everything that names the call: host, target and every x-amz field. A failure does not say which
part was wrong, because that would help only someone who guesses.

Theory: the agent signed the request as its SDK wrote it, so the canonical request is built from the head as it arrived, with
the fields that the claim lists. Outside S3 the path is taken in its original spelling, because SDKs leave `:` `@` `$` in some
routes bare and sign that; S3's path, and every query, is decoded and encoded strictly.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from trio_gate.errors import Malformed, Unauthenticated, WrongSignature
from trio_gate.signing.chunk_signatures import Chain
from trio_gate.signing.sigv4 import (
    NO_BODY,
    S3_FAMILY,
    SigningKeys,
    by_name,
    canonical_request,
    sign_string,
    stamp,
    string_to_sign,
)
from trio_gate.wire.aws_chunked import FRAMED, SHA256_HEX, UNSIGNED, declared_payload, refused_payload, undeclared
from trio_gate.wire.head import Held, Streamed, encoded_path

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trio_gate.aws.call import Claim
    from trio_gate.wire.head import Body, RequestHead

SKEW = timedelta(minutes=15)
"""How far an agent's clock may be off; the same as AWS allows."""

MAX_PRESIGNED = 604800
"""Seconds a presigned request may live: seven days."""

_DATE = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_EXPIRES = re.compile(r"[1-9][0-9]{0,5}")
WRONG = "no agent here has this access key id with this secret: check both, and the account in the key id"
"""One reason for an unknown account, an unknown suffix and a wrong secret: without a secret nobody learns what is configured."""

_DATES = 64
"""How many dates of signatures are remembered: agents sign many requests in one second."""


def verify(
    head: RequestHead, claim: Claim, *, payload_hash: str, secrets: Sequence[str], now: datetime, keys: SigningKeys | None = None
) -> str:
    """Check the signature of a request, in its head or presigned. Returns the secret that it was made with.

    Args:
        head: the head as it arrived.
        claim: what its signature says.
        payload_hash: from `declared_hash`, or the hash of the body.
        secrets: the agent's; all are tried, so that the time does not say which one it was.
        now: the current time, aware.
        keys: the cache of derived keys; None for none.

    Raises:
        WrongSignature: it was made with none of the secrets, or over another request.
        Unauthenticated: its time is off, or it does not cover the whole request.
    """
    presigned = "authorization" not in head.first
    _check_time(head, claim, now, presigned=presigned)
    _check_covered(head, claim)
    names = claim.signed_headers
    query = [pair for pair in head.target.query if pair[0] != "X-Amz-Signature"] if presigned else head.target.query
    path = _path(head, claim.service)
    request = canonical_request(head.method, by_name(head), path=path, query=query, names=names, payload_hash=payload_hash)
    scope = f"{claim.date}/{claim.region}/{claim.service}/aws4_request"
    text, keys = string_to_sign(claim.amz_date, scope, request), keys or SigningKeys()

    def sign(secret: str) -> bytes:
        return sign_string(keys.key(secret, claim.date, claim.region, claim.service), text).encode()

    return matching(secrets, sign, claim.signature)


def matching(secrets: Sequence[str], sign: Callable[[str], bytes], signature: str) -> str:
    """The secret with which `sign` gives this signature; all are tried. Raises WrongSignature."""
    offered, found = signature.encode(), None
    for secret in secrets:
        if hmac.compare_digest(sign(secret), offered):
            found = secret
    if found is None:
        raise WrongSignature(WRONG, detail="the signature does not match this agent's secret")
    return found


def chain_of(claim: Claim, secret: str | None, keys: SigningKeys) -> Chain | None:
    """The signatures that the chunks of an agent's upload must have; None where `secret` is None, so nothing can be checked."""
    if secret is None:
        return None
    scope = f"{claim.date}/{claim.region}/{claim.service}/aws4_request"
    key = keys.key(secret, claim.date, claim.region, claim.service)
    return Chain(key=key, amz_date=claim.amz_date, scope=scope, seed=claim.signature)


def declared_hash(head: RequestHead, claim: Claim, *, has_body: bool) -> str | None:
    """What stands for the body in the inbound canonical request, from the head alone; None for the hash of a body yet to be read.

    Raises:
        Malformed: the head declares a form that is not served, or none where one is required.
    """
    declared = declared_payload(head)
    if declared is None:
        if not has_body or _presigned_s3(head):
            return UNSIGNED if _presigned_s3(head) else NO_BODY
        if claim.service in S3_FAMILY:
            raise undeclared()
    elif declared != UNSIGNED and declared not in FRAMED and not SHA256_HEX.fullmatch(declared):
        raise refused_payload(declared)
    return declared


def outbound_hash(body: Body, sha256: str | None) -> str:
    """What stands for a body in the new signature; `sha256` is of the body as it was read, with its framing."""
    if isinstance(body, Streamed):
        return body.sha256 or body.kind.value
    if isinstance(body, Held) and sha256 and body.framed is None:
        return sha256
    return hashlib.sha256(body.data if isinstance(body, Held) else b"").hexdigest()


def payload_hash_of(head: RequestHead, body: Body, sha256: str | None = None) -> str:
    """What stands for the body in the inbound canonical request, checked against a body whose hash is known.

    Args:
        head: the head as it arrived.
        body: the body, without aws-chunked framing.
        sha256: of a held body's data, where that is known.

    Raises:
        Malformed: the head declares a different body, or a form that is for uploads only.
    """
    declared = declared_payload(head)
    if isinstance(body, Streamed):
        if body.sha256 is None:
            return body.kind.value
        actual = body.sha256
    else:
        actual = sha256 or hashlib.sha256(body.data if isinstance(body, Held) else b"").hexdigest()
    if declared is None:
        return UNSIGNED if _presigned_s3(head) else actual
    if declared == UNSIGNED or (isinstance(body, Held) and body.framed):
        return declared
    if declared in FRAMED:
        raise Malformed("only S3 takes aws-chunked bodies: send the body plain")
    if not SHA256_HEX.fullmatch(declared):
        raise refused_payload(declared)
    if declared != actual:
        raise Malformed("the body does not have the hash that x-amz-content-sha256 says", condition="HashMismatch")
    return actual


def _check_time(head: RequestHead, claim: Claim, now: datetime, *, presigned: bool) -> None:
    sent = dict(head.target.query).get("X-Amz-Date") if presigned else head.one("x-amz-date")
    if not _DATE.fullmatch(claim.amz_date) or claim.amz_date[:8] != claim.date or sent not in (None, claim.amz_date):
        raise Unauthenticated("the signature's dates differ, or are not written as 20260131T235959Z")
    try:
        made = _time(claim.amz_date)
    except ValueError:
        raise Unauthenticated("the signature's date does not exist in the calendar") from None
    life = _life(head) if presigned else SKEW
    if now - made > life:
        edge = f"{stamp(now - life)} ({stamp(now)} - {_minutes(life)})"
        reason = "request has expired" if presigned else f"Signature expired: {claim.amz_date} is now earlier than {edge}"
        raise Unauthenticated(reason, condition="Expired" if presigned else "ClockSkew")
    if made - now > SKEW:
        edge = f"{stamp(now + SKEW)} ({stamp(now)} + {_minutes(SKEW)})"
        raise Unauthenticated(f"Signature not yet current: {claim.amz_date} is still later than {edge}", condition="ClockSkew")


@lru_cache(_DATES)
def _time(text: str) -> datetime:
    """The time that a date of _DATE's form says. Raises ValueError."""
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _minutes(span: timedelta) -> str:
    return f"{span.total_seconds() / 60:g} min."


def _life(head: RequestHead) -> timedelta:
    text = dict(head.target.query).get("X-Amz-Expires", "")
    if not _EXPIRES.fullmatch(text) or int(text) > MAX_PRESIGNED:
        raise Unauthenticated("X-Amz-Expires must be 1 to 604800 seconds")
    return timedelta(seconds=int(text))


def _check_covered(head: RequestHead, claim: Claim) -> None:
    names, present = claim.signed_headers, head.first
    signed = frozenset(names)
    if len(signed) != len(names) or list(names) != sorted(names):
        raise Unauthenticated("SignedHeaders must be sorted and name each header once")
    loose = [name for name in present.keys() - signed if name.startswith("x-amz-")]
    if loose or "host" not in signed or not signed <= present.keys():
        raise Unauthenticated("the signature must cover host and every x-amz field, and no field that is absent")


def _path(head: RequestHead, service: str) -> str:
    return head.target.path if service in S3_FAMILY else encoded_path(head.target.arrived or head.target.path)


def _presigned_s3(head: RequestHead) -> bool:
    if not head.target.query:
        return False
    query = dict(head.target.query)
    scope = query.get("X-Amz-Credential", "").split("/")
    return "X-Amz-Signature" in query and len(scope) == 5 and scope[3] in S3_FAMILY
