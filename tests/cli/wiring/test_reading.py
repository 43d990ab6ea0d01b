"""What a configuration says of an agent, also where its secrets are not set."""

from __future__ import annotations

import pytest

from tests.cli.wiring.kit import CONFIG, SECRET, placed
from trio_gate.cli.wiring.reading import NotWiredError, facts, suffix_for
from trio_gate.config.source import ConfigFaults


def test_an_agent_is_read_though_nothing_else_of_the_file_could_be(config):
    found = facts(config, "ci")
    assert (found.key_suffix, found.secret, [*found.accounts]) == (
        "CI01",
        SECRET,
        ["111111111111", "222222222222", "333333333333"],
    )
    assert found.accounts["111111111111"].region == "eu-west-1"
    assert found.variables == {"TEST_BASE_KEY", "TEST_BASE_SECRET", "TEST_CI_NEW", "TEST_CI_OLD", "TEST_TOKEN_SHA256"}


def test_a_secret_that_is_not_set_is_not_known(config, monkeypatch):
    monkeypatch.delenv("TEST_CI_OLD")
    assert facts(config, "ci").secret is None


def test_what_its_block_asks_for_is_known(config):
    token, job = facts(config, "token"), facts(config, "job")
    assert (token.proxy_token, token.audience, token.certificate) == (True, None, False)
    assert (job.proxy_token, job.audience, job.certificate) == (False, "trio-gate", True)
    assert [*token.accounts] == ["222222222222"]


@pytest.mark.parametrize("wanted", ["staging", "222222222222"])
def test_an_account_has_two_names(config, wanted):
    assert facts(config, "ci").account(wanted) == "222222222222"


def test_the_only_account_needs_no_name(config):
    assert facts(config, "token").account(None) == "222222222222"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (None, "name one account by --account: 333333333333, prod, staging"),
        ("prd", "ci may use no account prd: did you mean `prod`?"),
        ("zzz", "ci may use no account zzz: there are prod, staging, 333333333333"),
    ],
)
def test_an_account_that_is_not_clear(config, wanted, said):
    with pytest.raises(NotWiredError) as refused:
        facts(config, "ci").account(wanted)
    assert str(refused.value) == said


def test_a_label_that_two_accounts_have_is_not_clear(tmp_path):
    config = placed(tmp_path, CONFIG.replace("333333333333", "333333333333=prod"))
    with pytest.raises(NotWiredError, match="name one account by --account: 111111111111, 222222222222, 333333333333"):
        facts(config, "ci").account("prod")


@pytest.mark.parametrize(("agent", "said"), [("cii", "did you mean `ci`?"), ("nobody", "it has ci, token, job")])
def test_an_agent_that_there_is_not(config, agent, said):
    with pytest.raises(NotWiredError) as refused:
        facts(config, agent)
    assert str(refused.value) == f"{config} has no agent {agent}: {said}"


def test_without_agents_any_name_is_served(tmp_path):
    found = facts(placed(tmp_path, CONFIG.partition("agent")[0].replace("0.0.0.0", "127.0.0.1")), "my-agent")
    assert (found.key_suffix, found.secret is not None, len(found.accounts)) == ("MYAGENT01", True, 3)


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("ci", "CI01"), ("9lives", "LIVES01"), ("a-very-long-name-of-an-agent", "AVERYLONGNAMEO01"), ("_", "AGENT01")],
)
def test_suffixes_remind_of_names_and_are_ones(name, suffix):
    assert suffix_for(name) == suffix


def test_what_is_wrong_with_what_is_read_is_shown(tmp_path):
    with pytest.raises(ConfigFaults, match="key_suffix"):
        facts(placed(tmp_path, CONFIG.replace('"CI01"', '"ci"')), "ci")
