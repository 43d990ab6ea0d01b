"""Parameters: members that the model does not have, repeats, types, and the forms that values take."""

from __future__ import annotations

import base64
import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kit.aws.naming import ACCOUNT, CBOR, FORM, REST_JSON, catalog, named, place, target
from trio_gate.aws.call import UNKNOWN
from trio_gate.errors import GateError, Malformed

TABLE = {"TableName": "t"}


def dynamodb(body, name="GetItem"):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return named("POST /", target(f"DynamoDB_20120810.{name}"), data, at=place("dynamodb")).params


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        {"TableName": None},
        {"TableName": "t", "Key": {"id": {"S": "1", "N": None}}},
        {"TableName": "t", "ConsistentRead": True},
        {"TableName": "t", "Key": {"id": {"B": "AP8="}}},
    ],
)
def test_json_bodies_that_are_read(body):
    dynamodb(body)


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"[]",
        b'"x"',
        {"tablename": "t"},
        {"TableName": "t", "tablename": "other"},
        {"TableName": "t", "Nonsense": 1},
        {"TableName": "t", "Key": {"id": {"S": "1", "s": "2"}}},
        {"TableName": 7},
        {"TableName": ["t"]},
        {"ConsistentRead": "true"},
        {"ConsistentRead": 1},
        {"Key": []},
        {"Key": {"id": "x"}},
        {"AttributesToGet": "x"},
        {"Key": {"id": {"B": "not base64!"}}},
        {"Key": {"id": {"B": "AP8"}}},
    ],
)
def test_json_bodies_that_the_shape_does_not_have(body):
    with pytest.raises(Malformed):
        dynamodb(body)


def test_null_is_unset_and_blobs_are_bytes():
    params = dynamodb({"TableName": "t", "ReturnConsumedCapacity": None, "Key": {"id": {"B": "AP8="}}})
    assert params == {"TableName": "t", "Key": {"id": {"B": b"\x00\xff"}}}


@pytest.mark.parametrize("limit", [1.5, "1", True, 1e300 * 10])
def test_integers_are_integers(limit):
    with pytest.raises(Malformed):
        dynamodb({"TableName": "t", "Limit": limit}, "Scan")


def test_whole_floats_are_integers():
    assert dynamodb({"TableName": "t", "Limit": 5.0}, "Scan")["Limit"] == 5


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1704067200, "2024-01-01T00:00:00Z"),
        (1704067200.125, "2024-01-01T00:00:00.125Z"),
        (-0.5, "1969-12-31T23:59:59.5Z"),
        (-1, "1969-12-31T23:59:59Z"),
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        ("2024-01-01T02:30:00.500+02:30", "2024-01-01T00:00:00.5Z"),
    ],
)
def test_timestamps_are_rfc_3339(sent, shown):
    body = {"TableArn": "a", "S3Bucket": "b", "ExportTime": sent}
    assert dynamodb(body, "ExportTableToPointInTime")["ExportTime"] == shown


@pytest.mark.parametrize("sent", ["soon", "2024-13-01T00:00:00Z", "2024-01-01", True, 1e18, "1704067200", {}])
def test_timestamps_that_are_none(sent):
    with pytest.raises(Malformed):
        dynamodb({"TableArn": "a", "S3Bucket": "b", "ExportTime": sent}, "ExportTableToPointInTime")


def test_cbor_timestamps_blobs_and_specials():
    at = place("cloudwatch")
    line = "POST /service/GraniteServiceVersion20100801/operation/GetMetricStatistics"
    body = bytes.fromhex("a1") + b"iStartTime" + bytes.fromhex("c11a65920080")
    assert named(line, CBOR, body, at=at).params == {"StartTime": "2024-01-01T00:00:00Z"}
    with pytest.raises(Malformed):
        named(line, CBOR, bytes.fromhex("a1") + b"iStartTime" + bytes.fromhex("1a65920080"), at=at)
    put = "POST /service/GraniteServiceVersion20100801/operation/PutMetricAlarm"
    assert named(put, CBOR, bytes.fromhex("a1") + b"iThreshold" + bytes.fromhex("f97e00"), at=at).params == {"Threshold": "NaN"}


# --- query --------------------------------------------------------------------------------------------------------------


def ec2(query, action="DescribeInstances"):
    return named("POST /", FORM, f"Action={action}&Version=2016-11-15&{query}".encode(), at=place("ec2")).params


