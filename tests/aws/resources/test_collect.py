"""Resources, in one canonical form, and whose they are: proven, foreign by evidence, or unknown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.aws.meanings import ACCOUNT, OTHER, meaning, operations
from tests.kit.long import examples
from trio_gate.aws.call import UNKNOWN, Call
from trio_gate.aws.resources.curated_members import READERS

HERE = f"us-east-1:{ACCOUNT}"
THERE = f"us-east-1:{OTHER}"


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("sns", "Publish", {"TopicArn": f"arn:aws:sns:{THERE}:t"}),
        ("sqs", "SendMessage", {"QueueUrl": f"https://sqs.us-east-1.amazonaws.com/{OTHER}/q"}),
        ("sqs", "SendMessage", {"QueueUrl": f"https://sqs.eu-west-1.amazonaws.com/{OTHER}/q"}),
        ("sqs", "GetQueueUrl", {"QueueName": "q", "QueueOwnerAWSAccountId": OTHER}),
        ("lambda", "Invoke", {"FunctionName": f"{OTHER}:function:fn"}),
        (
            "lambda",
            "CreateFunction",
            {"FunctionName": "fn", "Code": {"ImageUri": f"{OTHER}.dkr.ecr.us-east-1.amazonaws.com/a:1"}},
        ),
        ("kms", "Encrypt", {"KeyId": f"arn:aws:kms:{THERE}:alias/a"}),
        ("sts", "AssumeRole", {"RoleArn": f"arn:aws:iam::{OTHER}:role/admin"}),
        ("s3", "PutObject", {"Bucket": "b-1", "Key": "k", "ExpectedBucketOwner": OTHER}),
        ("s3", "GetObject", {"Bucket": f"arn:aws:s3:us-east-1:{OTHER}:accesspoint/ap", "Key": "k"}),
        (
            "s3",
            "CopyObject",
            {"Bucket": "b-1", "Key": "k", "CopySource": f"arn:aws:s3:us-east-1:{OTHER}:accesspoint/ap/object/k"},
        ),
        ("s3control", "GetAccessPoint", {"AccountId": OTHER, "Name": "ap"}),
        ("dynamodb", "PutItem", {"TableName": f"arn:aws:dynamodb:{THERE}:table/t", "Item": {}}),
        ("dynamodb", "BatchWriteItem", {"RequestItems": {"t": [], f"arn:aws:dynamodb:{THERE}:table/t": []}}),
        ("dynamodb", "ExecuteStatement", {"Statement": f'SELECT * FROM "arn:aws:dynamodb:{THERE}:table/t"'}),
        ("ecr", "BatchGetImage", {"repositoryName": "r", "registryId": OTHER}),
        ("glue", "GetDatabase", {"CatalogId": OTHER, "Name": "d"}),
        ("events", "PutEvents", {"Entries": [{"EventBusName": f"arn:aws:events:{THERE}:event-bus/b"}]}),
        ("events", "PutTargets", {"Rule": "r", "Targets": [{"Id": "1", "Arn": f"arn:aws:sqs:{THERE}:q"}]}),
        ("logs", "PutSubscriptionFilter", {"logGroupName": "g", "destinationArn": f"arn:aws:logs:{THERE}:destination:d"}),
        ("made-up", "Send", {"Deep": [{"er": f"arn:aws:sns:{THERE}:t"}]}),
    ],
)
def test_a_foreign_account_anywhere_is_cross_account(service, operation, params):
    assert meaning(service, operation, params).cross_account is True


def test_the_host_may_name_a_foreign_account():
    assert meaning("dynamodb", "GetItem", {"TableName": "t"}, host_account=OTHER).cross_account is True
    assert meaning("dynamodb", "GetItem", {"TableName": "t"}, host_account=ACCOUNT).cross_account is False


@pytest.mark.parametrize(
    ("service", "operation", "params", "cross"),
    [
        ("kms", "Encrypt", {"KeyId": "alias/a"}, False),
        ("kms", "Decrypt", {"CiphertextBlob": b"x"}, UNKNOWN),
        ("iam", "DeleteRole", {"RoleName": "admin"}, False),
        ("iam", "DeleteRole", {"RoleName": "ADMIN"}, False),
        ("iam", "AddUserToGroup", {"GroupName": "g", "UserName": "u"}, False),
        ("iam", "AttachRolePolicy", {"RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, False),
        ("iam", "CreateRole", {"RoleName": "r", "Path": "odd"}, UNKNOWN),
        ("route53", "DeleteHostedZone", {"Id": "z1"}, UNKNOWN),
        ("ec2", "RunInstances", {"ImageId": "resolve:ssm:/golden/image"}, UNKNOWN),
        ("ec2", "TerminateInstances", {"InstanceIds": ["i-12345678", "I-87654321"]}, UNKNOWN),
        ("ecs", "RunTask", {"taskDefinition": "family"}, False),
        ("ec2", "CreateVolume", {"SnapshotId": "snap-0123456789abcdef0"}, UNKNOWN),
        ("ec2", "StartInstances", {"InstanceIds": ["i-0123456789abcdef0", UNKNOWN]}, UNKNOWN),
        ("dynamodb", "ExecuteStatement", {"Statement": "SELECT * FROM a, b FROM c"}, UNKNOWN),
        ("dynamodb", "GetItem", {"TableName": "a:b"}, UNKNOWN),
        ("sqs", "SendMessage", {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/1/2/3"}, UNKNOWN),
        ("sns", "Publish", {"PhoneNumber": "+10000000000"}, UNKNOWN),
        ("iam", "CreateAccessKey", {}, UNKNOWN),
        ("glue", "UpdateTable", {"DatabaseName": "d", "TableInput": {"Name": "t"}}, UNKNOWN),
        ("quicksight", "ListUsers", {"AwsAccountId": ACCOUNT, "Namespace": "default"}, UNKNOWN),
    ],
)
def test_what_takes_a_look_up_is_unknown(service, operation, params, cross):
    found = meaning(service, operation, params)
    assert found.resources is UNKNOWN
    assert found.cross_account is cross


SECRET = f"arn:aws:secretsmanager:{HERE}:secret:"


@pytest.mark.parametrize(
    ("given", "readings"),
    [
        ("prod/db-a1B2c3", ("prod/db", "prod/db-a1B2c3")),
        ("app-DbProd", ("app", "app-DbProd")),
        ("prod-Secret", ("prod", "prod-Secret")),
        ("a-b-123456", ("a-b", "a-b-123456")),
        ("prod/db", ("prod/db",)),
        ("prod-db12", ("prod-db12",)),
        ("prod-dbs1234", ("prod-dbs1234",)),
        ("-abcdef", ("-abcdef",)),
    ],
)
def test_a_secrets_arn_that_may_be_whole_or_partial_names_both(given, readings):
    found = meaning("secretsmanager", "GetSecretValue", {"SecretId": f"{SECRET}{given}"})
    assert found.resources == tuple(f"{SECRET}{one}" for one in readings)
    assert found.resource == (UNKNOWN if len(readings) > 1 else found.resources[0])
    assert (found.resource_accounts, found.cross_account) == ((ACCOUNT,), False)
    listed = meaning("secretsmanager", "BatchGetSecretValue", {"SecretIdList": [f"{SECRET}{given}", "other"]})
    assert listed.resources == (*found.resources, f"{SECRET}other")


def test_a_secret_with_the_key_of_its_json_is_the_secret():
    secrets = [
        {"name": "A", "valueFrom": f"{SECRET}db-a1B2c3:password::"},
        {"name": "B", "valueFrom": f"{SECRET}db:user:AWSCURRENT:"},
    ]
    task = {"family": "f", "containerDefinitions": [{"name": "c", "image": "i", "secrets": secrets}]}
    found = meaning("ecs", "RegisterTaskDefinition", task)
    assert found.resources is UNKNOWN or set(found.resources) >= {f"{SECRET}db", f"{SECRET}db-a1B2c3"}
    assert found.cross_account is not True


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("sts", "GetCallerIdentity"),
        ("dynamodb", "ListTables"),
        ("rds", "DescribeDBInstances"),
        ("ec2", "DescribeInstances"),
        ("kms", "CreateKey"),
    ],
)
def test_a_call_that_names_nothing_has_an_empty_list(service, operation):
    found = meaning(service, operation, {"NextToken": "t"})
    assert (found.resource, found.resources, found.resource_accounts, found.cross_account) == (None, (), (), False)


@pytest.mark.parametrize(
    ("params", "resources"),
    [
        ({"TableName": "t", "IndexName": "i"}, (f"arn:aws:dynamodb:{HERE}:table/t", f"arn:aws:dynamodb:{HERE}:table/t/index/i")),
        ({"TableName": "t", "Key": {"a": {"S": f"arn:aws:sns:{THERE}:data"}}}, (f"arn:aws:dynamodb:{HERE}:table/t",)),
    ],
)
def test_data_is_not_a_resource_but_an_index_is(params, resources):
    assert meaning("dynamodb", "Query", params).resources == resources


def test_a_bucket_that_another_service_shall_use_is_named_and_proves_nothing():
    found = meaning("dynamodb", "ExportTableToPointInTime", {"TableArn": f"arn:aws:dynamodb:{HERE}:table/t", "S3Bucket": "drop"})
    assert found.resources == (f"arn:aws:dynamodb:{HERE}:table/t", "arn:aws:s3:::drop")
    assert found.cross_account is UNKNOWN


def test_documents_of_aws_belong_to_nobody():
    found = meaning("ssm", "SendCommand", {"DocumentName": "AWS-RunShellScript", "InstanceIds": ["i-0123456789abcdef0"]})
    assert found.resources == (
        "arn:aws:ssm:us-east-1::document/AWS-RunShellScript",
        f"arn:aws:ec2:{HERE}:instance/i-0123456789abcdef0",
    )
    assert found.resource_accounts == (ACCOUNT,)


def test_managed_policies_belong_to_nobody():
    found = meaning("iam", "GetPolicy", {"PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"})
    assert found.resources == ("arn:aws:iam::aws:policy/ReadOnlyAccess",)
    assert found.cross_account is False


def values():
    words = st.sampled_from(
        ["a", "alias/a", f"arn:aws:sns:{THERE}:t", "arn:aws:s3:::b/*", "i-0123456789abcdef0", "a:b", "", "\x00", "ü", "*"]
    )
    leaf = st.one_of(words, st.text(max_size=8), st.none(), st.booleans(), st.integers(), st.just(UNKNOWN), st.binary(max_size=3))
    return st.recursive(
        leaf, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)), max_leaves=6
    )


MEMBERS = sorted(
    {member for readers in READERS.values() for member in readers}
    | {"Bucket", "Key", "CopySource", "Delete", "RequestItems", "TransactItems", "Statement", "Statements", "QueueName", "Name"}
    | {"Path", "cluster", "services", "tasks", "taskDefinition", "Rule", "Entries", "Tags", "registryId", "Id", "AccountId"}
    | {"ExpectedBucketOwner", "RoleArn", "TransactStatements", "IndexName", "logStreamName", "Type", "ResourceId"}
)
CURATED = sorted({*READERS, "ec2", "s3", "s3control", "glue", "quicksight"})


@examples(4)
@given(st.data(), st.sampled_from(CURATED), st.dictionaries(st.sampled_from(MEMBERS), values(), max_size=5))
def test_any_parameters_have_a_meaning(data, service, params):
    operation = data.draw(st.sampled_from(sorted(operations(service))))
    found = meaning(service, operation, params)
    assert isinstance(found, Call)
    assert found.resources is UNKNOWN or all(isinstance(arn, str) and "\x00" not in arn for arn in found.resources)
    if found.cross_account is False:
        assert found.resource_accounts is not UNKNOWN
        assert set(found.resource_accounts) <= {ACCOUNT}
    if isinstance(found.resource, str) and found.resources is not UNKNOWN:
        assert found.resource in found.resources


@examples(2)
@given(st.data(), st.sampled_from(CURATED), st.dictionaries(st.sampled_from(MEMBERS), values(), min_size=1, max_size=4))
def test_a_hidden_parameter_never_proves_anything(data, service, params):
    operation = data.draw(st.sampled_from(sorted(operations(service))))
    member = data.draw(st.sampled_from(sorted(params)))
    found = meaning(service, operation, {**params, member: UNKNOWN})
    assert found.resources is UNKNOWN
    assert found.cross_account is not False


INSTANCE = "i-0123456789abcdef0"
REGISTRY = f"{OTHER}.dkr-ecr.us-east-1.on.aws/app:1"


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("ec2", "TerminateInstances", {"InstanceIds": [INSTANCE, INSTANCE.upper()]}),
        ("ec2", "TerminateInstances", {"InstanceIds": [INSTANCE, f" {INSTANCE}"]}),
        ("ec2", "StopInstances", {"InstanceIds": [INSTANCE, "i-0123456"]}),
        ("ec2", "CreateTags", {"Resources": [INSTANCE, "subnet"]}),
        ("ec2", "ModifyInstanceAttribute", {"InstanceId": INSTANCE, "Kernel": "-".join(["kind"] * 10) + "-0123456789abcdef0"}),
        ("ec2", "ModifyInstanceAttribute", {"InstanceId": INSTANCE, "Kernel": "k" * 33 + "-01234567"}),
        ("ec2", "RunInstances", {"ImageId": "resolve:ssm:/golden/image", "MinCount": 1}),
        ("ec2", "RunInstances", {"ImageId": f"resolve:ssm:arn:aws:ssm:us-east-1:{OTHER}:parameter/golden", "MinCount": 1}),
        ("ec2", "CreateNetworkInterface", {"SubnetId": "subnet-0123456789abcdef0", "Groups": ["default"]}),
        ("ssm", "GetParameter", {"Name": "/aws/reference/secretsmanager/prod/db"}),
        ("ssm", "GetParameters", {"Names": ["plain", "aws/reference/secretsmanager/prod/db"]}),
        ("logs", "StartQuery", {"logGroupName": "/app", "queryString": 'source logGroups(namePrefix: ["/db"])'}),
        ("logs", "StartQuery", {"logGroupName": "/app", "queryLanguage": "SQL", "queryString": "SELECT * FROM `/db`"}),
        ("logs", "StartQuery", {"logGroupName": "/app", "queryLanguage": "PPL", "queryString": "fields a | join b"}),
        ("logs", "StartQuery", {"logGroupName": "/app", "queryString": "fields a | lookup people id OUTPUT name"}),
        ("logs", "PutQueryDefinition", {"name": "n", "logGroupNames": ["/app"], "queryString": 'Source logGroups(id: ["/db"])'}),
        (
            "logs",
            "CreateScheduledQuery",
            {"name": "n", "logGroupIdentifiers": ["/app"], "queryLanguage": "SQL", "queryString": "a"},
        ),
        ("logs", "UpdateScheduledQuery", {"logGroupIdentifiers": ["/app"], "queryLanguage": "PPL", "queryString": "a"}),
        ("dynamodb", "Query", {"TableName": f"arn:aws:dynamodb:{HERE}:table/t/index/i"}),
        ("dynamodb", "GetItem", {"TableName": "t/index/i"}),
        ("cloudformation", "CreateStack", {"StackName": "s", "TemplateURL": "https://theirs.s3.eu-west-1.amazonaws.com/t"}),
        ("cloudformation", "CreateStack", {"StackName": "s", "TemplateURL": "HTTPS://s3-us-west-2.amazonaws.com/theirs/t"}),
        ("glue", "StartJobRun", {"JobName": "j", "Arguments": {"--from": "s3a://theirs/x"}}),
        ("glue", "StartJobRun", {"JobName": "j", "Arguments": {"--from": "S3://theirs/x"}}),
        ("glue", "StartJobRun", {"JobName": "j", "Arguments": {"--from": " s3://theirs/x"}}),
        ("glue", "StartJobRun", {"JobName": "j", "Arguments": {"--role": f"ARN:aws:iam::{OTHER}:role/r"}}),
        ("glue", "StartJobRun", {"JobName": "j", "Arguments": {"--in": f"arn:aws:sns:{HERE}:a,arn:aws:sns:{THERE}:b"}}),
        ("lambda", "UpdateFunctionCode", {"FunctionName": "f", "ImageUri": REGISTRY}),
        ("kinesis", "EnableEnhancedMonitoring", {"StreamId": "0123456789abcdef", "ShardLevelMetrics": ["ALL"]}),
        ("ecr", "DescribeImages", {"repositoryName": "app", "registryId": "111111111111:repository/x"}),
        ("sqs", "GetQueueUrl", {"QueueName": "q", "QueueOwnerAWSAccountId": "me"}),
    ],
)
def test_what_names_something_in_another_spelling_makes_the_list_unknown(service, operation, params):
    found = meaning(service, operation, params)
    assert found.resources is UNKNOWN
    assert found.cross_account is not False


@pytest.mark.parametrize(
    ("service", "operation", "params", "resources"),
    [
        ("ec2", "StopInstances", {"InstanceIds": [INSTANCE]}, (f"arn:aws:ec2:{HERE}:instance/{INSTANCE}",)),
        ("ec2", "CreateVolume", {"AvailabilityZoneId": "use1-az1", "Size": 1}, (f"arn:aws:ec2:{HERE}:volume/*",)),
        ("logs", "StartQuery", {"logGroupName": "/app", "queryString": "fields a"}, (f"arn:aws:logs:{HERE}:log-group:/app",)),
        (
            "glue",
            "StartJobRun",
            {"JobName": "j", "Arguments": {"--site": "https://example.test/s3.html", "--note": "dkr and ecr are words"}},
            (f"arn:aws:glue:{HERE}:job/j",),
        ),
    ],
)
def test_what_names_nothing_else_leaves_it_whole(service, operation, params, resources):
    assert meaning(service, operation, params).resources == resources


@pytest.mark.parametrize(
    ("service", "operation", "one", "several"),
    [
        ("secretsmanager", "BatchGetSecretValue", {"SecretIdList": ["a"]}, {"SecretIdList": ["a", "b"]}),
        ("secretsmanager", "BatchGetSecretValue", {"SecretIdList": ["a"]}, {"SecretIdList": ["a", f"{SECRET}b-AbCdEf"]}),
        ("ssm", "DeleteParameters", {"Names": ["/a"]}, {"Names": ["/a", "/b"]}),
        ("ssm", "GetParameters", {"Names": ["/a:2"]}, {"Names": ["/a:2", f"arn:aws:ssm:{HERE}:parameter/b"]}),
        (
            "ec2",
            "StopInstances",
            {"InstanceIds": ["i-0123456789abcdef0"]},
            {"InstanceIds": [f"i-0123456789abcdef{n}" for n in "01"]},
        ),
        ("ecs", "DescribeTasks", {"tasks": ["a"]}, {"tasks": ["a", "b"]}),
        ("logs", "StartLiveTail", {"logGroupIdentifiers": ["a"]}, {"logGroupIdentifiers": ["a", "b"]}),
        (
            "dynamodb",
            "BatchWriteItem",
            {"RequestItems": {"a": [{"DeleteRequest": {"Key": {}}}]}},
            {"RequestItems": {"a": [{"DeleteRequest": {"Key": {}}}], "b": []}},
        ),
        (
            "dynamodb",
            "TransactGetItems",
            {"TransactItems": [{"Get": {"TableName": "a", "Key": {}}}]},
            {"TransactItems": [{"Get": {"TableName": name, "Key": {}}} for name in "ab"]},
        ),
        ("events", "PutEvents", {"Entries": [{"Detail": "{}"}]}, {"Entries": [{"EventBusName": "b"}, {"Detail": "{}"}]}),
        ("s3", "DeleteObjects", {"Bucket": "bkt", "Delete": {"Objects": [{"Key": "k"}]}}, None),
    ],
)
def test_of_several_things_alike_none_is_the_main_one(service, operation, one, several):
    found = meaning(service, operation, one)
    assert found.resource == found.resources[0]
    if several is not None:
        listed = meaning(service, operation, several)
        assert listed.resource is UNKNOWN
        assert set(found.resources) < set(listed.resources)


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("dynamodb", "Query", {"TableName": "t", "IndexName": "i"}),
        ("sqs", "StartMessageMoveTask", {"SourceArn": f"arn:aws:sqs:{HERE}:a", "DestinationArn": f"arn:aws:sqs:{HERE}:b"}),
        ("s3", "CopyObject", {"Bucket": "bkt", "Key": "k", "CopySource": "bkt/other"}),
    ],
)
def test_things_of_one_kind_with_different_parts_have_a_main_one(service, operation, params):
    found = meaning(service, operation, params)
    assert (found.resource, len(found.resources)) == (found.resources[0], 2)


@pytest.mark.parametrize(
    "name", ["/aws/service/ami/x", "/aws/service/ami/x:3", "arn:aws:ssm:us-east-1::parameter/aws/service/ami/x"]
)
def test_a_public_parameter_is_of_no_account(name):
    found = meaning("ssm", "GetParameter", {"Name": name})
    assert (found.resource, found.resource_accounts) == ("arn:aws:ssm:us-east-1::parameter/aws/service/ami/x", ())
    assert found.cross_account is False
    below = meaning("ssm", "GetParametersByPath", {"Path": "/aws/service/"})
    assert (below.resource, below.cross_account) == ("arn:aws:ssm:us-east-1::parameter/aws/service/*", False)


def test_secrets_that_a_filter_chooses_are_unknown():
    found = meaning("secretsmanager", "BatchGetSecretValue", {"Filters": [{"Key": "name", "Values": ["prod"]}]})
    assert (found.resources, found.resource, found.cross_account) == (UNKNOWN, UNKNOWN, False)
