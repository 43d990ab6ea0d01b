"""Bytes that all bodies together may take, of memory or of disk, and who gets them.

Rule: nothing is kept that was not taken here first. Who has proven nothing makes room for others, the slowest first; beyond its first
body an agent may take no more than is left for all others.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Literal

import trio

from trio_gate.errors import Overloaded
from trio_gate.shell.net.connection_limits import least

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trio_gate.shell.net.connection_limits import Seat

KNOBS = {"holds": "held_total", "keeps": "spool_limit"}
"""What the operator may set, by what the gateway does with bytes: in memory, on disk."""

PATIENCE = 60
"""Seconds that a large body waits for memory to be named in."""


class Budget:
    """Bytes that may be kept at once, over all requests."""

    def __init__(self, total: int, what: Literal["holds", "keeps"]) -> None:
        self.left = total
        self._what = what
        self._shares: dict[Share, None] = {}
        self._more = trio.Event()

    @contextmanager
    def share(self, seat: Seat) -> Iterator[Share]:
        """One body's share, given back at the end."""
        share = Share(self, seat)
        self._shares[share] = None
        try:
            yield share
        finally:
            share.release()
            del self._shares[share]

    def reserve(self, share: Share, count: int) -> None:
        """Raises Overloaded."""
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
        """So many bytes are free again."""
        self.left += count
        self._more.set()
        self._more = trio.Event()

    async def more(self) -> None:
        """Wait until something is given back."""
        await self._more.wait()

    def _least(self) -> Seat | None:
        return least(one.seat for one in self._shares if one.taken and one.agent is None)

    def _check_fair(self, share: Share, count: int) -> None:
        """Another body of an agent must leave as much for all others as the agent has."""
        if share.agent is None:
            return
        all_theirs = sum(one.taken for one in self._shares if one.agent == share.agent)
        if all_theirs > share.taken and all_theirs + count > self.left - count:
            raise self._full("as much for this agent's other calls as it may")

    def _full(self, why: str) -> Overloaded:
        reason = f"the gateway {self._what} {why}: try again later"
        return Overloaded(reason, detail=f"{reason} ({KNOBS[self._what]})")


class Share:
    """What one body has taken of a budget. `agent` is whose it is, once that is proven."""

    def __init__(self, budget: Budget, seat: Seat) -> None:
        self.seat = seat
        self.agent: str | None = None
        self.taken = 0
        self._budget = budget

    def reserve(self, count: int) -> None:
        """Raises Overloaded."""
        self._budget.reserve(self, count)

    async def wait(self, count: int) -> None:
        """Take so many bytes as soon as they can be had. Raises Overloaded after a minute."""
        deadline = trio.current_time() + PATIENCE
        while trio.current_time() < deadline:
            with suppress(Overloaded):
                self.reserve(count)
                return
            with trio.move_on_at(deadline):
                await self._budget.more()
        self.reserve(count)

    def release(self) -> None:
        """All of it."""
        count, self.taken = self.taken, 0
        self._budget.release(count)
