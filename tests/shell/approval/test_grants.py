"""Grants: what approvals leave behind, for whom, for how long, and on disk before it is used."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.agents import OTHER, group
from tests.kit.approvals.asking import listening
from tests.kit.approvals.hubs import call, waiting
from tests.kit.approvals.questions import question
from trio_gate.approval.channel.frames import (
    Decided,
    Granted,
    GrantEnded,
    Pending,
    Resolved,
    Updated,
)
from trio_gate.approval.terms import Terms
from trio_gate.errors import StorageUnavailable
from trio_gate.shell.approval.database import ApprovalDatabase
from trio_gate.shell.approval.grants import UNUSED

MINUTE = timedelta(minutes=1)


async def test_an_agent_that_leaves_leaves_a_detached_question_and_its_approval_a_grant_for_one_use(hub, alice, start):
    agent = await start()
    agent.leave()
    await wait_all_tasks_blocked()
    assert (await alice.until(Updated)).detached
    alice.vote()
    granted = (await alice.until(Granted)).grant
    assert (granted["kind"], granted["uses"], granted["used"], granted["rule"]) == ("once", 1, 0, "the rest")
    assert (await alice.until(Resolved)).grant == granted["id"]
    assert agent.answer is None
    again = await start(question("q2", digest=OTHER))
    assert again.cleared
    assert (again.answer.verdict.by, again.answer.verdict.id) == (("alice",), granted["id"])
    assert (await alice.until(Granted)).grant["used"] == 1
    again.answer.sending()
    again.answer.answered(200, None)
    again.answer.close()
    assert await alice.until(GrantEnded) == GrantEnded(id=granted["id"], why="used", by=None)
    third = await start(question("q3", digest=OTHER))
    assert third.answer is None
    assert (await alice.until(Pending)).prompt["risks"][0]["code"] == "sent"


@pytest.mark.parametrize("changes", [{"agent": "eve"}, {"repeat_key": OTHER}, {"rule": "another"}, {"account": "222222222222"}])
async def test_a_grant_for_one_use_is_for_that_call_alone(alice, start, changes):
    (await start()).leave()
    await wait_all_tasks_blocked()
    alice.vote()
    assert (await start(question("q2", digest=OTHER, **changes))).answer is None


async def test_a_grant_for_one_use_lives_so_long(hub, clock, alice, start):
    (await start()).leave()
    await wait_all_tasks_blocked()
    alice.vote()
    clock.time += timedelta(seconds=hub.limits.grant_ttl)
    assert (await start(question("q2", expires_at=clock.time + MINUTE))).answer is None
    assert (await alice.until(GrantEnded)).why == "expired"


async def test_a_denied_detached_question_leaves_nothing(hub, alice, start):
    (await start()).leave()
    await wait_all_tasks_blocked()
    alice.vote("deny", reason="no")
    assert list(hub.grants.table) == []


async def test_what_people_granted_is_made_with_the_approval(hub, alice, start):
    agent = await start()
    alice.vote(grant=Terms(uses=2, minutes=5))
    granted = (await alice.until(Granted)).grant
    assert (granted["kind"], granted["uses"], granted["expires_at"]) == ("exact", 2, "2026-03-04T05:11:07.000Z")
    assert (await alice.until(Resolved)).grant == granted["id"]
    await wait_all_tasks_blocked()
    agent.answer.sending()
    agent.answer.close()
    for number in range(2, 4):
        later = await start(question(f"q{number}"))
        later.answer.sending()
        later.answer.close()
    assert (await alice.until(GrantEnded)).why == "used"
    assert (await start(question("q4"))).answer is None


@pytest.mark.parametrize(("second", "kinds"), [(Terms(uses=2, minutes=5), ["exact"]), (Terms(uses=3, minutes=5), []), (None, [])])
async def test_a_quorum_grants_only_what_all_of_it_grant(hub, alice, bob, start, second, kinds):
    await start(question("q1", group("alice", "bob", quorum=2)))
    alice.vote(grant=Terms(uses=2, minutes=5))
    assert (await bob.until(Updated)).proposed == {"uses": 2, "minutes": 5, "predicate": None}
    bob.vote(grant=second)
    assert [grant.kind for grant in hub.grants.table] == kinds


async def test_a_predicate_is_asked_for_each_call(hub, alice, start):
    await start()
    alice.vote(grant=Terms(uses=9, minutes=5, predicate="aws.service == 's3'"))
    seen = []

    def covers(predicate: str) -> bool:
        seen.append(predicate)
        return len(seen) > 1

    assert (await start(question("q2", digest=OTHER, repeat_key=OTHER), covers=covers)).answer is None
    assert (await start(question("q3", digest=OTHER, repeat_key=OTHER), "i", covers=covers)).cleared
    assert seen == ["aws.service == 's3'"] * 2


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
        assert [grant.used for grant in hub.grants.table] == [0]


async def test_those_who_approved_are_told_that_the_agent_did_not_come_again(hub, clock, start):
    with listening(hub, clock, follows=True) as alice:
        (await start()).leave()
        await wait_all_tasks_blocked()
        alice.vote()
        clock.time += timedelta(seconds=hub.limits.grant_ttl)
        hub.sweep()
        outcome = (await alice.until(Decided)).outcome
        assert (outcome["end"], outcome["why"]) == ("not_sent", UNUSED["expired"])
