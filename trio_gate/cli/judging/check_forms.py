"""What `trio-gate check` says of texts that do not have the form of the facet that they are compared with, such as an ARN's.

Rule: as in `check_words`, these are remarks.
"""

from __future__ import annotations

import re
from functools import cache
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from trio_gate.aws.hosts.table import HostTable
from trio_gate.errors import did_you_mean
from trio_gate.policy.cel import finds
from trio_gate.policy.literals import Compared
from trio_gate.shell.models.installed_operations import regions
from trio_gate.shell.models.packaged_data import packaged_hosts, packaged_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from trio_gate.policy.literals import How

_LISTS = frozenset({"aws.iam_actions", "aws.resource_accounts", "aws.resources", "aws.session_chain", "aws.shares_with"})
_LITERAL_STARS = frozenset({"aws.shares_with", "aws.path"})
"""Facets in which `*` is a word, or a character like others."""

WITH_STARS = frozenset({"aws.resource", "aws.resources"})
"""Facets that may hold a star, which is unlikely to be meant: `iam:SimulatePrincipalPolicy` is asked about `bucket/*`."""

_ARN = re.compile(r"arn:[^:]*:[^:]+:[^:]*:[^:]*:.+")
_NO_REGION = re.compile(r"[a-z-]*")
"""The region in an ARN that has none, or a word such as `global`."""

_OWNER = re.compile(r"(?:[0-9]{0,11}|[0-9]{12}|[a-z-]*)")
_OWNER_WHOLE = re.compile(r"(?:[0-9]{12}|[a-z-]*)")
"""The account in an ARN: 12 digits, a word such as `aws`, or nothing; what it may begin with, and the whole."""
_SIX_PARTS = "an ARN has six parts, as in arn:aws:s3:::bucket"
_OF_POLICY = ("member", "statements")
_LISTS_OF_STATEMENT = ("actions", "resources", "principals")
_OF_STATEMENT = (
    *("effect", "conditions", "admin", "public", "foreign"),
    *_LISTS_OF_STATEMENT,
    *(f"not_{name}" for name in _LISTS_OF_STATEMENT),
)
_EFFECTS = ("Allow", "Deny")
_EVERYBODY = frozenset({"all", "anybody", "anyone", "everybody", "everyone", "public", "world"})

TESTS: Mapping[How, Callable[[str, str], bool]] = {
    "==": str.__eq__,
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": str.__contains__,
    "matches": lambda word, pattern: finds(pattern, word),
}
"""Whether a word, given first, is as a condition asks."""

_ACCOUNT = re.compile(r"[0-9]{12}")


@cache
def all_regions() -> Collection[str]:
    """The regions of all partitions, those of the installed botocore included."""
    return {region for one in packaged_hosts()["partitions"].values() for region in one["regions"]} | regions()


def form_fault(one: Compared) -> str | None:
    """What is wrong with a text for its facet; None if nothing is known to be."""
    if "*" in one.text and one.facet not in _LITERAL_STARS:
        return f"{said(one)} has no wildcard: {_without_star(one)}"
    why = _FORMS[one.facet](one) if one.facet in _FORMS else None
    return None if why is None else f"no call has {said(one)}: {why}"


def policy_fault(one: Compared) -> str | None:
    """What is wrong with a part of a policy document, by its name or the text that it is compared with; None if nothing is."""
    of, _, part = one.facet.removeprefix("aws.policies.").partition(".")
    name, known, whole = (
        (part.partition(".")[0], _OF_STATEMENT, "a statement") if of == "statements" else (of, _OF_POLICY, "a policy")
    )
    if name and name not in known:
        return ", ".join(filter(None, (f"{whole} has no `{name}`", meant(name, known))))
    if name == "effect" and not any(TESTS[one.how](word, one.text) for word in _EFFECTS):
        return f'no statement has the effect "{one.text}": it is `Allow` or `Deny`'
    return None


def said(one: Compared) -> str:
    """A comparison as it may be in a condition."""
    if one.how == "==":
        return f'"{one.text}" in {one.facet}' if one.facet in _LISTS else f'{one.facet} == "{one.text}"'
    begins = f"{one.facet}.exists(one, one.{one.how}" if one.facet in _LISTS else f"{one.facet}.{one.how}"
    return f'{begins}("{one.text}")' + ")" * (one.facet in _LISTS)


def meant(word: str, known: Collection[str]) -> str | None:
    """A hint with the known word that differs in case alone, else with the one most like it; None if none is close."""
    same = next((one for one in known if one.lower() == word.lower()), None)
    return f"did you mean `{same}`?" if same else did_you_mean(word, known)


