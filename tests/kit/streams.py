"""An agent's connection as the gateway serves it, over any transport."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from trio_gate.shell.agent_stream import AgentStream
from trio_gate.shell.seats import Seat, Seats

if TYPE_CHECKING:
    from trio_gate.shell.transport import Transport


def agent_stream(transport: Transport, *, seat: Seat | None = None, head_timeout: float = 60, **given: float) -> AgentStream:
    knobs = {"idle_timeout": 60, "body_rate": 1024, **given}
    seat = seat or Seat("127.0.0.1", Seats(1, 1))
    return AgentStream(transport, seat=seat, head_timeout=head_timeout, idle=nullcontext, **knobs)
