"""Whose the things are that a call speaks of: the accounts that its texts name, and the texts that may name one.

Rule: twelve digits are an account wherever they stand, but in what the caller stores. A text is of the own account only where it
can name no other: what is for an account or a principal, a host, a thing that accounts lend, or a document, and does not
say whose it is, is UNKNOWN.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.resources.arns import is_account, parse
from trio_gate.aws.resources.documents import accounts_in
from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trio_gate.aws.call import Unknown
    from trio_gate.aws.resources.arns import CallerContext
    from trio_gate.aws.resources.leaves import Leaf

MAX_NAMES = 1024
"""Characters of the names on the way to a text: more than any model's, so that longer ones are of a document without one."""

_FOR_ACCOUNTS = re.compile(
    r"account|owner|principal|organi[sz]ation|grant(?:ee|s)|user_?ids?\Z|shared?_?with|attributevalue|location\Z"
)
"""What, folded, is part of the name of a member that is for an account, a principal or a place."""

_DIGITS = re.compile(r"\^?\(?(?:[\\]d|\[0-9\]|\[[\\]d\])(?:\{12\}|\{12,12\})\)?\$?")
"""A model's pattern of account ids."""

_LENT = re.compile(r"(?:ami|sg|sgr|snap|subnet|vpc|tgw|pl)-[0-9A-Za-z]{1,32}")
"""Ids of what accounts lend to others: an id does not say whose it is."""

_HARMLESS = frozenset(("true", "false", "self", "amazon", "aws-marketplace", "aws-backup-vault", "default"))
_EVERYBODY = frozenset(("*", "all", "public", "public-read", "public-read-write", "authenticated-read"))
"""Words that mean everybody, or everybody who has an account, where something is shared."""

_NUMBER = re.compile(r"-?[0-9]{1,11}(?:\.[0-9]{1,9})?")


def accounts_of(
    leaf: Leaf, value: str, scene: CallerContext, *, understood: bool, looks: bool, reads: bool
) -> Iterator[str | Unknown]:
    """The accounts that a text names.

    Args:
        leaf: where it stands.
        value: the text.
        scene: the own account.
        understood: whether a reader of its member has said whose it is.
        looks: whether it is of a kind that only pages, filters or chooses a word.
        reads: whether the call only reads.
    """
    if is_account(value):
        yield value
    elif not (reads or understood) and fold(value) in _EVERYBODY:
        yield UNKNOWN
    elif parse(value) is None and (for_account(leaf) or not (looks or understood)):
        if _may_be_of_others(leaf, value):
            yield UNKNOWN
        yield from accounts_in(value, scene)


def _may_be_of_others(leaf: Leaf, value: str) -> bool:
    """Whether a text may be an account, a principal or a thing of another account that it does not name."""
    word = fold(value)
    if _LENT.fullmatch(value) or "://" in value:
        return True
    if word in _HARMLESS or _NUMBER.fullmatch(word):
        return False
    return for_account(leaf) or (fold(leaf.names[-1]) == "value" and any("attribute" in fold(name) for name in leaf.names[:-1]))


def for_account(leaf: Leaf) -> bool:
    """Whether a member is for an account or a principal."""
    if leaf.shape is not None and leaf.shape.enum:
        return False
    pattern = leaf.shape.pattern if leaf.shape else None
    names = ".".join(leaf.names)
    said = len(names) > MAX_NAMES or _FOR_ACCOUNTS.search(fold(names)) is not None
    return said or bool(pattern and _DIGITS.fullmatch(pattern))
