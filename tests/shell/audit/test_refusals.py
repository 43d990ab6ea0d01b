"""Refusals of who proved nothing: rows at first, then a count."""

import json
import sqlite3
from contextlib import asynccontextmanager, closing
from datetime import datetime, timedelta

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from tests.kit.approvals.questions import FixedClock
from tests.kit.wire.tls_kit import MovingClock
from trio_gate.shell.audit import refusals
from trio_gate.shell.audit.database import read_last
from trio_gate.shell.audit.refusals import open_refusals
from trio_gate.shell.audit.writer import open_audit_log


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "audit.db")


@asynccontextmanager
async def counting(path):
    async with open_audit_log(path) as audit, open_refusals(audit, FixedClock()) as made:
        yield made


def of(made, address, count, code="403 AccessDenied"):
    """How many of a number of refusals get rows."""
    return sum(not made.counted(address, code) for _ in range(count))


async def minute(clock, made):
    """Return once what was counted has been told."""
    await trio.testing.wait_all_tasks_blocked()
    clock.jump(refusals.TELL_EVERY_SECONDS)
    await trio.testing.wait_all_tasks_blocked()
    await made._audit._thread.run("", lambda: None)
    await trio.testing.wait_all_tasks_blocked()


async def test_one_source_has_rows_at_first_and_few_then(path, mock_clock: MockClock):
    async with counting(path) as made:
        assert of(made, "192.0.2.1", 500) == refusals.ROWS
        mock_clock.jump(100)
        assert of(made, "192.0.2.1", 500) == 100 * refusals.ROWS_A_SECOND
        assert of(made, "198.51.100.1", 5) == 5


async def test_a_network_of_ipv6_is_one_source(path):
    async with counting(path) as made:
        assert sum(of(made, f"2001:db8::{last:x}", 1) for last in range(500)) == refusals.ROWS


async def test_many_sources_have_a_bound_together_and_are_not_all_remembered(path):
    async with counting(path) as made:
        assert sum(of(made, f"10.0.{net}.{host}", 1) for net in range(20) for host in range(256)) <= refusals.ALL_ROWS
        assert len(made._sources) == refusals.MAX_SOURCES
    rows = read_last(path, 1000)
    assert len(rows) <= refusals.MAX_SOURCES + 1
    assert refusals.OTHERS in {row["agent_address"] for row in rows}


async def test_what_was_counted_is_a_row_of_the_chain_each_minute_and_at_the_end(path, mock_clock: MockClock):
    async with counting(path) as made:
        of(made, "192.0.2.1", refusals.ROWS)
        of(made, "192.0.2.1", 3)
        of(made, "192.0.2.1", 2, "400 InvalidRequest")
        assert read_last(path, 9) == []
        await minute(mock_clock, made)
        [row] = read_last(path, 9)
        assert row["counted"]["codes"] == {"403 AccessDenied": 3, "400 InvalidRequest": 2}
        assert row["decision"]["reason"].startswith("5 more refused from 192.0.2.1 between ")
        assert row["outcome"]["end"] == "refused"
        await minute(mock_clock, made)
        assert len(read_last(path, 9)) == 1
        of(made, "192.0.2.1", 20)
    last = read_last(path, 9)[-1]
    assert 0 < sum(last["counted"]["codes"].values()) <= 20
    with closing(sqlite3.connect(path)) as db:
        assert {kind for (kind,) in db.execute("SELECT kind FROM record")} == {"refusals"}
        assert all(len(row) < 1500 for (row,) in db.execute("SELECT row FROM record"))


async def test_what_the_disk_does_not_take_stays_counted(path):
    async with open_audit_log(path) as audit, open_refusals(audit, FixedClock()) as made:
        of(made, "192.0.2.1", refusals.ROWS + 7)
        audit._store._db.execute("PRAGMA query_only = ON")
        await made.tell()
        audit._store._db.execute("PRAGMA query_only = OFF")
        of(made, "192.0.2.1", 1)
        await made.tell()
        [row] = read_last(path, 9)
        assert row["counted"]["codes"] == {"403 AccessDenied": 8}
        assert json.dumps(row["counted"])


async def test_when_the_first_and_the_last_came(path, mock_clock: MockClock):
    moving = MovingClock()
    async with open_audit_log(path) as audit, open_refusals(audit, moving) as made:
        of(made, "192.0.2.1", refusals.ROWS)
        start = moving.now()
        for _ in range(3):
            moving.time += timedelta(seconds=5)
            of(made, "192.0.2.1", 1)
        await made.tell()
        [row] = read_last(path, 9)
        seen = [datetime.fromisoformat(row["counted"][name]) - start for name in ("first", "last")]
        assert seen == [timedelta(seconds=5), timedelta(seconds=15)]


async def test_a_source_that_is_quiet_is_forgotten(path, mock_clock: MockClock):
    async with counting(path) as made:
        of(made, "192.0.2.1", refusals.ROWS)
        mock_clock.jump(refusals.ROWS / refusals.ROWS_A_SECOND)
        await made.tell()
        assert made._sources == {}
