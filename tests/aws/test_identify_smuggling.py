"""Attacks on the reading of a request, end to end: each is one change to an honest request, and is refused for its own reason.

The numbers are those of the threat list: B where a request goes, C who asks, D what it says, E S3, F what it hands out. The
whole way is walked as `explain` walks it: strict reader, claim, host, name, parameters, meaning, what would leave."""

from __future__ import annotations

import gzip
import re

import pytest

from tests.kit.aws.honest import DYNAMODB, FORM, FRAMED, GET_ITEM, HONEST, ITEM, JSON, KEY, chunked, explained, query


@pytest.mark.parametrize("honest", HONEST)
def test_the_honest_requests_are_calls(honest):
    (answer,) = explained(honest)
    assert answer["outcome"] == "call", answer


def attack(threat, honest, reason, **changes):
    return pytest.param(honest, reason, changes, id=f"{threat}-{honest}")


V2 = "AWS AKIA111111111111CI01:c2lnbmF0dXJl"
V4A = f"AWS4-ECDSA-P256-SHA256 Credential={KEY}/20260115/s3/aws4_request, SignedHeaders=host, Signature=00"
V4 = f"AWS4-HMAC-SHA256 Credential={KEY}/20260115/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature={'0' * 64}"
PRESIGNED = HONEST["presigned"]["target"]
FUNCTIONS = "/2015-03-31/functions"
UNKNOWN_HOST = "not an AWS host that this gateway knows"
CUSTOMER = "belongs to a customer"
NO_FIT = "no operation"
NAMES = "do not name the same host"

WHERE = [
    attack("T13", "json", NAMES, named="iam.amazonaws.com"),
    attack("T13", "json", NAMES, connect="iam.amazonaws.com:443"),
    attack("T13", "json", NAMES, connect=f"{DYNAMODB}:443", sni="iam.amazonaws.com"),
    attack("T13", "json", "`host` came more than once", more=[("Host", "iam.amazonaws.com")]),
    attack("T14", "json", UNKNOWN_HOST, host=f"{DYNAMODB}.evil.example"),
    attack("T14", "json", UNKNOWN_HOST, host="dynamodb.us-east-1.evilamazonaws.com"),
    attack("T14", "json", UNKNOWN_HOST, host="x.dynamodb.us-east-1.amazonaws.com"),
    attack("T15", "json", "no address", host="169.254.169.254"),
    attack("T15", "json", "no address", host="2852039166"),
    attack("T15", "json", "no address", host="[fd00:ec2::254]"),
    attack("T15", "json", "names a port other", named=f"{DYNAMODB}:8443"),
    attack("T15", "json", "not a host name", named=f"{DYNAMODB}@evil.example"),
    attack("T15", "json", "not a host name", named=f"{DYNAMODB}%00.evil.example"),
    attack("T15", "json", "not a host name", named=f"{DYNAMODB}."),
    attack("T15", "json", "only port 443", connect=f"{DYNAMODB}:8443"),
    attack("T15", "json", UNKNOWN_HOST, host="xn--dynamodb-9za.us-east-1.amazonaws.com"),
    attack("T16", "json", CUSTOMER, host="ec2-203-0-113-10.compute-1.amazonaws.com"),
    attack("T16", "json", CUSTOMER, host="web-1.us-east-1.elb.amazonaws.com"),
    attack("T16", "json", CUSTOMER, host="a1b2c3d4e5.execute-api.us-east-1.amazonaws.com"),
    attack("T16", "get", "website", host="bucket.s3-website-us-east-1.amazonaws.com"),
    attack("T17", "json", UNKNOWN_HOST, host="iamadmin.amazonaws.com"),
    attack("T18", "json", "scope", scope="eu-west-1/dynamodb"),
    attack("T18", "json", "scope", scope="us-east-1/iam"),
    attack("T21", "endpoint", "not one of the listener's names", named="evil.example"),
    attack("T21", "endpoint", "no AWS region", scope="us-east-9/dynamodb"),
    attack("T21", "endpoint", "credential is not", scope="evil.example#/dynamodb"),
    attack("T21", "endpoint", "credential is not", scope="us-east-1/x@evil.example"),
    attack("T21", "endpoint", "no AWS service", scope="us-east-1/evil"),
    attack("T21", "endpoint", "browsers", more=[("Origin", "https://evil.example")]),
    attack("T55", "json", UNKNOWN_HOST, host="signin.aws.amazon.com"),
]

