"""The risks of a call, in words for the person who decides.

Rule: these are hints. Nothing is decided by them, and their absence promises nothing; what is unknown is called unknown.
"""

from __future__ import annotations

import re
from itertools import repeat
from typing import TYPE_CHECKING, Literal

from trio_gate.aws.call import Unknown
from trio_gate.aws.params.readers.json_body import read_json
from trio_gate.aws.params.readers.pieces import PIECE
from trio_gate.errors import Malformed
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trio_gate.aws.call import Call, Value

Code = Literal[
    "newer",
    "presigned",
    "vends",
    "secret",
    "public",
    "irreversible",
    "permissions",
    "cross_account",
    "cross_account_unknown",
    "unnamed",
    "sent",
    "recount",
]

MAX_POLICY = 64 * 1024
"""Characters of a text that is read as a policy. The largest that AWS accepts, an S3 bucket policy, has 20 KiB."""

MAX_LOOKED_AT = 2000
"""How many values of the parameters are checked."""


@value_class
class Risk:
    """One thing that a person should look at before approving."""

    code: Code
    text: str


_ENDS = re.compile(r"(?:Delete|Terminate|Purge|Destroy|Remove|Release|Deregister|Revoke|Disassociate|Reset|ScheduleKeyDeletion)")
_WORD = re.compile(r"[A-Z]+[0-9]*(?=[A-Z][a-z]|$)|[A-Z]?[a-z0-9]+|[A-Z]+")
_PUBLIC = frozenset({"public-read", "public-read-write", "authenticated-read", "0.0.0.0/0", "::/0", "*"})
_PUBLIC_NAMES = frozenset({"ACL", "CidrIp", "CidrIpv6", "CidrIpv4", "Principal", "CIDRIP"})
_PRINCIPAL = re.compile(r'"(?:Principal|AWS)"\s{0,1000}+(?:\s|:\s{0,1000}+(?:\s|(?:\[\s{0,1000}+)?(?:\s|"\*")))')
"""Matches a principal that is, or may be, `*`; it may be if more blanks follow than are read."""

_LONGEST = 4096
"""At least as many characters as the pattern above can match."""


_NEWER = "it, or a parameter or answer field of it, is newer than the review: what it does, and whether it returns credentials, is unknown"
_SIGNED = "it is signed and not sent: whoever has the signature can send it without the gateway, for {} seconds, and add what is unknown here"
_VIRTUAL = "the agent gets a session that works through this gateway alone: rules decide about each call that it makes with it"
_OWN_REVIEW = (
    "it, or a parameter or answer field of it, is newer than the review: the facts shown here are from the operator's own review"
)


def words(operation: str) -> str:
    """An operation's name in words: "delete objects"."""
    return " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in _WORD.findall(operation))


def risks(call: Call, *, virtual: bool = False) -> tuple[Risk, ...]:
    """The hints about a call, the most serious first. `virtual`: it is answered with a virtual session."""
    return tuple(_risks(call, virtual=virtual))


def _risks(call: Call, *, virtual: bool) -> Iterator[Risk]:
    if not call.reviewed:
        yield Risk(code="newer", text=_OWN_REVIEW if call.own_review else _NEWER)
    if call.presigned is not None:
        yield Risk(code="presigned", text=_SIGNED.format(call.presigned))
    if call.vends_credentials is True:
        yield Risk(code="vends", text=_VIRTUAL if virtual else "the answer contains credentials")
    if call.reads_secret is True:
        yield Risk(code="secret", text="the answer contains a secret")
    if _is_public(call.params):
        yield Risk(code="public", text="it may make something public")
    if _ENDS.match(call.operation):
        yield Risk(code="irreversible", text="it may not be possible to undo it")
    if call.access == "permissions":
        yield Risk(code="permissions", text="it changes who may do what")
    if isinstance(call.cross_account, Unknown):
        yield Risk(code="cross_account_unknown", text="it may affect another account: this is unknown")
    elif call.cross_account:
        yield Risk(code="cross_account", text="it affects another account")
    if call.iam_action is None or isinstance(call.iam_actions, Unknown):
        yield Risk(code="unnamed", text="its IAM actions are not known")


def _is_public(params: Mapping[str, Value]) -> bool:
    for name, value in _texts(dict(params)):
        if name in _PUBLIC_NAMES and value in _PUBLIC:
            return True
        if isinstance(value, str) and _opens(value):
            return True
        if name == "PubliclyAccessible" and value is True:
            return True
    return False


def _opens(text: str) -> bool:
    """Whether a policy has everybody as principal: by its JSON or, if it cannot be parsed, by a pattern."""
    try:
        policy = read_json(text.encode()) if len(text) <= MAX_POLICY else None
    except (Malformed, UnicodeEncodeError):
        policy = None
    if policy is None:
        return any(_PRINCIPAL.search(text, at, at + PIECE + _LONGEST) for at in range(0, len(text), PIECE))
    return isinstance(policy, dict) and any(name in {"Principal", "AWS"} and value == "*" for name, value in _texts(policy))


def _texts(params: dict[str, Value]) -> Iterator[tuple[str, str | bool]]:
    """Texts and booleans with the name of the member that holds them, the first MAX_LOOKED_AT."""
    around: list[Iterator[tuple[str, Value]]] = [iter(params.items())]
    looked_at = 0
    while around and looked_at < MAX_LOOKED_AT:
        name, value = next(around[-1], (None, None))
        looked_at += 1
        if name is None:
            around.pop()
        elif isinstance(value, dict):
            around.append(iter(value.items()))
        elif isinstance(value, list):
            around.append(zip(repeat(name), value, strict=False))
        elif isinstance(value, (str, bool)):
            yield name, value
