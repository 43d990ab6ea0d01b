"""Who gets access by a call, and whether to everything: in words, for sentences and reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.aws.policies.judge import address_block
from trio_gate.aws.resources.arns import is_account, parse
from trio_gate.aws.sharing.recipients import EVERYBODY
from trio_gate.effect.sentence import Names

if TYPE_CHECKING:
    from trio_gate.aws.call import Call, Value

POWERFUL = frozenset({"AdministratorAccess", "IAMFullAccess", "PowerUserAccess"})
"""AWS's own policies that allow nearly everything, or to allow it to oneself."""


def admin_members(call: Call) -> list[str]:
    """The members of the call whose policy allows everything, or to allow it to oneself."""
    found = [] if not isinstance(call.policies, tuple) else [_member(one) for one in call.policies if _is_admin(one)]
    attached = call.params.get("PolicyArn")
    arn = parse(attached) if isinstance(attached, str) and call.access == "permissions" else None
    if arn is not None and arn.account == "aws" and arn.resource.rpartition("/")[2] in POWERFUL and "PolicyArn" not in found:
        found.append("PolicyArn")
    return found


def _is_admin(policy: Value) -> bool:
    statements = policy.get("statements") if isinstance(policy, dict) else None
    return isinstance(statements, list) and any(isinstance(one, dict) and one.get("admin") is True for one in statements)


def _member(policy: Value) -> str:
    return str(policy.get("member")) if isinstance(policy, dict) else ""


def allows_everything(call: Call) -> bool:
    """Whether a policy of the call allows everything."""
    return bool(admin_members(call))


def strangers(call: Call) -> tuple[str, ...]:
    """The accounts, organizations and principals outside of the account that get access, without everybody and address blocks."""
    if not isinstance(call.shares_with, tuple):
        return ()
    return tuple([who for who in call.shares_with if who != EVERYBODY and address_block(who) is None])


def beneficiaries(call: Call) -> list[str | Names]:
    """Who gets access, as parts of a sentence; empty if nobody else does, or if it is unknown."""
    if call.makes_public is True:
        return ["everybody"]
    others = strangers(call)
    blocks = tuple([who for who in call.shares_with if who not in others]) if isinstance(call.shares_with, tuple) else ()
    return _with_and([part for part in (_whom(others), Names(names=blocks, noun="address block") if blocks else None) if part])


def _whom(others: tuple[str, ...]) -> Names | None:
    if not others:
        return None
    noun = "account" if all(map(is_account, others)) else "principal"
    return Names(names=others, noun=noun, before=noun if len(others) == 1 and noun == "account" else "")


def _with_and(found: list[Names]) -> list[str | Names]:
    return [part for number, one in enumerate(found) for part in ((" and ", one) if number else (one,))]
