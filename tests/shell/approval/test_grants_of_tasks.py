"""Tasks at the hub: one approval that stands for many calls of several rules, counted as one, and over with any of its rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.agents import Agent
from tests.kit.approvals.asking import asked, listening
from tests.kit.approvals.hubs import ALICE, CONFIG, OTHER_RULE, STANDING
from tests.kit.approvals.questions import question
from trio_gate.approval.channel.frames import Granted, GrantEnded, Pending, Rejected, Resolved
from trio_gate.approval.question import Group
from trio_gate.approval.task import Task
from trio_gate.approval.terms import Terms
from trio_gate.errors import Denied, StorageUnavailable
from trio_gate.shell.approval.hub_config import hub_config

RULE = "the rest"
TASK = Task(
    purpose="move", lines=("s3: PutObject",), predicate="true", uses=2, minutes=1, rules=((RULE, STANDING), ("second", "2" * 64))
)


def of_task(number: int = 1, *, task: Task = TASK, **changes):
    made = question(f"q{number}", ALICE, task=task, grantable=False, rule="the rest, second", **changes)
    return asked(made, standing=task.standing, covers=lambda _: False)


def call(number: int, rule: str = RULE, standing: str = STANDING, **changes):
    return asked(
        question(f"q{number}", ALICE, rule=rule, digest=f"{number:064x}", repeat_key=f"{number:064x}", **changes),
        standing=standing,
    )


@pytest.fixture
def ask(hub, nursery):
    async def begin(attempt) -> Agent:
        agent = Agent(hub, attempt)
        nursery.start_soon(agent.run)
        await wait_all_tasks_blocked()
        return agent

    return begin


async def test_an_approved_task_lets_the_calls_of_all_its_rules_through_as_often_as_it_says(hub, alice, ask):
    agent = await ask(of_task())
    shown = (await alice.until(Pending)).prompt["task"]
    assert shown == {
        "purpose": "move",
        "lines": ["s3: PutObject"],
        "predicate": "true",
        "uses": 2,
        "minutes": 1,
        "rules": [RULE, "second"],
        "dangers": [],
        "accounts": {},
    }
    alice.vote()
    grant = (await alice.until(Granted)).grant
    assert (grant["kind"], grant["id"], grant["purpose"], grant["rules"]) == ("task", "t1", "move", [RULE, "second"])
    await wait_all_tasks_blocked()
    assert agent.cleared
    agent.answer.close()
    one, two, three = await ask(call(2)), await ask(call(3, "second", "2" * 64)), await ask(call(4))
    assert (one.cleared, two.cleared, three.answer) == (True, True, None)
    assert one.answer.grant == two.answer.grant == "t1"


@pytest.mark.parametrize(
    "changes",
    [{"rule": "third"}, {"standing": "3" * 64}, {"agent": "eve"}, {"account": "222222222222"}, {"grantable": False}],
)
async def test_a_task_is_for_its_rules_agent_and_account_and_for_what_grants_may_cover(alice, ask, changes):
    await ask(of_task())
    alice.vote()
    await wait_all_tasks_blocked()
    assert (await ask(call(2, **changes))).answer is None


async def test_a_call_outside_of_its_condition_asks_as_ever(alice, ask):
    await ask(of_task())
    alice.vote()
    await wait_all_tasks_blocked()
    outside = replace(call(2), covers=lambda _: False)
    assert (await ask(outside)).answer is None


async def test_racing_calls_never_use_it_more_often(hub, alice, ask):
    await ask(of_task(task=replace(TASK, uses=50)))
    alice.vote()
    await wait_all_tasks_blocked()
    agents = [Agent(hub, call(number, agent_address="192.0.2.1")) for number in range(10, 1010)]
    async with trio.open_nursery() as nursery:
        for agent in agents:
            nursery.start_soon(agent.run)
        await wait_all_tasks_blocked()
        assert sum(agent.cleared for agent in agents) == 50
        nursery.cancel_scope.cancel()


async def test_who_may_not_grant_cannot_approve_a_task_but_deny_it(hub, clock, ask):
    agent = await ask(of_task())
    with listening(hub, clock) as carol:
        carol.vote()
        rejected = await carol.until(Rejected)
        assert (rejected.code, "may_grant" in rejected.message) == ("not_allowed", True)
        carol.vote("deny", reason="no")
    await wait_all_tasks_blocked()
    assert agent.answer.outcome == "deny"


ACCOUNTS = {"111111111111": "prod", "222222222222": None}


async def test_a_task_for_several_accounts_is_counted_together(hub, alice, ask):
    there = {"account": "222222222222", "account_name": None}
    waits, elsewhere = await ask(call(6, **there)), await ask(call(7, account="333333333333"))
    await ask(of_task(task=replace(TASK, accounts=ACCOUNTS)))
    alice.vote()
    grant = (await alice.until(Granted)).grant
    assert (grant["account"], grant["accounts"]) == ("111111111111", ACCOUNTS)
    await wait_all_tasks_blocked()
    assert (waits.cleared, elsewhere.answer) == (True, None)
    assert (await ask(call(2))).cleared
    assert (await ask(call(3, **there))).answer is None
    assert [*hub.grants.table] == [] or next(iter(hub.grants.table)).used == 2


DANGEROUS = replace(TASK, lines=("s3: PutObject", "ec2: RunInstances", "ec2: StopInstances"), dangers=(2, 3))


@pytest.mark.parametrize("confirmed", [None, (), (2,), (1, 3)])
async def test_a_line_with_dangers_that_was_not_confirmed_holds_the_whole_task_up(alice, ask, confirmed):
    agent = await ask(of_task(task=DANGEROUS))
    alice.vote(confirmed=confirmed)
    rejected = await alice.until(Rejected)
    assert (rejected.code, rejected.message.startswith("confirm each line")) == ("not_allowed", True)
    assert str(2 if 2 not in (confirmed or ()) else 3) in rejected.message
    assert agent.answer is None
    alice.vote(confirmed=(2, 3))
    await wait_all_tasks_blocked()
    assert agent.cleared
    assert (await ask(call(2, level="danger"))).cleared


async def test_everybody_who_approves_confirms_each_line_and_a_denial_needs_none(hub, clock, alice, ask):
    two = (Group(id="human.oncall", people=("alice", "bob"), quorum=2, timeout=600.0),)
    agent = await ask(of_task(task=DANGEROUS, approvers=two))
    alice.vote(confirmed=(2, 3))
    with listening(hub, clock, "bob", may_grant=True) as bob:
        bob.vote()
        assert (await bob.until(Rejected)).code == "not_allowed"
        bob.vote("deny")
    await wait_all_tasks_blocked()
    assert agent.answer.outcome == "deny"


async def test_a_task_whose_agent_has_left_is_kept_and_answered_when_it_comes_again(hub, clock, alice, ask):
    agent = await ask(of_task())
    agent.leave()
    await wait_all_tasks_blocked()
    alice.vote()
    assert (await alice.until(Granted)).grant["kind"] == "task"
    again = await ask(of_task(2))
    assert again.cleared
    assert again.answer.verdict.id == "t1"
    again.answer.close()
    assert [(grant.id, grant.used) for grant in hub.grants.table] == [("t1", 0)]
    clock.time += timedelta(minutes=1)
    assert (await ask(of_task(3, expires_at=clock.time + timedelta(minutes=9)))).answer is None
    assert (await alice.until(GrantEnded)).why == "expired"


async def test_it_ends_with_any_of_its_rules(hub, alice, ask):
    hub.judge_again(replace(hub_config(CONFIG), standings={RULE: STANDING, "second": "2" * 64}))
    await ask(of_task())
    alice.vote()
    await alice.until(Granted)
    waiting = await ask(of_task(2, task=replace(TASK, uses=1), digest="9" * 64, repeat_key="9" * 64))
    hub.judge_again(replace(hub_config(CONFIG), standings={RULE: STANDING, "second": "3" * 64}))
    assert (await alice.until(GrantEnded)).why == "void"
    await wait_all_tasks_blocked()
    assert waiting.answer.outcome == "withdraw"


async def test_a_restart_keeps_a_task_and_the_question_of_one(opened, clock, tmp_path):
    task = replace(DANGEROUS, rules=((RULE, STANDING),), accounts=ACCOUNTS)
    async with opened() as hub, trio.open_nursery() as nursery:
        agents = [Agent(hub, of_task(1, task=task)), Agent(hub, of_task(2, task=task, digest="9" * 64, repeat_key="9" * 64))]
        for agent in agents:
            nursery.start_soon(agent.run)
        await wait_all_tasks_blocked()
        with listening(hub, clock, may_grant=True) as alice:
            alice.vote(confirmed=(2, 3))
            await alice.until(Granted)
        await agents[0].done.wait()
        agents[0].answer.close()
        await hub.flush()
        nursery.cancel_scope.cancel()
    async with opened() as hub:
        kept = [(grant.kind, grant.purpose, grant.uses, grant.accounts) for grant in hub.grants.table]
        assert kept == [("task", "move", 2, ACCOUNTS)]
        assert [entry.prompt.question.task for entry in hub] == [task]
    async with opened(OTHER_RULE) as hub:
        assert list(hub.grants.table) == []
        assert list(hub) == []


async def test_a_spent_task_is_asked_for_again(hub, alice, ask):
    await ask(of_task(task=replace(TASK, uses=1), service="trio-gate", operation="AskForTask"))
    alice.vote()
    await wait_all_tasks_blocked()
    assert (await hub.asked_by("ci", "q1", 0))["next"] == "approved: its calls go through until `until`"
    used = await ask(call(2))
    assert used.cleared
    assert (await hub.asked_by("ci", "q1", 0))["next"] == "approved, and the task is over: ask for another"
    assert (await ask(of_task(3, task=replace(TASK, uses=1)))).answer is None


async def test_a_call_that_was_let_through_is_not_sent_once_its_task_has_ended(hub, alice, ask):
    await ask(of_task(agent="ci"))
    alice.vote()
    await wait_all_tasks_blocked()
    let = await ask(call(2, agent="ci"))
    assert await hub.end_task("ci", "t1")
    with pytest.raises(Denied, match="withdrawn before it was sent"):
        let.answer.sending()


async def test_an_agent_ends_tasks_and_no_other_grants(hub, alice, ask):
    await ask(call(2, agent="ci"))
    alice.vote(prompt_id="q2", digest=f"{2:064x}", grant=Terms(uses=3, minutes=1, predicate="true"))
    await wait_all_tasks_blocked()
    (grant,) = hub.grants.table
    assert not await hub.end_task("ci", grant.id)
    assert [*hub.grants.table] == [grant]


async def test_the_vote_for_a_task_is_void_once_its_person_may_not_grant(hub, alice, ask):
    two = (Group(id="human.oncall", people=("alice", "bob"), quorum=2, timeout=600.0),)
    hub.judge_again(replace(hub_config(CONFIG), standings={RULE: STANDING, "second": "2" * 64}))
    await ask(of_task(approvers=two))
    alice.vote()
    await wait_all_tasks_blocked()
    config = hub_config(CONFIG)
    proofs = {name: proof for name, proof in config.proofs.items() if not name.startswith("grantor")}
    hub.judge_again(replace(config, standings={RULE: STANDING, "second": "2" * 64}, proofs=proofs))
    (entry,) = hub
    assert entry.prompt.votes == ()


async def test_what_waits_is_let_go_by_a_task_of_any_of_its_rules(hub, alice, ask):
    first, second = await ask(call(5)), await ask(call(6, "second", "2" * 64))
    left = await ask(call(7, level="danger"))
    await ask(of_task(task=replace(TASK, uses=9)))
    alice.vote()
    await wait_all_tasks_blocked()
    assert (first.cleared, second.cleared, left.answer) == (True, True, None)


async def test_a_question_that_was_left_ends_when_its_call_goes_through_by_a_task(hub, alice, ask):
    gone = await ask(call(5))
    gone.leave()
    await wait_all_tasks_blocked()
    await ask(of_task())
    alice.vote()
    await wait_all_tasks_blocked()
    again = await ask(call(5))
    assert again.cleared
    assert [entry.prompt.question.id for entry in hub] == []
    resolved = [frame for frame in [await alice.until(Resolved), await alice.until(Resolved)] if frame.id == "q5"]
    assert [(frame.status, frame.reason) for frame in resolved] == [("approved", "grant t1")]  # nobody is told to run it again


async def test_asking_again_says_nothing_of_a_call_that_was_sent(hub, alice, ask):
    agent = await ask(of_task(agent="ci"))
    alice.vote()
    await wait_all_tasks_blocked()
    agent.answer.close()
    assert await hub.end_task("ci", "t1")
    await ask(of_task(2, agent="ci"))
    (entry,) = hub
    assert [risk.code for risk in entry.prompt.question.risks if risk.code == "sent"] == []


@pytest.fixture
async def kept(opened, clock):
    """A hub with a database, where an agent has a task."""
    async with opened() as hub, trio.open_nursery() as nursery:
        hub.judge_again(replace(hub_config(CONFIG), standings={RULE: STANDING}))
        with listening(hub, clock, may_grant=True) as alice:
            nursery.start_soon(Agent(hub, of_task(task=replace(TASK, rules=((RULE, STANDING),)), agent="ci")).run)
            await wait_all_tasks_blocked()
            alice.vote()
            await wait_all_tasks_blocked()
        await hub.flush()
        assert [*hub._database.load("grant", lambda told: told)] == ["t1"]
        yield hub


async def test_the_end_of_a_task_is_answered_only_once_it_is_on_disk(kept, nursery):
    database, ended = kept._database, trio.Event()

    async def end():
        assert await kept.end_task("ci", "t1")
        assert database.load("grant", lambda told: told) == {}
        ended.set()

    await database._lock.acquire()  # a slow disk
    nursery.start_soon(end)
    await wait_all_tasks_blocked()
    assert ([*kept.grants.table], ended.is_set()) == ([], False)
    database._lock.release()
    await ended.wait()


async def test_a_disk_that_fails_is_said_and_the_end_is_in_force(kept):
    kept._database._db.execute("PRAGMA query_only = ON")
    with pytest.raises(StorageUnavailable):
        await kept.end_task("ci", "t1")
    assert [*kept.grants.table] == []
    kept._database._db.execute("PRAGMA query_only = OFF")
