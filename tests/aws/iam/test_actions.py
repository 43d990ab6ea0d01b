"""IAM actions and levels: from tables, never from the verb, complete or unknown."""

from __future__ import annotations

import pytest

from tests.kit.aws.meanings import ACCOUNT, TABLES, meaning, operations, services
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.iam import names
from trio_gate.aws.iam.tables import Tables
from trio_gate.shell.exchange.packaged_data import packaged_tables

ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"


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


def test_every_exception_names_an_operation_and_an_action_that_exist():
    for service, rows in names.EXCEPTIONS.items():
        own = names.PREFIX.get(service, service)
        for operation, name in rows.items():
            prefix, _, word = name.rpartition(":")
            assert operation in operations(service), (service, operation)
            action = TABLES.action(prefix or own, word)
            assert action is not None, (service, operation, name)
            assert action.name.rpartition(":")[2] == word
            assert prefix or TABLES.action(own, operation) is None, f"{service}:{operation} needs no exception"


def test_every_prefix_row_names_a_service_and_a_prefix_that_exist():
    known = set(packaged_tables("services"))
    assert set(names.PREFIX) <= set(services())
    assert set(names.PREFIX.values()) <= known
    assert not any(service == prefix for service, prefix in names.PREFIX.items())


def test_nearly_every_operation_of_botocore_has_an_action():
    mapped = total = 0
    for service in services():
        for operation in operations(service):
            if TABLES.row(service, operation) is None:
                continue
            total += 1
            mapped += meaning(service, operation, _sample(operation), method="GET").iam_action is not None
    assert total > 19_000
    assert mapped / total > 0.968, f"{mapped} of {total} operations have an IAM action: the ratchet only goes up"


def _sample(operation):
    statement = {"Statement": "SELECT * FROM t"}
    return {**statement, "Statements": [statement], "TransactStatements": [statement], "TransactItems": [{"Put": {}}]}


def test_tables_load_a_prefix_once_and_only_when_asked():
    asked = []

    def load(name):
        asked.append(name)
        return packaged_tables(name)

    tables = Tables(load)
    assert asked == []
    assert not tables.loaded(["sqs", "stepfunctions"])
    tables.ensure(["sqs", "stepfunctions", "made-up"])
    assert tables.loaded(["sqs", "stepfunctions", "made-up"])
    ours = ["members", "reviewed"]
    theirs = ["actions/sqs", "actions/states", "resourceTypes/sqs", "resourceTypes/states", "services"]
    assert sorted(asked) == sorted(ours + theirs)
    tables.ensure(["sqs"])
    assert tables.action("sqs", "sendmessage").name == "sqs:SendMessage"
    assert len(asked) == 7


def test_a_prepared_service_reads_no_file_when_described():
    ready = []
    tables = Tables(lambda name: pytest.fail(name) if ready else packaged_tables(name))
    prepared = ["s3", "dynamodb", "iot-jobs-data"]
    tables.ensure(prepared)
    ready.append(True)
    for service in prepared:
        for operation in sorted(operations(service))[:40]:
            for signing in (service, "s3express", "s3-outposts", "s3-object-lambda") if service == "s3" else (service,):
                assert meaning(service, operation, signing_name=signing, tables=tables)
