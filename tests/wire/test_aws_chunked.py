"""Uploads to S3: what a head says about how its body is framed, signed and checked."""

import hashlib

import pytest

from trio_gate.errors import Malformed
from trio_gate.wire.aws_chunked import streamed_body, unframed_head
from trio_gate.wire.head import RequestHead, Streamed, StreamKind, Target

HELLO = hashlib.sha256(b"hello world").hexdigest()
TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
CRC = ("x-amz-checksum-crc32",)


def head(query=(), **fields: str) -> RequestHead:
    headers = tuple((name.replace("_", "-"), value) for name, value in fields.items())
    return RequestHead(method="PUT", target=Target(segments=("b", "k"), query=query), headers=headers)


def upload(**fields: str) -> RequestHead:
    base = {
        "x_amz_content_sha256": TRAILER,
        "x_amz_decoded_content_length": "11",
        "x_amz_trailer": "x-amz-checksum-crc32",
        "content_encoding": "aws-chunked",
    }
    return head(**{name: value for name, value in {**base, **fields}.items() if value is not None})


READ = [
    (
        upload(),
        52,
        Streamed(kind=StreamKind.UNSIGNED_TRAILER, length=52, decoded_length=11, trailers=CRC),
    ),
    (
        upload(content_encoding="gzip,aws-chunked", x_amz_trailer="X-Amz-Checksum-CRC64NVME"),
        None,
        Streamed(kind=StreamKind.UNSIGNED_TRAILER, length=None, decoded_length=11, trailers=("x-amz-checksum-crc64nvme",)),
    ),
    (
        upload(x_amz_trailer=None, content_encoding=None),
        16,
        Streamed(kind=StreamKind.UNSIGNED_TRAILER, length=16, decoded_length=11),
    ),
    (
        head(x_amz_content_sha256=HELLO),
        11,
        Streamed(kind=StreamKind.HASHED, length=11, decoded_length=11, sha256=HELLO),
    ),
    (
        head(x_amz_content_sha256=HELLO, x_amz_decoded_content_length="11"),
        None,
        Streamed(kind=StreamKind.HASHED, length=11, decoded_length=11, sha256=HELLO),
    ),
    (
        head(x_amz_content_sha256=HELLO, content_length="0"),
        0,
        Streamed(kind=StreamKind.HASHED, length=0, decoded_length=0, sha256=HELLO),
    ),
    (
        head(x_amz_content_sha256="UNSIGNED-PAYLOAD", content_encoding="gzip"),
        None,
        Streamed(kind=StreamKind.UNSIGNED, length=None, decoded_length=None),
    ),
    (
        upload(x_amz_content_sha256=SIGNED, x_amz_trailer=None, content_md5="XrY7u+Ae7tCTyyK7j1rNww=="),
        None,
        Streamed(
            kind=StreamKind.SIGNED,
            length=None,
            decoded_length=11,
            checksums=(("content-md5", "XrY7u+Ae7tCTyyK7j1rNww=="),),
        ),
    ),
    (
        upload(x_amz_content_sha256=f"{SIGNED}-TRAILER"),
        300,
        Streamed(kind=StreamKind.SIGNED_TRAILER, length=300, decoded_length=11, trailers=CRC),
    ),
    (
        head(x_amz_content_sha256="UNSIGNED-PAYLOAD", x_amz_checksum_crc32c="yZRlqg==", x_amz_checksum_type="FULL_OBJECT"),
        11,
        Streamed(kind=StreamKind.UNSIGNED, length=11, decoded_length=11, checksums=(("x-amz-checksum-crc32c", "yZRlqg=="),)),
    ),
    (head((("X-Amz-Signature", "a"),)), 11, Streamed(kind=StreamKind.UNSIGNED, length=11, decoded_length=11)),
    (
        head((("X-Amz-Signature", "a"), ("X-Amz-Content-Sha256", HELLO))),
        11,
        Streamed(kind=StreamKind.HASHED, length=11, decoded_length=11, sha256=HELLO),
    ),
]


@pytest.mark.parametrize(("request_head", "length", "body"), READ)
def test_a_head_says_how_its_body_is_signed(request_head, length, body):
    assert streamed_body(request_head, length) == body


