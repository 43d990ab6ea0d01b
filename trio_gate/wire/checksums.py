"""S3's checksums: those that a head or a trailer declares, compared with the body.

Rule: a declared checksum is compared with that of the body. One that is not computed here must at least have the size of its
algorithm, and S3 compares it.

Theory: `x-amz-checksum-NAME` and `content-md5` are the base64 of the digest of the content, aws-chunked framing removed; CRCs
are big-endian (docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html).
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import hmac
from typing import TYPE_CHECKING, Protocol

from trio_gate.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from trio_gate.wire.head import Headers, RequestHead

PREFIX = "x-amz-checksum-"
CONTENT_MD5 = "content-md5"

SIZES = {
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
"""Bytes of each checksum, by algorithm as in the name of its field."""

_HASHES = frozenset({"md5", "sha1", "sha256", "sha512"})


_MODELS = {"crc32": "CRC32", "crc32c": "CRC32C", "crc64nvme": "CRC64-NVME"}
"""Names of CRCs in anycrc, which computes them several times as fast as zlib does."""


class _State(Protocol):
    def update(self, data: bytes | memoryview, /) -> None: ...

    def digest(self) -> bytes: ...


class Sums:
    """Computes the checksums of one body piece by piece. `names` are those of the fields that declare them (see `known`)."""

    __slots__ = ("_states",)

    def __init__(self, names: Iterable[str]) -> None:
        self._states = {name: _state(_algorithm(name)) for name in names}

    def update(self, data: bytes | memoryview) -> None:
        """Add the next bytes of the body to all checksums."""
        for state in self._states.values():
            if state is not None:
                state.update(data)

    def check(self, name: str, value: str) -> None:
        """Compare the checksum that a field declares with the body's. Raises Malformed."""
        try:
            declared = base64.b64decode(value.encode("ascii", "replace"), validate=True)
        except binascii.Error:
            declared = b""
        if len(declared) != SIZES[_algorithm(name)]:
            raise Malformed(f"`{name}` is not a checksum in base64")
        state = self._states[name]
        if state is not None and not hmac.compare_digest(state.digest(), declared):
            raise Malformed(f"the body does not have the checksum that `{name}` says", condition="BadDigest")


def known(name: str) -> bool:
    """Whether a field of this name declares a checksum that S3 accepts in a trailer."""
    return name.startswith(PREFIX) and name.removeprefix(PREFIX) in SIZES


def declared_in(head: RequestHead) -> Headers:
    """The fields of a head that declare a checksum of its body."""
    return tuple(field for field in head.headers if field[0] == CONTENT_MD5 or known(field[0]))


def encoded_size(name: str) -> int:
    """How many characters of base64 the checksum in a field of this name has."""
    return -(-SIZES[_algorithm(name)] // 3) * 4


def _algorithm(name: str) -> str:
    return "md5" if name == CONTENT_MD5 else name.removeprefix(PREFIX)


def _state(algorithm: str) -> _State | None:
    if algorithm in _HASHES:
        return hashlib.new(algorithm, usedforsecurity=False)
    if algorithm in _MODELS:
        return _Crc(_model(algorithm), SIZES[algorithm])
    return None


@functools.cache
def _model(algorithm: str) -> Callable[[bytes | memoryview, int], int]:
    import anycrc  # type: ignore[import-untyped, unused-ignore]  # noqa: PLC0415 - has no stubs; takes memory, and only bodies with a CRC need it

    calculate: Callable[[bytes | memoryview, int], int] = anycrc.Model(_MODELS[algorithm]).calc
    return calculate


class _Crc:
    __slots__ = ("_size", "_step", "_value")

    def __init__(self, step: Callable[[bytes | memoryview, int], int], size: int) -> None:
        self._step = step
        self._size = size
        self._value = 0

    def update(self, data: bytes | memoryview) -> None:
        self._value = self._step(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._size, "big")
