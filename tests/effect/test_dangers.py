"""Dangers: each is proven, and what decides one cannot be hidden."""

from __future__ import annotations

import pytest

from tests.effect.reviewed_calls import ROLE, policy
from tests.kit.aws.effects import effect, reasons
from tests.kit.calls import make_call
from trio_gate.aws.call import UNKNOWN
from trio_gate.effect.effect import level_of


def dangers(name, params=None, **facts):
    return [code for level, code in reasons(name, params, **facts) if level == "danger"]


@pytest.mark.parametrize(
    ("name", "params", "codes"),
    [
        ("ec2.RunInstances", {"UserData": "x", "MaxCount": 1}, ["code"]),
        ("ec2.RunInstances", {"MaxCount": 1}, []),
        ("cloudformation.UpdateStack", {"StackName": "s", "UsePreviousTemplate": True}, ["code"]),
        ("cloudcontrol.UpdateResource", {"TypeName": "t", "Identifier": "i", "PatchDocument": "[]"}, ["code"]),
        ("events.PutTargets", {"Rule": "r", "Targets": [{"Id": "1", "Arn": "arn:aws:sqs:us-east-1:111111111111:q"}]}, []),
        (
            "iam.PutRolePolicy",
            {"RoleName": "r", "PolicyName": "p", "PolicyDocument": '{"Statement":[],"Statement":[]}'},
            ["admin"],
        ),
        ("iam.PutRolePolicy", {"RoleName": "r", "PolicyName": "p", "PolicyDocument": " %7B%22"}, ["admin"]),
        ("iam.PutRolePolicy", {"RoleName": "r", "PolicyName": "p", "PolicyDocument": policy()}, []),
        ("iam.PutRolePolicy", {"RoleName": "r", "PolicyName": "p", "PolicyDocument": "x" * 4096}, ["admin"]),
        ("iam.AttachRolePolicy", {"RoleName": "r", "PolicyArn": "arn:aws:iam::111111111111:policy/p"}, []),
        ("lambda.UpdateFunctionConfiguration", {"FunctionName": "f", "Role": ROLE}, ["passes_role"]),
        ("rds.CreateDBInstance", {"MasterUserPassword": "x", "PubliclyAccessible": False}, ["sets_credentials"]),
        ("rds.CreateDBInstance", {"ManageMasterUserPassword": True, "PubliclyAccessible": False}, []),
        ("ssm.PutParameter", {"Name": "n", "Type": "String"}, []),
        ("iam.UpdateAccessKey", {"AccessKeyId": "a", "Status": "Inactive"}, []),
        ("kms.Decrypt", {}, []),
    ],
)
def test_what_a_call_sends_decides(name, params, codes):
    assert [code for code in dangers(name, params) if code != "irreversible"] == codes


@pytest.mark.parametrize(
    "fact",
    [
        {"runs_code": True},
        {"makes_public": True},
        {"shares_with": ("444455556666",)},
        {"iam_actions": ("iam:PassRole",)},
        {"destroys": True},
        {"unguards": True},
    ],
)
def test_each_fact_is_one_for_a_call_that_changes_something_alone(fact):
    assert level_of(make_call(operation="DoThing", access="write", **fact)) == "danger"
    assert level_of(make_call(operation="DoThing", access="read", **fact)) == "fact"


@pytest.mark.parametrize("fact", [{"vends_credentials": True}, {"reads_secret": True}])
def test_a_read_discloses(fact):
    assert level_of(make_call(**fact)) == "danger"


@pytest.mark.parametrize("fact", ["destroys", "makes_public", "shares_with", "resources", "cross_account", "iam_actions"])
def test_what_cannot_be_said_is_a_fact(fact):
    assert level_of(make_call(access="write", **{fact: UNKNOWN})) == "fact"


def test_the_reason_names_the_member():
    texts = [one.text for one in effect("rds.DeleteDBInstance", {"SkipFinalSnapshot": True, "DBInstanceIdentifier": "d"}).reasons]
    assert texts[0] == "SkipFinalSnapshot: no snapshot is kept"


def test_a_role_is_named_and_a_stranger_is_marked():
    texts = [one.text for one in effect("lambda.UpdateFunctionConfiguration", {"FunctionName": "f", "Role": ROLE}).reasons]
    assert texts[0] == 'it passes role "app": what gets it may do all that the role may'
