"""One request on a channel of its own: the vote that it sends, and what ends the wait for an answer."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import partial

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.agents import sent
from tests.kit.approvals.asking import asked
from trio_gate.cli.approving import requests
from trio_gate.cli.approving.terminal.channel import NOT_KNOWN_YET
from trio_gate.cli.approving.terminal.prompt_input import TypedAnswer
from trio_gate.client import ClientError
from trio_gate.shell.approval.clearance import HubClearance

YES = TypedAnswer(verdict="approve", reason="seen")


async def test_a_call_is_approved_by_its_id_and_what_aws_answered_is_printed(gate, nursery, capsys):
    verdicts = []

    async def ask() -> None:
        clearance = await gate.hub.ask(asked())
        assert isinstance(clearance, HubClearance)
        verdicts.append(clearance.verdict.reason)
        sent(clearance)

    nursery.start_soon(ask)
    await wait_all_tasks_blocked()
    assert await requests.decide("q1", YES, partial(gate.connect), json=False) == 0
    assert verdicts == ["seen"]
    first, second = capsys.readouterr().out.splitlines()
    assert (first.partition(":")[0], second.partition(" after")[0]) == ("q1 approved by you", "q1: answered 404")


async def test_what_aws_answers_is_not_waited_for_for_ever(gate, nursery, capsys, monkeypatch):
    monkeypatch.setattr(requests, "OUTCOME_SECONDS", 0)
    nursery.start_soon(gate.hub.ask, asked())
    await wait_all_tasks_blocked()
    assert await requests.decide("q1", YES, partial(gate.connect), json=False) == 0
    assert capsys.readouterr().out.endswith(f"{NOT_KNOWN_YET}\n")


async def test_nothing_is_waited_for_where_the_agent_has_left(gate, capsys):
    async with trio.open_nursery() as agent:
        agent.start_soon(gate.hub.ask, asked())
        await wait_all_tasks_blocked()
        agent.cancel_scope.cancel()
    assert await requests.decide("q1", YES, partial(gate.connect), json=False) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


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
