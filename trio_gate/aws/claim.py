"""Reads what a request says about its signer, from the Authorization field or presigned parameters; nothing is verified yet.

Rule: one signature, in one place, in one spelling. Each part has one exact grammar in ASCII; nothing is trimmed, folded, skipped
or defaulted, because nobody knows how AWS would read another form (CVE-2022-2385 was two spellings of one parameter). No reason
repeats what the agent sent, as that may hold a real key.

Source: "Signature Version 4 signing process", AWS General Reference: header `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…,
Signature=…`, or the query parameters X-Amz-Algorithm, -Credential, -Date, -Expires, -SignedHeaders and -Signature. "Signing and
authenticating REST requests (AWS signature version 2)", Amazon S3 API Reference: AWSAccessKeyId, Signature and Expires.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from trio_gate.aws.call import Claim
from trio_gate.errors import Malformed, Unauthenticated
from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from trio_gate.wire.head import RequestHead

_ALGORITHM = "AWS4-HMAC-SHA256"
_SIGV4A = "AWS4-ECDSA-P256-SHA256"

_NAMES = r"[a-z0-9!#$%&'*+.^_`|~\-]+(?:;[a-z0-9!#$%&'*+.^_`|~\-]+)*"
_HEADER = re.compile(rf"{_ALGORITHM} Credential=([^ ,]+), ?SignedHeaders=({_NAMES}), ?Signature=([0-9a-f]{{64}})")
_SIGNED_NAMES = re.compile(_NAMES)
_SIGNATURE = re.compile(r"[0-9a-f]{64}")
_SCOPE = re.compile(r"([^/]+)/([0-9]{8})/([A-Za-z0-9\-]{1,64})/([A-Za-z0-9\-]{1,64})/aws4_request")
_PLACEHOLDER = re.compile(r"[A-Z]{4}([0-9]{12})([A-Z][A-Z0-9]{0,15})")
_REAL = re.compile(r"A[A-Z]{3}[A-Z2-7]{16}")
_DATE = re.compile(r"[0-9]{8}T[0-9]{6}Z")

VIRTUAL = "TGVS"
"""The prefix of the key ids of virtual sessions (`sessions`), which is none of AWS's."""

