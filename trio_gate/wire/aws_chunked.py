"""Streamed uploads: what their head says they are, and the check that they are it, piece by piece.

Rule: a checker sees every byte that is forwarded, and `finish` passes only if length, hash, framing, trailers and checksum
agree. Whoever forwards holds back the last bytes until then, so AWS never completes a body that lied.

Theory: with STREAMING-UNSIGNED-PAYLOAD-TRAILER the body is `hex CRLF data CRLF … 0 CRLF name:checksum CRLF CRLF`. The seed
signature covers the head alone, so the bytes go on as they came. Of S3's checksums the ones that Python computes itself are
verified here; of the others the shape is, and S3 verifies them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib
from typing import TYPE_CHECKING, Protocol

from trio_gate.errors import Malformed
from trio_gate.wire.chunked import ChunkReader
from trio_gate.wire.fields import CONTENT_LENGTH
from trio_gate.wire.head import Streamed, StreamKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from trio_gate.wire.head import Headers, RequestHead

    Observer = Callable[[bytes], None]

SHA256_HEX = re.compile(r"[0-9a-f]{64}")

UNSIGNED = StreamKind.UNSIGNED.value
UNSIGNED_TRAILER = StreamKind.UNSIGNED_TRAILER.value

_CHECKSUM = "x-amz-checksum-"
_SIZES = {
    "crc32": 4,
    "crc32c": 4,
    "crc64nvme": 8,
    "md5": 16,
    "sha1": 20,
    "sha256": 32,
    "sha512": 64,
    "xxhash3": 8,
    "xxhash64": 8,
    "xxhash128": 16,
}
"""Bytes of each checksum that S3 takes in a trailer, by the end of its name."""

_NOT_YET = {
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": "signed chunks are not supported: turn them off "
    "(chunkedEncodingEnabled(false) in java, an https endpoint in minio's clients)",
    "STREAMING-AWS4-HMAC-SHA256-EVENTS": "signed event streams are not supported",
    "STREAMING-AWS4-ECDSA-P256-SHA256": "sigv4a is not supported: set AWS_AUTH_SCHEME_PREFERENCE=sigv4",
}


class Checker(Protocol):
    """Watches a body go by.

    Attributes:
        trailers: the body's, once `finish` has passed.
    """

    trailers: Headers

    @property
    def seen(self) -> int:
        """Bytes of content so far."""

    def feed(self, data: bytes) -> None:
        """Take the next bytes, transfer decoding done. Raises Malformed as soon as they cannot come right."""

    def finish(self) -> None:
        """The body is over. Raises Malformed if it is not what its head said."""


class NullChecker:
    """Counts."""

    def __init__(self, length: int | None, observe: Observer | None = None) -> None:
        self._length = length
        self._observe = observe
        self.seen = 0
        self.trailers: Headers = ()

    def feed(self, data: bytes) -> None:
        """See Checker."""
        self.seen += len(data)
        if self._length is not None and self.seen > self._length:
            raise Malformed("the body is longer than its head says")
        if self._observe is not None:
            self._observe(data)

    def finish(self) -> None:
        """See Checker."""
        if self._length not in (None, self.seen):
            raise Malformed("the body is shorter than its head says")


class HashChecker(NullChecker):
    """Counts and hashes."""

    def __init__(self, sha256_hex: str, length: int | None, observe: Observer | None = None) -> None:
        super().__init__(length, observe)
        self._declared = sha256_hex
        self._hash = hashlib.sha256()

    def feed(self, data: bytes) -> None:
        """See Checker."""
        super().feed(data)
        self._hash.update(data)

    def finish(self) -> None:
        """See Checker."""
        super().finish()
        if self._hash.hexdigest() != self._declared:
            raise Malformed("the body does not have the hash that x-amz-content-sha256 says")


class UnsignedTrailerChecker:
    """Reads aws-chunked framing, counts the content and verifies its checksums."""

    def __init__(self, decoded_length: int | None, names: tuple[str, ...], observe: Observer | None = None) -> None:
        self._buffer = bytearray()
        self._chunks = ChunkReader()
        self._content = NullChecker(decoded_length, observe)
        self._names = names
        self._sums = [_sum(name) for name in names]
        self.trailers: Headers = ()

    @property
    def seen(self) -> int:
        """See Checker."""
        return self._content.seen

    def feed(self, data: bytes) -> None:
        """See Checker."""
        self._buffer += data
        while content := self._chunks.read(self._buffer):
            self._content.feed(content)
            for update, _ in self._sums:
                update(content)
        if self._chunks.done and self._buffer:
            raise Malformed("the body goes on after its last chunk")

    def finish(self) -> None:
        """See Checker."""
        if not self._chunks.done:
            raise Malformed("the body ends before its last chunk")
        self._content.finish()
        found = {name.decode("ascii"): value for name, value in self._chunks.trailers}
        if len(found) != len(self._chunks.trailers) or set(found) != set(self._names):
            raise Malformed("the body's trailers are not those that x-amz-trailer names")
        for name, (_, digest) in zip(self._names, self._sums, strict=True):
            self._check(name, found[name], digest())
        self.trailers = tuple((name, found[name].decode("ascii")) for name in self._names)

    def _check(self, name: str, value: bytes, actual: bytes | None) -> None:
        try:
            declared = base64.b64decode(value, validate=True)
        except binascii.Error:
            declared = b""
        if len(declared) != _SIZES[name.removeprefix(_CHECKSUM)]:
            raise Malformed(f"the trailer `{name}` is not a checksum in base64")
        if actual not in (None, declared):
            raise Malformed(f"the body does not have the checksum that `{name}` says")


def _sum(name: str) -> tuple[Callable[[bytes], None], Callable[[], bytes | None]]:
    """How to add to a checksum and how to read it; reads None where S3 alone can tell."""
    algorithm = name.removeprefix(_CHECKSUM)
    if algorithm in ("md5", "sha1", "sha256", "sha512"):
        state = hashlib.new(algorithm, usedforsecurity=False)
        return state.update, state.digest
    if algorithm == "crc32":
        crc = _Crc32()
        return crc.update, crc.digest
    return lambda _: None, lambda: None


class _Crc32:
    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


def checker_for(body: Streamed, observe: Observer | None = None) -> Checker:
    """The checker of a streamed body; `observe` is told its content, framing removed."""
    if body.kind is StreamKind.UNSIGNED_TRAILER:
        return UnsignedTrailerChecker(body.decoded_length, body.trailers, observe)
    if body.sha256 is not None:
        return HashChecker(body.sha256, body.length, observe)
    return NullChecker(body.length, observe)


def declared_payload(head: RequestHead) -> str | None:
    """What the head says about its payload's hash; a presigned request may say it in the query."""
    return head.one("x-amz-content-sha256") or dict(head.target.query).get("X-Amz-Content-Sha256")


