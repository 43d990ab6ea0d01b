"""A question in the hub, and the attempt of its agent that waits for the answer.

Rule: one attempt waits at a time; a newer one takes the place of the older.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import trio

from trio_gate.approval.reading import Readings
from trio_gate.approval.state import Verdict

if TYPE_CHECKING:
    from trio_gate.approval.state import Prompt
    from trio_gate.approval.task import Standings
    from trio_gate.ports import Asked
    from trio_gate.shell.approval.clearance import HubClearance


@dataclass(slots=True, kw_only=True, eq=False)
class Attempt:
    """A task that waits for an answer.

    Attributes:
        asked: what the task asks.
        answered: the answer; None with `done` set means that a newer attempt took its place.
        done: set when the task may go on.
    """

    asked: Asked
    answered: Verdict | HubClearance | None = None
    done: trio.Event = field(default_factory=trio.Event)

    def answer(self, answered: Verdict | HubClearance | None) -> None:
        """Hand the task its answer and wake it; only the first answer counts."""
        if not self.done.is_set():
            self.answered = answered
            self.done.set()


@dataclass(slots=True, kw_only=True, eq=False)
class Entry:
    """A question in the hub.

    Attributes:
        prompt: the question and its votes.
        standing: the fingerprint of its rule and approvers.
        frame: the `pending` frame, encoded.
        asked: what its last attempt asked; None after a restart.
        attempt: the attempt that waits now; None while the agent is away.
        readings: what each person has read of it.
        over: set when it does not wait any more, or the gateway stops.
    """

    prompt: Prompt
    standing: str
    frame: str
    asked: Asked | None = None
    attempt: Attempt | None = None
    readings: Readings = field(default_factory=Readings)
    over: trio.Event = field(default_factory=trio.Event)

    @property
    def rules(self) -> Standings:
        """The rules that ask it, with their fingerprints: several only of a task."""
        task = self.prompt.question.task
        return task.rules if task is not None else ((self.prompt.question.rule, self.standing),)

    def waits(self, outcome: Literal["hold", "stop"]) -> Verdict:
        """The end of an agent's wait, not of the question."""
        question = self.prompt.question
        return Verdict(outcome=outcome, by=(), reason=question.id, until=question.expires_at)
