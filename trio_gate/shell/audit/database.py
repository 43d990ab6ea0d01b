"""The audit database: SQLite in `state_dir`, rows in a hash chain. It blocks; `writer` calls it from a worker thread.

Rule: rows are only ever added, each batch in one transaction that is on disk (WAL, `synchronous=FULL`) when `append` returns.
The head is read inside that transaction, so a failed batch, or a second process, can never fork the chain.

Rows are packed (see `audit.packing`); those of a database that was made before this was so stay as they are, in `row`.
"""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trio_gate.audit.chain import GENESIS, StoredRow, check, link
from trio_gate.audit.packing import DICTIONARY, Packing
from trio_gate.audit.record import stamp
from trio_gate.audit.recorded_call import CALLS
from trio_gate.audit.search import PARTS, fits
from trio_gate.errors import AuditUnavailable
from trio_gate.shell.presence import Presence
from trio_gate.shell.sqlite_file import open_database, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
    from datetime import datetime

    from trio_gate.audit.chain import Checked
    from trio_gate.audit.rows import Row

FILE = "audit.db"
"""Its name in `state_dir`."""

MAX_SEQ = 2**63 - 1
"""SQLite's largest integer."""

DATABASE = 2
"""Version of the tables. Those of version 1 had neither `packed` nor `dictionary`, and an index over all ids."""

FILTERS = {
    "id": "$.id",
    "agent": "$.agent",
    "account": "$.account",
    "service": "$.service",
    "action": "$.action",
    "decision": "$.decision.outcome",
    "rule": "$.decision.rule",
}
"""What `search` can filter by, with its JSON path in a row."""

_TIME = '"time":"'
"""What stands before the last value of each row but an outcome."""

_ROW = "text_of(r.row, r.packed)"
_OUTCOME = "(SELECT text_of(o.row, o.packed) FROM record o WHERE o.id = r.id AND o.kind = 'outcome' ORDER BY o.seq DESC LIMIT 1)"
_END = f"coalesce(json_extract({_OUTCOME}, '$.outcome.end'), json_extract({_ROW}, '$.outcome.end'))"

_DICTIONARY = f"""
CREATE TABLE dictionary (text BLOB NOT NULL) STRICT;
INSERT INTO dictionary VALUES (x'{DICTIONARY.hex()}');
"""  # noqa: S608 - digits of a constant
_TABLES = f"""
CREATE TABLE record (
    seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, row TEXT NOT NULL, hash BLOB NOT NULL, packed BLOB
) STRICT;
CREATE INDEX record_outcome ON record (id) WHERE kind = 'outcome';
{_DICTIONARY}
"""


class AuditDatabase:
    """The one writer of the database at `path`. Not thread-safe. Every method but `size` and `close` raises AuditUnavailable."""

    def __init__(self, path: str) -> None:
        try:
            self._db = open_database(path, _TABLES, schema=DATABASE, from_older=_with_packed)
            self._packing = _packing_of(self._db)
        except (sqlite3.Error, OSError) as error:
            raise _unavailable(path, error) from error
        self._path = path
        self._files = (path, f"{path}-wal")
        self._presence = Presence(*self._files)

    def append(self, rows: Sequence[Row]) -> None:
        """Add rows in order. They are durable on return; if it raises, none was added."""
        self._transact(rows)

    def _transact(self, rows: Sequence[Row]) -> None:
        if missing := self._presence.missing():
            raise AuditUnavailable(
                f"the audit database is not where it was: {missing} is gone; put it back, or start with a new one"
            )
        try:
            with transaction(self._db):
                seq, head = self._head()
                values: list[tuple[int, str, str, bytes, bytes]] = []
                for row in rows:
                    seq, head = seq + 1, link(head, row.text)
                    values.append((seq, row.kind, row.id, head, self._packing.pack(row.text)))
                self._db.executemany("INSERT INTO record VALUES (?, ?, ?, '', ?, ?)", values)
                if not rows:
                    self._db.execute(f"PRAGMA user_version = {DATABASE}")  # a write that changes nothing
        except (sqlite3.Error, OSError) as error:
            raise _unavailable(self._path, error) from error

    def probe(self) -> None:
        """Write without adding a row, to find out whether `append` would work."""
        self._transact(())

    def size(self) -> int:
        """Size of the database and its write-ahead log on disk, in bytes."""
        return sum(os.stat(file).st_size for file in self._files if os.path.exists(file))

    def head(self) -> tuple[int, str]:
        """The number of rows, and the last one's hash in hexadecimal."""
        try:
            seq, head = self._head()
        except sqlite3.Error as error:
            raise _unavailable(self._path, error) from error
        return seq, head.hex()

    def close(self) -> None:
        """Close the database, merging its write-ahead log."""
        self._db.close()

    def _head(self) -> tuple[int, bytes]:
        found = self._db.execute("SELECT seq, hash FROM record ORDER BY seq DESC LIMIT 1").fetchone()
        return found or (0, GENESIS)


