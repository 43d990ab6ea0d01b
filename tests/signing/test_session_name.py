"""Session names: AWS takes them, and no two agents share one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.signing.session_name import session_name

ACCEPTED = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
NAMES = st.text() | st.text("aB=@-_ é\0", max_size=8) | st.text("x", min_size=50, max_size=80)


@pytest.mark.parametrize(
    ("gateway", "agent", "name"),
    [
        ("trio-gate", "ci", "trio-gate@ci"),
        ("trio-gate", None, "trio-gate"),
        ("trio-gate", "a_b+c,d.e-F9", "trio-gate@a_b+c,d.e-F9"),
        ("trio-gate", "x" * 54, "trio-gate@" + "x" * 54),
        ("trio-gate", "my agent", "trio-gate@my-agent=d48d8d1666d05eaa"),
        ("trio-gate", "x" * 55, "trio-gate@" + "x" * 37 + "=ffa26119d981525b"),
        ("g", None, "g=b745115a3f712f28"),
    ],
)
def test_names(gateway, agent, name):
    assert session_name(gateway, agent) == name


@given(NAMES, st.none() | NAMES)
def test_aws_takes_every_name(gateway, agent):
    assert ACCEPTED.fullmatch(session_name(gateway, agent))


@given(NAMES, st.none() | NAMES, NAMES, st.none() | NAMES)
def test_two_agents_never_share_a_name(gateway, agent, other_gateway, other):
    same = (gateway, agent) == (other_gateway, other)
    assert (session_name(gateway, agent) == session_name(other_gateway, other)) == same


@pytest.mark.parametrize("agent", ["my agent", "x" * 100])
def test_an_agent_cannot_be_called_what_another_is_shortened_to(agent):
    taken = session_name("trio-gate", agent)
    assert session_name("trio-gate", taken.partition("@")[2]) != taken
    assert session_name(taken, None) != taken
    assert session_name("trio-gate@ci", None) != session_name("trio-gate", "ci")
