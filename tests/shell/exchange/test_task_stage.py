"""Ending a task at the hub; `tests/integration/approvals/test_tasks.py` runs the whole stage in a gateway."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from tests.exchange.own_requests.kit import head, proven
from tests.kit.approvals.agents import group
from tests.kit.approvals.asking import asked, listening
from tests.kit.approvals.hubs import STANDING, waiting
from tests.kit.approvals.questions import FixedClock, question
from trio_gate.approval.task import Task
from trio_gate.errors import Unidentified
from trio_gate.shell.approval.hub import ApprovalHub
from trio_gate.shell.exchange.task_stage import end_task

TASK = Task(purpose="move", lines=("s3: PutObject",), predicate="true", uses=2, minutes=1, rules=(("the rest", STANDING),))


@pytest.mark.parametrize(("agent", "ends"), [(None, True), ("ci", False)])
async def test_an_agent_ends_its_own_task_once(agent, ends):
    clock = FixedClock()
    hub = ApprovalHub(clock)
    made = question("q1", group("alice"), task=TASK, grantable=False, agent=agent)
    services = SimpleNamespace(approvals=hub)
    async with waiting(hub, asked(made, standing=TASK.standing)):
        with listening(hub, clock, may_grant=True) as alice:
            alice.vote()
    request = proven(head("/-/agent/tasks/t1", b"", method="DELETE"))  # of an agent without a name
    if ends:
        _, text = await end_task("t1", request, services)
        assert json.loads(text) == {"task": "t1", "ended": True}
    with pytest.raises(Unidentified, match="no task of this agent") as fault:
        await end_task("t1", request, services)
    assert fault.value.status == 404
    assert len([*hub.grants.table]) == (0 if ends else 1)
