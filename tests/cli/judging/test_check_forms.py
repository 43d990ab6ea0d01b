"""`trio-gate check` names texts that do not have the form of their facet."""

import pytest

from trio_gate.cli.judging.check_forms import form_fault
from trio_gate.policy.cel import compared


def faults(condition):
    return [fault for one in compared(condition) if (fault := form_fault(one)) is not None]


@pytest.mark.parametrize(
    ("condition", "fault"),
    [
        ('aws.resource == "arn:aws:s3::prod"', "it is no ARN, which has six parts, as in arn:aws:s3:::bucket"),
        ('"prod" in aws.resources', "it is no ARN, which has six parts, as in arn:aws:s3:::bucket"),
        ('aws.resource.startsWith("s3://")', "an ARN begins with `arn:`"),
        ('aws.session_role == "agents"', "it is no ARN, which has six parts, as in arn:aws:s3:::bucket"),
        ('"12345" in aws.resource_accounts', "an account has 12 digits"),
        ('aws.host == "S3.amazonaws.com"', "hosts are in lower case"),
        ('aws.host.startsWith("https://")', "it is a host alone, without scheme, port and path"),
        ('aws.host == "s3.amazonaws.com:443"', "it is a host alone, without scheme, port and path"),
        ('aws.path.startsWith("bucket/")', "a path begins with `/`"),
        ('agent.address == "10.0.0.0/8"', "it is a network: `networks` in the block of the agent takes those"),
        ('agent.address == "build-7"', "it is no IP address"),
        ('"GetObject" in aws.iam_actions', 'an IAM action has a prefix, as "s3:GetObject"; aws.action has none'),
        ('aws.iam_action.startsWith("Get")', 'an IAM action has a prefix, as "s3:Get"; aws.action has none'),
        ('aws.iam_action == "s3:getobject"', "IAM has no such action, did you mean `GetObject`?"),
        ('aws.iam_action.startsWith("s3:get")', "IAM has no such action"),
        ('aws.iam_action == "S3:GetObject"', "IAM has no prefix `S3`, did you mean `s3`?"),
    ],
)
def test_a_text_without_the_form(condition, fault):
    [line] = faults(condition)
    assert line.startswith("no call has ")
    assert line.endswith(f": {fault}")


@pytest.mark.parametrize(
    ("condition", "write"),
    [
        ('"arn:aws:s3:::prod-*" in aws.resources', 'write aws.resources.exists(one, one.startsWith("arn:aws:s3:::prod-"))'),
        ('aws.iam_action == "s3:*"', 'write aws.iam_action.startsWith("s3:")'),
        ('aws.iam_action.startsWith("s3:Get*")', 'write aws.iam_action.startsWith("s3:Get")'),
        ('aws.resource == "arn:aws:s3:::*/x"', "`matches` takes patterns"),
    ],
)
def test_a_star(condition, write):
    [line] = faults(condition)
    assert " has no wildcard: `*` stands for itself" in line
    assert line.endswith(write)


@pytest.mark.parametrize(
    "condition",
    [
        'aws.resource == "arn:aws:s3:::bucket" || aws.resources.exists(r, r.startsWith("arn:aws:s3:::b") || r.startsWith("ar"))',
        'aws.resource.endsWith("/prod") || aws.resource.contains("prod")',
        'aws.iam_action == "s3:GetObject" || aws.iam_action.startsWith("s3:Get") || aws.iam_action.startsWith("dyn")',
        'aws.iam_action.endsWith("Object") || "111111111111" in aws.resource_accounts || "*" in aws.shares_with',
        'aws.host == "s3.us-east-1.amazonaws.com" || aws.host.endsWith(".amazonaws.com") || aws.path == "/a*b" || aws.path.contains("x")',
        'agent.address == "10.0.0.1" || agent.address == "fd00::1" || agent.address.startsWith("10.")',
        'aws.organization_name == "whatever"',
    ],
)
def test_a_text_with_the_form(condition):
    assert faults(condition) == []
