"""The hub: calls that wait and people who answer, on trio's own clock."""

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.agents import OTHER, Agent, group
from tests.kit.approvals.asking import STANDING, asked, listening
from tests.kit.approvals.questions import NOW, question
from tests.kit.sessions import session
from trio_gate.approval.channel.frames import Accepted, GrantEnded, Hello, Rejected, Resolved, Updated
from trio_gate.approval.state import Verdict
from trio_gate.approval.terms import Terms
from trio_gate.errors import Denied, Overloaded
from trio_gate.shell.approval.hub import ApprovalHub
from trio_gate.shell.approval.hub_config import HubConfig, Limits
from trio_gate.shell.sessions.store import open_sessions

HOUR = timedelta(hours=1)


async def test_a_question_is_shown_and_answered(hub, alice, start):
    hello = await alice.next()
    assert isinstance(hello, Hello)
    assert (hello.person, hello.pending, hello.grants) == ("alice", 0, 0)
    agent = await start()
    assert (await alice.prompt())["operation"] == "DeleteObjects"
    alice.vote(reason="fine \x1b", ref="7")
    assert await alice.next() == Accepted(ref="7", id="q1", status="approved")
    assert await alice.next() == Resolved(id="q1", status="approved", by=["alice"], reason="fine \\u{1b}", grant=None)
    await wait_all_tasks_blocked()
    assert agent.answer.verdict == Verdict(outcome="approve", by=("alice",), reason="fine \\u{1b}")
    assert agent.answer.verdict.id == "q1"
    assert hub.pending == 0


async def test_another_digest_does_not_count(hub, alice, start):
    await start()
    alice.vote(digest="f" * 64)
    assert (await alice.until(Rejected)).code == "digest"
    assert hub.pending == 1


async def test_two_must_agree_and_the_others_are_told(hub, clock, alice, bob, start):
    await start(question("q1", group("alice", "bob", "carol", quorum=2)))
    alice.vote()
    assert await alice.until(Accepted) == Accepted(ref="", id="q1", status="pending")
    groups = [{"id": "human.g", "quorum": 2, "approved": ["alice"]}]
    news = Updated(id="q1", approvers=groups, detached=False, proposed=None)
    assert await alice.next() == await bob.until(Updated) == news
    with listening(hub, clock, "carol") as carol:
        await carol.next()
        assert (await carol.prompt())["approvers"] == groups
    alice.vote()
    assert (await alice.next()).code == "answered"
    bob.vote()
    assert (await bob.next()).status == "approved"
    assert (await alice.until(Resolved)).by == ["alice", "bob"]


async def test_both_groups_must_agree(alice, bob, start):
    agent = await start(question("q1", group("alice"), replace(group("bob"), id="human.h")))
    alice.vote()
    await wait_all_tasks_blocked()
    assert agent.answer is None
    bob.vote()
    await wait_all_tasks_blocked()
    assert agent.cleared


async def test_the_first_decision_stands_and_later_ones_are_told_so(alice, bob, start):
    agent = await start()
    bob.vote("deny", reason="no")
    alice.vote()
    assert (await alice.until(Resolved)).status == "denied"
    assert (await alice.next()).code == "gone"
    await wait_all_tasks_blocked()
    assert agent.answer == Verdict(outcome="deny", by=("bob",), reason="no")


async def test_nobody_answers(hub, clock, autojump_clock):
    began = trio.current_time()
    with listening(hub, clock) as alice:
        verdict = await hub.ask(asked())
        assert (verdict.outcome, verdict.by) == ("expire", ())
        assert trio.current_time() - began == pytest.approx(600)
        assert (await alice.until(Resolved)).status == "expired"
    assert hub.pending == 0


async def test_an_answer_after_the_wall_clock_says_late_does_not_count(clock, alice, start):
    agent = await start()
    clock.time += timedelta(hours=8)
    alice.vote()
    assert (await alice.until(Rejected)).code == "gone"
    await wait_all_tasks_blocked()
    assert agent.answer.outcome == "expire"


async def test_after_its_hold_the_agent_is_sent_away_and_the_question_goes_on(hub, clock, autojump_clock):
    with listening(hub, clock) as alice:
        began = trio.current_time()
        verdict = await hub.ask(asked(question(hold_until=NOW + timedelta(seconds=20))))
        assert (verdict.outcome, verdict.reason) == ("hold", "q1")
        assert trio.current_time() - began == pytest.approx(20)
        assert (await alice.until(Updated)).detached
        assert hub.pending == 1


async def test_two_live_calls_of_other_ids_are_two_questions(hub, alice, start):
    one, other = await start(question("q1"), "i"), await start(question("q2"), "j")
    assert hub.pending == 2
    alice.vote(prompt_id="q2")
    await wait_all_tasks_blocked()
    assert (one.answer, other.cleared) == (None, True)


@pytest.mark.parametrize("changes", [{"agent": "eve"}, {"digest": OTHER}])
async def test_another_agent_or_digest_does_not_join(hub, start, changes):
    await start(question("q1"), "i")
    await start(question("q2", **changes), "i")
    assert hub.pending == 2


async def test_another_standing_does_not_join(hub, start):
    await start(question("q1"))
    await start(question("q2"), standing="t")
    assert hub.pending == 2


async def test_a_detached_question_makes_room_for_the_same_call_with_a_fresh_token(hub, alice, start):
    (await start(question("q1"))).leave()
    await wait_all_tasks_blocked()
    await start(question("q2", digest=OTHER))
    assert (await alice.until(Resolved)).status == "withdrawn"
    assert (await alice.prompt())["id"] == "q2"
    assert hub.pending == 1


