"""Presigned requests to S3: what the query says in place of fields is read as those fields, or refused."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.aws.naming import catalog, claim, head, place
from trio_gate.aws.forwarded_headers import forwarded_headers
from trio_gate.aws.naming import name_call
from trio_gate.errors import GateError, Malformed, Unidentified
from trio_gate.signing.presigned import with_fields
from trio_gate.signing.sigv4 import without_signature
from trio_gate.wire.aws_chunked import streamed_body
from trio_gate.wire.head import Empty, Held, StreamKind

CLAIM = claim("s3")
SIGNED = {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": "AKIA111111111111XXXX/20260115/us-east-1/s3/aws4_request",
    "X-Amz-Date": "20260115T120000Z",
    "X-Amz-Expires": "60",
    "X-Amz-SignedHeaders": "host",
    "X-Amz-Signature": "0" * 64,
}
SHA256 = "a" * 64

FORMS = [
    ("PutObject", "PUT /bucket/k", {"x-amz-acl": "public-read", "x-amz-meta-name": "ä b;+"}),
    ("PutObject", "PUT /bucket/k", {"x-amz-server-side-encryption": "aws:kms", "x-amz-storage-class": "GLACIER"}),
    ("PutObject", "PUT /bucket/k", {"x-amz-tagging": "a=b&c=d", "x-amz-object-lock-mode": "GOVERNANCE"}),
    ("PutObject", "PUT /bucket/k", {"x-amz-checksum-sha256": "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="}),
    ("PutObject", "PUT /bucket/k", {"x-amz-sdk-checksum-algorithm": "CRC32", "x-amz-checksum-crc32": "NhCmhg=="}),
    ("PutObject", "PUT /bucket/k", {"x-amz-content-sha256": SHA256}),
    ("CopyObject", "PUT /bucket/k", {"x-amz-copy-source": "other/secret", "x-amz-metadata-directive": "COPY"}),
    ("UploadPart", "PUT /bucket/k?partNumber=1&uploadId=u", {"x-amz-checksum-crc32c": "yZRlqg=="}),
    ("UploadPartCopy", "PUT /bucket/k?partNumber=1&uploadId=u", {"x-amz-copy-source": "other/secret"}),
    ("CreateMultipartUpload", "POST /bucket/k?uploads", {"x-amz-checksum-algorithm": "SHA256", "x-amz-acl": "private"}),
    ("GetObject", "GET /bucket/k?versionId=7", {"x-amz-checksum-mode": "ENABLED", "x-amz-request-payer": "requester"}),
    ("DeleteObject", "DELETE /bucket/k", {"x-amz-bypass-governance-retention": "true", "x-amz-mfa": "serial 1"}),
    ("PutObjectAcl", "PUT /bucket/k?acl", {"x-amz-grant-full-control": 'id="1"', "x-amz-expected-bucket-owner": "1" * 12}),
]


def presigned(line: str, query: dict[str, str], fields: dict[str, str] | None = None, /, **changes: str):
    """A head that is signed in its query, with more parameters."""
    pairs = [f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in {**SIGNED, **changes, **query}.items()]
    return head(f"{line}{'&' if '?' in line else '?'}{'&'.join(pairs)}", fields)


def spoken(request):
    return without_signature(with_fields(request, CLAIM))


def meaning(request):
    """The call's name and parameters, and what would be forwarded of its fields."""
    body = streamed_body(request, 5) if request.method == "PUT" and "acl" not in dict(request.target.query) else Empty()
    copies = request.one("x-amz-copy-source") is not None
    named = name_call(request, Empty() if copies else body, place=place("s3"), claim=CLAIM, catalog=catalog())
    s3 = catalog().service("s3")
    sent = forwarded_headers(request, s3, s3.operations[named.operation], named.protocol)
    return named.operation, named.params, sorted(sent), body


SPELLINGS = {"lower": str.lower, "canonical": lambda name: "-".join(part.capitalize() for part in name.split("-"))}


@pytest.mark.parametrize("spelled", SPELLINGS)
@pytest.mark.parametrize(("operation", "line", "fields"), FORMS, ids=[f"{row[0]}-{number}" for number, row in enumerate(FORMS)])
def test_both_forms_mean_the_same(operation, line, fields, spelled):
    spell = SPELLINGS[spelled]
    query = {"X-Amz-Content-Sha256" if name == "x-amz-content-sha256" else spell(name): fields[name] for name in fields}
    by_query = spoken(presigned(line, {"X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD", **query}))
    by_field = head(line, {"x-amz-content-sha256": "UNSIGNED-PAYLOAD", **fields})
    assert by_query.target == by_field.target
    assert sorted(by_query.headers) == sorted(by_field.headers)
    assert meaning(by_query) == meaning(by_field)
    assert meaning(by_query)[0] == operation


def test_the_hash_in_the_query_is_that_of_the_body():
    body = streamed_body(spoken(presigned("PUT /bucket/k", {"X-Amz-Content-Sha256": SHA256})), 5)
    assert (body.kind, body.sha256) == (StreamKind.HASHED, SHA256)
    assert streamed_body(with_fields(presigned("PUT /bucket/k", {}), CLAIM), 5).kind is StreamKind.UNSIGNED


def test_the_session_token_in_the_query_goes_no_further():
    request = spoken(presigned("GET /bucket/k", {"X-Amz-Security-Token": "agent's"}))
    assert (request.target.query, dict(request.headers)) == ((), {"host": "agent.test"})


