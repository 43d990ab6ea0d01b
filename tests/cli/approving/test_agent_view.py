"""`trio-gate agent-view` shows what an agent reads about itself, to those who may observe; whole: `tests/integration/approvals`."""

from __future__ import annotations


async def test_an_agent_that_is_not_there_is_not_shown(tell):
    assert await tell("agent-view", "nobody") == (1, "", "trio-gate agent-view: there is no agent of this name\n")
