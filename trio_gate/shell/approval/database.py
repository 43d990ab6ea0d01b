"""The part of approvals that outlives the process: prompts, the last that were decided, grants and stops, as JSON in SQLite.

Rule: notes are taken at once and written by `flush`, in order and in one transaction; whatever must be durable before something
happens waits for it. A note that could not be written, because of a fault or a cancellation, stays noted. A check each second finds
out whether notes could be written: while they could not, no call goes on, because a stop would be forgotten.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import trio

from trio_gate.errors import Overloaded, StorageUnavailable
from trio_gate.shell.audit.writer import LOOK_EVERY, LOOK_TIMEOUT
from trio_gate.shell.presence import Presence
from trio_gate.shell.sqlite_file import open_database, transaction
from trio_gate.shell.worker_threads import in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

FILE = "approvals.db"
"""The database's name in `state_dir`."""

SCHEMA = 3
"""The version of what is kept. It rises with the request digest and with whatever else an approval depends on: an older approval is void."""

Kind = Literal["prompt", "decided", "grant", "stop", "proof", "notice"]
_T = TypeVar("_T")
_Notes = dict[tuple[Kind, str], str | None]

_TABLES = """
CREATE TABLE kept (kind TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, id)) STRICT, WITHOUT ROWID;
"""

log = logging.getLogger(__name__)


