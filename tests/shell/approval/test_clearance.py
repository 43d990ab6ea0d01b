"""An approval is for one execution: given back where nothing was sent, and for what AWS throttled, good again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.agents import OTHER, Agent
from tests.kit.approvals.asking import asked, listening
from tests.kit.approvals.questions import question
from trio_gate.approval.frames import (
    Resolved,
)
from trio_gate.errors import Denied
from trio_gate.shell.approval.hub import ApprovalHub
from trio_gate.shell.approval.hub_config import Limits


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
