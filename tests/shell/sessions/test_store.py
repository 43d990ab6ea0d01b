"""Sessions are on disk before they are used, and gone from it when they end."""

import json
import sqlite3
import stat
import threading
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.kit.sessions import session
from tests.kit.shortages import no_thread
from trio_gate.errors import Denied, StorageUnavailable
from trio_gate.sessions.persistence import to_json
from trio_gate.shell.sessions import store as module
from trio_gate.shell.sessions.store import SessionStore, open_sessions

FLOATING = json.dumps({**to_json(session(2)), "started": "2026-01-15T09:30:00"})
"""A session whose start is in no time zone: it cannot be put in order."""


class Wall:
    def __init__(self):
        self.time = session().started

    def now(self):
        return self.time


@asynccontextmanager
async def opened(folder, wall=None):
    async with open_sessions(str(folder / "sessions.db"), wall or Wall()) as store:
        yield store


async def test_sessions_survive_a_restart_in_the_order_of_their_starts(tmp_path):
    first, second = session(1), session(2, parent=session(1).key_id, started=session().started + timedelta(seconds=1))
    async with opened(tmp_path) as store:
        await store.open(second)
        await store.open(first)
    async with opened(tmp_path) as store:
        assert store.table.all() == [first, second]
    assert stat.S_IMODE((tmp_path / "sessions.db").stat().st_mode) == 0o600


async def test_what_has_ended_is_gone_at_once_and_from_the_disk(tmp_path):
    async with opened(tmp_path) as store:
        for number in (1, 2, 3):
            await store.open(session(number, agent="docs" if number == 3 else "ci"))
        assert [one.key_id for one in store.end(lambda one: one.agent == "ci")] == [session(1).key_id, session(2).key_id]
        assert [one.agent for one in store.table.all()] == ["docs"]
        assert store.end(lambda one: one.agent == "ci") == []
        await store.flush()
        with sqlite3.connect(tmp_path / "sessions.db") as db:
            assert db.execute("SELECT count(*) FROM sessions").fetchone() == (1,)


async def test_an_end_that_was_not_awaited_is_written_when_the_gateway_stops(tmp_path):
    async with opened(tmp_path) as store:
        await store.open(session(1))
        store.end(lambda _: True)
    async with opened(tmp_path) as store:
        assert store.table.all() == []


async def test_an_end_that_could_not_be_written_is_written_later(tmp_path):
    async with opened(tmp_path) as store:
        await store.open(session(1))
        with sqlite3.connect(tmp_path / "sessions.db") as db:
            db.execute("ALTER TABLE sessions RENAME TO elsewhere")
        store.end(lambda _: True)
        with pytest.raises(StorageUnavailable):
            await store.flush()
        with sqlite3.connect(tmp_path / "sessions.db") as db:
            db.execute("ALTER TABLE elsewhere RENAME TO sessions")
        await store.sweep()
        with sqlite3.connect(tmp_path / "sessions.db") as db:
            assert db.execute("SELECT count(*) FROM sessions").fetchone() == (0,)


async def test_one_too_many_is_not_written(tmp_path):
    async with opened(tmp_path) as store:
        store.table.resize(2, 1)
        await store.open(session(1))
        with pytest.raises(Denied):
            await store.open(session(2))
        assert store.table.all() == [session(1)]


async def test_what_is_over_is_swept_away(tmp_path):
    wall = Wall()
    async with opened(tmp_path, wall) as store:
        await store.open(session(1))
        await store.sweep()
        assert store.table.all() == [session(1)]
        wall.time = session().expires
        await store.sweep()
    async with opened(tmp_path) as store:
        assert store.table.all() == []


async def test_a_session_that_cannot_be_stored_is_not_handed_out(tmp_path):
    async with opened(tmp_path) as store:
        with sqlite3.connect(tmp_path / "sessions.db") as db:
            db.execute("DROP TABLE sessions")
        with pytest.raises(StorageUnavailable, match="no such table"):
            await store.open(session(1))
        assert store.table.all() == []


@pytest.mark.parametrize("kept", ["{}", "[]", "no json", FLOATING])
async def test_a_file_that_cannot_be_read_is_refused(tmp_path, kept):
    async with opened(tmp_path):
        pass
    with sqlite3.connect(tmp_path / "sessions.db") as db:
        db.execute("INSERT INTO sessions VALUES ('a', ?), ('b', ?)", (kept, json.dumps(to_json(session(1)))))
    with pytest.raises(StorageUnavailable):
        async with opened(tmp_path):
            pass


async def test_a_session_that_is_ended_while_it_is_written_stays_ended(tmp_path):
    async with opened(tmp_path) as store:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(store.open, session(1))
            await wait_all_tasks_blocked()
            assert store.end(lambda one: one.agent == "ci") == [session(1)]
        assert store.table.all() == []
    async with opened(tmp_path) as store:
        assert store.table.all() == []


async def test_a_session_whose_file_is_gone_is_not_handed_out(tmp_path):
    async with opened(tmp_path) as store:
        (tmp_path / "sessions.db").rename(tmp_path / "elsewhere")
        with pytest.raises(StorageUnavailable, match="is gone"):
            await store.open(session(1))
        assert store.table.all() == []


async def test_a_disk_that_does_not_answer_holds_nobody_for_long(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "WRITE_TIMEOUT", 0.1)
    go, real = threading.Event(), SessionStore._store
    monkeypatch.setattr(SessionStore, "_store", lambda self, *rows: (go.wait(), real(self, *rows)))
    async with opened(tmp_path) as store:
        with pytest.raises(StorageUnavailable, match=r"within 0.1 seconds"):
            await store.open(session(1))
        assert store.table.all() == []
        go.set()
    async with opened(tmp_path) as store:
        assert store.table.all() == []


async def test_without_a_thread_a_session_is_refused_and_what_is_over_stays_for_later(tmp_path):
    async with opened(tmp_path) as store:
        await store.open(session(1))
        store.end(lambda _: True)
        with no_thread():
            with pytest.raises(StorageUnavailable, match="no thread"):
                await store.open(session(2))
            await store.sweep()
        await store.open(session(3))
    async with opened(tmp_path) as store:
        assert store.table.all() == [session(3)]


async def test_who_watches_learns_at_once_of_sessions_that_end_or_are_over(tmp_path, monkeypatch):
    wall, told = Wall(), []
    async with opened(tmp_path, wall) as store:
        store.watch(lambda ended: told.append([one.key_id for one in ended]))
        for number in (1, 2):
            await store.open(session(number))
        store.end(lambda one: one.key_id == session(1).key_id)
        store.end(lambda _: False)
        assert told == [[session(1).key_id]]
        wall.time += timedelta(hours=2)
        await store.sweep()
        assert told[1:] == [[session(2).key_id]]
        with no_thread(), pytest.raises(StorageUnavailable):
            await store.open(session(3, expires=wall.time + timedelta(hours=1)))
        assert told[2:] == [[session(3).key_id]]
