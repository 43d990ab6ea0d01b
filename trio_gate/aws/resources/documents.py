"""Which accounts a document among the parameters mentions: a policy, a template, a program.

Rule: another account in an ARN or in quotes counts in any text. That a document concerns only our accounts (the caller's and the
configured ones) can be proven only for JSON policies, in which each principal, and each ARN that is not AWS's own, names one of them.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.resources.arns import is_account, parse
from trio_gate.text.folding import fold
from trio_gate.text.json_members import once

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trio_gate.aws.call import Unknown
    from trio_gate.aws.resources.arns import CallerContext

MAX_DOCUMENT = 1 << 20
"""Characters of a document that is searched; a longer one is unknown."""

MAX_POLICY = 65536
"""Characters of a policy that is parsed; services accept much less."""

_DOCUMENT = re.compile(r"[{<\[\n]|arn:", re.ASCII | re.IGNORECASE)
_NAMED = re.compile(r"arn:aws[a-z-]{0,16}:[a-z0-9-]{0,32}:[a-z0-9-]{0,32}:([0-9]{12}):|[\"']([0-9]{12})[\"']")


def accounts_in(value: str, caller: CallerContext) -> Sequence[str | Unknown]:
    """The accounts that a document names, and UNKNOWN if it may concern others too. Nothing for a plain word."""
    if len(value) > MAX_DOCUMENT:
        return (UNKNOWN,)
    if _DOCUMENT.search(value) is None:
        return ()
    named: list[str | Unknown] = [found[1] or found[2] for found in _NAMED.finditer(value)]
    own = value.lstrip(" \t\r\n")[:1] == "{" and len(value) <= MAX_POLICY and _own_policy(value, caller)
    return named if own else [*named, UNKNOWN]


def _own_policy(value: str, caller: CallerContext) -> bool:
    """Whether a text is a policy that concerns only our accounts, AWS services and what AWS provides."""
    try:
        policy = _DECODER.decode(value)
    except (ValueError, RecursionError):
        return False
    return isinstance(policy, dict) and "Statement" in policy and _all_own(policy, caller)


_DECODER = json.JSONDecoder(object_pairs_hook=once)


def _all_own(policy: Any, caller: CallerContext) -> bool:
    """Whether every text of a policy is our own, by the folded name of its member; inside a principal or a condition, by that name."""
    todo: list[tuple[str, Any]] = [("", policy)]
    while todo:
        name, value = todo.pop()
        if isinstance(value, dict):
            whole = name in _WHOLE
            todo += [(name if whole else fold(key), item) for key, item in value.items()]
        elif isinstance(value, list):
            todo += [(name, item) for item in value]
        elif value is not None and not isinstance(value, bool) and not _own(name, str(value), caller):
            return False
    return True


_WHOLE = frozenset(("principal", "notprincipal", "condition"))


def _own(name: str, text: str, caller: CallerContext) -> bool:
    if name in {"principal", "notprincipal"}:
        return caller.is_ours(text) or _of_our_accounts(text, caller) or text.endswith(".amazonaws.com")
    if is_account(text):
        return caller.is_ours(text)
    if name in {"resource", "notresource"}:
        return text == "*" or _of_our_accounts(text, caller)
    return "arn:" not in text or _of_our_accounts(text, caller)


def _of_our_accounts(text: str, caller: CallerContext) -> bool:
    parts = text.split(":", 5)
    if parse(text) is None and not (len(parts) == 6 and parts[0] == "arn"):
        return False
    return parts[4] == "aws" or caller.is_ours(parts[4])
