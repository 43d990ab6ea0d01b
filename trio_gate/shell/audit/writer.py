"""The audit log as a port: callers wait until their row is on disk, and those who wait together share one commit.

Rule: `async with open_audit_log(path)` outlives every task that records, so nothing is lost when they end. Rows that were handed over
are written even while the rest of the process is being cancelled: the owned task that sees to it is shielded.

The row of a call that AWS answered is only handed over, as it may be lost in a crash: it is written within GATHER seconds, together
with others or with the next row that somebody waits for. What waits is bounded: beyond MAX_WAITING rows or bytes the caller waits
too, for a while, so a slow disk slows agents down. A row that cannot be written is logged, and `failing` stops further calls.

A probe each second finds out whether rows can be written, before a call has to be refused. At the size limit no further call is
begun, but outcomes of running calls are still written.

Theory: group commit. While one batch is being synced the next gathers, so a slow disk means larger batches, not more syncs. Who waits
for a row starts the thread, and is told by it, with no task in between; the thread takes its batch when it runs, with all that came.
The row of a cancelled caller is written whole or not at all, and the chain never breaks.
"""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import trio

from trio_gate.audit.rows import intent_row, many_row, outcome_row, whole_row
from trio_gate.errors import AuditUnavailable, Overloaded, internal_fault
from trio_gate.shell.audit.database import AuditDatabase
from trio_gate.shell.worker_threads import WorkerThreads, in_thread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from trio_gate.audit.record import Intent, Many, Outcome
    from trio_gate.audit.rows import Row
    from trio_gate.shell.worker_threads import Outcome as Ended

MAX_BATCH = 256
"""Rows in one transaction."""

GATHER = 0.05
"""Seconds that rows for which nobody waits are gathered, unless there are enough for a batch."""

MAX_WAITING = 4096
"""Rows that wait to be written; who records an answered call beyond them waits until there are less.

Not a knob: on a disk that is too slow, a longer queue only means that a crash loses more.
"""

MAX_WAITING_BYTES = 8 * 1024 * 1024
"""Bytes of them, likewise."""

PATIENCE = 10.0
"""Seconds that a call waits for its row, or for room for it."""

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
    row: Row
    done: trio.Event | None
    durable: bool = False


