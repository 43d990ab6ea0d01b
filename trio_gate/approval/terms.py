"""The words that questions, grants and the channel share: an answer, why one does not count, a grant's terms and its end.

Rule: they stand on the channel and on disk as they are written here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
]
"""Why a frame does not count: the question is answered, expired or withdrawn; another digest; not addressed; a second vote; unreadable;
the person may not; a grant over the caps, with an unsound predicate, or of a call that takes none; a part or a record that is not
there to show.
"""

GrantEnd = Literal["used", "expired", "revoked", "void"]
"""Why a grant is no more; void: its rule or that rule's approvers changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a person grants besides the call at hand, or instead of asking again.

    Attributes:
        uses: how many later calls. minutes: for how long.
        predicate: CEL, as in a rule's `match`; None: only calls that are equal to this one.
    """

    uses: int
    minutes: int
    predicate: str | None = None
