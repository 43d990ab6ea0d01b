"""Which dangers calls of an operation may have, before there is one: a phrase for people who let such calls through.

Rule: what the review knows of the operation decides, whatever its parameters. Where nothing is said, it may still be dangerous: what a
parameter names, such as a role that is passed, is seen in a call alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.review.rows import Mark, Row

_MAY: Mapping[Mark, str] = {
    "destroys": "delete or replace for good",
    "runs": "run code",
    "shares": "give others access",
    "unguards": "turn a guard off",
    "secret": "return a secret",
}
"""What a mark of the review means, after \"may\"; the first ones are the worst."""

_EMPOWERS = "change who may do what"
_UNKNOWN = "do what is not known here"


def may_do(row: Row | None) -> str | None:
    """What calls of an operation may do that is dangerous, in words that follow "may"; None where the review names nothing."""
    if row is None:
        return _UNKNOWN
    said = [words for mark, words in _MAY.items() if mark in row.marks]
    said += [_EMPOWERS] if row.access == "permissions" or row.permissions else []
    return " and ".join([", ".join(said[:-1]), said[-1]] if len(said) > 1 else said) or None


def always_vends(row: Row | None) -> bool:
    """Whether every call of an operation returns credentials."""
    return row is not None and row.marks.get("vends") == ()
