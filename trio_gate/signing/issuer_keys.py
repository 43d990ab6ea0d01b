"""The keys of an issuer of tokens: a JWK set (RFC 7517), read into keys that are each good for a fixed list of algorithms.

Rule: public keys alone, and asymmetric ones. What a key is good for is said by its kind and by its own `alg`, never by a token.
"""

from __future__ import annotations

import json
from dataclasses import field
from typing import TYPE_CHECKING, Any

from trio_gate.text.json_members import once
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ALGORITHMS: Mapping[tuple[str, str | None], tuple[str, ...]] = {
    ("RSA", None): ("RS256", "PS256"),
    ("EC", "P-256"): ("ES256",),
    ("OKP", "Ed25519"): ("EdDSA",),
}
"""The algorithms of a token's signature (RFC 7518, RFC 8037) by a key's `kty` and `crv`."""

MOST_KEYS = 100
"""Keys of an issuer; most have two to ten."""

RSA_BITS = range(2048, 8193)
"""Bits of an RSA key: with fewer it is weak, with more it is slow."""

_PRIVATE = ("d", "k")
"""Members that only private and symmetric keys have."""


@value_class
class IssuerKey:
    """A key. `kid` is its name, None without one; `algorithms` are those that it is good for; `key` is for the library."""

    kid: str | None
    algorithms: tuple[str, ...]
    key: Any = field(repr=False, compare=False)


def checked_keys(text: str) -> str:
    """The text of a file of keys, if it can be used. Raises ValueError, which says what is wrong with it."""
    if any(name in one for one in _members(text) for name in _PRIVATE):
        message = "the file holds a private or symmetric key: the gateway needs the issuer's public keys alone"
        raise ValueError(message)
    read_keys(text)
    return text


def read_keys(text: str) -> tuple[IssuerKey, ...]:
    """The keys of a set that can be used; others are left out (RFC 7517 section 5). Raises ValueError if there is none."""
    found = [key for one in _members(text) if (key := _key(one)) is not None]
    if not found:
        message = "it holds no public key for RS256, PS256, ES256 or EdDSA"
        raise ValueError(message)
    return tuple(found)


def key_for(keys: Sequence[IssuerKey], kid: str | None, algorithm: str) -> IssuerKey | None:
    """The one key that a token of this `kid` and algorithm can be signed with; None if there is none, or more than one."""
    fitting = [one for one in keys if algorithm in one.algorithms and kid in (None, one.kid)]
    return fitting[0] if len(fitting) == 1 else None


def _members(text: str) -> list[dict[str, Any]]:
    try:
        document = json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError):
        document = None
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or not all(isinstance(one, dict) for one in keys):
        message = "it is not a JWK set: a JSON object with a list of `keys`"
        raise ValueError(message)
    if len(keys) > MOST_KEYS:
        message = f"it holds {len(keys)} keys, more than {MOST_KEYS}"
        raise ValueError(message)
    return keys


def _key(jwk: dict[str, Any]) -> IssuerKey | None:
    import jwt  # noqa: PLC0415 - loads cryptography, for a configuration that names an issuer

    kid, algorithms = jwk.get("kid"), _algorithms(jwk)
    if not algorithms or any(name in jwk for name in _PRIVATE) or not isinstance(kid, (str, type(None))):
        return None
    try:
        key = jwt.PyJWK(jwk, algorithms[0]).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    if jwk["kty"] == "RSA" and key.key_size not in RSA_BITS:
        return None
    return IssuerKey(kid=kid, algorithms=algorithms, key=key)


def _algorithms(jwk: dict[str, Any]) -> tuple[str, ...]:
    """What a key is good for."""
    operations = jwk.get("key_ops", ["verify"])
    if jwk.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        return ()
    kind, curve = jwk.get("kty"), jwk.get("crv")
    known = [names for (kty, crv), names in ALGORITHMS.items() if kty == kind and crv in (None, curve)]
    return tuple(name for names in known for name in names if jwk.get("alg", name) == name)
