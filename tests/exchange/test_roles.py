"""What STS is asked for a call's role, by what endpoint, agent and rule say."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from tests.kit.aws.sts import literal
from trio_gate.approval.state import Verdict
from trio_gate.config.model import NOTHING_SAID, Agent, Endpoint, RoleSettings
from trio_gate.exchange.roles import approved_by, role_of
from trio_gate.ports import AssumeRole

ACCOUNT = "111111111111"
ENDPOINT = Endpoint(
    name="main",
    hosts=("*",),
    assume=RoleSettings(role="gate"),
    region="us-east-1",
    credentials=(literal("other"), literal()),
    accounts=MappingProxyType({ACCOUNT: None}),
)
AGENT = Agent(name="ci", key_suffix="CI01", secrets=("0123456789abcdef",), accounts=())
PLAIN = AssumeRole(
    partition="aws",
    region="us-east-1",
    account=ACCOUNT,
    role_arn=f"arn:aws:iam::{ACCOUNT}:role/gate",
    session_name="trio-gate@ci",
    external_id=None,
    duration=3600,
    base="other",
)


def made(endpoint=NOTHING_SAID, agent=NOTHING_SAID, rule=NOTHING_SAID):
    one, who = replace(ENDPOINT, assume=endpoint.over(ENDPOINT.assume)), replace(AGENT, assume=agent)
    return role_of(one, partition="aws", account=ACCOUNT, agent=who, rule=rule)


def test_where_nothing_is_said():
    assert made() == PLAIN
    nobody = role_of(ENDPOINT, partition="aws", account=ACCOUNT, agent=None, rule=NOTHING_SAID)
    assert nobody == replace(PLAIN, session_name="trio-gate")


def test_the_first_credential_for_the_account_signs():
    one = replace(ENDPOINT, credentials=(replace(literal("other"), accounts=("222222222222",)), literal()))
    assert role_of(one, partition="aws", account=ACCOUNT, agent=AGENT, rule=NOTHING_SAID).base == "base"


@pytest.mark.parametrize(
    ("name", "low", "high", "becomes"),
    [
        ("role", "a", "b", {"role_arn": f"arn:aws:iam::{ACCOUNT}:role/b"}),
        ("external_id", "aa", "bb", {"external_id": "bb"}),
        ("session_policy", "{}", '{"b":1}', {"session_policy": '{"b":1}'}),
        ("duration", 900, 1000, {"duration": 1000}),
        ("tags", (("a", "b"),), (("c", "d"),), {"tags": (("c", "d"),)}),
        ("source_identity", False, True, {"source_identity": "ci"}),
        ("source_identity", True, False, {"source_identity": None}),
    ],
)
def test_the_rule_counts_more_than_the_agent_and_that_more_than_the_endpoint(name, low, high, becomes):
    less, more = replace(NOTHING_SAID, **{name: low}), replace(NOTHING_SAID, **{name: high})
    wanted = replace(PLAIN, **becomes)
    assert (
        made(endpoint=more) == made(endpoint=less, agent=more) == made(less, less, more) == made(agent=less, rule=more) == wanted
    )


def test_a_hub_s_role_assumes_it_with_its_own_external_id_and_who_acts():
    hub = "arn:aws:iam::999999999999:role/a/hub"
    said = RoleSettings(external_id="ee", session_policy="{}", duration=900, tags=(("a", "b"),), source_identity=True)
    one = replace(ENDPOINT, through=hub, through_external_id="hh")
    found = role_of(one, partition="aws", account=ACCOUNT, agent=AGENT, rule=said)
    first = replace(PLAIN, account="999999999999", role_arn=hub, external_id="hh", source_identity="ci")
    assert found.through == found.signer == found.root == first
    assert found == replace(
        PLAIN, external_id="ee", session_policy="{}", duration=900, tags=(("a", "b"),), source_identity=None, through=first
    )
    assert (first.root, found.first) == (first, found)


def tags(*by, of="q1", role=PLAIN):
    return approved_by(role, Verdict(outcome="approve", by=by, reason="fine", id=of)).tags


def test_who_approved_is_in_the_tags():
    assert tags("alice", "bob") == (("trio-gate:approver", "alice+bob"), ("trio-gate:approval", "q1"))
    assert tags("alice", of="g1", role=replace(PLAIN, tags=(("a", "b"),))) == (
        ("a", "b"),
        ("trio-gate:approver", "alice"),
        ("trio-gate:approval", "g1"),
    )


def test_as_many_as_fit_are_named():
    (_, told), _ = tags(*(f"{number}{'x' * 62}" for number in range(9)))
    assert told.split("+") == [f"{number}{'x' * 62}" for number in range(3)] + ["..."]


def test_nothing_but_the_tags_changes():
    found = approved_by(PLAIN, Verdict(outcome="approve", by=("alice",), reason="", id="q1"))
    assert replace(found, tags=()) == PLAIN


def test_a_source_identity_has_aws_s_form():
    short = replace(AGENT, name="x", assume=RoleSettings(source_identity=True))
    found = role_of(ENDPOINT, partition="aws", account=ACCOUNT, agent=short, rule=NOTHING_SAID)
    assert found.source_identity.startswith("x=")
    nobody = role_of(ENDPOINT, partition="aws", account=ACCOUNT, agent=None, rule=short.assume)
    assert nobody.source_identity is None
