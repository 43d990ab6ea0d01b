"""What STS says of a configuration, and what to add where it refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.kit.configs import BASE, MAIN, load
from trio_gate.cli.diagnosis import aws_checks
from trio_gate.cli.diagnosis.aws_checks import MOST_ROLES, findings, roles_of
from trio_gate.cli.judging.hosts_of_one_run import HostsOfOneRun
from trio_gate.cli.setup.policies import trusts

USER = "arn:aws:iam::999999999999:user/gateway"
WORKS = MAIN.replace('"gate"', '"trio-gate"')
RULES = 'rule "r" {\n match = true\n action = "allow"\n}\n'


@pytest.fixture
def config(embedded_aws, tmp_path):
    """Makes a configuration that reaches the embedded AWS."""

    def made(main=WORKS, more="", secret=embedded_aws.base_secret_access_key):
        base = BASE.replace(
            "{}", f'{{\n access_key_id = "{embedded_aws.base_access_key_id}"\n secret_access_key = "{secret}"\n}}'
        )
        route = f'upstream "*.amazonaws.com" {{\n address = "127.0.0.1:{embedded_aws.port}"\n ca_file = "{embedded_aws.ca_file}"\n}}\n'
        found = load(base + main + route + RULES + more)
        return replace(found, gateway=replace(found.gateway, state_dir=str(tmp_path / "state")))

    return made


def shown(found):
    return {one.what: (one.level, one.said) for one in found}


async def test_what_works_is_ok(config):
    found = shown(await findings(config()))
    assert found["base key base"] == ("ok", USER)
    assert found["role trio-gate in prod"] == found["role trio-gate in 222222222222"] == ("ok", "it can be assumed")
    assert found["clock"][0] == found["time to STS"][0] == "ok"
    assert len(found) == 5


async def test_a_role_that_refuses_is_told_what_its_trust_lacks(config):
    found = shown(await findings(config(MAIN.replace('"gate"', '"spoke"'))))
    level, said = found["role spoke in prod"]
    arn = "arn:aws:iam::111111111111:role/spoke"
    assert (level, said) == (
        "fail",
        f"AWS denies it: its trust policy needs {trusts(USER)}, and {USER} must be allowed this on {arn}",
    )


async def test_a_key_that_is_refused_is_said_once(config):
    found = shown(await findings(config(secret="wrong-secret-of-the-base-key")))
    assert found["base key base"][0] == "fail"
    assert "its secret is wrong, or the gateway's clock is" in found["base key base"][1]
    assert found["role trio-gate in prod"] == ("note", "it was not asked for, as its base key does not work")


async def test_a_role_behind_another_is_not_blamed_for_it(config):
    through = MAIN.replace("accounts", 'through = "arn:aws:iam::999999999999:role/ROLE"\n  accounts').replace('"gate"', '"spoke"')
    found = shown(await findings(config(through.replace("ROLE", "hub"))))
    assert found["role hub in 999999999999"] == found["role spoke in prod"] == ("ok", "it can be assumed")
    found = shown(await findings(config(through.replace("ROLE", "none"))))
    assert found["role none in 999999999999"][0] == "fail"
    assert found["role spoke in prod"] == (
        "note",
        "it was not asked for, as arn:aws:iam::999999999999:role/none cannot be assumed",
    )


async def test_sts_that_cannot_be_reached_fails(config, monkeypatch):
    reached = config()
    route = replace(reached.upstreams[0], address=replace(reached.upstreams[0].address, port=1))
    found = shown(await findings(replace(reached, upstreams=(route,))))
    assert (found["base key base"][0], "clock" in found) == ("fail", False)


@pytest.mark.parametrize(
    ("lacks", "asked", "said"),
    [
        ({"Tags"}, {"tags": (("a", "b"),)}, "add sts:TagSession to its trust policy for WHO, and to what that may do on "),
        (
            {"SourceIdentity"},
            {"source_identity": "x", "tags": (("a", "b"),)},
            "add sts:SetSourceIdentity to its trust policy for WHO",
        ),
        (
            {"Tags", "SourceIdentity"},
            {"source_identity": "x", "tags": (("a", "b"),)},
            "add sts:TagSession and sts:SetSourceIdentity",
        ),
        ({"all"}, {"external_id": "x"}, "AWS denies it: its trust policy needs "),
    ],
)
async def test_what_is_missing_is_found_by_asking_for_less(config, lacks, asked, said):
    made = config()
    [request, *_] = roles_of(made, HostsOfOneRun(None).table)

    class Sts:
        async def role(self, request):
            given = {
                name
                for name, value in (("Tags", request.tags), ("SourceIdentity", request.source_identity), ("all", True))
                if value
            }
            if given & lacks:
                raise aws_checks.RoleRefused("could not be assumed (AccessDenied)")

    found = {}
    wanted = replace(request, **asked)
    await aws_checks._role(Sts(), wanted, {"base": "WHO"}, found)
    assert found[wanted].level == "fail"
    assert found[wanted].said.startswith(said)
    assert ("external id" in found[wanted].said) == ("external_id" in asked)


@pytest.mark.parametrize(
    ("apart", "level"), [(0, "ok"), (-29, "ok"), (31, "note"), (-299, "note"), (301, "fail"), (-301, "fail")]
)
def test_a_clock_is_right_off_or_wrong(config, apart, level):
    asking = aws_checks.Asking(config(), HostsOfOneRun(None).table)
    asking.apart = timedelta(seconds=apart)
    [found] = aws_checks._clock(asking)
    assert (found.level, ("ahead of" in found.said) == (apart > 0)) == (level, True)


def test_roles_of_rules_and_agents_are_asked_for_too_and_each_way_once(config):
    more = """
agent "ci" {
  key_suffix      = "CI01"
  secret          = "a-secret-of-sixteen-or-more"
  accounts        = ["111111111111"]
  source_identity = true
}
agent "other" {
  key_suffix = "OTHER01"
  secret     = "another-secret-of-sixteen"
  accounts   = ["111111111111"]
}
rule "reader" {
  match  = true
  action = "allow"
  role   = "reader"
}
"""
    wanted = roles_of(config(more=more), HostsOfOneRun(None).table)
    assert sorted(
        (one.account, one.role_arn.rpartition("/")[2], one.source_identity) for one in wanted if one.source_identity
    ) == [
        ("111111111111", "reader", "trio-gate"),
        ("111111111111", "trio-gate", "trio-gate"),
    ]
    assert sorted(one.role_arn.rpartition("/")[2] for one in wanted if not one.source_identity) == ["reader", "trio-gate"]


async def test_of_very_many_roles_not_all_are_asked_for(config):
    accounts = ", ".join(f'"{number:012}"' for number in range(1, MOST_ROLES + 3))
    made = config(MAIN.replace('"111111111111=prod", "222222222222"', accounts), secret="wrong-secret-of-the-base-key")
    found = await findings(made)
    assert (found[-1].level, found[-1].said) == ("note", "2 more were not asked for")
