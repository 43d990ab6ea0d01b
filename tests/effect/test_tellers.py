"""Sentences that no template can tell."""

from __future__ import annotations

import pytest

from tests.effect.reviewed_calls import FOREIGN, policy
from tests.kit.aws.effects import effect
from tests.kit.aws.meanings import input_of
from trio_gate.effect.tellers import TELLERS
from trio_gate.effect.templates import TEMPLATES

GROUP = "sg-01"


def rule(protocol="tcp", low=22, high=22, **who):
    return {"IpProtocol": protocol, "FromPort": low, "ToPort": high, **who}


WORLD = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ([rule(**WORLD)], "Open tcp/22 to the whole internet on sg-01"),
        ([rule(Ipv6Ranges=[{"CidrIpv6": "::/0"}])], "Open tcp/22 to the whole internet on sg-01"),
        ([rule("udp", 53, 60, **WORLD)], "Open udp/53-60 to the whole internet on sg-01"),
        ([rule("-1", **WORLD)], "Open every port to the whole internet on sg-01"),
        ([rule("tcp", 0, 65535, **WORLD)], "Open every tcp port to the whole internet on sg-01"),
        ([rule("evil from x")], "Open protocol/22 on sg-01"),
        ([rule(IpRanges=[{"CidrIp": "10.0.0.0/8"}])], "Open tcp/22 to 10.0.0.0/8 on sg-01"),
        ([rule(UserIdGroupPairs=[{"GroupId": "sg-02"}])], "Open tcp/22 to sg-02 on sg-01"),
        ([rule(**WORLD, UserIdGroupPairs=[{"GroupId": "sg-02"}])], "Open tcp/22 to the whole internet and sg-02 on sg-01"),
        ([rule(**WORLD), rule("udp", 53, 53)], "Open 2 port ranges (tcp/22, udp/53) to the whole internet on sg-01"),
    ],
)
def test_ports_and_who_may_reach_them(rules, sentence):
    assert effect("ec2.AuthorizeSecurityGroupIngress", {"GroupId": GROUP, "IpPermissions": rules}).sentence == sentence


def test_the_old_form_of_a_rule_is_told_as_the_new_one():
    params = {"GroupName": "web", "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}
    assert effect("ec2.AuthorizeSecurityGroupIngress", params).sentence == 'Open tcp/22 to the whole internet on "web"'


@pytest.mark.parametrize(
    ("name", "params", "sentence"),
    [
        (
            "ec2.RunInstances",
            {"MaxCount": 1, "MinCount": 1, "LaunchTemplate": {"LaunchTemplateId": "lt-1"}},
            "Start 1 instance by launch template lt-1",
        ),
        ("ec2.RunInstances", {"MaxCount": 2, "MinCount": 1, "ImageId": "ami-1"}, "Start 2 instances from ami-1"),
        (
            "ssm.SendCommand",
            {"DocumentName": "AWS-RunShellScript", "Targets": [{"Key": "tag:env", "Values": ["prod"]}]},
            'Run a shell script as root on all instances with "prod"',
        ),
        ("ssm.SendCommand", {"DocumentName": "my-doc", "InstanceIds": ["i-1"]}, "Run command document my-doc on instance i-1"),
        (
            "rds.DeleteDBCluster",
            {"DBClusterIdentifier": "c-1", "SkipFinalSnapshot": True},
            "Delete database c-1 without a last snapshot",
        ),
        ("rds.DeleteDBCluster", {"DBClusterIdentifier": "c-1"}, "Delete database c-1"),
        ("secretsmanager.DeleteSecret", {"SecretId": "s-1"}, "Delete secret s-1 in 30 days"),
        ("iam.CreateRole", {"RoleName": "r-1", "AssumeRolePolicyDocument": "?"}, "Create role r-1"),
        ("iam.UpdateAssumeRolePolicy", {"RoleName": "r-1", "PolicyDocument": "?"}, "Change who may assume role r-1"),
        (
            "iam.CreatePolicyVersion",
            {"PolicyArn": "arn:aws:iam::111111111111:policy/p-1", "PolicyDocument": policy()},
            "Change policy p-1",
        ),
        (
            "s3.PutBucketPolicy",
            {"Bucket": "b-1", "Policy": policy(principal={"AWS": [FOREIGN, "555566667777"]})},
            f"Set the policy of bucket b-1: for 2 accounts ({FOREIGN}, 555566667777)",
        ),
    ],
)
def test_what_is_told_by_hand(name, params, sentence):
    assert effect(name, params).sentence == sentence


def test_every_teller_is_of_an_operation_without_a_template():
    assert all(input_of(*name.split(".")) for name in TELLERS)
    assert not TELLERS.keys() & TEMPLATES.keys()


@pytest.mark.parametrize("name", TELLERS)
def test_a_call_that_sends_nothing_is_told_nevertheless(name):
    assert effect(name, {}).sentence


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"Timeout": 9}, 'Change the settings of function "f"'),
        (
            {"Environment": {"Variables": {"STAGE": "x", "LIMIT": "9"}}},
            'Replace all variables of function "f" by 2 variables ("STAGE", "LIMIT")',
        ),
        ({"Environment": {"Variables": {}}}, 'Replace all variables of function "f" by none'),
    ],
)
def test_the_variables_of_a_function_are_replaced_as_a_whole(params, sentence):
    assert effect("lambda.UpdateFunctionConfiguration", {"FunctionName": "f", **params}).sentence == sentence
