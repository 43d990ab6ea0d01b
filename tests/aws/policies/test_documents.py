"""The policy documents among the parameters of calls: all of them, or unknown."""

from __future__ import annotations

import json

import pytest

from tests.kit.aws.meanings import ACCOUNT, OTHER, meaning
from tests.kit.aws.policies import document, shape_of, statement
from tests.kit.rules import answer
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.model.catalog import compile_service
from trio_gate.aws.policies.documents import holders_of, read_policies

POLICY = document(statement(Principal="*"))


def policies(service, operation, params):
    return meaning(service, operation, params, shape=shape_of(service, operation)).policies


@pytest.mark.parametrize(
    ("service", "operation", "params", "members"),
    [
        ("s3", "PutBucketPolicy", {"Bucket": "b", "Policy": POLICY}, ["Policy"]),
        ("iam", "PutRolePolicy", {"RoleName": "r", "PolicyName": "p", "PolicyDocument": POLICY}, ["PolicyDocument"]),
        ("iam", "CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": POLICY}, ["AssumeRolePolicyDocument"]),
        ("iam", "SimulateCustomPolicy", {"PolicyInputList": [POLICY, POLICY]}, ["PolicyInputList"] * 2),
        (
            "sqs",
            "SetQueueAttributes",
            {"QueueUrl": "q", "Attributes": {"Policy": POLICY, "DelaySeconds": "1"}},
            ["Attributes.Policy"],
        ),
        ("sqs", "SetQueueAttributes", {"QueueUrl": "q", "Attributes": {"Policy": ""}}, []),
        ("sqs", "SetQueueAttributes", {"QueueUrl": "q", "Attributes": {"DelaySeconds": "1"}}, []),
        ("sns", "CreateTopic", {"Name": "t", "Attributes": {"Policy": POLICY}}, ["Attributes.Policy"]),
        ("sns", "SetTopicAttributes", {"TopicArn": "t", "AttributeName": "Policy", "AttributeValue": POLICY}, ["AttributeValue"]),
        ("sns", "SetTopicAttributes", {"TopicArn": "t", "AttributeName": "DisplayName", "AttributeValue": "{}"}, []),
        ("kms", "CreateKey", {"Policy": POLICY}, ["Policy"]),
        ("kms", "CreateKey", {}, []),
        ("glacier", "SetVaultAccessPolicy", {"vaultName": "v", "policy": {"Policy": POLICY}}, ["policy.Policy"]),
        ("apigateway", "CreateRestApi", {"name": "a", "policy": POLICY}, ["policy"]),
        (
            "apigateway",
            "UpdateRestApi",
            {
                "patchOperations": [
                    {"op": "replace", "path": "/name", "value": "n"},
                    {"op": "replace", "path": "/policy", "value": POLICY},
                ]
            },
            ["patchOperations.value"],
        ),
        ("organizations", "CreatePolicy", {"Type": "SERVICE_CONTROL_POLICY", "Content": POLICY}, ["Content"]),
        ("organizations", "CreatePolicy", {"Type": "TAG_POLICY", "Content": '{"tags": {}}'}, []),
        ("events", "PutPermission", {"Policy": POLICY}, ["Policy"]),
        ("opensearch", "CreateDomain", {"DomainName": "d", "AccessPolicies": POLICY}, ["AccessPolicies"]),
        ("ec2", "CreateVpcEndpoint", {"VpcId": "v", "PolicyDocument": POLICY}, ["PolicyDocument"]),
        ("ec2", "RunInstances", {"ImageId": "ami-1"}, []),
        ("sts", "AssumeRole", {"RoleArn": "a", "RoleSessionName": "s", "Policy": POLICY}, ["Policy"]),
        (
            "accessanalyzer",
            "CreateAccessPreview",
            {"configurations": {"k": {"kmsKey": {"keyPolicies": {"default": POLICY}}}}},
            ["configurations.k.kmsKey.keyPolicies.default"],
        ),
        ("dynamodb", "PutItem", {"TableName": "t", "Item": {"Policy": {"S": POLICY}}}, []),
        ("elbv2", "CreateListener", {"LoadBalancerArn": "a", "SslPolicy": "ELBSecurityPolicy-2016-08"}, []),
        ("ecr", "PutLifecyclePolicy", {"repositoryName": "r", "lifecyclePolicyText": '{"rules": []}'}, []),
        ("cloudformation", "CreateStack", {"StackName": "s", "StackPolicyBody": "{}"}, []),
        ("cloudformation", "GetTemplateSummary", {"TemplateURL": "https://b.s3.amazonaws.com/t"}, []),
        ("iam", "ListRoles", {}, []),
    ],
)
def test_every_document_is_found(service, operation, params, members):
    found = policies(service, operation, params)
    assert [one["member"] for one in found] == members
    assert all(one["statements"][0]["public"] for one in found)


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("s3", "PutBucketPolicy", {"Bucket": "b", "Policy": "{"}),
        ("s3", "PutBucketPolicy", {"Bucket": "b", "Policy": ""}),
        ("s3", "PutBucketPolicy", {"Bucket": "b", "Policy": UNKNOWN}),
        ("iam", "SimulateCustomPolicy", {"PolicyInputList": [POLICY, "{}"]}),
        ("iam", "SimulateCustomPolicy", {"PolicyInputList": UNKNOWN}),
        ("iam", "SimulateCustomPolicy", {"PolicyInputList": [POLICY] * 1000}),
        ("iam", "CreatePolicy", {"PolicyName": "p", "PolicyDocument": document(statement(Resource=["x" * 100] * 1000))}),
        ("glacier", "SetVaultAccessPolicy", {"vaultName": "v", "policy": UNKNOWN}),
        ("sqs", "SetQueueAttributes", {"QueueUrl": "q", "Attributes": UNKNOWN}),
        ("sns", "SetTopicAttributes", {"TopicArn": "t", "AttributeName": "Policy"}),
        ("apigateway", "UpdateRestApi", {"patchOperations": [{"op": "replace", "path": "/policy"}]}),
        ("apigateway", "UpdateRestApi", {"patchOperations": [{"op": "add", "path": "/policy/Statement", "value": "{}"}]}),
        ("apigateway", "ImportRestApi", {"body": b"{}"}),
        ("opensearchserverless", "CreateAccessPolicy", {"policy": "[]"}),
        ("ram", "CreatePermission", {"policyTemplate": POLICY}),
        ("ec2", "ModifyVerifiedAccessGroupPolicy", {"PolicyDocument": "permit(principal,action,resource);"}),
        ("organizations", "CreatePolicy", {"Type": "NEW_POLICY", "Content": '{"tags": {}}'}),
        ("organizations", "CreatePolicy", {"Type": UNKNOWN, "Content": "{}"}),
        ("organizations", "UpdatePolicy", {"PolicyId": "p", "Content": '{"tags": {}}'}),
        ("cloudformation", "CreateStack", {"StackName": "s", "TemplateBody": "{}"}),
        ("cloudformation", "CreateChangeSet", {"StackName": "s", "TemplateURL": "https://b.s3.amazonaws.com/t"}),
        ("cloudcontrol", "CreateResource", {"TypeName": "AWS::IAM::Role", "DesiredState": "{}"}),
        ("iot", "RegisterThing", {"templateBody": "{}"}),
        ("cloudformation", "UpdateStack", {"StackName": "s", "UsePreviousTemplate": True}),
        ("cloudformation", "ExecuteChangeSet", {"ChangeSetName": "c"}),
        ("cloudformation", "UpdateStackInstances", {"StackSetName": "s"}),
        ("servicecatalog", "ProvisionProduct", {"ProvisionedProductName": "p"}),
        ("iam", "AttachRolePolicy", {"RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
        ("iam", "AttachRolePolicy", {"RoleName": "r", "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/AdministratorAccess"}),
        ("iam", "AttachUserPolicy", {"UserName": "u", "PolicyArn": UNKNOWN}),
        ("iam", "SetDefaultPolicyVersion", {"PolicyArn": "a", "VersionId": "v2"}),
        ("sso-admin", "AttachManagedPolicyToPermissionSet", {"ManagedPolicyArn": "arn:aws:iam::aws:policy/PowerUserAccess"}),
        ("sso-admin", "AttachCustomerManagedPolicyReferenceToPermissionSet", {"CustomerManagedPolicyReference": {"Name": "p"}}),
        ("iot", "AttachPolicy", {"policyName": "p", "target": "t"}),
        ("sts", "AssumeRole", {"RoleArn": "a", "PolicyArns": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]}),
    ],
)
def test_one_that_cannot_be_read_or_is_only_named_makes_all_unknown(service, operation, params):
    assert policies(service, operation, params) is UNKNOWN


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
@pytest.mark.parametrize("operation", ["AttachGroupPolicy", "AttachRolePolicy", "AttachUserPolicy"])
def test_the_policy_of_administrators_is_known_by_its_name(operation, partition):
    arn = f"arn:{partition}:iam::aws:policy/AdministratorAccess"
    [found] = policies("iam", operation, {"PolicyArn": arn})
    assert found["member"] == "PolicyArn"
    assert [one["admin"] for one in found["statements"]] == [True]


