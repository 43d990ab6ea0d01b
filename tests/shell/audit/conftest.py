"""Fixtures that the tests of what people do share."""

import json
import sqlite3
from contextlib import closing

import pytest

from tests.kit.approvals.acts import OLD
from tests.kit.records import intent, read
from trio_gate.audit.chain import GENESIS, link
from trio_gate.audit.rows import intent_row


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
