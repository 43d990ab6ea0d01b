"""SigV4 against its published suite and against botocore."""

import base64
import gzip
import hashlib
import hmac
import itertools
import json
import posixpath
from datetime import UTC, datetime, timedelta, timezone

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.long import one_in
from tests.kit.paths import CORPUS
from trio_gate.signing.sigv4 import (
    MAX_KEYS,
    S3_FAMILY,
    UNSIGNED_FIELDS,
    Credentials,
    SigningKeys,
    by_name,
    canonical_request,
    sign,
    sign_string,
    stamp,
    string_to_sign,
    without_signature,
)
from trio_gate.wire.head import RequestHead, Target
from trio_gate.wire.parse import parse_request_head

SUITE = CORPUS / "sigv4_suite.jsonl.gz"
NOW = datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)
KEYS = Credentials(access_key_id="AKIDEXAMPLE", secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
EMPTY = hashlib.sha256(b"").hexdigest()

NOT_AS_SENT = {
    "sigv4.normalize-path/get-relative",
    "sigv4.normalize-path/get-relative-relative",
    "sigv4.normalize-path/get-slash",
    "sigv4.normalize-path/get-slash-dot-slash",
    "sigv4.normalize-path/get-slash-pointless-dot",
    "sigv4.normalize-path/get-slashes",
    "sigv4.normalize-path/get-space",
    "sigv4.normalize-path/get-special-character",
    "sigv4.get-utf8",
}
"""Paths that this gateway would not send as the suite does: it refuses dot and empty segments outside S3, and it encodes what
the suite leaves bare, which adds a round of encoding to both. Their canonical text is checked, not the whole signing."""


def suite() -> list[dict]:
    if not SUITE.exists():
        pytest.skip(f"{SUITE.name} is not beside this checkout")
    with gzip.open(SUITE, "rt") as file:
        return [json.loads(line) for line in file]


def lenient(raw: str) -> tuple[RequestHead, bytes]:
    """The suite's requests as values: read by hand, because they hold folds, spaces and bare UTF-8 on purpose."""
    top, _, body = raw.partition("\n\n")
    start, *rest = top.rstrip("\n").replace("\n ", " ").split("\n")
    method, _, target = start.removesuffix(" HTTP/1.1").partition(" ")
    path, _, query = target.partition("?")
    path = posixpath.normpath(path).replace("//", "/") + ("/" if path.endswith("/") and path.strip("/.") else "")
    pairs = [part.partition("=") for part in query.split("&")] if query else []
    decode = {"%E1%88%B4": "ሴ"}
    fields = tuple((name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in rest))
    return (
        RequestHead(
            method=method,
            target=Target(
                segments=tuple(path[1:].split("/")),
                query=tuple((decode.get(name, name), value) for name, _, value in pairs),
            ),
            headers=fields,
        ),
        body.encode(),
    )


def test_the_published_suite():
    rows = suite()
    assert len(rows) == 34
    for row in rows:
        head, body = lenient(row["request_raw"])
        payload = hashlib.sha256(body).hexdigest()
        names = sorted({name for name, _ in head.headers})
        request = canonical_request(
            head.method, by_name(head), path=head.target.path, query=head.target.query, names=names, payload_hash=payload
        )
        if row["id"] != "sigv4.get-vanilla-with-session-token":  # its canonical request already has the token
            assert request == row["canonical_request"], row["id"]
        scope = f"{row['date'][:8]}/{row['region']}/{row['service']}/aws4_request"
        text = string_to_sign(row["date"], scope, row["canonical_request"])
        assert text == row["string_to_sign"], row["id"]
        key = SigningKeys().key(row["secret_key"], row["date"][:8], row["region"], row["service"])
        assert row["authorization"].endswith(f"Signature={sign_string(key, text)}"), row["id"]


def test_the_published_suite_signed_whole():
    done = set()
    for row in suite():
        if row["id"] in NOT_AS_SENT:
            continue
        head, body = lenient(row["request_raw"])
        token = head.one("x-amz-security-token") or (row["session_token"] if "after" not in row["id"] else None)
        signed = sign(
            head,
            payload_hash=hashlib.sha256(body).hexdigest(),
            credentials=Credentials(access_key_id=row["access_key"], secret_access_key=row["secret_key"], session_token=token),
            service=row["service"],
            region=row["region"],
            now=datetime.strptime(row["date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC),
            s3=False,
        )
        assert signed.head.one("authorization") == row["authorization"], row["id"]
        done.add(row["id"])
    assert len(done) == 34 - len(NOT_AS_SENT)


def botocore_signature(head: RequestHead, body: bytes, *, s3: bool, service: str, region: str, token: str | None):
    """What botocore makes of the same request: canonical text and Authorization."""
    headers = dict(head.headers)
    request = AWSRequest(head.method, f"https://{headers['host']}{head.target.text}", data=body, headers=headers)
    amz_date = NOW.strftime("%Y%m%dT%H%M%SZ")
    request.context.update(timestamp=amz_date, payload_signing_enabled=True)
    credentials = BotocoreCredentials(KEYS.access_key_id, KEYS.secret_access_key, token)
    auth = (S3SigV4Auth if s3 else SigV4Auth)(credentials, service, region)
    auth._modify_request_before_signing(request)
    text = auth.canonical_request(request)
    signature = auth.signature(auth.string_to_sign(request, text), request)
    signed = auth.signed_headers(auth.headers_to_sign(request))
    return f"AWS4-HMAC-SHA256 Credential={auth.scope(request)}, SignedHeaders={signed}, Signature={signature}"


SEGMENT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
QUERY = st.lists(st.tuples(st.text("aB=& +%/é;~", min_size=1, max_size=4), st.text("aB=& +%/é;~", max_size=4)), max_size=4)
FIELD = st.tuples(
    st.sampled_from(["content-type", "x-amz-target", "x-amz-meta-a", "range", "if-match", "content-md5", "x-note"]),
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=12).map(lambda value: value.strip(" ")),
)
FIELDS = st.lists(FIELD, max_size=4, unique_by=lambda field: field[0])


@given(st.data(), st.booleans(), QUERY, FIELDS, st.binary(max_size=20), st.sampled_from([None, "TOKEN//+="]))
def test_equal_to_botocore(data, s3, query, fields, body, token):
    plain = SEGMENT if s3 else SEGMENT.filter(lambda part: part not in ("", ".", ".."))
    segments = data.draw(st.lists(plain, min_size=1, max_size=4))
    head = RequestHead(
        method=data.draw(st.sampled_from(["GET", "PUT", "POST"])),
        target=Target(segments=tuple(segments), query=tuple(query)),
        headers=(("host", "b.s3.amazonaws.com"), *fields),
    )
    service = "s3" if s3 else "lambda"
    signed = sign(
        head,
        payload_hash=hashlib.sha256(body).hexdigest(),
        credentials=Credentials(access_key_id=KEYS.access_key_id, secret_access_key=KEYS.secret_access_key, session_token=token),
        service=service,
        region="eu-west-1",
        now=NOW,
        s3=s3,
    )
    # botocore gets the head that we send, less our authorization, which it replaces.
    bare = signed.head.where(lambda name: name != "authorization")
    assert signed.head.one("authorization") == botocore_signature(
        bare, body, s3=s3, service=service, region="eu-west-1", token=token
    )


@one_in(20, "a whole corpus")
def test_equal_to_botocore_for_every_operation(one_in):
    """What the corpus's clients sent, signed again by both."""
    path = SUITE.with_name("botocore.jsonl.gz")
    if not path.exists():
        pytest.skip(f"{path.name} is not beside this checkout")
    signed = 0
    with gzip.open(path) as file:
        for row in map(json.loads, itertools.islice(file, 0, None, one_in)):
            raw_head, _, body = base64.b64decode(row["request_b64"]).partition(b"\r\n\r\n")
            head = parse_request_head(raw_head + b"\r\n\r\n")
            if row["auth"] != "v4" or head.one("transfer-encoding") is not None:
                continue
            kept = head.where(lambda name: name in ("host", "content-type", "content-md5") or name.startswith("x-amz"))
            bare = kept.where(lambda name: name not in ("x-amz-date", "x-amz-content-sha256", "x-amz-security-token"))
            service, region = row["signing_name"], row["signing_region"]
            ours = sign(
                bare,
                payload_hash=hashlib.sha256(body).hexdigest(),
                credentials=KEYS,
                service=service,
                region=region,
                now=NOW,
                s3=service in S3_FAMILY,
            ).head
            sent = ours.where(lambda name: name != "authorization")
            theirs = botocore_signature(sent, body, s3=service in S3_FAMILY, service=service, region=region, token=None)
            assert ours.one("authorization") == theirs, row["id"]
            signed += 1
    assert signed > 30_000 / one_in


def signed_now(head: RequestHead, *, s3: bool = False, now: datetime = NOW, **kept):
    return sign(
        head, payload_hash=EMPTY, credentials=KEYS, service="s3" if s3 else "sts", region="us-east-1", now=now, s3=s3, **kept
    )


HEAD = RequestHead(method="GET", target=Target(segments=("",)), headers=(("host", "sts.amazonaws.com"),))


def test_fields_that_a_signature_sets():
    assert signed_now(HEAD).head.one("x-amz-content-sha256") is None
    assert signed_now(HEAD, s3=True).head.one("x-amz-content-sha256") == EMPTY
    assert signed_now(HEAD).head.one("x-amz-security-token") is None
    assert signed_now(HEAD).amz_date == "20260131T235959Z"
    assert signed_now(HEAD).scope == "20260131/us-east-1/sts/aws4_request"
    local = NOW.astimezone(timezone(timedelta(hours=5)))
    assert signed_now(HEAD, now=local).amz_date == "20260131T235959Z"


@pytest.mark.parametrize("name", sorted(UNSIGNED_FIELDS - {"authorization"}))
def test_fields_that_are_sent_unsigned(name):
    head = RequestHead(method="GET", target=HEAD.target, headers=(*HEAD.headers, (name, "a")))
    signed = signed_now(head)
    assert signed.signature == signed_now(HEAD).signature
    assert signed.head.one(name) == "a"


def test_an_earlier_signature_leaves_no_trace():
    names = ["Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature", "Security-Token", "Content-Sha256"]
    presigned = RequestHead(
        method="GET",
        target=Target(segments=("k",), query=(("versionId", "1"), *((f"X-Amz-{name}", "agent") for name in names))),
        headers=HEAD.headers,
    )
    again = signed_now(signed_now(presigned, s3=True).head, s3=True).head
    assert again.target.query == (("versionId", "1"),)
    assert len(again.headers) == len({name for name, _ in again.headers}) == 4
    fields = (("date", "x"), ("x-amz-security-token", "agent"), ("authorization", "agent"), ("x-amz-date", "agent"))
    sent = signed_now(RequestHead(method="GET", target=HEAD.target, headers=(*HEAD.headers, *fields))).head
    assert "agent" not in "".join(value for _, value in sent.headers)
    assert without_signature(again).where(lambda name: name != "x-amz-content-sha256").headers == HEAD.headers


def test_the_agents_hash_field_says_what_was_signed():
    head = RequestHead(method="GET", target=HEAD.target, headers=(*HEAD.headers, ("x-amz-content-sha256", "claimed")))
    assert signed_now(head).head.one("x-amz-content-sha256") == EMPTY


def test_blanks_beyond_ascii_are_kept():
    head = RequestHead(method="GET", target=HEAD.target, headers=(*HEAD.headers, ("x-amz-meta-a", "a\u00a0 \t b")))
    text = canonical_request(head.method, by_name(head), path="/", query=(), names=["x-amz-meta-a"], payload_hash=EMPTY)
    assert "x-amz-meta-a:a\u00a0 b\n" in text


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "host", "x-amz-a"]), st.text("a, \t\u00a0:", max_size=6)), max_size=6))
def test_a_repeated_field_is_signed_as_a_list_of_its_values(fields):
    """The canonical headers as AWS defines them: values trimmed, runs of blanks made one, repeated ones joined by commas."""
    names = sorted({name for name, _ in fields})
    lines = [f"{name}:{','.join(trimmed(value) for key, value in fields if key == name)}" for name in names]
    head = RequestHead(method="PUT", target=Target(segments=("",)), headers=tuple(fields))
    query = (("b", "1"), ("a", "%"), ("a", " "))
    text = canonical_request(head.method, by_name(head), path="/p", query=query, names=names, payload_hash=EMPTY)
    assert text == "\n".join(["PUT", "/p", "a=%20&a=%25&b=1", *lines, "", ";".join(names), EMPTY])


