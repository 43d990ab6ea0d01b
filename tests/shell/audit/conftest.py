"""Fixtures that the tests of the record share."""

import json
import sqlite3
from contextlib import closing

import pytest

from tests.kit.approvals.acts import OLD
from tests.kit.records import intent, read
from tests.kit.slow_store import Slow
from trio_gate.audit.chain import GENESIS, link
from trio_gate.audit.rows import intent_row
from trio_gate.shell.audit import writer


@pytest.fixture
def path(tmp_path):
    """A database as the gateway made it before, with one row."""
    made = str(tmp_path / "audit.db")
    old = read(intent_row(intent("r-old")))
    del old["grant"]
    row = json.dumps(old, sort_keys=True, separators=(",", ":"))
    with closing(sqlite3.connect(made)) as db:
        db.executescript(OLD)
        db.execute("INSERT INTO record VALUES (1, 'intent', 'r-old', ?, ?)", (row, link(GENESIS, row.encode())))
        db.commit()
    return made


@pytest.fixture
def slow(monkeypatch):
    """Makes `open_audit_log` open a Slow store; gives it once it is open."""
    made = []

    def make(path):
        made.append(Slow(path))
        return made[0]

    monkeypatch.setattr(writer, "AuditDatabase", make)
    yield made
    for store in made:
        store.go.set()
        with store.writing:
            store.close()
