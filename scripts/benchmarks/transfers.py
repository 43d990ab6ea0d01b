"""Large bodies as boto3 and Java's SDK send them: raw sockets, one process for each stream, all starting at the same moment.

A request is signed once, and its bytes are prepared before the clock starts, where they can be.
"""

from __future__ import annotations

import base64
import hashlib
import multiprocessing
import time
import zlib
from functools import cache
from typing import TYPE_CHECKING

from scripts.benchmarks.load import connect
from scripts.benchmarks.proxies import AGENT
from trio_gate.shell.clock import SystemClock
from trio_gate.signing.chunk_signatures import ChunkWriter, framed_length
from trio_gate.signing.sigv4 import sign
from trio_gate.wire.head import RequestHead, Streamed, StreamKind, Target
from trio_gate.wire.writer import serialise_request

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable

    from scripts.benchmarks.proxies import Proxy
    from trio_gate.signing.sigv4 import Signed

MIB = 1024 * 1024
HTTP_CHUNK = 16 * 1024
"""urllib3's; boto3's aws-chunks of 1 MiB are split into these."""

PATIENCE = 900
PIECE = bytes(range(256)) * (MIB // 256)
S3 = "s3.us-east-1.amazonaws.com"
FORMS = ("unsigned", "hash", "trailer", "chunks")
"""How a PutObject is sent: by boto3 without checksums, over plain HTTP or if configured, by default; and by Java's SDK, signed."""


def together(proxy: Proxy, count: int, job: Callable[..., None], *words: object) -> float:
    """Run a job in `count` processes at once. Returns the seconds until the last one ends."""
    context = multiprocessing.get_context("fork")
    ready, results = context.Barrier(count), context.SimpleQueue()

    def run() -> None:
        try:
            results.put(_timed(proxy, ready.wait, job, *words))
        except Exception as fault:
            ready.abort()
            results.put(repr(fault))

    processes = [context.Process(target=run, daemon=True) for _ in range(count)]
    for process in processes:
        process.start()
    found = [results.get() for _ in processes]
    for process in processes:
        process.join()
    if faults := [result for result in found if isinstance(result, str)]:
        raise RuntimeError(f"an agent failed: {faults[0]}")
    return max(found)


def _timed(proxy: Proxy, ready: Callable[[], object], job: Callable[..., None], *words: object) -> float:
    with connect(proxy, S3) as tls:
        tls.settimeout(PATIENCE)
        ready()
        began = time.monotonic()
        job(tls, *words)
        return time.monotonic() - began


def put(tls: ssl.SSLSocket, form: str, size: int) -> None:
    """Upload `size` bytes, a number of MiB."""
    head, pieces = upload(form, size)
    tls.sendall(head)
    expect(read_head(tls), b"100")
    for piece in pieces:
        tls.sendall(piece)
    expect(read_head(tls), b"200")


def upload(form: str, size: int) -> tuple[bytes, Iterable[bytes]]:
    """The head of an upload, and its body in pieces."""
    pieces, length = [PIECE] * (size // MIB), ("content-length", str(size))
    if form == "unsigned":
        return _head("PUT", "big", "UNSIGNED-PAYLOAD", length), pieces
    if form == "hash":
        return _head("PUT", "big", _sha256(size), length), pieces
    framing = (("content-encoding", "aws-chunked"), ("x-amz-decoded-content-length", str(size)))
    if form == "trailer":
        fields = (("transfer-encoding", "chunked"), *framing, ("x-amz-trailer", "x-amz-checksum-crc32"))
        one = chunked(b"%x\r\n%b\r\n" % (MIB, PIECE))
        end = chunked(b"0\r\nx-amz-checksum-crc32:%b\r\n\r\n" % _crc32(size)) + b"0\r\n\r\n"
        return _head("PUT", "big", StreamKind.UNSIGNED_TRAILER.value, *fields), [*[one] * len(pieces), end]
    whole = framed_length(size, None)
    signed = _signed("PUT", "big", StreamKind.SIGNED.value, ("content-length", str(whole)), *framing)
    writer = ChunkWriter(signed, Streamed(kind=StreamKind.SIGNED, length=whole, decoded_length=size))
    return serialise_request(signed.head), (*map(writer.data, pieces), writer.end(()))


def chunked(data: bytes) -> bytes:
    pieces = (data[at : at + HTTP_CHUNK] for at in range(0, len(data), HTTP_CHUNK))
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


@cache
def _sha256(size: int) -> str:
    digest = hashlib.sha256()
    for _ in range(size // MIB):
        digest.update(PIECE)
    return digest.hexdigest()


@cache
def _crc32(size: int) -> bytes:
    crc = 0
    for _ in range(size // MIB):
        crc = zlib.crc32(PIECE, crc)
    return base64.b64encode(crc.to_bytes(4, "big"))


def get(tls: ssl.SSLSocket, _: str, size: int) -> None:
    """Download an object of `size` bytes, and check its length."""
    buffer = bytearray(MIB)
    tls.sendall(_head("GET", str(size), hashlib.sha256().hexdigest()))
    answer = read_head(tls)
    expect(answer, b"200")
    left = size - len(answer.partition(b"\r\n\r\n")[2])
    while left and (count := tls.recv_into(buffer)):
        left -= count
    if left:
        raise ConnectionError(f"{left} bytes are missing")


def _head(method: str, key: str, payload_hash: str, *fields: tuple[str, str]) -> bytes:
    return serialise_request(_signed(method, key, payload_hash, *fields).head)


def _signed(method: str, key: str, payload_hash: str, *fields: tuple[str, str]) -> Signed:
    """A signed head; `fields` frame the body."""
    expects = (("expect", "100-continue"),) if method == "PUT" else ()
    plain = RequestHead(method=method, target=Target(segments=("staging-data", key)), headers=(("host", S3), *expects, *fields))
    now = SystemClock().now()
    return sign(plain, payload_hash=payload_hash, credentials=AGENT, service="s3", region="us-east-1", now=now, s3=True)


def read_head(tls: ssl.SSLSocket) -> bytes:
    """A head, and the part of the body that came with it."""
    data = b""
    while b"\r\n\r\n" not in data:
        some = tls.recv(65536)
        if not some:
            raise ConnectionError("the connection was closed early")
        data += some
    return data


def expect(answer: bytes, status: bytes) -> None:
    if answer.split(b" ", 2)[1:2] != [status]:
        raise ConnectionError(f"not {status.decode()}: {answer[:1000]!r}")
