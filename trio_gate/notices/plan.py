"""Which notices a question is worth, and when each is due.

Rule: each receiver of each of its approvers is told once, and those of `escalate_to` once more while that approver's people are still
missing. A question whose level is not known is told to everyone, as if it were a danger.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from trio_gate.approval.state import approvals
from trio_gate.effect.reasons import LEVELS
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from trio_gate.approval.question import Group, Question
    from trio_gate.approval.state import Prompt
    from trio_gate.config.model import Approver
    from trio_gate.config.receivers.model import Receiver

Event = Literal["asked", "escalated"]


@value_class
class Key:
    """One notice: why, and to which receiver of which approver (its id)."""

    event: Event
    approver: str
    receiver: str


def planned(prompt: Prompt, approvers: Mapping[str, Approver]) -> Mapping[Key, datetime]:
    """Every notice of a waiting question by the approvers of a configuration, and when it is due."""
    question = prompt.question
    found: dict[Key, datetime] = {}
    for group in question.approvers:
        approver = approvers.get(group.id)
        if approver is None:
            continue
        found |= dict.fromkeys(_keys("asked", approver, question), question.asked_at)
        at = question.asked_at + timedelta(seconds=approver.escalate_after)
        if at < question.expires_at and not _complete(prompt, group):
            for other in approver.escalate_to:
                for key in _keys("escalated", approvers[other], question):
                    found[key] = min(at, found.get(key, at))
    return found


def receiver_of(key: Key, approvers: Mapping[str, Approver]) -> Receiver | None:
    """The receiver of a notice; None if the configuration has none."""
    approver = approvers.get(key.approver)
    return next((one for one in approver.notify if one.name == key.receiver), None) if approver else None


def _keys(event: Event, approver: Approver, question: Question) -> Iterator[Key]:
    for receiver in approver.notify:
        if _wants(receiver, question):
            yield Key(event=event, approver=approver.id, receiver=receiver.name)


def _wants(receiver: Receiver, question: Question) -> bool:
    if receiver.level is None or question.level is None:
        return True
    return LEVELS.index(question.level) <= LEVELS.index(receiver.level)


def _complete(prompt: Prompt, group: Group) -> bool:
    return len(approvals(prompt, group)) >= group.quorum
