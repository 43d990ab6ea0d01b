"""What an agent is told of its own questions and grants: where each stands, and what to do next.

Rule: an agent learns what it called, by which rule and until when, and a denial's reason; of people, conditions and others' calls nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.approval.channel.codec import timestamp
from trio_gate.approval.task import is_task
from trio_gate.errors import DO_NOT_RETRY
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.approval.channel.frames import Decided
    from trio_gate.approval.grant import Grant, Kind
    from trio_gate.approval.persistence import Stop
    from trio_gate.approval.state import Prompt

    Told = Mapping[str, str | int | None]

_COVERS: Mapping[Kind, str] = {
    "once": "the same call once, unchanged",
    "exact": "the same call, unchanged",
    "predicate": "calls that people described when they approved one",
    "task": "the calls of a task that you asked for",
}

_ENDED = {
    "expired": "nobody answered in time, which is not a denial",
    "withdrawn": "withdrawn, which is not a denial",
}
_SENT = {
    "answered": "approved and sent to AWS: what AWS answered is in the answer to the call",
    "unanswered": "approved, and may have been executed, as no answer of AWS is known: look whether it was before you run it again",
}


@value_class
class AgentState:
    """What concerns one agent: the questions that wait for people, its grants, and the stop that is in force for it."""

    waiting: tuple[Prompt, ...]
    grants: tuple[Grant, ...]
    stop: Stop | None


def of_prompt(prompt: Prompt, page: str) -> Told:
    """A question that waits. `page` is the URL of the approvals page, empty without one."""
    question = prompt.question
    ask = f", or ask your user to approve it at {page}#{question.id}" if page else ""
    return {
        "id": question.id,
        "status": "pending",
        "call": question.sentence or f"{question.operation} on {question.service}",
        "account": ", ".join(question.accounts),
        "rule": question.rule,
        "until": timestamp(question.expires_at),
        "next": f"not executed, and not decided yet: wait for it at /-/agent/approvals/{question.id}?wait=60{ask}",
    }


def of_decided(decided: Decided, grant: Grant | None, *, left: bool = False) -> Told:
    """A question that has ended.

    `grant` is what its approval became, None where that is used or over; `left`: whether it waits besides for the same call to come again.
    """
    left = left or (grant is not None and grant.kind == "once")
    call = decided.call
    return {
        "id": decided.id,
        "status": decided.status,
        "call": call["sentence"] or f"{call['operation']} on {call['service']}",
        "account": call["account"],
        "rule": call["rule"],
        "until": timestamp(grant.expires_at) if grant else None,
        "next": _next(decided, grant, left=left),
    }


def _next(decided: Decided, grant: Grant | None, *, left: bool) -> str:
    if decided.status == "denied":
        return f"denied by a person{': ' if decided.reason else ''}{decided.reason}{DO_NOT_RETRY}"
    task = is_task(decided.call)
    if decided.status != "approved":
        return f"{_ENDED[decided.status]}: {'ask for the task' if task else 'run the same command'} again"
    if task:
        over = "approved, and the task is over: ask for another"
        return over if grant is None else "approved: its calls go through until `until`"
    if decided.outcome is not None and decided.outcome["end"] in _SENT:
        return _SENT[decided.outcome["end"]]
    if decided.outcome is None and not left:
        return "approved: the command that waits is being executed"
    if grant is not None:
        return "approved, and not executed yet: run the same command again, unchanged, before `until`"
    return "approved, and the approval is over: run the same command again if it was not executed"


def of_grant(grant: Grant) -> Told:
    """A grant that may still be used."""
    return {
        "id": grant.id,
        "covers": _COVERS[grant.kind],
        "first": grant.about,
        "account": ", ".join(grant.accounts or (grant.account,)),
        "rule": grant.rule,
        "left": grant.uses - grant.used,
        "until": timestamp(grant.expires_at),
    }
