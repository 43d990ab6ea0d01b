"""A hub of each test, people who listen to it, and agents that ask."""

from __future__ import annotations

import pytest
from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.agents import Agent
from tests.kit.approvals.asking import asked, listening
from tests.kit.approvals.hubs import CONFIG, nowhere
from tests.kit.approvals.questions import FixedClock
from trio_gate.shell.approval.hub import ApprovalHub
from trio_gate.shell.approval.open_hub import open_hub


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def hub(clock) -> ApprovalHub:
    return ApprovalHub(clock)


@pytest.fixture
async def start(hub, nursery):
    async def begin(made=None, invocation=None, **more) -> Agent:
        agent = Agent(hub, asked(made, invocation, **more))
        nursery.start_soon(agent.run)
        await wait_all_tasks_blocked()
        return agent

    return begin


@pytest.fixture
def alice(hub, clock):
    with listening(hub, clock, may_grant=True) as listener:
        yield listener


@pytest.fixture
def bob(hub, clock):
    with listening(hub, clock, "bob", may_grant=True) as listener:
        yield listener


@pytest.fixture
def opened(tmp_path, clock):
    def begin(config=CONFIG):
        return open_hub(config, clock, str(tmp_path / "approvals.db"), "https://gate/", send=nowhere)

    return begin
