"""Which operation a request names that says it in a field, in a path of its protocol, or by Action."""

from __future__ import annotations

import pytest

from tests.kit.aws.botocore_models import loader, service_model
from tests.kit.aws.naming import ACCOUNT, CBOR, FORM, JSON_10, head, named, place, target
from trio_gate.aws.routing import rpc
from trio_gate.errors import Malformed, Unidentified

GET_ITEM = "DynamoDB_20120810.GetItem"
ELB_1, ELB_2 = "2012-06-01", "2015-12-01"


def op(*args, **kwargs):
    return named(*args, **kwargs).operation


def test_a_content_type_that_is_often_spelled_means_what_its_parts_say(monkeypatch):
    heads = {spelled: head("POST /", {"Content-Type": spelled}) for spelled in (*rpc.SPELLED, "Application/JSON;charset=UTF-8")}
    told = {spelled: rpc.media_type(one) for spelled, one in heads.items()}
    assert told.items() >= rpc.SPELLED.items()
    monkeypatch.setattr(rpc, "SPELLED", {})
    assert {spelled: rpc.media_type(one) for spelled, one in heads.items()} == told


# --- json ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "headers", "body"),
    [
        ("POST /", target("DynamoDB_20120810.getitem"), b"{}"),
        ("POST /", target("DynamoDB_20120810.GetItem.DeleteTable"), b"{}"),
        ("POST /", target("DynamoDB_20120810.GetItem,DynamoDB_20120810.DeleteTable"), b"{}"),
        ("POST /", target("GetItem"), b"{}"),
        ("POST /", target("DynamoDB_20120810."), b"{}"),
        ("POST /", target("AmazonSSM.GetParameter"), b"{}"),
        ("POST /", target("DynamoDB_20120810.GetItem\u00a0"), b"{}"),
        ("POST /", target("X_DynamoDB_20120810.GetItem"), b"{}"),
        ("POST /", {"X-Amz-Target": GET_ITEM}, b"{}"),
        ("POST /", {"X-Amz-Target": GET_ITEM, **FORM}, b"Action=DeleteTable"),
        ("POST /", {"X-Amz-Target": GET_ITEM, "Content-Type": "application/json"}, b"{}"),
        ("POST /", {"X-Amz-Target": GET_ITEM, "Content-Type": "application/x-amz-json-1.0; charset=ibm500"}, b"{}"),
        ("POST /", {"X-Amz-Target": GET_ITEM, "Content-Type": "application/x-amz-json-1.0; charset=utf-8; x=y"}, b"{}"),
        ("GET /", target(GET_ITEM), b""),
        ("PUT /", target(GET_ITEM), b"{}"),
        ("POST /x", target(GET_ITEM), b"{}"),
        ("POST //", target(GET_ITEM), b"{}"),
        ("POST /?Action=DeleteTable", target(GET_ITEM), b"{}"),
        ("POST /", {**CBOR, **target(GET_ITEM)}, b"{}"),
        ("POST /service/DynamoDB_20120810/operation/DeleteTable", target(GET_ITEM), b"{}"),
        ("POST /", JSON_10, b'{"TableName":"t"}'),
        ("POST /", FORM, b"Action=GetItem&Version=2012-08-10"),
    ],
)
def test_json_has_one_selector_read_exactly(line, headers, body):
    with pytest.raises((Malformed, Unidentified)):
        named(line, headers, body, at=place("dynamodb"))


@pytest.mark.parametrize(
    "kind", ["application/x-amz-json-1.0", "application/x-amz-json-1.1", "Application/X-Amz-JSON-1.0; Charset=UTF-8"]
)
def test_json_content_types(kind):
    headers = {"x-amz-target": GET_ITEM, "Content-Type": kind}
    assert op("POST /", headers, b"{}", at=place("dynamodb")) == "GetItem"


CLOUDTRAIL = {"Content-Type": "application/x-amz-json-1.1"}


@pytest.mark.parametrize("prefix", ["com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101", "CloudTrail_20131101"])
def test_a_target_prefix_may_have_a_namespace(prefix):
    headers = {"X-Amz-Target": f"{prefix}.LookupEvents", **CLOUDTRAIL}
    assert op("POST /", headers, b"{}", at=place("cloudtrail")) == "LookupEvents"


