"""What is dangerous in a call is said: its secrets, levels, resources and accounts, from bytes to meaning."""

from __future__ import annotations

import pytest

from tests.kit.aws.honest import S3, UNSIGNED, explained, query


def meant(threat, honest, facts, **changes):
    return pytest.param(honest, facts, changes, id=f"{threat}-{honest}")


def rpc(host, target, body, kind="1.1"):
    service = host.partition(".")[0]
    fields = [("Content-Type", f"application/x-amz-json-{kind}"), ("X-Amz-Target", target)]
    return {"host": f"{host}.us-east-1.amazonaws.com", "scope": f"us-east-1/{service}", "fields": fields, "body": body}


def form(host, body):
    return {"host": host, "scope": f"us-east-1/{host.partition('.')[0]}", "body": body}


UNSEEN = {"$unknown": True}
STS_HOST, IAM_HOST = "sts.us-east-1.amazonaws.com", "iam.amazonaws.com"
SCHEDULE = b'{"FlexibleTimeWindow":{"Mode":"OFF"},"ScheduleExpression":"rate(1 day)","Target":{"Arn":"%b","RoleArn":"%b"}}' % (
    b"arn:aws:scheduler:::aws-sdk:iam:createAccessKey",
    b"arn:aws:iam::111111111111:role/r",
)
TOPIC = "arn%3Aaws%3Asns%3Aus-east-1%3A999999999999%3At"
AT_S3 = {"host": "secret.s3.us-east-1.amazonaws.com", "target": "/public/key"}


@pytest.mark.parametrize(
    ("honest", "facts", "changes"),
    [
        meant("T41", "get", {"action": "GetObject", "resource": "arn:aws:s3:::secret/public/key"}, **AT_S3),
        meant("T41", "get", {"resource": "arn:aws:s3:::s3-backups/k"}, host="s3-backups.s3.us-east-1.amazonaws.com", target="/k"),
        meant(
            "T41", "get", {"action": "DeleteObject"}, method="DELETE", host="s3-backups.s3.us-east-1.amazonaws.com", target="/k"
        ),
        meant("T41", "get", {"resource": "arn:aws:s3:::dynamodb/key"}, target="/dynamodb/key"),
        meant("T42", "get", {"resource": "arn:aws:s3:::bucket/../other/key"}, target="/bucket/../other/key"),
        meant("T42", "get", {"resource": "arn:aws:s3:::bucket/%2e%2e/key"}, target="/bucket/%252e%252e/key"),
        meant(
            "T45",
            "put",
            {"action": "CopyObject", "resources": ["arn:aws:s3:::bucket/key", "arn:aws:s3:::secret/key"]},
            body=b"",
            fields=[UNSIGNED],
            more=[("x-amz-copy-source", "secret/key")],
        ),
        meant("T49", "ec2", {"vends_credentials": True}, **form(STS_HOST, query("GetFederationToken", "2011-06-15", "&Name=n"))),
        meant("T49", "ec2", {"vends_credentials": True}, **form(STS_HOST, query("GetSessionToken", "2011-06-15"))),
        meant("T49", "get", {"vends_credentials": True}, target="/bucket--use1-az4--x-s3?session", host=S3),
        meant("T50", "ec2", {"vends_credentials": True}, **form(IAM_HOST, query("CreateAccessKey", "2010-05-08"))),
        meant(
            "T50",
            "ec2",
            {"access": "permissions"},
            **form(IAM_HOST, query("UpdateAssumeRolePolicy", "2010-05-08", "&RoleName=r&PolicyDocument=%7B%7D")),
        ),
        meant(
            "T51",
            "put",
            {"access": "permissions", "params": {"Bucket": "bucket", "Policy": "{}"}},
            target="/bucket?policy",
            fields=[UNSIGNED],
            body=b"{}",
        ),
        meant(
            "T52",
            "json",
            {"cross_account": True, "resource_accounts": ["999999999999"]},
            **rpc(
                "sqs",
                "AmazonSQS.SendMessage",
                b'{"QueueUrl":"https://sqs.us-east-1.amazonaws.com/999999999999/q","MessageBody":"m"}',
            ),
        ),
        meant(
            "T52",
            "ec2",
            {"cross_account": True},
            **form("sns.us-east-1.amazonaws.com", query("Publish", "2010-03-31", f"&Message=m&TopicArn={TOPIC}")),
        ),
        meant(
            "T53",
            "invoke",
            {"access": "write", "iam_actions": UNSEEN},
            host="scheduler.us-east-1.amazonaws.com",
            scope="us-east-1/scheduler",
            target="/schedules/nightly",
            fields=[("Content-Type", "application/json")],
            body=SCHEDULE,
        ),
        meant(
            "T53",
            "json",
            {"iam_actions": UNSEEN},
            **rpc("ssm", "AmazonSSM.StartAutomationExecution", b'{"DocumentName":"AWS-StopEC2Instance"}'),
        ),
        meant(
            "T53",
            "json",
            {"access": "write"},
            **rpc("dynamodb", "DynamoDB_20120810.ExecuteStatement", b'{"Statement":"DELETE FROM t"}', "1.0"),
        ),
    ],
)
def test_what_is_dangerous_is_said(honest, facts, changes):
    (answer,) = explained(honest, **changes)
    assert answer["outcome"] == "call", answer
    assert {name: answer["call"][name] for name in facts} == facts
