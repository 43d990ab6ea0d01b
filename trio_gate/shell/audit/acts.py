"""Rows of the record about acts: what people do, and the gateway itself.

Rule: an act that permits something (a vote, a lift, a grant's use) takes effect when its row is on disk. One that forbids something
(a stop, a revocation) takes effect at once, and its row is written as soon as possible.

Theory: `note` is for acts that cannot wait; notes are kept until they are written, in order. Without an audit log (tests of the hub
alone) rows are only shown.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import trio

from trio_gate.audit.acts import unreviewed_row
from trio_gate.errors import AuditUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from trio_gate.audit.rows import Row
    from trio_gate.aws.call import Call
    from trio_gate.ports import AuditLog, Clock

WRITE_TIMEOUT = 10
"""Seconds that a row may take before it counts as not written."""


log = logging.getLogger(__name__)

_SLOW = f"the record was not written within {WRITE_TIMEOUT} seconds"


class Acts:
    """Writes rows about acts to `audit`, if any; `show` is then called with a function that returns the row, for observers."""

    def __init__(self, show: Callable[[Callable[[], Row]], None], audit: AuditLog | None) -> None:
        self._show = show
        self._audit = audit
        self._notes: list[Row] = []
        self._lock = trio.Lock()
        self.noted = trio.Event()

    def note(self, row: Row) -> None:
        """Queue a row; it is written soon, and before any grant is used."""
        self._notes.append(row)
        self.noted.set()

    async def flush(self) -> None:
        """Return once every note so far is on disk. Raises AuditUnavailable.

        Cancellation takes effect only after the current row, which would otherwise be written twice.
        """
        async with self._lock:
            try:
                while self._notes:
                    with trio.fail_after(WRITE_TIMEOUT, shield=True):
                        await self._put(self._notes[0])
                    del self._notes[0]
                if self.noted.is_set():  # a task that waits for the old event must not miss the next note
                    self.noted = trio.Event()
            except trio.TooSlowError:
                self.noted.set()
                raise AuditUnavailable(_SLOW) from None
            except BaseException:
                self.noted.set()
                raise

    async def write(self, row: Row) -> None:
        """Return once a row is on disk, after all earlier notes. Raises AuditUnavailable; the row may be on disk even then."""
        with trio.move_on_after(WRITE_TIMEOUT, shield=True):
            await self.flush()
            await self._put(row)
            return
        raise AuditUnavailable(_SLOW)

    async def _put(self, row: Row) -> None:
        if self._audit is not None:
            await self._audit.acted(row)
        self._show(lambda: row)


class Unreviewed:
    """Warns once of each called operation that the reviewed lists do not cover, or not with the members that were sent."""

    def __init__(self, acts: Acts, clock: Clock) -> None:
        self._acts = acts
        self._clock = clock
        self._met: set[tuple[str, str]] = set()

    @property
    def count(self) -> int:
        """How many operations were met."""
        return len(self._met)

    def met(self, call: Call, agent: str | None) -> None:
        """Warn and write a row if this call of `agent` is the first of an unreviewed operation."""
        name = call.service, call.operation
        if not call.reviewed and name not in self._met:
            self._met.add(name)
            log.warning(
                "%s:%s or one of its members is newer than the review: it passes only by %s",
                *name,
                "the operator's own" if call.own_review else "a rule with vends = true",
            )
            self._acts.note(unreviewed_row(call, agent, self._clock.now()))
