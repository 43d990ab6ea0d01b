"""Those who get access, in the normal form of `aws.shares_with`.

`*` is everybody, twelve digits are an account, `o-…` and `ou-…` an organization and an organizational unit. A CIDR block is kept as it
is; any other principal is its ARN or id. The caller's own account and AWS services are left out.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.param_paths import at
from trio_gate.aws.policies.judge import WIDEST, address_block, is_wide
from trio_gate.aws.resources.arns import is_account, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trio_gate.aws.call import Unknown, Value
    from trio_gate.aws.resources.arns import CallerContext

EVERYBODY = "*"
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}|ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32}")
_ORGANIZATION_ARN = re.compile(
    r"arn:aws[a-z-]{0,16}:organizations::[0-9]{12}:(?:organization|ou|root)/(?:o-[a-z0-9]{10,32}/)?([a-z0-9-]{1,68})"
)
_UNIQUE_LOCAL = ipaddress.IPv6Network("fc00::/7")
_SERVICE = re.compile(r"[a-z0-9.-]{1,128}\.amazonaws\.com(?:\.cn)?")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9+=,.@_/-]{0,255}")


def several(value: Value) -> list[Value]:
    """The items of a list; [UNKNOWN] for anything else that was sent, [] for None."""
    if value is None:
        return []
    return value if isinstance(value, list) else [UNKNOWN]


def each(params: Mapping[str, Value], *names: str) -> list[Value]:
    """The items of the list at a path."""
    return several(at(params, *names))


def inner(value: Value, *names: str) -> Value:
    """The value at a path in an item of a list; UNKNOWN if the item is not a structure."""
    return at(value, *names) if isinstance(value, dict) else UNKNOWN


def principals(values: list[Value], caller: CallerContext, *, everybody: str = EVERYBODY) -> Iterator[str | Unknown]:
    """Normalizes accounts, organizations, principals and `everybody`, the operation's word for everybody."""
    for value in values:
        if value == everybody:
            yield EVERYBODY
        elif value is not None:
            who = _principal(value, caller)
            if who is not None:
                yield who


def _principal(value: Value, caller: CallerContext) -> str | Unknown | None:
    if not isinstance(value, str):
        return UNKNOWN
    if is_service(value):
        return None
    if is_account(value):
        return None if value == caller.account else value
    organization = _ORGANIZATION_ARN.fullmatch(value)
    if organization or _ORGANIZATION.fullmatch(value):
        return organization[1] if organization else value
    arn = parse(value)
    if arn is None:
        return value if _ID.fullmatch(value) else UNKNOWN
    return None if arn.account == caller.account else account_or_arn(value)


def account_or_arn(value: str) -> str:
    """The account id for the ARN of an account's root; anything else unchanged."""
    arn = parse(value)
    return arn.account if arn is not None and arn.resource == "root" and is_account(arn.account) else value


def is_service(value: str) -> bool:
    """Whether it is the principal of an AWS service."""
    return _SERVICE.fullmatch(value) is not None


def blocks(values: list[Value]) -> Iterator[str | Unknown]:
    """Address blocks in CIDR notation; UNKNOWN for what is none."""
    for value in values:
        block = address_block(value, strict=False) if isinstance(value, str) else None
        yield UNKNOWN if block is None else str(block)


def is_world(who: str) -> bool:
    """Whether it is everybody, or an address block that counts as public."""
    block = address_block(who)
    if block is None:
        return who == EVERYBODY
    own = block.version == 6 and block.subnet_of(_UNIQUE_LOCAL)
    return block.prefixlen < WIDEST[block.version] and not own


def reaches_world(known: tuple[str, ...]) -> bool:
    """Whether they include everybody, or address blocks that are public alone or together."""
    joined = [block for block in known if "/" in block and not block.startswith(("arn:", "f"))]
    return any(map(is_world, known)) or is_wide([block for block in joined if address_block(block) is not None])


def open_if(condition: object) -> Iterator[str | Unknown]:
    """Everybody if a condition is true, nobody if it is false."""
    if condition is UNKNOWN:
        yield UNKNOWN
    elif condition:
        yield EVERYBODY


def everybody(_params: Mapping[str, Value], _scene: CallerContext) -> Iterator[str | Unknown]:
    """Everybody, whatever is sent: the operation removes a protection, or publishes."""
    yield EVERYBODY