def streamed_body(head: RequestHead, content_length: int | None) -> Streamed:
    """Read how an upload to S3 is framed and signed.

    Args:
        head: the request's head.
        content_length: bytes that will come, None when HTTP-chunked.

    Raises:
        Malformed: 400, 411, or 501 for signed chunks, with what to set instead.
    """
    declared = declared_payload(head)
    if declared is None:
        if "X-Amz-Signature" not in dict(head.target.query):
            raise Malformed("the field `x-amz-content-sha256` is missing: s3 requires it")
        declared = UNSIGNED
    if declared == UNSIGNED_TRAILER:
        return _with_trailer(head, content_length)
    if declared != UNSIGNED and not SHA256_HEX.fullmatch(declared):
        raise refused_payload(declared)
    if head.one("x-amz-trailer") is not None or _aws_chunked(head):
        raise Malformed(f"aws-chunked framing and trailers need x-amz-content-sha256: {UNSIGNED_TRAILER}")
    if _decoded_length(head) not in (None, content_length):
        raise Malformed("`x-amz-decoded-content-length` and `content-length` differ")
    hashed = declared != UNSIGNED
    return Streamed(
        kind=StreamKind.HASHED if hashed else StreamKind.UNSIGNED,
        length=content_length,
        decoded_length=content_length,
        sha256=declared if hashed else None,
    )


def refused_payload(declared: str) -> Malformed:
    """Why a value of x-amz-content-sha256 is not taken."""
    for prefix, reason in _NOT_YET.items():
        if declared.startswith(prefix):
            return Malformed(f"{reason}; or send {UNSIGNED_TRAILER}", status=501)
    return Malformed("`x-amz-content-sha256` is neither 64 lower-case hex digits nor a form that s3 knows")


def _with_trailer(head: RequestHead, content_length: int | None) -> Streamed:
    decoded = _decoded_length(head)
    if decoded is None:
        raise Malformed("`x-amz-decoded-content-length` is missing: aws-chunked bodies need it", status=411)
    announced = head.one("x-amz-trailer")
    names = tuple(name.strip(" \t").lower() for name in announced.split(",")) if announced else ()
    if len(set(names)) != len(names) or any(not _known(name) for name in names):
        raise Malformed("`x-amz-trailer` may name checksums, each once, as x-amz-checksum-crc32")
    return Streamed(kind=StreamKind.UNSIGNED_TRAILER, length=content_length, decoded_length=decoded, trailers=names)


def _known(trailer: str) -> bool:
    return trailer.startswith(_CHECKSUM) and trailer.removeprefix(_CHECKSUM) in _SIZES


def _decoded_length(head: RequestHead) -> int | None:
    text = head.one("x-amz-decoded-content-length")
    if text is None:
        return None
    if not CONTENT_LENGTH.fullmatch(text):
        raise Malformed("`x-amz-decoded-content-length` is not a plain number")
    return int(text)


def _aws_chunked(head: RequestHead) -> bool:
    codings = (coding.strip(" \t") for value in head.all("content-encoding") for coding in value.split(","))
    return any(coding.lower() == "aws-chunked" for coding in codings)
