"""What of approvals outlives the process: the database, and a hub that is opened again."""

import math
import os
import re
import sqlite3
import stat
import threading
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import timedelta

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.formats.kit import written
from tests.kit.approvals.asking import asked, listening
from tests.kit.approvals.questions import FixedClock, question
from tests.kit.configs import BASE, HASH, MAIN, load
from tests.shell.approval.test_hub import Agent
from trio_gate.approval.frames import GrantEnded, Lift, Rejected, Resolved, Revoke, Stop
from trio_gate.approval.question import Group
from trio_gate.approval.terms import Terms
from trio_gate.cli.log import cells
from trio_gate.errors import Denied, StorageUnavailable
from trio_gate.shell.approval.database import ApprovalDatabase
from trio_gate.shell.approval.hub_config import hub_config
from trio_gate.shell.approval.open_hub import open_hub
from trio_gate.shell.audit.database import read_last
from trio_gate.shell.audit.writer import LOOK_EVERY, LOOK_TIMEOUT, open_audit_log

TEXT = f"""
gateway {{
  listener "proxy" {{ bind = "127.0.0.1:0" }}
  admin {{ bind = "127.0.0.1:0" }}
  max_pending = 3
  max_pending_per_agent = 2
  grant_ttl = "60s"
  grant_time = "2m"
  grant_uses = 4
  deny_cooldown = "0s"
}}
agent "ci" {{ key_suffix = "CI01" secret = "0123456789abcdef" }}
person "alice" {{ token_sha256 = "{HASH}" may_grant = true may_stop = true }}
approver "human" "oncall" {{ people = [person.alice] }}
rule "the rest" {{ action = "approve" approvers = [human.oncall] }}
"""
CONFIG = load(BASE + MAIN + TEXT)
OTHER_RULE = load(BASE + MAIN + TEXT.replace('action = "approve"', 'match = aws.access == "write" action = "approve"'))
STANDING = hub_config(CONFIG).standings["the rest"]
OLDER = written("approvals.schema-1.sql")
ALICE = Group(id="human.oncall", people=("alice",), quorum=1, timeout=600.0)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def opened(tmp_path, clock):
    def begin(config=CONFIG):
        return open_hub(config, clock, str(tmp_path / "approvals.db"), "https://gate/")

    return begin


def call(number: int = 1, **changes):
    return asked(replace(question(f"q{number}", ALICE), **changes), standing=STANDING)


@asynccontextmanager
async def waiting(hub, *attempts):
    """Agents that ask, and hang up at the end."""
    agents = [Agent(hub, attempt) for attempt in attempts]
    async with trio.open_nursery() as nursery:
        for agent in agents:
            nursery.start_soon(agent.run)
        await wait_all_tasks_blocked()
        yield agents
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()


async def test_a_pending_question_is_there_after_a_restart_and_nothing_is_executed_for_nobody(opened, clock):
    async with opened() as hub, waiting(hub, call()):
        pass
    async with opened() as hub:
        with listening(hub, clock) as alice:
            assert (await alice.next()).pending == 1
            prompt = await alice.prompt()
            assert (prompt["id"], prompt["detached"]) == ("q1", True)
            alice.vote()
            assert (await alice.until(Resolved)).status == "approved"
        assert [grant.kind for grant in hub.grants.book] == ["once"]
    async with opened() as hub, waiting(hub, call(2, digest="e" * 64)) as [again]:
        await again.done.wait()
        assert again.cleared
        again.answer.sending()
        again.answer.close()
    async with opened() as hub:
        assert (hub.pending, list(hub.grants.book)) == (0, [])


async def test_votes_are_there_after_a_restart(opened, clock):
    both = Group(id="human.oncall", people=("alice", "bob"), quorum=2, timeout=600.0)
    async with opened() as hub, waiting(hub, call(approvers=(both,))):
        with listening(hub, clock, may_grant=True) as alice:
            alice.vote(grant=Terms(uses=1, minutes=1))
    async with opened() as hub:
        with listening(hub, clock, "bob") as bob:
            await bob.next()
            assert (await bob.prompt())["proposed"] == {"uses": 1, "minutes": 1, "predicate": None}
            bob.vote()
            assert (await bob.until(Resolved)).by == ["alice", "bob"]


async def test_a_use_is_on_disk_before_its_call_can_be_sent(opened, clock, tmp_path):
    async with opened() as hub:
        async with waiting(hub, call()):
            pass
        with listening(hub, clock) as alice:
            alice.vote()
        async with waiting(hub, call(2)) as [again]:
            await again.done.wait()
            assert again.cleared
            with closing(sqlite3.connect(tmp_path / "approvals.db")) as db:
                [[value]] = db.execute("SELECT value FROM kept WHERE kind = 'grant'").fetchall()
            assert '"used":1' in value
            again.answer.sending()
            again.answer.close()


