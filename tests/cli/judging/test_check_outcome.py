"""`trio-gate check` names rules that never decide, and those that deny calls which they do not mean."""

from __future__ import annotations

import pytest

from tests.kit.configs import BASE, MAIN, load
from trio_gate.cli.judging import check_outcome
from trio_gate.cli.judging.check_outcome import outcome_lines
from trio_gate.exchange.snapshot import check_condition

GATEWAY = 'gateway {\n  state_dir = "/s"\n  listener "tls" { bind = "127.0.0.1:0" }\n}\n' + BASE
OTHER = MAIN.replace('"main"', '"other"').replace("111111111111=prod", "333333333333=x").replace("222222222222", "444444444444=y")
LABELLED = MAIN.replace('"222222222222"', '"222222222222=staging"')


def said(*rules, main=LABELLED):
    """What is said of rules, each a condition, empty for none, and more attributes."""
    text = ""
    for number, (match, more) in enumerate(rules):
        action = "" if "action" in more else '  action = "deny"\n'
        text += f'rule "{number}" {{\n{f"  match = {match}" if match else ""}\n{action}  {more}\n}}\n'
    return list(outcome_lines(load(GATEWAY + main + text, check_condition=check_condition)))


ALLOW = 'action = "allow"'
S3, READ = 'aws.service == "s3"', 'aws.access == "read"'


@pytest.mark.parametrize(
    "rules",
    [
        (("", ""), (S3, "")),
        ((S3, ALLOW), (S3, "")),
        ((READ, ALLOW), (f"{S3} && {READ}", "")),
        ((f"{READ} && {S3}", ALLOW), (f"({S3} && aws.region == 'x') && {READ}", "")),
        ((S3, ""), ("", "priority = 2\n  endpoints = [aws_api.main]"), (READ, "endpoints = [aws_api.main]")),
    ],
)
def test_a_rule_that_another_leaves_nothing(rules):
    first, last = (1, len(rules) - 1) if len(rules) > 2 else (0, 1)
    [line] = said(*rules)
    assert line.startswith(f'warning: rule "{last}" (gate.hcl:')
    assert f') is never asked: rule "{first}" (gate.hcl:' in line
    assert line.endswith(") decides all of its calls before")


@pytest.mark.parametrize(
    "rules",
    [
        ((S3, ALLOW), ("", "")),
        ((S3, ALLOW), (f"{S3} || {READ}", "")),
        ((f"{S3} && {READ}", ALLOW), (READ, "")),
        (("", "endpoints = [aws_api.main]"), (S3, "")),
        (("", "endpoints = [aws_api.main]"), (S3, "endpoints = [aws_api.other]")),
        (("", ""), (S3, "priority = 1")),
        ((f"{S3} && aws.region == 'x'", ALLOW), (f"{S3} && aws.region == 'y'", "")),
    ],
)
def test_a_rule_that_may_decide(rules):
    assert said(*rules, main=LABELLED + OTHER) == []


TOKEN = 'aws.service == "sts" && aws.action == "GetSessionToken"'


@pytest.mark.parametrize(
    ("match", "more", "warned"),
    [
        (TOKEN, ALLOW, True),
        ('aws.service in ["sts", "ecr"] && aws.action == "GetAuthorizationToken"', ALLOW, False),  # sts has none of this name
        ('aws.service == "ecr" && aws.action == "GetAuthorizationToken"', ALLOW, True),
        (TOKEN, f"{ALLOW}\n  vends = true", False),
        (TOKEN, "", False),
        ('aws.service == "sts" && aws.action in ["GetSessionToken", "GetCallerIdentity"]', ALLOW, False),
        ('aws.service == "sts" && aws.action == "AssumeRole"', ALLOW, False),
        ('aws.service == "sts"', ALLOW, False),
    ],
)
def test_a_rule_for_credentials_that_may_let_none_pass(match, more, warned):
    text = 'warning: rule "0" (gate.hcl:12) is for calls that return credentials alone, and denies them without `vends = true`'
    assert said((match, more)) == ([text] if warned else [])


@pytest.mark.parametrize(
    ("match", "name", "whose"),
    [
        ('aws.service == "s3" && aws.params.Bucket == "b"', "aws.params.Bucket", "s3:ListBuckets"),
        (
            'aws.service == "s3" && aws.action == "ListObjectsV2" && aws.params.Prefix != "x"',
            "aws.params.Prefix",
            "s3:ListObjectsV2",
        ),
        ('aws.action == "RunInstances" && aws.params.Placement.Tenancy == "host"', "aws.params.Placement", "ec2:RunInstances"),
        ('aws.params.Tags.exists(tag, tag.Key == "a")', "aws.params.Tags", "sts:GetCallerIdentity"),
        ('aws.session_role.endsWith("/admin")', "aws.session_role", "a call with the agent's own key"),
        ('aws.resource.startsWith("arn:aws:s3:::b/")', "aws.resource", "a call that names no resource"),
    ],
)
def test_what_is_read_and_may_not_be_there(match, name, whose):
    text = f"{name}, which {whose} may not have: such a call is denied, and no later rule is asked; has({name}) tests that"
    assert said((match, "")) == [f'note: rule "0" (gate.hcl:12) reads {text}']


@pytest.mark.parametrize(
    "match",
    [
        'aws.service == "s3" && has(aws.params.Bucket) && aws.params.Bucket == "b"',
        'aws.service == "ec2" && has(aws.params.Placement.Tenancy) && aws.params.Placement.Tenancy == "host"',
        'aws.service == "s3" && aws.action in ["GetObject", "PutObject"] && aws.params.Key.startsWith("ci/")',
        'aws.action == "GetObject" && aws.params.Key.startsWith("ci/")',
        'aws.service == "lambda" && aws.action.startsWith("UpdateFunction") && aws.params.FunctionName == "f"',
        'aws.service == "sqs" && aws.action.endsWith("Message") && aws.params.QueueUrl == "q"',
        'aws.service == "s3" && aws.iam_action == "s3:GetObject" && aws.params.Key == "k"',  # what that leaves is not known here
        'aws.iam_actions.exists(one, one == "s3:GetObject") && aws.params.Key == "k"',
        'aws.iam_action == "sqs:SendMessage" && aws.params.QueueUrl == "q"',
        'has(aws.session_role) && aws.session_role == "arn:aws:iam::111111111111:role/x"',
        'aws.service == "s3" && aws.action == "GetObject" && aws.resource == "arn:aws:s3:::b/k"',
        'aws.account_name == "prod"',
        'aws.resources.exists(one, one == "arn:aws:s3:::b/k")',
    ],
)
def test_what_is_there_or_tested(match):
    assert said((match, "")) == []


def test_an_account_without_a_label():
    [line] = said(('aws.account_name == "prod"', ""), main=MAIN)
    assert " reads aws.account_name, which a call to account 222222222222 may not have: such a call is denied" in line


def test_a_model_is_read_once(monkeypatch):
    asked = []
    needed = check_outcome.needed
    monkeypatch.setattr(check_outcome, "needed", lambda service: asked.append(service) or needed(service))
    said(*((f'aws.service == "sqs" && aws.params.QueueUrl == "{number}"', "") for number in range(3)))
    assert asked == ["sqs"]
