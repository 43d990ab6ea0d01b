"""Conditions that SDKs act on are answered with the code and status that each service has for them."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import timedelta

import botocore.auth
import pytest
from botocore.exceptions import ClientError

from tests.kit.gateway import running
from tests.kit.wire.raw import S3, request, tunnel, with_field

RULES = 'rule "all" { action = "allow" }\n'
CALLS = {
    "s3": ("list_buckets", {}, "RequestTimeTooSkewed", 403),
    "dynamodb": ("list_tables", {}, "InvalidSignatureException", 400),
    "lambda": ("list_functions", {}, "InvalidSignatureException", 403),
    "sts": ("get_caller_identity", {}, "SignatureDoesNotMatch", 403),
    "route53": ("list_hosted_zones", {}, "SignatureDoesNotMatch", 403),
    "ec2": ("describe_regions", {}, "RequestExpired", 400),
    "cloudwatch": ("list_metrics", {}, "InvalidSignatureException", 400),
}


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    with running(tmp_path_factory.mktemp("gate"), embedded_aws, rules=RULES, knobs='held_limit = "64KiB"') as gateway:
        yield gateway


@pytest.fixture(params=[-20, 20, 9 * 24 * 60], ids=["late", "early", "days early"])
def skewed(request, monkeypatch):
    """botocore's clock, that many minutes off."""
    real = botocore.auth.get_current_datetime
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: real() + timedelta(minutes=request.param))
    return request.param


@pytest.mark.parametrize("service", CALLS)
def test_a_wrong_clock_is_reported_in_the_services_words(gate, skewed, service):
    operation, given, code, status = CALLS[service]
    with pytest.raises(ClientError) as refused:
        getattr(gate.client(service), operation)(**given)
    error = refused.value.response
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert ("Signature expired: 2" if skewed < 0 else "Signature not yet current: 2") in error["Error"]["Message"]
    assert "date" in error["ResponseMetadata"]["HTTPHeaders"]


def test_the_record_has_the_status_that_was_answered(gate, monkeypatch):
    real = botocore.auth.get_current_datetime
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: real() - timedelta(minutes=20))
    with pytest.raises(ClientError) as refused:
        gate.client("ec2").describe_vpcs()
    recorded = gate.records()[-1]["outcome"]
    assert recorded["status"] == refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def answered(gate, raw):
    with tunnel(gate, gate.ca_file, S3) as connection:
        return connection.send(raw).answer()


def put(body: bytes = b"hello", **fields: str) -> bytes:
    return request("s3", S3, method="PUT", path="/staging-data/conditions", body=body, **fields)


def sent(hash_of: bytes, body: bytes) -> bytes:
    """A request that is signed for the hash of one body and comes with another."""
    head, _, _ = put(hash_of).partition(b"\r\n\r\n")
    return head + b"\r\n\r\n" + body


def wrong(name: str, data: bytes) -> dict[str, str]:
    return {name: base64.b64encode(data).decode()}


CASES = {
    "hash": (sent, (b"hello", b"jello"), "XAmzContentSHA256Mismatch", 400),
    "md5": (put, wrong("Content_MD5", hashlib.md5(b"other", usedforsecurity=False).digest()), "BadDigest", 400),
    "checksum": (put, wrong("x_amz_checksum_sha256", hashlib.sha256(b"other").digest()), "BadDigest", 400),
}


@pytest.mark.parametrize("case", CASES)
def test_a_body_that_is_not_what_was_declared(gate, case):
    make, given, code, status = CASES[case]
    raw = make(**given) if isinstance(given, dict) else make(*given)
    answer = answered(gate, raw)
    assert (answer.status, f"<Code>{code}</Code>" in answer.text) == (status, True), answer.text


@pytest.mark.parametrize("path", ["/staging-data/conditions", "/staging-data/conditions?partNumber=1&uploadId=u"])
def test_an_upload_without_a_length(gate, path):
    signed = request("s3", S3, method="PUT", path=path, body=b"")
    answer = answered(gate, re.sub(rb"(?im)^content-length: [^\r]*\r\n", b"", signed))
    assert (answer.status, "<Code>MissingContentLength</Code>" in answer.text) == (411, True), answer.text


def test_a_body_that_is_too_large_for_s3(gate):
    body = b"<Delete>" + b"<Object><Key>some-key</Key></Object>" * 4000 + b"</Delete>"
    answer = answered(gate, request("s3", S3, path="/staging-data?delete", body=body))
    assert (answer.status, "<Code>EntityTooLarge</Code>" in answer.text) == (400, True), answer.text


@pytest.mark.parametrize("by", ["proxy", "endpoint"])
@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"ContentMD5": base64.b64encode(bytes(16)).decode()}, "BadDigest"),
        ({"ChecksumSHA256": base64.b64encode(bytes(32)).decode()}, "BadDigest"),
        ({"ChecksumCRC32": base64.b64encode(bytes(4)).decode()}, "BadDigest"),
        ({}, "XAmzContentSHA256Mismatch"),
    ],
)
def test_boto3_says_what_was_wrong_with_a_body(gate, by, given, code):
    style = {"addressing_style": "path", "payload_signing_enabled": True}
    s3 = gate.client("s3", by=by, s3=style, request_checksum_calculation="when_required")

    def exchange(request, **_):
        if not given:
            request.body = b"jello"

    s3.meta.events.register("before-send.s3.PutObject", exchange)
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket="staging-data", Key="conditions", Body=b"hello", **given)
    error = refused.value.response
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == (code, 400)


def test_what_is_not_signed_is_refused_in_s3s_words(gate):
    with tunnel(gate, gate.ca_file, S3) as connection:
        answer = connection.send(f"GET /staging-data/k HTTP/1.1\r\nHost: {S3}\r\n\r\n".encode()).answer()
    assert (answer.status, "<Error><Code>AccessDenied</Code>" in answer.text) == (403, True)


def test_a_body_that_is_too_large(gate):
    with pytest.raises(ClientError) as refused:
        gate.client("dynamodb").put_item(TableName="t", Item={"id": {"S": "x" * 100_000}})
    assert refused.value.response["Error"]["Code"] == "RequestEntityTooLargeException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


def test_a_presigned_url_that_is_out_of_time(gate, monkeypatch):
    real = botocore.auth.get_current_datetime
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: real() - timedelta(minutes=20))
    s3 = gate.client("s3", signature_version="s3v4")
    url = s3.generate_presigned_url("get_object", {"Bucket": "staging-data", "Key": "conditions"}, ExpiresIn=60)
    target = url.partition("amazonaws.com")[2]
    host = url.removeprefix("https://").partition("/")[0]
    with tunnel(gate, gate.ca_file, host) as connection:
        answer = connection.send(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).answer()
    assert (answer.status, "<Code>AccessDenied</Code>" in answer.text) == (403, True)
    assert "request has expired" in answer.text


@pytest.mark.parametrize("day", [False, True])
def test_a_date_that_was_exchanged_is_no_matter_of_clocks(gate, day):
    raw = put()
    date = re.search(rb"X-Amz-Date: ([0-9]{8}T[0-9]{5})([0-9])Z", raw)
    other = "20260101T000000Z" if day else f"{date[1].decode()}{(int(date[2]) + 1) % 10}Z"
    answer = answered(gate, with_field(raw, "X-Amz-Date", other))
    assert (answer.status, "<Code>AccessDenied</Code>" in answer.text) == (403, True)
    assert ("dates differ" if day else "no agent here") in answer.text
