"""A brake on guessing tokens: a wrong one is answered late, and only a few of one source at once.

Rule: it slows the source of wrong tokens alone. A right one never waits for wrong ones, not even for those of the same source.
"""

from __future__ import annotations

from collections import Counter

import trio

from trio_gate.errors import Overloaded

DELAY_SECONDS = 1
"""Delay of the answer to a wrong token."""

MOST_AT_ONCE = 8
"""Wrong tokens of one source whose answers may be delayed at once; a further one is refused with 429.

Not a knob: only who guesses needs more.
"""


class WrongTokens:
    """The wrong tokens whose answers are being delayed, by their source.

    Attributes:
        refused: how many were refused at once.
    """

    def __init__(self) -> None:
        self.refused = 0
        self._waiting: Counter[str] = Counter()

    @property
    def most(self) -> int:
        """How many the source has whose tokens are delayed most."""
        return max(self._waiting.values(), default=0)

    async def slow_down(self, source: str) -> None:
        """Return when a wrong token of this source may be answered. Raises Overloaded where too many others wait."""
        if self._waiting[source] >= MOST_AT_ONCE:
            self.refused += 1
            raise Overloaded("too many wrong tokens: try again in a moment", status=429, limit="wrong_tokens")
        self._waiting[source] += 1
        try:
            await trio.sleep(DELAY_SECONDS)
        finally:
            self._waiting[source] -= 1
            if not self._waiting[source]:
                del self._waiting[source]
