"""`trio-gate check` names texts that no call can have."""

from dataclasses import replace

import pytest

from tests.kit.configs import BASE, MAIN, load
from trio_gate.cli.judging import check_words
from trio_gate.cli.judging.check_words import PROTOCOLS, word_lines
from trio_gate.config.model import OperationReview
from trio_gate.exchange.snapshot import check_condition
from trio_gate.shell.models.installed_operations import services
from trio_gate.shell.models.model_loader import load_model

GATEWAY = 'gateway {\n  state_dir = "/s"\n  listener "tls" { bind = "127.0.0.1:0" }\n}\n' + BASE + MAIN
AGENT = 'agent "ci" {\n  key_suffix = "CI01"\n  secret = "agent-secret-0123456789"\n}\n'


def said(condition):
    rule = f'rule "r" {{\n  match = {condition}\n  action = "deny"\n}}\n'
    return [
        line.partition("no call has ")[2] for line in word_lines(load(GATEWAY + AGENT + rule, check_condition=check_condition))
    ]


@pytest.mark.parametrize(
    ("condition", "line"),
    [
        ('aws.service == "IAM"', 'aws.service == "IAM": did you mean `iam`?'),
        ('aws.access in ["reads", "list"]', 'aws.access == "reads": did you mean `read`?'),
        ('"us-est-1" == aws.region', 'aws.region == "us-est-1": did you mean `us-west-1`?'),
        ('aws.account_name != "prd"', 'aws.account_name == "prd": did you mean `prod`?'),
        ('aws.account == "999999999999"', 'aws.account == "999999999999"'),
        ('agent.name == "cx"', 'agent.name == "cx"'),
        ('aws.level == "Danger"', 'aws.level == "Danger": did you mean `danger`?'),
        ('aws.method == "get"', 'aws.method == "get": did you mean `GET`?'),
        ('aws.protocol == "JSON"', 'aws.protocol == "JSON": did you mean `json`?'),
        ('aws.service == "lambda "', 'aws.service == "lambda ": did you mean `lambda`?'),
        ('aws.service == "monitoring"', 'aws.service == "monitoring": did you mean `cloudwatch`?'),
        ('aws.service == "elasticloadbalancing"', 'aws.service == "elasticloadbalancing": did you mean `elb` or `elbv2`?'),
        ('aws.service.startsWith("IAM")', 'aws.service.startsWith("IAM"): did you mean `iam`?'),
        ('aws.action.startsWith("get")', 'aws.action.startsWith("get"): did you mean `Get`?'),
        ('aws.action.contains("secret")', 'aws.action.contains("secret"): did you mean `Secret`?'),
        ('aws.action.endsWith("bucket")', 'aws.action.endsWith("bucket"): did you mean `Bucket`?'),
        (
            'aws.action == "InvokeFunction"',
            'aws.action == "InvokeFunction": it is IAM\'s name, write aws.iam_action == "lambda:InvokeFunction"',
        ),
        ('aws.service.matches("^IAM$")', 'aws.service.matches("^IAM$"): with `(?i)` before it, it would find `iam`'),
        ('aws.region.matches("us-est-.*")', 'aws.region.matches("us-est-.*")'),
        ('aws.region.startsWith("us_")', 'aws.region.startsWith("us_")'),
        (
            '"GetObject" in aws.iam_actions',
            '"GetObject" in aws.iam_actions: an IAM action has a prefix, as "s3:GetObject"; aws.action has none',
        ),
        ('aws.partition == "china"', 'aws.partition == "china"'),
        (
            'aws.action == "S3:GetObject"',
            'aws.action == "S3:GetObject": an action has no prefix, write "GetObject", or aws.iam_action == "s3:GetObject"',
        ),
    ],
)
def test_a_text_that_no_call_has(condition, line):
    assert said(condition) == [line]