def _without_star(one: Compared) -> str:
    start, _, rest = one.text.partition("*")
    if rest or not start or one.how not in ("==", "startsWith"):
        return "`*` stands for itself, and `matches` takes patterns"
    return f"`*` stands for itself; for all that begins so, write {said(Compared(facet=one.facet, how='startsWith', text=start))}"


def _iam_action(one: Compared) -> str | None:
    prefix, colon, name = one.text.partition(":")
    if one.how not in ("==", "startsWith"):
        return None
    prefixes = packaged_tables("services")
    if not colon:
        begins = one.how == "startsWith" and any(known.startswith(prefix) for known in prefixes)
        return None if begins else f'an IAM action has a prefix, as "s3:{one.text}"; aws.action has none'
    if prefix not in prefixes:
        return _none(f"IAM has no prefix `{prefix}`", prefix, prefixes)
    names = [row["name"] for row in packaged_tables(f"actions/{prefix}").values()]
    if name in names or (one.how == "startsWith" and any(known.startswith(name) for known in names)):
        return None
    return _none("IAM has no such action", name, names)


def _none(fault: str, word: str, known: Collection[str]) -> str:
    return ", ".join(filter(None, (fault, meant(word, known))))


def _arn(one: Compared) -> str | None:
    if one.how == "==" and not _ARN.fullmatch(one.text):
        return _SIX_PARTS
    if one.how not in ("==", "startsWith"):
        return None
    return _part_of_arn(one.text.split(":", 5)) if _may_begin(one.text, "arn:") else "an ARN begins with `arn:`"


def _part_of_arn(parts: list[str]) -> str | None:
    """What is wrong with an ARN's partition, region or account, where these are there; the last part may be a beginning."""
    partitions = packaged_hosts()["partitions"]
    if len(parts) > 2 and parts[1] not in partitions:
        return _none(f"no partition is called `{parts[1]}`", parts[1], partitions)
    if len(parts) > 4 and not _NO_REGION.fullmatch(parts[3]) and parts[3] not in all_regions():
        return _none(f"no region is called `{parts[3]}`", parts[3], all_regions())
    if len(parts) > 4 and not (_OWNER_WHOLE if len(parts) > 5 else _OWNER).fullmatch(parts[4]):
        return f"its account would be `{parts[4]}`: an account has 12 digits, and {_SIX_PARTS}"
    return None


def _role(one: Compared) -> str | None:
    parts = one.text.split(":")
    if one.how in ("==", "startsWith") and len(parts) > 3 and parts[2] != "iam":
        return "a role's ARN is IAM's, as arn:aws:iam::111111111111:role/name, also while it is used"
    return _arn(one)


def _account(one: Compared) -> str | None:
    return "an account has 12 digits" if one.how == "==" and not _ACCOUNT.fullmatch(one.text) else None


def _host(one: Compared) -> str | None:
    if one.text != one.text.lower():
        return "hosts are in lower case"
    if set(one.text) & set("/:"):
        return "it is a host alone, without scheme, port and path"
    domains = _domains()
    ends = one.how in ("==", "endsWith") and not any(_may_end(one.text, domain) for domain in domains)
    return "AWS has no such host, and no rule is asked about tunnels to others" if ends else None


@cache
def _domains() -> tuple[str, ...]:
    return HostTable(packaged_hosts()).all_domains


def _may_end(text: str, domain: str) -> bool:
    """Whether a host in a domain may end so."""
    return f".{domain}".endswith(text) or text.endswith(f".{domain}") or text == domain


def _path(one: Compared) -> str | None:
    return "a path begins with `/`" if one.how in ("==", "startsWith") and not _may_begin(one.text, "/") else None


def _address(one: Compared) -> str | None:
    if one.how != "==" or _is(ip_address, one.text):
        return None
    network = "it is a network: `networks` in the block of the agent takes those"
    return network if _is(ip_network, one.text) else "it is no IP address"


def _is(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


def _may_begin(text: str, start: str) -> bool:
    return text.startswith(start) or start.startswith(text)


_FORMS: Mapping[str, Callable[[Compared], str | None]] = {
    "agent.address": _address,
    "aws.host": _host,
    "aws.iam_action": _iam_action,
    "aws.iam_actions": _iam_action,
    "aws.path": _path,
    "aws.resource": _arn,
    "aws.resource_accounts": _account,
    "aws.resources": _arn,
    "aws.session_chain": _role,
    "aws.shares_with": lambda one: "everybody is `*`" if one.text.lower() in _EVERYBODY else None,
    "aws.session_role": _role,
}
