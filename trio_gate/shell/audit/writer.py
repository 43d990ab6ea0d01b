"""The audit log as a port: callers wait until their row is on disk, and those who wait together share one commit.

Rule: `async with open_audit_log(path)` outlives every task that records, so nothing is lost when they end. One owned task
writes; it is shielded, because rows that were handed over are written even while the rest of the process is being cancelled.

A probe each second finds out whether rows can be written, before a call has to be refused. At the size limit no further call is
begun, but outcomes of running calls are still written.

Theory: group commit. While one batch is being synced the next gathers, so a slow disk means larger batches, not a queue.
The row of a cancelled caller is written whole or not at all, and the chain never breaks.
"""

from __future__ import annotations

import logging
import math
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import trio

from trio_gate.audit.record import intent_row, many_row, outcome_row, whole_row
from trio_gate.errors import AuditUnavailable
from trio_gate.shell.audit.database import AuditDatabase

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from trio_gate.audit.record import Intent, Many, Outcome

MAX_BATCH = 256
"""Rows in one transaction."""

LOOK_EVERY = 1
"""Seconds between two probes of the disk."""

LOOK_TIMEOUT = 10
"""Seconds after which a probe counts as failed."""

WARN_FROM = 80
"""Percent of the size limit from which on the operator is warned, once for each further percent."""

DRAIN = 5.0
"""Seconds that closing may take; rows that a hanging disk has not written by then are lost."""

UNRECORDED = "the call could not be recorded; try again later"

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Entry:
    row: bytes
    done: trio.Event = field(default_factory=trio.Event)
    durable: bool = False


class AuditWriter:
    """The port `AuditLog`. Made by `open_audit_log`."""

    def __init__(self, store: AuditDatabase, limit: float = math.inf) -> None:
        self._store = store
        self._limit = limit
        self._percent = WARN_FROM - 1
        self._fault: str | None = None
        self._full = False
        self._limiter = trio.CapacityLimiter(1)
        self._inbox, self._outbox = trio.open_memory_channel[_Entry](math.inf)
        self._shield = trio.CancelScope(shield=True)

    @property
    def failing(self) -> bool:
        """Whether no call may be begun: the disk fails, or the size limit is reached."""
        return self._fault is not None or self._full

    async def intend(self, intent: Intent) -> None:
        """Return once the intent is on disk. Raises AuditUnavailable."""
        self._check_limit()
        await self._write(intent_row(intent))

    async def conclude(self, outcome: Outcome) -> None:
        """Return once the outcome is on disk. Raises AuditUnavailable."""
        await self._write(outcome_row(outcome))

    async def record(self, intent: Intent, outcome: Outcome) -> None:
        """Return once intent and outcome are on disk, in one row, for a refusal or a plain read. Raises AuditUnavailable."""
        self._check_limit()
        await self._write(whole_row(intent, outcome))

    async def refused(self, many: Many) -> None:
        """Return once a row about many refusals is on disk. Raises AuditUnavailable."""
        self._check_limit()
        await self._write(many_row(many))

    async def acted(self, row: bytes) -> None:
        """Return once a row of what people did is on disk. Raises AuditUnavailable."""
        self._check_limit()
        await self._write(row)

    def _check_limit(self) -> None:
        if self._full:
            raise AuditUnavailable(UNRECORDED)

    async def _write(self, row: bytes) -> None:
        entry = _Entry(row)
        with suppress(trio.ClosedResourceError):
            self._inbox.send_nowait(entry)
            await entry.done.wait()
        if not entry.durable:
            raise AuditUnavailable(UNRECORDED)

    def close(self) -> None:
        """Accept no more rows; those already accepted are still written, for at most `DRAIN` seconds."""
        self._inbox.close()
        self._shield.deadline = trio.current_time() + DRAIN

    @property
    def abandoned(self) -> bool:
        """Whether a write still hangs in its thread, so that the store must not be used."""
        return self._shield.cancelled_caught

    async def run(self) -> None:
        """Write batches until `close`, then what is left."""
        with self._shield:
            async for first in self._outbox:
                await self._commit([first, *self._waiting()])
            async with self._limiter:  # waits for a running probe
                pass
        while late := self._waiting():
            for entry in late:
                entry.done.set()

    def _waiting(self) -> list[_Entry]:
        """Rows that wait, up to a full batch."""
        more: list[_Entry] = []
        with suppress(trio.WouldBlock, trio.EndOfChannel):
            while len(more) < MAX_BATCH - 1:
                more.append(self._outbox.receive_nowait())
        return more

    async def _commit(self, batch: list[_Entry]) -> None:
        durable = False
        try:
            await self._use(partial(self._store.append, [entry.row for entry in batch]))
            durable = True
        except AuditUnavailable as fault:
            log.error("%s", fault.detail)  # noqa: TRY400 - the fault is the disk's; a traceback would say nothing more
            self._fault = fault.detail
        finally:
            for entry in batch:
                entry.durable = durable
                entry.done.set()

    async def _use(self, write: Callable[[], None]) -> None:
        """Run `write` in a thread; on success clear the fault, and check the store's size. Raises AuditUnavailable."""

        def measured() -> int:
            write()
            return self._store.size()

        size = await trio.to_thread.run_sync(measured, limiter=self._limiter, abandon_on_cancel=True)
        self._fault = None
        self._measured(size)

    def _measured(self, size: int) -> None:
        percent, full = int(100 * size / self._limit), size >= self._limit
        if full and not self._full:
            log.error("the record has %d bytes, which is its limit (record_limit): calls are refused", size)
        elif not full and percent > self._percent:
            log.warning("the record has %d bytes, %d%% of its limit (record_limit): calls are refused at it", size, percent)
        self._percent, self._full = max(self._percent, percent), full

    async def look(self) -> None:
        """Probe the disk every `LOOK_EVERY` seconds, until cancelled."""
        while True:
            await trio.sleep(LOOK_EVERY)
            before = self._fault
            try:
                with trio.fail_after(LOOK_TIMEOUT):
                    await self._use(self._store.probe)
            except AuditUnavailable as fault:
                self._fault = fault.detail
            except trio.TooSlowError:
                self._fault = f"the audit database was not written within {LOOK_TIMEOUT} seconds"
            if self._fault != before:
                log.error("calls are refused: %s", self._fault) if self._fault else log.info("the record can be written again")


@asynccontextmanager
async def open_audit_log(path: str, limit: float = math.inf) -> AsyncIterator[AuditWriter]:
    """Open the database at `path` and write to it until the block is left; then log the head of the chain.

    No call is begun once it has `limit` bytes. Raises AuditUnavailable if it cannot be opened.
    """
    store = await trio.to_thread.run_sync(AuditDatabase, path)
    writer = AuditWriter(store, limit)
    try:
        async with trio.open_nursery() as nursery, trio.open_nursery() as looking:
            nursery.start_soon(writer.run)
            looking.start_soon(writer.look)
            try:
                yield writer
            finally:
                looking.cancel_scope.cancel()
                writer.close()
    finally:
        if not writer.abandoned:
            log.info("audit log closed after row %d, head %s", *store.head())
            store.close()
