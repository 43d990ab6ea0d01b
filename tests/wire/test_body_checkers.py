"""Bodies that go by: whether they are what their heads said."""

import base64
import contextlib
import hashlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.errors import GateError, Malformed
from trio_gate.wire.body_checkers import AwsChunkedChecker, HashChecker, NullChecker, SignedChunksChecker, checker_for
from trio_gate.wire.chunked import AWS_FREE, AWS_LEAST
from trio_gate.wire.head import Streamed, StreamKind

HELLO = hashlib.sha256(b"hello world").hexdigest()
CRC = ("x-amz-checksum-crc32",)


def checked(checker, *pieces: bytes) -> None:
    for piece in pieces:
        assert checker.feed(piece) == piece
    checker.finish()


def chunked(names: tuple[str, ...], length: int = 11) -> AwsChunkedChecker:
    return AwsChunkedChecker(Streamed(kind=StreamKind.UNSIGNED_TRAILER, length=None, decoded_length=length, trailers=names))


def test_counting_and_hashing():
    checked(NullChecker(11), b"hello ", b"world")
    checked(NullChecker(None), b"hello")
    checked(HashChecker(HELLO, 11), b"hello ", b"world")
    checked(HashChecker(HELLO, None), b"hello world")


def test_small_chunks_are_few():
    small = (b"a",) * (2 * AWS_FREE)
    with pytest.raises(Malformed, match="too small"):
        checked(chunked((), len(small)), framed(*small, trailers=b""))
    enough = (b"a" * AWS_LEAST,) * (2 * AWS_FREE)
    checked(chunked((), 2 * AWS_FREE * AWS_LEAST), framed(*enough, trailers=b""))


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
    checked(chunked((name,)), framed(b"hello ", b"world", trailers=line))
    with pytest.raises(Malformed, match=algorithm):
        checked(chunked((name,)), framed(b"hello world", trailers=name.encode() + b":AA==\r\n"))


@pytest.mark.parametrize("algorithm", SUMS)
def test_a_wrong_checksum(algorithm):
    name = f"x-amz-checksum-{algorithm}"
    line = name.encode() + b":" + SUMS[algorithm] + b"\r\n"
    with pytest.raises(Malformed, match=algorithm):
        checked(chunked((name,)), framed(b"hello World", trailers=line))


@pytest.mark.parametrize("algorithm", SUMS)
@pytest.mark.parametrize("kind", [StreamKind.UNSIGNED, StreamKind.HASHED, StreamKind.UNSIGNED_TRAILER])
def test_a_checksum_in_the_head(algorithm, kind):
    name = "content-md5" if algorithm == "md5" else f"x-amz-checksum-{algorithm}"
    for value, holds in ((SUMS[algorithm].decode(), True), (base64.b64encode(bytes(64)).decode(), False), ("ü", False)):
        sha256 = HELLO if kind is StreamKind.HASHED else None
        body = Streamed(kind=kind, length=None, decoded_length=11, sha256=sha256, checksums=((name, value),))
        raw = framed(b"hello world", trailers=b"") if kind is StreamKind.UNSIGNED_TRAILER else b"hello world"
        with contextlib.nullcontext() if holds else pytest.raises(Malformed, match=name):
            checked(checker_for(body), raw[:7], raw[7:])


def test_a_checksum_that_s3_alone_can_tell():
    name = "x-amz-checksum-xxhash64"
    checked(chunked((name,)), framed(b"hello world", trailers=name.encode() + b":AAAAAAAAAAA=\r\n"))
    with pytest.raises(Malformed, match="base64"):
        checked(chunked((name,)), framed(b"hello world", trailers=name.encode() + b":AAAAAA==\r\n"))


def test_minios_line_ends():
    checked(chunked(CRC), framed(b"hello world", trailers=b"x-amz-checksum-crc32:DUoRhQ==\n\r\n"))


def test_several_trailers_and_none():
    lines = b"x-amz-checksum-sha1:%b\r\nX-Amz-Checksum-CRC32: %b\r\n" % (SUMS["sha1"], SUMS["crc32"])
    checked(chunked((*CRC, "x-amz-checksum-sha1")), framed(b"hello world", trailers=lines))
    checked(chunked(()), framed(b"hello world", trailers=b""))
    checked(chunked((), 0), framed(trailers=b""))


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
        checked(chunked(CRC), raw)
    with pytest.raises(Malformed):
        checked(chunked(CRC), *(bytes([byte]) for byte in raw))


@pytest.mark.parametrize("step", [1, 7, len(GOOD)])
def test_the_end_of_the_framing_is_not_passed_on_before_the_end_of_the_body(step):
    checker = checker_for(
        Streamed(kind=StreamKind.UNSIGNED_TRAILER, length=len(GOOD) + 1, decoded_length=11, trailers=("x-amz-checksum-sha1",))
    )
    *first, last = (GOOD[at : at + step] for at in range(0, len(GOOD), step))
    for piece in first:
        checker.feed(piece)
    with pytest.raises(Malformed, match="goes on after its last chunk"):
        checker.feed(last)


@pytest.mark.parametrize(("kind", "limit"), [(StreamKind.UNSIGNED_TRAILER, 18), (StreamKind.SIGNED, 99)])
def test_a_size_line_has_an_end(kind, limit):
    checker = checker_for(Streamed(kind=kind, length=None, decoded_length=11))
    checker.feed(b"0" * (limit - 1))
    with pytest.raises(Malformed, match="chunk"):
        checker.feed(b"0")


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
        checked(chunked(CRC), GOOD[:at] + noise + GOOD[at:])


KINDS = {
    StreamKind.UNSIGNED: NullChecker,
    StreamKind.HASHED: HashChecker,
    StreamKind.UNSIGNED_TRAILER: AwsChunkedChecker,
    StreamKind.SIGNED: SignedChunksChecker,
    StreamKind.SIGNED_TRAILER: SignedChunksChecker,
}


@pytest.mark.parametrize("kind", StreamKind)
def test_the_checker_fits_the_body(kind):
    sha256 = HELLO if kind is StreamKind.HASHED else None
    assert type(checker_for(Streamed(kind=kind, length=11, decoded_length=11, sha256=sha256))) is KINDS[kind]
