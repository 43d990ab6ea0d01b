"""The states of a question: its status, the votes so far, and the steps between them. Pure; the hub supplies time and people.

Rule: PENDING ends once, in one of the other states, which are final. One valid denial ends it; approval needs the quorum of
every group, by different people, each of whom confirmed each line of a task that lets dangers through.

Theory: a step takes a `Prompt` and returns the next one, or a `Refused` that says why the vote does not count. The first valid
decision is final because no step accepts a prompt that is not pending.
"""

from __future__ import annotations

from dataclasses import field, replace
from enum import Enum
from typing import TYPE_CHECKING, Literal, assert_never

from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from trio_gate.approval.question import Group, Question
    from trio_gate.approval.reading import Reading
    from trio_gate.approval.terms import Answer, RefusedCode, Terms
    from trio_gate.effect.reasons import Reason


class Status(Enum):
    """The status of a question; the value is the word on the channel."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@value_class
class Vote:
    """One person's answer to a question.

    Attributes:
        person, answer, reason, at: who answered what, why and when.
        grant: the terms of a grant that the person wants with it; None for none.
        reading: what the person had read; None where an older gateway counted the vote.
    """

    person: str
    answer: Answer
    reason: str
    at: datetime
    grant: Terms | None = None
    reading: Reading | None = None


@value_class
class Prompt:
    """A question and its state. `votes` are in the order in which they came; `detached` means that the agent has left."""

    question: Question
    status: Status = Status.PENDING
    votes: tuple[Vote, ...] = ()
    detached: bool = False


@value_class
class Refused:
    """Says why a vote does not count: a code for the channel and a message for the person."""

    code: RefusedCode
    message: str


@value_class
class Verdict:
    """How a question ended.

    Attributes:
        outcome: "hold" (it took too long) and "stop" (the gateway stops) end only the agent's wait; the question stays open.
        by: the people who approved or who denied; empty if nobody decided.
        reason: what they wrote, or why nobody answered; safe text. For "hold" and "stop" the question's id.
        grant: the id of the grant that answered instead of people; None without one.
        id: of the grant, or of the question that people answered; empty where nobody did.
        until: for "hold" and "stop", when the question expires.
    """

    outcome: Literal["approve", "deny", "expire", "withdraw", "hold", "stop"]
    by: tuple[str, ...]
    reason: str
    grant: str | None = None
    id: str = field(default="", compare=False)
    until: datetime | None = None


GONE = Refused(code="gone", message="this question was answered, has expired or was withdrawn")
OTHER_DIGEST = Refused(code="digest", message="the digest is not this question's: look at it again")


def decide(
    prompt: Prompt,
    *,
    person: str,
    digest: str,
    verdict: Answer,
    reason: str,
    now: datetime,
    grant: Terms | None = None,
    reading: Reading | None = None,
) -> Prompt | Refused:
    """Count a vote. `digest` is what the person saw; `reason` is safe text; `grant` goes with an approval; `reading` is kept with it."""
    question = prompt.question
    if not question.is_for(person):
        return Refused(code="not_yours", message="you are not an approver of this question")
    if prompt.status is not Status.PENDING or now >= question.expires_at:
        return GONE
    if digest != question.digest:
        return OTHER_DIGEST
    if any(vote.person == person for vote in prompt.votes):
        return Refused(code="answered", message="you have answered this question")
    unconfirmed = _unconfirmed(question, reading) if verdict == "approve" else ""
    if unconfirmed:
        return Refused(code="not_allowed", message=f"confirm each line that lets dangerous calls through: {unconfirmed}")
    vote = Vote(person=person, answer=verdict, reason=reason, at=now, grant=grant, reading=reading)
    voted = replace(prompt, votes=(*prompt.votes, vote))
    if verdict == "deny":
        return replace(voted, status=Status.DENIED)
    return replace(voted, status=Status.APPROVED) if _all_agree(voted) else voted


def recount(prompt: Prompt, voided: Collection[Vote], risk: Reason) -> Prompt:
    """Remove some votes and add a hint that says so. The people who cast them may vote again."""
    votes = tuple(vote for vote in prompt.votes if vote not in voided)
    return replace(prompt, votes=votes, question=replace(prompt.question, risks=(risk, *prompt.question.risks)))


def expire(prompt: Prompt) -> Prompt:
    """End a pending prompt because its time is over. Any other comes back unchanged, as from the steps below."""
    return replace(prompt, status=Status.EXPIRED) if prompt.status is Status.PENDING else prompt


def withdraw(prompt: Prompt) -> Prompt:
    """End a pending prompt that can no longer be approved, because the rules changed or the agent was stopped."""
    return replace(prompt, status=Status.WITHDRAWN) if prompt.status is Status.PENDING else prompt


def granted(prompt: Prompt, *, by: Collection[str], reason: str, now: datetime) -> Prompt:
    """End a pending prompt that a grant covers: those who gave the grant approve it, for the `reason` that it is covered."""
    votes = tuple(Vote(person=person, answer="approve", reason="" if at else reason, at=now) for at, person in enumerate(by))
    return replace(prompt, status=Status.APPROVED, votes=votes) if prompt.status is Status.PENDING else prompt


def detach(prompt: Prompt) -> Prompt:
    """Mark a pending prompt as one whose agent has left."""
    return replace(prompt, detached=True) if prompt.status is Status.PENDING and not prompt.detached else prompt


def attach(prompt: Prompt) -> Prompt:
    """Mark a detached prompt as one whose agent is waiting again."""
    return replace(prompt, detached=False) if prompt.status is Status.PENDING and prompt.detached else prompt


def proposed(prompt: Prompt) -> Terms | None:
    """The terms of the grant that all who approved want; None where they differ or one wants no grant."""
    wanted = {vote.grant for vote in prompt.votes if vote.answer == "approve"}
    return wanted.pop() if len(wanted) == 1 else None


def approvals(prompt: Prompt, group: Group) -> tuple[str, ...]:
    """The people of a group who approved. A person in two groups counts in both."""
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
            return Verdict(outcome="withdraw", by=(), reason="it was withdrawn, which is not a denial")
        case Status.PENDING:
            message = "a pending question has no verdict"
            raise RuntimeError(message)
    assert_never(prompt.status)


def _unconfirmed(question: Question, reading: Reading | None) -> str:
    """The lines of a task that let dangers through and that the person did not confirm, by number."""
    dangers = question.task.dangers if question.task is not None else ()
    return ", ".join(str(line) for line in dangers if reading is None or line not in reading.confirmed)


def _all_agree(prompt: Prompt) -> bool:
    return all(len(approvals(prompt, group)) >= group.quorum for group in prompt.question.approvers)


def _said(prompt: Prompt, answer: Answer) -> Verdict:
    votes = [vote for vote in prompt.votes if vote.answer == answer]
    reason = "; ".join(vote.reason for vote in votes if vote.reason)
    return Verdict(outcome=answer, by=tuple(vote.person for vote in votes), reason=reason, id=prompt.question.id)
