"""What an approval is bound to: all that decides what AWS would do, and as whom.

Rule: two calls that could differ in their effect are bound differently.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING

from trio_gate.approval.digest import DigestInput
from trio_gate.aws.forwarded_headers import modelled
from trio_gate.aws.idempotency import repeat_of
from trio_gate.ports import AssumeRole, SessionRequest
from trio_gate.values import value_class

if TYPE_CHECKING:
    from trio_gate.exchange.results import Identified, Outbound
    from trio_gate.ports import RoleRequest
    from trio_gate.wire.head import Headers

_OF_ROLE = tuple(one.name for one in fields(AssumeRole))


_OPTIONAL = ("session_policy", "tags", "source_identity", "through")
"""Parts that are left out where there are none, so that what was approved before there were any stays approved."""


@value_class
class Payload:
    """A body that was read whole and checked: length and hash (hex) of its content, and its trailers."""

    length: int
    sha256: str
    trailers: Headers = ()


def bind(
    identified: Identified, outbound: Outbound, assume: RoleRequest, *, rule: str, payload: Payload, address: str | None
) -> DigestInput:
    """Gather all that an approval is bound to. `address` is where the host is reached, if not by its name."""
    call, head = identified.call, outbound.head
    return DigestInput(
        agent=identified.proven.admitted.agent_name,
        account=call.account,
        partition=call.partition,
        region=call.region,
        signing_name=call.signing_name,
        credential=assume.root.base,
        assume_role=_role(assume),
        host=call.host,
        address=address,
        method=head.method,
        path=head.target.path,
        query=head.target.query_string,
        headers=head.headers,
        modelled=modelled(head.headers, identified.shape),
        payload_length=payload.length,
        payload_sha256=payload.sha256,
        trailers=payload.trailers,
        rule=rule,
        repeat=repeat_of(call, identified.shape),
    )


def same_role(one: RoleRequest, other: RoleRequest) -> bool:
    """Whether two requests mean the same credentials."""
    return _role(one) == _role(other)


def _role(assume: RoleRequest) -> dict[str, str | None]:
    """All that says which role's session signs, by name."""
    found = _parts(assume.first)
    if isinstance(assume, SessionRequest):
        found |= {"role_arn": assume.role_arn, "session": assume.key_id}
    return found


def _parts(role: AssumeRole) -> dict[str, str | None]:
    return {name: _text(value) for name in _OF_ROLE if (value := getattr(role, name)) or name not in _OPTIONAL}


def _text(value: object) -> str | None:
    if isinstance(value, AssumeRole):
        value = _parts(value)
    return value if value is None or isinstance(value, str) else json.dumps(value)
