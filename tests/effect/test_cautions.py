"""What is worth a second look, and what is merely so."""

from __future__ import annotations

import pytest

from tests.kit.aws.effects import effect, reasons
from tests.kit.calls import make_call
from trio_gate.aws.call import UNKNOWN
from trio_gate.effect.cautions import pays_on
from trio_gate.effect.effect import effect_of


@pytest.mark.parametrize(
    ("name", "params", "codes"),
    [
        ("iam.CreateUser", {"UserName": "u"}, ["permissions"]),
        ("ec2.StartInstances", {"InstanceIds": ["i-1"]}, ["spends"]),
        ("ec2.StopInstances", {"InstanceIds": ["i-1"]}, ["interrupts"]),
        ("ec2.RebootInstances", {"InstanceIds": ["i-1"]}, ["interrupts"]),
        ("s3.DeleteObject", {"Bucket": "b", "Key": "k"}, ["irreversible"]),
        ("s3.PutObject", {"Bucket": "b", "Key": "k"}, []),
        ("s3.CreateBucket", {"Bucket": "b"}, []),
        ("dynamodb.UpdateItem", {"TableName": "t", "Key": {}, "ReturnConsumedCapacity": "NONE"}, []),
        ("lambda.Invoke", {"FunctionName": "f"}, ["starts"]),
        ("events.PutTargets", {"Rule": "r", "Targets": [{"Id": "1", "Arn": "arn:aws:sqs:us-east-1:111111111111:q"}]}, ["code"]),
        ("iam.DetachRolePolicy", {"RoleName": "r", "PolicyArn": "p"}, ["permissions", "interrupts", "unguards"]),
        ("kms.Decrypt", {"CiphertextBlob": b"x"}, ["secret"]),
        ("dynamodb.ExecuteStatement", {"Statement": "UPDATE t SET a = 1 WHERE k = 1"}, ["statement"]),
    ],
)
def test_what_is_worth_a_second_look(name, params, codes):
    assert reasons(name, params) == [("caution", code) for code in codes]


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"reviewed": False}, "newer"),
        ({"access": "permissions"}, "permissions"),
        ({"access": "write", "shares_with": ("10.0.0.0/8",)}, "networks"),
        ({"access": "write", "cross_account": True}, "cross_account"),
        ({"access": "write", "removes": True}, "interrupts"),
        ({"access": "write", "unguards": UNKNOWN}, "unguards"),
        ({"access": "write", "runs_code": UNKNOWN}, "code"),
    ],
)
def test_each_fact_is_a_caution(facts, code):
    found = effect_of(make_call(operation="DoThing", **facts), {})
    assert (found.level, found.reasons[0].code) == ("caution", code)


def test_the_operator_s_own_review_is_said():
    assert "operator's own review" in effect_of(make_call(reviewed=False, own_review=True), {}).reasons[0].text


def test_networks_are_not_said_beside_the_world():
    call = make_call(operation="DoThing", access="write", shares_with=("0.0.0.0/0", "10.0.0.0/8"), makes_public=True)
    assert "networks" not in [one.code for one in effect_of(call, {}).reasons]


def test_only_a_call_that_makes_something_lasting_spends():
    assert pays_on(make_call(service="ec2", operation="RunInstances"))
    assert not pays_on(make_call(service="sqs", operation="SendMessage"))
    assert not pays_on(make_call(service="s3", operation="CreateBucket"))


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({"may_expose_secrets": True}, "the answer may contain secrets that people left there"),
        ({"access": "write", "spends": True}, "the call itself is paid for"),
        ({"cross_account": UNKNOWN}, "whether it affects another account is not known"),
        ({"shares_with": UNKNOWN}, "who gets access is not known"),
    ],
)
def test_what_is_merely_so_or_cannot_be_said_is_a_fact(facts, text):
    found = effect_of(make_call(**facts), {})
    assert (found.level, [one.text for one in found.reasons]) == ("fact", [text])


def test_a_plain_read_has_nothing_to_say():
    assert effect("s3.GetBucketPolicy", {"Bucket": "b"}).level == "fact"
