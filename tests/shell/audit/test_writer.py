from __future__ import annotations

import json
import logging
import os
import threading
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import trio
import trio.testing

from tests.kit.records import NOW, intent, outcome
from tests.kit.shortages import no_thread
from tests.kit.slow_store import Slow, busy
from trio_gate.audit.record import Many
from trio_gate.audit.rows import intent_row
from trio_gate.errors import AuditUnavailable
from trio_gate.shell.audit import writer
from trio_gate.shell.audit.database import AuditDatabase, read_last
from trio_gate.shell.audit.writer import AuditWriter, open_audit_log


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "audit.db")


async def test_a_row_is_readable_when_the_call_returns(path):
    async with open_audit_log(path) as audit:
        await audit.intend(intent("r-1"))
        assert [(record["id"], record["outcome"]) for record in read_last(path, 5)] == [("r-1", None)]
        await audit.conclude(outcome("r-1"))
        await audit.record(intent("r-2"), outcome("r-2", end="refused", status=403))
        assert [record["outcome"]["status"] for record in read_last(path, 5)] == [200, 403]


async def test_the_head_of_the_chain_is_logged_at_the_end(path, caplog):
    with caplog.at_level(logging.INFO):
        async with open_audit_log(path) as audit:
            await audit.intend(intent())
    with closing(AuditDatabase(path)) as store:
        count, head = store.head()
    assert caplog.messages == [f"audit log closed after row {count}, head {head}"]


async def test_those_who_wait_together_share_a_commit(path, slow):
    async with open_audit_log(path) as audit, trio.open_nursery() as nursery:
        nursery.start_soon(audit.intend, intent("r-0"))
        await busy(slow[0])
        for n in range(1, 300):
            nursery.start_soon(audit.intend, intent(f"r-{n}"))
        await trio.testing.wait_all_tasks_blocked()
        slow[0].go.set()
    assert slow[0].batches == [1, 256, 43]
    assert len(read_last(path, 1000)) == 300


async def test_nobody_returns_before_the_disk_does(path, slow):
    async with open_audit_log(path) as audit:
        with trio.move_on_after(0.01) as scope:
            await audit.intend(intent("r-1"))
        assert scope.cancelled_caught
        slow[0].go.set()
        await audit.intend(intent("r-2"))
    assert [record["id"] for record in read_last(path, 5)] == ["r-1", "r-2"]


async def test_a_row_handed_over_is_written_though_everything_is_cancelled(path, slow):
    with trio.CancelScope() as scope:
        async with open_audit_log(path) as audit, trio.open_nursery() as nursery:
            nursery.start_soon(audit.intend, intent("r-1"))
            await busy(slow[0])
            nursery.start_soon(audit.intend, intent("r-2"))
            await trio.testing.wait_all_tasks_blocked()
            scope.cancel()
            slow[0].go.set()
    assert [record["id"] for record in read_last(path, 5)] == ["r-1", "r-2"]


async def test_a_shielded_conclusion_is_written_while_the_rest_is_cancelled(path):
    async def serve(audit):
        try:
            await trio.sleep_forever()
        finally:
            with trio.move_on_after(5, shield=True):
                await audit.conclude(outcome("r-1"))

    with trio.CancelScope() as scope:
        async with open_audit_log(path) as audit:
            await audit.intend(intent("r-1"))
            async with trio.open_nursery() as nursery:
                nursery.start_soon(serve, audit)
                await trio.testing.wait_all_tasks_blocked()
                scope.cancel()
    assert read_last(path, 5)[0]["outcome"]["status"] == 200


async def test_a_disk_that_fails_refuses_everyone_in_the_batch_and_names_no_path(path, caplog):
    async with open_audit_log(path) as audit:
        await audit.intend(intent("r-1"))
        assert not audit.failing
        audit._store._db.execute("PRAGMA query_only = ON")
        refusal = audit.record(intent("r-3"), outcome("r-3", end="refused"))
        for attempt in (audit.intend(intent("r-2")), audit.conclude(outcome("r-1", end="aborted")), refusal):
            with pytest.raises(AuditUnavailable) as caught:
                await attempt
            assert caught.value.status == 503
            assert path not in caught.value.reason
            assert audit.failing
        assert path in caplog.text
        audit._store._db.execute("PRAGMA query_only = OFF")
        await audit.conclude(outcome("r-1", end="aborted"))
        assert not audit.failing
    assert [record["id"] for record in read_last(path, 5)] == ["r-1"]


