"""Agents that ask at an approval hub, each in a task of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from trio_gate.approval.question import Group
from trio_gate.errors import AgentGone, Denied
from trio_gate.shell.approval.clearance import HubClearance

if TYPE_CHECKING:
    from trio_gate.approval.state import Verdict
    from trio_gate.shell.approval.hub import ApprovalHub

OTHER = "e" * 64
"""A digest that is not the kit's question's."""


def group(*people: str, quorum: int = 1) -> Group:
    return Group(id="human.g", people=people, quorum=quorum, timeout=600.0)


class Agent:
    """Asks in a task of its own; `answer` is what came of it, `leave` hangs up."""

    def __init__(self, hub: ApprovalHub, attempt) -> None:
        self.hub, self.attempt = hub, attempt
        self.answer: Verdict | HubClearance | AgentGone | Denied | None = None
        self.scope = trio.CancelScope()
        self.done = trio.Event()

    async def run(self) -> None:
        with self.scope:
            try:
                self.answer = await self.hub.ask(self.attempt)
            except (AgentGone, Denied) as fault:
                self.answer = fault
        self.done.set()

    def leave(self) -> None:
        self.scope.cancel()

    @property
    def cleared(self) -> bool:
        return isinstance(self.answer, HubClearance)


def sent(clearance: HubClearance) -> None:
    """Do with an approval what an exchange does with which AWS answers 404."""
    clearance.sending()
    clearance.answered(404, None)
    clearance.close()
    clearance.ended(None, 0.5)