class AuditWriter:
    """The port `AuditLog`. Made by `open_audit_log`.

    Attributes:
        limit: bytes that the database may have.
        size: bytes that it had when it was last written.
        rows: how many rows were written since the start.
    """

    def __init__(self, store: AuditDatabase, limit: float = math.inf) -> None:
        self._store = store
        self.limit = limit
        self.size = store.size()
        self.rows = 0
        self._percent = WARN_FROM - 1
        self._fault: str | None = None
        self._full = False
        self._answered = time.monotonic()
        self._thread = WorkerThreads(1)
        self._closed = False
        self._waiting: deque[_Entry] = deque()
        self._bytes = 0
        self._batch: list[_Entry] = []
        self._some = trio.Event()
        self._closing = trio.Event()
        self._written = trio.Event()
        self._written.set()
        self._less = trio.Event()
        self._shield = trio.CancelScope(shield=True)

    @property
    def failing(self) -> bool:
        """Whether no call may be begun: the disk fails, or the size limit is reached."""
        return self._fault is not None or self._full

    @property
    def silent(self) -> float:
        """Seconds since the disk last answered, be it with an error; it is asked every `LOOK_EVERY` seconds."""
        return time.monotonic() - self._answered

    @property
    def queue(self) -> int:
        """How many rows wait to be written."""
        return len(self._waiting)

    async def intend(self, intent: Intent) -> None:
        """Return once the intent is on disk. Raises AuditUnavailable."""
        self._check_limit()
        with trio.move_on_after(PATIENCE):
            await self._write(intent_row(intent))
            return
        raise AuditUnavailable(UNRECORDED)

    async def conclude(self, outcome: Outcome) -> None:
        """Write an outcome; see `ports.AuditLog`. Raises AuditUnavailable."""
        await self._settle(outcome_row(outcome), outcome)

    async def record(self, intent: Intent, outcome: Outcome) -> None:
        """Write intent and outcome in one row, for a refusal or a plain read; see `ports.AuditLog`. Raises AuditUnavailable."""
        if outcome.upstream_status is None:  # else the call was begun before
            self._check_limit()
        await self._settle(whole_row(intent, outcome), outcome)

    async def refused(self, many: Many) -> None:
        """Return once a row about many refusals is on disk. Raises AuditUnavailable."""
        self._check_limit()
        await self._write(many_row(many))

    async def acted(self, row: Row) -> None:
        """Return once a row of what people did is on disk. Raises AuditUnavailable."""
        self._check_limit()
        await self._write(row)

    def _check_limit(self) -> None:
        if self._full:
            raise AuditUnavailable(UNRECORDED, limit="record_limit")

    async def _settle(self, row: Row, outcome: Outcome) -> None:
        """Write the row of a call that is over; nobody waits longer than PATIENCE seconds for it."""
        answered = outcome.end == "answered"
        if answered:
            self._put(_Entry(row, None))
            if not self._crowded():
                return
        with trio.move_on_after(PATIENCE):
            await (self._room() if answered else self._write(row))
            return
        if not answered:
            raise AuditUnavailable(UNRECORDED)

    async def _room(self) -> None:
        while self._crowded() and not self._closed:
            await self._less.wait()

    async def _write(self, row: Row) -> None:
        entry = _Entry(row, done := trio.Event())
        self._put(entry)
        await done.wait()
        if not entry.durable:
            raise AuditUnavailable(UNRECORDED)

    def _put(self, entry: _Entry) -> None:
        if self._closed:
            raise AuditUnavailable(UNRECORDED)
        self._waiting.append(entry)
        self._bytes += len(entry.row.text)
        if entry.done is not None or self._enough():
            self._begin()
        else:
            self._some.set()

    def _enough(self) -> bool:
        return len(self._waiting) >= MAX_BATCH or self._crowded()

    def _crowded(self) -> bool:
        return len(self._waiting) > MAX_WAITING or self._bytes > MAX_WAITING_BYTES

    def close(self) -> None:
        """Accept no more rows; those already accepted are still written, for at most `DRAIN` seconds."""
        self._closed = True
        for event in (self._some, self._closing, self._less):
            event.set()
        self._shield.deadline = trio.current_time() + DRAIN

    @property
    def abandoned(self) -> bool:
        """Whether a write still hangs in its thread, so that the store must not be used."""
        return self._shield.cancelled_caught

    async def run(self) -> None:
        """Write the rows for which nobody waits, GATHER seconds after the first of them; after `close`, all that are left."""
        with self._shield:
            while not self._closed:
                await self._some.wait()
                self._some = trio.Event()
                with trio.move_on_after(GATHER):
                    await self._closing.wait()
                await self._written.wait()
                self._begin()
            while self._waiting:
                self._begin()
                await self._written.wait()
            with suppress(Overloaded):
                await self._thread.run("", lambda: None)  # waits for a running probe
        while late := self._batch or self._take():
            self._batch = []
            self._tell(late, durable=False)

    def _begin(self) -> None:
        """Begin to write the rows that have waited longest, unless others are being written: then these come after them."""
        if self._waiting and self._written.is_set():
            self._written = trio.Event()
            self._thread.begin("", partial(self._measuring, self._append), self._ended)

    def _append(self) -> None:
        """Write a batch. It is taken here, in the thread, so that it has all rows that came until then."""
        self._store.append([entry.row for entry in self._take()])

    def _take(self) -> list[_Entry]:
        """Take the rows that have waited longest."""
        self._batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))]
        return self._batch

    def _ended(self, outcome: Ended) -> None:
        """Tell of a batch that was written or not, and begin the next if somebody waits for it."""
        durable = False
        try:
            self._measured(outcome.unwrap())
            durable = True
        except (AuditUnavailable, Overloaded) as fault:
            self._fault = _why(fault)
            log.error("%s", self._fault)  # noqa: TRY400 - the fault is the disk's; a traceback would say nothing more
        batch, self._batch = self._batch or self._take(), []  # without a thread, none was taken
        self._bytes -= sum(len(entry.row.text) for entry in batch)
        self.rows += len(batch) if durable else 0
        self._tell(batch, durable=durable)
        self._written.set()
        if not self._crowded():
            self._less.set()
            self._less = trio.Event()
        if self._enough() or any(entry.done is not None for entry in self._waiting):
            self._begin()
        elif self._waiting:  # they came when there were enough for a batch
            self._some.set()

    def _tell(self, batch: list[_Entry], *, durable: bool) -> None:
        """Say to those who wait for a row whether it is on disk; where nobody does, say in the log that it is not."""
        for entry in batch:
            entry.durable = durable
            if entry.done is not None:
                entry.done.set()
            elif not durable:
                log.error("outcome of %s not recorded", entry.row.id)

    def _measuring(self, write: Callable[[], None]) -> int:
        """Write, in the thread; return the store's size. Raises AuditUnavailable, for a bug, too."""
        try:
            write()
            return self._store.size()
        except AuditUnavailable:
            raise
        except Exception as error:
            detail = f"the record cannot be written: internal error: {internal_fault(error)}"
            raise AuditUnavailable(UNRECORDED, detail=detail) from error
        finally:
            self._answered = time.monotonic()

    def _measured(self, size: int) -> None:
        self._fault = None
        self.size, percent, full = size, int(100 * size / self.limit), size >= self.limit
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
                    self._measured(await self._thread.run("", partial(self._measuring, self._store.probe)))
            except (AuditUnavailable, Overloaded) as fault:
                self._fault = _why(fault)
            except trio.TooSlowError:
                self._fault = f"the audit database was not written within {LOOK_TIMEOUT} seconds"
            if self._fault != before:
                log.error("calls are refused: %s", self._fault) if self._fault else log.info("the record can be written again")


def _why(fault: AuditUnavailable | Overloaded) -> str:
    """What the log says of a fault; no thread is one of the record's, too."""
    return fault.detail if isinstance(fault, AuditUnavailable) else f"the record cannot be written: {fault.detail}"


@asynccontextmanager
async def open_audit_log(path: str, limit: float = math.inf) -> AsyncIterator[AuditWriter]:
    """Open the database at `path` and write to it until the block is left; then log the head of the chain.

    No call is begun once it has `limit` bytes. Raises AuditUnavailable if it cannot be opened.
    """
    store = await in_thread(AuditDatabase, path)
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