async def test_a_disk_that_hangs_cannot_hold_up_the_end(path, slow, autojump_clock):
    refused = []

    async def intend(audit, request):
        try:
            await audit.intend(intent(request))
        except AuditUnavailable:
            refused.append(request)

    store = Slow(path)
    writer = AuditWriter(store)
    slow.append(store)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(writer.run)
        nursery.start_soon(intend, writer, "r-1")
        await busy(store)
        nursery.start_soon(intend, writer, "r-2")
        await trio.testing.wait_all_tasks_blocked()
        writer.close()
    assert sorted(refused) == ["r-1", "r-2"]
    assert writer.abandoned


async def test_a_closed_log_refuses(path):
    async with open_audit_log(path) as audit:
        pass
    with pytest.raises(AuditUnavailable):
        await audit.intend(intent())


async def test_a_log_that_cannot_be_opened_says_so(tmp_path):
    with pytest.raises(AuditUnavailable, match="absent"):
        async with open_audit_log(str(tmp_path / "absent" / "audit.db")):
            pass


async def looked(audit, clock):
    """Return after the next look."""
    await trio.testing.wait_all_tasks_blocked()
    clock.jump(writer.LOOK_EVERY)
    await trio.testing.wait_all_tasks_blocked()
    await audit._thread.run("", lambda: None)
    await trio.testing.wait_all_tasks_blocked()


@pytest.mark.parametrize("gone", ["", "-wal"])
async def test_a_record_that_is_taken_away_is_noticed_and_back_again(path, gone, mock_clock, caplog):
    async with open_audit_log(path) as audit:
        await audit.intend(intent("r-1"))
        os.rename(path + gone, path + ".away")
        await looked(audit, mock_clock)
        assert audit.failing
        assert path in caplog.text
        with pytest.raises(AuditUnavailable):
            await audit.intend(intent("r-2"))
        os.rename(path + ".away", path + gone)
        await looked(audit, mock_clock)
        assert not audit.failing
        await audit.intend(intent("r-3"))
    assert [record["id"] for record in read_last(path, 5)] == ["r-1", "r-3"]


async def test_another_file_in_its_place_is_no_record(path):
    async with open_audit_log(path) as audit:
        os.rename(path, path + ".away")
        Path(path).touch()  # noqa: ASYNC240 - a test alone on its loop
        with pytest.raises(AuditUnavailable):
            await audit.intend(intent("r-1"))


async def test_a_disk_that_cannot_be_written_is_noticed_without_a_call(path, mock_clock):
    async with open_audit_log(path) as audit:
        audit._store._db.execute("PRAGMA query_only = ON")
        await looked(audit, mock_clock)
        assert audit.failing
        audit._store._db.execute("PRAGMA query_only = OFF")
        await looked(audit, mock_clock)
        assert not audit.failing
        count, _ = audit._store.head()
        assert count == 0


async def test_a_look_that_hangs_is_a_fault(path, monkeypatch, mock_clock):
    go = threading.Event()
    monkeypatch.setattr(AuditDatabase, "probe", lambda _: go.wait())
    async with open_audit_log(path) as audit:
        for seconds in (writer.LOOK_EVERY, writer.LOOK_TIMEOUT):
            await trio.testing.wait_all_tasks_blocked()
            mock_clock.jump(seconds)
        await trio.testing.wait_all_tasks_blocked()
        assert audit.failing
        go.set()


async def test_each_percent_from_eighty_on_is_warned_of_once(path, caplog):
    async with open_audit_log(path, 1000) as audit:
        caplog.clear()
        for size in (799, 800, 809, 805, 910, 900, 919, 920):
            audit._measured(size)
    said = [record.message.partition("%")[0].rpartition(" ")[2] for record in caplog.records if "record_limit" in record.message]
    assert said[:3] == ["80", "91", "92"]


