"""How often something that costs us is done for those who have proven nothing: so often at first, and then at a rate.

Rule: each source has an allowance, and all of them together have one. Theory: token buckets. So many sources are told apart;
those beyond share one bucket.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import trio

from trio_gate.shell.net.source_networks import source

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_SOURCES = 256
"""Sources told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """So often at first, and so often a second then."""

    most: int
    rate: float


class Bucket:
    """What one owner has left."""

    def __init__(self, pace: Pace, now: Callable[[], float]) -> None:
        self._pace = pace
        self._now = now
        self._level = float(pace.most)
        self._at = now()

    def take(self) -> bool:
        """Whether it may be done once more."""
        self._fill()
        taken = self._level >= 1
        self._level -= taken
        return taken

    def owe(self, cost: float) -> float:
        """Take so much, whether it is there or not; the seconds until it is. No more than a second's worth is owed.

        Who was to wait and was broken off leaves what is owed to the next.
        """
        self._fill()
        self._level = max(self._level - cost, -self._pace.rate)
        return max(0.0, -self._level / self._pace.rate)

    def full(self) -> bool:
        """Whether nothing is taken."""
        self._fill()
        return self._level >= self._pace.most

    def _fill(self) -> None:
        now = self._now()
        self._level = min(self._pace.most, self._level + (now - self._at) * self._pace.rate)
        self._at = now


class Allowance:
    """What sources may still do: `each` is a source's pace, `together` that of all; `now` tells seconds."""

    def __init__(self, each: Pace, together: Pace, *, now: Callable[[], float] = trio.current_time) -> None:
        self._each = each
        self._now = now
        self._all = Bucket(together, now)
        self._others = Bucket(each, now)
        self._sources: dict[str, Bucket] = {}

    def take(self, address: str) -> bool:
        """Whether it may be done once more for this peer."""
        return self._bucket(source(address)).take() and self._all.take()

    def _bucket(self, name: str) -> Bucket:
        if name not in self._sources:
            if len(self._sources) >= MAX_SOURCES:
                self._sources = {known: bucket for known, bucket in self._sources.items() if not bucket.full()}
            if len(self._sources) >= MAX_SOURCES:
                return self._others
            self._sources[name] = Bucket(self._each, self._now)
        return self._sources[name]
