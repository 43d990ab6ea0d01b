"""Chunk and trailer signatures: those that AWS's documentation works out, and what an independent reader makes of the gateway's."""

import base64
import hashlib
import hmac
import re
import tracemalloc
import zlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.aws.call import Claim
from trio_gate.errors import GateError, Unauthenticated
from trio_gate.signing.chunk_signatures import CHUNK, Chain, ChunkWriter, framed_length
from trio_gate.signing.sigv4 import Credentials, SigningKeys, sign
from trio_gate.signing.verify import chain_of
from trio_gate.wire.agent_connection import AgentConnection
from trio_gate.wire.body_checkers import WINDOW, checker_for
from trio_gate.wire.events import BodyData, BodyEnd, NeedData
from trio_gate.wire.head import RequestHead, Streamed, StreamKind, Target

# https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and sigv4-streaming-trailers.html
KEY = Credentials(access_key_id="AKIAIOSFODNN7EXAMPLE", secret_access_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
THEN = datetime(2013, 5, 24, tzinfo=UTC)
LENGTH = 66560
CHUNKS = (b"a" * 65536, b"a" * 1024, b"")
CRC32C = (("x-amz-checksum-crc32c", "sOO8/Q=="),)

DOCUMENTED = {
    StreamKind.SIGNED: (
        {"content-length": "66824"},
        "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
        [
            "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
            "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
            "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
        ],
    ),
    StreamKind.SIGNED_TRAILER: (
        {"x-amz-trailer": "x-amz-checksum-crc32c"},
        "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
        [
            "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
            "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
            "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
        ],
    ),
}
TRAILER = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"


def documented(kind: StreamKind):
    """The example's request, signed."""
    fields = {
        "host": "s3.amazonaws.com",
        "content-encoding": "aws-chunked",
        "x-amz-decoded-content-length": str(LENGTH),
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
        **DOCUMENTED[kind][0],
    }
    head = RequestHead(method="PUT", target=Target(segments=("examplebucket", "chunkObject.txt")), headers=tuple(fields.items()))
    return sign(head, payload_hash=kind.value, credentials=KEY, service="s3", region="us-east-1", now=THEN, s3=True)


def seeded(kind: StreamKind) -> Chain:
    """A chain from the example's signature."""
    signed = documented(kind)
    return Chain(
        key=signed.key, amz_date="20130524T000000Z", scope="20130524/us-east-1/s3/aws4_request", seed=DOCUMENTED[kind][1]
    )


@pytest.mark.parametrize("kind", DOCUMENTED)
def test_the_documented_chunks(kind):
    chain = seeded(kind)
    assert [chain.chunk(hashlib.sha256(data).hexdigest()) for data in CHUNKS] == DOCUMENTED[kind][2]
    if kind is StreamKind.SIGNED_TRAILER:
        assert chain.trailers(CRC32C) == TRAILER


def test_the_documented_seed_with_a_trailer():
    assert documented(StreamKind.SIGNED_TRAILER).signature == DOCUMENTED[StreamKind.SIGNED_TRAILER][1]


def test_the_documented_bodies():
    trailed = Streamed(
        kind=StreamKind.SIGNED_TRAILER, length=None, decoded_length=LENGTH, trailers=tuple(name for name, _ in CRC32C)
    )
    writer = ChunkWriter(documented(StreamKind.SIGNED_TRAILER), trailed)
    raw = writer.data(b"a" * LENGTH) + writer.end(CRC32C)
    assert re.findall(r"signature[=:]([0-9a-f]{64})", raw.decode()) == [*DOCUMENTED[StreamKind.SIGNED_TRAILER][2], TRAILER]
    assert framed_length(LENGTH, None) == int(DOCUMENTED[StreamKind.SIGNED][0]["content-length"])


def test_an_inbound_chain_begins_with_the_agents_signature():
    signature = DOCUMENTED[StreamKind.SIGNED][1]
    claim = Claim(
        access_key_id=KEY.access_key_id,
        account="111111111111",
        suffix="CI01",
        date="20130524",
        region="us-east-1",
        service="s3",
        signed_headers=("host",),
        signature=signature,
        amz_date="20130524T000000Z",
    )
    chain = chain_of(claim, KEY.secret_access_key, SigningKeys())
    assert [chain.chunk(hashlib.sha256(data).hexdigest()) for data in CHUNKS] == DOCUMENTED[StreamKind.SIGNED][2]
    assert chain_of(claim, None, SigningKeys()) is None


def mac(*lines: str) -> str:
    key = f"AWS4{KEY.secret_access_key}".encode()
    for part in ("20130524", "us-east-1", "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, "\n".join(lines).encode(), hashlib.sha256).hexdigest()


def take_apart(raw: bytes, signed) -> tuple[list[bytes], bytes]:
    """The chunks of a body whose signatures are all right, and what follows the last; every hash and HMAC worked out here."""
    when = ("20130524T000000Z", "20130524/us-east-1/s3/aws4_request")
    last, chunks = signed.signature, []
    while not chunks or chunks[-1]:
        line, _, raw = raw.partition(b"\r\n")
        size, _, signature = line.decode().partition(";chunk-signature=")
        data, raw = raw[: int(size, 16)], raw[int(size, 16) :]
        digests = (hashlib.sha256(b"").hexdigest(), hashlib.sha256(data).hexdigest())
        last = mac("AWS4-HMAC-SHA256-PAYLOAD", *when, last, *digests)
        assert (signature, size) == (last, f"{len(data):x}")
        if data:
            assert raw.startswith(b"\r\n")
            raw = raw[2:]
        chunks.append(data)
    if b"x-amz-trailer-signature" in raw:
        lines, _, signature = raw.decode().removesuffix("\r\n\r\n").rpartition("x-amz-trailer-signature:")
        digest = hashlib.sha256(lines.replace("\r\n", "\n").encode()).hexdigest()
        assert signature == mac("AWS4-HMAC-SHA256-TRAILER", *when, last, digest)
    return chunks[:-1], raw


def written(kind: StreamKind, pieces: list[bytes], trailers=()) -> tuple[bytes, int]:
    body = Streamed(kind=kind, length=None, decoded_length=sum(map(len, pieces)), trailers=tuple(name for name, _ in trailers))
    writer = ChunkWriter(documented(kind), body)
    raw = b"".join([*(writer.data(piece) for piece in pieces), writer.end(trailers)])
    return raw, writer.length


SIZES = st.sampled_from([0, 1, 255, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 1000])


@given(st.lists(SIZES, max_size=4), st.binary(min_size=1, max_size=3))
def test_content_is_framed_in_chunks_of_64_kib_however_it_came(sizes, pattern):
    pieces = [(pattern * size)[:size] for size in sizes]
    raw, length = written(StreamKind.SIGNED, pieces)
    chunks, rest = take_apart(raw, documented(StreamKind.SIGNED))
    assert b"".join(chunks) == b"".join(pieces)
    assert all(len(chunk) == CHUNK for chunk in chunks[:-1])
    assert (rest, length) == (b"\r\n", len(raw))


SUMS = {
    "x-amz-checksum-crc32": "DUoRhQ==",
    "x-amz-checksum-crc32c": "yZRlqg==",
    "x-amz-checksum-crc64nvme": "jSnVw/bqjr4=",
    "x-amz-checksum-sha1": "Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
    "x-amz-checksum-sha256": "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=",
    "x-amz-checksum-xxhash128": "AAAAAAAAAAAAAAAAAAAAAA==",
}


@pytest.mark.parametrize("name", SUMS)
def test_trailers_are_signed_and_counted(name):
    raw, length = written(StreamKind.SIGNED_TRAILER, [b"hello ", b"world"], ((name, SUMS[name]),))
    chunks, rest = take_apart(raw, documented(StreamKind.SIGNED_TRAILER))
    assert (chunks, length) == ([b"hello world"], len(raw))
    assert rest.startswith(f"{name}:{SUMS[name]}\r\nx-amz-trailer-signature:".encode())


def test_several_trailers_are_in_order():
    raw, length = written(StreamKind.SIGNED_TRAILER, [b"hello world"], tuple(reversed(SUMS.items())))
    _, rest = take_apart(raw, documented(StreamKind.SIGNED_TRAILER))
    assert [line.split(b":")[0].decode() for line in rest.split(b"\r\n")[:-3]] == sorted(SUMS)
    assert length == len(raw)


@pytest.mark.parametrize("decoded", [0, 1, CHUNK, 5 * 1024**3, 5 * 1024**3 + 1])
def test_the_length_of_an_upload_is_known_before_it_comes(decoded):
    full, rest = divmod(decoded, CHUNK)
    lines = [f"{size:x};chunk-signature=" for size in (CHUNK,) * full + ((rest,) if rest else ()) + (0,)]
    assert framed_length(decoded, None) == decoded + sum(len(line) + 64 + 4 for line in lines)


# What arrives, by the reader in wire


def chain(kind: StreamKind = StreamKind.SIGNED) -> Chain:
    signed = documented(kind)
    return Chain(key=signed.key, amz_date=signed.amz_date, scope=signed.scope, seed=signed.signature)


def framed(chunks: list[bytes], trailers=(), *, kind=StreamKind.SIGNED) -> bytes:
    """A body as an agent signs it, in chunks of its own sizes."""
    links, raw = chain(kind), b""
    for data in (*chunks, b""):
        signature = links.chunk(hashlib.sha256(data).hexdigest())
        raw += b"%x;chunk-signature=%b\r\n%b%b" % (len(data), signature.encode(), data, b"\r\n" if data else b"")
    for name, value in (*trailers, ("x-amz-trailer-signature", links.trailers(trailers))) if trailers else ():
        raw += f"{name}:{value}\r\n".encode()
    return raw + b"\r\n"


def read(raw: bytes, steps: int, body: Streamed, links: Chain | None) -> bytes:
    checker = checker_for(replace(body, length=len(raw)), chain=links)
    passed = b"".join(checker.feed(raw[at : at + steps]) for at in range(0, len(raw), steps))
    checker.finish()
    return passed


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=5), st.integers(1, 50), st.booleans())
def test_what_one_side_writes_the_other_reads_however_it_is_cut(chunks, step, proven):
    content = b"".join(chunks)
    raw = framed(chunks)
    body = Streamed(kind=StreamKind.SIGNED, length=len(raw), decoded_length=len(content))
    assert read(raw, step, body, chain() if proven else None) == content
    writer = ChunkWriter(documented(StreamKind.SIGNED), body)
    again = writer.data(content) + writer.end(())
    assert read(again, step, body, chain()) == content


