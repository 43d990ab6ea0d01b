"""The benchmark's agents: raw sockets that send what boto3 would send, one process each, all starting at the same moment.

Each request is signed once, and its bytes are prepared before the clock starts and sent repeatedly.
"""

from __future__ import annotations

import base64
import hashlib
import multiprocessing
import socket
import ssl
import time
import zlib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from trio_gate.shell.clock import SystemClock
from trio_gate.signing.sigv4 import Credentials, sign
from trio_gate.wire.head import RequestHead, Target
from trio_gate.wire.writer import serialise_request

if TYPE_CHECKING:
    from collections.abc import Callable

MIB = 1024 * 1024
HTTP_CHUNK = 16 * 1024
"""urllib3's; boto3's aws-chunks of 1 MiB are split into these."""

PATIENCE = 900
PIECE = bytes(range(256)) * (MIB // 256)
S3, DYNAMODB = "s3.us-east-1.amazonaws.com", "dynamodb.us-east-1.amazonaws.com"
UNSIGNED, TRAILER = "UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
KINDS = ("GetItem", "HEAD")
FORMS = ("trailer", "hash", "unsigned")
"""How boto3 sends a PutObject: by default; over plain HTTP or if configured; without checksums."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """How an agent reaches AWS: the address, whether CONNECT comes first, the trusted certificates, and the keys."""

    address: tuple[str, int]
    proxy: bool
    ca_file: str
    credentials: Credentials

    def open(self, host: str) -> ssl.SSLSocket:
        tcp = socket.create_connection(self.address, timeout=PATIENCE)
        tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.proxy:
            tcp.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
            expect(read_head(tcp), b"200")
        return ssl.create_default_context(cafile=self.ca_file).wrap_socket(tcp, server_hostname=host)

    def head(self, method: str, host: str, key: tuple[str, ...], payload_hash: str, *fields: tuple[str, str]) -> bytes:
        """A signed head; `fields` includes the framing of the body."""
        plain = RequestHead(method=method, target=Target(segments=key), headers=(("host", host), *fields))
        signed = sign(
            plain,
            payload_hash=payload_hash,
            credentials=self.credentials,
            service=host.partition(".")[0],
            region="us-east-1",
            now=SystemClock().now(),
            s3=host == S3,
        )
        return serialise_request(signed.head)


def together(way: Way, count: int, job: Callable[..., tuple[float, int]], *words: object) -> tuple[float, int]:
    """Run a job in `count` processes at once. Returns the seconds until the last one ends, and the sum of their results."""
    context = multiprocessing.get_context("fork")
    ready, results = context.Barrier(count), context.SimpleQueue()

    def run() -> None:
        try:
            results.put(job(way, ready.wait, *words))
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
    return max(seconds for seconds, _ in found), sum(done for _, done in found)


def put(way: Way, ready: Callable[[], object], form: str, size: int) -> tuple[float, int]:
    """Upload `size` bytes, a number of MiB."""
    piece, end, payload_hash, fields = upload(form, size)
    key = ("staging-data", "big")
    head = way.head("PUT", S3, key, payload_hash, ("expect", "100-continue"), *fields)
    with way.open(S3) as tls:
        ready()
        began = time.monotonic()
        tls.sendall(head)
        expect(read_head(tls), b"100")
        for _ in range(size // MIB):
            tls.sendall(piece)
        tls.sendall(end)
        expect(read_head(tls), b"200")
        return time.monotonic() - began, size


@cache
def upload(form: str, size: int) -> tuple[bytes, bytes, str, tuple[tuple[str, str], ...]]:
    """What is sent for each MiB and at the end, the payload hash in the signature, and the head's fields."""
    count = size // MIB
    if form == "trailer":
        inner, crc = b"%x\r\n%b\r\n" % (MIB, PIECE), 0
        for _ in range(count):
            crc = zlib.crc32(PIECE, crc)
        last = b"0\r\nx-amz-checksum-crc32:%b\r\n\r\n" % base64.b64encode(crc.to_bytes(4, "big"))
        fields = (
            ("transfer-encoding", "chunked"),
            ("content-encoding", "aws-chunked"),
            ("x-amz-trailer", "x-amz-checksum-crc32"),
            ("x-amz-decoded-content-length", str(size)),
        )
        return chunked(inner), chunked(last) + b"0\r\n\r\n", TRAILER, fields
    length = (("content-length", str(size)),)
    if form == "unsigned":
        return PIECE, b"", UNSIGNED, length
    digest = hashlib.sha256()
    for _ in range(count):
        digest.update(PIECE)
    return PIECE, b"", digest.hexdigest(), length


def chunked(data: bytes) -> bytes:
    pieces = (data[at : at + HTTP_CHUNK] for at in range(0, len(data), HTTP_CHUNK))
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


def get(way: Way, ready: Callable[[], object], _: str, size: int) -> tuple[float, int]:
    """Download an object of `size` bytes, and check its length."""
    head = way.head("GET", S3, ("staging-data", str(size)), hashlib.sha256().hexdigest())
    buffer = bytearray(MIB)
    with way.open(S3) as tls:
        ready()
        began = time.monotonic()
        tls.sendall(head)
        answer = read_head(tls)
        expect(answer, b"200")
        left = size - len(answer.partition(b"\r\n\r\n")[2])
        while left and (count := tls.recv_into(buffer)):
            left -= count
        if left:
            raise ConnectionError(f"{left} bytes are missing")
        return time.monotonic() - began, size


def small(way: Way, ready: Callable[[], object], kind: str, seconds: float) -> tuple[float, int]:
    """Send small requests one after the other on one connection for `seconds`; return how many were answered."""
    request, host, end = small_request(way, kind)
    with way.open(host) as tls:
        done = -1  # the first one opens all connections, and is not counted
        ready_at = began = 0.0
        while done < 0 or time.monotonic() < began + seconds:
            tls.sendall(request)
            expect(read_until(tls, end), b"200")
            done += 1
            if not done:
                ready()
                ready_at = began = time.monotonic()
        return time.monotonic() - ready_at, done


def small_request(way: Way, kind: str) -> tuple[bytes, str, bytes]:
    """The request, its host, and how its answer ends."""
    common = (
        ("user-agent", "Boto3/1.44.5 md/Botocore#1.44.5 ua/2.1 os/linux lang/python#3.11.7"),
        ("accept-encoding", "identity"),
    )
    if kind == "HEAD":
        return way.head("HEAD", S3, ("staging-data", "small"), hashlib.sha256().hexdigest(), *common), S3, b"\r\n\r\n"
    body = b'{"TableName": "orders", "Key": {"id": {"S": "%b"}}}' % (b"1" * 900)
    fields = (
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amz-target", "DynamoDB_20120810.GetItem"),
        ("content-length", str(len(body))),
        ("amz-sdk-invocation-id", "7b1e9a1c-40f6-4d0a-9c39-0c6e1c5f0a11"),
        ("amz-sdk-request", "attempt=1"),
    )
    return way.head("POST", DYNAMODB, ("",), hashlib.sha256(body).hexdigest(), *common, *fields) + body, DYNAMODB, b"}}}"


def read_head(sock: socket.socket) -> bytes:
    """A head, and the part of the body that came with it."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += some(sock)
    return data


def read_until(sock: socket.socket, end: bytes) -> bytes:
    """A small answer."""
    data = some(sock)
    while not data.endswith(end):
        data += some(sock)
    return data


def some(sock: socket.socket) -> bytes:
    data = sock.recv(65536)
    if not data:
        raise ConnectionError("the connection was closed early")
    return data


def expect(answer: bytes, status: bytes) -> None:
    if answer.split(b" ", 2)[1:2] != [status]:
        raise ConnectionError(f"not {status.decode()}: {answer[:1000]!r}")
