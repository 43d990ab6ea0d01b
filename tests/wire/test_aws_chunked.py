"""Streamed uploads: what a head says about its body, and whether the body is that."""

import base64
import contextlib
import hashlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.errors import GateError, Malformed
from trio_gate.wire.aws_chunked import HashChecker, NullChecker, UnsignedTrailerChecker, checker_for, streamed_body
from trio_gate.wire.head import RequestHead, Streamed, StreamKind, Target

HELLO = hashlib.sha256(b"hello world").hexdigest()
TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
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
    (head(x_amz_content_sha256=HELLO), 0, Streamed(kind=StreamKind.HASHED, length=0, decoded_length=0, sha256=HELLO)),
    (
        head(x_amz_content_sha256="UNSIGNED-PAYLOAD", content_encoding="gzip"),
        None,
        Streamed(kind=StreamKind.UNSIGNED, length=None, decoded_length=None),
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
    "signed chunks": (head(x_amz_content_sha256="STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), 501, "chunkedEncodingEnabled"),
    "signed trailer": (head(x_amz_content_sha256="STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"), 501, "chunkedEncoding"),
    "sigv4a chunks": (head(x_amz_content_sha256="STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"), 501, "sigv4a"),
    "sigv4a trailer": (head(x_amz_content_sha256="STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"), 501, "sigv4a"),
    "signed events": (head(x_amz_content_sha256="STREAMING-AWS4-HMAC-SHA256-EVENTS"), 501, "event"),
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


def checked(checker, *pieces: bytes) -> None:
    for piece in pieces:
        checker.feed(piece)
    checker.finish()


def test_counting_and_hashing():
    checked(NullChecker(11), b"hello ", b"world")
    checked(NullChecker(None), b"hello")
    checked(HashChecker(HELLO, 11), b"hello ", b"world")
    checked(HashChecker(HELLO, None), b"hello world")


@pytest.mark.parametrize("pieces", [(b"hello",), (b"hello ", b"world!"), ()])
def test_a_wrong_length(pieces):
    for checker in (NullChecker(11), HashChecker(HELLO, 11)):
        with pytest.raises(Malformed):
            checked(checker, *pieces)


def test_a_wrong_hash():
    with pytest.raises(Malformed, match="x-amz-content-sha256"):
        checked(HashChecker(HELLO, 11), b"hello World")


SUMS = {
    "crc32": base64.b64encode(zlib.crc32(b"hello world").to_bytes(4, "big")),
    "sha1": base64.b64encode(hashlib.sha1(b"hello world").digest()),
    "sha256": base64.b64encode(hashlib.sha256(b"hello world").digest()),
    "sha512": base64.b64encode(hashlib.sha512(b"hello world").digest()),
    "md5": base64.b64encode(hashlib.md5(b"hello world").digest()),
    "crc32c": b"yZRlqg==",
    "crc64nvme": b"jSnVw/bqjr4=",
}


def framed(*chunks: bytes, trailers: bytes = b"x-amz-checksum-crc32:DUoRhQ==\r\n") -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n" + trailers + b"\r\n"


@pytest.mark.parametrize("algorithm", SUMS)
def test_checksums(algorithm):
    name = f"x-amz-checksum-{algorithm}"
    line = name.encode() + b":" + SUMS[algorithm] + b"\r\n"
    checked(UnsignedTrailerChecker(11, (name,)), framed(b"hello ", b"world", trailers=line))
    with pytest.raises(Malformed, match=algorithm):
        checked(UnsignedTrailerChecker(11, (name,)), framed(b"hello world", trailers=name.encode() + b":AA==\r\n"))


@pytest.mark.parametrize("algorithm", ["crc32", "sha1", "sha256", "sha512", "md5"])
def test_a_wrong_checksum_that_python_can_tell(algorithm):
    name = f"x-amz-checksum-{algorithm}"
    line = name.encode() + b":" + SUMS[algorithm] + b"\r\n"
    with pytest.raises(Malformed, match=algorithm):
        checked(UnsignedTrailerChecker(11, (name,)), framed(b"hello World", trailers=line))


def test_several_trailers_and_none():
    lines = b"x-amz-checksum-sha1:%b\r\nX-Amz-Checksum-CRC32: %b\r\n" % (SUMS["sha1"], SUMS["crc32"])
    checked(UnsignedTrailerChecker(11, (*CRC, "x-amz-checksum-sha1")), framed(b"hello world", trailers=lines))
    checked(UnsignedTrailerChecker(11, ()), framed(b"hello world", trailers=b""))
    checked(UnsignedTrailerChecker(0, ()), framed(trailers=b""))


GOOD = framed(b"hello world")
LIES = {
    "decoded length too small": framed(b"hello world!"),
    "decoded length too large": framed(b"hello worl"),
    "hex prefix": b"0x" + GOOD,
    "sign": b"-" + GOOD,
    "extension": GOOD.replace(b"b\r\n", b"b;chunk-signature=00\r\n", 1),
    "bare LF": GOOD.replace(b"b\r\n", b"b\n", 1),
    "data too long": GOOD.replace(b"world", b"world!"),
    "no last chunk": GOOD[: GOOD.index(b"0\r\n")],
    "no end": GOOD[:-2],
    "more after the end": GOOD + b"0\r\n",
    "another trailer": framed(b"hello world", trailers=b"x-amz-checksum-crc32:DUoRhQ==\r\nx-amz-acl:public-read\r\n"),
    "trailer twice": framed(b"hello world", trailers=b"x-amz-checksum-crc32:DUoRhQ==\r\n" * 2),
    "trailer missing": framed(b"hello world", trailers=b""),
    "not base64": framed(b"hello world", trailers=b"x-amz-checksum-crc32:DUoRhQ=\r\n"),
    "trailers without end": framed(b"hello world", trailers=b"x-a:" + b"a" * 10_000 + b"\r\n"),
    "nothing": b"",
}


@pytest.mark.parametrize("name", LIES)
def test_lies(name):
    raw = LIES[name]
    with pytest.raises(Malformed):
        checked(UnsignedTrailerChecker(11, CRC), raw)
    with pytest.raises(Malformed):
        checked(UnsignedTrailerChecker(11, CRC), *(bytes([byte]) for byte in raw))


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=5), st.integers(1, 7))
def test_the_truth_passes_however_it_is_cut(chunks, step):
    content = b"".join(chunks)
    crc = base64.b64encode(zlib.crc32(content).to_bytes(4, "big"))
    raw = framed(*chunks, trailers=b"x-amz-checksum-crc32:" + crc + b"\r\n")
    body = Streamed(kind=StreamKind.UNSIGNED_TRAILER, length=len(raw), decoded_length=len(content), trailers=CRC)
    checked(checker_for(body), *(raw[at : at + step] for at in range(0, len(raw), step)))


@given(st.binary(max_size=60), st.integers(0, len(GOOD)))
def test_any_body_passes_or_gives_a_gate_error(noise, at):
    with contextlib.suppress(GateError):
        checked(UnsignedTrailerChecker(11, CRC), GOOD[:at] + noise + GOOD[at:])


def test_the_checker_fits_the_body():
    assert isinstance(checker_for(streamed_body(upload(), 52)), UnsignedTrailerChecker)
    assert isinstance(checker_for(streamed_body(head(x_amz_content_sha256=HELLO), 11)), HashChecker)
    assert type(checker_for(streamed_body(head(x_amz_content_sha256="UNSIGNED-PAYLOAD"), 11))) is NullChecker
