"""A question in the hub, and the attempts of its agent that wait for its answer.

Rule: one attempt waits at a time; a newer one takes the place of the one before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from trio_gate.approval.question import Question
    from trio_gate.approval.state import Prompt, Verdict
    from trio_gate.ports import Asked
    from trio_gate.shell.approval.clearance import HubClearance


@dataclass(slots=True, kw_only=True, eq=False)
class Attempt:
    """A task that waits. `answered` is what it is told; None with `done` set: a newer attempt took its place."""

    asked: Asked
    answered: Verdict | HubClearance | None = None
    done: trio.Event = field(default_factory=trio.Event)

    def answer(self, answered: Verdict | HubClearance | None) -> None:
        """Wake the task, once."""
        if not self.done.is_set():
            self.answered = answered
            self.done.set()


@dataclass(slots=True, kw_only=True, eq=False)
class Entry:
    """A question in the hub. `asked` is of its last attempt, None after a restart; `attempt` is the one that waits now."""

    prompt: Prompt
    standing: str
    frame: str
    asked: Asked | None = None
    attempt: Attempt | None = None


def asker_of(question: Question) -> str:
    """Who asks: the agent, or where it calls from while no agent is configured."""
    return f"agent {question.agent}" if question.agent is not None else f"at {question.agent_address}"
