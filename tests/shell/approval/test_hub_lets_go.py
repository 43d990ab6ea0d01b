"""A new grant lets the waiting calls go that it covers, as many as it has uses, and no others."""

from __future__ import annotations

import sqlite3

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.asking import listening
from tests.kit.approvals.hubs import call, waiting
from tests.kit.approvals.questions import question
from trio_gate.approval.channel.frames import Resolved
from trio_gate.approval.param_tree import ToRead
from trio_gate.approval.terms import Terms
from trio_gate.errors import StorageUnavailable
from trio_gate.shell.approval.database import ApprovalDatabase

TERMS = Terms(uses=5, minutes=10, predicate='aws.service == "s3"')


def other(name: str, **changes):
    return question(name, digest=name[1] * 64, repeat_key=name[1] * 64, **changes)


async def test_those_that_it_covers_go_with_who_gave_it_and_its_id(alice, start, hub):
    first, second = await start(), await start(other("q2"))
    alice.vote(grant=TERMS)
    await wait_all_tasks_blocked()
    [grant] = hub.grants.table
    assert (first.cleared, first.answer.grant) == (True, None)
    verdict = second.answer.verdict
    assert (verdict.by, verdict.reason, verdict.grant, verdict.id) == (("alice",), f"grant {grant.id}", grant.id, "q2")
    assert (second.answer.grant, grant.used, hub.pending) == (grant.id, 1, 0)
    assert [(frame.id, frame.status, frame.by) for frame in [await alice.until(Resolved), await alice.until(Resolved)]] == [
        ("q1", "approved", ["alice"]),
        ("q2", "approved", ["alice"]),
    ]
    second.answer.close()
    assert next(iter(hub.grants.table)).used == 0


@pytest.mark.parametrize(
    "changes",
    [{"agent": "eve"}, {"account": "222222222222"}, {"rule": "another"}, {"grantable": False}],
    ids=lambda changes: next(iter(changes)),
)
async def test_those_of_another_agent_account_or_rule_wait_on(alice, start, hub, changes):
    await start()
    waits = await start(other("q2", **changes))
    alice.vote(grant=TERMS)
    await wait_all_tasks_blocked()
    assert (waits.answer, hub.pending) == (None, 1)


READ = (ToRead(part="p1", name="Parameters.commands", what="script", whole=True),)


@pytest.mark.parametrize("changes", [{"level": "danger"}, {"to_read": READ}], ids=["a danger", "something unread"])
async def test_what_somebody_has_to_look_at_first_waits_on(alice, start, hub, changes):
    await start(question("q1", **changes))
    waits, equal = await start(other("q2", **changes)), await start(question("q3", digest="3" * 64, **changes))
    alice.vote(grant=TERMS)
    await wait_all_tasks_blocked()
    assert (waits.answer, equal.cleared, hub.pending) == (None, True, 1)


async def test_those_for_which_its_condition_is_not_true_wait_on(alice, start, hub):
    await start()
    waits = await start(other("q2"), covers=lambda _: False)
    alice.vote(grant=TERMS)
    await wait_all_tasks_blocked()
    assert (waits.answer, hub.pending) == (None, 1)


async def test_it_lets_the_oldest_go_and_no_more_than_it_has_uses(alice, start, hub):
    agents = [await start(other(f"q{number}")) for number in range(2, 6)]
    await start()
    alice.vote(grant=Terms(uses=2, minutes=10, predicate=TERMS.predicate))
    await wait_all_tasks_blocked()
    assert [agent.cleared for agent in agents] == [True, True, False, False]


async def test_an_approval_for_an_agent_that_left_lets_no_other_call_go(alice, start, hub):
    (await start()).leave()
    await wait_all_tasks_blocked()
    waits = await start(question("q2", digest="2" * 64))
    alice.vote()
    await wait_all_tasks_blocked()
    assert (waits.answer, hub.pending) == (None, 1)


async def test_an_agent_that_left_is_not_let_go(alice, start, hub):
    await start()
    gone = await start(other("q2"))
    gone.leave()
    await wait_all_tasks_blocked()
    alice.vote(grant=TERMS)
    await wait_all_tasks_blocked()
    assert (gone.answer, hub.pending) == (None, 1)


async def test_its_use_is_on_disk_before_a_call_goes(opened, clock, monkeypatch):
    def full(*_) -> None:
        raise sqlite3.OperationalError("disk full")

    async def asks(hub) -> None:
        with pytest.raises(StorageUnavailable, match="disk full"):
            await hub.ask(call(2, digest="2" * 64, repeat_key="2" * 64))
        over.set()

    over = trio.Event()
    async with opened() as hub, waiting(hub, call()), trio.open_nursery() as nursery:
        nursery.start_soon(asks, hub)
        await wait_all_tasks_blocked()
        with monkeypatch.context() as patched, listening(hub, clock, may_grant=True) as alice:
            patched.setattr(ApprovalDatabase, "_write", full)
            alice.vote(grant=Terms(uses=2, minutes=1, predicate='aws.service == "s3"'))
            with trio.fail_after(30):
                await over.wait()
        assert [grant.used for grant in hub.grants.table] == [0]
