"""The attempt of an agent that waits: the newest one, and its first answer."""

from __future__ import annotations

import pytest
from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.asking import asked
from tests.kit.approvals.questions import question
from trio_gate.approval.channel.frames import (
    Updated,
)
from trio_gate.approval.state import Verdict
from trio_gate.errors import AgentGone
from trio_gate.shell.approval.waiting import Attempt


@pytest.mark.parametrize(("first", "second"), [("i", "i"), (None, "i"), ("i", None), (None, None)])
async def test_a_newer_attempt_joins_and_the_older_is_closed(hub, alice, start, first, second):
    older = await start(question("q1"), first)
    newer = await start(question("q2"), second)
    assert isinstance(older.answer, AgentGone)
    assert hub.pending == 1
    alice.vote()
    await wait_all_tasks_blocked()
    assert newer.cleared


async def test_the_newest_attempt_is_answered_and_the_older_takes_nothing_with_it(hub, alice, start):
    older = await start(question("q1"))
    newer = await start(question("q2"))
    older.leave()
    await wait_all_tasks_blocked()
    alice.vote()
    await wait_all_tasks_blocked()
    assert newer.cleared
    assert list(hub.grants.table) == []


async def test_an_agent_that_comes_again_is_attached(hub, alice, start):
    (await start(question("q1"), "i")).leave()
    await wait_all_tasks_blocked()
    again = await start(question("q2"), "j")
    assert [(await alice.until(Updated)).detached for _ in range(2)] == [True, False]
    assert hub.pending == 1
    alice.vote()
    await wait_all_tasks_blocked()
    assert again.cleared
    assert list(hub.grants.table) == []


async def test_only_the_first_answer_counts():
    attempt, verdict = Attempt(asked=asked()), Verdict(outcome="expire", by=(), reason="")
    attempt.answer(verdict)
    attempt.answer(None)
    await attempt.done.wait()
    assert attempt.answered is verdict
