"""Checks a body, piece by piece on its way through, against what its head said.

Rule: a checker sees every byte and returns what may be sent on: the bytes as they came, or only the content where chunks are
signed and must be framed again. `finish` passes only if length, hash, framing, signatures, trailers and checksums agree. The
caller holds back the last bytes until then, so AWS never gets the whole of a body that is not what its head says.

Theory: a chunk's signature can be checked only at the chunk's end. A chunk of up to `WINDOW` is held back until then. Of a
longer one all but the last piece has been sent on by then, but AWS never gets its end.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Protocol

from trio_gate.errors import Malformed, Unauthenticated
from trio_gate.wire.checksums import Sums
from trio_gate.wire.chunked import TRAILER_SIGNATURE, AwsChunkReader
from trio_gate.wire.head import StreamKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from trio_gate.wire.head import Headers, Streamed

    Observer = Callable[[bytes | memoryview], None]

WINDOW = 256 * 1024
"""Bytes of the longest chunk that is held back until its signature is checked. SDKs send 64 or 128 KiB."""

_HEX = re.compile(r"[0-9a-f]{64}")


class Checker(Protocol):
    """Checks one body on its way through.

    Attributes:
        trailers: the trailers that came after the body; complete once `finish` has passed.
    """

    trailers: Headers

    @property
    def seen(self) -> int:
        """Bytes of content so far, without aws-chunked framing."""

    def feed(self, data: bytes | memoryview) -> bytes | memoryview:
        """Check the next bytes, already transfer-decoded.

        Returns the bytes that may be sent on now. Raises GateError as soon as the body is certain to be wrong.
        """

    def finish(self) -> None:
        """Make the final checks at the end of the body. Raises GateError if it is not what its head said."""


class Chain(Protocol):
    """The signatures that chunks must have, in their order, as in `signing.chunk_signatures.Chain`."""

    def chunk(self, sha256_hex: str) -> str:
        """The signature (hex) that the next chunk must have, whose data has this SHA-256."""

    def trailers(self, fields: Headers) -> str:
        """The signature (hex) that the trailers must have."""


class NullChecker:
    """Checks the length of a plain body and the checksums that its head declares. `observe` gets the content."""

    def __init__(self, length: int | None, observe: Observer | None = None, declared: Headers = ()) -> None:
        self._length = length
        self._observe = observe
        self._declared = declared
        self._sums = Sums(name for name, _ in declared)
        self.seen = 0
        self.trailers: Headers = ()

    def feed(self, data: bytes | memoryview) -> bytes | memoryview:
        """See Checker."""
        self.seen += len(data)
        if self._length is not None and self.seen > self._length:
            raise Malformed("the body is longer than its head says")
        self._sums.update(data)
        if self._observe is not None:
            self._observe(data)
        return data

    def finish(self) -> None:
        """See Checker."""
        if self._length not in (None, self.seen):
            raise Malformed("the body is shorter than its head says")
        for name, value in self._declared:
            self._sums.check(name, value)


class HashChecker(NullChecker):
    """As NullChecker, and checks the body's SHA-256 too."""

    def __init__(self, sha256_hex: str, length: int | None, observe: Observer | None = None, declared: Headers = ()) -> None:
        super().__init__(length, observe, declared)
        self._expected = sha256_hex
        self._hash = hashlib.sha256()

    def feed(self, data: bytes | memoryview) -> bytes | memoryview:
        """See Checker."""
        self._hash.update(data)
        return super().feed(data)

    def finish(self) -> None:
        """See Checker."""
        super().finish()
        if self._hash.hexdigest() != self._expected:
            raise Malformed("the body does not have the hash that x-amz-content-sha256 says", condition="HashMismatch")


