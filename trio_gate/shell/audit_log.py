"""The audit log as a port: callers wait until their row is on disk, and those who wait together share one commit.

Rule: `async with open_audit_log(path)` outlives every task that records, so nothing is lost when they end. One owned task
writes; it is shielded, because rows that were handed over are written even while the rest of the process is being cancelled.

Theory: group commit. While one batch is being synced the next gathers, so a slow disk means larger batches, not a queue.
A caller that is cancelled leaves its row to be written or not; it is never half-written and the chain never breaks.
"""

from __future__ import annotations

import logging
import math
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import trio

from trio_gate.audit.record import intent_row, outcome_row, whole_row
from trio_gate.errors import AuditUnavailable
from trio_gate.shell.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from trio_gate.audit.record import Intent, Outcome

MAX_BATCH = 256
"""Rows in one transaction."""

DRAIN = 5.0
"""Seconds that closing may take; a disk that hangs longer loses what it held back."""

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Entry:
    row: bytes
    done: trio.Event = field(default_factory=trio.Event)
    durable: bool = False


class AuditWriter:
    """The port `AuditLog`. Made by `open_audit_log`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._limiter = trio.CapacityLimiter(1)
        self._inbox, self._outbox = trio.open_memory_channel[_Entry](math.inf)
        self._shield = trio.CancelScope(shield=True)
        self.failing = False

    async def intend(self, intent: Intent) -> None:
        """Return once the intent is on disk. Raises AuditUnavailable."""
        await self._write(intent_row(intent))

    async def conclude(self, outcome: Outcome) -> None:
        """Return once the outcome is on disk. Raises AuditUnavailable."""
        await self._write(outcome_row(outcome))

    async def record(self, intent: Intent, outcome: Outcome) -> None:
        """Both in one row, for a refusal or a plain read that is over. Raises AuditUnavailable."""
        await self._write(whole_row(intent, outcome))

    async def _write(self, row: bytes) -> None:
        entry = _Entry(row)
        with suppress(trio.ClosedResourceError):
            self._inbox.send_nowait(entry)
            await entry.done.wait()
        if not entry.durable:
            message = "the call could not be recorded; try again later"
            raise AuditUnavailable(message)

    def close(self) -> None:
        """Take no more rows; those that were handed over are still written, for at most `DRAIN` seconds."""
        self._inbox.close()
        self._shield.deadline = trio.current_time() + DRAIN

    @property
    def abandoned(self) -> bool:
        """Whether a write still hangs in its thread, so that nobody else may touch the store."""
        return self._shield.cancelled_caught

    async def run(self) -> None:
        """Write batches until `close`, then what is left."""
        with self._shield:
            async for first in self._outbox:
                await self._commit([first, *self._waiting()])
        while late := self._waiting():
            for entry in late:
                entry.done.set()

    def _waiting(self) -> list[_Entry]:
        """What has been handed over by now."""
        more: list[_Entry] = []
        with suppress(trio.WouldBlock, trio.EndOfChannel):
            while len(more) < MAX_BATCH - 1:
                more.append(self._outbox.receive_nowait())
        return more

    async def _commit(self, batch: list[_Entry]) -> None:
        durable = False
        try:
            await trio.to_thread.run_sync(
                self._store.append, [entry.row for entry in batch], limiter=self._limiter, abandon_on_cancel=True
            )
            durable = True
        except AuditUnavailable as fault:
            log.error("%s", fault.reason)  # noqa: TRY400 - the fault is the disk's; a traceback would say nothing more
        finally:
            self.failing = not durable
            for entry in batch:
                entry.durable = durable
                entry.done.set()


@asynccontextmanager
async def open_audit_log(path: str) -> AsyncIterator[AuditWriter]:
    """Open the database at `path` and write to it until the block is left; then log the head of the chain.

    Raises AuditUnavailable if it cannot be opened.
    """
    store = await trio.to_thread.run_sync(Store, path)
    writer = AuditWriter(store)
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(writer.run)
            try:
                yield writer
            finally:
                writer.close()
    finally:
        if not writer.abandoned:
            log.info("audit log closed after row %d, head %s", *store.head())
            store.close()
