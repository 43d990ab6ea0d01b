"""What `trio-gate check` says of texts that do not have the form of the facet that they are compared with, such as an ARN's.

Rule: as in `check_words`, these are remarks.
"""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from trio_gate.errors import did_you_mean
from trio_gate.policy.literals import Compared
from trio_gate.shell.models.packaged_data import packaged_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

_LISTS = frozenset({"aws.iam_actions", "aws.resource_accounts", "aws.resources", "aws.session_chain"})
_LITERAL_STARS = frozenset({"aws.shares_with", "aws.path"})
"""Facets in which `*` is a word, or a character like others."""

WITH_STARS = frozenset({"aws.resource", "aws.resources"})
"""Facets that may hold a star, which is unlikely to be meant: `iam:SimulatePrincipalPolicy` is asked about `bucket/*`."""

_ARN = re.compile(r"arn:[^:]*:[^:]+:[^:]*:[^:]*:.+")
_ACCOUNT = re.compile(r"[0-9]{12}")


def form_fault(one: Compared) -> str | None:
    """What is wrong with a text for its facet; None if nothing is known to be."""
    if "*" in one.text and one.facet not in _LITERAL_STARS:
        return f"{said(one)} has no wildcard: {_without_star(one)}"
    why = _FORMS[one.facet](one) if one.facet in _FORMS else None
    return None if why is None else f"no call has {said(one)}: {why}"


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
        return "it is no ARN, which has six parts, as in arn:aws:s3:::bucket"
    return "an ARN begins with `arn:`" if one.how == "startsWith" and not _may_begin(one.text, "arn:") else None


def _account(one: Compared) -> str | None:
    return "an account has 12 digits" if one.how == "==" and not _ACCOUNT.fullmatch(one.text) else None


def _host(one: Compared) -> str | None:
    if one.text != one.text.lower():
        return "hosts are in lower case"
    return "it is a host alone, without scheme, port and path" if set(one.text) & set("/:") else None


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
    "aws.session_chain": _arn,
    "aws.session_role": _arn,
}
