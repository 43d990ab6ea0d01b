"""Actions that parameters add to a call."""

from __future__ import annotations

import pytest

from tests.kit.aws.meanings import ACCOUNT, meaning
from trio_gate.aws.call import UNKNOWN

ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"


@pytest.mark.parametrize(
    ("service", "operation", "params", "actions"),
    [
        ("s3", "PutObject", {"ACL": "public-read", "Tagging": "a=b"}, {"s3:PutObject", "s3:PutObjectAcl", "s3:PutObjectTagging"}),
        ("s3", "PutObject", {"Body": UNKNOWN, "GrantRead": "id=x"}, {"s3:PutObject", "s3:PutObjectAcl"}),
        ("s3", "GetObject", {"VersionId": "v"}, {"s3:GetObject", "s3:GetObjectVersion"}),
        ("s3", "DeleteObject", {"BypassGovernanceRetention": True}, {"s3:DeleteObject", "s3:BypassGovernanceRetention"}),
        (
            "s3",
            "DeleteObjects",
            {"Delete": {"Objects": [{"Key": "a"}, {"Key": "b", "VersionId": "v"}]}},
            {"s3:DeleteObject", "s3:DeleteObjectVersion"},
        ),
        (
            "s3",
            "CopyObject",
            {"CopySource": "b/k?versionId=v", "TaggingDirective": "REPLACE"},
            {"s3:PutObject", "s3:GetObject", "s3:GetObjectVersion"},
        ),
        (
            "s3",
            "PutBucketReplication",
            {"ReplicationConfiguration": {"Role": ROLE}},
            {"s3:PutReplicationConfiguration", "iam:PassRole"},
        ),
        ("lambda", "CreateFunction", {"Role": ROLE}, {"lambda:CreateFunction", "iam:PassRole"}),
        ("lambda", "Invoke", {"Payload": b"x"}, {"lambda:InvokeFunction"}),
        ("emr", "RunJobFlow", {"JobFlowRole": "profile"}, {"elasticmapreduce:RunJobFlow", "iam:PassRole"}),
        ("glue", "CreateJob", {"Role": "name"}, {"glue:CreateJob", "iam:PassRole"}),
        (
            "ec2",
            "RunInstances",
            {"IamInstanceProfile": {"Name": "p"}, "TagSpecifications": [{"ResourceType": "instance"}]},
            {"ec2:RunInstances", "iam:PassRole", "ec2:CreateTags"},
        ),
        ("iam", "AddRoleToInstanceProfile", {"RoleName": "r"}, {"iam:AddRoleToInstanceProfile", "iam:PassRole"}),
        (
            "bedrock-runtime",  # IAM calls it a read, and it makes something with tags
            "StartAsyncInvoke",
            {"modelId": "m", "modelInput": {}, "tags": [{"key": "a", "value": "b"}]},
            {"bedrock:InvokeModel", "bedrock:TagResource"},
        ),
        ("ec2", "DescribeTags", {"Tags": [{"Key": "a"}]}, {"ec2:DescribeTags"}),
        ("iam", "CreateRole", {"Tags": [{"Key": "a"}]}, {"iam:CreateRole", "iam:TagRole"}),
        ("sts", "AssumeRole", {"RoleArn": ROLE, "Tags": [{"Key": "a"}]}, {"sts:AssumeRole", "sts:TagSession"}),
        ("cloudformation", "CreateStack", {"RoleARN": ROLE}, {"cloudformation:CreateStack", "iam:PassRole"}),
        ("kms", "ReEncrypt", {}, {"kms:ReEncryptFrom", "kms:ReEncryptTo"}),
        (
            "dynamodb",
            "TransactWriteItems",
            {"TransactItems": [{"ConditionCheck": {}}, {"Delete": {}}]},
            {"dynamodb:DeleteItem", "dynamodb:ConditionCheckItem"},
        ),
        ("dynamodb", "ExecuteStatement", {"Statement": 'SELECT * FROM "t"'}, {"dynamodb:PartiQLSelect"}),
        (
            "dynamodb",
            "ExecuteTransaction",
            {"TransactStatements": [{"Statement": "select * from t"}, {"Statement": "delete from t where a=1"}]},
            {"dynamodb:PartiQLDelete", "dynamodb:PartiQLSelect"},
        ),
    ],
)
def test_parameters_imply_actions(service, operation, params, actions):
    found = meaning(service, operation, params)
    assert set(found.iam_actions) == actions
    assert found.iam_actions[0] == found.iam_action
