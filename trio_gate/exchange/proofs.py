"""What proves the agent of a request.

Rule: a virtual session works only with the proofs that made it, and an agent only with one that its block still has.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from trio_gate.config.agents.networks import within
from trio_gate.errors import Unproven
from trio_gate.values import value_class

if TYPE_CHECKING:
    from trio_gate.config.model import Agent
    from trio_gate.sessions.session import VirtualSession


@value_class
class Signer:
    """Who signed a request.

    Attributes:
        agent: its name; None while none is configured.
        session: the virtual session whose key it used; None for an agent's own key.
        secret: what it signed with; None while no agent is configured, so that this was not verified.
    """

    agent: str | None
    session: VirtualSession | None = None
    secret: str | None = field(default=None, repr=False)


def check_way(agent: Agent, address: str) -> None:
    """Check that a connection may be the agent's. Raises Unproven. `address` is the peer's."""
    if agent.networks and not within(agent.networks, address):
        reason = "this agent may not call from this address: call from one of its networks"
        raise Unproven(reason, detail=f"agent {agent.name} may not call from {address}")


def same_agent(before: Agent | None, after: Agent | None) -> bool:
    """Whether two configurations mean the same agent, however it is proven; no agent is the same only as none."""
    if before is None or after is None:
        return before is after
    return (before.name, before.key_suffix, before.accounts) == (after.name, after.key_suffix, after.accounts)
