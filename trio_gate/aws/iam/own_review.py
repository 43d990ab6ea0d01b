"""Applies an operator's `operation` block to a call, on top of the packaged review.

Rule: it decides what is unknown about something newer than the review, or makes the review stricter; it never weakens it.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from trio_gate.aws.call import UNKNOWN
from trio_gate.config.operation_block import LEVELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Access, Call
    from trio_gate.config.model import OperationReview

HARMLESS: Mapping[str, Mapping[str, bool | tuple[()] | None]] = MappingProxyType(
    {
        "vends": {"vends_credentials": False},
        "reads_secret": {"reads_secret": False},
        "may_expose_secrets": {"may_expose_secrets": False},
        "runs_code": {"runs_code": False},
        "spends": {"spends": False},
        "shares": {"shares_with": ()},
        "makes_public": {"makes_public": False},
        "cross_account": {"cross_account": False},
        "names_resources": {"resource": None, "resources": (), "resource_accounts": ()},
        "carries_policies": {"policies": ()},
    }
)
"""The facts of a call that each word of a block decides, with their values if the word is false."""


def with_own_review(call: Call, review: OperationReview, packaged: Call | None) -> Call:
    """The call with the operator's review applied. If that says that the answer has no credentials, the answer will be checked.

    Args:
        call: without the operator's review.
        review: the operator's.
        packaged: the call without what is newer than the packaged review; None if that does not have the operation.
    """
    facts: dict[str, Any] = {}
    for word, value in review.flags.items():
        for name, harmless in HARMLESS[word].items():
            least = harmless if packaged is None else getattr(packaged, name)
            facts[name] = _said(getattr(call, name), value, harmless, least)
    vends = facts.get("vends_credentials", call.vends_credentials)
    return replace(
        call,
        access=_access(call, review),
        **facts,
        **_actions(call, review, packaged),
        own_review=True,
        check_answer=call.vends_credentials is UNKNOWN and vends is False,
    )


def _said(known: Any, value: bool, harmless: Any, least: Any) -> Any:
    """A fact of a call, after a word of the block was applied."""
    if value:
        return True if harmless is False else known or UNKNOWN
    return least if known is UNKNOWN else known


def _actions(call: Call, review: OperationReview, packaged: Call | None) -> dict[str, Any]:
    """The IAM actions of the packaged review and the operator's."""
    if not review.iam_actions:
        return {}
    least = () if packaged is None else packaged.iam_actions
    known = least if call.iam_actions is UNKNOWN else call.iam_actions
    every = UNKNOWN if known is UNKNOWN else tuple(dict.fromkeys((*known, *review.iam_actions)))
    return {"iam_action": call.iam_action or review.iam_actions[0], "iam_actions": every}


def _access(call: Call, review: OperationReview) -> Access:
    if review.access is None:
        return call.access
    return review.access if not call.reviewed else max(call.access, review.access, key=LEVELS.index)
