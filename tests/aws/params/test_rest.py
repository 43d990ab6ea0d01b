"""Parameters of the REST protocols: fields, payloads and content types."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.aws.naming import ACCOUNT, CBOR, FORM, REST_JSON, named, place, target
from trio_gate.aws.call import UNKNOWN
from trio_gate.errors import GateError, Malformed

# --- rest ---------------------------------------------------------------------------------------------------------------

S3 = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}


def test_headers_are_parameters():
    headers = {
        **S3,
        "x-amz-meta-Owner": "alice",
        "x-amz-acl": "public-read",
        "x-amz-object-lock-retain-until-date": "2025-01-15T08:30:00Z",
        "Expires": "Wed, 15 Jan 2025 08:30:00 GMT",
    }
    assert named("PUT /bucket/k", headers, b"x", at=place("s3")).params == {
        "Bucket": "bucket",
        "Key": "k",
        "ACL": "public-read",
        "Metadata": {"owner": "alice"},
        "ObjectLockRetainUntilDate": "2025-01-15T08:30:00Z",
        "Expires": "2025-01-15T08:30:00Z",
        "Body": UNKNOWN,
    }


@pytest.mark.parametrize(("text", "value"), [("true", True), ("True", True), ("false", False), ("False", False)])
def test_booleans_in_headers(text, value):
    headers = {**S3, "x-amz-bypass-governance-retention": text}
    assert named("DELETE /bucket/k", headers, at=place("s3")).params["BypassGovernanceRetention"] is value


@pytest.mark.parametrize("text", ["TRUE", "tRue", "1", "yes", "", "None"])
def test_what_is_no_boolean_in_a_header(text):
    with pytest.raises(Malformed):
        named("DELETE /bucket/k", {**S3, "x-amz-bypass-governance-retention": text}, at=place("s3"))


def test_json_in_headers_is_decoded():
    at = place("lex-runtime", signing_name="lex")
    value = base64.b64encode(b'{"a":["b"]}').decode()
    line = "POST /bot/b/alias/a/user/u/content"
    headers = {"x-amz-lex-session-attributes": value, "Content-Type": "text/plain; charset=utf-8"}
    params = named(line, headers, b"hello", at=at).params
    assert (params["sessionAttributes"], params["inputStream"]) == ({"a": ["b"]}, b"hello")
    with pytest.raises(Malformed):
        named(line, {**headers, "x-amz-lex-session-attributes": base64.b64encode(b'{"a":1,"a":2}').decode()}, b"hello", at=at)


def test_a_blob_payload_is_the_body_whatever_its_type():
    at = place("lambda")
    for kind in ("application/octet-stream", "application/json", "text/plain"):
        headers = {"Content-Type": kind, "X-Amz-Invocation-Type": "Event"}
        params = named("POST /2015-03-31/functions/f/invocations", headers, b"\x00{", at=at).params
        assert params == {"FunctionName": "f", "InvocationType": "Event", "Payload": b"\x00{"}


@pytest.mark.parametrize("headers", [{}, {"Content-Type": ""}, REST_JSON])
def test_rest_json_may_go_without_a_content_type(headers):
    call = named("POST /v1/canceljob", headers, b'{"jobId":"j","reason":"r"}', at=place("batch"))
    assert (call.operation, call.params) == ("CancelJob", {"jobId": "j", "reason": "r"})


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-amz-json-1.1",
        "application/json; charset=latin-1",
        "application/xml",
        "application/x-www-form-urlencoded",
        ";",
    ],
)
def test_rest_json_has_no_other_content_type(kind):
    with pytest.raises(Malformed):
        named("POST /v1/submitjob", {"Content-Type": kind}, b'{"jobName":"j"}', at=place("batch"))


def test_a_body_that_the_operation_does_not_have():
    line = "DELETE /2015-03-31/functions/f"
    assert named(line, REST_JSON, b"{}", at=place("lambda")).operation == "DeleteFunction"
    with pytest.raises(Malformed):
        named(line, REST_JSON, b'{"FunctionName":"g"}', at=place("lambda"))
    with pytest.raises(Malformed):
        named("GET /bucket/k", S3, b"<x/>", at=place("s3"))


def test_outposts_are_named_once():
    at = place("s3control", signing_name="s3-outposts", host="s3-outposts.us-east-1.amazonaws.com")
    arn = f"arn:aws:s3-outposts:us-east-1:{ACCOUNT}:outpost/op-1/bucket/b".replace(":", "%3A").replace("/", "%2F")
    headers = {"x-amz-account-id": ACCOUNT, "x-amz-outpost-id": "op-1"}
    assert named(f"GET /v20180820/bucket/{arn}", headers, at=at).operation == "GetBucket"
    with pytest.raises(Malformed):
        named(f"GET /v20180820/bucket/{arn}", {**headers, "x-amz-outpost-id": "op-2"}, at=at)


# --- any body -----------------------------------------------------------------------------------------------------------

TARGETS = [
    ("dynamodb", "POST /", target("DynamoDB_20120810.PutItem")),
    ("ec2", "POST /", FORM),
    ("codebuild", "POST /service/CodeBuild_20161006/operation/StartBuild", CBOR),
    ("s3", "PUT /bucket?acl", S3),
    ("lambda", "POST /2015-03-31/functions", REST_JSON),
]
WORDS = st.sampled_from(
    [b"Action=RunInstances&Version=2016-11-15&", b'{"Item":', b"{", b"}", b"[", b"]", b'"S"', b":", b",", b"1", b"&"]
)
BODIES = st.lists(WORDS | st.binary(max_size=6), max_size=10).map(b"".join)


@pytest.mark.parametrize(("service", "line", "headers"), TARGETS, ids=lambda item: item if isinstance(item, str) else "")
@given(body=BODIES)
def test_any_body_is_named_or_refused(service, line, headers, body):
    outcome = None
    try:
        outcome = named(line, headers, body, at=place(service)).params
    except GateError as fault:
        outcome = fault
    assert isinstance(outcome, dict) or (outcome.reason.isprintable() and outcome.status in (400, 403, 413))
