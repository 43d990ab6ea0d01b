"""The stop button works while another person's channels and the agent that is to be stopped send all that they can."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.kit.approvals.approver import Person
from tests.kit.gateway import AGENT, running
from tests.kit.wire.floods import FLOODS, PEOPLE, ROOT, channel, flooding
from tests.kit.wire.raw import STS, request, tunnel
from trio_gate.approval.channel.frames import Accepted, Lift, Stop

DENY = 'rule "nothing" { action = "deny" }\n'
CHANNELS = 4


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with running(tmp_path_factory.mktemp("floods"), None, agent=AGENT, rules=DENY, extra=PEOPLE) as gateway:
        gateway.ca = gateway.ca_file
        yield gateway
    assert "Traceback" not in gateway.log


def said(gateway) -> str:
    """What the agent hears on a new connection."""
    with tunnel(gateway, gateway.ca, STS) as raw:
        return raw.send(request()).answer().text


@pytest.mark.parametrize("flood", FLOODS)
def test_a_stop_and_a_lift_take_effect_while_others_flood(gateway, flood):
    root = Person(gateway, ROOT)
    with ExitStack() as floods:
        for _ in range(CHANNELS):
            floods.enter_context(flooding(channel(gateway), FLOODS[flood]))
        floods.enter_context(flooding(tunnel(gateway, gateway.ca, STS), request() * 50))
        assert isinstance(root.say(Stop(agent="ci", reason="it floods")), Accepted)
        assert "stopped by a person until that is lifted: it floods" in said(gateway)
        assert isinstance(root.say(Lift(agent="ci")), Accepted)
        assert "denied by rule" in said(gateway)
