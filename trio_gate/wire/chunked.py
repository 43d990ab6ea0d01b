"""Reads chunks: HTTP's transfer coding and, inside it, S3's aws-chunked.

Rule: a chunk is `hex CRLF data CRLF` and nothing more (RFC 9112 §7.1); a signed one is `hex;chunk-signature=hex CRLF data CRLF`.
Other extensions are refused: nobody sends them here, and parsers differ about them. A regular expression checks sizes first,
because `int` accepts signs, blanks and underscores.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from trio_gate.errors import Malformed
from trio_gate.wire.fields import Fields, split_trailer

MAX_TRAILERS = 8 * 1024
"""Bytes of a trailer section. S3's checksums need less than 200."""

_SIZE_LINE = 18
"""Bytes of a size line with its CRLF: 16 hex digits count to 2**64."""

_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}")
_EXTENDED_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}(?:;[0-9A-Za-z_-]+(?:=[0-9A-Za-z_-]+)?)*")
_EXTENSIONS = 256
"""How many bytes longer a size line may be where extensions are allowed."""

_SIGNED_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16});chunk-signature=([0-9a-f]{64})")
_SIGNATURE = len(";chunk-signature=") + 64

TRAILER_SIGNATURE = "x-amz-trailer-signature"
"""Name of the last trailer where trailers are signed."""


SEVERAL = 64
"""How many chunks are joined into one piece at most. Clients send 16 KiB in each; an unproven peer may send one byte."""

FREE = 10_000
"""How many chunks may be of any size: some clients write a line of text in each."""

LEAST = 64
"""Bytes of data required for each chunk after those, because a small chunk costs as much work as a large one."""

AWS_FREE = 200
"""How many chunks of aws-chunked may be of any size. S3 itself accepts only the last one under 8 KiB."""

AWS_LEAST = 64
"""Bytes of data required for each aws-chunked chunk after those, because all that has arrived is read in one go."""


class _At(Enum):
    SIZE = auto()
    DATA = auto()
    AFTER = auto()
    TRAILERS = auto()
    END = auto()


_AT_SIZE, _AT_DATA, _AT_AFTER, _AT_TRAILERS, _AT_END = _At  # by name: `_At.SIZE` calls a function in Python 3.11


class ChunkReader:
    """Reads chunks from a buffer that the caller fills, and leaves in it what comes after their end.

    Attributes:
        trailers: the fields after the last chunk; complete once `done`.
        size: bytes of the chunk that is being read. left: how many of them are still to come.
    """

    __slots__ = ("_at", "_budget", "_count", "_late", "_line_limit", "_total", "left", "size", "trailers")
    _free, _least = FREE, LEAST

    def __init__(self) -> None:
        self.trailers: Fields = []
        self.size = self.left = 0
        self._count = self._total = 0
        self._at = _AT_SIZE
        self._line_limit = _SIZE_LINE
        self._budget = MAX_TRAILERS
        self._late: Malformed | None = None

    @property
    def done(self) -> bool:
        """Whether the last chunk and its trailers have been read."""
        return self._at is _AT_END

    def read(self, buffer: bytearray) -> bytes | None:
        """The next data, removed from the buffer; None when `done` or while more bytes are needed. Raises Malformed."""
        while self._at is not _AT_END:
            if self._at is _AT_DATA:
                return self._data(buffer)
            if not self._line(buffer):
                return None
        return None

    def read_several(self, buffer: bytearray) -> bytes:
        """As `read`, but of up to SEVERAL chunks, and empty where that gives None. A fault after some data is raised by the next call."""
        if self._late is not None:
            raise self._late
        pieces: list[bytes] = []
        try:
            while len(pieces) < SEVERAL and (data := self.read(buffer)):
                pieces.append(data)
        except Malformed as fault:
            if not pieces:
                raise
            self._late = fault
        return b"".join(pieces)

    def _data(self, buffer: bytearray) -> bytes | None:
        data = take(buffer, self.left)
        if not data:
            return None
        self.left -= len(data)
        if not self.left:
            self._at = _AT_AFTER
        return data

    def _line(self, buffer: bytearray) -> bool:
        """Read one line of framing; False if it is not complete yet."""
        limit = self._line_limit if self._at is _AT_SIZE else 2 if self._at is _AT_AFTER else self._budget
        end = buffer.find(b"\r\n", 0, limit)
        if end < 0:
            if len(buffer) >= limit or self._broken(buffer):
                raise self._fault()
            return False
        line = bytes(buffer[:end])
        del buffer[: end + 2]
        self._budget -= end + 2 if self._at is _AT_TRAILERS else 0
        self._step(line)
        return True

    def _broken(self, buffer: bytearray) -> bool:
        """Whether an incomplete line can no longer become valid: it is too long, or holds a bare LF."""
        return b"\n" in buffer

    def _step(self, line: bytes) -> None:
        if self._at is _AT_SIZE:
            self.size = self.left = self._size(line)
            self._spend()
            self._at = _AT_DATA if self.left else _AT_TRAILERS
        elif self._at is _AT_AFTER:
            self._at = _AT_SIZE
        elif line:
            self.trailers.append(self._trailer(line))
        else:
            self._at = _AT_END

    def _spend(self) -> None:
        self._count += 1
        self._total += self.size
        if self._count > self._free + self._total // self._least:
            raise Malformed(f"the chunks of the body are too small: make them of {self._least} bytes or more")

    def _size(self, line: bytes) -> int:
        if not _SIZE.fullmatch(line):
            raise self._fault()
        return int(line, 16)

    def _trailer(self, line: bytes) -> tuple[bytes, bytes]:
        return split_trailer(line)

    def _fault(self) -> Malformed:
        if self._at is _AT_TRAILERS:
            return Malformed("the trailers of the body are too long, or a line of them does not end with CRLF")
        return Malformed("a chunk of the body is not `size in hex, CRLF, data, CRLF`")


