"""Answers that would give the gateway's credentials away are known in every spelling."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from urllib.parse import quote
from xml.sax.saxutils import escape

import pytest

from trio_gate.signing.credential_leaks import MAX_READ, expired, faults_signature, holds, readable
from trio_gate.signing.sigv4 import Credentials

KEY_ID, TOKEN = "ASIAEXAMPLEEXAMPLE00", 'FwoG/ZXIv"&<+==token//of=a+session'
OURS = Credentials(access_key_id=KEY_ID, secret_access_key="x" * 40, session_token=TOKEN)

SPELLINGS = {
    "as it is": str,
    "percent-encoded": lambda text: quote(text, safe=""),
    "percent-encoded in small letters": lambda text: quote(text, safe="").lower() if "%" in quote(text, safe="") else text,
    "percent-encoded twice": lambda text: quote(quote(text, safe=""), safe=""),
    "in XML": escape,
    "in JSON": lambda text: json.dumps(text)[1:-1],
    "in JSON with escaped slashes": lambda text: text.replace("/", "\\/"),
    "in hex": lambda text: text.encode().hex(" "),
    "in large hex": lambda text: text.encode().hex().upper(),
}


@pytest.mark.parametrize("text", [KEY_ID, TOKEN])
@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
def test_every_spelling_is_found(spell, text):
    assert holds(f"<a>{spell(text)}</a>".encode(), OURS)


@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("text", [KEY_ID, TOKEN])
def test_base64_is_found_wherever_it_begins(before, text):
    assert holds(base64.b64encode(b"x" * before + text.encode() + b"yz"), OURS)


def test_other_answers_are_not_taken_for_it():
    other = b"<Error><Code>AccessDenied</Code><AWSAccessKeyId>ASIAEXAMPLENOTOURS00</AWSAccessKeyId></Error>"
    assert not holds(other + base64.b64encode(other) + other.hex().encode(), OURS)
    assert not holds(b"", Credentials(access_key_id=KEY_ID, secret_access_key="x"))


@pytest.mark.parametrize(
    ("said", "ours"),
    [
        (b"<Code>SignatureDoesNotMatch</Code>", True),
        (b'{"__type":"com.amazon.coral.service#InvalidSignatureException"}', True),
        (b'{"__type":"UnrecognizedClientException"}', True),
        (b"<Code>InvalidClientTokenId</Code>", True),
        (b"<Code>RequestTimeTooSkewed</Code>", True),
        (b"<Code>InvalidToken</Code>", True),
        (b"<Code>NoSuchKey</Code>", False),
        (b"InvalidTokenization", False),
    ],
)
def test_faults_of_our_signature(said, ours):
    assert faults_signature(said) is ours


def test_an_expired_session():
    assert expired(b"<Code>ExpiredToken</Code>")
    assert expired(b'{"__type":"ExpiredTokenException"}')
    assert not expired(b"<Code>InvalidToken</Code>")


def test_compressed_errors_are_read():
    assert readable(b"plain", None) == b"plain"
    assert readable(b"plain", "identity") == b"plain"
    assert readable(gzip.compress(b"squeezed", mtime=0), "gzip") == b"squeezed"


@pytest.mark.parametrize(
    ("data", "coding"),
    [
        (b"x", "br"),
        (zlib.compress(b"x"), "deflate"),
        (b"not gzip", "gzip"),
        (gzip.compress(b"x", mtime=0)[:-1], "gzip"),
        (gzip.compress(b"x", mtime=0) + b"more", "gzip"),
        (gzip.compress(bytes(MAX_READ + 1), mtime=0), "gzip"),
    ],
)
def test_what_cannot_be_read_is_nothing(data, coding):
    assert readable(data, coding) is None
