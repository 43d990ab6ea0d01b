"""`trio-gate revoke` ends a grant."""

from __future__ import annotations

from tests.kit.approvals.questions import question
from trio_gate.approval.state import Verdict
from trio_gate.approval.terms import Terms


async def test_a_grant_is_revoked_once(tell):
    made = tell.hub.grants.add(question(), Terms(uses=3, minutes=5), "s", Verdict(outcome="approve", by=("alice",), reason=""))
    status, out, _ = await tell("revoke", made.id)
    assert (status, out, list(tell.hub.grants.table)) == (0, f"revoked {made.id}\n", [])
    assert await tell("revoke", made.id) == (1, "", "trio-gate revoke: there is no such grant any more\n")