async def test_one_agent_cannot_fill_the_hub(clock, nursery):
    hub = ApprovalHub(clock, Limits(max_pending=3, max_pending_per_agent=2))

    def of(number: int, agent: str = "ci"):
        return asked(question(f"q{number}", digest=f"{number:064x}", repeat_key=f"{number:064x}", agent=agent))

    for number in range(2):
        nursery.start_soon(hub.ask, of(number))
    await wait_all_tasks_blocked()
    with pytest.raises(Denied, match="this agent has 2 calls") as caught:
        await hub.ask(of(2))
    assert caught.value.status == 403
    nursery.start_soon(hub.ask, of(3, "other"))
    await wait_all_tasks_blocked()
    with pytest.raises(Overloaded, match="too many calls"):
        await hub.ask(of(4, "third"))
    assert hub.pending == 3


async def test_agents_without_a_name_are_told_apart_by_address(hub, start):
    await start(question("q1", agent=None, agent_address="127.0.0.1"))
    await start(question("q2", agent=None, agent_address="127.0.0.2"))
    assert hub.pending == 2


async def test_rules_that_changed_take_back_questions_and_grants(hub, alice, start):
    left = await start(question("q1"))
    left.leave()
    await wait_all_tasks_blocked()
    alice.vote(grant=Terms(uses=1, minutes=5))
    waiting = await start(question("q2", digest=OTHER, repeat_key=OTHER))
    hub.judge_again(HubConfig(standings={"the rest": STANDING}))
    await wait_all_tasks_blocked()
    assert (hub.pending, len(list(hub.grants.table)), waiting.answer) == (1, 2, None)
    hub.judge_again(HubConfig(standings={"the rest": "other"}))
    await wait_all_tasks_blocked()
    assert waiting.answer.outcome == "withdraw"
    assert (hub.pending, list(hub.grants.table)) == (0, [])
    assert (await alice.until(GrantEnded)).why == "void"


async def test_a_gateway_that_stops_tells_its_agents_and_asks_nothing_more(hub, alice, start):
    agent = await start()
    hub.stop_waiting()
    alice.vote()
    await wait_all_tasks_blocked()
    assert agent.answer == Verdict(outcome="stop", by=(), reason="q1", until=question().expires_at)
    assert [grant.kind for grant in hub.grants.table] == ["once"]
    assert isinstance((await start(question("q2", digest=OTHER, repeat_key=OTHER))).answer, Denied)


async def test_a_hundred_approvers_and_a_thousand_questions(clock, nursery):
    hub = ApprovalHub(clock, Limits(max_pending_per_agent=1000))
    people = tuple(f"person-{number}" for number in range(100))
    for number in range(1000):
        digest = f"{number:064x}"
        made = question(f"q{number}", group(*people), digest=digest, repeat_key=digest)
        nursery.start_soon(hub.ask, asked(made))
    await wait_all_tasks_blocked()
    with ExitStack() as connected:
        listeners = [connected.enter_context(listening(hub, clock, name)) for name in people]
        for listener in (listeners[0], listeners[99]):
            assert (await listener.next()).pending == 1000
            assert len({await listener.subscription.next() for _ in range(1000)}) == 1000
        listeners[99].vote(prompt_id="q500", digest=f"{500:064x}")
        listeners[0].vote("deny", prompt_id="q500", digest=f"{500:064x}")
        assert (await listeners[0].until(Resolved)).by == ["person-99"]
        assert (await listeners[0].until(Rejected)).code == "gone"
        assert hub.pending == 999


async def test_a_thousand_agents_that_leave_leave_no_task(hub, clock, nursery):
    hub = ApprovalHub(clock, Limits(max_pending_per_agent=1000))
    agents = [
        Agent(hub, asked(question(f"q{number}", digest=f"{number:064x}", repeat_key=f"{number:064x}"))) for number in range(1000)
    ]
    async with trio.open_nursery() as crowd:
        for agent in agents:
            crowd.start_soon(agent.run)
        await wait_all_tasks_blocked()
        for agent in agents:
            agent.leave()
    assert hub.pending == 1000
    assert all(entry.attempt is None and entry.prompt.detached for entry in hub)
    assert not nursery.child_tasks


async def test_what_a_session_asked_ends_with_it(clock, tmp_path, nursery):
    async with open_sessions(str(tmp_path / "sessions.db"), clock) as sessions:
        ended, other = session(1, expires=clock.now() + HOUR), session(2, expires=clock.now() + HOUR)
        for one in (ended, other):
            await sessions.open(one)
        hub = ApprovalHub(clock, sessions=sessions)
        with listening(hub, clock) as alice:
            agents = []
            for number, key in enumerate((ended.key_id, other.key_id, None, ended.key_id), start=1):
                made = question(f"q{number}", group("alice"), digest=str(number) * 64)
                agents.append(Agent(hub, asked(replace(made, session=key))))
                nursery.start_soon(agents[-1].run)
                await wait_all_tasks_blocked()
            alice.vote(prompt_id="q4", digest="4" * 64)
            await wait_all_tasks_blocked()
            approved = agents[3].answer
            sessions.end(lambda one: one is ended)
            assert (await alice.until(Resolved)).id == "q4"
            gone = await alice.until(Resolved)
            assert (gone.id, gone.status) == ("q1", "withdrawn")
            await wait_all_tasks_blocked()
            assert [entry.prompt.question.id for entry in hub] == ["q2", "q3"]
            assert [agent.answer is None for agent in agents] == [False, True, True, False]
            with pytest.raises(Denied):
                approved.sending()
            nursery.cancel_scope.cancel()
