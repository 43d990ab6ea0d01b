"""`trio-gate lift` ends a stop."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(("name", "agent"), [("ci", "ci"), ("*", None)])
async def test_a_stop_is_lifted_once(tell, name, agent):
    tell.hub.stop(agent, "bob", "")
    assert await tell("lift", name) == (0, f"lifted {name}\n", "")
    assert list(tell.hub.stops) == []
    assert await tell("lift", name) == (1, "", "trio-gate lift: this is not stopped\n")
