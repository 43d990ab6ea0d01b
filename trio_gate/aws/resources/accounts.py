"""Which accounts the texts of a call name, and which texts may name one.

Rule: twelve digits are an account anywhere except in what the caller stores. A text is taken to concern only the caller's account if it
cannot name another one. The value of a member for an account or a principal, a host, the id of a shareable resource, or a document is
UNKNOWN if it does not say which account it belongs to.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.resources.arns import is_account, parse
from trio_gate.aws.resources.documents import accounts_in
from trio_gate.aws.resources.harmless import NAMES_KEPT
from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trio_gate.aws.call import Unknown
    from trio_gate.aws.resources.arns import CallerContext
    from trio_gate.aws.resources.leaves import Leaf

MAX_NAMES = 1024
"""Characters of the names on the path to a text. No model's path is longer, so a longer one is inside a document without a model."""

_FOR_ACCOUNTS = re.compile(
    r"account|owner|principal|organi[sz]ation|grant(?:ee|s)|user_?ids?\Z|shared?_?with|attributevalue|location\Z"
)
"""Parts of the names, folded, of members for an account, a principal or a location."""

_DIGITS = re.compile(r"\^?\(?(?:[\\]d|\[0-9\]|\[[\\]d\])(?:\{12\}|\{12,12\})\)?\$?")
"""A model's pattern of account ids."""

_LENT = re.compile(r"(?:ami|sg|sgr|snap|subnet|vpc|tgw|pl)-[0-9A-Za-z]{1,32}")
"""Ids of resources that accounts can share: an id does not say whose it is."""

_HARMLESS = frozenset(("true", "false", "self", "amazon", "aws-marketplace", "aws-backup-vault", "default"))
_EVERYBODY = frozenset(("*", "all", "public", "public-read", "public-read-write", "authenticated-read"))
"""Words that mean everybody, or everybody with an AWS account, when something is shared."""

_WORD = 32
"""Characters; the words and numbers here are shorter."""

_LONG = 256
"""Characters of a name that are searched."""

_NUMBER = re.compile(r"-?[0-9]{1,11}(?:\.[0-9]{1,9})?")


def accounts_of(
    leaf: Leaf, value: str, scene: CallerContext, *, understood: bool, looks: bool, reads: bool
) -> Iterator[str | Unknown]:
    """The accounts that a text names.

    Args:
        leaf: its place.
        value: the text.
        scene: the caller's account.
        understood: whether a reader of its member has determined the account.
        looks: whether it only pages, filters or selects.
        reads: whether the call only reads.
    """
    if is_account(value):
        yield value
    elif not (reads or understood) and len(value) < _WORD and fold(value) in _EVERYBODY:
        yield UNKNOWN
    elif parse(value) is None and (for_account(leaf) or not (looks or understood)):
        if _may_be_of_others(leaf, value):
            yield UNKNOWN
        yield from accounts_in(value, scene)


def _may_be_of_others(leaf: Leaf, value: str) -> bool:
    """Whether a text may be an account, a principal or a resource of another account, without naming that account."""
    if "://" in value or ("-" in value and _LENT.fullmatch(value)):
        return True
    if not (for_account(leaf) or _of_attribute(leaf)):
        return False
    return not (len(value) < _WORD and (fold(value) in _HARMLESS or _NUMBER.fullmatch(value)))


def _of_attribute(leaf: Leaf) -> bool:
    """Whether a text is the value of an attribute whose name is another text."""
    return fold(leaf.names[-1][:_WORD]) == "value" and any("attribute" in fold(name[:_LONG]) for name in leaf.names[:-1])


@lru_cache(NAMES_KEPT)
def _called_so(names: tuple[str, ...]) -> bool:
    joined = ".".join(names)
    return len(joined) > MAX_NAMES or _FOR_ACCOUNTS.search(fold(joined)) is not None


def for_account(leaf: Leaf) -> bool:
    """Whether a member is for an account or a principal."""
    if leaf.shape is not None and leaf.shape.enum:
        return False
    pattern = leaf.shape.pattern if leaf.shape else None
    called = _called_so if leaf.use is not None else _called_so.__wrapped__  # names from documents are not cached
    return called(leaf.names) or bool(pattern and _DIGITS.fullmatch(pattern))
