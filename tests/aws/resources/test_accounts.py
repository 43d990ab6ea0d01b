"""Whose the things are that a call speaks of: every member of the model that takes an account is heard, wherever it stands."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kit.aws.meanings import ACCOUNT, OTHER, meaning, model
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.resources.owned import Owned

HERE = f"us-east-1:{ACCOUNT}"
QUEUE = f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/q"

SAID = re.compile(r"(?:aws|amazon web services)[ -]account (?:id|number|identifier)|12-digit", re.IGNORECASE)
CALLED = re.compile(r"account_?ids?$|accounts?$|account_?(?:number|identifiers?)$|owner(?:_?id)?$|principals?$", re.IGNORECASE)
DIGITS = re.compile(r"\^?\(?(?:\\d|\[0-9\])\{12\}\)?\$?")


def members(service, operation):
    """The paths to the texts of an input, each with its name and what the model says of it; a shape is entered once on a path."""
    shapes = model(service)["shapes"]
    given = model(service)["operations"][operation].get("input")
    todo = [((), given["shape"], "", "", ())] if given else []
    seen = set()
    while todo:
        path, shape, name, prose, above = todo.pop()
        kind = shapes[shape]
        if kind["type"] == "string":
            yield path, name, kind, prose + kind.get("documentation", "")
        if shape in above or (shape, name) in seen:
            continue
        seen.add((shape, name))
        if kind["type"] == "structure":
            for inner, ref in kind["members"].items():
                todo.append(((*path, inner), ref["shape"], inner, ref.get("documentation", ""), (*above, shape)))
        elif kind["type"] == "list":
            todo.append(((*path, "[]"), kind["member"]["shape"], name, prose, (*above, shape)))
        elif kind["type"] == "map":
            todo.append(((*path, "{}"), kind["value"]["shape"], name, prose, (*above, shape)))


def for_account(name, kind, prose):
    if "enum" in kind or re.search("arn", name, re.IGNORECASE):
        return False
    return bool(CALLED.search(name) or DIGITS.fullmatch(kind.get("pattern", "")) or (SAID.search(prose) and "ARN" not in prose))


def sent(path, value):
    for step in reversed(path):
        value = {"[]": [value], "{}": {"k": value}}.get(step, {step: value})
    return value


def test_every_member_for_an_account_says_whose_the_call_is(each_service):
    deaf = []
    for operation in model(each_service)["operations"]:
        for path, name, kind, prose in members(each_service, operation):
            if not for_account(name, kind, prose):
                continue
            foreign = meaning(each_service, operation, sent(path, OTHER)).cross_account
            odd = meaning(each_service, operation, sent(path, "no-such-form")).cross_account if CALLED.search(name) else UNKNOWN
            if foreign is not True or (odd is False):
                deaf.append((operation, ".".join(path), foreign, odd))
    assert deaf == []


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("ec2", "ModifyImageAttribute", {"ImageId": "ami-12345678", "LaunchPermission": {"Add": [{"UserId": OTHER}]}}),
        ("rds", "ModifyDBSnapshotAttribute", {"DBSnapshotIdentifier": "s", "ValuesToAdd": [ACCOUNT, OTHER]}),
        ("sqs", "AddPermission", {"QueueUrl": QUEUE, "AWSAccountIds": [OTHER]}),
        ("iam", "CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": json.dumps({"Principal": {"AWS": OTHER}})}),
        ("sqs", "SetQueueAttributes", {"QueueUrl": QUEUE, "Attributes": {"Policy": f'{{"AWS":"arn:aws:iam::{OTHER}:root"}}'}}),
        ("cloudformation", "CreateStack", {"StackName": "s", "TemplateBody": f"Role: arn:aws:iam::{OTHER}:role/r\n"}),
        ("made-up", "Send", {"any": {"thing": [OTHER]}}),
    ],
)
def test_an_account_of_another_is_evidence_wherever_it_stands(service, operation, params):
    assert meaning(service, operation, params).cross_account is True


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("lambda", "AddPermission", {"FunctionName": "f", "StatementId": "s", "Action": "a", "Principal": "*"}),
        ("rds", "ModifyDBSnapshotAttribute", {"DBSnapshotIdentifier": "s", "ValuesToAdd": ["all"]}),
        (
            "ec2",
            "ModifySnapshotAttribute",
            {"SnapshotId": "snap-12345678", "CreateVolumePermission": {"Add": [{"Group": "all"}]}},
        ),
        (
            "sns",
            "Subscribe",
            {"TopicArn": f"arn:aws:sns:{HERE}:t", "Protocol": "https", "Endpoint": "https://hook.example.test/"},
        ),
        ("elbv2", "ModifyLoadBalancerAttributes", {"Attributes": [{"Key": "access_logs.s3.bucket", "Value": "drop"}]}),
        ("codebuild", "StartBuild", {"projectName": "p", "artifactsOverride": {"type": "S3", "location": "drop"}}),
        ("rds", "CreateDBSubnetGroup", {"DBSubnetGroupName": "g", "SubnetIds": ["subnet-12345678"]}),
        ("appmesh", "DeleteRoute", {"meshOwner": "us"}),
    ],
)
def test_what_may_be_of_another_account_is_never_false(service, operation, params):
    assert meaning(service, operation, params).cross_account is UNKNOWN


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("ec2", "DescribeSnapshots", {"OwnerIds": ["self"]}),
        ("ec2", "DescribeImages", {"Owners": ["amazon"]}),
        ("ssm", "PutParameter", {"Name": "p", "Value": OTHER}),
        ("s3", "GetObject", {"Bucket": "b-1", "Key": OTHER, "ExpectedBucketOwner": ACCOUNT}),
        ("kinesis", "PutRecord", {"StreamName": "s", "Data": b"x", "PartitionKey": OTHER}),
        ("dynamodb", "PutItem", {"TableName": "t", "Item": {"owner": {"S": OTHER}}}),
        ("sqs", "SendMessage", {"QueueUrl": QUEUE, "MessageBody": f"arn:aws:iam::{OTHER}:root"}),
        ("lambda", "CreateFunction", {"FunctionName": "f", "Environment": {"Variables": {"OWNER": OTHER}}}),
        ("sqs", "SetQueueAttributes", {"QueueUrl": QUEUE, "Attributes": {"VisibilityTimeout": "30"}}),
    ],
)
def test_what_a_caller_stores_or_says_is_no_account(service, operation, params):
    assert meaning(service, operation, params).cross_account is False


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40), st.sampled_from(["AccountId", "Principal", "owner", "sharedWith", "UserId"]))
def test_no_text_for_an_account_is_of_the_own_one_but_its_digits(value, member):
    found = meaning("made-up", "Send", {member: value}).cross_account
    assert found is not False


OURS = "222222222222"
NAMED_BY = [
    ("sqs", "PurgeQueue", lambda one: {"QueueUrl": f"https://sqs.us-east-1.amazonaws.com/{one}/q"}),
    ("sns", "Publish", lambda one: {"TopicArn": f"arn:aws:sns:us-east-1:{one}:t", "Message": "m"}),
    ("s3", "GetObject", lambda one: {"Bucket": "b", "Key": "k", "ExpectedBucketOwner": one}),
    (
        "lambda",
        "AddPermission",
        lambda one: {"FunctionName": "f", "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": one},
    ),
    ("kms", "PutKeyPolicy", lambda one: {"KeyId": KEY, "PolicyName": "default", "Policy": policy(one)}),
]
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/01234567-89ab-cdef-0123-456789abcdef"


def policy(account):
    who = {"AWS": f"arn:aws:iam::{account}:root"}
    return json.dumps({"Statement": [{"Effect": "Allow", "Principal": who, "Action": "kms:*", "Resource": "*"}]})


@pytest.mark.parametrize(("service", "operation", "params"), NAMED_BY)
def test_a_configured_account_is_no_stranger_and_is_still_named(service, operation, params):
    ours = Owned(accounts=frozenset((OURS,)))
    found = meaning(service, operation, params(OURS), owned=ours)
    alone = meaning(service, operation, params(OURS))
    assert (found.cross_account, alone.cross_account) == (False, True)
    assert OURS in found.resource_accounts
    assert (found.resources, found.shares_with) == (alone.resources, alone.shares_with)
    assert meaning(service, operation, params(OTHER), owned=ours).cross_account is True
