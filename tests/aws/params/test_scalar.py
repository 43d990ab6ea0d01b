"""Single values: the range of their types, and one spelling of each."""

from __future__ import annotations

import json
import struct

import pytest

from tests.kit.aws.naming import CBOR, FORM, named, place, target
from trio_gate.aws.model.shape import compile_shapes
from trio_gate.aws.params.scalar import from_text, from_tree
from trio_gate.errors import Malformed

INT, LONG = 2**31, 2**63
FLOAT_MAX = 3.4028234663852886e38
_MODEL = {"F": {"type": "float"}, "S": {"type": "structure", "members": {"f": {"shape": "F"}}}}
FLOAT = compile_shapes(_MODEL, ec2=False, query_names={})["S"].members["f"]


def in_json(member, value):
    """Of DynamoDB, whose Limit is an integer, and CloudWatch Logs, whose startTime is a long."""
    body = value if isinstance(value, str) else json.dumps(value)
    if member == "integer":
        data = f'{{"TableName":"t","Limit":{body}}}'.encode()
        return named("POST /", target("DynamoDB_20120810.Scan"), data, at=place("dynamodb")).params["Limit"]
    at = place("logs")
    data = f'{{"logGroupName":"g","startTime":{body}}}'.encode()
    return named("POST /", target("Logs_20140328.FilterLogEvents"), data, at=at).params["startTime"]


def in_form(text):
    body = f"Action=DescribeInstances&Version=2016-11-15&MaxResults={text}".encode()
    return named("POST /", FORM, body, at=place("ec2")).params["MaxResults"]


def in_query(text):
    return named(f"GET /2015-03-31/functions?MaxItems={text}", {}, at=place("lambda")).params["MaxItems"]


def in_cbor(data):
    line = "POST /service/GraniteServiceVersion20100801/operation/GetMetricStatistics"
    return named(line, CBOR, b"\xa1fPeriod" + data, at=place("cloudwatch")).params["Period"]


@pytest.mark.parametrize(("kind", "limit"), [("integer", INT), ("long", LONG)])
def test_json_integers_have_the_range_of_their_type(kind, limit):
    assert in_json(kind, limit - 1) == limit - 1
    assert in_json(kind, -limit) == -limit
    for value in (limit, -limit - 1, 2 * limit + 1, 10**32):
        with pytest.raises(Malformed):
            in_json(kind, value)


@pytest.mark.parametrize("text", ["1.0", "10e-1", "0.1e1", "1E0"])
def test_a_whole_number_is_one_however_it_is_spelled(text):
    assert in_json("integer", text) == 1


@pytest.mark.parametrize(
    "text", ["1.5", "1e10", "1e400", "-1e400", "01", "+1", "1.", ".1", "0x1", "1e", "NaN", "true", '"1"', "[1]", "-"]
)
def test_what_is_no_integer_in_json(text):
    with pytest.raises(Malformed):
        in_json("integer", text)


def test_minus_nothing_is_nothing():
    assert in_json("integer", "-0") == in_json("integer", "-0.0") == 0


TEXTS_REFUSED = [
    *(
        str(INT),
        str(-INT - 1),
        "4294967297",
        "-99999999999999999999",
        "%D9%A5",
        "%EF%BC%95",
        "1_0",
        "%201",
        "1%20",
        "%2B1",
        "1.0",
        "1e1",
    ),
    *("0x10", "--1", "-", "", "1%0A", "%C2%B2"),
]


@pytest.mark.parametrize("read", [in_form, in_query], ids=lambda read: read.__name__)
@pytest.mark.parametrize("text", TEXTS_REFUSED)
def test_integers_as_text(read, text):
    assert read(str(INT - 1)) == INT - 1
    assert read(str(-INT)) == -INT
    with pytest.raises(Malformed):
        read(text)


@pytest.mark.parametrize(
    "data", [b"\x1a\x80\x00\x00\x00", b"\x3a\x80\x00\x00\x00", b"\x1b" + b"\xff" * 8, b"\x3b" + b"\xff" * 8, b"\xf9\x7e\x00"]
)
def test_cbor_integers_have_the_range_of_their_type(data):
    assert in_cbor(b"\x1a\x7f\xff\xff\xff") == INT - 1
    assert in_cbor(b"\x3a\x7f\xff\xff\xff") == -INT
    assert in_cbor(b"\x1b" + struct.pack(">Q", 7)) == 7
    assert in_cbor(b"\xf9\x3c\x00") == 1
    with pytest.raises(Malformed):
        in_cbor(data)


def double(body):
    data = b'{"AlarmName":"a","Threshold":' + body + b"}"
    return named("POST /", target("GraniteServiceVersion20100801.PutMetricAlarm"), data, at=place("cloudwatch")).params[
        "Threshold"
    ]


