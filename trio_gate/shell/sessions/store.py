"""The virtual sessions of all agents, in memory and on disk. Implements the port `Sessions`.

Rule: a session is on disk before an agent gets its key, and ended there before its end is told. What is stored are terms and verifier:
never a credential of AWS. After a restart the credentials are asked for again, at the session's next call.

Theory: tools such as the AWS CLI keep sessions in files of their own and go on using them after the gateway was restarted.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import trio

from trio_gate.errors import Overloaded, StorageUnavailable
from trio_gate.sessions.persistence import from_json, to_json
from trio_gate.sessions.table import SessionTable
from trio_gate.shell.presence import Presence
from trio_gate.shell.sqlite_file import open_database, transaction
from trio_gate.shell.worker_threads import in_thread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from trio_gate.ports import Clock
    from trio_gate.sessions.session import VirtualSession

FILE = "sessions.db"
"""The database's name in `state_dir`."""

SCHEMA = 1
"""The version of what is stored."""

SWEEP_EVERY = 60.0
"""Seconds between two looks for sessions that are over, and for ends that could not be written."""

WRITE_TIMEOUT = 10.0
"""Seconds that a write may take; after that its session is not handed out, and an end is written again later."""

CLOSE_TIMEOUT = 5.0
"""Seconds that the last write may take when the gateway stops."""

_TABLES = "CREATE TABLE sessions (key_id TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"

log = logging.getLogger(__name__)


class SessionStore:
    """All sessions. Made by `open_sessions`."""

    def __init__(self, path: str, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._lock = trio.Lock()
        self._limiter = trio.CapacityLimiter(1)
        self._ended: list[VirtualSession] = []
        self._watchers: list[Callable[[Sequence[VirtualSession]], None]] = []
        try:
            self._db = open_database(path, _TABLES, schema=SCHEMA, secure_delete=True)
            rows = self._db.execute("SELECT value FROM sessions").fetchall()
            found = [from_json(json.loads(value)) for (value,) in rows]
            self.table = SessionTable(sorted(found, key=lambda session: session.started))
        except (sqlite3.Error, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise self._unavailable(error) from error
        self._presence = Presence(path, f"{path}-wal")

    def watch(self, told: Callable[[Sequence[VirtualSession]], None]) -> None:
        """Have `told` called with sessions as soon as they have ended or are over."""
        self._watchers.append(told)

    async def open(self, session: VirtualSession) -> None:
        """Add a session; return once it is on disk. Raises Denied or Overloaded for one too many, StorageUnavailable."""
        self.table.check_room(session.agent, self._clock.now())
        self.table.add(session)  # before it is written, so that whatever ends sessions meanwhile ends this one too
        try:
            await self._write([session])
        except BaseException:
            self.end(lambda one: one is session)
            raise

    def end(self, ends: Callable[[VirtualSession], bool]) -> Sequence[VirtualSession]:
        """End the sessions for which `ends` holds, and those that came from them, at once; return them. `flush` writes that."""
        return self._tell(self.table.end(ends))

    def _tell(self, ended: Sequence[VirtualSession]) -> Sequence[VirtualSession]:
        self._ended += ended
        for told in self._watchers if ended else ():
            told(ended)
        return ended

    async def flush(self) -> None:
        """Return once every end so far is on disk. Raises StorageUnavailable."""
        await self._write([])

    async def run(self) -> None:
        """Sweep every SWEEP_EVERY seconds, until cancelled."""
        while True:
            await trio.sleep(SWEEP_EVERY)
            await self.sweep()

    async def sweep(self) -> None:
        """Delete the sessions that are over. Where the disk fails, they stay there and are deleted after the next start."""
        self._tell(self.table.over(self._clock.now()))
        try:
            await self.flush()
        except StorageUnavailable as fault:
            log.warning("sessions that are over stay on disk: %s", fault.detail)

    async def _write(self, new: Sequence[VirtualSession]) -> None:
        """Write new sessions, and the ends that are not on disk yet. Raises StorageUnavailable."""
        async with self._lock:
            if not (new or self._ended):
                return
            old = list(self._ended)
            try:
                with trio.fail_after(WRITE_TIMEOUT):
                    await in_thread(self._store, new, old, limiter=self._limiter, abandon_on_cancel=True)
            except (sqlite3.Error, Overloaded) as error:
                raise self._unavailable(error) from error
            except trio.TooSlowError:
                raise self._unavailable(f"they were not written within {WRITE_TIMEOUT:g} seconds") from None
            del self._ended[: len(old)]  # not before they are written: a cancellation may have them written again

    def _store(self, new: Sequence[VirtualSession], old: Sequence[VirtualSession]) -> None:
        if missing := self._presence.missing():
            raise sqlite3.OperationalError(f"{missing} is gone")
        rows = [(session.key_id, json.dumps(to_json(session), separators=(",", ":"))) for session in new]
        with transaction(self._db):
            self._db.executemany("INSERT INTO sessions VALUES (?, ?)", rows)
            self._db.executemany("DELETE FROM sessions WHERE key_id = ?", [(session.key_id,) for session in old])

    def close(self) -> None:
        """Close the database. While a write hangs in its thread it stays open."""
        if not self._limiter.borrowed_tokens:
            self._db.close()

    def _unavailable(self, error: Exception | str) -> StorageUnavailable:
        return StorageUnavailable(
            "the session cannot be stored: tell your operator", detail=f"sessions cannot be stored in {self._path}: {error}"
        )


@asynccontextmanager
async def open_sessions(path: str, clock: Clock) -> AsyncIterator[SessionStore]:
    """Open the sessions until the block is left. Raises StorageUnavailable if the database at `path` cannot be used."""
    store = SessionStore(path, clock)
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(store.run)
            yield store
            nursery.cancel_scope.cancel()
    finally:
        with trio.move_on_after(CLOSE_TIMEOUT, shield=True), suppress(StorageUnavailable):
            await store.flush()
        store.close()
