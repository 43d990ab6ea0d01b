"""An agent's connection as the gateway serves it, over any transport."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from trio_gate.shell.exchange.bodies import Bodies
from trio_gate.shell.exchange.budget import Budget
from trio_gate.shell.net.accept import Shutdown
from trio_gate.shell.net.agent_stream import AgentStream
from trio_gate.shell.net.connection_limits import Seat, Seats

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trio_gate.shell.exchange.bodies import Spool
    from trio_gate.shell.net.transport import Transport


def agent_stream(transport: Transport, *, seat: Seat | None = None, head_timeout: float = 60, **given: float) -> AgentStream:
    knobs = {"idle_timeout": 60, "body_rate": 1024, **given}
    seat = seat or Seat("127.0.0.1", Seats(1, 1))
    return AgentStream(transport, seat=seat, head_timeout=head_timeout, shutdown=Shutdown(), **knobs)


def seat(agent: str | None = "ci", address: str = "192.0.2.1") -> Seat:
    """A place among many; of a proven agent's request unless told."""
    made = Seat(address, Seats(100, 100))
    if agent is not None:
        made.count_for(agent)
    return made


@contextmanager
def spooling(folder: str) -> Iterator[Spool]:
    """A file for one body."""
    bodies = Bodies(held=Budget(0, "holds"), spooled=Budget(1 << 30, "keeps"), folder=folder)
    with bodies.room(seat()) as room:
        yield room.spool()
