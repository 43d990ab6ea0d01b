"""Opens SQLite databases: readable by this user alone, durable with each commit, of a known schema."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LOCK_TIMEOUT_SECONDS = 5
"""How long a statement waits for another process that locks the database, such as a backup."""


def open_database(
    path: str,
    tables: str,
    *,
    schema: int,
    secure_delete: bool = False,
    from_older: Callable[[sqlite3.Connection], None] | None = None,
) -> sqlite3.Connection:
    """Open the database at `path`, created if need be: write-ahead log, `synchronous=FULL`, explicit transactions only.

    Args:
        path: the file; a new one is readable by this user alone.
        tables: the statements that make an empty file one of this schema.
        schema: the number that `PRAGMA user_version` holds.
        secure_delete: whether deleted data is overwritten.
        from_older: migrates a database of a lower schema number; None if none can be migrated.

    Raises:
        OSError: the file cannot be opened.
        sqlite3.Error: it is not a database, or has another schema.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_LOCK_TIMEOUT_SECONDS)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        if secure_delete:
            db.execute("PRAGMA secure_delete = ON")
        found = db.execute("PRAGMA user_version").fetchone()[0]
        if found == 0:
            db.executescript(f"BEGIN IMMEDIATE; {tables} PRAGMA user_version = {schema}; COMMIT;")
        elif found < schema and from_older is not None:
            from_older(db)
        elif found != schema:
            message = f"it has schema {found}, this gateway writes {schema}"
            raise sqlite3.DatabaseError(message)
    except BaseException:
        db.close()
        raise
    return db


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Make what the block writes durable as a whole, or undo it if the block or the commit raises."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
