"""What a hub writes when it ends."""

from __future__ import annotations

from contextlib import closing

from tests.approval.kit import FixedClock
from tests.shell.approval.test_database import CONFIG
from trio_gate.errors import AuditUnavailable
from trio_gate.shell.approval.database import ApprovalDatabase
from trio_gate.shell.approval.lifespan import open_hub


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