def test_reals_are_finite():
    assert double(b"1.7976931348623157e308") == 1.7976931348623157e308
    assert double(b'"NaN"') == "NaN"
    assert isinstance(double(b"9007199254740993"), float)
    assert from_tree(FLOAT, FLOAT_MAX, binary=True) == from_text(FLOAT, "3.4028234663852886e38", timestamps="") == FLOAT_MAX
    for value in (3.5e38, -1e39, 10**40):
        with pytest.raises(Malformed):
            from_tree(FLOAT, value, binary=False)
        with pytest.raises(Malformed):
            from_text(FLOAT, f"{float(value)}", timestamps="")
    for body in (b"1e309", b"-1e309", b'"nan"', b'"1"', b'"inf"'):
        with pytest.raises(Malformed):
            double(body)


BLOBS = [
    "AA",
    "AA=",
    "AAA",
    "AB==",
    "AAB=",
    "A===",
    "====",
    "AA==AA==",
    "AA== ",
    " AA==",
    "AA\n==",
    "_-8=",
    "AA==\u00a0",
    "\u0410A==",
    "AA%3D%3D",
]


@pytest.mark.parametrize("text", BLOBS)
def test_base64_has_one_spelling(text):
    def put(blob):
        body = json.dumps({"TableName": "t", "Item": {"a": {"B": blob}}}).encode()
        return named("POST /", target("DynamoDB_20120810.PutItem"), body, at=place("dynamodb")).params["Item"]["a"]["B"]

    assert (put("AA=="), put("AAA="), put("/+8A"), put("")) == (b"\0", b"\0\0", b"\xff\xef\0", b"")
    with pytest.raises(Malformed):
        put(text)


def since(text):
    headers = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD", "If-Modified-Since": text}
    return named("GET /bucket/k", headers, at=place("s3")).params["IfModifiedSince"]


DATES = [
    "Mon, 15 Jan 2025 08:30:00 GMT",
    "Wednesday, 15-Jan-25 08:30:00 GMT",
    "Wed Jan 15 08:30:00 2025",
    "wed, 15 jan 2025 08:30:00 gmt",
    "Wed, 15 Jan 2025 08:30:00 EST",
    "Wed, 15 Jan 2025 08:30:00 +0100",
    "Wed, 15 Jan 2025 08:30:00",
    "Wed,15 Jan 2025 08:30:00 GMT",
    "Wed, 5 Jan 2025 08:30:00 GMT",
    "Wed, 15 Jan 25 08:30:00 GMT",
    "Wed, 15 Jan 2025 24:00:00 GMT",
    "Wed, 15 Jan 2025 08:30:60 GMT",
    "Fri, 30 Feb 2024 00:00:00 GMT",
    "2025-01-15T08:30:00Z",
    "1736929800",
    "",
]


@pytest.mark.parametrize("text", DATES)
def test_dates_of_http_have_one_form(text):
    assert since("Wed, 15 Jan 2025 08:30:00 GMT") == "2025-01-15T08:30:00Z"
    with pytest.raises(Malformed):
        since(text)


ISO_REFUSED = [
    *(
        "2025-01-15",
        "2025-01-15T08:30Z",
        "2025-01-15T08:30:00",
        "2025-01-15 08:30:00Z",
        "20250115T083000Z",
        "2025-1-15T08:30:00Z",
    ),
    *("2025-01-15T08:30:00+19:00", "2025-01-15T08:30:00+01:60", "2025-01-15T08:30:00+1:00", "2025-01-15T08:30:00,5Z"),
    *(
        "2025-01-15T24:00:00Z",
        "2025-01-15T23:59:60Z",
        "2025-02-29T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-01:00",
    ),
    *(
        "10000-01-01T00:00:00Z",
        "-001-01-01T00:00:00Z",
        "2025-01-15T08:30:00.Z",
        "2025-01-15T08:30:00.1234567890Z",
        "2025-W03-3T08:30:00Z",
    ),
    *("2025-01-15T08:30:00Z\n", " 2025-01-15T08:30:00Z", "\u0662025-01-15T08:30:00Z"),
]


@pytest.mark.parametrize("text", ISO_REFUSED)
def test_timestamps_have_one_form(text):
    def export(value):
        body = json.dumps({"TableArn": "a", "S3Bucket": "b", "ExportTime": value}).encode()
        return named("POST /", target("DynamoDB_20120810.ExportTableToPointInTime"), body, at=place("dynamodb")).params[
            "ExportTime"
        ]

    assert export("2025-01-15T08:30:00-05:30") == "2025-01-15T14:00:00Z"
    with pytest.raises(Malformed):
        export(text)


def attributes(text):
    headers = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD", "x-amz-object-attributes": text}
    return named("GET /bucket/k?attributes", headers, at=place("s3")).params["ObjectAttributes"]


@pytest.mark.parametrize("text", ["ETag,", "ETag,,ObjectSize", ",ETag", ",", "ETag, ,ObjectSize", 'ETag,"', '"ETag"x'])
def test_a_list_in_a_header_has_no_empty_items(text):
    assert attributes('ETag , "ObjectSize"') == ["ETag", "ObjectSize"]
    with pytest.raises(Malformed):
        attributes(text)
