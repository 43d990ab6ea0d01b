"""`trio-gate check` names texts that do not have the form of their facet."""

import pytest

from trio_gate.cli.judging.check_forms import form_fault
from trio_gate.policy.cel import compared

DIGITS = "an account has 12 digits, and an ARN has six parts, as in arn:aws:s3:::bucket"
ROLE = "a role's ARN is IAM's, as arn:aws:iam::111111111111:role/name, also while it is used"
TUNNELS = "AWS has no such host, and no rule is asked about tunnels to others"


def faults(condition):
    return [fault for one in compared(condition) if (fault := form_fault(one)) is not None]


@pytest.mark.parametrize(
    ("condition", "fault"),
    [
        ('aws.resource == "arn:aws:s3::prod"', "an ARN has six parts, as in arn:aws:s3:::bucket"),
        ('"prod" in aws.resources', "an ARN has six parts, as in arn:aws:s3:::bucket"),
        ('aws.resource.startsWith("s3://")', "an ARN begins with `arn:`"),
        ('aws.session_role == "agents"', "an ARN has six parts, as in arn:aws:s3:::bucket"),
        ('aws.resources.all(r, r.startsWith("arn:aws:s3::reports/"))', f"its account would be `reports/`: {DIGITS}"),
        ('aws.resource == "arn:aws:dynamodb:us-east-1:111:table/x"', f"its account would be `111`: {DIGITS}"),
        ('aws.resource.startsWith("arn:aws:ec2:us-est-1:")', "no region is called `us-est-1`, did you mean `us-west-1`?"),
        (
            'aws.resource == "arn:aws-gov:iam::111111111111:role/x"',
            "no partition is called `aws-gov`, did you mean `aws-us-gov`?",
        ),
        ('aws.session_role == "arn:aws:sts::111111111111:assumed-role/x/y"', ROLE),
        ('"arn:aws:s3:::b" in aws.session_chain', ROLE),
        ('aws.host == "pypi.org"', TUNNELS),
        ('"everyone" in aws.shares_with', "everybody is `*`"),
        ('aws.host.endsWith(".example")', TUNNELS),
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
        'aws.resource.startsWith("arn:aws:iam::1") || aws.resource == "arn:aws:iam::aws:policy/ReadOnlyAccess"',
        'aws.resource.startsWith("arn:aws:ec2:us-east-1:") || aws.resource == "arn:aws:health:global::event/x"',
        'aws.resource.startsWith("arn:aws-") || aws.resource == "arn:aws:ssm:eu-west-1::parameter/aws/service/x"',
        'aws.session_role.startsWith("arn:aws:iam::111111111111:role/ci-") || aws.session_role.endsWith("/admin")',
        'aws.host.endsWith("com") || aws.host == "x.lambda-url.us-east-1.on.aws" || aws.host.contains("pypi")',
    ],
)
def test_a_text_with_the_form(condition):
    assert faults(condition) == []
