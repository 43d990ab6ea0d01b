"""Parameters of JSON and CBOR: members that the model does not have, types, and the forms that values take."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.kit.aws.naming import CBOR, REST_JSON, named, place, target
from trio_gate.errors import Malformed


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
def test_what_is_not_a_timestamp(sent):
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
