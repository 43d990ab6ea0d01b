"""SigV4 for outgoing requests: canonical request, string to sign and signature, all from the head's value.

Rule: what is signed is what is sent. The canonical request is built from the same `Target` and fields that `wire.writer`
writes, so AWS computes the same text from the bytes it gets. The tests compare with botocore's signer.

Theory: signature = HMAC(key, string to sign), key = HMAC chain over day, region, service. For S3 the path is signed as sent;
for the others it is encoded once more (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import OrderedDict
from dataclasses import field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from trio_gate.values import value_class
from trio_gate.wire.head import RequestHead, encoded, encoded_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from trio_gate.wire.head import Target

ALGORITHM = "AWS4-HMAC-SHA256"

NO_BODY = hashlib.sha256().hexdigest()
"""The hash of a body that has no bytes."""

S3_FAMILY = frozenset({"s3", "s3express", "s3-outposts", "s3-object-lambda"})
"""Signing names whose path is encoded once; botocore's rule sets say disableDoubleEncoding for exactly these."""

UNSIGNED_FIELDS = frozenset(
    {
        "accept-encoding",
        "amz-sdk-invocation-id",
        "amz-sdk-request",
        "authorization",
        "baggage",
        "connection",
        "content-length",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "traceparent",
        "tracestate",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-amzn-trace-id",
    }
)
"""Fields that say nothing about the call, or that a layer below may rewrite: sent, not signed."""

MAX_KEYS = 1024
"""Derived signing keys that are cached: one per credential, day, region and service."""

_SECONDS = 16
"""How many seconds are remembered as they are written: many requests are signed in one."""

_HASH = "x-amz-content-sha256"
SESSION_FIELD = "x-amz-security-token"
"""The field of a session token."""

EXPRESS_FIELD = "x-amz-s3session-token"
"""That of a session which CreateSession of S3 Express made."""

_REPLACED = frozenset({"authorization", "date", "x-amz-date", SESSION_FIELD, EXPRESS_FIELD})
_SET_BY_US = _REPLACED | {_HASH}
_PRESIGNED = frozenset(
    f"X-Amz-{part}"
    for part in (
        "Algorithm",
        "Content-Sha256",
        "Credential",
        "Date",
        "Expires",
        "S3session-Token",
        "Security-Token",
        "Signature",
        "SignedHeaders",
    )
)
_BLANK = " \t"
_BLANKS = re.compile(r"[ \t]+")


