"""What makes a call dangerous.

Rule: a danger is proven by the call's facts or its parameters, never by its name alone. What decides a danger and cannot be read (a policy
that is no policy, a template that was given before) counts as one, since an agent could choose to write it so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.resources.arns import parse
from trio_gate.effect.grants import admin_members, strangers
from trio_gate.effect.losses import is_small
from trio_gate.effect.names import own_name, shown
from trio_gate.effect.reasons import Reason
from trio_gate.effect.statements import statement_does
from trio_gate.effect.switches import deciding, members

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trio_gate.aws.call import Call
    from trio_gate.effect.reasons import Code

MAX_NAMED = 3
"""How many accounts, roles or members one reason names."""

READS = frozenset(("read", "list"))
"""The levels of access of calls that change nothing."""

TEMPLATED = frozenset(("cloudcontrol", "cloudformation"))
"""Services whose calls carry out what a document says, this one or one that was given before."""

_SETS = re.compile(
    r"(?:(?:master|admin|user|new|proposed|temporary|domain|database|cluster|db)?(?:user)?password|secretstring|secretbinary|authtoken"
    r"|sshpublickey(?:body)?|publickey(?:material|body)?|privatekey|presharedkeys?)\Z"
)
"""Members that set a credential, in lower case."""


def dangers(call: Call, *, virtual: bool) -> Iterator[Reason]:
    """Why a call is dangerous. `virtual`: it is answered with a virtual session."""
    if call.access not in READS:
        yield from _runs(call)
        yield from _opens(call)
        yield from _empowers(call)
        yield from _takes(call)
    yield from _discloses(call, virtual=virtual)


def _runs(call: Call) -> Iterator[Reason]:
    if call.runs_code is True:
        yield from _each(
            "code", deciding("code", call.params), "it carries code, a script, a command or a template that will run"
        )
    elif UNKNOWN in (call.runs_code, call.destroys) and call.reviewed and call.service in TEMPLATED:
        yield _danger("code", "a template decides what it creates, changes and deletes")
    statement = statement_does(call)
    if statement == "destroys":
        yield _danger("statement", "its statement may delete: it has a verb for that")


def _opens(call: Call) -> Iterator[Reason]:
    if call.makes_public is True:
        yield _danger("public", "everybody, or somebody unnamed, gets access")
    others = strangers(call)
    if others:
        more = f" and {len(others) - MAX_NAMED} others" if len(others) > MAX_NAMED else ""
        who = ", ".join(shown(one, 80) for one in others[:MAX_NAMED])
        yield _danger("accounts", f"outside of the account, {who}{more} get{'' if len(others) > 1 else 's'} access")


def _empowers(call: Call) -> Iterator[Reason]:
    for member in admin_members(call):
        yield _danger("admin", f"{member}: it allows everything, or to allow oneself everything")
    if call.policies is UNKNOWN and call.access == "permissions" and call.reviewed and _sends_document(call):
        yield _danger("admin", "a policy that it sends cannot be read, so what it allows is not known")
    if isinstance(call.iam_actions, tuple) and "iam:PassRole" in call.iam_actions:
        yield _danger("passes_role", f"it passes {_roles(call)}: what gets it may do all that the role may")
    for name, value in members(call.params):
        if (
            value not in (None, "", b"", [], {})
            and _SETS.match(name.lower().replace("_", "").replace("-", ""))
            and not isinstance(value, bool)
        ):
            yield _danger("sets_credentials", f"{name[:80]}: a credential is set")
            return
    if call.service == "ssm" and call.operation == "PutParameter" and call.params.get("Type") == "SecureString":
        yield _danger("sets_credentials", "SecureString: a secret is set")
    if call.service == "iam" and call.operation == "UpdateAccessKey" and call.params.get("Status") == "Active":
        yield _danger("sets_credentials", "Status: an access key works again")


def _sends_document(call: Call) -> bool:
    """Whether a text among the parameters may be a policy: those that a call only names are no danger by themselves."""
    texts = (value for _, value in members(call.params) if isinstance(value, str | bytes))
    return any(text.lstrip()[:1] in ("{", b"{", "%") or len(text) > 2048 for text in texts)


def _roles(call: Call) -> str:
    found = [
        own_name(value, call.account, call.region)
        for _, value in members(call.params)
        if isinstance(value, str) and (arn := parse(value)) is not None and arn.service == "iam"
    ]
    named = list(dict.fromkeys(found))[:MAX_NAMED]
    return f"role {', '.join(shown(one, 64) for one in named)}" if named else "a role"


def _takes(call: Call) -> Iterator[Reason]:
    if call.destroys is True and not is_small(call):
        yield from _each("irreversible", deciding("destroys", call.params), "what it deletes is gone for good")
    if call.unguards is True:
        yield from _each(
            "unguards", deciding("unguards", call.params), "a guard is turned off: a trail, log, alarm, backup, key or lock"
        )


def _discloses(call: Call, *, virtual: bool) -> Iterator[Reason]:
    if call.vends_credentials is True and not virtual:
        yield _danger("vends", "the answer contains credentials")
    elif call.reads_secret is True and call.service != "kms":
        yield _danger("secret", "the answer contains a secret")


def _each(code: Code, found: list[str], otherwise: str) -> Iterator[Reason]:
    for text in found[:MAX_NAMED] or [otherwise]:
        yield _danger(code, text)


def _danger(code: Code, text: str) -> Reason:
    return Reason(level="danger", code=code, text=text)
