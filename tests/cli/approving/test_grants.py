"""`trio-gate grants` lists the grants in force."""

from __future__ import annotations

import json

from tests.kit.approvals.questions import question
from trio_gate.approval.state import Verdict
from trio_gate.approval.terms import Terms


async def test_grants_take_a_line_each(tell):
    assert await tell("grants", "--json") == (0, "", "")
    assert await tell("grants") == (0, "no grants\n", "")
    made = tell.hub.grants.add(question(), Terms(uses=3, minutes=5), "s", Verdict(outcome="approve", by=("alice",), reason=""))
    status, out, _ = await tell("grants")
    assert status == 0
    assert out.startswith(f"grant {made.id}: ")
    status, out, _ = await tell("grants", "--json")
    assert (status, json.loads(out)["grant"]["id"]) == (0, made.id)
