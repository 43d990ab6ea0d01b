"""`trio-gate check` names texts that no call can have."""

import pytest

from tests.kit.configs import BASE, MAIN, load
from trio_gate.cli.judging.check_words import word_lines
from trio_gate.exchange.snapshot import check_condition

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
        ('aws.method == "get"', 'aws.method == "get"'),
        (
            '"GetObject" in aws.iam_actions',
            'aws.iam_actions == "GetObject": an IAM action has a prefix, as "s3:GetObject"; aws.action has none',
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
    "condition",
    [
        'aws.service == "iam" && aws.action == "GetObject" && aws.region == "eu-west-1" && aws.partition == "aws-cn"',
        'aws.service == "rds-db" && aws.action == "connect"',
        'aws.iam_action == "s3:GetObject" || "s3:PutObject" in aws.iam_actions || aws.level == "fact" || aws.method == "GET"',
        'aws.account == "111111111111" || aws.account_name == "prod" || agent.name == "ci" || aws.access == "tagging"',
        'aws.path == "/whatever" || aws.params.Bucket == "x" || aws.host == "no.host"',
    ],
)
def test_a_text_that_calls_may_have(condition):
    assert said(condition) == []
