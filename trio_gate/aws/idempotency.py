"""The part of a request that stays the same when a command is run again: all but the tokens that SDKs generate for each call.

Rule: a token is a top-level member of the input that has the model's `idempotencyToken` trait and a name on our lists, in an
operation that was reviewed. The trait alone is not enough: ids of things that a call deletes, stops or runs carry it too.

Theory: the parameters hold everything that path, query and body say (see `naming`), so their encoding stands for all of it. The
encoding is injective (each value is a tag, a length and its bytes; a map's names are sorted), so equal encodings mean equal
parameters.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from trio_gate.aws.call import Unknown
from trio_gate.aws.params.readers.pieces import in_order
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Call, Value
    from trio_gate.aws.model.shape import Member, Shape


TOKENS = frozenset(
    ("ClientRequestToken", "ClientToken", "IdempotencyToken", "clientRequestToken", "clientToken", "idempotencyToken")
)
"""Names that mean a token wherever they have the trait. In Secrets Manager it also names the version that the call creates."""

TOKENS_OF: Mapping[str, frozenset[str]] = {
    "backup": frozenset({"CreatorRequestId"}),
    "cloudformation": frozenset({"OperationId"}),
    "codeguruprofiler": frozenset({"profileToken"}),
    "efs": frozenset({"CreationToken"}),
    "medialive": frozenset({"RequestId"}),
    "mq": frozenset({"CreatorRequestId"}),
    "omics": frozenset({"requestId"}),
    "route53resolver": frozenset({"CreatorRequestId"}),
    "schemas": frozenset({"ClientTokenId"}),
    "servicecatalog": frozenset({"ExecuteToken", "ProvisionToken", "TerminateToken", "UpdateToken"}),
    "servicediscovery": frozenset({"CreatorRequestId", "UpdaterRequestId"}),
}
"""Names that mean a token in one service: they identify the request or what it creates, never something that exists already."""


@value_class
class IdempotentForm:
    """A request without its tokens.

    Attributes:
        sha256: over operation and parameters, in lower-case hex; stands for query and payload.
        headers: names of the fields that hold a token.
        tokens: names of the sent members that are left out.
    """

    sha256: str
    headers: frozenset[str]
    tokens: tuple[str, ...]


class _Hole(Exception):  # noqa: N818 - a way out
    """Raised for a value that is unknown, so that equality cannot be decided."""


def repeat_of(call: Call, shape: Shape | None) -> IdempotentForm | None:
    """The request without its tokens; None if it has none, or if a parameter is unknown. `shape` is the operation's input."""
    if shape is None or not call.reviewed:
        return None
    tokens = _tokens(call.service, shape)
    sent = sorted(tokens.keys() & call.params.keys())
    params = {name: value for name, value in call.params.items() if name not in tokens}
    if not sent:
        return None
    try:
        data = _encoded({"service": call.service, "operation": call.operation, "params": params})
    except _Hole:
        return None
    headers = frozenset(member.wire for member in tokens.values() if member.location == "header")
    return IdempotentForm(sha256=hashlib.sha256(data).hexdigest(), headers=headers, tokens=tuple(sent))


def _tokens(service: str, shape: Shape) -> dict[str, Member]:
    """The members of an input that are idempotency tokens, by name."""
    names = TOKENS | TOKENS_OF.get(service, frozenset())
    return {name: member for name, member in shape.members.items() if member.idempotency_token and name in names}


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
            return _tagged(b"m", b"".join(_encoded(name) + _encoded(item) for name, item in in_order(value)))
        case Unknown():
            raise _Hole


def _tagged(tag: bytes, data: bytes) -> bytes:
    return tag + len(data).to_bytes(8, "big") + data
