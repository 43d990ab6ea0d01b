"""What stays of a request when the same command is run again: everything but the tokens that SDKs fill anew for each call.

Rule: only members of the model's `idempotencyToken` trait are left out, wherever they stand; what the model does not know stays.

Theory: the parameters say all that path, query and body say (see `naming`), so their encoding stands for them. It is injective:
each value is a tag, a length and its bytes, a map's names in order; so equal encodings are equal parameters.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trio_gate.aws.call import Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Call, Value
    from trio_gate.aws.shape import Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """A request without its tokens.

    Attributes:
        sha256: over operation and parameters, lower-case hex; stands for the query and the payload.
        headers: names of the fields that hold a token.
    """

    sha256: str
    headers: frozenset[str]


class _Hole(Exception):  # noqa: N818 - a way out
    """A value that is not known: nothing can be said to be equal to it."""


def repeat_of(call: Call, shape: Shape | None) -> Repeat | None:
    """The request without its tokens; None if it has none, or if a parameter is not known. `shape` is the operation's input."""
    found: set[str] = set()
    params = _kept(dict(call.params), shape, found)
    if not found or shape is None:
        return None
    try:
        data = _encoded({"service": call.service, "operation": call.operation, "params": params})
    except _Hole:
        return None
    headers = frozenset(member.wire for member in shape.at("header") if member.idempotency_token)
    return Repeat(sha256=hashlib.sha256(data).hexdigest(), headers=headers)


def _kept(value: Value, shape: Shape | None, found: set[str]) -> Value:
    """The value without tokens, whose names are added to `found`."""
    match value:
        case list():
            inner = shape.element.shape if shape is not None and shape.type == "list" else None
            return [_kept(item, inner, found) for item in value]
        case dict() if shape is not None and shape.type == "map":
            inner = shape.members["value"].shape
            return {name: _kept(item, inner, found) for name, item in value.items()}
        case dict():
            return _members(value, shape, found)
        case _:
            return value


def _members(value: Mapping[str, Value], shape: Shape | None, found: set[str]) -> dict[str, Value]:
    kept: dict[str, Value] = {}
    for name, item in value.items():
        member = shape.members.get(name) if shape is not None and shape.type == "structure" else None
        if member is not None and member.idempotency_token:
            found.add(name)
        else:
            kept[name] = _kept(item, member.shape if member else None, found)
    return kept


def _encoded(value: Value) -> bytes:
    match value:
        case None:
            return b"n"
        case bool():
            return b"t" if value else b"f"
        case int() | float():
            return _tagged(b"i" if isinstance(value, int) else b"d", repr(value).encode("ascii"))
        case str():
            return _tagged(b"s", value.encode("utf-8", "surrogatepass"))
        case bytes():
            return _tagged(b"b", value)
        case list():
            return _tagged(b"l", b"".join(map(_encoded, value)))
        case dict():
            return _tagged(b"m", b"".join(_encoded(name) + _encoded(item) for name, item in sorted(value.items())))
        case Unknown():
            raise _Hole


def _tagged(tag: bytes, data: bytes) -> bytes:
    return tag + len(data).to_bytes(8, "big") + data
