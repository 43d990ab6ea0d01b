"""Chunk and trailer signatures of S3 uploads, made for what is sent and checked on what arrives.

Rule: one `Chain` serves both sides. Each signature covers its own data and the signature before it, beginning with the
request's, so no chunk can be altered, moved, dropped or added.

Theory: docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and sigv4-streaming-trailers.html. A chunk is
`hex;chunk-signature=signature CRLF data CRLF`; the last one is empty, and trailers and their own signature follow it.
"""

from __future__ import annotations

import hashlib
from copy import copy
from typing import TYPE_CHECKING

from trio_gate.signing.sigv4 import ALGORITHM, NO_BODY, sign_string
from trio_gate.wire.checksums import encoded_size
from trio_gate.wire.chunked import TRAILER_SIGNATURE, take
from trio_gate.wire.head import StreamKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trio_gate.signing.sigv4 import Signed, SigningKey
    from trio_gate.wire.head import Headers, Streamed

CHUNK = 64 * 1024
"""Bytes of content in each chunk that is sent, except the last ones. S3 requires at least 8 KiB."""

_FRAME = len(";chunk-signature=") + 64 + 2 * len("\r\n")
_TRAILER_SIGNATURE = len(f"{TRAILER_SIGNATURE}:") + 64 + len("\r\n")


class Chain:
    """Signatures of one upload's chunks, in their order.

    Args:
        key: the request's derived signing key.
        amz_date: as in x-amz-date.
        scope: day/region/service/aws4_request.
        seed: the request's signature, in hex.
    """

    __slots__ = ("_key", "_last", "_seed", "_when")

    def __init__(self, *, key: SigningKey, amz_date: str, scope: str, seed: str) -> None:
        self._key = key
        self._when = f"{amz_date}\n{scope}"
        self._seed = self._last = seed

    def fresh(self) -> Chain:
        """A copy that starts at the first chunk again, for another reading of the body."""
        again = copy(self)
        again._last = self._seed
        return again

    def chunk(self, sha256_hex: str) -> str:
        """The signature (hex) of the next chunk, whose data has this SHA-256."""
        return self._next(f"{ALGORITHM}-PAYLOAD\n{self._when}\n{self._last}\n{NO_BODY}\n{sha256_hex}")

    def trailers(self, fields: Headers) -> str:
        """The signature (hex) of the trailers, whose names are in lower case."""
        text = "".join(f"{name}:{value}\n" for name, value in sorted(fields))
        digest = hashlib.sha256(text.encode()).hexdigest()
        return self._next(f"{ALGORITHM}-TRAILER\n{self._when}\n{self._last}\n{digest}")

    def _next(self, text: str) -> str:
        self._last = sign_string(self._key, text)
        return self._last


class ChunkWriter:
    """Frames and signs the content of an upload whose head was signed.

    Attributes:
        length: how many bytes it will produce for content of the declared length.
    """

    __slots__ = ("_buffer", "_chain", "_signs_trailers", "length")

    def __init__(self, signed: Signed, body: Streamed) -> None:
        self._chain = Chain(key=signed.key, amz_date=signed.amz_date, scope=signed.scope, seed=signed.signature)
        self._buffer = bytearray()
        self._signs_trailers = body.kind is StreamKind.SIGNED_TRAILER
        self.length = framed_length(body.decoded_length or 0, body.trailers if self._signs_trailers else None)

    def data(self, content: bytes | memoryview) -> bytes:
        """Add content; returns the chunks that are full now, and keeps the rest for the next one."""
        parts: list[bytes | bytearray | memoryview] = []
        rest = memoryview(content)
        if self._buffer:
            missing = CHUNK - len(self._buffer)
            self._buffer += rest[:missing]
            rest = rest[missing:]
            if len(self._buffer) == CHUNK:
                parts += self._chunk(take(self._buffer, CHUNK))
        while len(rest) >= CHUNK:
            parts += self._chunk(rest[:CHUNK])
            rest = rest[CHUNK:]
        self._buffer += rest
        return b"".join(parts)

    def end(self, trailers: Headers) -> bytes:
        """The rest of the content, the empty chunk and the trailers."""
        rest = b"".join(self._chunk(self._buffer)) if self._buffer else b""
        end = self._line(b"")
        if self._signs_trailers:
            fields = (*sorted(trailers), (TRAILER_SIGNATURE, self._chain.trailers(trailers)))
            end += "".join(f"{name}:{value}\r\n" for name, value in fields).encode()
        return rest + end + b"\r\n"

    def _chunk(self, data: bytes | bytearray | memoryview) -> tuple[bytes, bytes | bytearray | memoryview, bytes]:
        return self._line(data), data, b"\r\n"

    def _line(self, data: bytes | bytearray | memoryview) -> bytes:
        return f"{len(data):x};chunk-signature={self._chain.chunk(hashlib.sha256(data).hexdigest())}\r\n".encode()


def framed_length(length: int, trailers: Iterable[str] | None) -> int:
    """How many bytes a ChunkWriter makes of `length` bytes. `trailers` are the trailers' names, None without trailers."""
    full, rest = divmod(length, CHUNK)
    total = full * _chunk_length(CHUNK) + (_chunk_length(rest) if rest else 0) + _chunk_length(0)
    if trailers is None:
        return total
    return total + _TRAILER_SIGNATURE + sum(len(name) + 1 + encoded_size(name) + len("\r\n") for name in trailers)


def _chunk_length(size: int) -> int:
    return len(f"{size:x}") + _FRAME + size
