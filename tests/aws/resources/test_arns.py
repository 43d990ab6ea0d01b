"""ARNs in one canonical form, whatever form they were given in."""

from __future__ import annotations

import pytest

from tests.kit.aws.meanings import ACCOUNT, meaning

HERE = f"us-east-1:{ACCOUNT}"

KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"

ONE_FORM = [
    ("lambda", "Invoke", "FunctionName", f"arn:aws:lambda:{HERE}:function:fn", [
        "fn", "fn:$LATEST", "fn:prod", f"{ACCOUNT}:function:fn", f"{ACCOUNT}:function:fn:7",
        f"arn:aws:lambda:{HERE}:function:fn", f"arn:aws:lambda:{HERE}:function:fn:prod",
    ]),
    ("secretsmanager", "GetSecretValue", "SecretId", f"arn:aws:secretsmanager:{HERE}:secret:prod/db", [
        "prod/db", f"arn:aws:secretsmanager:{HERE}:secret:prod/db",
    ]),
    ("ssm", "GetParameter", "Name", f"arn:aws:ssm:{HERE}:parameter/prod/db", [
        "/prod/db", "/prod/db:3", "/prod/db:label", f"arn:aws:ssm:{HERE}:parameter/prod/db",
    ]),
    ("kms", "Encrypt", "KeyId", f"arn:aws:kms:{HERE}:key/{KEY}", [KEY, f"arn:aws:kms:{HERE}:key/{KEY}"]),
    ("dynamodb", "GetItem", "TableName", f"arn:aws:dynamodb:{HERE}:table/t", ["t", f"arn:aws:dynamodb:{HERE}:table/t"]),
    ("sqs", "SendMessage", "QueueUrl", f"arn:aws:sqs:{HERE}:q.fifo", [
        f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/q.fifo", f"https://queue.amazonaws.com/{ACCOUNT}/q.fifo",
        f"https://us-east-1.queue.amazonaws.com/{ACCOUNT}/q.fifo", f"https://gateway.test/{ACCOUNT}/q.fifo",
    ]),
    ("ecs", "DescribeServices", "cluster", f"arn:aws:ecs:{HERE}:cluster/c", ["c", f"arn:aws:ecs:{HERE}:cluster/c"]),
    ("cloudformation", "DeleteStack", "StackName", f"arn:aws:cloudformation:{HERE}:stack/s/*", [
        "s", f"arn:aws:cloudformation:{HERE}:stack/s/51af3dc0-da77-11e4-872e-1234567db123",
    ]),
    ("stepfunctions", "StartExecution", "stateMachineArn", f"arn:aws:states:{HERE}:stateMachine:m", [
        f"arn:aws:states:{HERE}:stateMachine:m", f"arn:aws:states:{HERE}:stateMachine:m:live",
    ]),
    ("logs", "GetLogEvents", "logGroupIdentifier", f"arn:aws:logs:{HERE}:log-group:/a/b", [
        "/a/b", f"arn:aws:logs:{HERE}:log-group:/a/b", f"arn:aws:logs:{HERE}:log-group:/a/b:*",
    ]),
    ("kinesis", "PutRecord", "StreamName", f"arn:aws:kinesis:{HERE}:stream/s", ["s"]),
    ("ecr", "BatchGetImage", "repositoryName", f"arn:aws:ecr:{HERE}:repository/team/app", ["team/app"]),
    ("eks", "DescribeCluster", "name", f"arn:aws:eks:{HERE}:cluster/c", ["c"]),
    ("route53", "GetHostedZone", "Id", "arn:aws:route53:::hostedzone/Z1", ["Z1", "/hostedzone/Z1"]),
    ("rds", "DeleteDBInstance", "DBInstanceIdentifier", f"arn:aws:rds:{HERE}:db:prod", ["prod", "PROD"]),
    ("iam", "CreateRole", "RoleName", f"arn:aws:iam::{ACCOUNT}:role/r", ["r"]),
    ("sts", "AssumeRole", "RoleArn", f"arn:aws:iam::{ACCOUNT}:role/r", [f"arn:aws:iam::{ACCOUNT}:role/r"]),
    ("sts", "AssumeRoot", "TargetPrincipal", f"arn:aws:iam::{ACCOUNT}:root", [ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"]),
    ("sns", "CreateTopic", "Name", f"arn:aws:sns:{HERE}:t", ["t"]),
    ("events", "DescribeRule", "Name", f"arn:aws:events:{HERE}:rule/r", ["r"]),
    ("ec2", "TerminateInstances", "InstanceIds", f"arn:aws:ec2:{HERE}:instance/i-0123456789abcdef0", [["i-0123456789abcdef0"]]),
    ("ec2", "DeleteVpc", "VpcId", f"arn:aws:ec2:{HERE}:vpc/vpc-0123456789abcdef0", ["vpc-0123456789abcdef0"]),
    ("elasticache", "DeleteCacheCluster", "CacheClusterId", f"arn:aws:elasticache:{HERE}:cluster:prod", ["prod", "PROD"]),
    ("backup", "DeleteBackupVault", "BackupVaultName", f"arn:aws:backup:{HERE}:backup-vault:v", ["v"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("service", "operation", "member", "arn", "value"),
    [(service, operation, member, arn, value) for service, operation, member, arn, values in ONE_FORM for value in values],
)
def test_every_accepted_form_is_one_arn_of_the_own_account(service, operation, member, arn, value):
    found = meaning(service, operation, {member: value})
    assert arn in found.resources
    assert (found.resource == arn) or (service == "ecs")
    assert found.resource_accounts == (ACCOUNT,)
    assert found.cross_account is False


@pytest.mark.parametrize("name", ["prod", "PROD"])
def test_glue_folds_the_names_of_databases_and_tables(name):
    found = meaning("glue", "GetTable", {"DatabaseName": name, "Name": "T"})
    assert found.resource == f"arn:aws:glue:{HERE}:table/prod/t"
    assert f"arn:aws:glue:{HERE}:database/prod" in found.resources


def test_other_partitions_and_regions_are_kept():
    found = meaning("sqs", "CreateQueue", {"QueueName": "q"}, partition="aws-cn", region="cn-north-1")
    assert found.resource == f"arn:aws-cn:sqs:cn-north-1:{ACCOUNT}:q"
