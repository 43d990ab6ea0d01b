"""An approval is for one execution: given back where nothing was sent, and for what AWS throttled, good again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.agents import OTHER, Agent
from tests.kit.approvals.asking import asked, listening
from tests.kit.approvals.questions import question
from trio_gate.approval.channel.frames import Decided, Resolved
from trio_gate.errors import Denied
from trio_gate.shell.approval.hub import ApprovalHub
from trio_gate.shell.approval.hub_config import Limits

NOT_KNOWN = {"at": "2026-03-04T05:06:07.000Z", "status": None, "error_code": None, "seconds": None, "why": None}


async def test_an_approval_that_was_not_used_waits_for_the_agent(hub, alice, start):
    agent = await start()
    alice.vote()
    await wait_all_tasks_blocked()
    agent.answer.close()
    agent.answer.close()
    assert [(grant.kind, grant.used) for grant in hub.grants.table] == [("once", 0)]
    again = await start(question("q2", digest=OTHER))
    again.answer.sending()
    again.answer.unsent()
    again.answer.close()
    assert [(grant.kind, grant.used) for grant in hub.grants.table] == [("once", 0)]


async def test_throttled_calls_go_again_under_the_same_approval_and_others_do_not(hub, alice, start):
    agent = await start(question("q1"), "i")
    alice.vote()
    await wait_all_tasks_blocked()
    for number in range(2):
        agent.answer.sending()
        agent.answer.answered(503, "SlowDown")
        agent.answer.close()
        agent = await start(question(f"q{number + 2}"), "i")
        assert agent.cleared
        assert agent.answer.verdict.by == ("alice",)
    agent.answer.sending()
    agent.answer.answered(503, None)
    agent.answer.close()
    assert (await start(question("q9"), "i")).answer is None


async def test_a_throttled_call_that_was_not_sent_again_may_still_be(hub, alice, start):
    agent = await start(question("q1"), "i")
    alice.vote()
    await wait_all_tasks_blocked()
    agent.answer.sending()
    agent.answer.answered(429, None)
    agent.answer.close()
    for _ in range(5):
        retry = await start(question("q2"), "i")
        retry.answer.close()
    assert list(hub.grants.table) == []


@pytest.mark.parametrize("status", [200, 500, None])
async def test_a_repeat_of_what_was_done_is_a_new_question_that_says_so(alice, start, status):
    agent = await start(question("q1"), "i")
    alice.vote()
    await wait_all_tasks_blocked()
    agent.answer.sending()
    if status:
        agent.answer.answered(status, None)
    agent.answer.close()
    await alice.until(Resolved)
    assert (await start(question("q2"), "i")).answer is None
    assert "already sent at" in (await alice.prompt())["risks"][0]["text"]


async def test_a_denied_call_is_not_asked_about_again_for_a_while(hub, clock, alice, start):
    await start()
    alice.vote("deny", reason="not today")
    again = await start(question("q2", digest=OTHER))
    assert isinstance(again.answer, Denied)
    assert "denied by a person a moment ago: not today" in again.answer.reason
    clock.time += timedelta(seconds=hub.limits.deny_cooldown)
    assert (await start(question("q3"))).answer is None


async def test_no_cooldown(clock, nursery):
    hub = ApprovalHub(clock, Limits(deny_cooldown=0))
    with listening(hub, clock) as alice:
        for number in range(2):
            agent = Agent(hub, asked(question(f"q{number}")))
            nursery.start_soon(agent.run)
            await wait_all_tasks_blocked()
            alice.vote("deny", prompt_id=f"q{number}")
            await wait_all_tasks_blocked()
            assert agent.answer.outcome == "deny"


async def test_those_who_approved_are_told_what_became_of_the_call(hub, clock, start):
    with listening(hub, clock, follows=True) as alice, listening(hub, clock, "bob") as bob:
        agent = await start()
        alice.vote()
        await alice.until(Resolved)
        await wait_all_tasks_blocked()
        agent.answer.sending()
        agent.answer.ended("the agent left", None)
        assert (await alice.next()).outcome == {**NOT_KNOWN, "end": "unanswered", "why": "the agent left"}
        agent.answer.answered(404, None)
        agent.answer.answered(404, "NoSuchEntity")
        agent.answer.close()
        agent.answer.ended(None, 0.25)
        told = {**NOT_KNOWN, "end": "answered", "status": 404, "error_code": "NoSuchEntity", "seconds": 0.25}
        assert (await alice.next()).outcome == told
        await bob.until(Resolved)
        assert bob.subscription.behind == 0
    with listening(hub, clock, "bob", follows=True) as bob:
        await bob.next()
        assert [(frame.id, frame.outcome) for frame in [await bob.next()]] == [("q1", told)]
    with listening(hub, clock, "carol", follows=True) as carol:
        await carol.next()
        assert carol.subscription.behind == 0


async def test_what_was_not_sent_is_told_and_later_what_became_of_its_next_attempt(hub, clock, start):
    with listening(hub, clock, follows=True) as alice:
        agent = await start(question(digest=OTHER))
        alice.vote(digest=OTHER)
        await wait_all_tasks_blocked()
        agent.answer.close()
        agent.answer.ended("its role could not be assumed", None)
        assert (await alice.until(Decided)).outcome == {**NOT_KNOWN, "end": "not_sent", "why": "its role could not be assumed"}
        again = await start(question("q2", digest=OTHER))
        again.answer.sending()
        again.answer.answered(200, None)
        again.answer.close()
        again.answer.ended(None, None)
        last = await alice.until(Decided)
        assert (last.id, last.outcome["status"]) == ("q1", 200)


async def test_who_withdrew_a_call_is_told(hub, clock, start):
    with listening(hub, clock, follows=True) as alice:
        await start()
        hub.stop("ci", "bob", "odd calls")
        assert (await alice.until(Decided)).reason == "stopped by bob: odd calls"
