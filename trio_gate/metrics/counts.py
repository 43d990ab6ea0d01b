"""Counts what happens, and asks the services how they are when somebody wants to know.

Rule: a label holds only what the configuration or AWS's catalog names, never an agent's text, and there are at most `MAX_SERIES` series
of requests. Theory: a request costs a look-up in a dict and two searches in short tuples; names and text are made when they are read.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from trio_gate.metrics.histogram import AWS_BOUNDS, OTHER, OWN_BOUNDS, Distribution, Histogram, Histograms
from trio_gate.metrics.limits import LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    Sample = tuple[str, tuple[str, ...], float | Distribution]
    """A metric's name without `PREFIX`, the values of its labels, and its value."""

    Source = Callable[[], Iterable[Sample]]
    Collected = Mapping[str, Mapping[tuple[str, ...], float | Distribution]]
    """By the metric's name, then by the values of its labels."""

MAX_SERIES = 2000
"""Combinations of service, access, outcome, agent and account that are counted each for itself: about 1 MiB when they are read."""

MOST_OF_AGENT = 1500
"""Of these for one agent, so that one that calls all that there is leaves room for others."""

MAX_SERVICES = 100
"""Services whose answers are timed each for itself."""

_NONE_REFUSED = {one.name: 0 for one in LIMITS}
"""Each limit has a count from the start: Prometheus takes no rate of what was not there before."""

NOT_OURS = ("aws", "approved", "credentials_ready", "answered")
"""Stages of a request that wait for others: for AWS's answer, for people, for STS, for the answer to pass."""


class TunnelCounts:
    """Tunnels, by what became of them.

    Attributes:
        open: how many there are.
        asked: how many were asked for, by result: "opened", "refused", or "failed" where no host was reached.
        opened: how many were opened, by what proved the agent, as in the record.
        bytes: how many came through them, "in" from agents and "out" from hosts, as in the record.
    """

    def __init__(self) -> None:
        self.open = 0
        self.asked = dict.fromkeys(("opened", "refused", "failed"), 0)
        self.opened = {"none": 0}
        self.bytes = {"in": 0, "out": 0}

    def begin(self, proof: str) -> None:
        """Count one that is open now, by what proved its agent."""
        self.open += 1
        self.asked["opened"] += 1
        self.opened[proof] = self.opened.get(proof, 0) + 1


class Counts:
    """What was counted since the start.

    Attributes:
        lag: how late the event loop was.
        refused: how many requests each limit refused, by the limit's name.
        seen: when a request of each agent ended last.
        tunnels: connections to hosts that are none of AWS's.
    """

    def __init__(self) -> None:
        self.lag = Histogram(OWN_BOUNDS)
        self.refused: dict[str, int] = {}
        self.seen: dict[str, datetime] = {}
        self.tunnels = TunnelCounts()
        self._requests: dict[tuple[str, str, str, str, str], int] = {}
        self._series = Counter[str]()
        self._ends: dict[tuple[str, int], int] = {}
        self._own = Histograms(OWN_BOUNDS, MAX_SERVICES)
        self._aws = Histograms(AWS_BOUNDS, MAX_SERVICES)
        self._sources: list[Source] = []

    def watch(self, source: Source) -> None:
        """Ask `source`, too, whenever metrics are read. It must not wait."""
        self._sources.append(source)

    def request(
        self, key: tuple[str, str, str, str, str], end: str, status: int | None, nanoseconds: Mapping[str, int], now: datetime
    ) -> None:
        """Count a request that is over.

        Args:
            key: service, access, outcome, agent and account; empty where they are not known.
            end: as in the record.
            status: that the agent got.
            nanoseconds: how long each stage took.
            now: when it ended.
        """
        requests = self._requests
        if key in requests:
            requests[key] += 1
        else:
            self._add(key)
        ended = end, status // 100 if status else 0
        self._ends[ended] = self._ends.get(ended, 0) + 1
        self.seen[key[3]] = now
        aws = nanoseconds.get("aws")
        own = sum(nanoseconds.values())
        for stage in NOT_OURS:
            own -= nanoseconds.get(stage, 0)
        if end != "answered" and ("allowed" in nanoseconds or "approval_needed" in nanoseconds):
            own -= nanoseconds.get("end", 0)  # once a call is decided on, only a wait for others ends otherwise
        self._own.add(key[1], own / 1e9)
        if aws is not None:
            self._aws.add(key[0], aws / 1e9)

    def refuse(self, limit: str) -> None:
        """Count a request that a limit refused."""
        self.refused[limit] = self.refused.get(limit, 0) + 1

    def collect(self) -> Collected:
        """All that is known now."""
        found: dict[str, dict[tuple[str, ...], float | Distribution]] = {
            "requests": {key: float(count) for key, count in self._requests.items()},
            "ends": {(end, f"{hundreds}xx" if hundreds else "none"): count for (end, hundreds), count in self._ends.items()},
            "own_seconds": dict(self._own.now()),
            "aws_seconds": dict(self._aws.now()),
            "loop_lag_seconds": {(): self.lag.now()},
            "limit_refused": {(limit,): count for limit, count in {**_NONE_REFUSED, **self.refused}.items()},
            "tunnels": {(): self.tunnels.open},
            "tunnels_asked": {(result,): count for result, count in self.tunnels.asked.items()},
            "tunnels_opened": {(proof,): count for proof, count in self.tunnels.opened.items()},
            "tunnel_bytes": {(direction,): count for direction, count in self.tunnels.bytes.items()},
        }
        for source in self._sources:
            for name, labels, value in source():
                found.setdefault(name, {})[labels] = value
        return found

    def _add(self, key: tuple[str, str, str, str, str]) -> None:
        agent = key[3]
        if len(self._requests) >= MAX_SERIES:
            key = OTHER, OTHER, key[2], OTHER, OTHER
        elif self._series[agent] >= MOST_OF_AGENT:
            key = OTHER, OTHER, key[2], agent, OTHER
        if key not in self._requests:
            self._series[agent] += 1
        self._requests[key] = self._requests.get(key, 0) + 1