def trimmed(value: str) -> str:
    return " ".join(part for part in value.replace("\t", " ").split(" ") if part)


@given(st.integers(0, 2**32), st.integers(0, 999_999), st.integers(-14, 14))
def test_a_time_is_written_in_utc_without_fractions(seconds, fraction, hours):
    time = datetime.fromtimestamp(seconds, timezone(timedelta(hours=hours))).replace(microsecond=fraction)
    assert stamp(time) == time.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_a_string_is_signed_by_hmac_with_the_key_that_the_secret_gives(secret, text):
    key = f"AWS4{secret}".encode()
    for part in ("20260131", "us-east-1", "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    signing = SigningKeys().key(secret, "20260131", "us-east-1", "s3")
    assert sign_string(signing, text) == hmac.new(key, text.encode(), "sha256").hexdigest()


def test_secrets_stay_out_of_reprs():
    keys = Credentials(access_key_id="ASIAEXAMPLE", secret_access_key="hunter2", session_token="hunter3", expires=NOW)
    signed = sign(HEAD, payload_hash=EMPTY, credentials=keys, service="s3", region="us-east-1", now=NOW, s3=True)
    assert "hunter" not in repr(keys) + str(keys)
    assert repr(signed.key) == "SigningKey()"
    assert "hunter" not in repr(signed)


def test_keys_are_kept_and_bounded():
    keys = SigningKeys()
    first = keys.key("secret", "20260131", "us-east-1", "s3")
    assert keys.key("secret", "20260131", "us-east-1", "s3") is first
    for number in range(MAX_KEYS):
        keys.key("secret", "20260131", f"r-{number}", "s3")
    again = keys.key("secret", "20260131", "us-east-1", "s3")
    assert again == first
    assert again is not first
    assert keys.key("other", "20260131", "us-east-1", "s3") != first
    assert signed_now(HEAD, keys=keys).signature == signed_now(HEAD).signature


def test_of_a_secret_that_is_forgotten_no_key_is_left():
    keys = SigningKeys()
    made = {(secret, day): keys.key(secret, day, "us-east-1", "s3") for secret in "abc" for day in ("20260131", "20260201")}
    keys.forget({"a", "c"})
    left = {name for name, key in made.items() if keys.key(*name, "us-east-1", "s3") is key}
    assert left == {("b", "20260131"), ("b", "20260201")}
