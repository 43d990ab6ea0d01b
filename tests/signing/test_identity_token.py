"""Which OpenID Connect tokens prove an agent, and why others do not."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from tests.kit.wire.identity_tokens import AUDIENCE, ISSUER, KINDS, SUBJECT, claims, forged, jwk, jwks, private_key, token
from trio_gate.config.model import OidcProof
from trio_gate.errors import Unproven
from trio_gate.shell.clock import SystemClock
from trio_gate.signing.identity_token import LEEWAY, MAX_TOKEN, check_claims, check_signature, read_token
from trio_gate.signing.issuer_keys import key_for, read_keys

ASKED = OidcProof(issuer=ISSUER, audience=AUDIENCE, claims=(("sub", SUBJECT),))
KEYS = read_keys(jwks())


def check(text, asked=ASKED, at=None, keys=KEYS):
    read = read_token(text)
    check_claims(read, asked, at or SystemClock().now())
    check_signature(read, key_for(keys, read.kid, read.algorithm))


@pytest.mark.parametrize("algorithm", KINDS)
def test_a_token_of_the_issuer(algorithm):
    check(token(algorithm))


@pytest.mark.parametrize(
    "more", [{"aud": [AUDIENCE]}, {"iat": None, "nbf": None}, {"exp": claims()["exp"] + 0.5}, {"more": {"a": [1, None]}}]
)
def test_other_forms_of_a_token(more):
    check(token(**more))


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"iss": f"{ISSUER}/"}, "of another issuer"),
        ({"iss": None}, "of another issuer"),
        ({"aud": "sts.amazonaws.com"}, "for another audience"),
        ({"aud": [AUDIENCE, "another-gateway"]}, "for another audience"),
        ({"aud": []}, "for another audience"),
        ({"aud": None}, "for another audience"),
        ({"aud": AUDIENCE.upper()}, "for another audience"),
        ({"exp": None}, "has expired"),
        ({"exp": "4102444800"}, "has expired"),
        ({"exp": True}, "has expired"),
        ({"exp": 10**13}, "has expired"),
        ({"exp": 0}, "has expired"),
        ({"nbf": 4102444800}, "not valid yet"),
        ({"iat": 4102444800}, "not valid yet"),
        ({"nbf": "now"}, "not valid yet"),
        ({"iat": False}, "not valid yet"),
        ({"sub": "repo:acme/other:ref:refs/heads/main"}, "its claims are others"),
        ({"sub": None}, "its claims are others"),
        ({"sub": {SUBJECT: 1}}, "its claims are others"),
        ({"sub": [[SUBJECT]]}, "its claims are others"),
    ],
)
def test_what_it_says_is_wrong(more, reason):
    with pytest.raises(Unproven, match=reason):
        check(
            token(**more)
            if more.get("iat") is not False
            else jwt.encode(claims(**more), private_key("rsa"), "RS256", {"kid": "rsa"})
        )


@pytest.mark.parametrize(("name", "sign"), [("exp", 1), ("nbf", -1), ("iat", -1)])
def test_clocks_may_differ_a_little(name, sign):
    moment = datetime(2026, 1, 15, 12, tzinfo=UTC)
    others = {"exp": int(moment.timestamp()) + 9000, "nbf": None, "iat": None}
    text = token(**{**others, name: int(moment.timestamp())})
    check(text, at=moment + sign * timedelta(seconds=LEEWAY - 1))
    with pytest.raises(Unproven):
        check(text, at=moment + sign * timedelta(seconds=LEEWAY + 1))


def test_all_claims_must_hold():
    asked = replace(ASKED, claims=(("groups", "deployers"), ("sub", SUBJECT)))
    check(token(groups=["readers", "deployers"]), asked)
    check(token(groups="deployers"), asked)
    for groups in ("deployers readers", ["readers"], None, {"deployers": True}):
        with pytest.raises(Unproven, match=r"claims are others \(groups\)"):
            check(token(groups=groups), asked)


HS256 = private_key("rsa").public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def by_secret():
    """A token signed by HMAC with the public key's text, which a careless reader takes for its secret."""
    signed = jwt.PyJWS()
    signed._algorithms["HS256"].prepare_key = lambda key: key  # PyJWT refuses to make one
    return signed.encode(json.dumps(claims()).encode(), HS256, "HS256", {"kid": "rsa"})


def tampered(text):
    header, _, signature = text.split(".")
    return ".".join((header, forged({}, claims(sub=SUBJECT, admin=True)).split(".")[1], signature))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "three parts"),
        ("a.b", "three parts"),
        (token() + ".x", "three parts"),
        (token() + "=", "three parts"),
        (f" {token()}", "three parts"),
        (token().replace(".", ".\n", 1), "three parts"),
        (token(more="x" * MAX_TOKEN), "more than 16384 characters"),
        (forged({"alg": "none"}, claims(), b""), "three parts"),
        (forged({"alg": "none"}, claims()), "not signed with RS256"),
        (forged({"alg": "NONE"}, claims()), "not signed with RS256"),
        (forged({}, claims()), "not signed with RS256"),
        (forged({"alg": ["RS256"]}, claims()), "not signed with RS256"),
        (by_secret(), "not signed with RS256"),
        (forged({"alg": "ES256K"}, claims()), "not signed with RS256"),
        (forged('{"alg": "none", "alg": "RS256"}', claims()), "names a member twice"),
        (forged({"alg": "RS256"}, '{"iss": "a", "iss": "b"}'), "names a member twice"),
        (forged({"alg": "RS256"}, '{"exp": NaN}'), "not JSON"),
        (forged({"alg": "RS256"}, f'{{"exp": {"9" * 5000}}}'), "not JSON"),
        (forged({"alg": "RS256"}, "[" * 8000), "not JSON"),
        (forged({"alg": "RS256"}, "[]"), "not JSON"),
        (forged("\u00fc", claims()), "not JSON"),
        (forged({"alg": "RS256", "kid": 7}, claims()), "asks for something"),
        (forged({"alg": "RS256", "kid": "rsa", "crit": ["exp"]}, claims()), "asks for something"),
        (forged({"alg": "RS256", "kid": "rsa", "b64": False}, claims()), "asks for something"),
        (tampered(token()), "signature of the OIDC token is wrong"),
        (forged({"alg": "RS256", "kid": "rsa"}, claims()), "signature of the OIDC token is wrong"),
        (token(key="rsa-2", header={"kid": "rsa"}), "signature of the OIDC token is wrong"),
        (token(key="rsa-2", header={"kid": "rsa", "jwk": jwk("RS256", "rsa-2")}), "signature of the OIDC token is wrong"),
        (token("ES256", "ec-2", {"kid": "ec"}), "signature of the OIDC token is wrong"),
    ],
    ids=lambda part: part if " " in part[1:30] else "token",  # those that are made differ between processes
)
def test_forgeries(text, reason):
    with pytest.raises(Unproven, match=reason):
        check(text)


def test_a_key_verifies_no_algorithm_that_it_is_not_good_for():
    with pytest.raises(Unproven, match="signature"):
        check_signature(read_token(token("PS256", "rsa")), key_for(KEYS, "rsa", "RS256"))
    assert key_for(KEYS, "rsa", "PS256") is None


def test_a_token_is_not_shown():
    read = read_token(token())
    assert not any(part in repr(read) for part in (*read.text.split("."), SUBJECT))
