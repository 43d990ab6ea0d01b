"""Plans of comparisons: what they read, and both sides of what AWS answers."""

import base64
import hashlib
import json

import pytest

from tests.kit.aws.effects import call_of
from tests.kit.calls import make_call
from trio_gate.aws.call import UNKNOWN
from trio_gate.comparison.plans import CODE_DIFFERS, CODE_UNREAD, comparable, plan
from trio_gate.comparison.reads import READS, IncomparableError

DOCUMENT, NEW = json.dumps({"Statement": []}), json.dumps({"Statement": [1]})
ACCOUNT, FOREIGN = "111111111111", "999988887777"
ARN = f"arn:aws:iam::{ACCOUNT}:policy/p"


def sides(name, params, answers, body=None):
    """The reads of a plan, and what it makes of the answers."""
    steps, reads, answer = plan(make_call(**split(name), params=params), body), [], None
    answers = iter(answers)
    while True:
        try:
            read = steps.send(answer)
        except StopIteration as done:
            return reads, dict(done.value.before), dict(done.value.after)
        assert f"{read.service}.{read.operation}" in READS
        reads.append((read.operation, dict(read.params)))
        answer = next(answers)


def split(name):
    service, operation = name.split(".")
    return {"service": service, "operation": operation}


ROLE = {"RoleName": "r", "PolicyName": "p"}
QUOTED = "%7B%22Statement%22%3A%20%5B%5D%7D"
RULE = {
    "SecurityGroupRuleId": "sgr-1",
    "IsEgress": False,
    "IpProtocol": "tcp",
    "FromPort": 22,
    "ToPort": 22,
    "CidrIpv4": "10.0.0.0/8",
}
GROUP_RULES = ("DescribeSecurityGroupRules", {"Filters": [{"Name": "group-id", "Values": ["sg-1"]}]})