@pytest.mark.parametrize(
    ("inside", "fault"),
    [
        ('p.statements.exists(s, s.effect == "allow")', 'no statement has the effect "allow": it is `Allow` or `Deny`'),
        ('p.statements.exists(s, "*" in s.action)', "a statement has no `action`, did you mean `actions`?"),
        ('p.statement.exists(s, s.effect == "Deny")', "a policy has no `statement`, did you mean `statements`?"),
        ('p.Document == "x"', "a policy has no `Document`"),
        ('p.member == "P" && p.statements.exists(s, s.effect == "Allow" && "*" in s.not_principals)', None),
        (
            'p.statements.exists(s, s.effect.startsWith("D") || s.conditions.Bool["aws:x"] == "true" || s.effect.matches("^A"))',
            None,
        ),
    ],
)
def test_a_part_that_no_policy_has(inside, fault):
    rule = f'rule "r" {{\n  match = aws.policies.exists(p, {inside})\n  action = "deny"\n}}\n'
    lines = [line.partition("): ")[2] for line in word_lines(load(GATEWAY + AGENT + rule, check_condition=check_condition))]
    assert lines == ([] if fault is None else [fault])


@pytest.mark.parametrize(
    ("condition", "weight"), [('aws.service in ["s3*"]', "warning"), ('"arn:aws:s3:::b/*" in aws.resources', "note")]
)
def test_a_star_is_no_wildcard(condition, weight):
    """An ARN that a call names may have one."""
    text = f'{GATEWAY}rule "r" {{\n  match = {condition}\n  action = "deny"\n}}\n'
    [line] = word_lines(load(text, check_condition=check_condition))
    assert line.startswith(f'{weight}: rule "r" (')
    assert " has no wildcard: `*` stands for itself; for all that begins so, write aws." in line


def test_operations_and_regions_that_only_the_installed_botocore_has_are_known(monkeypatch):
    monkeypatch.setattr(check_words, "reviewed_botocore", lambda: "1.0.0")
    monkeypatch.setattr(check_words, "packaged_tables", lambda _: {})
    monkeypatch.setattr(check_words, "packaged_hosts", lambda: {"partitions": {}, "services": {}})
    assert said('aws.action == "GetObject" && aws.region == "eu-west-1"') == []
    assert said('aws.action == "GetObjects" || aws.region == "aws-cn-global"') == [
        'aws.action == "GetObjects": did you mean `GetObject`?',
        'aws.region == "aws-cn-global"',
    ]


def test_operations_of_the_configuration_are_known():
    rule = 'rule "r" {\n  match = aws.action == "NewOperation"\n  action = "deny"\n}\n'
    config = load(GATEWAY + rule, check_condition=check_condition)
    assert len(list(word_lines(config))) == 1
    own = OperationReview(service="s3", operation="NewOperation", access="read", flags={}, where="here")
    assert list(word_lines(replace(config, operations=(own,)))) == []


def test_the_protocols_are_those_of_the_models():
    spoken = {one for service in services() for one in load_model(service)["metadata"].get("protocols", ())}
    assert spoken == PROTOCOLS


@pytest.mark.parametrize(
    "condition",
    [
        'aws.service == "iam" && aws.action == "GetObject" && aws.region == "eu-west-1" && aws.partition == "aws-cn"',
        'aws.service == "rds-db" && aws.action == "connect"',
        'aws.iam_action == "s3:GetObject" || "s3:PutObject" in aws.iam_actions || aws.level == "fact" || aws.method == "GET"',
        'aws.account == "111111111111" || aws.account_name == "prod" || agent.name == "ci" || aws.access == "tagging"',
        'aws.service.startsWith("s") || aws.action.contains("Sec") || aws.action.endsWith("s") || aws.protocol == "rest-xml"',
        'aws.path == "/whatever" || aws.params.Bucket == "x" || aws.host == "no.amazonaws.com"',
    ],
)
def test_a_text_that_calls_may_have(condition):
    assert said(condition) == []
