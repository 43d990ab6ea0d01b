"""Rate limits: for costly work that unauthenticated peers cause, and for what one agent does at once.

Rule: each source has an allowance, and all together have one. Only requests of a proven agent count against an agent's limits, so that
nobody uses up what another one may do. Theory: token buckets. `MAX_SOURCES` sources have a bucket of their own; the others share one.
"""

from __future__ import annotations

import math
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import trio

from trio_gate.errors import TooMuchAtOnce
from trio_gate.metrics.limits import fullest
from trio_gate.shell.net.source_networks import source
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trio_gate.config.model import Agent
    from trio_gate.metrics.limits import Filled

MAX_SOURCES = 256
"""Sources that have a bucket of their own."""


@value_class
class Pace:
    """The size of a bucket, `most`, and the `rate` a second at which it is refilled."""

    most: int
    rate: float


class Bucket:
    """A token bucket, full at first. `now` returns seconds."""

    def __init__(self, pace: Pace, now: Callable[[], float]) -> None:
        self._pace = pace
        self._now = now
        self._level = float(pace.most)
        self._at = now()

    def ready(self) -> bool:
        """Whether there is a token."""
        self._fill()
        return self._level >= 1

    def take(self) -> bool:
        """Take one token; return whether there was one."""
        taken = self.ready()
        self._level -= taken
        return taken

    def owe(self, cost: float) -> float:
        """Take `cost` tokens, even if that leaves a debt; return the seconds to wait until it is repaid.

        The debt is at most a second's refill. It remains if the caller is cancelled while it waits.
        """
        self._fill()
        self._level = max(self._level - cost, -self._pace.rate)
        return max(0.0, -self._level / self._pace.rate)

    @property
    def used(self) -> Filled:
        """How many tokens are taken, of how many."""
        self._fill()
        return self._pace.most - max(int(self._level), 0), self._pace.most

    def full(self) -> bool:
        """Whether the bucket holds all its tokens."""
        self._fill()
        return self._level >= self._pace.most

    def _fill(self) -> None:
        now = self._now()
        self._level = min(self._pace.most, self._level + (now - self._at) * self._pace.rate)
        self._at = now


class Allowance:
    """The buckets of all sources: `each` is the pace of one, `together` that of all; `now` returns seconds."""

    def __init__(self, each: Pace, together: Pace, *, now: Callable[[], float] = trio.current_time) -> None:
        self._each = each
        self._now = now
        self._all = Bucket(together, now)
        self._others = Bucket(each, now)
        self._sources: dict[str, Bucket] = {}

    @property
    def filled(self) -> Filled:
        """How much is taken of the allowance of which the largest part is: that of a source, or that of all."""
        return fullest(bucket.used for bucket in (self._all, self._others, *self._sources.values()))

    def take(self, address: str) -> bool:
        """Take a token for this peer's address; return whether its source and all together had one."""
        bucket = self._bucket(source(address))
        return bucket.ready() and self._all.take() and bucket.take()

    def _bucket(self, name: str) -> Bucket:
        if name not in self._sources:
            if len(self._sources) >= MAX_SOURCES:
                self._sources = {known: bucket for known, bucket in self._sources.items() if not bucket.full()}
            if len(self._sources) >= MAX_SOURCES:
                return self._others
            self._sources[name] = Bucket(self._each, self._now)
        return self._sources[name]


class AgentLoads:
    """The loads of all agents with limits of their own; `now` returns seconds."""

    def __init__(self, now: Callable[[], float] = trio.current_time) -> None:
        self._now = now
        self._under_way = Counter[str]()
        self._buckets: dict[str, tuple[Pace, Bucket]] = {}
        self._most: dict[str, float] = {}

    @property
    def in_flight(self) -> Filled:
        """How many requests the agent has under way that is nearest to its limit, and that limit; of agents with limits of their own."""
        return fullest((count, self._most[name]) for name, count in self._under_way.items())

    @property
    def pace(self) -> Filled:
        """How many requests the agent has begun that is nearest to its limit, and how many it may begin at once."""
        return fullest(bucket.used for _, bucket in self._buckets.values())

    @contextmanager
    def request(self, agent: Agent) -> Iterator[None]:
        """Count a request as under way while the block runs. Raises TooMuchAtOnce where the agent has as many as it may have."""
        name, limits = agent.name, agent.limits
        if limits.max_in_flight is not None and self._under_way[name] >= limits.max_in_flight:
            raise TooMuchAtOnce(
                f"this agent has {limits.max_in_flight} requests under way, as many as it may have: wait for one of them",
                limit="max_in_flight",
            )
        if limits.rate is not None and not self._bucket(name, Pace(most=limits.burst or limits.rate, rate=limits.rate)).take():
            raise TooMuchAtOnce(f"this agent may begin {limits.rate} requests a second: run it again in a moment", limit="rate")
        self._under_way[name] += 1
        self._most[name] = math.inf if limits.max_in_flight is None else limits.max_in_flight
        try:
            yield
        finally:
            self._under_way[name] -= 1
            if not self._under_way[name]:
                del self._under_way[name], self._most[name]

    def _bucket(self, name: str, pace: Pace) -> Bucket:
        """The agent's bucket; a new one, which is full, where its pace was changed."""
        known = self._buckets.get(name)
        if known is None or known[0] != pace:
            known = self._buckets[name] = pace, Bucket(pace, self._now)
        return known[1]
