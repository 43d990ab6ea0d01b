"""A database of the gateway: private, durable, of one schema."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing, suppress

import pytest

from trio_gate.shell.sqlite_file import open_database, transaction

TABLES = "CREATE TABLE fruit (name TEXT) STRICT;"


def pragma(db, name):
    return db.execute(f"PRAGMA {name}").fetchone()[0]


def test_it_is_private_durable_and_has_its_schema(tmp_path):
    path = tmp_path / "new.db"
    with closing(open_database(str(path), TABLES, schema=4, secure_delete=True)) as db:
        assert (pragma(db, "journal_mode"), pragma(db, "synchronous"), pragma(db, "user_version")) == ("wal", 2, 4)
        assert pragma(db, "secure_delete") == 1
        db.execute("INSERT INTO fruit VALUES ('fig')")
        assert not db.in_transaction
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with closing(open_database(str(path), TABLES, schema=4)) as db:
        assert db.execute("SELECT name FROM fruit").fetchall() == [("fig",)]


@pytest.mark.parametrize("found", [3, 5])
def test_another_schema_is_refused(tmp_path, found):
    path = str(tmp_path / "other.db")
    open_database(path, TABLES, schema=found).close()
    with pytest.raises(sqlite3.DatabaseError, match=f"it has schema {found}, this gateway writes 4"):
        open_database(path, TABLES, schema=4)


def test_an_older_one_is_brought_up_where_that_can_be_and_a_newer_one_is_not(tmp_path):
    path, seen = str(tmp_path / "old.db"), []

    def from_older(db):
        seen.append(pragma(db, "user_version"))
        db.execute("PRAGMA user_version = 4")

    open_database(path, TABLES, schema=2).close()
    open_database(path, TABLES, schema=4, from_older=from_older).close()
    open_database(path, TABLES, schema=4, from_older=from_older).close()
    assert seen == [2]
    with pytest.raises(sqlite3.DatabaseError, match="schema 4, this gateway writes 3"):
        open_database(path, TABLES, schema=3, from_older=from_older)


def test_what_cannot_be_brought_up_is_closed_again(tmp_path):
    path, opened = str(tmp_path / "old.db"), []

    def from_older(db):
        opened.append(db)
        raise sqlite3.OperationalError("disk full")

    open_database(path, TABLES, schema=1).close()
    with pytest.raises(sqlite3.OperationalError, match="disk full"):
        open_database(path, TABLES, schema=2, from_older=from_older)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[0].execute("SELECT 1")


def test_what_is_no_database_and_a_folder_that_is_not_there_are_refused(tmp_path):
    path = tmp_path / "text.db"
    path.write_text("hello " * 200)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        open_database(str(path), TABLES, schema=1)
    with pytest.raises(FileNotFoundError):
        open_database(str(tmp_path / "absent" / "new.db"), TABLES, schema=1)


def test_a_transaction_is_kept_whole_or_not_at_all(tmp_path):
    path = str(tmp_path / "some.db")
    with closing(open_database(path, TABLES, schema=1)) as db:
        with transaction(db):
            db.execute("INSERT INTO fruit VALUES ('fig')")
        with suppress(KeyboardInterrupt), transaction(db):
            db.execute("INSERT INTO fruit VALUES ('date')")
            raise KeyboardInterrupt
        assert not db.in_transaction
    with closing(open_database(path, TABLES, schema=1)) as db:
        assert db.execute("SELECT name FROM fruit").fetchall() == [("fig",)]
