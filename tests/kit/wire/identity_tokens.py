"""An issuer of OpenID Connect tokens, as agents have one: its keys, and tokens as it gives them or as somebody forges them."""

from __future__ import annotations

import base64
import json
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from trio_gate.shell.clock import SystemClock

ISSUER, AUDIENCE = "https://issuer.example/ci", "trio-gate"
SUBJECT = "repo:acme/app:ref:refs/heads/main"
LIFE = 6 * 3600
"""Seconds that a token lives: some are made when tests are collected, long before they run."""

KINDS = {"RS256": "rsa", "PS256": "rsa-pss", "ES256": "ec", "EdDSA": "okp"}


@cache
def private_key(name: str) -> Any:
    """A key of this name, the same each time; names begin with its kind."""
    if name.startswith("rsa"):
        return rsa.generate_private_key(65537, int(name.rpartition("/")[2]) if "/" in name else 2048)
    return ed25519.Ed25519PrivateKey.generate() if name.startswith("okp") else ec.generate_private_key(ec.SECP256R1())


def jwk(algorithm: str, name: str | None = None, **more: Any) -> dict[str, Any]:
    """The public key that verifies what `token` signs with this algorithm and key."""
    name = name or KINDS[algorithm]
    made = json.loads(jwt.get_algorithm_by_name(algorithm).to_jwk(private_key(name).public_key()))
    made.pop("key_ops", None)
    given = {**made, "kid": name, "alg": algorithm, "use": "sig", **more}
    return {member: value for member, value in given.items() if value is not None}


def jwks(*keys: dict[str, Any]) -> str:
    return json.dumps({"keys": keys or [jwk(algorithm) for algorithm in KINDS]})


def claims(**more: Any) -> dict[str, Any]:
    now = int(SystemClock().now().timestamp())
    given = {"iss": ISSUER, "aud": AUDIENCE, "sub": SUBJECT, "iat": now, "nbf": now, "exp": now + LIFE, **more}
    return {name: value for name, value in given.items() if value is not None}


def token(algorithm: str = "RS256", key: str | None = None, header: dict[str, Any] | None = None, **more: Any) -> str:
    """A token with these claims besides the usual ones (None leaves one out), signed with a key that its header names."""
    name = key or KINDS[algorithm]
    return jwt.encode(claims(**more), private_key(name), algorithm=algorithm, headers={"kid": name, **(header or {})})


def forged(header: dict[str, Any] | str, payload: dict[str, Any] | str, signature: bytes = b"x") -> str:
    """A token of any three parts; text is taken as it is."""
    parts = (one if isinstance(one, str) else json.dumps(one) for one in (header, payload))
    return ".".join(
        base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*(one.encode() for one in parts), signature)
    )
