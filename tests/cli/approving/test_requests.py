"""One request on a channel of its own: the vote that it sends, and what ends the wait for an answer."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import partial

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.asking import asked
from trio_gate.cli.approving import requests
from trio_gate.cli.approving.prompt_input import TypedAnswer
from trio_gate.client import ClientError
from trio_gate.shell.approval.clearance import HubClearance


async def test_a_call_is_approved_by_its_id(gate, nursery):
    answers = []

    async def ask() -> None:
        answers.append(await gate.hub.ask(asked()))

    nursery.start_soon(ask)
    await wait_all_tasks_blocked()
    yes = TypedAnswer(verdict="approve", reason="seen")
    assert await requests.decide("q1", yes, partial(gate.connect), json=False) == 0
    await wait_all_tasks_blocked()
    [clearance] = answers
    assert isinstance(clearance, HubClearance)
    assert clearance.verdict.reason == "seen"
    clearance.close()


class Silent:
    """A gateway that says nothing."""

    async def receive(self):
        await trio.sleep_forever()


async def test_a_gateway_that_does_not_answer_ends_it(autojump_clock):
    @asynccontextmanager
    async def connect():
        yield Silent()

    with pytest.raises(ClientError, match="did not answer in time"):
        await requests.grants(connect, json=False)
    assert trio.current_time() == pytest.approx(requests.ANSWER_TIMEOUT)


def test_a_star_is_every_agent():
    assert (requests.agent("*"), requests.agent("ci")) == (None, "ci")