async def test_at_its_limit_it_begins_no_call_and_concludes_those_begun(path, caplog):
    grown = 600_000
    async with open_audit_log(path, grown) as audit:
        params, number = json.dumps({"a": "x" * 4000}), 0
        while not audit.failing:
            await audit.intend(intent(f"r-{number}", params=params))
            number += 1
        assert number > 10
        with pytest.raises(AuditUnavailable):
            await audit.intend(intent("late"))
        with pytest.raises(AuditUnavailable):
            await audit.record(intent("late"), outcome("late", end="refused", status=403, upstream_status=None))
        with pytest.raises(AuditUnavailable):
            await audit.refused(Many(id="late", address="192.0.2.1", codes={"403 X": 1}, first=NOW, last=NOW))
        with pytest.raises(AuditUnavailable):
            await audit.acted(intent_row(intent("late")))
        await audit.conclude(outcome("r-0"))
        await audit.record(intent("read"), outcome("read"))
        assert audit.failing
    *warned, last = [record.message for record in caplog.records if "record_limit" in record.message]
    percents = [int(line.partition("%")[0].rpartition(" ")[2]) for line in warned]
    assert percents == sorted(set(percents))
    assert [record["id"] for record in read_last(path, number + 9)] == [*(f"r-{n}" for n in range(number)), "read"]
    assert 80 <= percents[0] < 90 < percents[-1] < 100
    assert last.endswith("calls are refused")


async def test_without_a_thread_calls_are_refused_until_there_is_one(path, caplog):
    async with open_audit_log(path) as audit:
        with no_thread(), pytest.raises(AuditUnavailable):
            await audit.intend(intent("r-1"))
        assert audit.failing
        assert "start no thread" in caplog.text
        await audit.intend(intent("r-2"))
    assert [record["id"] for record in read_last(path, 5)] == ["r-2"]


async def test_without_a_thread_it_can_be_closed(path):
    with ExitStack() as shortage:
        async with open_audit_log(path) as audit:
            await audit.intend(intent("r-1"))
            shortage.enter_context(no_thread())
    assert [record["id"] for record in read_last(path, 5)] == ["r-1"]


async def test_rows_that_come_before_the_thread_runs_share_its_commit(path, slow):
    hold = threading.Event()
    async with open_audit_log(path) as audit, trio.open_nursery() as nursery:
        slow[0].go.set()
        nursery.start_soon(audit._thread.run, "", hold.wait)
        for n in range(3):
            nursery.start_soon(audit.intend, intent(f"r-{n}"))
        await trio.testing.wait_all_tasks_blocked()
        hold.set()
    assert slow[0].batches == [3]


async def test_rows_that_a_full_batch_leaves_are_written_though_none_follow(path, slow, mock_clock):
    async def put(numbers):
        for n in numbers:
            await audit.record(intent(f"r-{n}"), outcome(f"r-{n}"))
        await trio.testing.wait_all_tasks_blocked()
        mock_clock.jump(writer.GATHER)
        await trio.testing.wait_all_tasks_blocked()

    async with open_audit_log(path) as audit, trio.open_nursery() as nursery:
        nursery.start_soon(audit.intend, intent("r-0"))
        await busy(slow[0])
        await put(range(1, writer.MAX_BATCH))
        await put(range(writer.MAX_BATCH, 301))
        slow[0].go.set()
        for _ in range(6):  # each lets one more job of the thread end, and the time to gather
            await looked(audit, mock_clock)
        assert slow[0].batches == [1, 256, 44]


async def test_a_bug_below_refuses_calls_until_rows_are_written_again(path, caplog, monkeypatch):
    async with open_audit_log(path) as audit:
        with monkeypatch.context() as broken:
            broken.setattr(audit._store, "append", lambda _: {}["a secret"])
            for _ in range(2):
                with pytest.raises(AuditUnavailable):
                    await audit.intend(intent("r-1"))
            assert audit.failing
        await audit.intend(intent("r-2"))
        assert not audit.failing
    assert [record["id"] for record in read_last(path, 5)] == ["r-2"]
    assert "internal error: KeyError" in caplog.text
    assert "secret" not in caplog.text