def test_a_named_policy_shares_nothing_by_itself():
    params = {"name": "s", "permissionArns": ["arn:aws:ram::aws:permission/p"], "principals": [OTHER]}
    assert meaning("ram", "CreateResourceShare", params).shares_with == (OTHER,)


def test_a_boundary_limits_and_is_no_policy_of_the_call():
    boundary = "arn:aws:iam::aws:policy/AdministratorAccess"
    assert policies("iam", "CreateRole", {"RoleName": "r", "PermissionsBoundary": boundary}) == ()


def newer(name, value, kind="string"):
    """A call of a service that a later botocore brings."""
    model = {
        "metadata": {"protocol": "json", "serviceId": "New", "apiVersion": "2030-01-01"},
        "operations": {"PutThing": {"http": {"method": "POST", "requestUri": "/"}, "input": {"shape": "In"}}},
        "shapes": {
            "In": {"type": "structure", "members": {"things": {"shape": "Things"}}},
            "Things": {"type": "list", "member": {"shape": "Thing"}},
            "Thing": {"type": "structure", "members": {name: {"shape": "Leaf"}, "next": {"shape": "Thing"}}},
            "Leaf": {"type": kind},
        },
    }
    shape = compile_service("new", model).operations["PutThing"].input
    return read_policies(holders_of("new", "PutThing", shape), {"things": [{"next": {name: value}}]})


