"""Parts and properties of what is named leave the list whole, and make up for nothing that is not."""

from __future__ import annotations

import pytest

from tests.kit.aws.meanings import ACCOUNT, meaning, services
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.resources.inside import ANYWHERE, INSIDE

HERE = f"us-east-1:{ACCOUNT}"
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.mark.parametrize(
    ("service", "operation", "params", "resources"),
    [
        ("s3", "GetObject", {"Bucket": "b-1", "Key": "k", "VersionId": "v"}, ("arn:aws:s3:::b-1/k",)),
        (
            "s3",
            "PutObject",
            {"Bucket": "b-1", "Key": "k", "SSEKMSKeyId": KEY},
            ("arn:aws:s3:::b-1/k", f"arn:aws:kms:{HERE}:key/{KEY}"),
        ),
        ("ssm", "PutParameter", {"Name": "p", "Value": "v", "KeyId": "alias/aws/ssm"}, (f"arn:aws:ssm:{HERE}:parameter/p",)),
        ("events", "PutTargets", {"Rule": "r", "Targets": [{"Id": "1"}]}, (f"arn:aws:events:{HERE}:rule/r",)),
        ("rds", "CreateDBInstance", {"DBInstanceIdentifier": "d", "DBName": "app"}, (f"arn:aws:rds:{HERE}:db:d",)),
        ("lambda", "UpdateAlias", {"FunctionName": "f", "Name": "live"}, (f"arn:aws:lambda:{HERE}:function:f",)),
        (
            "route53",
            "ChangeResourceRecordSets",
            {"HostedZoneId": "Z1", "ChangeBatch": {"Changes": [{"ResourceRecordSet": {"Name": "www.shop.example"}}]}},
            ("arn:aws:route53:::hostedzone/Z1",),
        ),
        (
            "ecs",
            "RunTask",
            {"taskDefinition": "web:1", "overrides": {"containerOverrides": [{"name": "web"}]}},
            (f"arn:aws:ecs:{HERE}:task-definition/web:1", f"arn:aws:ecs:{HERE}:cluster/default"),
        ),
        ("logs", "FilterLogEvents", {"logGroupName": "/a", "logStreamNames": ["s"]}, (f"arn:aws:logs:{HERE}:log-group:/a",)),
        ("iam", "CreateUser", {"UserName": "u", "Path": "/team/"}, (f"arn:aws:iam::{ACCOUNT}:user/team/u",)),
        ("rds", "DeleteDBInstance", {"DBInstanceIdentifier": f"arn:aws:rds:{HERE}:db:PROD"}, (f"arn:aws:rds:{HERE}:db:prod",)),
    ],
)
def test_parts_and_properties_of_what_is_named_leave_it_whole(service, operation, params, resources):
    assert meaning(service, operation, params).resources == resources


def test_each_service_of_the_list_is_one_of_botocores():
    assert INSIDE.keys() <= set(services())


@pytest.mark.parametrize("member", sorted(ANYWHERE))
def test_a_part_without_its_whole_is_unknown(member):
    assert meaning("made-up", "Send", {member: "x"}).resources is UNKNOWN
