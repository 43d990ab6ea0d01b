"""Reads are written and answers read as SDKs do, whatever the protocol."""

import json

import pytest

from trio_gate.aws.call import UNKNOWN
from trio_gate.comparison.reads import READS, IncomparableError, Read
from trio_gate.errors import UpstreamError
from trio_gate.shell.comparison.read_calls import answer_of, model_of, request_of
from trio_gate.shell.models.model_loader import load_model
from trio_gate.wire.head import ResponseHead

HOST = "x.us-east-1.amazonaws.com"
GIVEN = {"Bucket": "b", "Key": "a b/ü+1", "PolicyArn": "arn:aws:iam::111111111111:policy/p", "FunctionName": "f:1"}


def asked(name, **params):
    service, operation = name.split(".")
    return model_of(service, load_model), Read(service=service, operation=operation, params=params)


@pytest.mark.parametrize("name", sorted(READS))
def test_each_read_can_be_written(name):
    model, read = asked(name)
    members = model.operation_model(read.operation).input_shape.members
    params = {member: GIVEN.get(member, "xx") for member, shape in members.items() if shape.type_name == "string"}
    if name == "dynamodb.GetItem":
        params["Key"] = {"id": {"S": "1"}}
    read = Read(service=read.service, operation=read.operation, params=params)
    head, body = request_of(model, read, HOST)
    assert head.one("host") == HOST
    assert isinstance(body, bytes)


def test_paths_queries_and_bodies():
    head, body = request_of(*asked("s3.GetObject", Bucket="b", Key="a b/ü+1", VersionId="v/1"), HOST)
    assert (head.method, head.target.segments, head.target.query, body) == (
        "GET",
        ("b", "a b", "ü+1"),
        (("versionId", "v/1"),),
        b"",
    )
    head, body = request_of(*asked("s3.GetBucketPolicy", Bucket="b"), HOST)
    assert (head.target.segments, head.target.query) == (("b",), (("policy", ""),))
    head, body = request_of(*asked("iam.GetRole", RoleName="a b"), HOST)
    assert (head.method, body) == ("POST", b"Action=GetRole&Version=2010-05-08&RoleName=a+b")
    head, body = request_of(*asked("dynamodb.DescribeTable", TableName="t"), HOST)
    assert (head.one("x-amz-target"), json.loads(body)) == ("DynamoDB_20120810.DescribeTable", {"TableName": "t"})


def test_what_cannot_be_written_is_not_sent():
    for name, params in (("dynamodb.DescribeTable", {"TableName": UNKNOWN}), ("s3.GetObject", {"Bucket": "b", "Key": 3})):
        with pytest.raises(IncomparableError):
            request_of(*asked(name, **params), HOST)


def answered(name, status, body):
    model, read = asked(name)
    return answer_of(model, read, ResponseHead(status=status, headers=((b"content-type", b"application/json"),)), body)


def test_answers_and_what_is_not_there():
    assert answered("dynamodb.DescribeTable", 200, b'{"Table": {"TableName": "t"}}')["Table"] == {"TableName": "t"}
    assert answered("s3.GetObject", 200, b"\x00\xffdata")["Body"] == b"\x00\xffdata"
    for name, status, body in (
        ("dynamodb.DescribeTable", 400, b'{"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"}'),
        ("s3.GetObject", 404, b"<Error><Code>NoSuchKey</Code></Error>"),
        ("iam.GetRole", 404, b"<ErrorResponse><Error><Code>NoSuchEntity</Code></Error></ErrorResponse>"),
        ("sqs.GetQueueAttributes", 400, b'{"__type": "com.amazonaws.sqs#QueueDoesNotExist"}'),
    ):
        assert answered(name, status, body) is None


def test_errors_are_told_by_status_and_code():
    with pytest.raises(IncomparableError, match=r"^AWS answered s3.GetObject with 403 AccessDenied$"):
        answered("s3.GetObject", 403, b"<Error><Code>AccessDenied</Code><Message>AKIA...</Message></Error>")
    with pytest.raises(IncomparableError, match=r"^AWS answered iam.GetRole with 400$"):
        answered("iam.GetRole", 400, b"<ErrorResponse><Error><Code>a b&#10;</Code></Error></ErrorResponse>")
    with pytest.raises(UpstreamError):
        answered("iam.GetRole", 200, b"<not xml")
