"""`trio-gate check` names operations and parameters that a service does not have."""

import pytest

from tests.kit.configs import BASE, MAIN, load
from trio_gate.cli.judging.check_names import name_lines
from trio_gate.exchange.snapshot import check_condition

GATEWAY = 'gateway {\n  state_dir = "/s"\n  listener "tls" { bind = "127.0.0.1:0" }\n}\n' + BASE + MAIN


def said(condition):
    rule = f'rule "r" {{\n  match = {condition}\n  action = "deny"\n}}\n'
    return [line.partition("): ")[2] for line in name_lines(load(GATEWAY + rule, check_condition=check_condition))]


@pytest.mark.parametrize(
    ("condition", "lines"),
    [
        ('aws.service == "s3" && aws.action == "DeleteTable"', ["no operation of s3 is `DeleteTable`"]),
        (
            'aws.service in ["sqs", "sns"] && aws.action in ["DeleteTable", "Publish"]',
            ["no operation of sns or sqs is `DeleteTable`"],
        ),
        (
            'aws.service == "s3" && aws.action == "GetObject" && aws.params.bucket == "x"',
            ["GetObject has no parameter `bucket`: did you mean `Bucket`?"],
        ),
        (
            'aws.service == "s3" && aws.action in ["GetObject", "PutObject"] && has(aws.params.TableName)',
            ["GetObject or PutObject has no parameter `TableName`"],
        ),
        (
            'aws.service == "dynamodb" && aws.params.tableName.startsWith("x")',
            ["no operation of dynamodb has a parameter `tableName`: did you mean `TableName`?"],
        ),
        (
            'aws.service == "ec2" && aws.action == "RunInstances" && has(aws.params.Placement.tenancy)',
            ["RunInstances has no `tenancy` in aws.params.Placement: did you mean `Tenancy`?"],
        ),
        (
            'aws.service == "lambda" && aws.action in ["CreateFunction", "UpdateFunctionConfiguration"] '
            '&& aws.params.VpcConfig.Subnets == "x"',
            ["CreateFunction or UpdateFunctionConfiguration has no `Subnets` in aws.params.VpcConfig: did you mean `SubnetIds`?"],
        ),
    ],
)
def test_what_a_service_does_not_have(condition, lines):
    assert said(condition) == lines


@pytest.mark.parametrize(
    "condition",
    [
        'aws.service == "s3" && aws.action == "GetObject" && aws.params.Bucket == "x"',
        'aws.service in ["sns", "sqs"] && aws.action == "Publish" && has(aws.params.TopicArn)',
        'aws.service == "s3" || aws.params.whatever == "x"',
        'aws.service == "nothing" && aws.action == "GetObject"',
        'aws.service in ["s3", "nothing"] && aws.action == "DeleteTable"',
        'aws.service == "s3" && aws.action == "NoOperation" && aws.params.Nothing == "x"',
        'aws.service == "sts" && aws.action == "GetCallerIdentity" && aws.params["x-k8s-aws-id"] == "blue"',
        '(aws.service == "dynamodb") == false && aws.params.Bucket == "x"',
        'aws.service == "s3" && aws.action == "NoOperation"',
        'aws.service == "ec2" && aws.action == "RunInstances" && has(aws.params.Placement.Tenancy)',
        'aws.service == "dynamodb" && aws.action == "PutItem" && aws.params.Item.owner.S == "ci"',
        'aws.service == "sqs" && has(aws.params.MessageAttributes.team.StringValue)',
        'aws.service == "ec2" && aws.action in ["RunInstances", "ModifyInstancePlacement"] && has(aws.params.Placement.Tenancy)',
        'aws.action == "GetObject" && aws.params.bucket == "x"',
    ],
)
def test_what_it_has_or_is_named_elsewhere(condition):
    assert said(condition) == []