WHO = [
    attack("T22", "json", "not signed", authorization=()),
    attack("T22", "json", "`authorization` came more than once", authorization=(V4, V4)),
    attack("T22", "json", "version 2", authorization=(V2,)),
    attack("T22", "json", "bearer", authorization=("Bearer token",)),
    attack("T22", "json", "SigV4A", authorization=(V4A,)),
    attack("T22", "json", "not `AWS4", authorization=(V4.replace("Credential=", "Credential=a, Credential="),)),
    attack("T22", "json", "credential is not", authorization=(V4.replace("/aws4", "/more/aws4"),)),
    attack("T23", "json", "not a placeholder", key="AKIA1111111111112222CI"),
    attack("T23", "json", "not a placeholder", key="AKIA11111111111CI01"),
    attack("T23", "json", "not ASCII", key="AKIA111111111111\u00b9CI"),
    attack("T23", "json", "not a placeholder", key="akia111111111111CI01"),
    attack("T23", "json", "real AWS key", key="AKIAQYLPMN5HXDNBQ2WZ"),
    attack("T24", "presigned", "sign it once", authorization=(V4.replace("dynamodb", "s3"),)),
    attack("T25", "presigned", "repeated or not spelled", target=f"{PRESIGNED}&x-amz-credential=AKIA222222222222CI01"),
    attack("T25", "presigned", "repeated or not spelled", target=f"{PRESIGNED}&X-Amz-Expires=1"),
    attack("T25", "presigned", "not spelled as", target=f"{PRESIGNED}&x-amz-security-token=t"),
]


def item(text):
    return ITEM[:-1] + text.encode() + b"}"


