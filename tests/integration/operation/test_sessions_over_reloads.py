"""Roles' sessions over reloads: STS is asked again for those alone of which something changed, and no old one of those serves again."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.kit.gateway import AGENT, reload, running
from tests.kit.standins.issuing import issuing

DOCS = AGENT.replace("ci", "docs").replace("CI01", "DOCS").replace("agent-", "docs-")
RULES = 'rule "all" { action = "allow" }\n'
WHO = [("prod", "CI01"), ("staging", "CI01"), ("staging", "DOCS")]
SECRETS = {"CI01": "agent-secret-0123456789", "DOCS": "docs-secret-0123456789"}


@pytest.fixture
def aws(tmp_path):
    with issuing(tmp_path) as found:
        yield found


@pytest.fixture
def gate(aws, tmp_path):
    key = f'access_key_id = "{aws.aws.base_access_key_id}"\n  secret_access_key = "{aws.aws.base_secret_access_key}"'
    with running(tmp_path, aws.aws, base=key, agent=AGENT + DOCS, rules=RULES) as gateway:
        for account, suffix in WHO:
            call(gateway, account, suffix)
        assert assumed(aws) == len(WHO)
        yield gateway
    assert "Traceback" not in gateway.log


def call(gate, account, suffix):
    who = gate.client("sts", account, by="endpoint", suffix=suffix, secret=SECRETS[suffix])
    who.get_caller_identity()


def assumed(aws):
    """How many times STS has given a role's session."""
    return sum(action == "AssumeRole" for action, _ in aws.calls)


def end_sessions(aws):
    """From now on AWS refuses all sessions that it has given."""
    for key in [key for key, session in aws.issued.items() if session.token is not None]:
        del aws.issued[key]


def test_a_reload_that_leaves_roles_as_they_are_asks_for_none(gate, aws):
    other = 'upstream "hooks.example" { address = "127.0.0.1:1" }\n'
    changes = (
        ('"all"', '"any"'),
        ('"any"', '"all"'),
        ("[person.alice]", "[person.bob]"),
        ('person "alice', f'{other}person "alice'),
    )
    for old, new in changes:
        reload(gate, old, new, "reloaded, generation")
        for account, suffix in WHO:
            call(gate, account, suffix)
    assert assumed(aws) == len(WHO)


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ('role       = "trio-gate"', 'role       = "other"', WHO),
        ('role       = "trio-gate"', 'role       = "trio-gate"\n  external_id = "gate"', WHO),
        ('role       = "trio-gate"', 'role       = "trio-gate"\n  duration = "20m"', WHO),
        ('  key_suffix = "DOCS"', '  key_suffix = "DOCS"\n  duration = "20m"', WHO[2:]),
    ],
)
def test_another_way_of_asking_is_taken_for_those_that_it_concerns(gate, aws, old, new, again):
    reload(gate, old, new, "reloaded, generation 2")
    for account, suffix in set(WHO) - set(again):
        call(gate, account, suffix)
    end_sessions(aws)
    for account, suffix in again:
        call(gate, account, suffix)
    assert (assumed(aws), aws.refused) == (len(WHO) + len(again), [])


def test_another_base_key_asks_for_all(gate, aws):
    [base] = [session for session in aws.issued.values() if session.token is None]
    aws.issued["AKIAANYTHINGATALL000"] = base
    reload(gate, base.key, "AKIAANYTHINGATALL000", "reloaded, generation 2")
    end_sessions(aws)
    for account, suffix in WHO:
        call(gate, account, suffix)
    assert (assumed(aws), aws.refused) == (2 * len(WHO), [])


@pytest.mark.parametrize(("gone", "before"), [(DOCS, AGENT), (', "222222222222=staging"', '"111111111111=prod"')])
def test_what_was_removed_is_asked_for_again_when_it_is_back(gate, aws, gone, before):
    reload(gate, gone, "", "reloaded, generation 2")
    with pytest.raises(ClientError):
        call(gate, "staging", "DOCS")
    call(gate, "prod", "CI01")
    assert assumed(aws) == len(WHO)
    end_sessions(aws)
    reload(gate, before, before + gone, "reloaded, generation 3")
    call(gate, "staging", "DOCS")
    assert (assumed(aws), aws.refused) == (len(WHO) + 1, [])
