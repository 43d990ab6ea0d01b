"""What a statement means: whether it allows everything, and to whom it gives access.

Rule: a statement that allows everybody is restricted only by a condition that names who is meant, with values that nobody else can
have: an account, an organization, an ARN with a fixed account, a VPC, or an address block smaller than the whole internet. Anything else
in a condition (a time, TLS, a header, `IfExists`, a wildcard, a variable) restricts nobody.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from trio_gate.aws.resources.arns import is_account, parse
from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from ipaddress import IPv4Network, IPv6Network

    from trio_gate.aws.call import Value
    from trio_gate.aws.policies.grammar import Statement
    from trio_gate.aws.resources.arns import CallerContext

_OTHER = "\x01" * 3
_LONG = "\x01" * 40
_ANY_ACTION = (f"{_OTHER}:{_OTHER}", f"{_LONG}:{_LONG}", "\x01:\x01")
"""Actions that no pattern can name exactly: a pattern that matches all of them matches every action."""

_MAKES_ADMINS = tuple(
    fold(f"iam:{name}")
    for name in (
        "AddUserToGroup",
        "AttachGroupPolicy",
        "AttachRolePolicy",
        "AttachUserPolicy",
        "CreatePolicyVersion",
        "PutGroupPolicy",
        "PutRolePolicy",
        "PutUserPolicy",
        "SetDefaultPolicyVersion",
        "UpdateAssumeRolePolicy",
    )
)
"""IAM actions that together, on every identity, can give any other permission."""

_POSITIVE = frozenset(
    f"{set_of}{operator}"
    for set_of in ("", "ForAnyValue:")
    for operator in ("StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike", "IpAddress")
)
"""Operators that are false if the key is missing."""

_WILDCARDS = frozenset("*?$")
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")
_ORGANIZATION_PATH = re.compile(r"o-[a-z0-9]{10,32}/.{0,1024}")
_NETWORK = re.compile(r"vpce?-[0-9a-f]{8,17}")
_USER_ID = re.compile(r"[0-9]{12}|A[A-Z0-9]{15,127}(?::.{0,256})?")
_ARN_OF_ACCOUNT = re.compile(r"arn:[a-z*-]{1,16}:[a-z0-9*-]{1,64}:[a-z0-9*-]{0,32}:[0-9]{12}:.{1,2048}")
_POOL = re.compile(r"[a-z]{2}[a-z0-9-]{3,28}:[0-9a-f-]{20,40}")
BLOCKS_KEPT = 4096
"""Size of the cache of address blocks; a call has fewer."""

_LONG_BLOCK = 64
"""Characters of a text that is cached; address blocks are shorter."""

WIDEST = {4: 8, 6: 32}
"""By IP version, the prefix length below which an address block counts as public, as in S3."""


def facet(statement: Statement, caller: CallerContext) -> dict[str, Value]:
    """A statement as rules see it in `aws.policies`."""
    lists: dict[str, tuple[str, ...]] = {
        "actions": statement.actions,
        "not_actions": statement.not_actions,
        "resources": statement.resources,
        "not_resources": statement.not_resources,
        "principals": statement.principals,
        "not_principals": statement.not_principals,
    }
    conditions: dict[str, Value] = {
        name: {key: list(values) for key, values in keys.items()} for name, keys in statement.conditions.items()
    }
    return {
        "effect": "Allow" if statement.allows else "Deny",
        **{name: list(values) for name, values in lists.items()},
        "conditions": conditions,
        "admin": is_admin(statement, caller),
        "public": is_public(statement),
        "foreign": bool(_beyond(statement, caller.is_ours)),
    }


def is_admin(statement: Statement, caller: CallerContext) -> bool:
    """Whether it allows every action, or all of IAM (which can give the rest), on every resource; all but some counts as well."""
    if not statement.allows:
        return False
    everything = _every_action(statement) and _every_resource(statement, caller)
    return everything or (_all_of_iam(statement) and _all_identities(statement, caller))


def is_public(statement: Statement) -> bool:
    """Whether it allows everybody, or somebody unnamed."""
    return statement.allows and any(_open(who, statement) for who in _everybody(statement))


def grantees(statement: Statement, caller: CallerContext) -> tuple[str, ...]:
    """To whom it gives access, other than the caller's account and AWS services. No duplicates."""
    return _beyond(statement, lambda account: account == caller.account)