@pytest.mark.parametrize("name", ["Policy", "policyDocument", "thingPolicy", "AccessPolicies", "PolicyText", "POLICY"])
def test_a_member_that_is_newer_than_the_lists_is_unknown(name):
    assert newer(name, POLICY) is None
    assert newer(name, "\n " + POLICY) is None
    assert newer(name, POLICY.encode(), "blob") is None
    assert newer(name, UNKNOWN) is None
    assert newer(name, "ENABLED") == ()
    assert newer("PolicyName", "{}") == ()


def test_a_document_is_shown_with_the_account_in_mind():
    text = json.dumps({"Statement": statement(Principal={"AWS": "222222222222"})})
    [shown] = policies("s3", "PutBucketPolicy", {"Bucket": "b", "Policy": text})
    assert [one["foreign"] for one in shown["statements"]] == [True]
    own = meaning(
        "s3", "PutBucketPolicy", {"Bucket": "b", "Policy": text}, shape=shape_of("s3", "PutBucketPolicy"), account="222222222222"
    )
    assert [one["foreign"] for one in own.policies[0]["statements"]] == [False]


def test_rules_read_conditions_by_operator_and_key():
    one = statement(Principal="*", Condition={"StringEquals": {"aws:SourceAccount": ["111111111111"]}})
    found = policies("s3", "PutBucketPolicy", {"Bucket": "b", "Policy": document(one)})
    asked = 'aws.policies.all(p, p.statements.all(s, has(s.conditions.StringEquals) && "111111111111" in s.conditions["StringEquals"]["aws:SourceAccount"]))'
    assert answer(asked, policies=found) is True
    assert (
        answer(
            'aws.policies.exists(p, p.member == "Policy" && p.statements.exists(s, "*" in s.principals && !s.public))',
            policies=found,
        )
        is True
    )
    assert answer("aws.policies == []", policies=()) is True
    assert answer("aws.policies.exists(p, p.statements.exists(s, s.admin))", policies=UNKNOWN) not in (True, False)
