"""The database of approvals: what is written, in which order, and what is said where it cannot be."""

import os
import re
import sqlite3
import stat
import threading
from contextlib import closing
from dataclasses import replace

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.formats.kit import written
from tests.kit.approvals.asking import listening
from tests.kit.approvals.hubs import CONFIG, STANDING, call, nowhere, waiting
from tests.kit.shortages import no_thread
from trio_gate.approval.channel.frames import Lift, Rejected, Revoke, Stop
from trio_gate.cli.log import cells
from trio_gate.errors import Denied, StorageUnavailable
from trio_gate.shell.approval.database import ApprovalDatabase
from trio_gate.shell.approval.open_hub import open_hub
from trio_gate.shell.audit.database import read_last
from trio_gate.shell.audit.writer import LOOK_EVERY, LOOK_TIMEOUT, open_audit_log

OLDER = written("approvals.schema-1.sql")


def test_the_file_is_this_users_alone_and_another_version_is_refused(tmp_path):
    path = tmp_path / "approvals.db"
    database = ApprovalDatabase(str(path))
    database.close()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 9")
    db.close()
    with pytest.raises(StorageUnavailable, match="schema 9"):
        ApprovalDatabase(str(path))
    with pytest.raises(StorageUnavailable, match="cannot be stored"):
        ApprovalDatabase(str(tmp_path / "no" / "folder"))


async def test_notes_are_written_in_order_and_kept_when_they_cannot_be(tmp_path, monkeypatch):
    database = ApprovalDatabase(str(tmp_path / "k.db"))
    database.put("stop", "a", {"n": 1})
    database.put("stop", "b", {"n": 1})
    database.drop("stop", "a")
    empty = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    with monkeypatch.context() as patched, closing(empty):
        patched.setattr(database, "_db", empty)
        with pytest.raises(StorageUnavailable):
            await database.flush()
        assert database.noted.is_set(), "so that the writer tries again"
    database.put("stop", "b", {"n": 2})
    await database.flush()
    assert database.load("stop", dict) == {"b": {"n": 2}}
    assert database.load("grant", dict) == {}
    database.close()


async def test_a_write_that_is_cancelled_before_it_began_loses_nothing(tmp_path):
    database = ApprovalDatabase(str(tmp_path / "k.db"))
    database.put("stop", "a", {"n": 1})
    database._limiter.acquire_on_behalf_of_nowait(database)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(database.flush)
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    database._limiter.release_on_behalf_of(database)
    assert database.noted.is_set()
    await database.flush()
    assert database.load("stop", dict) == {"a": {"n": 1}}
    database.close()


async def test_a_write_that_hangs_is_left_alone_and_over_before_the_next(tmp_path, monkeypatch):
    database, hangs, go = ApprovalDatabase(str(tmp_path / "k.db")), trio.Event(), threading.Event()
    write, token = ApprovalDatabase._write, trio.lowlevel.current_trio_token()

    def slow(self, notes):
        token.run_sync_soon(hangs.set)
        go.wait(30)
        write(self, notes)

    monkeypatch.setattr(ApprovalDatabase, "_write", slow)
    database.put("stop", "a", {"n": 1})
    async with trio.open_nursery() as nursery:
        nursery.start_soon(database.flush)
        await hangs.wait()
        nursery.cancel_scope.cancel()
    monkeypatch.undo()
    database.close()  # which it is not yet
    database.put("stop", "a", {"n": 2})
    async with trio.open_nursery() as nursery:
        nursery.start_soon(database.flush)
        await wait_all_tasks_blocked()
        go.set()
    assert database.load("stop", dict) == {"a": {"n": 2}}
    await database.rest()
    database.close()
    with pytest.raises(StorageUnavailable, match="closed"):
        database.load("stop", dict)


async def looked(hub, clock):
    """Return after the next look."""
    await wait_all_tasks_blocked()
    clock.jump(LOOK_EVERY)
    await wait_all_tasks_blocked()
    await hub._database.rest()
    await wait_all_tasks_blocked()


@pytest.mark.parametrize("gone", ["", "-wal"])
async def test_a_database_that_is_taken_away_is_noticed_and_back_again(opened, tmp_path, caplog, gone, mock_clock):
    path = str(tmp_path / f"approvals.db{gone}")
    async with opened() as hub:
        await hub.flush()
        os.rename(path, f"{path}.away")
        for _ in range(2):
            await looked(hub, mock_clock)
            assert hub.failing
        with pytest.raises(StorageUnavailable, match="is gone") as refused:
            hub.check("ci")
        assert refused.type is StorageUnavailable, "nor are approvals the record"
        assert path not in refused.value.reason
        os.rename(f"{path}.away", path)
        await looked(hub, mock_clock)
        assert not hub.failing
        hub.check("ci")
    [told] = [record.message for record in caplog.records if record.levelname == "ERROR"]
    assert told.startswith("calls are refused: ")
    assert f"{path} is gone" in told