def _beyond(statement: Statement, known: Callable[[str | None], bool]) -> tuple[str, ...]:
    """To whom it gives access, other than the known accounts and AWS services. No duplicates."""
    if not statement.allows:
        return ()
    return tuple(dict.fromkeys(one for who in _everybody(statement) for one in _strangers(who, statement, known)))


def _everybody(statement: Statement) -> tuple[str, ...]:
    """Its principals; NotPrincipal counts as everybody."""
    return ("*",) if statement.not_principals else statement.principals


def _open(who: str, statement: Statement) -> bool:
    if who == "*":
        return not any(_limits(statement))
    return who.startswith("Federated:") and not _is_saml(who) and not _one_identity(who, statement)


def _strangers(who: str, statement: Statement, known: Callable[[str | None], bool]) -> tuple[str, ...]:
    limits = list(_limits(statement))
    own = any(all(known(_account(one)) for one in limit) for limit in limits)
    if who == "*":
        return () if own else (limits[0] if limits else ("*",))
    if who.startswith("Service:"):
        return () if own else tuple(one for limit in limits for one in limit if _is_strange(one, known))
    if who.startswith("Federated:"):
        own = known(_account(who.removeprefix("Federated:")))
        return () if own and (_is_saml(who) or _one_identity(who, statement)) else (who,)
    return () if known(_account(who)) else (who,)


def _account(who: str) -> str | None:
    """The account of a principal or resource, or an account id itself; None if there is none."""
    if is_account(who):
        return who
    parts = who.split(":", 5)
    return parts[4] if len(parts) == 6 and parts[0] == "arn" and is_account(parts[4]) else None


def _is_strange(who: str, known: Callable[[str | None], bool]) -> bool:
    """Whether an AWS service may act for another account. A bucket's ARN does not name its account."""
    account = _account(who)
    return _ORGANIZATION.match(who) is not None if account is None else not known(account)


def _is_saml(who: str) -> bool:
    arn = parse(who.removeprefix("Federated:"))
    return arn is not None and arn.resource.startswith("saml-provider/")


def _one_identity(who: str, statement: Statement) -> bool:
    """Whether a condition restricts a web identity provider's users: by subject, or by pool and the fact that they signed in."""
    said = {fold(key).rpartition(":")[2]: values for _, key, values in _tests(statement)}
    if who == "Federated:cognito-identity.amazonaws.com":
        return said.get("amr") == ["authenticated"] and bool(said.get("aud")) and all(map(_POOL.fullmatch, said["aud"]))
    return bool(said.get("sub")) and all(_is_subject(one) for one in said["sub"])


def _is_subject(value: str) -> bool:
    fixed = value.partition("*")[0].partition("?")[0].partition("${")[0]
    return fixed == value or fixed.count("/") + fixed.count(":") > 1


def _tests(statement: Statement) -> Iterator[tuple[str, str, list[str]]]:
    for operator, keys in statement.conditions.items():
        if operator in _POSITIVE:
            for key, values in keys.items():
                yield operator, key, values


def _limits(statement: Statement) -> Iterator[tuple[str, ...]]:
    """For each condition that names who is meant, the values that do."""
    for operator, key, values in _tests(statement):
        fits = _WHO.get(fold(key))
        addresses = operator.endswith("IpAddress")
        if not values or fits is None or addresses != (fits is _is_block) or not all(fits(value) for value in values):
            continue
        if operator.endswith("StringLike") and not all(_fixes_account(value) for value in values):
            continue
        if not addresses or not is_wide(values):
            yield tuple(values)


def is_wide(blocks: list[str]) -> bool:
    """Whether address blocks together are public: adjacent ones are merged."""
    if not blocks:
        return False
    networks = [block for block in (address_block(one, strict=False) for one in blocks) if block is not None]
    old = ipaddress.collapse_addresses([one for one in networks if isinstance(one, ipaddress.IPv4Network)])
    new = ipaddress.collapse_addresses([one for one in networks if isinstance(one, ipaddress.IPv6Network)])
    return any(one.prefixlen < WIDEST[4] for one in old) or any(one.prefixlen < WIDEST[6] for one in new)