REFUSED = {
    "nothing declared": (head(), 400, "missing"),
    "not a hash": (head(x_amz_content_sha256="abc"), 400, "hex"),
    "upper-case hash": (head(x_amz_content_sha256=HELLO.upper()), 400, "hex"),
    "hash and a line end": (head(x_amz_content_sha256=HELLO + "\n"), 400, "hex"),
    "signed chunks, no length": (head(x_amz_content_sha256=SIGNED), 411, "decoded"),
    "signed chunks, odd length": (upload(x_amz_content_sha256=SIGNED, x_amz_decoded_content_length="0x11"), 400, "decoded"),
    "signed chunks and a trailer": (upload(x_amz_content_sha256=SIGNED), 400, "PAYLOAD-TRAILER"),
    "signed trailer without a name": (upload(x_amz_content_sha256=f"{SIGNED}-TRAILER", x_amz_trailer=None), 400, "missing"),
    "one checksum in both": (upload(x_amz_checksum_crc32="DUoRhQ=="), 400, "does not have"),
    "sigv4a chunks": (head(x_amz_content_sha256="STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"), 501, "SCHEME_PREFERENCE=sigv4"),
    "sigv4a trailer": (head(x_amz_content_sha256="STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"), 501, "SigV4A"),
    "signed events": (head(x_amz_content_sha256="STREAMING-AWS4-HMAC-SHA256-EVENTS"), 501, "ConverseStream"),
    "no decoded length": (upload(x_amz_decoded_content_length=None), 411, "decoded"),
    "odd decoded length": (upload(x_amz_decoded_content_length="+11"), 400, "decoded"),
    "trailer with a meaning": (upload(x_amz_trailer="x-amz-acl"), 400, "x-amz-trailer"),
    "unknown checksum": (upload(x_amz_trailer="x-amz-checksum-type"), 400, "x-amz-trailer"),
    "one trailer twice": (upload(x_amz_trailer="x-amz-checksum-crc32, x-amz-checksum-crc32"), 400, "each once"),
    "trailer of a hashed body": (upload(x_amz_content_sha256=HELLO), 400, "aws-chunked"),
    "aws-chunked and hashed": (upload(x_amz_content_sha256=HELLO, x_amz_trailer=None), 400, "aws-chunked"),
    "aws-chunked and unsigned": (upload(x_amz_content_sha256="UNSIGNED-PAYLOAD", x_amz_trailer=None), 400, "aws-chunked"),
    "two lengths": (head(x_amz_content_sha256=HELLO, x_amz_decoded_content_length="12"), 400, "differ"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_a_way_out(name):
    request_head, status, words = REFUSED[name]
    with pytest.raises(Malformed, match=words) as caught:
        streamed_body(request_head, 11)
    assert caught.value.status == status


def test_s3_wants_a_length_or_chunks():
    with pytest.raises(Malformed, match="content-length") as caught:
        streamed_body(head(x_amz_content_sha256="UNSIGNED-PAYLOAD"), 0)
    for field in ({"transfer_encoding": "chunked"}, {"content_length": "0"}):
        assert streamed_body(head(x_amz_content_sha256="UNSIGNED-PAYLOAD", **field), 0).length == 0
    assert (caught.value.status, caught.value.code) == (411, "MissingLength")


UNFRAMED = [
    ({"content_encoding": "aws-chunked"}, ()),
    ({"content_encoding": "gzip,aws-chunked"}, (("content-encoding", "gzip"),)),
    ({"content_encoding": "AWS-Chunked, gzip"}, (("content-encoding", "gzip"),)),
    ({"content_encoding": None, "content_md5": "AA=="}, (("content-md5", "AA=="),)),
]


@pytest.mark.parametrize(("fields", "kept"), UNFRAMED)
def test_a_head_without_its_framing(fields, kept):
    trailers = (("x-amz-checksum-crc32", "DUoRhQ=="),)
    assert unframed_head(upload(**fields), trailers).headers == (("x-amz-content-sha256", TRAILER), *kept, *trailers)