@pytest.mark.parametrize("prefix", ["v20131101.CloudTrail_20131101", ".CloudTrail_20131101", "com.evil.CloudTrail_20131101", ""])
def test_a_namespace_is_whole_or_absent(prefix):
    with pytest.raises(Unidentified):
        op("POST /", {"X-Amz-Target": f"{prefix}.LookupEvents", **CLOUDTRAIL}, b"{}", at=place("cloudtrail"))


def test_a_name_without_its_namespace_is_one_services_own():
    names = [service_model(name).metadata.get("targetPrefix", "") for name in loader().list_available_services("service-2")]
    short = [name.rpartition(".")[2] for name in names if name and name != "Timestream_20181101"]
    assert len(short) == len(set(short))


# --- rpc-v2-cbor --------------------------------------------------------------------------------------------------------

CODEBUILD = "POST /service/CodeBuild_20161006/operation/BatchGetProjects"
NAMES = b"\xa1enames\x81ap"


def test_cbor_is_named_by_its_path():
    call = named(CODEBUILD, CBOR, NAMES, at=place("codebuild"))
    assert (call.operation, call.protocol, call.params) == ("BatchGetProjects", "smithy-rpc-v2-cbor", {"names": ["p"]})


@pytest.mark.parametrize("namespace", ["com.amazonaws.codeconnections.", ""])
def test_cbor_with_and_without_a_namespace(namespace):
    line = f"POST /service/{namespace}CodeConnections_20231201/operation/ListHosts"
    assert op(line, CBOR, b"\xa0", at=place("codeconnections")) == "ListHosts"


@pytest.mark.parametrize(
    ("service", "line", "headers"),
    [
        ("codebuild", CODEBUILD, {"Content-Type": "application/cbor"}),
        ("codebuild", CODEBUILD, {**CBOR, "Smithy-Protocol": "rpc-v2-json"}),
        ("codebuild", CODEBUILD, {**CBOR, "Content-Type": "application/json"}),
        ("codebuild", CODEBUILD, {**CBOR, "X-Amz-Target": "CodeBuild_20161006.DeleteProject"}),
        ("codebuild", CODEBUILD + "/", CBOR),
        ("codebuild", CODEBUILD + "?Action=DeleteProject", CBOR),
        ("codebuild", "POST /service/CodeBuild_20161006/operation/BatchGetProjects%2Fx", CBOR),
        ("codebuild", "POST /service/Other/operation/BatchGetProjects", CBOR),
        ("codebuild", "POST /service/CodeBuild_20161006/operation/NoSuch", CBOR),
        ("codebuild", "GET /service/CodeBuild_20161006/operation/BatchGetProjects", CBOR),
        ("dynamodb", "POST /service/DynamoDB_20120810/operation/GetItem", CBOR),
    ],
)
def test_cbor_needs_path_protocol_and_type_to_agree(service, line, headers):
    with pytest.raises((Malformed, Unidentified)):
        named(line, headers, NAMES, at=place(service))