def test_ec2_lists_and_structures():
    params = ec2("InstanceId.1=i-1&InstanceId.2=i-2&Filter.1.Name=tag%3Aa&Filter.1.Value.1=b+c&MaxResults=5&DryRun=true")
    assert params == {
        "InstanceIds": ["i-1", "i-2"],
        "Filters": [{"Name": "tag:a", "Values": ["b c"]}],
        "MaxResults": 5,
        "DryRun": True,
    }


def test_a_list_has_an_order_by_number_not_by_arrival():
    assert ec2("&".join(f"InstanceId.{n}=i-{n}" for n in range(12, 0, -1)))["InstanceIds"] == [f"i-{n}" for n in range(1, 13)]


@pytest.mark.parametrize(
    "query",
    [
        "Nonsense=1",
        "instanceId.1=i",
        "InstanceId=i",
        "InstanceId.0=i",
        "InstanceId.2=i",
        "InstanceId.01=i",
        "InstanceId.x=i",
        "InstanceId.1=i&InstanceId.3=i",
        "InstanceId.1.Name=i",
        "InstanceId.1=i&InstanceId.1.x=i",
        "Filter.1=x",
        "Filter.1.Name=a&Filter.1.Nonsense=b",
        "MaxResults.1=5",
        "MaxResults=five",
        "MaxResults=0x5",
        "MaxResults=5_0",
        "DryRun=TRUE",
        "DryRun=",
        "Filter%5B1%5D.Name=a",
        ".=1",
    ],
)
def test_query_parameters_that_the_shape_does_not_have(query):
    with pytest.raises(Malformed):
        ec2(query)


def test_query_members_entries_and_empty_lists():
    at = place("sns")
    body = b"Action=CreateTopic&Version=2010-03-31&Name=t&Attributes.entry.1.key=DisplayName&Attributes.entry.1.value=d&Tags="
    assert named("POST /", FORM, body, at=at).params == {"Name": "t", "Attributes": {"DisplayName": "d"}, "Tags": []}
    for entry in ("key=a", "key=a&Attributes.entry.2.key=a&Attributes.entry.1.value=1&Attributes.entry.2.value=2", "value=1"):
        with pytest.raises(Malformed):
            named("POST /", FORM, b"Action=CreateTopic&Version=2010-03-31&Attributes.entry.1." + entry.encode(), at=at)


def test_the_region_that_sdks_fold_into_a_presigned_url():
    url = "https%3A%2F%2Frds.us-west-2.amazonaws.com%2F%3FAction%3DCopyDBSnapshot"
    body = f"Action=CopyDBSnapshot&Version=2014-10-31&SourceDBSnapshotIdentifier=a&PreSignedUrl={url}".encode()
    assert named("POST /", FORM, body, at=place("rds")).params["SourceRegion"] == "us-west-2"


# --- rest ---------------------------------------------------------------------------------------------------------------

S3 = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}


def delete(xml, **headers):
    return named("POST /bucket?delete", {**S3, **headers}, xml.encode(), at=place("s3")).params["Delete"]


def test_xml_bodies_whatever_white_space_and_namespace():
    body = (
        '<?xml version="1.0"?>\n<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\n <Object>\n  <Key> a é </Key></Object>'
    )
    assert delete(body + "<Object><Key>b</Key><VersionId>v</VersionId></Object><Quiet>true</Quiet></Delete>") == {
        "Objects": [{"Key": " a é "}, {"Key": "b", "VersionId": "v"}],
        "Quiet": True,
    }


S3_SPACES = ["http://s3.amazonaws.com/doc/2006-03-01/", "http://doc.s3.amazonaws.com/2006-03-01"]


@pytest.mark.parametrize("space", ["", *S3_SPACES])
def test_an_xml_body_in_the_models_namespace_or_in_none(space):
    assert delete(f'<Delete xmlns="{space}"><Object><Key>a</Key></Object></Delete>') == {"Objects": [{"Key": "a"}]}


