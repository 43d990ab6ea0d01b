"""Refusals of unauthenticated peers: each has its own row until there are many from one source; further ones are counted.

Rule: nobody without a secret can fill the disk, with rows or with log lines. Each source has an allowance of them, and so have all
together. Refusals beyond it are summed up in a row every minute: how many, with which codes, from where and when.
"""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import trio

from trio_gate.audit.record import Many
from trio_gate.errors import AuditUnavailable
from trio_gate.shell.net.rate_limit import MAX_SOURCES, Allowance, Pace
from trio_gate.shell.net.source_networks import source

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from trio_gate.metrics.limits import Filled
    from trio_gate.ports import AuditLog, Clock

ROWS = 100
"""Rows about refusals of one source that are written at once."""

ROWS_A_SECOND = 0.1
"""Rows of one source that may be written in each second after those."""

ALL_ROWS = 1000
"""Rows of all sources together that are written at once."""

ALL_ROWS_A_SECOND = 1.0
"""Rows of all sources that may be written in each second after those.

These four are no knobs: nobody without a secret may fill a disk, however large it is, and what is not written is counted.
"""

TELL_EVERY_SECONDS = 60
"""Time between two rows about what was counted."""

LAST_ROWS_SECONDS = 5
"""Time for writing them at the end."""

OTHERS = "(other addresses)"

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class _Source:
    address: str
    codes: Counter[str] = field(default_factory=Counter)
    first: datetime | None = None
    last: datetime | None = None


class Refusals:
    """Counts refusals beyond the allowance of their source. Made by `open_refusals`, which also writes the sums.

    `summed`: how many were counted and got no row of their own.
    """

    def __init__(self, audit: AuditLog, clock: Clock) -> None:
        self.summed = 0
        self._audit = audit
        self._clock = clock
        self._allowance = Allowance(Pace(most=ROWS, rate=ROWS_A_SECOND), Pace(most=ALL_ROWS, rate=ALL_ROWS_A_SECOND))
        self._sources: dict[str, _Source] = {}
        self._others = _Source(address=OTHERS)

    @property
    def filled(self) -> Filled:
        """How much is taken of the allowance of which the largest part is."""
        return self._allowance.filled

    def counted(self, address: str, code: str) -> bool:
        """Whether a refusal is beyond the allowance: then it is counted here, and gets neither a row nor a log line of its own."""
        if self._allowance.take(address):
            return False
        self.summed += 1
        found = self._source(address)
        found.codes[code] += 1
        found.last = self._clock.now()
        found.first = found.first or found.last
        return True

    def _source(self, address: str) -> _Source:
        name = source(address)
        found = self._sources.get(name)
        if found is None:
            if len(self._sources) >= MAX_SOURCES:
                return self._others
            found = self._sources[name] = _Source(address=name)
        return found

    async def tell(self) -> None:
        """Write rows with the counts so far. Counts that cannot be written are kept."""
        for found in [*self._sources.values(), self._others]:
            if found.first and found.last:
                codes, found.codes = found.codes, Counter()
                many = Many(id=str(uuid.uuid4()), address=found.address, codes=codes, first=found.first, last=found.last)
                try:
                    await self._audit.refused(many)
                except AuditUnavailable:
                    found.codes += codes
                    continue
                if not found.codes:
                    found.first = found.last = None
                else:
                    found.first = many.last
        self._sources = {name: found for name, found in self._sources.items() if found.first}

    async def run(self) -> None:
        """Write the counts every `TELL_EVERY_SECONDS`, until cancelled."""
        while True:
            await trio.sleep(TELL_EVERY_SECONDS)
            await self.tell()


@asynccontextmanager
async def open_refusals(audit: AuditLog, clock: Clock) -> AsyncIterator[Refusals]:
    """Count refusals until the block is left; then write the last counts."""
    refusals = Refusals(audit, clock)
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(refusals.run)
            yield refusals
            nursery.cancel_scope.cancel()
    finally:
        with trio.move_on_after(LAST_ROWS_SECONDS, shield=True):
            await refusals.tell()
