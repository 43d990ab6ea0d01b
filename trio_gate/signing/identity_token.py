"""OpenID Connect tokens that prove an agent: JSON Web Tokens (RFC 7519) in compact form, signed by an issuer.

Rule: everything must hold: form, algorithm, issuer, audience, times, claims, signature. The algorithm is one of a fixed list and one that
the key is good for, and no key is taken from the token. Claims are compared before the signature is verified, because that costs least
and tells their sender nothing new.

Theory: PyJWT verifies the signature alone; time is an argument here, and its claims' checks are more lenient than these.
"""

from __future__ import annotations

import base64
import json
import math
import re
from dataclasses import field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from trio_gate.errors import Unproven
from trio_gate.signing.issuer_keys import ALGORITHMS, key_for, read_keys
from trio_gate.text.json_members import once
from trio_gate.values import value_class

if TYPE_CHECKING:
    from datetime import datetime

    from trio_gate.config.model import OidcProof
    from trio_gate.signing.issuer_keys import IssuerKey

MAX_TOKEN = 16 * 1024
"""Characters of a token. GitHub's have 1,500, those with many groups a few thousand."""

LEEWAY = 60
"""Seconds by which the issuer's clock and ours may differ."""

_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_KNOWN = frozenset(name for names in ALGORITHMS.values() for name in names)
_UNSERVED = ("crit", "b64")
"""Header parameters that change what a token means, and that no issuer needs."""


FILES = 64
"""Files of keys that are remembered as they were read."""

_of_file = lru_cache(FILES)(read_keys)

_FAR = 1e12
"""Seconds since 1970 that no clock shows."""


@value_class
class IdentityToken:
    """A token as it was read, its signature not yet verified.

    Attributes:
        text: all of it.
        algorithm: of its signature, one of the fixed list.
        kid: the name of the key that its header asks for; None without one.
        claims: what it says.
    """

    text: str = field(repr=False)
    algorithm: str
    kid: str | None
    claims: dict[str, Any] = field(repr=False)


def read_token(text: str) -> IdentityToken:
    """Read a token. Raises Unproven."""
    if len(text) > MAX_TOKEN:
        raise Unproven(f"the OIDC token has more than {MAX_TOKEN} characters")
    if not _FORM.fullmatch(text):
        raise Unproven("the OIDC token is not a signed JWT: three parts in base64url with dots between them")
    header, claims = map(_object, text.split(".")[:2])
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in _KNOWN:
        raise Unproven("the OIDC token is not signed with RS256, PS256, ES256 or EdDSA")
    if any(name in header for name in _UNSERVED) or not isinstance(kid, (str, type(None))):
        raise Unproven("the header of the OIDC token asks for something that is not served")
    return IdentityToken(text=text, algorithm=algorithm, kid=kid, claims=claims)


def check_claims(token: IdentityToken, asked: OidcProof, now: datetime) -> None:
    """Check what a token says. Raises Unproven."""
    claims, at = token.claims, now.timestamp()
    if claims.get("iss") != asked.issuer:
        raise Unproven("the OIDC token is of another issuer than this agent's")
    if claims.get("aud") not in (asked.audience, [asked.audience]):
        raise Unproven("the OIDC token is for another audience: ask its issuer for one for this gateway alone")
    if _time(claims, "exp", wrong=0.0) <= at - LEEWAY:
        raise Unproven("the OIDC token has expired, or does not say when it does: send a new one")
    begins = [_time(claims, name, wrong=math.inf) for name in ("nbf", "iat") if name in claims]
    if max(begins, default=at) > at + LEEWAY:
        raise Unproven("the OIDC token is not valid yet: check the clocks of its issuer and of the gateway")
    wrong = [name for name, wanted in asked.claims if not _has(claims.get(name), wanted)]
    if wrong:
        reason = "the OIDC token is not this agent's: its claims are others"
        raise Unproven(reason, detail=f"{reason} ({', '.join(wrong)})")


def check_signature(token: IdentityToken, key: IssuerKey) -> None:
    """Check the signature of a token. Raises Unproven."""
    import jwt  # noqa: PLC0415 - loads cryptography, and most gateways are shown no token

    try:
        jwt.PyJWS().decode_complete(token.text, key.key, algorithms=[name for name in key.algorithms if name == token.algorithm])
    except jwt.PyJWTError:
        raise Unproven("the signature of the OIDC token is wrong") from None


def check_key(token: IdentityToken, key: IssuerKey | None, asked: OidcProof) -> None:
    """Check the signature of a token with the only key that it can be signed with, if there is one. Raises Unproven."""
    if key is None:
        reason = "the OIDC token is signed with none of its issuer's keys"
        raise Unproven(reason, detail=f"{reason}, {asked.issuer}")
    check_signature(token, key)


def prove_by_file(text: str, asked: OidcProof, now: datetime) -> None:
    """Return if a token is what an agent must show, and its issuer's keys are known from a file. Raises Unproven."""
    token = read_token(text)
    check_claims(token, asked, now)
    if asked.keys is None:
        raise Unproven("the keys of the issuer of the OIDC token are fetched by the running gateway alone")
    check_key(token, key_for(_of_file(asked.keys), token.kid, token.algorithm), asked)


def _object(part: str) -> dict[str, Any]:
    """A part of a token as a JSON object. Raises Unproven."""
    try:
        text = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()
        found = json.loads(text, object_pairs_hook=once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Unproven("the OIDC token is not JSON, or names a member twice")
    return found


def _no_number(word: str) -> object:
    raise ValueError(word)


def _time(claims: dict[str, Any], name: str, *, wrong: float) -> float:
    """A claim in seconds since 1970; `wrong` where it is no time."""
    found = claims.get(name)
    if isinstance(found, bool) or not isinstance(found, (int, float)) or abs(found) > _FAR:
        return wrong
    return found


def _has(found: Any, wanted: str) -> bool:
    """Whether a claim is this text, or a list that holds it."""
    return found == wanted or (isinstance(found, list) and wanted in found)
