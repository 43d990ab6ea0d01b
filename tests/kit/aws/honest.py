"""Honest requests to change one thing of, and what becomes of each: strict reader, claim, host, name, parameters, what would leave."""

from __future__ import annotations

import gzip
import hashlib
from datetime import UTC, datetime

from trio_gate.cli.judging.explain import Explainer

KEY = "AKIA111111111111CI01"
DYNAMODB = "dynamodb.us-east-1.amazonaws.com"
LAMBDA = "lambda.us-east-1.amazonaws.com"
S3 = "s3.us-east-1.amazonaws.com"
EXPLAINER = Explainer(None, datetime(2026, 1, 15, 12, tzinfo=UTC), "gateway.test")

JSON = [("Content-Type", "application/x-amz-json-1.0")]
FORM = [("Content-Type", "application/x-www-form-urlencoded")]
GET_ITEM = ("X-Amz-Target", "DynamoDB_20120810.GetItem")
ITEM = b'{"TableName":"orders","Key":{"id":{"S":"1"}}}'
UNSIGNED = ("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
TRAILER = ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
FRAMED = [("Content-Encoding", "aws-chunked"), ("x-amz-trailer", "x-amz-checksum-crc32"), TRAILER]
CRC32 = "DUoRhQ=="  # of b"hello world"


def chunked(*chunks, trailer=f"x-amz-checksum-crc32:{CRC32}\r\n"):
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n" + trailer.encode() + b"\r\n"


def query(action, version, rest=""):
    return f"Action={action}&Version={version}{rest}".encode()


CBOR = [("Smithy-Protocol", "rpc-v2-cbor"), ("Content-Type", "application/cbor")]
HONEST = {
    "json": {"host": DYNAMODB, "scope": "us-east-1/dynamodb", "fields": [*JSON, GET_ITEM], "body": ITEM},
    "ec2": {
        "host": "ec2.us-east-1.amazonaws.com",
        "scope": "us-east-1/ec2",
        "fields": FORM,
        "body": query("DescribeInstances", "2016-11-15"),
    },
    "elb": {
        "host": "elasticloadbalancing.us-east-1.amazonaws.com",
        "scope": "us-east-1/elasticloadbalancing",
        "fields": FORM,
        "body": query("DeleteLoadBalancer", "2012-06-01", "&LoadBalancerName=web"),
    },
    "metrics": {
        "host": "monitoring.us-east-1.amazonaws.com",
        "scope": "us-east-1/monitoring",
        "fields": [*FORM, ("Content-Encoding", "gzip")],
        "body": gzip.compress(query("PutMetricData", "2010-08-01", "&Namespace=n"), mtime=0),
    },
    "cbor": {
        "host": "codebuild.us-east-1.amazonaws.com",
        "scope": "us-east-1/codebuild",
        "target": "/service/CodeBuild_20161006/operation/BatchGetProjects",
        "fields": CBOR,
        "body": b"\xa1enames\x81ap",
    },
    "rest": {"host": LAMBDA, "scope": "us-east-1/lambda", "method": "GET", "target": "/2015-03-31/functions/prod"},
    "invoke": {
        "host": LAMBDA,
        "scope": "us-east-1/lambda",
        "target": "/2015-03-31/functions/prod/invocations",
        "fields": [("X-Amz-Invocation-Type", "DryRun")],
        "body": b"{}",
    },
    "get": {"host": S3, "scope": "us-east-1/s3", "method": "GET", "target": "/bucket/key", "fields": [UNSIGNED]},
    "put": {
        "host": S3,
        "scope": "us-east-1/s3",
        "method": "PUT",
        "target": "/bucket/key",
        "fields": [("x-amz-content-sha256", hashlib.sha256(b"hello world").hexdigest())],
        "body": b"hello world",
    },
    "chunked": {
        "host": S3,
        "scope": "us-east-1/s3",
        "method": "PUT",
        "target": "/bucket/key",
        "fields": [*FRAMED, ("x-amz-decoded-content-length", "11")],
        "body": chunked(b"hello ", b"world"),
    },
    "delete": {
        "host": S3,
        "scope": "us-east-1/s3",
        "target": "/bucket?delete",
        "fields": [UNSIGNED],
        "body": b"<Delete><Object><Key>a</Key></Object></Delete>",
    },
    "control": {
        "host": "111111111111.s3-control.us-east-1.amazonaws.com",
        "scope": "us-east-1/s3",
        "method": "GET",
        "target": "/v20180820/configuration/publicAccessBlock",
        "fields": [("x-amz-account-id", "111111111111")],
    },
    "endpoint": {
        "mode": "endpoint",
        "host": "gateway.test",
        "scope": "us-east-1/dynamodb",
        "fields": [*JSON, GET_ITEM],
        "body": ITEM,
    },
    "presigned": {
        "host": S3,
        "method": "GET",
        "target": f"/bucket/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={KEY}%2F20260115%2Fus-east-1%2Fs3%2Faws4_request"
        f"&X-Amz-Date=20260115T120000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature={'0' * 64}",
        "authorization": (),
    },
}


def ask(
    *, host, scope="", method="POST", target="/", fields=(), more=(), body=b"", key=KEY, authorization=None, named=None, **way
):
    """The bytes of a request, by hand. `named` is what Host says where it is not the connection's host."""
    signed = f"AWS4-HMAC-SHA256 Credential={key}/20260115/{scope}/aws4_request, SignedHeaders=host, Signature={'0' * 64}"
    lines = [f"{method} {target} HTTP/1.1", f"Host: {named or host}", "X-Amz-Date: 20260115T120000Z"]
    lines += [f"Authorization: {value}" for value in ((signed,) if authorization is None else authorization)]
    lines += [f"{name}: {value}" for name, value in (*fields, *more)]
    if body and "Content-Length" not in dict(more):
        lines.append(f"Content-Length: {len(body)}")
    return {"sni": host, **way}, "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def explained(honest, **changes):
    """What becomes of an honest request with changes: the answers for the connection."""
    row, raw = ask(**{**HONEST[honest], **changes})
    return list(EXPLAINER.connection(row, raw))
