"""Each rule of the page of rules, with calls on both sides that a real client makes."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime

import pytest

from tests.docs.pages import examples
from tests.kit.aws.clients import request_of
from tests.kit.aws.policies import document, statement
from tests.kit.gateway import SECRET
from trio_gate.cli.main import main

ACCOUNT, OTHER = "111111111111", "999999999999"
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
"""A Thursday; in Berlin it is one o'clock."""

SUNDAY, EVENING = datetime(2026, 1, 18, 12, tzinfo=UTC), datetime(2026, 1, 15, 16, 30, tzinfo=UTC)
CONFIG = f"""
gateway {{
  state_dir = "./state"
  listener "proxy" {{ bind = "127.0.0.1:0" }}
}}
credential "aws_account" "base" {{
  access_key_id     = "AKIAEXAMPLEEXAMPLE"
  secret_access_key = "secret-of-the-base-key"
}}
endpoint "aws_api" "main" {{
  role       = "agent"
  region     = "us-east-1"
  credential = aws_account.base
  accounts   = ["{ACCOUNT}=prod"]
}}
agent "ci" {{
  key_suffix = "CI01"
  secret     = "{SECRET}"
}}
"""
IMAGE = {"ImageId": "ami-0123456789abcdef0", "MinCount": 1, "MaxCount": 1}
TRUST = {"Resource": None, "Action": "sts:AssumeRole"}
CLOSED = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
OPEN_PORT = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
OFFICE_PORT = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "203.0.113.0/24"}]}]
ADMIN = document(statement(Principal=None, Action="*", Resource="*"))
EVERYBODY = document(statement(Principal="*"))


def bucket_policy(**changes):
    return {"Bucket": "data", "Policy": document(statement(**changes))}


def role(principal, **changes):
    trust = document(statement(Principal=principal, **TRUST, **changes))
    return {"RoleName": "r", "AssumeRolePolicyDocument": trust}


def tagged(*tags):
    return {
        "TagSpecifications": [
            {"ResourceType": "instance", "Tags": [dict(zip(("Key", "Value"), tag, strict=True)) for tag in tags]}
        ]
    }


