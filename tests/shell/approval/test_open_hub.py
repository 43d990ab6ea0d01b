"""What a hub writes by itself, and when it ends."""

from __future__ import annotations

from contextlib import closing

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.asking import listening
from tests.kit.approvals.questions import FixedClock
from tests.shell.approval.test_database import CONFIG
from trio_gate.approval.frames import Activity
from trio_gate.audit.acts import gateway_row
from trio_gate.errors import AuditUnavailable
from trio_gate.shell.approval.database import ApprovalDatabase
from trio_gate.shell.approval.open_hub import open_hub
from trio_gate.shell.audit.writer import open_audit_log

PATIENCE = 10


class Full:
    """A record that takes nothing."""

    async def acted(self, row: bytes) -> None:
        raise AuditUnavailable("full")


async def test_a_stop_is_kept_though_the_record_takes_no_row_of_it(tmp_path):
    path = str(tmp_path / "approvals.db")
    async with open_hub(CONFIG, FixedClock(), path, "", Full()) as hub:
        hub.stop("ci", "alice", "odd calls")
        hub.acts.note(b"{}")
    with closing(ApprovalDatabase(path)) as database:
        assert [stop["agent"] for stop in database.load("stop").values()] == ["ci"]


@pytest.fixture
async def hub(tmp_path):
    """A hub whose writers wait, after a flush that had nothing to write."""
    async with (
        open_audit_log(str(tmp_path / "audit.db")) as audit,
        open_hub(CONFIG, FixedClock(), str(tmp_path / "approvals.db"), "", audit) as hub,
    ):
        await hub.kept()
        await wait_all_tasks_blocked()
        await hub.kept()
        await hub.acts.flush()
        yield hub


async def test_a_row_is_written_that_was_noted_after_an_empty_flush(hub):
    with listening(hub, FixedClock(), may_observe=True) as alice, trio.fail_after(PATIENCE):
        alice.subscription.observes = True
        hub.acts.note(gateway_row("started", CONFIG, 1, FixedClock().now()))
        assert (await alice.until(Activity)).call["kind"] == "started"


async def test_what_outlives_the_process_is_kept_that_was_noted_after_an_empty_flush(hub, monkeypatch):
    write, done = ApprovalDatabase._write, trio.Event()

    def tell(self, notes):
        write(self, notes)
        trio.from_thread.run_sync(done.set if notes else int)

    monkeypatch.setattr(ApprovalDatabase, "_write", tell)
    hub.stop("ci", "alice", "look")
    with trio.fail_after(PATIENCE):
        await done.wait()
