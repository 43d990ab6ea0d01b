"""CBOR (RFC 8949) as Smithy RPC v2 uses it: one item, read by hand, because cbor2 keeps the last of two equal keys.

Accepted: integers, byte and text strings, arrays, maps with text keys, indefinite lengths (SDKs write them), true, false,
null, undefined, floats, tag 1 (epoch seconds). Refused: other tags and simple values, a duplicate key, lengths beyond the
body, nesting beyond MAX_DEPTH, more than MAX_NODES items or MAX_MEMBERS of one map, bytes after the item.
"""

from __future__ import annotations

import math
import struct
from typing import Any

from trio_gate.aws.params.readers import MAX_DEPTH, MAX_MEMBERS, MAX_NODES
from trio_gate.aws.params.readers.pieces import from_utf8
from trio_gate.errors import Malformed
from trio_gate.values import value_class

_BYTES, _TEXT = 2, 3
_INDEFINITE = 31
_BREAK = 0xFF
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}
_SIMPLES: dict[int, bool | None] = {20: False, 21: True, 22: None, 23: None}


@value_class
class Epoch:
    """A timestamp (tag 1), in seconds since 1970."""

    seconds: int | float


def read_cbor(data: bytes) -> Any:
    """Read one CBOR item as dict, list, str, bytes, int, float, bool, None or Epoch.

    Raises:
        Malformed: it is not one item of the kinds above.
    """
    reader = _Reader(data)
    value = reader.item(0)
    if reader.at != len(data):
        raise Malformed("bytes follow the CBOR body")
    return value


class _Reader:
    __slots__ = ("at", "count", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = self.count = 0

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.data):
            raise Malformed("the CBOR body ends early")
        taken = self.data[self.at : end]
        self.at = end
        return taken

    def item(self, depth: int) -> Any:
        self.spend()
        if depth > MAX_DEPTH:
            raise Malformed(f"the CBOR body is nested deeper than {MAX_DEPTH} levels")
        major, info = divmod(self.take(1)[0], 32)
        match major:
            case 0:
                return self.number(info)
            case 1:
                return -1 - self.number(info)
            case 2 | 3:
                return self.string(major, info)
            case 4:
                return self.list(info, depth)
            case 5:
                return self.map(info, depth)
            case 6:
                return self.tag(info, depth)
            case _:
                return self.simple(info)

    def spend(self) -> None:
        self.count += 1
        if self.count > MAX_NODES:
            raise Malformed(f"the CBOR body has more than {MAX_NODES} items")

    def number(self, info: int) -> int:
        if info < 24:
            return info
        if info > 27:
            raise Malformed("the CBOR body has a length that RFC 8949 does not know")
        return int.from_bytes(self.take(1 << (info - 24)), "big")

    def each(self, info: int) -> Any:
        """Iterate over the items of a container. Its claimed length is never allocated, and all items must be present."""
        if info != _INDEFINITE:
            yield from range(self.number(info))
            return
        while self.data[self.at : self.at + 1] != bytes([_BREAK]):
            yield
        self.at += 1

    def string(self, major: int, info: int) -> str | bytes:
        parts = []
        if info == _INDEFINITE:
            for _ in self.each(info):
                self.spend()
                chunk_major, chunk_info = divmod(self.take(1)[0], 32)
                if chunk_major != major or chunk_info == _INDEFINITE:
                    raise Malformed("a CBOR string has a chunk of another kind")
                parts.append(self.decode(major, self.take(self.number(chunk_info))))
        else:
            parts.append(self.decode(major, self.take(self.number(info))))
        return "".join(map(str, parts)) if major == _TEXT else b"".join(part for part in parts if isinstance(part, bytes))

    def decode(self, major: int, data: bytes) -> str | bytes:
        if major == _BYTES:
            return data
        try:
            return from_utf8(data)
        except UnicodeDecodeError:
            raise Malformed("a CBOR text is not UTF-8") from None

    def list(self, info: int, depth: int) -> list[Any]:
        values: list[Any] = []
        values.extend(self.item(depth + 1) for _ in self.each(info))
        return values

    def map(self, info: int, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for _ in self.each(info):
            name = self.item(depth + 1)
            if not isinstance(name, str):
                raise Malformed("a key of the CBOR body is not text")
            if name in values:
                raise Malformed("a member of the CBOR body came twice")
            if len(values) == MAX_MEMBERS:
                raise Malformed(f"an object of the CBOR body has more than {MAX_MEMBERS} members")
            values[name] = self.item(depth + 1)
        return values

    def tag(self, info: int, depth: int) -> Epoch:
        if self.number(info) != 1:
            raise Malformed("the CBOR body has a tag other than 1 (epoch seconds)")
        seconds = self.item(depth + 1)
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not math.isfinite(seconds):
            raise Malformed("a CBOR timestamp is not a number")
        return Epoch(seconds=seconds)

    def simple(self, info: int) -> Any:
        if info in _FLOATS:
            (number,) = struct.unpack(_FLOATS[info], self.take(1 << (info - 24)))
            return number
        if info not in _SIMPLES:
            raise Malformed("the CBOR body has a simple value that is not a boolean or null")
        return _SIMPLES[info]
