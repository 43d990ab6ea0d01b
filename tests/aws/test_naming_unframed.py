"""Held requests to S3 that arrive as aws-chunked are read as what they hold; nobody else's are."""

from __future__ import annotations

import pytest

from tests.kit.aws.naming import catalog, claim, head, place, target
from trio_gate.aws.forwarded_headers import forwarded_headers
from trio_gate.aws.naming import name_call, unframed
from trio_gate.errors import Malformed, Unauthenticated
from trio_gate.wire.head import Empty, Held, StreamKind

DELETE = b"<Delete><Object><Key>k</Key></Object></Delete>"
CRC32 = "x-amz-checksum-crc32"
FRAMED = b"2e\r\n" + DELETE + b"\r\n0\r\n" + CRC32.encode() + b":A8uZRQ==\r\n\r\n"
FIELDS = {
    "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "x-amz-decoded-content-length": str(len(DELETE)),
    "x-amz-trailer": CRC32,
    "content-encoding": "aws-chunked",
}


def opened(data: bytes = FRAMED, at=None, **changes):
    fields = {**FIELDS, **{name.replace("_", "-"): value for name, value in changes.items()}}
    return unframed(head("POST /bucket?delete", fields), Held(data=data) if data else Empty(), at or place("s3"))


def test_its_content_is_read_and_its_trailer_is_a_field():
    request, body = opened()
    assert body == Held(data=DELETE, framed=StreamKind.UNSIGNED_TRAILER)
    call = name_call(request, body, place=place("s3"), claim=claim("s3"), catalog=catalog())
    assert opened(at=place("s3", "s3control", signing_name="s3", host="s3.us-east-1.amazonaws.com")) == (request, body)
    assert (call.operation, call.params["Delete"]) == ("DeleteObjects", {"Objects": [{"Key": "k"}]})
    s3 = catalog().service("s3")
    sent = dict(forwarded_headers(request, s3, s3.operations[call.operation], call.protocol))
    assert sent[CRC32] == "A8uZRQ=="
    assert not sent.keys() & {"content-encoding", "x-amz-trailer", "x-amz-decoded-content-length"}


LIES = {
    "another byte": {"data": FRAMED.replace(b">k<", b">K<")},
    "another length": {"x_amz_decoded_content_length": "45"},
    "another checksum in the head": {"content_md5": "XrY7u+Ae7tCTyyK7j1rNww=="},
    "no end": {"data": FRAMED[:-2]},
    "nothing": {"data": b""},
}


@pytest.mark.parametrize("name", LIES)
def test_lies_are_refused(name):
    with pytest.raises(Malformed):
        opened(**LIES[name])


def test_signed_chunks_are_proven():
    class Never:
        def chunk(self, _: str) -> str:
            return "f" * 64

    data = b"2e;chunk-signature=" + b"0" * 64 + b"\r\n" + DELETE + b"\r\n0;chunk-signature=" + b"0" * 64 + b"\r\n\r\n"
    fields = {**FIELDS, "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}
    del fields["x-amz-trailer"]
    request = head("POST /bucket?delete", fields)
    assert unframed(request, Held(data=data), place("s3"))[1] == Held(data=DELETE, framed=StreamKind.SIGNED)
    with pytest.raises(Unauthenticated):
        unframed(request, Held(data=data), place("s3"), Never())


def test_other_requests_are_as_they_are():
    for request, at in (
        (head("POST /bucket?delete", {**FIELDS, "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}), place("s3")),
        (head("POST /", target("DynamoDB_20120810.GetItem", **FIELDS)), place("dynamodb")),
    ):
        assert unframed(request, Held(data=FRAMED), at) == (request, Held(data=FRAMED))
