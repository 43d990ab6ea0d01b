"""Whether work grows as its input does, measured at two sizes in one run: no time is a promise, but a ratio is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

TIMES = 8
"""How many times larger the second size is: linear work takes 8 times as long, quadratic work 64 times."""

LIMIT = 24
GRAIN = 5e-6
"""Seconds that a clock and a call may add."""


def cost(use: Callable[[Any], object], given: Any, times: int) -> float:
    """Seconds of this thread, the best of some runs."""
    best = float("inf")
    for _ in range(times):
        start = time.thread_time()
        use(given)
        best = min(best, time.thread_time() - start)
    return best


def grows(use: Callable[[Any], object], small: Any, large: Any) -> bool:
    """Whether `large`, which is `TIMES` times `small`, costs more than that: asked twice, since the machine may be busy."""
    return all(cost(use, large, times) > LIMIT * cost(use, small, 3 * times) + GRAIN for times in (1, 5))