class ApprovalDatabase:
    """The only writer of the database at `path`. Raises StorageUnavailable if it cannot be opened.

    Attributes:
        noted: set while something waits to be written; replaced by each flush.
        void: one line about what an older gateway left behind and this one does not accept; empty if there is nothing.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._notes: _Notes = {}
        self._lock = trio.Lock()
        self._limiter = trio.CapacityLimiter(1)
        self._fault: StorageUnavailable | None = None
        self.noted = trio.Event()
        self.void = ""
        self._proven: dict[str, str] = {}
        try:
            self._db = open_database(path, _TABLES, schema=SCHEMA, secure_delete=True, from_older=self._make_void)
        except (sqlite3.Error, OSError) as error:
            raise self._unavailable(error) from error
        self._presence = Presence(path, f"{path}-wal")

    def _make_void(self, db: sqlite3.Connection) -> None:
        """Delete the questions and grants of an older gateway and log how many there were; stops remain in force."""
        found = dict(db.execute("SELECT kind, count(*) FROM kept WHERE kind != 'stop' GROUP BY kind").fetchall())
        with transaction(db):
            db.execute("DELETE FROM kept WHERE kind != 'stop'")
            db.execute(f"PRAGMA user_version = {SCHEMA}")
        if found:
            self.void = (
                f"{found.get('prompt', 0)} waiting calls and {found.get('grant', 0)} grants of the gateway's last version are void: "
                "their approval would cover less than it does now, and agents that repeat the command ask again"
            )
            log.warning("%s", self.void)

    def load(self, kind: Kind, read: Callable[[dict[str, Any]], _T]) -> dict[str, _T]:
        """Everything kept of one kind, as `read` makes it, by id and in the order of ids. Raises StorageUnavailable."""
        try:
            found = self._db.execute("SELECT id, value FROM kept WHERE kind = ? ORDER BY id", (kind,)).fetchall()
        except sqlite3.Error as error:
            raise self._unavailable(error) from error
        made: dict[str, _T] = {}
        for name, value in found:
            with self.understood(f"its {kind} {name}"):
                made[name] = read(json.loads(value))
        return made

    @contextmanager
    def understood(self, what: str) -> Iterator[None]:
        """Raise StorageUnavailable if the block fails because `what` is kept in a form that this gateway does not know."""
        try:
            yield
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            why = f"{type(error).__name__}: {str(error)!a}"
            raise self._unavailable(f"{what} is of another form: start the version that wrote it ({why})") from error

    def put(self, kind: Kind, name: str, value: Mapping[str, Any]) -> None:
        """Note a value to be written, in place of an earlier one of the same kind and name."""
        self._note(kind, name, json.dumps(value, separators=(",", ":")))

    def proofs(self) -> dict[str, str]:
        """The fingerprints, see `hub_config`, of the agents and people known when the rest was written. Raises StorageUnavailable."""
        self._proven = self.load("proof", lambda kept: str(kept["sha256"]))
        return dict(self._proven)

    def prove(self, proofs: Mapping[str, str]) -> None:
        """Note the fingerprints of the agents and people known now; they are written together with everything noted before."""
        for name in self._proven.keys() - proofs.keys():
            self.drop("proof", name)
        for name, proof in proofs.items():
            if self._proven.get(name) != proof:
                self.put("proof", name, {"sha256": proof})
        self._proven = dict(proofs)

    def drop(self, kind: Kind, name: str) -> None:
        """Note that a value is to be deleted."""
        self._note(kind, name, None)

    def noting(self, kind: Kind) -> Callable[[str, Mapping[str, Any] | None], None]:
        """What notes a value of a kind by its name, or with None that it is to be deleted."""
        return lambda name, value: self.drop(kind, name) if value is None else self.put(kind, name, value)

    def _note(self, kind: Kind, name: str, text: str | None) -> None:
        self._notes[kind, name] = text
        self.noted.set()

    async def flush(self) -> None:
        """Return once every note so far is on disk. Raises StorageUnavailable."""
        async with self._lock:
            if not self._notes:  # tasks that wait for the next one keep waiting for the same event
                return
            notes, self._notes, self.noted = self._notes, {}, trio.Event()
            try:
                await self._use(notes)
            except BaseException:  # a cancellation, too: whether they were written or not, they may be again
                self._note_again(notes)
                raise

    def _note_again(self, notes: _Notes) -> None:
        self._notes = {**notes, **self._notes}
        self.noted.set()

    async def _use(self, notes: _Notes) -> None:
        """Write notes in a thread, or with none of them try a write that changes nothing; a write that hangs delays the next one."""
        try:
            await in_thread(self._write, notes, limiter=self._limiter, abandon_on_cancel=True)
        except (sqlite3.Error, Overloaded) as error:
            self._fault = self._unavailable(error)
            raise self._fault from error
        self._fault = None

    @property
    def failing(self) -> bool:
        """Whether nothing could be written at the last attempt."""
        return self._fault is not None

    def check(self) -> None:
        """Raise StorageUnavailable if nothing could be written at the last attempt."""
        if self._fault is not None:
            raise StorageUnavailable(self._fault.reason, detail=self._fault.detail)

    async def look(self) -> None:
        """Try every LOOK_EVERY seconds whether notes could be written, and log each change, until cancelled."""
        logged: str | None = None
        while True:
            await trio.sleep(LOOK_EVERY)
            try:
                with trio.fail_after(LOOK_TIMEOUT):
                    await self._use({})
            except StorageUnavailable:
                pass
            except trio.TooSlowError:
                self._fault = self._unavailable(f"it was not written within {LOOK_TIMEOUT} seconds")
            found = self._fault.detail if self._fault is not None else None
            if found != logged:
                log.error("calls are refused: %s", found) if found else log.info("approvals can be stored again")
            logged = found

    def _write(self, notes: _Notes) -> None:
        if missing := self._presence.missing():
            raise sqlite3.OperationalError(f"{missing} is gone")
        with transaction(self._db):
            for (kind, name), text in notes.items():
                if text is None:
                    self._db.execute("DELETE FROM kept WHERE kind = ? AND id = ?", (kind, name))
                else:
                    self._db.execute("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", (kind, name, text))
            if not notes:
                self._db.execute(f"PRAGMA user_version = {SCHEMA}")  # as it is: a write that changes nothing

    async def rest(self) -> None:
        """Return once no write is under way."""
        async with self._limiter:
            pass

    def close(self) -> None:
        """Close the database, which folds in its WAL. While a write hangs in its thread it stays open."""
        if not self._limiter.borrowed_tokens:
            self._db.close()

    def _unavailable(self, error: Exception | str) -> StorageUnavailable:
        return StorageUnavailable(
            "the approval cannot be stored: tell your operator",
            detail=f"approvals cannot be stored in {self._path}: {error}",
        )