@pytest.mark.parametrize(
    ("name", "params", "answers", "reads", "before", "after"),
    [
        (
            "iam.PutRolePolicy",
            {**ROLE, "PolicyDocument": NEW},
            [{"PolicyDocument": QUOTED}],
            [("GetRolePolicy", ROLE)],
            {"PolicyDocument": DOCUMENT},
            {"PolicyDocument": NEW},
        ),
        (
            "iam.DeleteUserPolicy",
            {"UserName": "u", "PolicyName": "p"},
            [{"PolicyDocument": QUOTED}],
            ...,
            {"PolicyDocument": DOCUMENT},
            {},
        ),
        (
            "iam.PutGroupPolicy",
            {"GroupName": "g", "PolicyName": "p", "PolicyDocument": NEW},
            [None],
            ...,
            {},
            {"PolicyDocument": NEW},
        ),
        (
            "iam.UpdateAssumeRolePolicy",
            {"RoleName": "r", "PolicyDocument": NEW},
            [{"Role": {"AssumeRolePolicyDocument": QUOTED}}],
            [("GetRole", {"RoleName": "r"})],
            {"PolicyDocument": DOCUMENT},
            {"PolicyDocument": NEW},
        ),
        ("s3.PutBucketPolicy", {"Bucket": "b", "Policy": NEW}, [{"Policy": "%7B"}], ..., {"Policy": "%7B"}, {"Policy": NEW}),
        ("kms.PutKeyPolicy", {"KeyId": "k", "Policy": NEW}, [{"Policy": DOCUMENT}], [("GetKeyPolicy", {"KeyId": "k"})], ..., ...),
        ("secretsmanager.DeleteResourcePolicy", {"SecretId": "s"}, [{"ResourcePolicy": DOCUMENT}], ..., ..., {}),
        (
            "iam.SetDefaultPolicyVersion",
            {"PolicyArn": ARN, "VersionId": "v2"},
            [
                {"Policy": {"DefaultVersionId": "v1"}},
                {"PolicyVersion": {"Document": QUOTED}},
                {"PolicyVersion": {"Document": "%7B%7D"}},
            ],
            [
                ("GetPolicy", {"PolicyArn": ARN}),
                ("GetPolicyVersion", {"PolicyArn": ARN, "VersionId": "v1"}),
                ("GetPolicyVersion", {"PolicyArn": ARN, "VersionId": "v2"}),
            ],
            {"PolicyDocument": DOCUMENT},
            {"PolicyDocument": "{}"},
        ),
        (
            "iam.DetachRolePolicy",
            {"RoleName": "r", "PolicyArn": ARN},
            [{"AttachedPolicies": [{"PolicyArn": ARN}, {"PolicyArn": "arn:x"}]}],
            [("ListAttachedRolePolicies", {"RoleName": "r"})],
            {"policies": [ARN, "arn:x"]},
            {"policies": ["arn:x"]},
        ),
        ("iam.AttachUserPolicy", {"UserName": "u", "PolicyArn": ARN}, [None], ..., {"policies": []}, {"policies": [ARN]}),
        (
            "lambda.UpdateFunctionConfiguration",
            {"FunctionName": "f", "Timeout": 60, "RevisionId": "x"},
            [{"Timeout": 3, "MemorySize": 128}],
            [("GetFunctionConfiguration", {"FunctionName": "f"})],
            {"Timeout": 3},
            {"Timeout": 60},
        ),
        (
            "lambda.UpdateFunctionCode",
            {"FunctionName": "f", "ZipFile": b"zip"},
            [{"CodeSha256": "old=", "CodeSize": 7}],
            ...,
            {"CodeSha256": "old=", "CodeSize": 7},
            {"CodeSha256": base64.b64encode(hashlib.sha256(b"zip").digest()).decode(), "CodeSize": 3},
        ),
        (
            "lambda.UpdateFunctionCode",
            {"FunctionName": "f", "S3Bucket": "b", "S3Key": "k"},
            [None],
            ...,
            {},
            {"S3Bucket": "b", "S3Key": "k"},
        ),
        (
            "dynamodb.UpdateTable",
            {"TableName": "t", "BillingMode": "PAY_PER_REQUEST", "ProvisionedThroughput": {"ReadCapacityUnits": 9}},
            [{"Table": {"ProvisionedThroughput": {"ReadCapacityUnits": 5, "NumberOfDecreasesToday": 0}}}],
            [("DescribeTable", {"TableName": "t"})],
            {"BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 5}},
            {"BillingMode": "PAY_PER_REQUEST", "ProvisionedThroughput": {"ReadCapacityUnits": 9}},
        ),
        (
            "dynamodb.DeleteTable",
            {"TableName": "t"},
            [{"Table": {"TableName": "t", "ItemCount": 3}}],
            ...,
            {"TableName": "t", "ItemCount": 3, "BillingMode": "PROVISIONED"},
            {},
        ),
        (
            "dynamodb.PutItem",
            {"TableName": "t", "Item": {"id": {"S": "1"}, "v": {"N": "2"}}},
            [{"Table": {"KeySchema": [{"AttributeName": "id"}]}}, {"Item": {"id": {"S": "1"}}}],
            [
                ("DescribeTable", {"TableName": "t"}),
                ("GetItem", {"TableName": "t", "Key": {"id": {"S": "1"}}, "ConsistentRead": True}),
            ],
            {"Item": {"id": {"S": "1"}}},
            {"Item": {"id": {"S": "1"}, "v": {"N": "2"}}},
        ),
        ("dynamodb.DeleteItem", {"TableName": "t", "Key": {"id": {"S": "1"}}}, [{}], ..., {}, {}),
        (
            "s3.DeleteObject",
            {"Bucket": "b", "Key": "k", "VersionId": "v"},
            [{"Body": b"old"}],
            [("GetObject", {"Bucket": "b", "Key": "k", "VersionId": "v", "ExpectedBucketOwner": ACCOUNT})],
            {"Body": b"old"},
            {},
        ),
        ("s3.PutObject", {"Bucket": "b", "Key": "k", "Body": UNKNOWN}, [None], ..., {}, {"Body": b"new"}),
        (
            "ec2.ModifySecurityGroupRules",
            {
                "GroupId": "sg-1",
                "SecurityGroupRules": [
                    {"SecurityGroupRuleId": "sgr-1", "SecurityGroupRule": {"IpProtocol": "-1", "CidrIpv4": "0.0.0.0/0"}}
                ],
            },
            [{"SecurityGroupRules": [RULE]}],
            [GROUP_RULES],
            {"ingress": ["tcp 22 from 10.0.0.0/8"]},
            {"ingress": ["all traffic from 0.0.0.0/0"]},
        ),
        (
            "sqs.SetQueueAttributes",
            {"QueueUrl": "q", "Attributes": {"A": "2"}},
            [{"Attributes": {"A": "1"}}],
            [("GetQueueAttributes", {"QueueUrl": "q", "AttributeNames": ["A"]})],
            {"Attributes": {"A": "1"}},
            {"Attributes": {"A": "2"}},
        ),
        (
            "sns.SetTopicAttributes",
            {"TopicArn": "t", "AttributeName": "Policy", "AttributeValue": NEW},
            [{"Attributes": {"Policy": DOCUMENT}}],
            ...,
            {"Policy": DOCUMENT},
            {"Policy": NEW},
        ),
    ],
)
def test_both_sides_are_in_the_words_of_the_call(name, params, answers, reads, before, after):
    found = sides(name, params, answers, b"new")
    for asked, wanted in zip(found, (reads, before, after), strict=True):
        assert wanted is ... or asked == wanted
    service, operation = name.split(".")
    assert comparable(service, operation)


@pytest.mark.parametrize(
    ("code", "unread"),
    [
        ({"ZipFile": b"zip"}, CODE_DIFFERS),
        ({"ZipFile": b"now"}, ""),
        ({"S3Bucket": "b", "S3Key": "k"}, CODE_UNREAD),
        ({"ImageUri": "i"}, CODE_UNREAD),
    ],
)
def test_that_a_functions_code_is_not_read_is_said(code, unread):
    steps = plan(make_call(**split("lambda.UpdateFunctionCode"), params={"FunctionName": "f", **code}), None)
    next(steps)
    with pytest.raises(StopIteration) as done:
        steps.send({"CodeSha256": base64.b64encode(hashlib.sha256(b"now").digest()).decode(), "CodeSize": 3})
    assert done.value.value.unread == unread


@pytest.mark.parametrize(
    ("name", "params", "answers", "why"),
    [
        ("sqs.PurgeQueue", {}, [], "cannot be compared"),
        ("s3.PutObject", {"Bucket": "b", "Key": "k"}, [], "too large"),
        ("iam.PutRolePolicy", {"RoleName": UNKNOWN}, [], "not known"),
        ("iam.CreatePolicyVersion", {"PolicyArn": ARN}, [None], "does not become the default"),
        ("iam.AttachRolePolicy", {"RoleName": "r"}, [{"IsTruncated": True}], "more policies"),
        ("ec2.AuthorizeSecurityGroupIngress", {"GroupName": "g"}, [], "by name"),
        ("ec2.RevokeSecurityGroupEgress", {"GroupId": "g"}, [{"NextToken": "x"}], "more rules"),
    ],
)
def test_what_cannot_be_compared_says_why(name, params, answers, why):
    with pytest.raises(IncomparableError, match=why):
        sides(name, params, answers)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("sqs.SetQueueAttributes", {"QueueUrl": f"https://sqs.us-east-1.amazonaws.com/{FOREIGN}/x"}),
        ("lambda.UpdateFunctionConfiguration", {"FunctionName": f"arn:aws:lambda:us-east-1:{FOREIGN}:function:f"}),
        ("lambda.UpdateFunctionConfiguration", {"FunctionName": f"arn:aws:lambda:ap-south-1:{ACCOUNT}:function:f"}),
        ("lambda.UpdateFunctionCode", {"FunctionName": f"{FOREIGN}:function:f"}),
        ("secretsmanager.PutResourcePolicy", {"SecretId": f"arn:aws:secretsmanager:us-east-1:{FOREIGN}:secret:x"}),
        ("kms.PutKeyPolicy", {"KeyId": f"arn:aws:kms:us-east-1:{FOREIGN}:key/1"}),
        ("ecr.SetRepositoryPolicy", {"registryId": FOREIGN, "repositoryName": "r"}),
        ("sns.SetTopicAttributes", {"TopicArn": f"arn:aws:sns:us-east-1:{FOREIGN}:t"}),
        ("dynamodb.UpdateTable", {"TableName": f"arn:aws:dynamodb:us-east-1:{FOREIGN}:table/t"}),
        ("dynamodb.DeleteItem", {"TableName": f"arn:aws:dynamodb:us-east-1:{FOREIGN}:table/t", "Key": {}}),
        ("iam.CreatePolicyVersion", {"PolicyArn": f"arn:aws:iam::{FOREIGN}:policy/p"}),
    ],
)
def test_nothing_of_another_account_or_region_is_read(name, params):
    with pytest.raises(IncomparableError, match=r"^it names something of another account or region$"):
        sides(name, params, [])


@pytest.mark.parametrize("name", ["s3.PutBucketPolicy", "s3.DeleteObject", "s3.PutPublicAccessBlock"])
def test_a_bucket_is_read_only_where_it_is_the_accounts_own(name):
    reads, _, _ = sides(name, {"Bucket": "b", "Key": "k", "ExpectedBucketOwner": FOREIGN}, [None])
    assert reads[0][1]["ExpectedBucketOwner"] == ACCOUNT


def test_operations_that_only_read_are_not_compared():
    assert not any(comparable(*name.split(".")) for name in READS)
    assert call_of("s3.GetObject", {"Bucket": "b", "Key": "k"}).access == "read"
