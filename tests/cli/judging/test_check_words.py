"""`trio-gate check` names texts that no call can have."""

import pytest

from tests.kit.configs import BASE, MAIN, load
from trio_gate.cli.judging.check_words import PROTOCOLS, word_lines
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
        ('aws.service.startsWith("IAM")', 'aws.service.startsWith("IAM"): did you mean `iam`?'),
        ('aws.action.startsWith("get")', 'aws.action.startsWith("get"): did you mean `Get`?'),
        ('aws.action.contains("secret")', 'aws.action.contains("secret"): did you mean `Secret`?'),
        ('aws.action.endsWith("bucket")', 'aws.action.endsWith("bucket"): did you mean `Bucket`?'),
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


def test_a_star_is_no_wildcard_of_words_either():
    [line] = word_lines(
        load(GATEWAY + 'rule "r" {\n  match = aws.service in ["s3*"]\n  action = "deny"\n}\n', check_condition=check_condition)
    )
    assert line.endswith('aws.service == "s3*" has no wildcard: `*` stands for itself, so write aws.service.startsWith("s3")')


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
        'aws.path == "/whatever" || aws.params.Bucket == "x" || aws.host == "no.host"',
    ],
)
def test_a_text_that_calls_may_have(condition):
    assert said(condition) == []
