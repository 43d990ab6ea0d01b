"""Which fields of a head go upstream, which stay, which refuse the request."""

from __future__ import annotations

import pytest

from tests.kit.aws.naming import catalog, head
from trio_gate.aws.forwarded_headers import SET_BY_US, forwarded_headers
from trio_gate.errors import Malformed


def forward(headers, service="s3", operation="PutObject", protocol="rest-xml"):
    catalog().ensure([service])
    model = catalog().service(service)
    return dict(forwarded_headers(head("PUT /bucket/k", headers), model, model.operations[operation], protocol))


@pytest.mark.parametrize(
    "name",
    [
        "Accept",
        "Accept-Encoding",
        "Cache-Control",
        "Content-Type",
        "Content-MD5",
        "Content-Encoding",
        "If-None-Match",
        "Range",
        "User-Agent",
        "amz-sdk-invocation-id",
        "amz-sdk-request",
        "x-amz-user-agent",
        "x-amzn-trace-id",
        "x-amz-acl",
        "x-amz-meta-anything",
        "x-amz-checksum-crc32",
        "x-amz-checksum-new2027",
        "x-amz-sdk-checksum-algorithm",
        "x-amz-trailer",
        "x-amz-decoded-content-length",
        "x-amz-server-side-encryption-customer-key",
    ],
)
def test_kept(name):
    assert forward({name: "5"})[name.lower()] == "5"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Date", "x"),
        ("Expect", "100-continue"),
        ("Connection", "keep-alive"),
        ("TE", "trailers"),
        ("Content-Length", "5"),
        ("Authorization", "x"),
        ("X-Amz-Date", "20260115T120000Z"),
        ("X-Amz-Security-Token", "x"),
        ("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"),
        ("X-HTTP-Method-Override", "DELETE"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Original-URL", "/other"),
        ("x_amz_target", "DynamoDB_20120810.DeleteTable"),
        ("Cookie", "a=b"),
        ("Origin", "https://evil.example"),
    ],
)
def test_dropped(name, value):
    assert forward({name: value}) == {}


@pytest.mark.parametrize(
    ("service", "operation", "protocol", "name"),
    [
        ("s3", "PutObject", "rest-xml", "x-amz-copy-source"),
        ("s3", "PutObject", "rest-xml", "x-amz-brand-new"),
        ("s3", "PutObject", "rest-xml", "x-amz-target"),
        ("s3", "GetObject", "rest-xml", "x-amz-acl"),
        ("s3", "GetObject", "rest-xml", "x-amz-trailer"),
        ("s3", "GetObject", "rest-xml", "x-amz-meta-a"),
        ("dynamodb", "GetItem", "json", "x-amz-checksum-crc32"),
        ("dynamodb", "GetItem", "json", "x-amzn-anything"),
        ("lambda", "Invoke", "rest-json", "x-amz-target"),
    ],
)
def test_refused(service, operation, protocol, name):
    with pytest.raises(Malformed, match=f"is not a header of {service}:{operation}"):
        forward({name: "x"}, service, operation, protocol)


def test_selectors_go_with_their_protocol():
    json = {"X-Amz-Target": "AmazonSQS.SendMessage", "x-amzn-query-mode": "true"}
    assert set(forward(json, "sqs", "SendMessage", "json")) == {"x-amz-target", "x-amzn-query-mode"}
    with pytest.raises(Malformed):
        forward(json, "sqs", "SendMessage", "query")
    assert set(forward({"Smithy-Protocol": "rpc-v2-cbor"}, "codebuild", "BatchGetProjects", "smithy-rpc-v2-cbor")) == {
        "smithy-protocol"
    }
    assert forward({"Smithy-Protocol": "rpc-v2-cbor"}) == {}


def test_a_tree_hash_goes_with_every_call_of_glacier():
    tree = {"x-amz-sha256-tree-hash": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}
    assert forward(tree, "glacier", "AddTagsToVault", "rest-json") == tree


def test_the_api_version_may_be_the_models_alone():
    assert forward({"x-amz-api-version": "2006-03-01"}) == {"x-amz-api-version": "2006-03-01"}
    with pytest.raises(Malformed):
        forward({"x-amz-api-version": "2099-01-01"})


def test_order_and_repeats_stay():
    s3 = catalog().service("s3")
    request = head("GET /bucket/k", {"Range": "bytes=0-9", "Accept": "a"})
    fields = forwarded_headers(request, s3, s3.operations["GetObject"], "rest-xml")
    assert fields == (("range", "bytes=0-9"), ("accept", "a"))


def test_what_we_set_is_never_forwarded_even_where_a_model_binds_it():
    assert "content-length" in SET_BY_US
    assert forward({"Content-Length": "5", "x-amz-acl": "private"}) == {"x-amz-acl": "private"}