# The rule, the operation, its parameters, and whether the rule denies it; then what is unlike the others in region or time.
CALLS = [
    ("our regions", "ec2.DescribeInstances", {}, True),
    ("our regions", "ec2.DescribeInstances", {}, False, {"region": "eu-west-1"}),
    ("our regions", "iam.ListRoles", {}, False),
    ("no changes of IAM", "iam.CreateUser", {"UserName": "u"}, True),
    ("no changes of IAM", "iam.ListUsers", {}, False),
    ("no changes of IAM", "lambda.CreateFunction", {
        "FunctionName": "f", "Role": f"arn:aws:iam::{ACCOUNT}:role/r", "Code": {"S3Bucket": "code", "S3Key": "k"},
    }, True),
    ("no changes of IAM", "sqs.SendMessage", {"QueueUrl": f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/q", "MessageBody": "m"}, False),
    ("small instances", "ec2.RunInstances", {**IMAGE, "InstanceType": "p5.48xlarge"}, True),
    ("small instances", "ec2.RunInstances", {**IMAGE, "LaunchTemplate": {"LaunchTemplateName": "t"}}, True),
    ("small instances", "ec2.RunInstances", {**IMAGE, "InstanceType": "t3.micro"}, False),
    ("instances with IMDSv2", "ec2.RunInstances", IMAGE, True),
    ("instances with IMDSv2", "ec2.RunInstances", {**IMAGE, "MetadataOptions": {"HttpTokens": "optional"}}, True),
    ("instances with IMDSv2", "ec2.RunInstances", {**IMAGE, "MetadataOptions": {"HttpTokens": "required"}}, False),
    ("instances have a team", "ec2.RunInstances", IMAGE, True),
    ("instances have a team", "ec2.RunInstances", {**IMAGE, **tagged(("team", ""), ("owner", "me"))}, True),
    ("instances have a team", "ec2.RunInstances", {**IMAGE, **tagged(("owner", "me"), ("team", "data"))}, False),
    ("its own prefix", "s3.GetObject", {"Bucket": "data", "Key": "agent/a"}, False),
    ("its own prefix", "s3.GetObject", {"Bucket": "data", "Key": "others/a"}, True),
    ("its own prefix", "s3.GetObject", {"Bucket": "data2", "Key": "agent/a"}, True),
    ("its own prefix", "s3.CopyObject", {"Bucket": "data", "Key": "agent/a", "CopySource": "data/agent/b"}, False),
    ("its own prefix", "s3.CopyObject", {"Bucket": "data", "Key": "agent/a", "CopySource": "data/others/b"}, True),
    ("its own prefix", "s3.ListObjectsV2", {"Bucket": "data", "Prefix": "agent/x"}, False),
    ("its own prefix", "s3.ListObjectsV2", {"Bucket": "data"}, True),
    ("its own prefix", "s3.DeleteObjects", {"Bucket": "data", "Delete": {"Objects": [{"Key": "agent/a"}, {"Key": "agent/b"}]}}, False),
    ("its own prefix", "s3.DeleteObjects", {"Bucket": "data", "Delete": {"Objects": [{"Key": "agent/a"}, {"Key": "b"}]}}, True),
    ("its own prefix", "s3.DeleteBucket", {"Bucket": "data"}, True),
    ("its own prefix", "s3.ListBuckets", {}, True),
    ("nothing public", "s3.PutPublicAccessBlock", {"Bucket": "data", "PublicAccessBlockConfiguration": CLOSED}, False),
    ("nothing public", "s3.PutPublicAccessBlock", {"Bucket": "data", "PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}, True),
    ("nothing public", "s3.DeletePublicAccessBlock", {"Bucket": "data"}, True),
    ("nothing public", "s3.CreateMultipartUpload", {"Bucket": "data", "Key": "k", "ACL": "public-read"}, True),
    ("nothing public", "s3.CreateMultipartUpload", {"Bucket": "data", "Key": "k"}, False),
    ("nothing public", "ec2.ModifySnapshotAttribute", {
        "SnapshotId": "snap-0123456789abcdef0", "CreateVolumePermission": {"Add": [{"Group": "all"}]},
    }, True),
    ("nothing public", "lambda.CreateFunctionUrlConfig", {"FunctionName": "f", "AuthType": "NONE"}, True),
    ("nothing public", "lambda.CreateFunctionUrlConfig", {"FunctionName": "f", "AuthType": "AWS_IAM"}, False),
    ("no public policies", "s3.PutBucketPolicy", bucket_policy(Principal="*"), True),
    ("no public policies", "s3.PutBucketPolicy", bucket_policy(Principal={"AWS": [ACCOUNT, "*"]}), True),
    ("no public policies", "s3.PutBucketPolicy", bucket_policy(), False),
    ("no public policies", "s3.PutBucketPolicy", {"Bucket": "data", "Policy": EVERYBODY.replace('"*"', '"\\u002a"')}, True),
    ("no public policies", "sqs.SetQueueAttributes", {
        "QueueUrl": f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/q", "Attributes": {"Policy": EVERYBODY},
    }, True),
    ("no public policies", "s3.PutBucketPolicy", bucket_policy(
        Principal="*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
    ), False),
    ("no public policies", "s3.PutBucketPolicy", {"Bucket": "data", "Policy": "not a policy"}, True),
    ("no administrators", "iam.PutRolePolicy", {"RoleName": "r", "PolicyName": "p", "PolicyDocument": ADMIN}, True),
    ("no administrators", "iam.CreatePolicy", {"PolicyName": "p", "PolicyDocument": ADMIN.replace('"*"', '"*:*"', 1)}, True),
    ("no administrators", "iam.CreatePolicy", {"PolicyName": "p", "PolicyDocument": document(statement(Principal=None))}, False),
    ("no administrators", "iam.AttachRolePolicy", {"RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}, True),
    ("no administrators", "iam.AttachRolePolicy", {"RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, False),
    ("no administrators", "iam.AttachRolePolicy", {"RoleName": "r", "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/theirs"}, True),
    ("no external principals", "iam.CreateRole", role({"AWS": f"arn:aws:iam::{OTHER}:root"}), True),
    ("no external principals", "iam.CreateRole", role({"AWS": "*"}), True),
    ("no external principals", "iam.CreateRole", role({"AWS": f"arn:aws:iam::{ACCOUNT}:role/ci"}), False),
    ("no external principals", "iam.CreateRole", role({"Service": "lambda.amazonaws.com"}), False),
    ("no ingress from everywhere", "ec2.AuthorizeSecurityGroupIngress", {"GroupId": "sg-1", "IpPermissions": OPEN_PORT}, True),
    ("no ingress from everywhere", "ec2.AuthorizeSecurityGroupIngress", {"GroupId": "sg-1", "IpPermissions": OFFICE_PORT}, False),
    ("no ingress from everywhere", "ec2.AuthorizeSecurityGroupEgress", {"GroupId": "sg-1", "IpPermissions": OPEN_PORT}, False),
    ("no ingress from everywhere", "ec2.ModifySecurityGroupRules", {"GroupId": "sg-1", "SecurityGroupRules": [
        {"SecurityGroupRuleId": "sgr-1", "SecurityGroupRule": {"IpProtocol": "-1", "CidrIpv6": "::/0"}},
    ]}, True),
    ("production is read only", "rds.DeleteDBInstance", {"DBInstanceIdentifier": "PROD-orders"}, True),
    ("production is read only", "rds.DeleteDBInstance", {"DBInstanceIdentifier": "staging-orders"}, False),
    ("production is read only", "dynamodb.DeleteTable", {"TableName": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/prod-t"}, True),
    ("production is read only", "dynamodb.GetItem", {"TableName": "prod-t", "Key": {"id": {"S": "1"}}}, False),
    ("keep audit and monitoring", "cloudtrail.StopLogging", {"Name": "trail"}, True),
    ("keep audit and monitoring", "kms.ScheduleKeyDeletion", {"KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab"}, True),
    ("keep audit and monitoring", "logs.DeleteLogGroup", {"logGroupName": "g"}, True),
    ("keep audit and monitoring", "backup.DeleteBackupVault", {"BackupVaultName": "v"}, True),
    ("keep audit and monitoring", "cloudtrail.DescribeTrails", {}, False),
    ("keep audit and monitoring", "logs.CreateLogGroup", {"logGroupName": "g"}, False),
    ("office hours", "ec2.StartInstances", {"InstanceIds": ["i-0123456789abcdef0"]}, False),
    ("office hours", "ec2.StartInstances", {"InstanceIds": ["i-0123456789abcdef0"]}, True, {"at": SUNDAY}),
    ("office hours", "ec2.StartInstances", {"InstanceIds": ["i-0123456789abcdef0"]}, True, {"at": EVENING}),
    ("office hours", "ec2.DescribeInstances", {}, False, {"at": SUNDAY}),
    ("small models", "bedrock-runtime.InvokeModel", {"modelId": "anthropic.claude-3-haiku-20240307-v1:0", "body": b"{}"}, False),
    ("small models", "bedrock-runtime.Converse", {"modelId": "us.anthropic.claude-3-haiku-20240307-v1:0", "messages": []}, False),
    ("small models", "bedrock-runtime.InvokeModel", {"modelId": "anthropic.claude-opus-4-20250514-v1:0", "body": b"{}"}, True),
    ("no other account", "sqs.SendMessage", {"QueueUrl": f"https://sqs.us-east-1.amazonaws.com/{OTHER}/q", "MessageBody": "m"}, True),
    ("no other account", "sqs.SendMessage", {"QueueUrl": f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/q", "MessageBody": "m"}, False),
    ("no other account", "rds.ModifyDBSnapshotAttribute", {
        "DBSnapshotIdentifier": "s", "AttributeName": "restore", "ValuesToAdd": [OTHER],
    }, True),
    ("no other account", "s3.GetObject", {"Bucket": "data", "Key": "k"}, True),
]  # fmt: skip


def rules():
    """Those that deny, by name; what CDK's allow is tested by CDK, see tests/programs/test_cdk.py."""
    texts = (example.text for example in examples("hcl fragment") if example.page.name == "rules.md")
    found = [text for text in texts if 'rule "cdk' not in text]
    return {re.search(r'rule "([^"]+)"', text)[1]: text for text in found}


def test_the_page_has_sixteen_rules_and_each_has_calls_on_both_sides():
    assert len(rules()) == 16
    assert {(name, denied) for name, _, _, denied, *_ in CALLS} == {
        (name, denied) for name in rules() for denied in (True, False)
    }


@pytest.mark.parametrize("name", rules())
def test_a_rule_denies_what_it_should_and_nothing_else(name, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    file = tmp_path / "gateway.hcl"
    file.write_text(f'{CONFIG}\n{rules()[name]}\nrule "rest" {{\n  action = "allow"\n  vends = true\n}}\n')
    rows = [row[1:] if len(row) > 4 else (*row[1:], {}) for row in CALLS if row[0] == name]
    for at in {unlike.get("at", NOON) for *_, unlike in rows}:
        those = [row for row in rows if row[3].get("at", NOON) == at]
        found = decisions(
            file, tmp_path / "lines", [(operation, params, unlike) for operation, params, _, unlike in those], at, capsys
        )
        assert found == [("deny", name) if denied else ("allow", "rest") for _, _, denied, _ in those]


def decisions(file, lines, calls, at, capsys):
    """The outcome of each call and the rule that decided, by `trio-gate explain`."""
    rows = []
    for operation, params, unlike in calls:
        service, _, action = operation.partition(".")
        key_id = f"AKIA{ACCOUNT}CI01"
        host, raw = request_of(
            service, action, params, key_id=key_id, secret=SECRET, at=at, region=unlike.get("region", "us-east-1")
        )
        rows.append({"id": operation, "sni": host, "request_b64": base64.b64encode(raw).decode()})
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows))
    capsys.readouterr()
    assert main(["explain", "--config", str(file), "--now", at.isoformat(), "--jsonl", str(lines)]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer for answer in answers if answer["outcome"] != "call"] == []
    return [(answer["decision"]["outcome"], answer["decision"]["rule"]) for answer in answers]
