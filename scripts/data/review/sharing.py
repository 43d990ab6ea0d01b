"""Whether a call can give access to somebody, proposed from what the sharing room works out, its policy documents, its name and its members.

Rule: access is given to somebody by a word that says so. A member whose name has none of the words below tells of nobody, nor does one
that names the caller's own account; a change of permissions outside IAM, whose members are known, shares. What takes away (Delete,
Revoke, …) gives nothing, but where it takes away a guard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.data.review.models import one_of, words
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
"""Words of what keeps people out."""

_SHARED_BY_ATTRIBUTE = one_of("image snapshot")
_KEEPS_OUT = one_of("block ignore restrict")
_AUTHORIZATION = one_of("auth authentication authorization authorizer")
_OPEN = ("NONE", "ANONYMOUS", "OPEN")
"""Kinds of authorization that ask for none."""

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
"""Words that make another thing of a word: a public key or address, a permissions boundary, a file share, SharePoint, a trust store, a
web ACL, a network's block."""

_ORGANIZATIONS = one_of("organization organizational organizations")
_NAMES_ONE = one_of("arn arns id ids units value")
"""Last words of members that name an organization of AWS; other words are of companies, certificates and directories."""

_OTHER_ORGANIZATIONS = one_of("workdocs workmail")
"""Services that call something else of their own an organization."""

_NOBODY = one_of("accountname accountnumber granttokens granttype networkaclid permissionsetarn publictype")
"""Names of members, in lower case, that have a word of those and tell of nobody."""


def shares(operation: Modelled, access: Access) -> Iterator[tuple[str, str]]:
    """The mark, with the members that decide it, and why."""
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
    """Members that hold a policy document or a template that may have one."""
    for leaf in operation.inputs:
        where = f"{operation.service}.{operation.name}"
        kind = kind_of(operation.service, operation.name, leaf.names[-1]) if leaf.names and leaf.text else None
        if kind in {"read", "other"}:
            yield str(leaf)
        elif leaf.path and (where, leaf.path[0]) in TEMPLATES:
            yield leaf.path[0]


def _clauses(service: str, leaf: Leaf) -> Iterator[str]:
    """What decides, by a member: that it is there, or that it has a value."""
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
    """What a member's name tells of: somebody, an organization, a guard, the kind of authorization, or nobody ("")."""
    found = _said(words(name), _MEMBERS)
    if name.lower() in _NOBODY:
        return ""
    if "public" in found and _KEEPS_OUT & set(words(name)):
        return "guard"
    if "type" in words(name) and _AUTHORIZATION & set(words(name)):
        return "authorization"
    return ("organization" if found <= _ORGANIZATIONS else "somebody") if found else ""


def _said(said: tuple[str, ...], telling: frozenset[str]) -> frozenset[str]:
    """The words that tell, but for those that another word makes another thing of."""
    return telling.intersection(said).difference(*(_OTHER_THINGS.get(word, ()) for word in said))