@pytest.mark.parametrize(
    "space", ["u", S3_SPACES[0].rstrip("/"), S3_SPACES[0].upper(), "http://awss3control.amazonaws.com/doc/2018-08-20/"]
)
@pytest.mark.parametrize(
    ("service", "line", "document"),
    [
        ("s3", "POST /bucket?delete", "<Delete{}><Object><Key>a</Key></Object></Delete>"),
        ("s3", "PUT /bucket?tagging", "<Tagging{}><TagSet/></Tagging>"),
        ("route53", "POST /2013-04-01/tags/hostedzone/Z1", "<ChangeTagsForResourceRequest{}/>"),
        ("cloudfront", "POST /2020-05-31/tagging?Operation=Tag&Resource=r", "<Tags{}><Items/></Tags>"),
    ],
)
def test_an_xml_body_in_another_namespace_is_refused(service, line, document, space):
    """What AWS's readers make of it is unknown: one that knows namespaces sees none of its elements."""
    headers = S3 if service == "s3" else None
    named(line, headers, document.format("").encode(), at=place(service))
    with pytest.raises(Malformed, match="another namespace"):
        named(line, headers, document.format(f' xmlns="{space}"').encode(), at=place(service))


def test_every_xml_body_of_the_models_has_a_namespace():
    """So that no document passes for want of one to compare with."""
    for name in ("s3", "s3control", "route53", "cloudfront"):
        catalog().ensure([name])
        for operation in catalog().service(name).operations.values():
            payload = operation.payload
            if payload is not None and payload.shape.type == "structure":
                assert payload.namespace, operation.name
            elif payload is None and operation.input is not None and operation.input.at(None):
                assert operation.namespace, operation.name


@pytest.mark.parametrize(
    "xml",
    [
        "<delete><Object><Key>a</Key></Object></delete>",
        "<Delete><Object><Key>a</Key><Key>b</Key></Object></Delete>",
        "<Delete><Quiet>true</Quiet><Quiet>false</Quiet></Delete>",
        "<Delete><object><Key>a</Key></object></Delete>",
        "<Delete><Object><Nonsense/></Object></Delete>",
        "<Delete><Object><Key><b/></Key></Object></Delete>",
        "<Delete><Object Key='a'/></Delete>",
        "<Delete><Object><Key a='b'>k</Key></Object></Delete>",
        "<Delete>text</Delete>",
        "<Delete><Quiet>1</Quiet></Delete>",
        "<Delete><s3:Object xmlns:s3='u'><s3:Key>a</s3:Key></s3:Object></Delete>",
        "{}",
    ],
)
def test_xml_bodies_that_the_shape_does_not_have(xml):
    with pytest.raises(Malformed):
        delete(xml)


def test_an_xml_body_is_no_form():
    with pytest.raises(GateError):
        delete("<Delete/>", **{"Content-Type": "application/x-www-form-urlencoded"})


def test_xml_attributes_of_the_model():
    grantee = '<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>u</URI></Grantee>'
    body = f"<AccessControlPolicy><AccessControlList><Grant>{grantee}<Permission>READ</Permission></Grant></AccessControlList>"
    params = named("PUT /bucket?acl", S3, (body + "</AccessControlPolicy>").encode(), at=place("s3")).params
    assert params["AccessControlPolicy"] == {"Grants": [{"Grantee": {"URI": "u", "Type": "Group"}, "Permission": "READ"}]}


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


def test_documents_are_free_form():
    body = {
        "messages": [{"role": "user", "content": [{"text": "x"}]}],
        "additionalModelRequestFields": {"any": [{"thing": None}]},
    }
    call = named("POST /model/m/converse", REST_JSON, json.dumps(body).encode(), at=place("bedrock-runtime"))
    assert call.params["additionalModelRequestFields"] == {"any": [{"thing": None}]}


def test_compressed_bodies_only_where_the_model_has_them():
    at = place("cloudwatch")
    body = json.dumps({"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 1}]}).encode()
    headers = target("GraniteServiceVersion20100801.PutMetricData", **{"Content-Encoding": "gzip"})
    assert named("POST /", headers, gzip.compress(body), at=at).params["Namespace"] == "n"
    with pytest.raises(Malformed):
        named("POST /", {**headers, "X-Amz-Target": "GraniteServiceVersion20100801.ListMetrics"}, gzip.compress(b"{}"), at=at)
    with pytest.raises(Malformed):
        named("POST /", {**headers, "Content-Encoding": "br"}, body, at=at)


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
@settings(deadline=None)
@given(body=BODIES)
def test_any_body_is_named_or_refused(service, line, headers, body):
    outcome = None
    try:
        outcome = named(line, headers, body, at=place(service)).params
    except GateError as fault:
        outcome = fault
    assert isinstance(outcome, dict) or (outcome.reason.isprintable() and outcome.status in (400, 403, 413))
