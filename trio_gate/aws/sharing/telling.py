"""Whether an operation without its own function may give access to somebody, judged by its name and its members' names.

Rule: those who get access are named in a member whose name has one of the words below. If no such member was sent, or it names only the
caller's own account, the operation shares nothing; otherwise the answer is unknown. So is any change of permissions outside IAM, whose
members are known. An operation that removes something (Delete, Revoke, …) gives no access, unless it removes a protection.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.model.shape import reaching
from trio_gate.aws.resources.arns import parse
from trio_gate.aws.sharing.who import is_service
from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Value
    from trio_gate.aws.model.shape import Shape
    from trio_gate.aws.resources.arns import CallerContext

_WORD = re.compile(r"[A-Z]{1,40}(?![a-z])|[A-Z]?[a-z]{1,40}")


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MEMBERS = _listed("""
    account accounts acl acls anonymous anyone cidr cidrs everyone grant grantee grantees grants guest guests organization organizational organizations
    permission permissions principal principals public publicly scheme share shared shares sharing unauthenticated
""")
_OPERATIONS = _listed("""
    accept acl anonymous authorize expose grant grants guest invitation invitations invite invites peering permission permissions public
    share shared shares sharing trust unauthenticated
""")
_TAKES_AWAY = _listed("""
    cancel close decline delete deregister detach disassociate leave purge reject remove reset revoke stop terminate untag withdraw
""")
_GUARDS = _listed("acl authorizer block deny restriction")
"""Words for protections, whose removal may give access."""

_SHARED_BY_ATTRIBUTE = _listed("image snapshot")
_KEEPS_OUT = _listed("block ignore restrict")
_AUTHORIZATION = _listed("auth authentication authorization")
_OPEN = _listed("anonymous none open")
"""Values that mean no authorization."""

_ORGANIZATIONS = _listed("organization organizational organizations")
_OTHER_THINGS = {
    **dict.fromkeys(("block", "blocks"), _listed("cidr cidrs")),
    **dict.fromkeys(("ip", "ipv", "key", "keys"), _listed("public")),
    "app": _listed("block"),
    "boundary": _listed("permission permissions"),
    "file": _listed("share shared shares"),
    "point": _listed("share"),
    "service": _listed("account accounts"),
    "store": _listed("trust"),
    "web": _listed("acl acls"),
}
"""Words that change the meaning of another word beside them: a public key or address, a permissions boundary, a file share, SharePoint,
a trust store, a web ACL, a CIDR block."""

_NOBODY = _listed("""
    accountname accountnumber granttokens granttype networkaclid permissionsetarn publictype
""")
"""Names of members, in lower case, that have such a word but name nobody who gets access."""

_HARMLESS = _listed("- BUCKET_OWNER_FULL_CONTROL IAM_ALLOWED_PRINCIPALS PRIVATE private")
"""Values that give access to nobody else."""

_ORGANIZATION = re.compile(r"(?:o|ou|r)-[a-z0-9-]{4,68}|arn:aws[a-z-]{0,16}:organizations:.{1,2048}")


def may_share(
    operation: str, shape: Shape | None, params: Mapping[str, Value], scene: CallerContext, *, permissions: bool
) -> bool:
    """Whether a call may give access to somebody. `permissions` is whether it changes who may do what."""
    words = _words(operation)
    takes_away = bool(words) and words[0] in _TAKES_AWAY
    telling = _GUARDS if takes_away else _OPERATIONS
    if telling.intersection(words).difference(*(_OTHER_THINGS.get(word, ()) for word in words)):
        return True
    attribute = "attribute" in words and not _SHARED_BY_ATTRIBUTE.isdisjoint(words)
    return not takes_away and (permissions or attribute or _tells(shape, params, scene))


def _tells(root: Shape | None, params: Mapping[str, Value], scene: CallerContext) -> bool:
    """Whether a member that was sent may name somebody else."""
    if root is None or root not in _telling_shapes(root):
        return False
    todo: list[tuple[Shape | None, Value, str]] = [(root, dict(params), "")]
    telling = _telling_shapes(root)
    while todo:
        shape, value, told = todo.pop()
        if isinstance(value, dict):
            named = shape is not None and shape.type == "structure"
            for name, item in value.items():
                below = shape.inner(name) if shape is not None else None
                says = told or (_telling(name) if named else "")
                if says or below in telling:
                    todo.append((below, item, says))
        elif isinstance(value, list):
            below = shape.inner("") if shape is not None else None
            todo.extend((below, item, told) for item in value)
        elif told and _somebody(value, told, scene):
            return True
    return False


def _somebody(value: Value, told: str, scene: CallerContext) -> bool:
    """Whether a value of such a member may mean somebody outside the account."""
    if isinstance(value, str) and value:
        if told == "authorization":
            return fold(value) in _OPEN
        if told == "organization" or _ORGANIZATION.fullmatch(value):
            return _ORGANIZATION.fullmatch(value) is not None
        arn = parse(value)
        return (
            value not in _HARMLESS | {scene.account} and not is_service(value) and (arn is None or arn.account != scene.account)
        )
    if told == "guard":
        return value is False or value is UNKNOWN
    return value is UNKNOWN or (value is True and told == "somebody") or isinstance(value, bytes)


@lru_cache(maxsize=4096)
def _telling_shapes(root: Shape) -> frozenset[Shape]:
    """The shapes of an input from which such a member can be reached."""
    return reaching(root, lambda name: bool(_telling(name)))


@lru_cache(maxsize=16384)
def _telling(name: str) -> str:
    """What a member holds, by its name: "somebody", "organization", "guard" (a protection), "authorization" (its kind), or "" for nothing."""
    words = frozenset(_words(name))
    found = (words & _MEMBERS).difference(*(_OTHER_THINGS.get(word, ()) for word in words))
    if fold(name) in _NOBODY:
        return ""
    if "public" in found and not _KEEPS_OUT.isdisjoint(words):
        return "guard"
    if "type" in words and not _AUTHORIZATION.isdisjoint(words):
        return "authorization"
    return ("organization" if found <= _ORGANIZATIONS else "somebody") if found else ""


def _words(name: str) -> tuple[str, ...]:
    """The words of a name in camel case, in lower case."""
    return tuple(fold(word) for word in _WORD.findall(name))
