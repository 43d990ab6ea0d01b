"""Answers of AWS that are not for the agent: its own credentials in them, or a fault of our signature."""

from __future__ import annotations

import gzip
import re

import pytest
from botocore.exceptions import ClientError

from tests.kit.gateway import running
from tests.kit.standins.recording import recording

HOSTS = ("s3.amazonaws.com", "*.s3.amazonaws.com", "dynamodb.us-east-1.amazonaws.com")
XML = "<Error><Code>{}</Code><Message>m</Message><AWSAccessKeyId>{}</AWSAccessKeyId></Error>"


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    with recording(tmp_path_factory.mktemp("aws"), *HOSTS) as server:
        yield server


@pytest.fixture(scope="module")
def gate(aws, embedded_aws, tmp_path_factory):
    first = "".join(map(aws.route, HOSTS))
    with running(tmp_path_factory.mktemp("echoes"), embedded_aws, first=first) as gateway:
        yield gateway
    assert "Traceback" not in gateway.log


def key_id(aws, gate):
    """The gateway's own, as AWS has just seen it."""
    aws.answer = (200, {}, b"{}")
    gate.client("dynamodb").list_tables()
    return aws.seen[-1].headers["authorization"].partition("Credential=")[2].partition("/")[0]


def refused(client, operation, **given):
    with pytest.raises(ClientError) as caught:
        getattr(client, operation)(**given)
    return caught.value.response["ResponseMetadata"]["HTTPStatusCode"], caught.value.response["Error"]


@pytest.mark.parametrize("spell", [str, lambda text: text.encode().hex(" ")], ids=["plain", "hex"])
@pytest.mark.parametrize("coding", [None, "gzip"])
def test_our_key_in_an_error_is_kept_from_the_agent_and_logged(gate, aws, spell, coding):
    ours = key_id(aws, gate)
    body = XML.format("AccessDenied", spell(ours)).encode()
    fields = {"Content-Encoding": coding} if coding else {}
    aws.answer = (403, fields, gzip.compress(body) if coding else body)
    status, error = refused(gate.client("s3"), "get_object", Bucket="b-1", Key="k")
    assert (status, error["Code"]) == (403, "AccessDenied")
    assert "repeats the gateway's credentials" in error["Message"]
    assert ours not in str(error)
    assert gate.records("--action", "GetObject")[-1]["outcome"]["end"] == "failed"
    assert "repeats the gateway's credentials" in gate.log
    assert ours not in gate.log


def test_an_error_that_is_too_long_to_be_read_is_kept_from_the_agent(gate, aws):
    ours = key_id(aws, gate)
    aws.answer = (
        403,
        {},
        b"<Error><Code>AccessDenied</Code><Message>" + b"m" * 3_000_000 + ours.encode() + b"</Message></Error>",
    )
    status, error = refused(gate.client("s3"), "get_object", Bucket="b-1", Key="k")
    assert (status, "too long to be checked" in error["Message"]) == (403, True)
    assert ours not in str(error)
    row = gate.records("--action", "GetObject")[-1]["outcome"]
    assert (row["end"], row["upstream_status"], row["error_code"]) == ("failed", 403, "AccessDenied")


@pytest.mark.parametrize(
    ("service", "operation", "given", "body"),
    [
        ("s3", "list_buckets", {}, XML.format("SignatureDoesNotMatch", "")),
        ("dynamodb", "list_tables", {}, '{"__type":"com.amazon.coral.service#InvalidSignatureException","message":"m"}'),
        ("dynamodb", "list_tables", {}, '{"__type":"UnrecognizedClientException","message":"m"}'),
    ],
)
def test_a_fault_of_our_signature_is_ours_to_mend(gate, aws, service, operation, given, body):
    aws.answer = (403, {}, body.encode())
    status, error = refused(gate.client(service), operation, **given)
    assert status == 403
    assert "not the fault of this call: tell your operator (request " in error["Message"]
    assert "signature" not in error["Message"]
    assert re.search(r"rejected the gateway's signature \([A-Z][A-Za-z]+\)", gate.log)


@pytest.mark.parametrize(
    ("service", "operation", "given", "body"),
    [
        ("s3", "get_object", {"Bucket": "b-1", "Key": "ExpiredToken"}, XML.format("NoSuchKey", "<Key>ExpiredToken</Key>")),
        ("s3", "get_object", {"Bucket": "b-1", "Key": "k"}, XML.format("NoSuchKey", "<Key>SignatureDoesNotMatch</Key>")),
        ("dynamodb", "list_tables", {}, '{"__type":"a#ValidationException","message":"no ExpiredTokenException"}'),
        ("dynamodb", "list_tables", {}, '{"__type":"a#ValidationException","message":"no InvalidSignatureException"}'),
    ],
)
def test_words_of_the_agent_that_an_error_repeats_say_nothing_of_our_key(gate, aws, service, operation, given, body):
    aws.answer, sent = (400, {}, body.encode()), len(aws.seen)
    status, error = refused(gate.client(service), operation, **given)
    assert (status, error["Code"]) == (400, "NoSuchKey" if service == "s3" else "ValidationException")
    assert len(aws.seen) == sent + 1


def test_other_errors_are_the_agents_to_read(gate, aws):
    aws.answer = (404, {"x-amz-request-id": "R1"}, XML.format("NoSuchKey", "AKIAOFSOMEBODYELSE00").encode())
    status, error = refused(gate.client("s3"), "get_object", Bucket="b-1", Key="k")
    assert (status, error["Code"], error["Message"]) == (404, "NoSuchKey", "m")
    assert gate.records("--action", "GetObject")[-1]["outcome"]["error_code"] == "NoSuchKey"


def test_an_error_that_cannot_be_read_is_not_passed_on(gate, aws):
    aws.answer = (403, {"Content-Encoding": "br"}, b"whatever")
    status, error = refused(gate.client("s3"), "get_object", Bucket="b-1", Key="k")
    assert status == 502
    assert "encoding" in error["Message"]


def test_an_expired_session_is_made_again_once(gate, aws):
    before = len(aws.seen)
    aws.answer = (400, {}, b'{"__type":"com.amazon.coral.service#ExpiredTokenException","message":"m"}')
    status, error = refused(gate.client("dynamodb"), "list_tables")
    assert (status, len(aws.seen)) == (503 if "expired" in error["Message"] else 400, before + 2)
    keys = {seen.headers["x-amz-security-token"] for seen in aws.seen[before:]}
    assert len(keys) == 2
