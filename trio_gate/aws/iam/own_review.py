"""Applies an operator's `operation` block to a call, on top of the packaged review.

Rule: it decides what is unknown about an operation newer than the review, or makes the review stricter; it never weakens it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.config.operation_block import LEVELS

if TYPE_CHECKING:
    from trio_gate.aws.call import Access, Call, Unknown
    from trio_gate.config.model import OperationReview


def with_own_review(call: Call, review: OperationReview) -> Call:
    """The call with the operator's review applied. If that says that the answer has no credentials, the answer will be checked."""

    def said(name: str, known: bool | Unknown) -> bool | Unknown:
        word = review.flags.get(name)
        return known if word is None or (not word and (call.reviewed or known is not UNKNOWN)) else word

    shares = said("shares", UNKNOWN if call.shares_with is UNKNOWN else bool(call.shares_with))
    vends = said("vends", call.vends_credentials)
    return replace(
        call,
        access=_access(call, review),
        vends_credentials=vends,
        reads_secret=said("reads_secret", call.reads_secret),
        may_expose_secrets=said("may_expose_secrets", call.may_expose_secrets),
        runs_code=said("runs_code", call.runs_code),
        spends=said("spends", call.spends),
        makes_public=said("makes_public", call.makes_public),
        shares_with=_shares_with(call, shares),
        own_review=True,
        check_answer=call.vends_credentials is UNKNOWN and vends is False,
    )


def _shares_with(call: Call, shares: bool | Unknown) -> tuple[str, ...] | Unknown:
    """With whom the call shares, once the operator has said whether it does."""
    if shares is False:
        return ()
    return call.shares_with or UNKNOWN if shares is True else call.shares_with


def _access(call: Call, review: OperationReview) -> Access:
    if review.access is None:
        return call.access
    return review.access if not call.reviewed else max(call.access, review.access, key=LEVELS.index)