async def test_a_use_that_cannot_be_kept_is_none(opened, clock, monkeypatch):
    async with opened() as hub:
        async with waiting(hub, call()):
            pass
        with listening(hub, clock) as alice:
            alice.vote()

        def full(*_) -> None:
            raise sqlite3.OperationalError("disk full")

        with monkeypatch.context() as patched:
            patched.setattr(ApprovalDatabase, "_write", full)
            with pytest.raises(StorageUnavailable, match="disk full"):
                await hub.ask(call(2))
        assert [grant.used for grant in hub.grants.book] == [0]


@pytest.mark.parametrize(("agent", "refused"), [(None, [None, "ci"]), ("ci", ["ci"])])
async def test_a_stop_holds_over_a_restart(opened, agent, refused):
    async with opened() as hub:
        hub.stop(agent, "alice", "look")
    async with opened() as hub:
        for name in refused:
            with pytest.raises(Denied, match="look"):
                hub.check(name)
        if agent is not None:
            hub.check("eve")
        assert hub.stops.lift(agent, "alice")
    async with opened() as hub:
        hub.check("ci")


async def test_what_hangs_on_a_rule_that_changed_does_not_come_back(opened, clock):
    async with opened() as hub:
        async with waiting(hub, call(), call(2, digest="e" * 64, repeat_key="e" * 64)):
            pass
        with listening(hub, clock) as alice:
            alice.vote()
        assert (hub.pending, len(list(hub.grants.book))) == (1, 1)
    async with opened(OTHER_RULE) as hub:
        assert (hub.pending, list(hub.grants.book)) == (0, [])
    async with opened() as hub:
        assert (hub.pending, list(hub.grants.book)) == (0, [])


async def test_what_expired_meanwhile_does_not_come_back(opened, clock):
    async with opened() as hub, waiting(hub, call()):
        pass
    clock.time += timedelta(seconds=600)
    async with opened() as hub:
        await wait_all_tasks_blocked()
        assert hub.pending == 0


async def test_the_limits_are_the_configurations(opened, clock):
    async with opened() as hub:
        limits = hub.limits
        assert (limits.max_pending, limits.max_pending_per_agent, limits.grant_ttl) == (3, 2, 60.0)
        assert (limits.grant_time, limits.grant_uses, limits.deny_cooldown) == (120.0, 4, 0.0)
        assert hub.config.agents == ("ci",)


async def test_what_is_out_of_time_ends_by_itself(tmp_path, autojump_clock):
    class Ticking:
        """Wall time that goes with trio's."""

        began = trio.current_time()

        def now(self):
            return FixedClock().time + timedelta(seconds=trio.current_time() - self.began)

    clock = Ticking()
    async with open_hub(CONFIG, clock, str(tmp_path / "x.db"), "") as hub:
        async with waiting(hub, call(1), call(2, digest="e" * 64, repeat_key="e" * 64)):
            pass
        with listening(hub, clock) as alice:
            alice.vote()
            assert await alice.until(GrantEnded)
            assert trio.current_time() - clock.began == pytest.approx(60, abs=1)
            assert (await alice.until(Resolved)).status == "expired"
            assert trio.current_time() - clock.began == pytest.approx(600, abs=1)
        autojump_clock.autojump_threshold = math.inf  # which would jump over a write that is under way in its thread at the end


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
    with pytest.raises(StorageUnavailable, match="cannot be kept"):
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
    assert database.load("stop") == {"b": {"n": 2}}
    assert database.load("grant") == {}
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
    assert database.load("stop") == {"a": {"n": 1}}
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
    assert database.load("stop") == {"a": {"n": 2}}
    await database.rest()
    database.close()
    with pytest.raises(StorageUnavailable, match="closed"):
        database.load("stop")


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
        await hub.kept()
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
        await hub.kept()
        for switch, failing in (("ON", True), ("OFF", False)):
            hub._database._db.execute(f"PRAGMA query_only = {switch}")
            await looked(hub, mock_clock)
            assert hub.failing is failing


async def test_a_look_that_hangs_is_a_fault(opened, monkeypatch, mock_clock):
    go = threading.Event()
    with monkeypatch.context() as patched:
        async with opened() as hub:
            await hub.kept()
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
            [grant] = hub.grants.book
            hub.config = replace(hub.config, agents=("ci", "eve"))
            hub.stop("eve", "alice", "")
            await hub.kept()
            os.rename(path, f"{path}.away")
            await alice.say(replace(frame, id=grant.id) if what == "revoke" else frame)
            refused = await alice.until(Rejected)
            assert (refused.code, refused.message.startswith(said)) == ("unavailable", True)
            assert str(tmp_path) not in refused.message
            os.rename(f"{path}.away", path)
    async with opened() as hub:
        stopped = sorted(stop.agent for stop in hub.stops)
        assert (stopped, len(list(hub.grants.book))) == (
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
        assert (hub.pending, list(hub.grants.book)) == (0, [])
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
            async with open_hub(CONFIG, clock, str(tmp_path / "approvals.db"), "", audit):
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
