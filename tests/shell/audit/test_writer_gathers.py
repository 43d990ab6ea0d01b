"""Rows that nobody waits for: gathered, bounded, and written before the end."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from tests.kit.records import intent, outcome
from tests.kit.slow_store import Slow, busy
from trio_gate.audit.rows import intent_row
from trio_gate.errors import AuditUnavailable
from trio_gate.shell.audit import writer
from trio_gate.shell.audit.database import read_last
from trio_gate.shell.audit.writer import AuditWriter, open_audit_log


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "audit.db")


async def read(audit, *numbers):
    """Plain reads that are over, one after the other."""
    for number in numbers:
        await audit.record(intent(f"r-{number}"), outcome(f"r-{number}"))


def ids(path):
    return [record["id"] for record in read_last(path, 10_000)]


async def test_nobody_waits_for_the_row_of_a_plain_read(path, slow, mock_clock):
    async with open_audit_log(path) as audit:
        await read(audit, 1)
        await trio.testing.wait_all_tasks_blocked()
        assert not slow[0].busy.is_set()
        mock_clock.jump(writer.GATHER)
        await busy(slow[0])
        await read(audit, 2)
        slow[0].go.set()
    assert ids(path) == ["r-1", "r-2"]


async def test_nobody_waits_for_the_outcome_of_an_answered_call_but_for_any_other(path, slow, mock_clock):
    async with open_audit_log(path) as audit, trio.open_nursery() as nursery:
        await audit.conclude(outcome("r-1"))
        nursery.start_soon(audit.conclude, outcome("r-2", end="aborted"))
        await busy(slow[0])
        await trio.testing.wait_all_tasks_blocked()
        assert nursery.child_tasks
        slow[0].go.set()
    assert slow[0].batches == [2]


async def test_who_waits_for_the_outcome_of_a_call_that_was_not_answered_does_so_for_a_while(path, slow, mock_clock):
    refused = []

    async def conclude(audit) -> None:
        with pytest.raises(AuditUnavailable):
            await audit.conclude(outcome("r-2", end="failed"))
        refused.append("r-2")

    async with open_audit_log(path) as audit, trio.open_nursery() as nursery:
        nursery.start_soon(audit.acted, intent_row(intent("r-1")))
        await busy(slow[0])
        nursery.start_soon(conclude, audit)
        await trio.testing.wait_all_tasks_blocked()
        mock_clock.jump(writer.PATIENCE - 0.5)
        await trio.testing.wait_all_tasks_blocked()
        assert refused == []
        mock_clock.jump(0.5)
        await trio.testing.wait_all_tasks_blocked()
        assert refused == ["r-2"]
        slow[0].go.set()


async def test_who_waits_for_its_intent_does_so_for_a_while(path, slow, mock_clock):
    refused = []

    async def intend(audit) -> None:
        with pytest.raises(AuditUnavailable):
            await audit.intend(intent("r-1"))
        refused.append("r-1")

    async with open_audit_log(path) as audit, trio.open_nursery() as nursery:
        nursery.start_soon(intend, audit)
        await busy(slow[0])
        mock_clock.jump(writer.PATIENCE)
        await trio.testing.wait_all_tasks_blocked()
        assert refused == ["r-1"]
        slow[0].go.set()


async def test_plain_reads_are_gathered_into_one_commit(path, slow, mock_clock):
    async with open_audit_log(path) as audit:
        slow[0].go.set()
        for number in range(5):
            await read(audit, number)
            await trio.testing.wait_all_tasks_blocked()
        mock_clock.jump(writer.GATHER)
        await busy(slow[0])
    assert slow[0].batches == [5]


async def test_a_row_that_somebody_waits_for_takes_plain_reads_along_at_once(path, slow, mock_clock):
    async with open_audit_log(path) as audit:
        slow[0].go.set()
        await read(audit, 1, 2)
        await audit.intend(intent("r-3"))
        assert ids(path) == ["r-1", "r-2", "r-3"]
        await read(audit, 4)
        await audit.record(intent("r-5"), outcome("r-5", end="refused"))
        assert slow[0].batches == [3, 2]


async def test_a_full_batch_of_plain_reads_is_written_at_once(path, slow, mock_clock):
    async with open_audit_log(path) as audit:
        slow[0].go.set()
        await read(audit, *range(writer.MAX_BATCH))
        await busy(slow[0])
    assert slow[0].batches == [writer.MAX_BATCH]


@pytest.mark.parametrize(("name", "most"), [("MAX_WAITING", 20), ("MAX_WAITING_BYTES", 20 * 800)])
async def test_who_reads_more_than_may_wait_for_the_disk_waits_too(path, slow, monkeypatch, name, most):
    monkeypatch.setattr(writer, name, most)
    async with open_audit_log(path) as audit, trio.open_nursery() as nursery:
        nursery.start_soon(audit.intend, intent("first"))
        await busy(slow[0])
        nursery.start_soon(read, audit, *range(200))
        await trio.testing.wait_all_tasks_blocked()
        assert 10 < len(audit._waiting) < 30
        slow[0].go.set()
    assert ids(path) == ["first", *(f"r-{number}" for number in range(200))]
    assert audit._bytes == 0


async def test_a_plain_read_that_the_disk_did_not_take_is_told_of_and_stops_calls(path, caplog, mock_clock):
    async with open_audit_log(path) as audit:
        audit._store._db.execute("PRAGMA query_only = ON")
        await read(audit, 1, 2)
        assert not audit.failing
        with pytest.raises(AuditUnavailable):
            await audit.intend(intent("r-3"))
        assert audit.failing
        audit._store._db.execute("PRAGMA query_only = OFF")
        await read(audit, 4)
    assert [line for line in caplog.messages if "not recorded" in line] == [f"outcome of r-{at} not recorded" for at in (1, 2)]
    assert ids(path) == ["r-4"]


async def test_plain_reads_are_written_before_the_end_and_none_is_taken_after_it(path, mock_clock):
    async with open_audit_log(path) as audit:
        await read(audit, *range(600))
    assert ids(path) == [f"r-{number}" for number in range(600)]
    with pytest.raises(AuditUnavailable):
        await read(audit, 600)


async def test_a_plain_read_that_hangs_at_the_end_is_told_of(path, slow, autojump_clock, caplog):
    store = Slow(path)
    audit = AuditWriter(store)
    slow.append(store)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(audit.run)
        nursery.start_soon(read, audit, 1)
        await busy(store)
        await read(audit, 2)
        audit.close()
    assert audit.abandoned
    assert [line for line in caplog.messages if "not recorded" in line] == [f"outcome of r-{at} not recorded" for at in (1, 2)]


async def test_a_plain_read_that_comes_while_others_are_written_is_written_after_them(path, slow, autojump_clock):
    async with open_audit_log(path) as audit:
        await read(audit, 1)
        await busy(slow[0])
        await read(audit, 2)
        await trio.sleep(2 * writer.GATHER)
        slow[0].busy.clear()
        slow[0].go.set()
        await busy(slow[0])
    assert slow[0].batches == [1, 1]