SAYS = [
    attack("T27", "json", "`x-amz-target` came more than once", more=[GET_ITEM]),
    attack("T27", "json", NO_FIT, fields=[*JSON, ("X-Amz-Target", "DynamoDB_20120810.GetItem,DynamoDB_20120810.DeleteTable")]),
    attack("T27", "json", NO_FIT, fields=[*JSON, ("X-Amz-Target", "DynamoDB_20120810.GetItem.DeleteTable")]),
    attack("T27", "json", NO_FIT, fields=[*JSON, ("X-Amz-Target", "DynamoDB_20120810.getitem")]),
    attack("T27", "json", NO_FIT, fields=[*JSON, ("X-Amz-Target", "AmazonSSM.GetParameter")]),
    attack("T27", "json", "not ASCII", fields=[*JSON, ("X-Amz-Target", "DynamoDB_20120810.GetItem\u00a0")]),
    attack("T28", "cbor", "two operations", more=[("X-Amz-Target", "CodeBuild_20161006.DeleteProject")]),
    attack("T28", "json", NO_FIT, target="/service/DynamoDB_20120810/operation/DeleteTable"),
    attack("T28", "json", NO_FIT, fields=[*FORM, GET_ITEM], body=b"Action=DeleteTable"),
    attack("T28", "json", NO_FIT, target="/?Action=DeleteTable"),
    attack("T28", "rest", NO_FIT, method="DELETE", more=[("X-Amz-Target", "X.GetFunction")]),
    attack("T28", "get", NO_FIT, more=[("X-Amz-Target", "X.DeleteObject")]),
    attack("T28", "ec2", NO_FIT, more=[("Smithy-Protocol", "rpc-v2-cbor")]),
    attack("T29", "json", NO_FIT, fields=[("Content-Type", "application/x-amz-json-1.0; charset=ibm500"), GET_ITEM]),
    attack("T29", "ec2", NO_FIT, fields=[("Content-Type", "application/x-www-form-urlencoded; charset=ibm500")]),
    attack("T29", "ec2", NO_FIT, fields=[("Content-Type", "multipart/form-data; boundary=b")]),
    attack("T29", "ec2", "`content-type` came more than once", more=[("Content-Type", "text/plain")]),
    attack("T30", "json", "twice", body=item(',"TableName":"secret"')),
    attack("T30", "json", "twice", body=item(',"\\u0054ableName":"secret"')),
    attack("T30", "json", "no member `tablename`", body=item(',"tablename":"secret"')),
    attack("T31", "json", "JSON", body=ITEM.decode().encode("utf-16")),
    attack("T31", "json", "JSON", body=b"\xef\xbb\xbf" + ITEM),
    attack("T31", "json", "JSON", body=item(',"Limit":NaN')),
    attack("T31", "json", "not an object", body=b"[%b]" % ITEM),
    attack("T31", "json", "JSON", body=ITEM + ITEM),
    attack("T31", "json", "is not JSON", body=b'{"Key":' + b"[" * 20_000 + b"]" * 20_000 + b"}"),
    attack("T31", "json", "number of the JSON body", body=item(f',"Limit":{"9" * 10_000}')),
    attack(
        "T32", "ec2", "query protocol came twice", body=query("DescribeInstances", "2016-11-15", "&Action=TerminateInstances")
    ),
    attack("T32", "ec2", NO_FIT, target="/?Action=TerminateInstances"),
    attack("T32", "ec2", NO_FIT, body=b"action=TerminateInstances&Version=2016-11-15"),
    attack(
        "T32",
        "ec2",
        "query protocol came twice",
        body=query("DescribeInstances", "2016-11-15", f"&a={'x' * 200_000}&Action=RunInstances"),
    ),
    attack("T33", "ec2", "raw semicolon", body=b"Action=DescribeInstances;Action=TerminateInstances&Version=2016-11-15"),
    attack("T33", "ec2", "form holds NUL", body=query("DescribeInstances%00", "2016-11-15")),
    attack("T33", "ec2", "without two hex digits", body=query("DescribeInstances", "2016-11-15", "&DryRun=%zz")),
    attack("T33", "ec2", "UTF-8", body=query("DescribeInstances", "2016-11-15", "&DryRun=%C0%AE")),
    attack(
        "T33", "ec2", "no parameter `Action\\[\\]`", body=query("DescribeInstances", "2016-11-15", "&Action%5B%5D=RunInstances")
    ),
    attack("T34", "elb", NO_FIT, body=b"Action=DeleteLoadBalancer&LoadBalancerName=web"),
    attack("T34", "elb", "no parameter", body=query("DeleteLoadBalancer", "2015-12-01", "&LoadBalancerName=web")),
    attack("T34", "elb", "query protocol came twice", body=query("DeleteLoadBalancer", "2015-12-01", "&Version=2012-06-01")),
    attack("T35", "ec2", "content-encoding", more=[("Content-Encoding", "gzip")]),
    attack(
        "T35", "ec2", "form holds a raw", more=[("Content-Encoding", "gzip")], body=gzip.compress(HONEST["ec2"]["body"], mtime=0)
    ),
    attack("T35", "metrics", "gzip", body=HONEST["metrics"]["body"] * 2),
    attack("T35", "metrics", "inflates to more than", body=gzip.compress(b"a=" + b"x" * (64 << 20), mtime=0)),
    attack("T35", "metrics", "more than once", more=[("Content-Encoding", "gzip")]),
    attack("T36", "rest", "dot segment", method="DELETE", target=f"{FUNCTIONS}/sandbox/../prod"),
    attack("T36", "rest", "dot segment", method="DELETE", target=f"{FUNCTIONS}/sandbox/%2e%2e/prod"),
    attack("T36", "rest", "dot segment", method="DELETE", target=f"{FUNCTIONS}/sandbox%2F..%2Fprod"),
    attack("T36", "rest", "empty", method="DELETE", target=f"{FUNCTIONS}//prod"),
    attack("T36", "rest", "percent-encoded", method="DELETE", target=f"{FUNCTIONS}\\prod"),
    attack("T36", "rest", NO_FIT, method="DELETE", target=f"{FUNCTIONS.upper()}/prod"),
    attack("T37", "invoke", "came more than once", more=[("X-Amz-Invocation-Type", "Event")]),
    attack("T37", "put", "came more than once", more=[("x-amz-acl", "private"), ("x-amz-acl", "public-read")]),
    attack("T37", "get", "twice", target="/bucket/key?versionId=a&versionId=b"),
    attack("T38", "delete", "DOCTYPE", body=b'<!DOCTYPE d [<!ENTITY a "b">]><Delete><Object><Key>&a;</Key></Object></Delete>'),
    attack("T38", "delete", "DOCTYPE", body=b'<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]><Delete/>'),
    attack("T38", "delete", "twice", body=b"<Delete><Object><Key>a</Key><Key>b</Key></Object></Delete>"),
    attack("T38", "delete", "XML body is not UTF-8", body="<Delete/>".encode("utf-16")),
    attack("T38", "delete", "no element", body=b"<Delete><Object><key>a</key></Object></Delete>"),
    attack("T39", "cbor", "CBOR body came twice", body=b"\xa2enames\x81apenames\x81aq"),
    attack("T39", "cbor", "nested deeper", body=b"\xa1enames" + b"\x81" * 50_000 + b"ap"),
    attack("T39", "cbor", "CBOR", body=b"\xa1enames\x9b\x10\x00\x00\x00\x00\x00\x00\x00"),
    attack("T39", "cbor", "CBOR", body=b"\xa1enames\x81ap\x00"),
    attack("T40", "rest", "method in capitals", method="delete"),
    attack("T40", "rest", "no aws operation has this method", method="OPTIONS"),
    attack("T40", "rest", NO_FIT, method="HEAD"),
    attack("T40", "json", NO_FIT, method="GET", body=b""),
]

