"""IAM actions and levels: from tables, never from the verb, complete or unknown."""

from __future__ import annotations

import pytest

from tests.kit.aws.meanings import meaning
from trio_gate.aws.call import UNKNOWN


@pytest.mark.parametrize(
    ("service", "operation", "action", "access"),
    [
        ("s3", "GetObject", "s3:GetObject", "read"),
        ("s3", "HeadObject", "s3:GetObject", "read"),
        ("s3", "HeadBucket", "s3:ListBucket", "list"),
        ("s3", "ListObjectsV2", "s3:ListBucket", "list"),
        ("s3", "ListObjectVersions", "s3:ListBucketVersions", "list"),
        ("s3", "ListBuckets", "s3:ListAllMyBuckets", "list"),
        ("s3", "DeleteObjects", "s3:DeleteObject", "write"),
        ("s3", "UploadPart", "s3:PutObject", "write"),
        ("s3", "CopyObject", "s3:PutObject", "write"),
        ("s3", "PutObjectTagging", "s3:PutObjectTagging", "tagging"),
        ("s3", "PutBucketPolicy", "s3:PutBucketPolicy", "permissions"),
        ("s3", "CreateSession", "s3express:CreateSession", "write"),
        ("s3control", "PutPublicAccessBlock", "s3:PutAccountPublicAccessBlock", "permissions"),
        ("lambda", "Invoke", "lambda:InvokeFunction", "write"),
        ("dynamodb", "GetItem", "dynamodb:GetItem", "read"),
        ("cloudwatch", "PutMetricData", "cloudwatch:PutMetricData", "write"),
        ("elbv2", "DescribeLoadBalancers", "elasticloadbalancing:DescribeLoadBalancers", "list"),
        ("stepfunctions", "StartExecution", "states:StartExecution", "write"),
        ("stepfunctions", "GetActivityTask", "states:GetActivityTask", "write"),
        ("sts", "GetFederationToken", "sts:GetFederationToken", "write"),
        ("redshift", "GetClusterCredentials", "redshift:GetClusterCredentials", "write"),
        ("sqs", "SendMessageBatch", "sqs:SendMessage", "write"),
        ("budgets", "DescribeBudgets", "budgets:ViewBudget", "read"),
        ("neptune", "DescribeDBClusters", "rds:DescribeDBClusters", "list"),
        ("resourcegroupstaggingapi", "GetResources", "tag:GetResources", "read"),
        ("cloudcontrol", "DeleteResource", "cloudformation:DeleteResource", "write"),
        ("neptunedata", "ExecuteGremlinQuery", "neptune-db:WriteDataViaQuery", "write"),
    ],
)
def test_the_main_action_and_its_level(service, operation, action, access):
    found = meaning(service, operation)
    assert (found.iam_action, found.access) == (action, access)


@pytest.mark.parametrize(
    ("service", "operation"), [("iotthingsgraph", "GetEntities"), ("made-up", "GetThing"), ("sso", "ListAccounts")]
)
def test_what_no_table_knows_has_no_action_and_writes(service, operation):
    found = meaning(service, operation)
    assert (found.iam_action, found.iam_actions, found.access, found.resource) == (None, UNKNOWN, "write", UNKNOWN)


@pytest.mark.parametrize(
    ("operation", "method", "access"),
    [
        ("GetRestApi", "GET", "read"),
        ("DeleteRestApi", "DELETE", "write"),
        ("UpdateRestApi", "PATCH", "write"),
        ("CreateDeployment", "POST", "write"),
    ],
)
def test_api_gateway_is_judged_by_method_and_path(operation, method, access):
    found = meaning("apigateway", operation, method=method, path=("restapis", "abc"))
    assert (found.iam_action, found.access) == (f"apigateway:{method}", access)
    assert found.resource == "arn:aws:apigateway:us-east-1::/restapis/abc"
    assert found.cross_account is False


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("cloudformation", "CreateStack", {"TemplateBody": "{}"}),
        ("cloudcontrol", "CreateResource", {"TypeName": "AWS::IAM::User"}),
        ("ecs", "RunTask", {"taskDefinition": "family"}),
        ("ec2", "RunInstances", {"LaunchTemplate": {"LaunchTemplateId": "lt-1"}}),
        ("ssm", "StartAutomationExecution", {"DocumentName": "AWS-StopEC2Instance"}),
        ("lambda", "CreateFunction", {"Role": UNKNOWN}),
        ("dynamodb", "ExecuteStatement", {"Statement": "/* hi */ SELECT 1"}),
        ("dynamodb", "BatchExecuteStatement", {"Statements": [{"Statement": "SELECT * FROM t"}, {}]}),
        ("dynamodb", "TransactWriteItems", {"TransactItems": UNKNOWN}),
    ],
)
def test_what_runs_something_unseen_has_unknown_actions(service, operation, params):
    assert meaning(service, operation, params).iam_actions is UNKNOWN


@pytest.mark.parametrize(
    ("statement", "access"),
    [
        ("SELECT * FROM t", "read"),
        ("INSERT INTO t VALUE {'a': 1}", "write"),
        ("EXISTS(SELECT * FROM t)", "read"),
        ("DROP TABLE t", "write"),
    ],
)
def test_a_statement_says_its_level(statement, access):
    assert meaning("dynamodb", "ExecuteStatement", {"Statement": statement}).access == access


def test_directory_buckets_keep_the_level_of_the_s3_action():
    read = meaning("s3", "GetObject", signing_name="s3express")
    assert (read.iam_action, read.access) == ("s3express:CreateSession", "read")
    assert meaning("s3", "DeleteObject", signing_name="s3express").access == "write"
    assert meaning("s3", "CreateBucket", signing_name="s3express").iam_action == "s3express:CreateBucket"