async def test_a_database_that_takes_nothing_is_noticed(opened, mock_clock):
    async with opened() as hub:
        await hub.flush()
        for switch, failing in (("ON", True), ("OFF", False)):
            hub._database._db.execute(f"PRAGMA query_only = {switch}")
            await looked(hub, mock_clock)
            assert hub.failing is failing


async def test_a_look_that_hangs_is_a_fault(opened, monkeypatch, mock_clock):
    go = threading.Event()
    with monkeypatch.context() as patched:
        async with opened() as hub:
            await hub.flush()
            patched.setattr(ApprovalDatabase, "_write", lambda *_: go.wait(30))
            for seconds in (LOOK_EVERY, LOOK_TIMEOUT):
                await wait_all_tasks_blocked()
                mock_clock.jump(seconds)
            await wait_all_tasks_blocked()
            assert hub.failing
            go.set()


SAYS = {
    "stop": (Stop(agent="ci"), "it is stopped, but a restart would forget it: "),
    "lift": (Lift(agent="eve"), "it is lifted, but a restart would stop it again: "),
    "revoke": (Revoke(id="g1"), "the grant is revoked, but a restart would bring it back: "),
}


@pytest.mark.parametrize("what", SAYS)
async def test_what_a_person_does_and_is_not_kept_is_said(opened, clock, tmp_path, what):
    path, (frame, said) = tmp_path / "approvals.db", SAYS[what]
    async with opened() as hub:
        with listening(hub, clock, may_grant=True, may_stop=True) as alice:
            async with waiting(hub, call()):
                pass
            alice.vote()
            [grant] = hub.grants.table
            hub.config = replace(hub.config, agents=("ci", "eve"))
            hub.stop("eve", "alice", "")
            await hub.flush()
            os.rename(path, f"{path}.away")
            await alice.say(replace(frame, id=grant.id) if what == "revoke" else frame)
            refused = await alice.until(Rejected)
            assert (refused.code, refused.message.startswith(said)) == ("unavailable", True)
            assert str(tmp_path) not in refused.message
            os.rename(f"{path}.away", path)
    async with opened() as hub:
        stopped = sorted(stop.agent for stop in hub.stops)
        assert (stopped, len(list(hub.grants.table))) == (
            {"stop": (["ci", "eve"], 1), "lift": ([], 1), "revoke": (["eve"], 0)}[what]
        )


@pytest.fixture(params=[1, 2])
def older(request, tmp_path):
    """A database that a gateway of an older schema left behind; its rule and approvers are the present ones."""
    with closing(sqlite3.connect(tmp_path / "approvals.db")) as db:
        db.executescript(re.sub(r'"standing":"[0-9a-f]+"', f'"standing":"{STANDING}"', OLDER))
        db.execute(f"PRAGMA user_version = {request.param}")
        db.commit()


@pytest.mark.usefixtures("older")
async def test_what_waits_from_an_older_digest_is_void_and_says_so_and_stops_stand(opened, clock, caplog):
    async with opened() as hub:
        assert (hub.pending, list(hub.grants.table)) == (0, [])
        with pytest.raises(Denied, match="stopped"):
            hub.check("ci")
        with listening(hub, clock) as alice:
            hello = await alice.next()
    said = "1 waiting calls and 1 grants of the gateway's last version are void"
    assert [record.message.startswith(said) for record in caplog.records if record.levelname == "WARNING"] == [True]
    assert [notice.startswith(said) for notice in hello.notices] == [True]


@pytest.mark.usefixtures("older")
async def test_what_is_void_has_a_row(clock, tmp_path):
    record = str(tmp_path / "audit.db")
    async with open_audit_log(record) as audit:
        for _ in range(2):
            async with open_hub(CONFIG, clock, str(tmp_path / "approvals.db"), "", audit, send=nowhere):
                pass
    [row] = read_last(record, 10)
    assert (row["kind"], row["decision"]["reason"]) == ("voided", row["act"]["reason"])
    assert cells(row)[3].startswith("gateway voided: 1 waiting calls and 1 grants of the gateway's last version are void")


@pytest.mark.usefixtures("older")
async def test_it_is_said_once(opened, clock, caplog):
    async with opened():
        pass
    caplog.clear()
    async with opened() as hub:
        with listening(hub, clock) as alice:
            assert (await alice.next()).notices == ()
    assert caplog.records == []


async def test_an_older_database_with_nothing_in_it_says_nothing(opened, tmp_path, caplog):
    with closing(sqlite3.connect(tmp_path / "approvals.db")) as db:
        db.executescript(OLDER)
        db.execute("DELETE FROM kept")
        db.commit()
    async with opened():
        assert caplog.records == []


async def test_without_a_thread_what_was_noted_is_written_later(tmp_path):
    database = ApprovalDatabase(str(tmp_path / "k.db"))
    database.put("stop", "a", {"n": 1})
    with no_thread(), pytest.raises(StorageUnavailable, match="no thread"):
        await database.flush()
    assert database.failing
    await database.flush()
    assert database.load("stop", dict) == {"a": {"n": 1}}
    database.close()
