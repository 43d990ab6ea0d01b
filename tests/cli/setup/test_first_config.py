"""A first configuration means what was asked for."""

from __future__ import annotations

import pytest

from tests.kit.configs import load
from trio_gate.cli.setup.first_config import First, config_text


@pytest.mark.parametrize("profile", [None, "gate"])
def test_it_is_read_as_it_was_meant(profile):
    text = config_text(
        First(
            profile=profile,
            role="gate",
            region="eu-west-1",
            accounts={"111111111111": "prod", "222222222222": None},
            agent="ci",
            suffix="CI01",
            secret_file="/etc/gate/secret.txt",
            person="alice",
            token_sha256="a" * 64,
        )
    )
    config = load(text)
    [endpoint], [agent], [person], [approver] = config.endpoints, config.agents, config.people, config.approvers
    assert (endpoint.assume.role, endpoint.region, dict(endpoint.accounts)) == (
        "gate",
        "eu-west-1",
        {"111111111111": "prod", "222222222222": None},
    )
    assert endpoint.credentials[0].profile == profile
    assert (agent.name, agent.secrets, person.name, person.may_grant, approver.people) == (
        "ci",
        ("a-secret-from-a-file",),
        "alice",
        True,
        ("alice",),
    )
    assert [rule.action for rule in config.rules] == ["deny", "allow", "approve"]
    assert max(map(len, text.splitlines())) <= 130
