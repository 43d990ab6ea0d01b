"""Places for agents' connections: at most so many, and who makes room where all are taken.

Rule: a connection is its source address's until a request on it has proven an agent, then that agent's. Where places or bytes run
short, one that has proven nothing makes room: of the source that has most of them, the one that brought least in its time. A
request of a proven agent is never broken off for another's.
"""

from __future__ import annotations

import math
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import trio

from trio_gate.errors import Overloaded
from trio_gate.shell.net.source_networks import source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NEW = 2
"""Seconds in which a connection is not slow yet: a handshake and a call of the usual size are over by then."""

MADE_ROOM = "it was slow and made room for others"


class Seat:
    """One connection's place.

    Attributes:
        address: the peer's. source: who is charged for it until an agent is.
        agent: whose it is; None until that is proven. Where no agent is configured it is the source's own.
        busy: a request of a proven agent is on its way, or of anybody where none is configured.
        leaving: the last answer is out, and what still comes is thrown away.
        turned_out: it had to make room.
    """

    def __init__(self, address: str, seats: Seats) -> None:
        self.address = address
        self.source = source(address)
        self.agent: str | None = None
        self.busy = self.leaving = self.turned_out = False
        self._seats = seats
        self.scope = trio.CancelScope()
        self._since = trio.current_time()
        self._received = 0

    def took(self, count: int) -> None:
        """So many bytes have come."""
        self._received += count

    def prove(self, agent: str | None) -> None:
        """Its request is this agent's. Raises Overloaded if the agent has too many connections."""
        if agent is not None and self.agent != agent:
            self._seats.check(agent)
        self.agent, self.busy = agent, True

    def rest(self) -> None:
        """Its request is answered."""
        self.busy, self._since, self._received = False, trio.current_time(), 0
        self._seats.make_room()

    def leave(self) -> None:
        """Nothing more will be answered on it."""
        self.busy, self.leaving = False, True
        self._seats.make_room()

    @property
    def age(self) -> float:
        """Seconds since it came, or since its last answer."""
        return trio.current_time() - self._since

    @property
    def rate(self) -> float:
        """Bytes a second in that time."""
        return self._received / self.age if self.age else math.inf

    def turn_out(self) -> None:
        """End the connection."""
        self.turned_out = True
        self.scope.cancel()


def least(seats: Iterable[Seat]) -> Seat | None:
    """Who makes room: whose last answer is out, else one of the largest crowd that has proven nothing, else one that is idle.

    Of these it is the slowest; where all are new, the eldest.
    """
    free = [seat for seat in seats if not (seat.busy or seat.turned_out)]
    crowds = Counter(seat.source for seat in free if seat.agent is None)
    largest = max(crowds.values(), default=0)
    leaving = [seat for seat in free if seat.leaving]
    crowd = [seat for seat in free if seat.agent is None and crowds[seat.source] == largest]
    several = leaving or crowd or free
    known = [seat for seat in several if seat.age > NEW]
    return min(known, key=lambda seat: seat.rate) if known else max(several, key=lambda seat: seat.age, default=None)


class Seats:
    """The places of a gateway: `total`, of which an agent may have `per_agent`."""

    def __init__(self, total: int, per_agent: int) -> None:
        self._free = total
        self._per_agent = per_agent
        self._taken: dict[Seat, None] = {}  # the eldest first
        self._waiting = trio.lowlevel.ParkingLot()

    async def keep_room(self) -> None:
        """Wait until there is room for one more, and keep it until `release`. Others are turned out for it where they may be."""
        await trio.lowlevel.checkpoint()
        if self._free:
            self._free -= 1
            return
        self.make_room(1)
        await self._waiting.park()

    def release(self) -> None:
        """Somebody else may have the room."""
        if not self._waiting.unpark():
            self._free += 1

    @contextmanager
    def seat(self, address: str) -> Iterator[Seat]:
        """A connection's place, for whoever has kept room for it. The block is left early when it has to make room."""
        seat = Seat(address, self)
        self._taken[seat] = None
        try:
            with seat.scope:
                yield seat
        finally:
            del self._taken[seat]

    def make_room(self, more: int = 0) -> None:
        """Turn out as many as wait, if so many may be."""
        short = len(self._waiting) + more
        short -= sum(seat.turned_out for seat in self._taken) if short else 0
        while short > 0 and (seat := least(self._taken)):
            seat.turn_out()
            short -= 1

    def check(self, agent: str) -> None:
        """Raise Overloaded if an agent has all the connections that it may have, and none is idle and can make room."""
        theirs = [seat for seat in self._taken if seat.agent == agent and not seat.turned_out]
        if len(theirs) < self._per_agent:
            return
        idle = least(theirs)
        if idle is None:
            raise Overloaded(
                "this agent has too many connections with calls on their way: wait for them",
                detail=f"{agent} has {self._per_agent} connections with calls on their way (max_connections_per_agent)",
            )
        idle.turn_out()