def address_block(text: str, *, strict: bool = True) -> IPv4Network | IPv6Network | None:
    """The address block that a text is in CIDR notation; None for anything else."""
    return (_parsed if len(text) <= _LONG_BLOCK else _parsed.__wrapped__)(text, strict)


@lru_cache(BLOCKS_KEPT)
def _parsed(text: str, strict: bool) -> IPv4Network | IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=strict)
    except ValueError:
        return None


def _fixes_account(value: str) -> bool:
    """Whether no wildcard precedes an ARN's account; a wildcard can also match colons."""
    return not value.startswith("arn:") or _WILDCARDS.isdisjoint(":".join(value.split(":", 5)[:5]))


def _is_block(value: str) -> bool:
    block = address_block(value, strict=False)
    return block is not None and block.prefixlen >= WIDEST[block.version]


def _is_arn(value: str) -> bool:
    return bool(_ARN_OF_ACCOUNT.fullmatch(value)) or (parse(value) is not None and _WILDCARDS.isdisjoint(value))


def _form(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda value: pattern.fullmatch(value) is not None


_WHO: dict[str, Callable[[str], bool]] = {
    **dict.fromkeys(
        ("aws:principalaccount", "aws:sourceaccount", "aws:sourceowner", "kms:calleraccount", "s3:dataaccesspointaccount"),
        is_account,
    ),
    **dict.fromkeys(("aws:principalorgid", "aws:sourceorgid"), _form(_ORGANIZATION)),
    **dict.fromkeys(("aws:principalorgpaths", "aws:sourceorgpaths"), _form(_ORGANIZATION_PATH)),
    **dict.fromkeys(("aws:principalarn", "aws:sourcearn", "s3:dataaccesspointarn"), _is_arn),
    **dict.fromkeys(("aws:sourcevpc", "aws:sourcevpce"), _form(_NETWORK)),
    "aws:userid": _form(_USER_ID),
    "aws:sourceip": _is_block,
}
"""Condition keys that name who is meant, in lower case, each with a test of whether nobody else can have a value."""


def _every_action(statement: Statement) -> bool:
    if statement.not_actions:
        return not any(_matches_all(one, _ANY_ACTION) for one in statement.not_actions)
    return any(_matches_all(one, _ANY_ACTION) for one in statement.actions)


def _every_resource(statement: Statement, caller: CallerContext) -> bool:
    probes = tuple(f"arn:{caller.partition}:{_OTHER}:{where}:{whose}:{_LONG}" for where in ("", _OTHER) for whose in ("", _OTHER))
    if statement.not_resources:
        return not any(_matches_all(one, probes) for one in statement.not_resources)
    return any(_matches_all(one, probes) for one in statement.resources)


def _all_of_iam(statement: Statement) -> bool:
    """Whether every IAM action that can create administrators is allowed, by any combination of patterns."""
    if statement.not_actions:
        patterns = tuple(map(fold, statement.not_actions))
        return not any(_covers(patterns, one) for one in _MAKES_ADMINS)
    patterns = tuple(map(fold, statement.actions))
    return all(_covers(patterns, one) for one in _MAKES_ADMINS)


def _all_identities(statement: Statement, caller: CallerContext) -> bool:
    probes = [f"arn:{caller.partition}:iam::{caller.account}:{kind}/{_LONG}" for kind in ("group", "policy", "role", "user")]
    if statement.not_resources:
        return not any(_covers(statement.not_resources, one) for one in probes)
    return all(_covers(statement.resources, one) for one in probes)


def _covers(patterns: tuple[str, ...], text: str) -> bool:
    return any(matches(pattern, text) for pattern in patterns)


def _matches_all(pattern: str, texts: tuple[str, ...]) -> bool:
    return pattern == "*" or all(matches(pattern, text) for text in texts)


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern with IAM's wildcards (`*` for any text, `?` for one character) matches a text."""
    star = -1
    at = here = mark = 0
    while here < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, mark, at = at, here, at + 1
        elif at < len(pattern) and pattern[at] in ("?", text[here]):
            at, here = at + 1, here + 1
        elif star >= 0:
            mark += 1
            at, here = star + 1, mark
        else:
            return False
    return set(pattern[at:]) <= {"*"}
