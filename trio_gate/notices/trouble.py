"""What keeps a notice from being delivered: when it is tried again, and what people are told of those that were given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.effect.sentence import counted
from trio_gate.values import value_class

if TYPE_CHECKING:
    from datetime import datetime

    from trio_gate.notices.plan import Key

PAUSES = (1.0, 5.0, 20.0, 60.0, 180.0)
"""Seconds before each further try: a receiver that is restarted is back by then, and one that is gone is not asked for hours."""

LONGEST_PAUSE = 300.0
"""Seconds that a receiver may ask for at most before the next try."""


@value_class
class Trouble:
    """Why a try failed, in words without a secret. `final`: another could not help. `after`: seconds until then, as the receiver wants."""

    text: str
    final: bool = False
    after: float = 0.0


def pause(tries: int, trouble: Trouble) -> float | None:
    """Seconds until the next try, after so many that failed; None if there is none."""
    if trouble.final or tries > len(PAUSES):
        return None
    return max(PAUSES[tries - 1], min(trouble.after, LONGEST_PAUSE))


def named(key: Key) -> str:
    """The receiver of a notice, in words."""
    return f'"{key.receiver}" of {key.approver}' if key.receiver else f"the program of {key.approver}"


class Undelivered:
    """Counts the notices that were given up since the start, by receiver."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, str]] = {}

    @property
    def total(self) -> int:
        """How many, to all receivers."""
        return sum(count for count, _ in self._counts.values())

    def add(self, key: Key, trouble: Trouble, at: datetime) -> None:
        """Count one that was given up."""
        count = self._counts.get(named(key), (0, ""))[0] + 1
        self._counts[named(key)] = count, f"{at:%H:%M} UTC: {trouble.text}"

    def lines(self) -> tuple[str, ...]:
        """A line for each receiver that was not notified of something."""
        return tuple(
            f"{name} was not notified of {counted(count, 'call')}, last at {last}" for name, (count, last) in self._counts.items()
        )
