"""`trio-gate check` says what sound settings do not do."""

from __future__ import annotations

import pytest

from tests.kit.configs import BASE, MAIN, load
from trio_gate.cli.diagnosis.local_checks import tokens
from trio_gate.cli.judging.check_sense import OFTEN_UNKNOWN, sense_lines
from trio_gate.exchange.snapshot import check_condition
from trio_gate.facet.schema import FACETS

LISTENER = '  listener "endpoint" {\n    bind = "127.0.0.1:0"\n    %s\n  }\n'


def said(*, match="", action="allow", gateway="", listener="", accounts=None):
    main = (
        MAIN
        if accounts is None
        else MAIN.replace(MAIN[MAIN.index("accounts") :].partition("]")[0] + "]", f"accounts = [{accounts}]")
    )
    rule = f'rule "r" {{\n  match = {match}\n  action = "{action}"\n}}\n' if match else ""
    text = f'gateway {{\n  state_dir = "/s"\n{LISTENER % listener}  {gateway}\n}}\n{BASE}{main}{rule}'
    return list(sense_lines(load(text, check_condition=check_condition)))


def test_the_facets_that_are_often_unknown_exist():
    assert OFTEN_UNKNOWN.keys() <= FACETS.keys()


def test_an_allow_rule_that_reads_what_is_often_unknown():
    [line] = said(match='aws.access == "write" && !aws.cross_account && aws.cross_account == false')
    assert line.startswith('note: rule "r" (')
    assert "allows by aws.cross_account, which is unknown for many calls: an ARN of S3 names no account; where" in line


@pytest.mark.parametrize(
    ("match", "action"),
    [("aws.cross_account", "deny"), ('aws.service == "s3"', "allow"), ("has(aws.params.x)", "allow"), ("", "allow")],
)
def test_other_rules_are_not_spoken_of(match, action):
    assert said(match=match, action=action) == []


def test_a_region_that_is_none():
    text = f'gateway {{\n  state_dir = "/s"\n{LISTENER % ""}}}\n{BASE}{MAIN.replace("us-east-1", "us-est-1")}'
    assert list(sense_lines(load(text))) == ['warning: endpoint main: no region is called "us-est-1": did you mean `us-west-1`?']


def test_equal_labels():
    [line] = said(accounts='"111111111111=prod", "222222222222=prod", "333333333333=staging", "444444444444"')
    assert line == (
        'warning: accounts 111111111111 and 222222222222 have the same label "prod": rules and people cannot tell them apart by it'
    )


TOKENS = f'proxy_token_sha256 = "{"a" * 64}"'
OIDC = 'oidc {\n    issuer = "https://a.example"\n    audience = "gate"\n    claims = { sub = "ci" }\n  }'


@pytest.mark.parametrize(
    ("listener", "proof", "remarked"),
    [
        ('bind = "0.0.0.0:3128"', TOKENS, True),
        ('bind = "0.0.0.0:3128"', OIDC, True),
        ('bind = "0.0.0.0:3128"', "", False),
        ('bind = "0.0.0.0:3128" names = ["gate.example"] tls = true', TOKENS, False),
        ('bind = "127.0.0.1:3128"', TOKENS, False),
    ],
)
def test_tokens_that_cross_a_network_in_the_clear(listener, proof, remarked):
    agent = f'agent "ci" {{\n  key_suffix = "CI01"\n  secret = "agent-secret-0123456789"\n  {proof}\n}}\n'
    config = load(f'gateway {{\n  state_dir = "/s"\n  listener "proxy" {{ {listener} }}\n}}\n{BASE}{MAIN}{agent}')
    remark = "warning: listener proxy on 0.0.0.0:3128 is off loopback without `tls`: everyone on the way can read the tokens that agent ci may show to it"
    assert list(sense_lines(config)) == [remark] * remarked
    assert [one.said for one in tokens(config)] == [remark.removeprefix("warning: ")] * remarked