def read_last(path: str, count: int, filters: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """The last `count` requests that fit `filters`, as of `search`, oldest first, each with its `outcome` (None while it is under way).

    Works while a gateway runs, and looks at the whole record if need be. Raises AuditUnavailable.
    """
    found: list[dict[str, Any]] = []
    before: int | None = None
    while True:
        more, before = search(path, filters or {}, before, count - len(found))
        found += more
        if before is None or len(found) == count:
            return [{name: value for name, value in row.items() if name != "seq"} for row in reversed(found)]


MOST_SEARCHED = 200_000
"""Rows that one search looks at: some seconds' work where nearly none of them fits."""


def search(path: str, filters: Mapping[str, str], before: int | None, count: int) -> tuple[list[dict[str, Any]], int | None]:
    """The last `count` requests before the row `before`, newest first, each with its `outcome` and its row's number as `seq`.

    Works while a gateway runs. `filters` maps names of FILTERS, "end", and those of `audit.search`, to what is wanted. At most MOST_SEARCHED
    rows are looked at: with the requests comes the row before which a search goes on; None where no row is left. Raises AuditUnavailable.
    """
    parts = {name: wanted for name, wanted in filters.items() if name in PARTS}
    equal = {name: wanted for name, wanted in filters.items() if name not in parts}
    where = "".join(f" AND {_filter(name)} = ?" for name in equal) + (f" AND fits({_ROW}, {_OUTCOME})" if parts else "")
    query = (
        f"SELECT {_ROW}, {_OUTCOME}, r.seq "  # noqa: S608 - FILTERS holds constants
        f"FROM record r WHERE r.kind != 'outcome' AND r.seq < ?1 AND r.seq >= ?2{where} ORDER BY r.seq DESC LIMIT ?"
    )
    newest = _read(path, "SELECT max(seq) FROM record", ())[0][0] or 0
    end = min(MAX_SEQ if before is None else before, newest + 1)
    least = max(end - MOST_SEARCHED, 0)
    found = _read(path, query, (end, least, *equal.values(), count), parts)
    calls = [{"seq": seq, **_joined(row, outcome)} for row, outcome, seq in found]
    left = calls[-1]["seq"] if len(calls) == count else least
    return calls, left if left > 1 else None


def recent(path: str, rules: Collection[str], since: datetime, most: int) -> Generator[dict[str, Any] | None]:
    """The newest `most` rows since a time, the newest first: those of calls that one of these rules decided, and None for each other one.

    Works while a gateway runs; each row is read when it is asked for. Raises AuditUnavailable.
    """
    beginning, decided = stamp(since), [f'"rule":{json.dumps(rule)}}}' for rule in rules]
    try:
        with _opened(path) as db:
            for kind, text in db.execute(f"SELECT r.kind, {_ROW} FROM record r ORDER BY r.seq DESC LIMIT ?", (most,)):  # noqa: S608 - _ROW is text of this file
                if kind != "outcome" and text[text.rindex(_TIME) + len(_TIME) : -2] < beginning:
                    return
                row = json.loads(text) if kind in CALLS and any(one in text for one in decided) else None
                yield row if row and row["decision"]["rule"] in rules and row["service"] else None
    except sqlite3.Error as error:
        raise _unavailable(path, error) from error


def verify(path: str, kept: bytes | None = None) -> Checked:
    """Check the whole chain, see `chain.check`. Works while a gateway runs, on the rows that it has now. Raises AuditUnavailable."""
    try:
        with _opened(path) as db:
            unpack = _unpacking(db)
            found = db.execute("SELECT seq, kind, id, row, packed, hash FROM record ORDER BY seq")
            rows = (
                StoredRow(number=seq, kind=kind, id=id_, text=_sound_text(unpack, row, packed), hash=mark)
                for seq, kind, id_, row, packed, mark in found
            )
            return check(rows, kept)
    except sqlite3.Error as error:
        raise _unavailable(path, error) from error


def _sound_text(unpack: Callable[[bytes], bytes], row: str, packed: bytes | None) -> bytes | None:
    try:
        return row.encode("ascii") if packed is None else unpack(packed)
    except (ValueError, zlib.error):
        return None


MOST_LOOKED_BACK = 2_000
"""Rows in which the services are looked for that an agent uses: some 20 milliseconds' work."""


def services_of(path: str, agent: str | None) -> list[str]:
    """The services of an agent's calls among the newest MOST_LOOKED_BACK rows, by name. Works while a gateway runs. Raises AuditUnavailable."""
    query = (
        "SELECT DISTINCT json_extract(text, '$.service') AS service FROM "  # noqa: S608 - _ROW is text of this file
        f"(SELECT {_ROW} AS text FROM record r WHERE r.kind != 'outcome' ORDER BY r.seq DESC LIMIT ?) "
        "WHERE json_extract(text, '$.agent') IS ? AND service IS NOT NULL ORDER BY service"
    )
    return [service for (service,) in _read(path, query, (MOST_LOOKED_BACK, agent))]


def _filter(name: str) -> str:
    """What SQL compares with the value wanted."""
    if name == "id":
        return "r.id"
    return _END if name == "end" else f"json_extract({_ROW}, '{FILTERS[name]}')"


def _with_packed(db: sqlite3.Connection) -> None:
    """Let a database of version 1 take packed rows. Those that it has stay as they are, and it keeps its index."""
    db.executescript(f"""
        BEGIN IMMEDIATE;
        ALTER TABLE record ADD COLUMN packed BLOB;
        {_DICTIONARY}
        PRAGMA user_version = {DATABASE};
        COMMIT;
    """)


def _packing_of(db: sqlite3.Connection) -> Packing:
    """What unpacks the rows of a database."""
    return Packing(db.execute("SELECT text FROM dictionary").fetchone()[0])


def _read(path: str, query: str, values: tuple[object, ...], parts: Mapping[str, str] | None = None) -> list[tuple[Any, ...]]:
    """The rows of a query, in which `fits` is whether a row, with its outcome, fits the filters `parts`."""
    try:
        with _opened(path) as db:
            db.create_function("fits", 2, lambda row, outcome: fits(_joined(row, outcome), parts or {}), deterministic=True)
            return db.execute(query, values).fetchall()
    except sqlite3.Error as error:
        raise _unavailable(path, error) from error


@contextmanager
def _opened(path: str) -> Iterator[sqlite3.Connection]:
    """The database for reading, with the function `text_of`, which gives a row's text."""
    with closing(sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as db:
        if _is_older(db):
            db.execute("CREATE TEMP VIEW record AS SELECT *, NULL AS packed FROM main.record")
        unpack = _unpacking(db)
        db.create_function(
            "text_of", 2, lambda row, packed: row if packed is None else unpack(packed).decode("ascii"), deterministic=True
        )
        yield db


def _is_older(db: sqlite3.Connection) -> bool:
    return bool(db.execute("PRAGMA user_version").fetchone()[0] < DATABASE)


def _unpacking(db: sqlite3.Connection) -> Callable[[bytes], bytes]:
    """What unpacks the rows of a database, which has none to unpack if it is older."""
    return (Packing(DICTIONARY) if _is_older(db) else _packing_of(db)).unpack


def _joined(row: str, outcome: str | None) -> dict[str, Any]:
    record: dict[str, Any] = {"outcome": None, **json.loads(row)}
    if outcome is not None:
        record["outcome"] = json.loads(outcome)["outcome"]
    return record


def _unavailable(path: str, error: Exception) -> AuditUnavailable:
    return AuditUnavailable(f"the audit database {path} cannot be used: {error}")
