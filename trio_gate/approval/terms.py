"""The words that questions, grants and the channel share: an answer, why one does not count, a grant's terms and its end.

Rule: they are used on the channel and on disk exactly as written here.
"""

from __future__ import annotations

from typing import Literal

from trio_gate.values import value_class

Answer = Literal["approve", "deny"]

RefusedCode = Literal[
    "gone",
    "digest",
    "not_yours",
    "answered",
    "malformed",
    "not_allowed",
    "limits",
    "predicate",
    "not_grantable",
    "not_kept",
    "unavailable",
    "unread",
]
"""Why a frame has no effect: the question is over; the digest differs; the person is not asked; a second vote; unreadable; not
allowed; a grant over the limits, with a faulty predicate, or for a call that takes none; a part or record that cannot be shown; parts are unread, and the client asked to be refused then.
"""

GrantEnd = Literal["used", "expired", "revoked", "void", "ended"]
"""Why a grant ended. "void" means that its rule, or the rule's approvers, changed; "ended" that its agent ended the task."""


@value_class
class Terms:
    """The terms of a grant: which later calls go through without asking again.

    Attributes:
        uses: how many later calls. minutes: for how long.
        predicate: CEL, as in a rule's `match`; None for only calls that are equal to this one.
    """

    uses: int
    minutes: int
    predicate: str | None = None
