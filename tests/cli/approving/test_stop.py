"""`trio-gate stop` refuses the calls of an agent, or of all."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest


@pytest.mark.parametrize(("name", "agent"), [("ci", "ci"), ("*", None)])
async def test_an_agent_or_all_are_stopped_with_a_reason(tell, name, agent):
    tell.hub.config = replace(tell.hub.config, agents=("ci",))
    status, out, _ = await tell("stop", name, "--reason", "odd")
    assert (status, out) == (0, f"stopped {name}\n")
    assert [(stop.agent, stop.by, stop.reason) for stop in tell.hub.stops] == [(agent, "alice", "odd")]


async def test_an_agent_that_is_not_there_is_not_stopped(tell):
    assert await tell("stop", "no-one") == (1, "", "trio-gate stop: there is no agent of this name\n")
    status, out, _ = await tell("stop", "no-one", "--json")
    assert (status, json.loads(out)["code"]) == (1, "gone")
