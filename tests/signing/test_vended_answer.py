"""Answers that hand out what opens something, in every form that AWS answers in; and answers that only look a little like it."""

from __future__ import annotations

import base64
import gzip
import json

import cbor2
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.signing.vended_answer import hands_out
from trio_gate.wire.head import ResponseHead

KEY_ID, SECRET = "ASIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLEEXAMPLEEXAMPLE=="
JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2ln"
PEM = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE=\n-----END OPENSSH PRIVATE KEY-----\n"
FORMS = {"json": "application/x-amz-json-1.1", "xml": "text/xml", "cbor": "application/cbor", "none": ""}


def head(media="application/json", **fields):
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]
    return ResponseHead(status=200, headers=((b"content-type", media.encode()), *named))


def asked(tree, form):
    if form == "cbor":
        return hands_out(head(FORMS[form]), cbor2.dumps(tree))
    if form == "xml":
        return hands_out(head(FORMS[form]), f"<R xmlns='urn:x'>{xml(tree)}</R>".encode())
    return hands_out(head(FORMS[form]), json.dumps(tree).encode())


def xml(tree):
    if isinstance(tree, dict):
        return "".join(f"<{name}>{xml(item)}</{name}>" for name, item in tree.items())
    if isinstance(tree, list):
        return "".join(f"<member>{xml(item)}</member>" for item in tree)
    return str(tree).replace("&", "&amp;").replace("<", "&lt;")


HANDED_OUT = {
    "a key pair": {"Keys": [{"Id": KEY_ID, "Value": SECRET}]},
    "a key id and what is named a secret": {"accessKeyId": KEY_ID, "secretAccessKey": "0123456789abcdef0123"},
    "a key pair in one text": {"Text": f"{KEY_ID}:{SECRET}"},
    "a key pair far apart": {"A": {"B": {"C": KEY_ID}}, "D": [1, [SECRET]]},
    "a session token by its name": {"Out": {"sessionToken": "0123456789abcdef"}},
    "a bearer token by its name": {"access_token": "0123456789abcdef"},
    "a session token by its form": {"Value": TOKEN},
    "a signed token": {"Value": JWT},
    "a private key": {"Material": PEM},
    "a private key by its name": {"privateKey": "0123456789abcdef"},
    "a private key in base64": {"Material": base64.b64encode(PEM.encode()).decode()},
    "a private JWK": {"kty": "EC", "crv": "P-256", "d": "0123456789abcdef"},
}


@pytest.mark.parametrize(
    ("name", "form"), [(name, form) for name in HANDED_OUT for form in FORMS if (name, form) != ("a private JWK", "xml")]
)
def test_what_opens_something_is_found(name, form):
    assert asked(HANDED_OUT[name], form)


HARMLESS = {
    "nothing": {},
    "a key id alone, as lists have it": {"AccessKeyMetadata": [{"AccessKeyId": KEY_ID, "Status": "Active"}]},
    "a hash beside a key id": {"Id": KEY_ID, "Sha1": "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    "a mark of where to go on": {"NextToken": "0123456789abcdef0123456789abcdef", "continuationToken": "0123456789abcdef"},
    "a token for a retry": {"clientToken": "0123456789abcdef"},
    "an empty token": {"SessionToken": ""},
    "a public key": {"Key": "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"},
    "a public JWK": {"kty": "EC", "crv": "P-256", "x": "0123456789abcdef"},
    "ids and words": {"Arn": "arn:aws:iam::111111111111:role/x", "Note": "the secret token is elsewhere", "Count": 7},
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", HARMLESS)
def test_what_opens_nothing_passes(name, form):
    assert not asked(HARMLESS[name], form)


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP256R1()),
        ed25519.Ed25519PrivateKey.generate(),
    ],
    ids=["rsa", "ec", "ed25519"],
)
@pytest.mark.parametrize("form", ["json", "cbor"])
def test_a_private_key_in_der_is_found(key, form):
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    assert asked({"Blob": der if form == "cbor" else base64.b64encode(der).decode()}, form)
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert not asked({"Blob": public if form == "cbor" else base64.b64encode(public).decode()}, form)


def test_fields_of_the_head_are_looked_at():
    assert hands_out(head(x_amz_security_token="0123456789abcdef"), b"{}")
    assert not hands_out(head(x_amzn_requestid="0123456789abcdef"), b"{}")


def test_a_compressed_answer_is_read():
    body = json.dumps({"Text": f"{KEY_ID} {SECRET}"}).encode()
    assert hands_out(head(content_encoding="gzip"), gzip.compress(body))
    assert not hands_out(head(content_encoding="gzip"), gzip.compress(b'{"Text":"a word"}'))


@pytest.mark.parametrize(
    ("media", "body", "fields"),
    [
        ("application/json", b"{", {}),
        ("application/json", b"\xff", {}),
        ("application/json", b"[" * 5000 + b"]" * 5000, {}),
        ("application/cbor", b"\xff", {}),
        ("application/vnd.amazon.eventstream", b"anything", {}),
        ("application/json", b"anything", {"content_encoding": "br"}),
        ("application/json", gzip.compress(b"{}", mtime=0)[:-4], {"content_encoding": "gzip"}),
        ("application/json", gzip.compress(b" " * 3_000_000, mtime=0), {"content_encoding": "gzip"}),
    ],
)
def test_what_cannot_be_read_is_not_passed_on(media, body, fields):
    assert hands_out(head(media, **fields), body)


@pytest.mark.parametrize("media", ["", "text/xml", "application/json"])
def test_an_empty_answer_passes(media):
    assert not hands_out(head(media), b"")


@given(st.binary(max_size=400), st.sampled_from(sorted(FORMS.values())))
def test_any_bytes_are_judged(body, media):
    assert hands_out(head(media), body) in {True, False}


LONG = 900_000


@pytest.mark.parametrize(
    "text",
    [
        "A" * LONG,
        "eyJ" * (LONG // 3),
        "<a>" * (LONG // 3),
        "-----BEGIN " * (LONG // 11),
        "\x30\x81" * (LONG // 2),
        "a0A/" * (LONG // 4),
    ],
)
def test_long_answers_are_read_in_linear_time(text):
    for media in ("text/plain", "application/json"):
        hands_out(head(media), (json.dumps({"Text": text}) if "json" in media else text).encode("utf-8"))
