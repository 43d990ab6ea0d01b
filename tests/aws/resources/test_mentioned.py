"""What a text names by itself, in every member: one name that is not understood makes the whole list unknown."""

from __future__ import annotations

import pytest

from tests.kit.aws.meanings import ACCOUNT, meaning
from trio_gate.aws.call import UNKNOWN


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("eks", "DescribeNodegroup", {"clusterName": "c", "nodegroupName": "n"}),
        ("lambda", "CreateFunction", {"FunctionName": "f", "VpcConfig": {"SubnetIds": ["subnet-12345678"]}}),
        ("rds", "AddSourceIdentifierToSubscription", {"SubscriptionName": "s", "SourceIdentifier": "db"}),
        ("s3", "PutObject", {"Bucket": "b-1", "Key": "k", "SSEKMSKeyId": "alias/mine"}),
        ("codebuild", "StartBuild", {"projectName": "p", "artifactsOverride": {"location": "drop"}}),
        ("glue", "StartJobRun", {"JobName": "j", "SecurityConfiguration": "s", "Arguments": {"--to": "x.s3.amazonaws.com/y"}}),
        ("glue", "StartJobRun", {"JobName": "j", "Arguments": {"--to": f"role=arn:aws:iam::{ACCOUNT}:role/r"}}),
    ],
)
def test_one_name_that_is_not_understood_makes_the_list_unknown(service, operation, params):
    found = meaning(service, operation, params)
    assert found.resource is not None
    assert found.resources is UNKNOWN
