"""Limits on agents' connections: how many may be open, and which is closed when all seats are taken.

Rule: a connection counts for its source address until a request on it is authenticated, then for that agent. When seats or bytes run
short, an unauthenticated connection is closed: the slowest one of the source that has most. A request of an authenticated agent is
never broken off for another's.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import trio

from trio_gate.errors import Overloaded, TooMuchAtOnce
from trio_gate.metrics.limits import fullest
from trio_gate.shell.net.source_networks import source

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType
    from typing import Self

    from trio_gate.metrics.limits import Filled

NEW = 2
"""Seconds before a connection can count as slow: a handshake and a call of the usual size are over by then."""

UNKNOWN_SHARE = 4
"""The part of all seats, a quarter, that tunnels of unknown agents may have together: they are never closed to make room.

Not a knob: an agent that needs more is given a proxy token.
"""

MADE_ROOM = "it was slow and made room for others"


class Seat:
    """One connection among those that are counted, while it is entered; the block is left early when it must make room.

    Attributes:
        address: the peer's. source: what it is counted under until an agent is authenticated.
        agent: the authenticated agent's name, None before. Without configured agents it is the source.
        most: how many connections that agent may have; None for as many as any.
        busy: an authenticated request is running, or any request without configured agents.
        asked: a request is arriving, or being answered.
        leaving: the last answer is sent, and what still arrives is discarded.
        unknown: it is a tunnel, and nothing proves whose.
        turned_out: it was closed to make room.
        scope: is cancelled when it must make room.
    """

    __slots__ = (
        "_received",
        "_seats",
        "_since",
        "address",
        "agent",
        "asked",
        "busy",
        "leaving",
        "most",
        "scope",
        "source",
        "turned_out",
        "unknown",
    )

    def __init__(self, address: str, seats: Seats) -> None:
        self.address = address
        self.source = source(address)
        self.agent: str | None = None
        self.most: int | None = None
        self.busy = self.asked = self.leaving = self.unknown = self.turned_out = False
        self._seats = seats
        self.scope = trio.CancelScope()
        self._since = trio.current_time()
        self._received = 0

    def __enter__(self) -> Self:
        """Be counted, and cancelled when it must make room."""
        self._seats.taken[self] = None
        self.scope.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, where: TracebackType | None
    ) -> bool | None:
        """Be counted no more."""
        del self._seats.taken[self]
        return self.scope.__exit__(kind, raised, where)

    def took(self, count: int) -> None:
        """Note that `count` bytes have arrived."""
        self._received += count

    def begin(self) -> None:
        """Note that a request begins: it may take its time, even if the gateway stops."""
        self.asked = True
        if self.scope.deadline != math.inf:
            self.scope.deadline = math.inf

    def count_for(self, agent: str | None, most: int | None = None) -> None:
        """Count the connection, now busy, for an agent, proven by now, or for its source. Raises TooMuchAtOnce where that has too many.

        `most` is how many it may have; None for as many as any.
        """
        if agent is not None and self.agent != agent:
            self._seats.check(agent, most)
        self.agent, self.most, self.busy = agent, most, True

    def begin_unknown(self) -> None:
        """Count the connection, now busy, for its source, as a tunnel of an unknown agent. Raises Overloaded, TooMuchAtOnce."""
        self._seats.check_unknown()
        self.count_for(self.source)
        self.unknown = True

    def rest(self) -> None:
        """Note that its request is answered, so that it is idle."""
        self.busy = self.asked = False
        self._since, self._received = trio.current_time(), 0
        self._seats.make_room()

    def leave(self) -> None:
        """Note that nothing more will be answered on it."""
        self.busy, self.leaving = False, True
        self._seats.make_room()

    @property
    def age(self) -> float:
        """Seconds since it was accepted, or since its last answer."""
        return trio.current_time() - self._since

    @property
    def rate(self) -> float:
        """Bytes received a second during its `age`."""
        return self._received / self.age if self.age else math.inf

    def turn_out(self) -> None:
        """Close the connection by cancelling its scope."""
        self.turned_out = True
        self.scope.cancel()


def least(seats: Iterable[Seat]) -> Seat | None:
    """The connection to close: one that is leaving, else an unauthenticated one of the source with most, else an idle one.

    Of several it is the slowest; if all are new, the oldest. None if all are busy.
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
    """The seats of all agents' connections: `total`, of which one agent may have `per_agent`.

    Attributes:
        total, per_agent: as given.
        closed: how many connections were closed to make room for others.
        taken: those that are entered, the eldest first.
    """

    def __init__(self, total: int, per_agent: int) -> None:
        self.closed = 0
        self.total = self._free = total
        self.per_agent = per_agent
        self.taken: dict[Seat, None] = {}
        self._waiting = trio.lowlevel.ParkingLot()

    @property
    def full(self) -> bool:
        """Whether there is no seat for one more connection."""
        return self._free <= 0

    def resize(self, total: int, per_agent: int) -> None:
        """Have another number of seats. Connections beyond it stay; as they end, their seats are not taken again."""
        self._free += total - self.total
        self.total, self.per_agent = total, per_agent
        while self._free > 0 and self._waiting.unpark():
            self._free -= 1

    @property
    def count(self) -> int:
        """How many are taken."""
        return len(self.taken)

    @property
    def fullest(self) -> Filled:
        """How many connections the agent has that is nearest to its limit, and that limit."""
        count = Counter(seat.agent for seat in self.taken if seat.agent is not None)
        own = {seat.agent: seat.most for seat in self.taken if seat.most is not None}
        return fullest(((used, own.get(agent, self.per_agent)) for agent, used in count.items()), self.per_agent)

    @property
    def unknown(self) -> Filled:
        """How many tunnels of unknown agents there are, and how many there may be."""
        return sum(seat.unknown for seat in self.taken), max(1, self.total // UNKNOWN_SHARE)

    async def keep_room(self) -> None:
        """Wait until there is a seat for one more, and reserve it until `release`. Another connection is closed for it if possible."""
        if self._free > 0:
            self._free -= 1
            return
        self.make_room(1)
        await self._waiting.park()

    def release(self) -> None:
        """Return a seat reserved by `keep_room`."""
        if self._free < 0 or not self._waiting.unpark():
            self._free += 1

    def seat(self, address: str) -> Seat:
        """A connection, counted while the block runs that enters it, after `keep_room`."""
        return Seat(address, self)

    def end_silent(self, within: float) -> None:
        """Close the connections on which no request begins within so many seconds."""
        deadline = trio.current_time() + within
        for seat in self.taken:
            if not seat.asked:
                seat.scope.deadline = deadline

    def make_room(self, more: int = 0) -> None:
        """Close as many connections as wait for a seat, and `more`, as far as possible."""
        short = len(self._waiting) + more
        short -= sum(seat.turned_out for seat in self.taken) if short else 0
        while short > 0 and (seat := least(self.taken)):
            seat.turn_out()
            self.closed += 1
            short -= 1

    def check(self, agent: str, most: int | None = None) -> None:
        """Make room for one more connection of an agent. Raises TooMuchAtOnce if it has all that it may have, and none is idle."""
        most = self.per_agent if most is None else most
        theirs = [seat for seat in self.taken if seat.agent == agent and not seat.turned_out]
        if len(theirs) < most:
            return
        idle = least(theirs)
        if idle is None:
            raise TooMuchAtOnce(
                "this agent has too many connections with calls on their way: wait for them",
                detail=f"{agent} has {most} connections with calls on their way (max_connections of the agent, or max_connections_per_agent)",
                limit="max_connections_per_agent",
            )
        idle.turn_out()

    def check_unknown(self) -> None:
        """Raise Overloaded if tunnels of unknown agents have all the seats that they may have."""
        used, most = self.unknown
        if used >= most:
            raise Overloaded(
                "too many tunnels are open without proof: give the agent a token or certificate, or wait for them",
                limit="unknown_tunnels",
            )
