"""Blocks that are printed are read by the gateway as they were meant."""

from __future__ import annotations

import pytest

from tests.kit.configs import BASE, MAIN, load
from trio_gate.cli.setup.block_text import agent_block, free_suffix, free_variable, hashed, person_block, token_of


def test_a_block_of_an_agent_is_one():
    [agent] = load(BASE + MAIN + agent_block("ci", "CI01", 'env("LONG")', ["111111111111", "222222222222"])).agents
    assert (agent.name, agent.key_suffix, agent.accounts) == ("ci", "CI01", ("111111111111", "222222222222"))
    [agent] = load(BASE + MAIN + agent_block("ci", "CI01", 'env("LONG")', [])).agents
    assert agent.accounts == ()


@pytest.mark.parametrize("rights", [(), ("may_grant", "may_observe")])
def test_a_block_of_a_person_is_one(rights):
    token = token_of("x" * 43)
    [person] = load(BASE + MAIN + person_block("alice", hashed(token), rights)).people
    assert (person.token_sha256, person.may_grant, person.may_stop) == (hashed(token), bool(rights), False)


def test_names_that_are_taken_are_not_given_again():
    assert free_suffix("ci", ["CI01", "CI02", "XX03"]) == "CI03"
    assert (
        free_suffix("integration-tests-of-all", [f"INTEGRATIONTES{number:02}" for number in range(1, 100)]) == "INTEGRATIONTE100"
    )
    assert free_variable("my-agent", {"TRIO_GATE_AGENT_MY_AGENT", "TRIO_GATE_AGENT_MY_AGENT_2"}) == "TRIO_GATE_AGENT_MY_AGENT_3"
