"""Measures how late the event loop is, which is what every request waits for besides its own work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY = 0.25
"""Seconds between two measurements."""


async def measure(late: Callable[[float], object]) -> None:
    """Call `late` with the seconds that a task is woken too late, every `EVERY` seconds, until cancelled."""
    while True:
        due = trio.current_time() + EVERY
        await trio.sleep_until(due)
        late(trio.current_time() - due)
