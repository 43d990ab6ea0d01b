"""What an agent says about why it calls: from its header or User-Agent, bounded, and none where it says nothing."""

from __future__ import annotations

import pytest

from trio_gate.exchange.agent_reason import MAX_CHARACTERS, agent_reason
from trio_gate.wire.head import RequestHead, Target

SAID = [
    ({"x-trio-gate-reason": " nightly clean-up "}, "nightly clean-up"),
    ({"x-trio-gate-reason": "one", "user-agent": "x trio-gate-reason/two"}, "one"),
    ({"user-agent": "aws-cli/2.31 md/x trio-gate-reason/nightly%20clean-up app/y"}, "nightly clean-up"),
    ({"user-agent": "trio-gate-reason/first"}, "first"),
    ({"user-agent": "x trio-gate-reason/%ff"}, "\ufffd"),
    ({"user-agent": "mytrio-gate-reason/other"}, None),
    ({"user-agent": "x trio-gate-reason/"}, None),
    ({"x-trio-gate-reason": "  "}, None),
    ({}, None),
    ({"x-trio-gate-reason": "r" * MAX_CHARACTERS}, "r" * MAX_CHARACTERS),
    ({"x-trio-gate-reason": "r" * (MAX_CHARACTERS + 1)}, "r" * MAX_CHARACTERS + "\u2026"),
]


@pytest.mark.parametrize(("fields", "said"), SAID)
def test_what_an_agent_says(fields, said):
    head = RequestHead(method="GET", target=Target(segments=("",)), headers=tuple(fields.items()))
    assert agent_reason(head) == said
