"""Passed roles: by the value wherever it stands, by the name where a name is enough, and what only names a role."""

from __future__ import annotations

import json
import re

import pytest

from tests.kit.aws.meanings import ACCOUNT, meaning, model, operations, services, writes
from tests.kit.aws.naming import catalog
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.iam import passed_roles
from trio_gate.aws.iam.role_texts import MAX_READ

ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/worker"
PROFILE = f"arn:aws-us-gov:iam::{ACCOUNT}:instance-profile/worker"
SAYS_ROLE = re.compile(r"role|instance.?profile", re.IGNORECASE)


def passes(service, operation, params):
    """Whether a call passes a role, as the model has its input; UNKNOWN where it is not known."""
    catalog().ensure([service])
    shape = catalog().service(service).operations[operation].input
    actions = meaning(service, operation, params, shape=shape).iam_actions
    return UNKNOWN if actions is UNKNOWN else "iam:PassRole" in actions


def patch(path, value):
    return {"restApiId": "a", "patchOperations": [{"op": "add", "path": path, "value": value}]}


POLICY = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "s3:*", "Resource": "*"}]}
ESCAPED = f'{{"Launch\\u0052ole": "x", "R": "arn:aws:iam::{ACCOUNT}:role\\/w"}}'


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        # a value, whatever the member is called
        ("apigateway", "UpdateStage", patch("/variables/a", ROLE)),
        ("apigateway", "CreateAuthorizer", {"restApiId": "a", "name": "n", "type": "TOKEN", "authorizerCredentials": ROLE}),
        ("apigatewayv2", "UpdateIntegration", {"ApiId": "a", "IntegrationId": "i", "CredentialsArn": ROLE}),
        ("sns", "SetTopicAttributes", {"AttributeName": "LambdaSuccessFeedbackRoleArn", "AttributeValue": ROLE}),
        ("sns", "CreatePlatformApplication", {"Attributes": {"SuccessFeedbackRoleArn": ROLE}}),
        ("cognito-identity", "SetIdentityPoolRoles", {"Roles": {"authenticated": ROLE}}),
        ("rolesanywhere", "CreateProfile", {"name": "n", "roleArns": [ROLE]}),
        ("ec2", "CreateFlowLogs", {"DeliverCrossAccountRole": ROLE}),
        ("ec2", "RunInstances", {"IamInstanceProfile": {"Arn": PROFILE}}),
        ("lambda", "UpdateFunctionConfiguration", {"Environment": {"Variables": {"WHO": ROLE}}}),
        ("lambda", "UpdateFunctionConfiguration", {"Environment": {"Variables": {ROLE: "x"}}}),
        ("glue", "UpdateTable", {"TableInput": {"Parameters": {"a": f"as {ROLE} it reads"}}}),
        ("appconfig", "CreateHostedConfigurationVersion", {"Content": b'\xff {"a": "' + ROLE.encode()}),
        ("appconfig", "CreateHostedConfigurationVersion", {"Content": b" " * 99 + ESCAPED.encode()}),
        ("glue", "UpdateTable", {"TableInput": {"Parameters": {"ExecutionRole": "worker"}}}),
        ("apprunner", "CreateService", {"ServiceName": "arn:aws:iam::${AWS::AccountId}:role/x"}),
        ("bedrock-agent", "CreateAgent", {"agentResourceRoleArn": "arn:aws:iam:::role/x"}),
        # JSON in a text
        ("servicecatalog", "CreateConstraint", {"Type": "LAUNCH", "Parameters": json.dumps({"RoleArn": ROLE})}),
        ("servicecatalog", "CreateConstraint", {"Type": "LAUNCH", "Parameters": '{"LocalRoleName": "worker"}'}),
        ("servicecatalog", "CreateConstraint", {"Parameters": '{"IamInstanceProfile": "worker"}'}),
        ("servicecatalog", "CreateConstraint", {"Parameters": ESCAPED}),
        ("servicecatalog", "CreateConstraint", {"Parameters": "\ufeff " + ESCAPED}),
        ("servicecatalog", "CreateConstraint", {"Parameters": json.dumps({"a": [{"b": ESCAPED}]})}),
        ("servicecatalog", "CreateConstraint", {"Parameters": f'{{"RoleArn": "{ROLE}", "RoleArn": "x"}}'}),
        ("servicecatalog", "CreateConstraint", {"Parameters": json.dumps({**POLICY, "as": ROLE})}),
        ("servicecatalog", "CreateConstraint", {"Parameters": '{"n": ' + "9" * 5000 + ", " + ESCAPED[1:]}),
        ("servicecatalog", "CreateConstraint", {"Parameters": f'{{"a": "{ROLE}",}}'}),
        ("kinesisanalytics", "CreateApplication", {"ApplicationCode": f"'{ROLE}'"}),
        # a bare name, where the member's name says that it takes a role
        ("imagebuilder", "UpdateInfrastructureConfiguration", {"instanceProfileName": "worker"}),
        ("ec2", "AssociateIamInstanceProfile", {"IamInstanceProfile": {"Name": "worker"}}),
        ("ec2", "ExportImage", {"RoleName": "vmimport"}),
        ("emr", "CreateStudio", {"UserRole": "worker"}),
        ("codebuild", "StartBuild", {"serviceRoleOverride": "worker"}),
        ("ssm", "UpdateServiceSetting", {"SettingId": "/ssm/x", "SettingValue": "worker"}),
        ("mediaconvert", "CreateJob", {"Role": "worker"}),
        ("iam", "AddRoleToInstanceProfile", {"RoleName": "worker"}),
        # a read whose member says so
        ("cloudcontrol", "GetResource", {"RoleArn": ROLE}),
        ("kinesisanalytics", "DiscoverInputSchema", {"RoleARN": ROLE}),
    ],
)
def test_a_role_is_passed(service, operation, params):
    assert passes(service, operation, params) is True


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("cloudtrail", "LookupEvents", {"LookupAttributes": [{"AttributeKey": "ResourceName", "AttributeValue": ROLE}]}),
        ("logs", "FilterLogEvents", {"logGroupName": "g", "filterPattern": ROLE}),
        ("iam", "UpdateAssumeRolePolicy", {"RoleName": "r", "PolicyDocument": json.dumps(POLICY)}),
        ("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "s"}),
        ("s3", "PutBucketPolicy", {"Bucket": "b", "Policy": json.dumps(POLICY)}),
        ("sqs", "SetQueueAttributes", {"Attributes": {"Policy": json.dumps(POLICY)}}),
        ("kms", "CreateGrant", {"KeyId": "k", "GranteePrincipal": ROLE, "Operations": ["Decrypt"]}),
        ("eks", "CreateAccessEntry", {"clusterName": "c", "principalArn": ROLE}),
        ("lakeformation", "GrantPermissions", {"Principal": {"DataLakePrincipalIdentifier": ROLE}, "Permissions": ["ALL"]}),
        ("ram", "CreateResourceShare", {"name": "n", "principals": [ROLE]}),
        ("lambda", "TagResource", {"Resource": "a", "Tags": {"role": "web", "owner-role-arn": ROLE}}),
        ("ec2", "CreateTags", {"Resources": ["i-1"], "Tags": [{"Key": "role", "Value": ROLE}]}),
        ("lambda", "UpdateFunctionConfiguration", {"Environment": {"Variables": {"ROLE": "worker"}}}),
        ("dynamodb", "PutItem", {"TableName": "t", "Item": {"roleArn": {"S": ROLE}}}),
        ("sqs", "SendMessage", {"QueueUrl": "q", "MessageBody": json.dumps({"roleArn": ROLE})}),
        ("lambda", "Invoke", {"FunctionName": "f", "Payload": ROLE.encode()}),
        ("s3", "PutObject", {"Bucket": "b", "Key": "k", "Body": UNKNOWN, "Metadata": {"a": ROLE}}),
        ("glacier", "UploadArchive", {"vaultName": "v", "body": UNKNOWN}),
        ("grafana", "CreateWorkspaceApiKey", {"keyRole": "ADMIN"}),
        ("rds", "CreateDBProxyEndpoint", {"TargetRole": "READ_ONLY"}),
        ("apprunner", "CreateService", {"ServiceName": f"arn:aws:iam::{ACCOUNT}:user/worker"}),
        ("apprunner", "CreateService", {"ServiceName": f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/s"}),
        ("appconfig", "CreateHostedConfigurationVersion", {"Content": b'{"profile": "x"}'}),
    ],
)
def test_a_role_is_only_named(service, operation, params):
    assert passes(service, operation, params) is False


DEEP = json.dumps({"a": ROLE[:8]})
for _ in range(6):
    DEEP = json.dumps({"role of": DEEP})


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "\\u0061rn", }',  # another reader may take it
        DEEP,
        '{"a": "' + "x" * MAX_READ + '\\u0061"}',
        ":iam:" + "x" * MAX_READ,
        '{"role": ' + "[" * 100_000 + '"\\u0061"',
    ],
)
def test_a_text_that_cannot_be_read_to_its_end_is_unknown(text):
    assert passes("servicecatalog", "CreateConstraint", {"Parameters": text}) is UNKNOWN


