"""Sets of keys: which keys are used, and for what."""

import json
import re

import pytest

from tests.kit.wire.identity_tokens import KINDS, jwk, jwks, private_key
from trio_gate.signing.issuer_keys import MOST_KEYS, checked_keys, key_for, read_keys

NO_SET, NO_KEY = "it is not a JWK set", "it holds no public key"


def test_each_key_is_good_for_its_own_algorithm():
    found = read_keys(jwks())
    assert [(one.kid, one.algorithms) for one in found] == [(kid, (name,)) for name, kid in KINDS.items()]


def test_a_key_without_an_algorithm_is_good_for_those_of_its_kind():
    found = read_keys(jwks(*(jwk(name, alg=None, use=None) for name in ("RS256", "ES256", "EdDSA"))))
    assert [one.algorithms for one in found] == [("RS256", "PS256"), ("ES256",), ("EdDSA",)]


@pytest.mark.parametrize(
    "key",
    [
        jwk("RS256", alg="RS512"),
        jwk("RS256", alg="HS256"),
        jwk("RS256", alg="ES256"),
        jwk("RS256", use="enc"),
        jwk("RS256", key_ops=["sign"]),
        jwk("RS256", key_ops="verify"),
        jwk("RS256", kid=7),
        jwk("RS256", n="AQAB"),
        jwk("RS256", n="!"),
        jwk("RS256", e=None),
        jwk("RS256", "rsa/1024"),
        jwk("ES256", crv="P-384"),
        jwk("ES256", crv=["P-256"]),
        jwk("ES256", x="AQAB"),
        jwk("EdDSA", crv="Ed448"),
        jwk("EdDSA", kty=None),
        {"kty": "oct", "k": "c2VjcmV0", "alg": "HS256", "kid": "x"},
        {},
    ],
)
def test_no_other_key_is_used(key):
    with pytest.raises(ValueError, match=NO_KEY):
        read_keys(jwks(key))
    assert [one.kid for one in read_keys(jwks(key, jwk("ES256")))] == ["ec"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", NO_SET),
        ("[]", NO_SET),
        ('{"keys": {}}', NO_SET),
        ('{"keys": [1]}', NO_SET),
        ('{"keys": [], "keys": []}', NO_SET),
        ("[" * 100_000, NO_SET),
        ('{"keys": []}', NO_KEY),
        (json.dumps({"keys": [{}] * (MOST_KEYS + 1)}), "more than 100"),
    ],
)
def test_a_set_that_cannot_be_used(text, reason):
    with pytest.raises(ValueError, match=re.escape(reason)):
        checked_keys(text)


@pytest.mark.parametrize("member", ["d", "k"])
def test_a_file_holds_no_private_key(member):
    with pytest.raises(ValueError, match="a private or symmetric key"):
        checked_keys(jwks(jwk("ES256"), {**jwk("RS256"), member: "AQAB"}))
    assert [one.kid for one in read_keys(jwks(jwk("ES256"), {**jwk("RS256"), member: "AQAB"}))] == ["ec"]
    assert checked_keys(jwks()) == jwks()


def test_the_one_key_that_fits():
    keys = read_keys(jwks(*(jwk(name) for name in KINDS), jwk("ES256", "ec-2"), jwk("RS256", "rsa", alg=None)))
    assert key_for(keys, "ec-2", "ES256").kid == "ec-2"
    assert key_for(keys, "rsa-pss", "PS256").key.public_numbers() == private_key("rsa-pss").public_key().public_numbers()
    assert key_for(keys, None, "EdDSA").kid == "okp"
    for kid, algorithm in (("none", "ES256"), ("ec", "RS256"), (None, "ES256"), ("rsa", "RS256"), ("okp", "none")):
        assert key_for(keys, kid, algorithm) is None
