"""The bytes that all request bodies together may take in memory or on disk, and how they are shared.

Rule: bytes are reserved here before they are stored. Connections that have authenticated no agent make room for others, the slowest
first. An agent's further bodies together may take no more than is left for all other agents.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Literal, Self

import trio

from trio_gate.errors import Overloaded
from trio_gate.shell.net.connection_limits import least

if TYPE_CHECKING:
    from trio_gate.shell.net.connection_limits import Seat

KNOBS = {"holds": "held_total", "keeps": "spool_limit"}
"""The configuration's name of each limit: of bytes held in memory, and of bytes kept on disk."""

PATIENCE = 60
"""Seconds that a large body waits for the memory in which it is parsed."""


class Budget:
    """A number of bytes shared by all requests: `left` of `total` are free. `knob` is its attribute of the configuration.

    Args:
        total: bytes that may be reserved at once.
        what: "holds" for memory, "keeps" for disk; a word of its error messages.
    """

    def __init__(self, total: int, what: Literal["holds", "keeps"]) -> None:
        self.left = self.total = total
        self.knob = KNOBS[what]
        self._what = what
        self._shares: dict[Share, None] = {}
        self._waiting = trio.lowlevel.ParkingLot()

    def resize(self, total: int) -> None:
        """Have another number of bytes. What is reserved beyond it stays until it is released."""
        self.left += total - self.total
        self.total = total
        self._waiting.unpark_all()

    @property
    def most(self) -> int:
        """Bytes of the largest share."""
        return max((share.taken for share in self._shares), default=0)

    def share(self, seat: Seat) -> Share:
        """The share of one body, released when its block is left."""
        share = Share(self, seat)
        self._shares[share] = None
        return share

    def remove(self, share: Share) -> None:
        """Forget a share that is released."""
        self._shares.pop(share, None)

    def reserve(self, share: Share, count: int) -> None:
        """Add `count` bytes to a share; slow unauthenticated connections are ended for it. Raises Overloaded."""
        self._check_fair(share, count)
        while count > self.left and (slow := self._least()) is not share.seat and slow is not None:
            slow.turn_out()
            for one in self._shares:
                if one.seat is slow:
                    one.release()
        if count > self.left:
            raise self._full("too much already")
        self.left -= count
        share.taken += count

    def release(self, count: int) -> None:
        """Return `count` bytes, and wake those that wait for some."""
        self.left += count
        self._waiting.unpark_all()

    async def more(self) -> None:
        """Wait until bytes are released."""
        await self._waiting.park()

    def _least(self) -> Seat | None:
        return least(one.seat for one in self._shares if one.taken and one.agent is None)

    def _check_fair(self, share: Share, count: int) -> None:
        """Raise Overloaded if an agent's further body would leave less for all others than the agent has."""
        if share.agent is None or self.total - self.left + count <= self.left - count:  # even if all that is taken were theirs
            return
        all_theirs = sum(one.taken for one in self._shares if one.agent == share.agent)
        if all_theirs > share.taken and all_theirs + count > self.left - count:
            raise self._full("as much for this agent's other calls as it may")

    def _full(self, why: str) -> Overloaded:
        reason = f"the gateway {self._what} {why}: try again later"
        return Overloaded(reason, detail=f"{reason} ({self.knob})", limit=self.knob)


class Share:
    """The bytes of a budget that one body has reserved: `taken`. `agent` is its agent's name, once authenticated."""

    __slots__ = ("_budget", "agent", "seat", "taken")

    def __init__(self, budget: Budget, seat: Seat) -> None:
        self.seat = seat
        self.agent: str | None = None
        self.taken = 0
        self._budget = budget

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the share, and end it."""
        self.release()
        self._budget.remove(self)

    def reserve(self, count: int) -> None:
        """Reserve `count` more bytes. Raises Overloaded if they cannot be had at once."""
        self._budget.reserve(self, count)

    async def wait(self, count: int) -> None:
        """Reserve `count` more bytes as soon as they can be had. Raises Overloaded after `PATIENCE` seconds."""
        deadline = trio.current_time() + PATIENCE
        while trio.current_time() < deadline:
            with suppress(Overloaded):
                self.reserve(count)
                return
            with trio.move_on_at(deadline):
                await self._budget.more()
        self.reserve(count)

    def release(self) -> None:
        """Give all of the share's bytes back to the budget."""
        count, self.taken = self.taken, 0
        if count:
            self._budget.release(count)