PRESIGNED = frozenset(
    {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature"}
)
"""The parameters of a SigV4 signature in the query."""

SIGV2 = frozenset({"AWSAccessKeyId", "Signature", "Expires"})
"""The parameters of a version 2 signature in the query of a URL to S3."""

USE_S3V4 = 'presign with Config(signature_version="s3v4")'
"""What to do instead of SigV2, in boto3's terms."""

_PRESIGNED_FOLDED = frozenset(map(fold, PRESIGNED))
_OTHER_V2 = frozenset({"SignatureVersion", "SignatureMethod"})
_V2_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{27}=")
_EXPIRES = re.compile(r"[1-9][0-9]{0,9}")
_NO_REGION = "us-east-1"
"""The region of S3 requests that name none."""

_TOKEN_FIELDS = ("x-amz-security-token", "x-amz-s3session-token")
_TOKEN_PARAMETERS = frozenset({"X-Amz-Security-Token", "X-Amz-S3session-Token"})
_ANY_FOLDED = _PRESIGNED_FOLDED | frozenset(map(fold, SIGV2 | _OTHER_V2 | _TOKEN_PARAMETERS))
_USE_V4 = "sign with AWS4-HMAC-SHA256 and a placeholder key"
_NO_V4A = f"SigV4A is not served: set AWS_AUTH_SCHEME_PREFERENCE=sigv4 and use resources of one region; {_USE_V4}"
_NO_V2 = "signature version 2 is served only in presigned URLs of S3: set signature_version to v4, s3v4 for S3"


def signed(head: RequestHead) -> bool:
    """Whether a request carries anything of a signature, of whichever kind."""
    in_head = any(name in head.first for name in ("authorization", *_TOKEN_FIELDS))
    return in_head or any(fold(name) in _ANY_FOLDED for name, _ in head.target.query)


def read_claim(head: RequestHead) -> Claim:
    """Read which key a signature claims, for which scope and over which fields.

    Raises:
        Malformed: there are two signatures, or a parameter of one is repeated or misspelled.
        Unauthenticated: there is no signature, its kind is not served, or the key id is not a placeholder.
    """
    presigned = _presigned(head)
    authorization = head.one("authorization")
    old = "AWSAccessKeyId" in [name for name, _ in head.target.query]
    if (authorization is not None) + bool(presigned) + old > 1:
        raise Malformed("the request carries more than one signature: sign it once, in its head or in its query")
    if authorization is not None:
        claim = _from_header(head, authorization)
    else:
        claim = _from_v2(head) if old else _from_query(head, presigned)
    return replace(claim, token=_token(head)) if claim.access_key_id.startswith(VIRTUAL) else claim


def _token(head: RequestHead) -> str:
    """The token of a virtual session. A placeholder that is none needs no token: one that comes with it is not looked at."""
    tokens = [value for name in _TOKEN_FIELDS for value in head.all(name)]
    tokens += [value for name, value in head.target.query if name in _TOKEN_PARAMETERS]
    if len(tokens) != 1:
        raise Unauthenticated(
            "the key of a session needs its session token, once: use the three parts of the credentials together"
        )
    return tokens[0]


def _presigned(head: RequestHead) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in head.target.query:
        if fold(name) not in _PRESIGNED_FOLDED:
            continue
        if name not in PRESIGNED or name in found:
            raise Malformed("a parameter of the signature in the query is repeated or not spelled as X-Amz-Credential is")
        found[name] = value
    return found


def _from_header(head: RequestHead, authorization: str) -> Claim:
    found = _HEADER.fullmatch(authorization)
    if found is None:
        raise Unauthenticated(_why_not(authorization.partition(" ")[0]))
    credential, names, signature = found.groups()
    return _claim(credential, names, signature, _date(head))


def _why_not(scheme: str) -> str:
    match scheme:
        case "AWS4-HMAC-SHA256":
            return "the Authorization field is not `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…` with a hex signature"
        case "AWS4-ECDSA-P256-SHA256":
            return _NO_V4A
        case "AWS":
            return _NO_V2
        case "Bearer" | "bearer":
            return f"bearer tokens are not served: unset the AWS_BEARER_TOKEN_ variables and {_USE_V4}"
        case _:
            return f"the scheme of the Authorization field is not served: {_USE_V4}"


def _date(head: RequestHead) -> str:
    date = head.one("date" if head.one("x-amz-date") is None else "x-amz-date") or ""
    if not _DATE.fullmatch(date):
        raise Unauthenticated("the signed request has no x-amz-date such as 20260131T235959Z")
    return date


def _from_query(head: RequestHead, presigned: dict[str, str]) -> Claim:
    if not presigned:
        old = any(name in _OTHER_V2 for name, _ in head.target.query)
        raise Unauthenticated(_NO_V2 if old else f"the request is not signed, and unsigned operations are not served: {_USE_V4}")
    if presigned.get("X-Amz-Algorithm") == _SIGV4A:
        raise Unauthenticated(_NO_V4A)
    if presigned.keys() != PRESIGNED or presigned["X-Amz-Algorithm"] != _ALGORITHM:
        raise Unauthenticated(
            f"a presigned request needs X-Amz-Algorithm={_ALGORITHM} and the five other parameters of its signature"
        )
    names, signature, date = presigned["X-Amz-SignedHeaders"], presigned["X-Amz-Signature"], presigned["X-Amz-Date"]
    if not (_SIGNED_NAMES.fullmatch(names) and _SIGNATURE.fullmatch(signature) and _DATE.fullmatch(date)):
        raise Unauthenticated("X-Amz-SignedHeaders, X-Amz-Signature or X-Amz-Date is malformed: presign the request again")
    return _claim(presigned["X-Amz-Credential"], names, signature, date)


def _from_v2(head: RequestHead) -> Claim:
    found = [pair for pair in head.target.query if pair[0] in SIGV2]
    if any(name in _OTHER_V2 for name, _ in head.target.query):
        raise Unauthenticated(_NO_V2)
    values = dict(found)
    if len(found) != len(SIGV2) or values.keys() != SIGV2:
        raise Malformed(f"a URL signed with version 2 needs AWSAccessKeyId, Signature and Expires, each once: {USE_S3V4}")
    if not (_V2_SIGNATURE.fullmatch(values["Signature"]) and _EXPIRES.fullmatch(values["Expires"])):
        raise Unauthenticated(f"Signature or Expires of a URL signed with version 2 is malformed: {USE_S3V4}")
    if values["AWSAccessKeyId"].startswith(VIRTUAL):
        raise Unauthenticated(f"the key of a session signs with version 4 alone: {USE_S3V4}")
    account, suffix = _parts(values["AWSAccessKeyId"])
    return Claim(
        access_key_id=values["AWSAccessKeyId"],
        account=account,
        suffix=suffix,
        date="",
        region=_NO_REGION,
        service="s3",
        signed_headers=(),
        signature=values["Signature"],
        amz_date="",
        expires=int(values["Expires"]),
    )


def _claim(credential: str, names: str, signature: str, amz_date: str) -> Claim:
    found = _SCOPE.fullmatch(credential)
    if found is None:
        raise Unauthenticated("the signature's credential is not KEY/20260131/REGION/SERVICE/aws4_request")
    key_id, date, region, service = found.groups()
    account, suffix = _parts(key_id)
    return Claim(
        access_key_id=key_id,
        account=account,
        suffix=suffix,
        date=date,
        region=region,
        service=service,
        signed_headers=tuple(names.split(";")),
        signature=signature,
        amz_date=amz_date,
    )


def _parts(key_id: str) -> tuple[str, str]:
    """Split a placeholder key id into account and suffix. Raises Unauthenticated for any other key id."""
    found = _PLACEHOLDER.fullmatch(key_id)
    if found:
        return found[1], found[2]
    if _REAL.fullmatch(key_id):
        raise Unauthenticated("the key id is a real AWS key: agents use placeholders, so remove it from the agent and rotate it")
    raise Unauthenticated(
        "the key id is not a placeholder: four capital letters, the account's 12 digits and a suffix of up to 16 capitals and "
        "digits that begins with a letter, such as AKIA111111111111CI01"
    )
