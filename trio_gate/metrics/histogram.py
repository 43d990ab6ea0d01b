"""Histograms of durations: plain lists of counts, as they are added to for each request."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping

OWN_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
"""Upper bounds, in seconds, for the gateway's own work on a request, and for how late its loop is."""

AWS_BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
"""Upper bounds, in seconds, for AWS's answers."""

PEOPLE_BOUNDS = (5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
"""Upper bounds, in seconds, for what people decide."""


@value_class
class Distribution:
    """A histogram at one moment: how many values up to each bound, how many above the last, and the sum of all."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: float


class Histogram:
    """Counts values by their size."""

    __slots__ = ("_bounds", "_counts", "_total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._total = 0.0

    def add(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._total += value

    def now(self) -> Distribution:
        """What was counted so far."""
        return Distribution(bounds=self._bounds, counts=tuple(self._counts), total=self._total)


class Histograms:
    """A histogram for each value of one label, up to `most` of them; the values beyond share one for `OTHER`."""

    __slots__ = ("_all", "_bounds", "_most")

    def __init__(self, bounds: tuple[float, ...], most: int) -> None:
        self._bounds = bounds
        self._most = most
        self._all: dict[str, Histogram] = {}

    def add(self, label: str, value: float) -> None:
        """Count a value under a label."""
        found = self._all.get(label)
        if found is None:
            label = label if len(self._all) < self._most else OTHER
            found = self._all.setdefault(label, Histogram(self._bounds))
        found.add(value)

    def now(self) -> Mapping[tuple[str, ...], Distribution]:
        """What was counted so far, by label."""
        return {(label,): found.now() for label, found in self._all.items()}


OTHER = "other"
"""The label of what would make one series too many."""