@pytest.mark.parametrize(
    "digest", ["crc32=AAAAAA==", "crc32c=AAAAAA==", "crc64nvme=AAAAAAAAAAA=", "sha1=2jmj7l5rSw0yVb/vlWAYkK/YBwk="]
)
def test_the_digest_of_no_body_that_javascript_presigns_is_passed_over(digest):
    name, _, value = digest.partition("=")
    query = {f"x-amz-checksum-{name}": value, "x-amz-sdk-checksum-algorithm": name.upper(), "x-amz-acl": "private"}
    assert {name for name, _ in spoken(presigned("PUT /bucket/k", query)).headers} == {"host", "x-amz-acl"}


def test_as_a_field_the_digest_of_no_body_stays():
    request = presigned("PUT /bucket/k", {"x-amz-acl": "private"}, {"x-amz-checksum-crc32": "AAAAAA=="})
    assert spoken(request).one("x-amz-checksum-crc32") == "AAAAAA=="


TWO_FORMS = [
    ({"x-amz-acl": "private"}, {"x-amz-acl": "private"}),
    ({"x-amz-acl": "private", "X-Amz-Acl": "public-read"}, {}),
    ({"X-Amz-Content-Sha256": SHA256}, {"x-amz-content-sha256": SHA256}),
    ({"X-Amz-Security-Token": "a"}, {"x-amz-security-token": "a"}),
    ({"x-amz-content-sha256": SHA256}, {}),
    ({"x-amz-security-token": "a"}, {}),
    ({"X-AMZ-CONTENT-SHA256": SHA256}, {}),
]


@pytest.mark.parametrize(("query", "fields"), TWO_FORMS)
def test_two_forms_or_another_spelling_are_refused(query, fields):
    with pytest.raises(Malformed):
        with_fields(presigned("PUT /bucket/k", query, fields), CLAIM)


@pytest.mark.parametrize("name", ["X-Amz-Content-Sha256", "X-Amz-Security-Token", "x-amz-acl"])
def test_a_parameter_twice_is_refused(name):
    with pytest.raises(Malformed, match="twice"):
        with_fields(presigned(f"PUT /bucket/k?{name}=a", {name: "a"}), CLAIM)


@pytest.mark.parametrize("name", ["X-Amz-Content-Sha256", "X-Amz-Security-Token"])
def test_outside_s3_too(name):
    sts = claim("sts")
    assert with_fields(presigned("GET /", {name: "a"}), sts) == presigned("GET /", {name: "a"})
    for twice in (presigned(f"GET /?{name}=a", {name: "a"}), presigned("GET /", {name: "a"}, {name: "a"})):
        with pytest.raises(Malformed, match="twice"):
            with_fields(twice, sts)
    with pytest.raises(Malformed, match="spelled"):
        with_fields(presigned("GET /", {name.lower(): "a"}), sts)


IN_THE_HEAD = {"Authorization": "AWS4-HMAC-SHA256 x"}


@pytest.mark.parametrize(
    ("service", "name"),
    [
        ("s3", "X-Amz-Content-Sha256"),
        ("s3", "X-Amz-Security-Token"),
        ("s3", "x-amz-acl"),
        ("s3", "X-AMZ-COPY-SOURCE"),
        ("sts", "X-Amz-Content-Sha256"),
        ("sts", "x-amz-security-token"),
    ],
)
def test_a_request_signed_in_its_head_has_no_such_query(service, name):
    with pytest.raises(Malformed, match="signed in its head"):
        with_fields(head(f"PUT /bucket/k?{name}=a", IN_THE_HEAD), claim(service))


@pytest.mark.parametrize(
    ("query", "operation"),
    [
        ("x-amz-token-request-type=bearer", "CreateBearerToken"),
        ("x-amz-client-auth-method=iam", "CreateOAuth2TokenWithIAM"),
        ("x-amz-other=a", None),
    ],
)
def test_a_path_may_have_such_a_parameter_of_its_own(query, operation):
    request = head(f"POST /v1/token?{query}", {**IN_THE_HEAD, "Content-Type": "application/json"})
    assert with_fields(request, claim("signin")) == request
    words = {"place": place("signin"), "claim": claim("signin"), "catalog": catalog()}
    if operation is not None:
        assert name_call(without_signature(request), Held(data=b"{}"), **words).operation == operation
        return
    with pytest.raises(Unidentified):
        name_call(without_signature(request), Held(data=b"{}"), **words)


@pytest.mark.parametrize(
    ("name", "value"),
    [("x-amz-meta-a b", "1"), ("x-amz-meta-\r\nx", "1"), ("x-amz-meta-a", "1\r\nhost: evil"), ("x-amz-meta-\u212a", "1")],
)
def test_what_cannot_be_a_field_is_refused(name, value):
    with pytest.raises(Malformed, match="cannot stand for a field"):
        with_fields(presigned("PUT /bucket/k", {name: value}), CLAIM)


def test_a_parameter_that_the_operation_does_not_have_is_refused():
    with pytest.raises(Malformed, match="x-amz-nonsense"):
        meaning(spoken(presigned("GET /bucket/k", {"x-amz-nonsense": "1"})))


@given(st.dictionaries(st.text("x-amzXAMZ-cl \0\r", min_size=1), st.text(max_size=5), max_size=4))
def test_no_query_keeps_what_stands_for_a_field(query):
    request = presigned("PUT /bucket/k", {})
    request = replace(request, target=replace(request.target, query=(*request.target.query, *query.items())))
    try:
        said = spoken(request)
    except GateError:
        return
    assert not any(name.lower().startswith("x-amz-") for name, _ in said.target.query)
    assert {name.lower() for name in query if name.lower().startswith("x-amz-")} <= {name for name, _ in said.headers} | {
        "x-amz-security-token"
    }
