"""`trio-gate deny` denies the call that it names, with its reason."""

from __future__ import annotations

from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.asking import asked


async def test_a_call_is_denied_and_its_agent_gets_the_reason(tell, nursery):
    answers = []

    async def ask() -> None:
        answers.append(await tell.hub.ask(asked()))

    nursery.start_soon(ask)
    await wait_all_tasks_blocked()
    status, out, _ = await tell("deny", "q1", "--reason", "not today")
    await wait_all_tasks_blocked()
    assert (status, out.startswith("q1 denied by you: prod: Delete object")) == (0, True)
    assert [(verdict.outcome, verdict.by, verdict.reason) for verdict in answers] == [("deny", ("alice",), "not today")]
    status, _, err = await tell("deny", "q1")
    assert (status, "q1 does not wait for you" in err) == (1, True)
