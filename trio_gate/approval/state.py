"""What becomes of a question: a state, the votes so far, and the steps between them. Pure; the hub supplies time and people.

Rule: PENDING ends once, in one of the other states, and nothing leaves those. One valid denial ends it; approval needs the
quorum of every group, in different people.

Theory: a step takes a `Prompt` and gives the next one, or a `Refused` that says why the vote does not count. So "the first
valid decision stands" is that no step accepts a prompt which is not pending.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Literal, assert_never

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from trio_gate.approval.question import Group, Question
    from trio_gate.approval.risks import Risk
    from trio_gate.approval.terms import Answer, RefusedCode, Terms


class Status(Enum):
    """Where a question stands; the value is its word on the channel."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One person's answer."""

    person: str
    answer: Answer
    reason: str
    at: datetime
    grant: Terms | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A question and what has become of it. `votes` stand in the order they came; `detached` says that its agent has left."""

    question: Question
    status: Status = Status.PENDING
    votes: tuple[Vote, ...] = ()
    detached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A vote that does not count."""

    code: RefusedCode
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a question ended.

    Attributes:
        outcome: "hold" and "stop" end only the agent's wait: it took too long, or the gateway stops, and the question waits on.
        by: who decided: those who approved, or who denied; empty when nobody did.
        reason: what they said, or why nobody answered; safe text. For "hold" and "stop" the question's id.
        grant: the id of the grant that answered in their place.
    """

    outcome: Literal["approve", "deny", "expire", "withdraw", "hold", "stop"]
    by: tuple[str, ...]
    reason: str
    grant: str | None = None


GONE = Refused(code="gone", message="this question was answered, has expired or was withdrawn")


def decide(
    prompt: Prompt, *, person: str, digest: str, verdict: Answer, reason: str, now: datetime, grant: Terms | None = None
) -> Prompt | Refused:
    """Count a vote. `digest` is what the person saw; `reason` is safe text; `grant` goes with an approval."""
    question = prompt.question
    if not question.is_for(person):
        return Refused(code="not_yours", message="you are not an approver of this question")
    if prompt.status is not Status.PENDING or now >= question.expires_at:
        return GONE
    if digest != question.digest:
        return Refused(code="digest", message="the digest is not this question's: look at it again")
    if any(vote.person == person for vote in prompt.votes):
        return Refused(code="answered", message="you have answered this question")
    vote = Vote(person=person, answer=verdict, reason=reason, at=now, grant=grant)
    voted = replace(prompt, votes=(*prompt.votes, vote))
    if verdict == "deny":
        return replace(voted, status=Status.DENIED)
    return replace(voted, status=Status.APPROVED) if _all_agree(voted) else voted


def recount(prompt: Prompt, voided: Collection[Vote], risk: Risk) -> Prompt:
    """The same without some votes, and a hint that says so. Who cast them may vote again."""
    votes = tuple(vote for vote in prompt.votes if vote not in voided)
    return replace(prompt, votes=votes, question=replace(prompt.question, risks=(risk, *prompt.question.risks)))


def expire(prompt: Prompt) -> Prompt:
    """Its time is over."""
    return replace(prompt, status=Status.EXPIRED) if prompt.status is Status.PENDING else prompt


def withdraw(prompt: Prompt) -> Prompt:
    """It cannot be approved any more: the rules changed, or what it asks for was stopped."""
    return replace(prompt, status=Status.WITHDRAWN) if prompt.status is Status.PENDING else prompt


def detach(prompt: Prompt) -> Prompt:
    """Its agent left."""
    return replace(prompt, detached=True) if prompt.status is Status.PENDING and not prompt.detached else prompt


def attach(prompt: Prompt) -> Prompt:
    """Its agent came again."""
    return replace(prompt, detached=False) if prompt.status is Status.PENDING and prompt.detached else prompt


def proposed(prompt: Prompt) -> Terms | None:
    """The grant that all who approved want; None where one of them wants none, or another."""
    wanted = {vote.grant for vote in prompt.votes if vote.answer == "approve"}
    return wanted.pop() if len(wanted) == 1 else None


def approvals(prompt: Prompt, group: Group) -> tuple[str, ...]:
    """The people of a group who approved. Who is in two groups counts in both."""
    return tuple(vote.person for vote in prompt.votes if vote.answer == "approve" and vote.person in group.people)


def verdict_of(prompt: Prompt) -> Verdict:
    """How a prompt ended. Raises RuntimeError while it is pending."""
    match prompt.status:
        case Status.APPROVED:
            return _said(prompt, "approve")
        case Status.DENIED:
            return _said(prompt, "deny")
        case Status.EXPIRED:
            return Verdict(outcome="expire", by=(), reason="nobody answered in time")
        case Status.WITHDRAWN:
            return Verdict(outcome="withdraw", by=(), reason="it was taken back, which is not a denial")
        case Status.PENDING:
            message = "a pending question has no verdict"
            raise RuntimeError(message)
    assert_never(prompt.status)


def _all_agree(prompt: Prompt) -> bool:
    return all(len(approvals(prompt, group)) >= group.quorum for group in prompt.question.approvers)


def _said(prompt: Prompt, answer: Answer) -> Verdict:
    votes = [vote for vote in prompt.votes if vote.answer == answer]
    reason = "; ".join(vote.reason for vote in votes if vote.reason)
    return Verdict(outcome=answer, by=tuple(vote.person for vote in votes), reason=reason)