S3_SAYS = [
    attack("T42", "get", "not a bucket", target="/bucket%2Fkey"),
    attack("T42", "get", "not a bucket", target="//evil.example/key"),
    attack("T42", "get", "not a bucket", target="/../bucket/key"),
    attack("T43", "get", NO_FIT, target="/bucket?acl&policy"),
    attack("T43", "get", NO_FIT, target="/bucket?Policy"),
    attack("T43", "get", "x-id names an operation other", method="DELETE", target="/bucket?x-id=DeleteBucketPolicy"),
    attack("T43", "put", NO_FIT, target="/bucket/key?uploadId=u"),
    attack("T43", "get", NO_FIT, target="/bucket/key?brandNewThing"),
    attack("T43", "get", NO_FIT, target="/bucket/key?acl=false"),
    attack("T44", "put", "send it as a field", target="/bucket/key?x-amz-acl=public-read"),
    attack("T44", "put", "send it as a field", target="/bucket/key?x-amz-copy-source=secret%2Fkey"),
    attack("T44", "put", "send it as a field", target="/bucket/key?X-Amz-Acl=public-read"),
    attack("T45", "put", "not a header", more=[("x-amz-copy-source", "")]),
    attack("T45", "put", "came more than once", more=[("x-amz-copy-source", "a/b"), ("x-amz-copy-source", "c/d")]),
    attack("T46", "get", NO_FIT, method="POST", target="/bucket", fields=[("Content-Type", "multipart/form-data; boundary=b")]),
    attack("T46", "get", NO_FIT, method="POST", target="/", fields=[("Content-Type", "application/soap+xml")]),
    attack("T47", "chunked", "longer than its head says", fields=[*FRAMED, ("x-amz-decoded-content-length", "5")]),
    attack("T47", "chunked", "chunk", body=b"0xb\r\nhello world\r\n" + chunked()),
    attack("T47", "chunked", "chunk", body=b"-b\r\nhello world\r\n" + chunked()),
    attack("T47", "chunked", "trailer", body=chunked(b"hello world", trailer="x-amz-acl:public-read\r\n")),
    attack("T47", "chunked", "goes on after its last chunk", body=chunked(b"hello world") + b"DELETE /bucket/key HTTP/1.1\r\n"),
    attack("T47", "chunked", "checksum", body=chunked(b"hello world", trailer="x-amz-checksum-crc32:AAAAAA==\r\n")),
    attack("T47", "put", "does not have the hash", body=b"hello there"),
    attack("T48", "control", "account", host="222222222222.s3-control.us-east-1.amazonaws.com"),
    attack("T48", "control", "host does not begin", fields=[("x-amz-account-id", "222222222222")]),
    attack("T48", "get", "SigV4A", host="mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com"),
]


@pytest.mark.parametrize(("honest", "reason", "changes"), [*WHERE, *WHO, *SAYS, *S3_SAYS])
def test_one_change_makes_it_a_refusal(honest, reason, changes):
    (answer,) = explained(honest, **changes)
    assert answer["outcome"] == "refused", answer
    assert answer["status"] in (400, 403, 413, 421, 501)
    assert re.search(reason, answer["reason"]), answer["reason"]


def sent(answer):
    return dict(answer["forward"]["headers"])


@pytest.mark.parametrize(
    "field",
    [
        ("X-Amz-Security-Token", "a-real-token"),
        ("X-HTTP-Method-Override", "DELETE"),
        ("X-Original-URL", "/other"),
        ("X-Forwarded-Host", "evil.example"),
        ("x_amz_target", "DynamoDB_20120810.DeleteTable"),
        ("TE", "trailers"),
    ],
    ids=lambda field: field[0],
)
def test_what_only_some_readers_know_stays_here(field):
    """T26 and T12."""
    (answer,) = explained("json", more=[field])
    assert answer["call"]["action"] == "GetItem"
    assert not {field[0].lower(), "te"} & sent(answer).keys()
    assert field[1] not in str(answer["forward"])


def test_a_presigned_request_leaves_without_its_signature():
    """T24 to T26."""
    (answer,) = explained("presigned", target=f"{PRESIGNED}&X-Amz-Security-Token=a-real-token")
    assert answer["forward"]["target"] == "/bucket/key"


@pytest.mark.parametrize(
    ("target", "leaves"),
    [
        ("/bucket/a%2fb%7e", "/bucket/a%2Fb~"),
        ("/bucket/../k", "/bucket/../k"),
        ("/bucket//k/", "/bucket//k/"),
        ("/bucket/a+b", "/bucket/a%2Bb"),
    ],
)
def test_a_key_leaves_in_its_one_spelling(target, leaves):
    """T42."""
    (answer,) = explained("get", target=target)
    assert answer["forward"]["target"] == leaves