class AwsChunkedChecker:
    """Reads aws-chunked framing and checks content and trailers. `feed` returns the bytes as they came."""

    def __init__(self, body: Streamed, observe: Observer | None = None) -> None:
        self._buffer = bytearray()
        self._left = body.length
        self._chunks = AwsChunkReader(signed=body.kind.signed_chunks)
        self._content = NullChecker(body.decoded_length, observe, body.checksums)
        self._names = body.trailers
        self._sums = Sums(body.trailers)
        self.trailers: Headers = ()

    @property
    def seen(self) -> int:
        """See Checker."""
        return self._content.seen

    def feed(self, data: bytes | memoryview) -> bytes | memoryview:
        """See Checker."""
        self._buffer += data
        while content := self._chunks.read(self._buffer):
            self._sums.update(self._content.feed(content))
            self._took(content)
        if self._left is not None:
            self._left -= len(data)
        if self._chunks.done and (self._buffer or self._left):  # else the caller would send the framing's end before the body's
            raise Malformed("the body goes on after its last chunk")
        return data

    def _took(self, content: bytes) -> None:
        """Called with each piece of content; does nothing here. Subclasses override it."""

    def finish(self) -> None:
        """See Checker."""
        if not self._chunks.done:
            raise Malformed("the body ends before its last chunk")
        self._content.finish()
        found = self._trailers()
        if sorted(name for name, _ in found) != sorted(self._names):
            raise Malformed("the body's trailers are not those that x-amz-trailer names")
        for name, value in found:
            self._sums.check(name, value)
        self.trailers = found

    def _trailers(self) -> Headers:
        return tuple((name.decode("ascii"), value.decode("latin-1")) for name, value in self._chunks.trailers)


class SignedChunksChecker(AwsChunkedChecker):
    """As AwsChunkedChecker, for signed chunks: `feed` returns only the content. Without a `chain` any signature passes."""

    def __init__(self, body: Streamed, observe: Observer | None = None, chain: Chain | None = None) -> None:
        super().__init__(body, observe)
        self._signs_trailers = body.kind is StreamKind.SIGNED_TRAILER
        self._chain = chain
        self._hash = hashlib.sha256()
        self._kept = bytearray()
        self._passed: list[bytes | bytearray] = []

    def feed(self, data: bytes | memoryview) -> bytes | memoryview:
        """See Checker."""
        super().feed(data)
        passed = b"".join(self._passed)
        self._passed.clear()
        return passed

    def _took(self, content: bytes) -> None:
        if self._chain is None:
            self._passed.append(content)
            return
        self._kept += content
        self._hash.update(content)
        whole = not self._chunks.left
        if whole:
            self._check_chunk(self._chain)
        if whole or self._chunks.size > WINDOW:
            self._passed.append(self._kept)
            self._kept = bytearray()

    def finish(self) -> None:
        """See Checker."""
        if self._chunks.done and self._chain is not None:
            self._check_chunk(self._chain)
        super().finish()

    def _check_chunk(self, chain: Chain) -> None:
        _compare(chain.chunk(self._hash.hexdigest()), self._chunks.signature)
        self._hash = hashlib.sha256()

    def _trailers(self) -> Headers:
        found = super()._trailers()
        if not self._signs_trailers:
            return found
        if not found or found[-1][0] != TRAILER_SIGNATURE or not _HEX.fullmatch(found[-1][1]):
            raise Malformed(f"the last trailer of the body is not `{TRAILER_SIGNATURE}` with 64 hex digits")
        if self._chain is not None:
            _compare(self._chain.trailers(found[:-1]), found[-1][1])
        return found[:-1]


def _compare(expected: str, signature: str) -> None:
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise Unauthenticated("the signature of a chunk does not match this agent's secret")


def checker_for(body: Streamed, observe: Observer | None = None, chain: Chain | None = None) -> Checker:
    """Make the checker for a streamed body.

    Args:
        body: what its head says.
        observe: called with each piece of content, without framing.
        chain: the signatures that its chunks must have; None where no agent is configured.
    """
    if body.kind.signed_chunks:
        return SignedChunksChecker(body, observe, chain)
    if body.kind is StreamKind.UNSIGNED_TRAILER:
        return AwsChunkedChecker(body, observe)
    if body.sha256 is not None:
        return HashChecker(body.sha256, body.length, observe, body.checksums)
    return NullChecker(body.length, observe, body.checksums)