class AnswerChunkReader(ChunkReader):
    """Reads the chunks of AWS's answers: plain extensions are ignored, and chunks may be of any size."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__()
        self._line_limit += _EXTENSIONS

    def _size(self, line: bytes) -> int:
        if not _EXTENDED_SIZE.fullmatch(line):
            raise self._fault()
        return super()._size(line.partition(b";")[0])

    def _spend(self) -> None:
        """Does nothing, as the chunks of an answer may be of any size."""


class AwsChunkReader(ChunkReader):
    """Reads S3's aws-chunked. A trailer line may end in LF CRLF, as minio's Go client writes it.

    Attributes:
        signature: of the chunk that was read last, in hex; "" where chunks are not `signed`.
    """

    __slots__ = ("_signed", "signature")
    _free, _least = AWS_FREE, AWS_LEAST

    def __init__(self, *, signed: bool) -> None:
        super().__init__()
        self.signature = ""
        self._signed = signed
        self._line_limit += _SIGNATURE if signed else 0

    def _size(self, line: bytes) -> int:
        if not self._signed:
            return super()._size(line)
        found = _SIGNED_SIZE.fullmatch(line)
        if not found:
            raise Malformed("a chunk of the body is not `size in hex;chunk-signature=64 hex digits, CRLF, data, CRLF`")
        self.signature = found[2].decode()
        return int(found[1], 16)

    def _broken(self, buffer: bytearray) -> bool:
        return self._at is not _AT_TRAILERS and super()._broken(buffer)

    def _trailer(self, line: bytes) -> tuple[bytes, bytes]:
        return super()._trailer(line.removesuffix(b"\n"))


def unframed(body: bytes, *, signed: bool) -> bytes:
    """The content of a whole body in aws-chunked framing; its signatures are not checked. Raises Malformed."""
    reader, buffer, pieces = AwsChunkReader(signed=signed), bytearray(body), list[bytes]()
    while (piece := reader.read(buffer)) is not None:
        pieces.append(piece)
    if not reader.done or buffer:
        raise Malformed("the body's framing ends too early or too late")
    return b"".join(pieces)


def take(buffer: bytearray, most: int) -> bytes:
    """Remove up to `most` bytes from the front of a buffer and return them."""
    if most >= len(buffer):
        data = bytes(buffer)
        buffer.clear()
        return data
    with memoryview(buffer) as view:
        data = bytes(view[:most])
    del buffer[:most]
    return data