@value_class
class Credentials:
    """Keys that AWS knows. Only `access_key_id` and `expires` are in their repr.

    Attributes:
        expires: when they expire, as an aware datetime; None for long-lived keys.
        token_field: the field that the session token is sent in.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    expires: datetime | None = None
    token_field: str = field(default=SESSION_FIELD, repr=False)


NO_KEY = Credentials(access_key_id="", secret_access_key="")
"""Stands for the credentials of a request that is sent as it came, unsigned."""


@value_class
class SigningKey:
    """A derived key as HMAC uses it (RFC 2104): padded to a block of SHA-256, and combined with the inner and the outer pad.

    OpenSSL's own HMAC makes these two blocks for each signature, which takes longer than the hashes.
    """

    inner: bytes = field(repr=False)
    outer: bytes = field(repr=False)


@value_class
class Signed:
    """A signed head, ready to be sent.

    Attributes:
        head: with authorization, date, token and payload hash in place.
        signature: in hex; the seed of chunk signatures.
        key: the derived signing key, for chunk signatures.
        scope: day/region/service/aws4_request.
        amz_date: as in x-amz-date.
    """

    head: RequestHead = field(repr=False)
    signature: str
    key: SigningKey = field(repr=False)
    scope: str
    amz_date: str


class SigningKeys:
    """A cache of derived keys, which drops the least recently used one first."""

    __slots__ = ("_keys",)

    def __init__(self) -> None:
        self._keys: OrderedDict[tuple[str, str, str, str], SigningKey] = OrderedDict()

    def key(self, secret: str, day: str, region: str, service: str) -> SigningKey:
        """The derived signing key for a secret. `day` is written as 20260131."""
        name = (secret, day, region, service)
        key = self._keys.get(name)
        if key is None:
            key = self._keys[name] = _derive(secret, day, region, service)
            if len(self._keys) > MAX_KEYS:
                self._keys.popitem(last=False)
        else:
            self._keys.move_to_end(name)
        return key

    def forget(self, secrets: Collection[str]) -> None:
        """Drop the keys of secrets that are no longer used."""
        for name in [name for name in self._keys if name[0] in secrets]:
            del self._keys[name]


def sign(
    head: RequestHead,
    *,
    payload_hash: str,
    credentials: Credentials,
    service: str,
    region: str,
    now: datetime,
    s3: bool,
    keys: SigningKeys | None = None,
) -> Signed:
    """Sign a request at the moment it is sent.

    Args:
        head: what will be sent; anything that an earlier signature left in its fields or query is replaced.
        payload_hash: hex SHA-256 of the body, or the word that stands for it.
        credentials: the keys to sign with; NO_KEY to leave the head as it is.
        service: signing name.
        region: signing region.
        now: the current time, aware.
        s3: whether `service` is in the S3 family: path signed as sent, payload hash in a field.
        keys: the cache of derived keys; None for none.
    """
    if credentials is NO_KEY:
        return Signed(head=head, signature="", key=SigningKey(inner=b"", outer=b""), scope="", amz_date="")
    amz_date, target = stamp(now), _unsigned(head.target)
    fields = [*[field for field in head.headers if field[0] not in _SET_BY_US], ("x-amz-date", amz_date)]
    if credentials.session_token is not None:
        fields.append((credentials.token_field, credentials.session_token))
    if s3 or _HASH in head.first:
        fields.append((_HASH, payload_hash))
    values = _by_name(dict(fields), fields)
    names, path = sorted(values.keys() - UNSIGNED_FIELDS), target.path if s3 else encoded_path(target.path)
    request = canonical_request(head.method, values, path=path, query=target.query, names=names, payload_hash=payload_hash)
    scope = f"{amz_date[:8]}/{region}/{service}/aws4_request"
    key = (keys or SigningKeys()).key(credentials.secret_access_key, amz_date[:8], region, service)
    signature = sign_string(key, string_to_sign(amz_date, scope, request))
    value = f"{ALGORITHM} Credential={credentials.access_key_id}/{scope}, SignedHeaders={';'.join(names)}, Signature={signature}"
    head = RequestHead(method=head.method, target=target, headers=(*fields, ("authorization", value)))
    return Signed(head=head, signature=signature, key=key, scope=scope, amz_date=amz_date)


def without_signature(head: RequestHead) -> RequestHead:
    """Remove every trace of a signature from a head's fields and, if presigned, from its query.

    The payload's hash stays, because it is a parameter of CodeArtifact's PublishPackageVersion.
    """
    fields = tuple([field for field in head.headers if field[0] not in _REPLACED])
    return RequestHead(method=head.method, target=_unsigned(head.target), headers=fields)


def _unsigned(target: Target) -> Target:
    if not target.query:
        return target
    query = tuple([pair for pair in target.query if pair[0] not in _PRESIGNED])
    return target if len(query) == len(target.query) else replace(target, query=query)


def canonical_request(
    method: str,
    fields: Mapping[str, str],
    *,
    path: str,
    query: Sequence[tuple[str, str]],
    names: Iterable[str],
    payload_hash: str,
) -> str:
    """SigV4's canonical request.

    `fields` are by name; `path` is already in the form that the service signs; `names`, the signed fields, are sorted.
    """
    # Not str.split: it would also fold spaces beyond ASCII, which AWS does not.
    lines = "".join([f"{name}:{fields.get(name, '').strip(_BLANK)}\n" for name in names])
    if "  " in lines or "\t" in lines:
        lines = _BLANKS.sub(" ", lines)
    return f"{method}\n{path}\n{canonical_query(query) if query else ''}\n{lines}\n{';'.join(names)}\n{payload_hash}"


def by_name(head: RequestHead) -> Mapping[str, str]:
    """A head's fields by name, the values of a repeated one with commas between them."""
    return _by_name(head.first, head.headers)


def _by_name(first: Mapping[str, str], headers: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    if len(first) == len(headers):  # so no field is repeated
        return first
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name, []).append(value.strip(_BLANK))
    return {name: ",".join(values) for name, values in found.items()}


def canonical_query(query: Sequence[tuple[str, str]]) -> str:
    """SigV4's canonical query string: pairs encoded, then sorted by name and value."""
    pairs = sorted([(encoded(name), encoded(value)) for name, value in query])
    return "&".join([f"{name}={value}" for name, value in pairs])


def stamp(time: datetime) -> str:
    """An aware time as signatures have it, such as 20260131T235959Z."""
    return _stamp(time.timestamp() // 1)


@lru_cache(_SECONDS)
def _stamp(second: float) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y%m%dT%H%M%SZ")


def string_to_sign(amz_date: str, scope: str, request: str) -> str:
    """SigV4's string to sign, for a canonical request."""
    return f"{ALGORITHM}\n{amz_date}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"


def sign_string(key: SigningKey, text: str) -> str:
    """The signature of a string: HMAC-SHA256 in hex."""
    return hashlib.sha256(key.outer + hashlib.sha256(key.inner + text.encode()).digest()).hexdigest()


def _derive(secret: str, day: str, region: str, service: str) -> SigningKey:
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    block = key.ljust(hashlib.sha256().block_size, b"\0")
    return SigningKey(inner=block.translate(_INNER_PAD), outer=block.translate(_OUTER_PAD))


_INNER_PAD, _OUTER_PAD = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
