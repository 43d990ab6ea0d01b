"""Proposes whether a call can give access to somebody, by the functions in `aws/sharing`, policy documents, its name and its members.

Rule: those who get access are named in a member whose name has one of the words below, other than the caller's own account. A change of
permissions outside IAM, whose members are known, shares as well. An operation that removes something (Delete, Revoke, …) gives no
access, unless it removes a protection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.data.review.models import one_of
from trio_gate.aws.iam.answer_members import words
from trio_gate.aws.policies.members import TEMPLATES, kind_of
from trio_gate.aws.sharing.shares import WAYS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.data.review.models import Leaf, Modelled
    from trio_gate.aws.call import Access

_MEMBERS = one_of(
    "account accounts acl acls anonymous anyone canned cidr cidrs everyone grant grantee grantees grants guest guests organization"
    " organizational organizations permission permissions principal principals public publicly share shared shares sharing"
    " unauthenticated"
)
_OPERATIONS = one_of(
    "accept acl anonymous authorize expose grant grants guest invitation invitations invite invites peering permission permissions"
    " public share shared shares sharing trust unauthenticated"
)
_LOOKS = one_of("describe get list search")
_TAKES_AWAY = one_of(
    "abort cancel close deactivate deauthorize decline delete deregister detach disable disassociate dissociate leave purge reject remove"
    " reset retire revoke stop terminate unshare untag withdraw"
)
_GUARDS = one_of("acl authorizer block crl deny restriction")
"""Words for protections, whose removal may give access."""

_SHARED_BY_ATTRIBUTE = one_of("image snapshot")
_KEEPS_OUT = one_of("block ignore restrict")
_AUTHORIZATION = one_of("auth authentication authorization authorizer")
_OPEN = ("NONE", "ANONYMOUS", "OPEN")
"""Values that mean no authorization."""

_OTHER_THINGS = {
    **dict.fromkeys(("block", "blocks"), one_of("cidr cidrs")),
    **dict.fromkeys(("ip", "ipv", "key", "keys"), one_of("public")),
    "app": one_of("block"),
    "boundary": one_of("permission permissions"),
    "cidr": one_of("block"),
    "file": one_of("share shared shares"),
    "point": one_of("share"),
    "quota": one_of("share"),
    "screen": one_of("sharing"),
    "secret": one_of("shared"),
    "service": one_of("account accounts"),
    "store": one_of("trust"),
    "web": one_of("acl acls"),
}
"""Words that change the meaning of another word beside them: a public key or address, a permissions boundary, a file share, SharePoint, a
trust store, a web ACL, a CIDR block."""

_ORGANIZATIONS = one_of("organization organizational organizations")
_NAMES_ONE = one_of("arn arns id ids units value")
"""Last words of members that name an AWS organization; other members name companies or are parts of certificates and directories."""

_OTHER_ORGANIZATIONS = one_of("workdocs workmail")
"""Services in which an organization is something else."""

_NOBODY = one_of("accountname accountnumber granttokens granttype networkaclid permissionsetarn publictype")
"""Names of members, in lower case, that have such a word but name nobody who gets access."""


def shares(operation: Modelled, access: Access) -> Iterator[tuple[str, str]]:
    """The mark, with the members that decide it, and its reason."""
    if (operation.service, operation.name) in WAYS:
        yield "shares", "it is worked out with whom"
    elif access not in {"read", "list", "tagging"} and operation.words[0] not in _LOOKS:
        yield from (
            _taken_away(operation)
            if _TAKES_AWAY & {*operation.words[: 2 if operation.words[0] == "batch" else 1]}
            else _given(operation, access)
        )


def _taken_away(operation: Modelled) -> Iterator[tuple[str, str]]:
    if _said(operation.words, _GUARDS):
        yield "shares", "a guard goes"


def _given(operation: Modelled, access: Access) -> Iterator[tuple[str, str]]:
    documents = tuple(dict.fromkeys(_documents(operation)))
    members = tuple(dict.fromkeys(clause for leaf in operation.inputs for clause in _clauses(operation.service, leaf)))
    said = set(operation.words)
    if not documents and (_said(operation.words, _OPERATIONS) or ("attribute" in said and _SHARED_BY_ATTRIBUTE & said)):
        yield "shares", "its name says so"
    elif not documents and access == "permissions" and operation.service != "iam":
        yield "shares", "permissions change"
    elif documents or members:
        yield (
            f"shares?{','.join(dict.fromkeys((*documents, *members)))}",
            "a document says who" if documents else "a member says who",
        )


def _documents(operation: Modelled) -> Iterator[str]:
    """Members that hold a policy document, or a template that may contain one."""
    for leaf in operation.inputs:
        where = f"{operation.service}.{operation.name}"
        kind = kind_of(operation.service, operation.name, leaf.names[-1]) if leaf.names and leaf.text else None
        if kind in {"read", "other"}:
            yield str(leaf)
        elif leaf.path and (where, leaf.path[0]) in TEMPLATES:
            yield leaf.path[0]


def _clauses(service: str, leaf: Leaf) -> Iterator[str]:
    """The condition on a member: that it is sent, or that it has a value."""
    for name in leaf.names:
        kind = _telling(name)
        if kind == "organization":
            kind = "somebody" if service not in _OTHER_ORGANIZATIONS and words(leaf.names[-1])[-1] in _NAMES_ONE else ""
        if kind == "somebody" and leaf.type in {"string", "blob", "boolean"}:
            yield str(leaf)
        elif kind == "guard" and leaf.type == "boolean":
            yield f"{leaf}=false"
        elif kind == "authorization" and name == leaf.names[-1]:
            yield from (f"{leaf}={word}" for word in _OPEN)


def _telling(name: str) -> str:
    """What a member holds, by its name: "somebody", "organization", "guard" (a protection), "authorization" (its kind), or "" for nothing."""
    found = _said(words(name), _MEMBERS)
    if name.lower() in _NOBODY:
        return ""
    if "public" in found and _KEEPS_OUT & set(words(name)):
        return "guard"
    if "type" in words(name) and _AUTHORIZATION & set(words(name)):
        return "authorization"
    return ("organization" if found <= _ORGANIZATIONS else "somebody") if found else ""


def _said(said: tuple[str, ...], telling: frozenset[str]) -> frozenset[str]:
    """The significant words, without those whose meaning another word changes."""
    return telling.intersection(said).difference(*(_OTHER_THINGS.get(word, ()) for word in said))