def test_what_is_read_is_bounded_over_all_texts_of_a_call():
    one = '{"a": "\\n"}' + " " * (MAX_READ // 4)
    assert passes("appconfig", "CreateHostedConfigurationVersion", {"Content": one.encode() * 5}) is UNKNOWN
    texts = {f"n{number}": one for number in range(5)}
    assert passes("glue", "UpdateTable", {"TableInput": {"Parameters": texts}}) is UNKNOWN
    del texts["n0"], texts["n1"]
    assert passes("glue", "UpdateTable", {"TableInput": {"Parameters": texts}}) is False


def test_a_value_that_is_not_known_may_be_a_role():
    assert passes("apprunner", "CreateService", {"ServiceName": UNKNOWN}) is UNKNOWN
    assert (
        passes("apprunner", "CreateService", {"ServiceName": UNKNOWN, "InstanceConfiguration": {"InstanceRoleArn": ROLE}}) is True
    )
    assert passes("cloudcontrol", "GetResource", {"RoleArn": UNKNOWN}) is UNKNOWN
    assert passes("cloudcontrol", "GetResource", {"Identifier": UNKNOWN}) is False


def places(raw, name, seen=()):
    """The way to each text of an input, and what the model says of its last member: 0 for a list, "a key" for a map's key."""
    shape = raw["shapes"][name]
    if shape["type"] == "structure" and name not in seen:
        for member, ref in shape.get("members", {}).items():
            prose = ref.get("documentation", "") + raw["shapes"][ref["shape"]].get("documentation", "")
            for path, below in places(raw, ref["shape"], (*seen, name)):
                yield (member, *path), below or prose
    elif shape["type"] in ("list", "map"):
        step, ref = (0, shape["member"]) if shape["type"] == "list" else ("a key", shape["value"])
        yield from (((step, *path), prose) for path, prose in places(raw, ref["shape"], seen))
    elif shape["type"] == "string":
        yield (), ""


def built(path, value):
    for step in reversed(path):
        value = [value] if step == 0 else {step: value}
    return value


def excused(service, operation, path):
    """Whether one of the short lists has the member."""
    names = {str(step).lower() for step in path}
    return (
        service in passed_roles._NAMED_BY_SERVICE
        or (service, operation) in passed_roles._TAKES_DATA
        or not names.isdisjoint(passed_roles._NAMED_BY_MEMBER)
    )


def test_every_member_of_a_write_that_speaks_of_a_role_passes_one(each_service):
    raw = model(each_service)
    for operation, one in writes(each_service):
        for path, prose in places(raw, one["input"]["shape"]):
            if SAYS_ROLE.search(str(path)) or SAYS_ROLE.search(prose):
                told = passes(each_service, operation, built(path, ROLE))
                assert told is not False or excused(each_service, operation, path), (operation, path)


TAKES_NO_NAME = {
    "auditmanager roleType",
    "cognito-identity AmbiguousRoleResolution",
    "datazone environmentRolePermissionBoundary",  # the ARN of a policy
    "datazone rolePrincipalArn",  # an ARN alone
    "devops-agent agentElevatedRoleArnStatus",
    "es RolesKey",
    "gamelift InstanceRoleCredentialsProvider",
    "glue ExecutionRoleSessionPolicy",
    "glue RoleSessionName",
    "iot roleAlias",  # what stands for a role that is passed where it is made
    "iot roleAliasArn",
    "iot roleArnForLogging",  # an ARN alone
    "mq RoleBase",
    "mq RoleSearchMatching",
    "opensearch RolesKey",
    "opensearch iamRoleForDataSourceArn",  # an ARN alone
    "opensearch iamRoleForIdentityCenterApplicationArn",
    "quicksight RoleType",
    "sagemaker ExecutionRoleIdentityConfig",
    "sagemaker ExecutionRoleSessionNameMode",
    "workmail ImpersonationRoleId",
    "workmail ImpersonationRoleIds",
    "workmail NotImpersonationRoleIds",
}
"""Members with a role in their name that take no bare name of one."""


def test_every_member_of_a_write_that_is_called_a_role_takes_a_bare_name_or_says_why_not(each_service):
    raw = model(each_service)
    for operation, one in writes(each_service):
        for path, _ in places(raw, one["input"]["shape"]):
            name = [step for step in path if step not in (0, "a key")][-1]
            if SAYS_ROLE.search(name) and passes(each_service, operation, built(path, "worker")) is False:
                reasons = (each_service, name.lower()) in passed_roles._NO_IAM_ROLE, f"{each_service} {name}" in TAKES_NO_NAME
                assert any(reasons) or excused(each_service, operation, path), (operation, path)


def test_every_row_of_the_lists_is_met():
    assert set(services()) >= passed_roles._NAMED_BY_SERVICE
    for service, operation in passed_roles._TAKES_DATA:
        assert operation in operations(service), (service, operation)
    for service, member in passed_roles._NO_IAM_ROLE:
        shapes = model(service)["shapes"].values()
        assert any(name.lower() == member for shape in shapes for name in shape.get("members", {})), (service, member)