HELLO = (("x-amz-checksum-crc32", "DUoRhQ=="),)
GOOD = framed([b"hello ", b"world"], HELLO, kind=StreamKind.SIGNED_TRAILER)
BODY = Streamed(kind=StreamKind.SIGNED_TRAILER, length=len(GOOD), decoded_length=11, trailers=("x-amz-checksum-crc32",))


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255), st.sampled_from([1, 7, len(GOOD)]))
def test_no_byte_of_a_signed_body_can_be_another(at, flip, step):
    raw = bytearray(GOOD)
    raw[at] ^= flip
    # A size or a name may be spelled in another case, and a value may have a blank before it: nothing else is the same.
    if bytes(raw).lower() != GOOD.lower() or raw[at] in b"+/":
        with pytest.raises(GateError):
            read(bytes(raw), step, BODY, chain(StreamKind.SIGNED_TRAILER))


LIES = {
    "chunks swapped": framed([b"hello ", b"world"]).replace(b"hello ", b"world!"),
    "no trailer signature": GOOD[: GOOD.index(b"x-amz-trailer-signature")] + b"\r\n",
    "no checksum": framed([b"hello ", b"world"], kind=StreamKind.SIGNED_TRAILER),
    "another checksum": framed([b"hello ", b"world"], (("x-amz-checksum-crc32", "DUoRhg=="),), kind=StreamKind.SIGNED_TRAILER),
    "another trailer": framed([b"hello ", b"world"], (("x-amz-acl", "public-read"),), kind=StreamKind.SIGNED_TRAILER),
    "signature first": b"x-amz-trailer-signature".join(GOOD.split(b"x-amz-checksum-crc32")),
    "a short trailer signature": GOOD[:-5] + GOOD[-4:],
    "no last chunk": GOOD[: GOOD.index(b"0;chunk")],
    "no end": GOOD[:-2],
    "more": GOOD + b"0",
    "short": framed([b"hello", b"world"], HELLO, kind=StreamKind.SIGNED_TRAILER),
    "long": framed([b"hello ", b"world!"], HELLO, kind=StreamKind.SIGNED_TRAILER),
    "unsigned": b"b\r\nhello world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n",
    "nothing": b"",
}