# --- query and ec2 ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "headers", "body"),
    [
        ("POST /", FORM, b"Action=DescribeInstances&Action=TerminateInstances&Version=2016-11-15"),
        ("POST /?Action=DescribeInstances&Version=2016-11-15", FORM, b"Action=TerminateInstances&Version=2016-11-15"),
        ("POST /?Action=DescribeInstances&Version=2016-11-15", FORM, b""),
        ("POST /", FORM, b"action=DescribeInstances&Version=2016-11-15"),
        ("POST /", FORM, b"Action=describeinstances&Version=2016-11-15"),
        ("POST /", FORM, b"Action=DescribeInstances"),
        ("POST /", FORM, b"Action=DescribeInstances&Version=2016-11-15&Version=2016-11-15"),
        ("POST /", FORM, b"Action=DescribeInstances&Version=2010-06-15"),
        ("POST /", FORM, b"Action=NukeRegion&Version=2016-11-15"),
        ("POST /", FORM, b"Action=DescribeInstances;Action=TerminateInstances&Version=2016-11-15"),
        ("POST /", {"Content-Type": "multipart/form-data; boundary=b"}, b"Action=DescribeInstances&Version=2016-11-15"),
        (
            "POST /",
            {"Content-Type": "application/x-www-form-urlencoded; charset=ibm500"},
            b"Action=DescribeVpcs&Version=2016-11-15",
        ),
        ("POST /", {}, b"Action=DescribeInstances&Version=2016-11-15"),
        ("POST /x", FORM, b"Action=DescribeInstances&Version=2016-11-15"),
        ("GET /?Action=DescribeInstances&Version=2016-11-15", FORM, b"Action=TerminateInstances&Version=2016-11-15"),
        ("POST /", {"X-Amz-Target": "X.GetFoo", **FORM}, b"Action=TerminateInstances&Version=2016-11-15"),
        ("POST /", {"Content-Encoding": "gzip", **FORM}, b"Action=DescribeInstances&Version=2016-11-15"),
    ],
)
def test_query_has_one_action_in_one_place(line, headers, body):
    with pytest.raises((Malformed, Unidentified)):
        named(line, headers, body, at=place("ec2"))


def test_query_by_get_and_by_post():
    assert op("GET /?Action=GetCallerIdentity&Version=2011-06-15", at=place("sts")) == "GetCallerIdentity"
    assert op("POST /", FORM, b"Action=GetCallerIdentity&Version=2011-06-15", at=place("sts")) == "GetCallerIdentity"
    assert op("POST /", FORM, b"%41ction=GetCallerIdentity&Version=2011-06-15", at=place("sts")) == "GetCallerIdentity"


@pytest.mark.parametrize(("version", "service"), [(ELB_1, "elb"), (ELB_2, "elbv2")])
def test_version_chooses_between_services_of_one_host(version, service):
    body = f"Action=DescribeLoadBalancers&Version={version}".encode()
    assert named("POST /", FORM, body, at=place("elb", "elbv2")).service == service


def test_one_service_three_wires():
    at = place("cloudwatch")
    query = named("POST /", FORM, b"Action=ListMetrics&Version=2010-08-01&RecentlyActive=PT3H", at=at)
    json = named("POST /", target("GraniteServiceVersion20100801.ListMetrics"), b'{"RecentlyActive":"PT3H"}', at=at)
    body = b"\xa1nRecentlyActivedPT3H"
    cbor = named("POST /service/GraniteServiceVersion20100801/operation/ListMetrics", CBOR, body, at=at)
    assert [call.operation for call in (query, json, cbor)] == ["ListMetrics"] * 3
    assert query.params == json.params == cbor.params == {"RecentlyActive": "PT3H"}


QUEUE = f"/{ACCOUNT}/jobs"


def test_sqs_still_speaks_query():
    body = (
        f"Action=SendMessage&Version=2012-11-05&QueueUrl=https%3A%2F%2Fsqs.us-east-1.amazonaws.com%2F{ACCOUNT}%2Fjobs&MessageBody=hi"
        "&MessageAttribute.1.Name=n&MessageAttribute.1.Value.DataType=String&MessageAttribute.1.Value.StringValue=v"
    )
    for path in ("/", QUEUE):
        call = named(f"POST {path}", FORM, body.encode(), at=place("sqs"))
        assert call.operation == "SendMessage"
        assert call.params["MessageAttributes"] == {"n": {"DataType": "String", "StringValue": "v"}}
        assert call.implied == {}


def test_the_path_of_sqs_names_a_queue():
    call = named(f"GET {QUEUE}?Action=SendMessage&Version=2012-11-05&MessageBody=hi", at=place("sqs"))
    assert call.params == {"MessageBody": "hi"}
    assert call.implied == {"QueueUrl": f"https://agent.test{QUEUE}"}


@pytest.mark.parametrize(
    "query", ["Action=PurgeQueue&QueueUrl=https%3A%2F%2Fsqs.us-east-1.amazonaws.com%2F1%2Fother", "Action=ListQueues"]
)
def test_path_and_parameters_of_sqs_must_agree(query):
    with pytest.raises(Malformed):
        named(f"GET {QUEUE}?Version=2012-11-05&{query}", at=place("sqs"))
