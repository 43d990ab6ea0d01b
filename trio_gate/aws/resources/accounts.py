"""Which accounts the texts of a call name, and which texts may name one.

Rule: twelve digits are an account anywhere except in what the caller stores. A text is taken to concern only the caller's account if it
cannot name another one. The value of a member for an account or a principal, a host, the id of a shareable resource, or a document is
UNKNOWN if it does not say which account it belongs to.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.resources.arns import is_account, parse
from trio_gate.aws.resources.documents import accounts_in
from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trio_gate.aws.call import Unknown
    from trio_gate.aws.model.place import PlaceFacts
    from trio_gate.aws.resources.arns import CallerContext

_LENT = re.compile(r"(?:ami|sg|sgr|snap|subnet|vpc|tgw|pl)-[0-9A-Za-z]{1,32}")
"""Ids of resources that accounts can share: an id does not say whose it is."""

_HARMLESS = frozenset(("true", "false", "self", "amazon", "aws-marketplace", "aws-backup-vault", "default"))
_EVERYBODY = frozenset(("*", "all", "public", "public-read", "public-read-write", "authenticated-read"))
"""Words that mean everybody, or everybody with an AWS account, when something is shared."""

_WORD = 32
"""Characters; the words and numbers here are shorter."""

_NUMBER = re.compile(r"-?[0-9]{1,11}(?:\.[0-9]{1,9})?")


def accounts_of(
    value: str, facts: PlaceFacts, caller: CallerContext, *, understood: bool, looks: bool, reads: bool
) -> Sequence[str | Unknown]:
    """The accounts that a text names.

    Args:
        value: the text.
        facts: what is known of the texts at its place.
        caller: the caller's account.
        understood: whether a reader of its member has determined the account.
        looks: whether it only pages, filters or selects.
        reads: whether the call only reads.
    """
    if is_account(value):
        return (value,)
    if not (reads or understood) and len(value) < _WORD and fold(value) in _EVERYBODY:
        return (UNKNOWN,)
    if (not facts.for_account and (looks or understood)) or parse(value) is not None:
        return ()
    found = accounts_in(value, caller)
    return (UNKNOWN, *found) if _may_be_of_others(value, facts) else found


def _may_be_of_others(value: str, facts: PlaceFacts) -> bool:
    """Whether a text may be an account, a principal or a resource of another account, without naming that account."""
    if "://" in value or ("-" in value and _LENT.fullmatch(value)):
        return True
    if not (facts.for_account or facts.of_attribute):
        return False
    return not (len(value) < _WORD and (fold(value) in _HARMLESS or _NUMBER.fullmatch(value)))