@pytest.mark.parametrize("name", LIES)
@pytest.mark.parametrize("step", [1, 1000])
@pytest.mark.parametrize("proven", [True, False])
def test_lies(name, step, proven):
    with pytest.raises(GateError):
        read(LIES[name], step, BODY, chain(StreamKind.SIGNED_TRAILER) if proven else None)


SIGNATURES = re.findall(rb"[0-9a-f]{64}", GOOD)


@pytest.mark.parametrize("number", range(4))
def test_every_signature_is_checked_where_the_agent_is_proven(number):
    forged = GOOD.replace(SIGNATURES[number], b"0" * 64)
    with pytest.raises(Unauthenticated, match="secret"):
        read(forged, 1000, BODY, chain(StreamKind.SIGNED_TRAILER))
    assert read(forged, 1000, BODY, None) == b"hello world"


def test_minios_line_ends_are_read():
    raw = GOOD.replace(b"DUoRhQ==\r\n", b"DUoRhQ==\n\r\n")
    assert read(raw, 5, BODY, chain(StreamKind.SIGNED_TRAILER)) == b"hello world"


@pytest.mark.parametrize("size", [WINDOW, WINDOW + 1])
def test_content_goes_on_when_its_chunk_is_proven_or_too_long_to_wait_for(size):
    raw = framed([b"a" * size])
    checker = checker_for(Streamed(kind=StreamKind.SIGNED, length=None, decoded_length=size), chain=chain())
    line = raw.index(b"\r\n") + 2
    before = checker.feed(raw[: line + size - 1])
    assert len(before) == (0 if size <= WINDOW else size - 1)
    assert checker.feed(raw[line + size - 1 : line + size]) == b"a" * (size - len(before))


def test_a_forged_chunk_stops_before_it_goes_on():
    raw = framed([b"a" * 1000, b"b" * 1000]).replace(b"bb\r\n", b"bc\r\n")
    checker = checker_for(Streamed(kind=StreamKind.SIGNED, length=None, decoded_length=2000), chain=chain())
    end = raw.index(b"b" * 10)
    assert checker.feed(raw[:end]) == b"a" * 1000
    with pytest.raises(Unauthenticated, match="chunk"):
        checker.feed(raw[end:])


def test_a_huge_chunk_is_never_kept():
    checker = checker_for(Streamed(kind=StreamKind.SIGNED, length=None, decoded_length=5 * 1024**3), chain=chain())
    checker.feed(b"140000000;chunk-signature=" + b"0" * 64 + b"\r\n")
    piece = bytes(1024**2)
    tracemalloc.start()
    try:
        for _ in range(64):
            assert checker.feed(piece) == piece
        assert tracemalloc.get_traced_memory()[1] < 8 * len(piece)
    finally:
        tracemalloc.stop()


# Both sides, and the agent's connection before them


@given(st.data(), st.lists(st.binary(min_size=1, max_size=60), max_size=4), st.booleans())
def test_framing_inside_http_chunks_is_read_wherever_both_are_cut(data, chunks, trailed):
    content, kind = b"".join(chunks), StreamKind.SIGNED_TRAILER if trailed else StreamKind.SIGNED
    crc = base64.b64encode(zlib.crc32(content).to_bytes(4, "big")).decode()
    sums = (("x-amz-checksum-crc32", crc),) if trailed else ()
    body = Streamed(kind=kind, length=None, decoded_length=len(content), trailers=tuple(name for name, _ in sums))
    inner = cut(data, framed(chunks, sums, kind=kind))
    outer = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in inner) + b"0\r\n\r\n"
    head = b"PUT /b/k HTTP/1.1\r\nHost: s3.amazonaws.com\r\nTransfer-Encoding: chunked\r\n\r\n"
    connection, writer, sent = AgentConnection(), ChunkWriter(documented(kind), body), b""
    checker = checker_for(body, chain=chain(kind))
    for piece in cut(data, head + outer):
        connection.receive(piece)
        while not isinstance(event := connection.next_event(), (NeedData, BodyEnd)):
            sent += writer.data(checker.feed(event.data)) if isinstance(event, BodyData) else b""
    checker.finish()
    sent += writer.end(checker.trailers)
    assert len(sent) == writer.length
    assert b"".join(take_apart(sent, documented(kind))[0]) == content


def cut(data, raw: bytes) -> list[bytes]:
    """The bytes in pieces, none of them empty."""
    places = sorted(data.draw(st.sets(st.integers(1, len(raw) - 1), max_size=30)))
    return [raw[start:end] for start, end in zip([0, *places], [*places, len(raw)], strict=True)]
