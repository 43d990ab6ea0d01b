"""Hints of what a call may cost."""

import pytest

from tests.kit.approvals.questions import call
from trio_gate.approval.risks import risks, words
from trio_gate.aws.call import UNKNOWN


@pytest.mark.parametrize(
    ("operation", "text"),
    [
        ("DeleteObjects", "delete objects"),
        ("RunInstances", "run instances"),
        ("GetEC2InstanceRecommendations", "get EC2 instance recommendations"),
        ("PutBucketACL", "put bucket ACL"),
        ("ListObjectsV2", "list objects V2"),
    ],
)
def test_an_operation_in_words(operation, text):
    assert words(operation) == text


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"vends_credentials": True}, "vends"),
        ({"presigned": 60}, "presigned"),
        ({"reads_secret": True}, "secret"),
        ({"operation": "TerminateInstances"}, "irreversible"),
        ({"access": "permissions"}, "permissions"),
        ({"cross_account": True}, "cross_account"),
        ({"cross_account": UNKNOWN}, "cross_account_unknown"),
        ({"iam_action": None}, "unnamed"),
        ({"iam_actions": UNKNOWN}, "unnamed"),
        ({"params": {"ACL": "public-read"}}, "public"),
        ({"params": {"IpPermissions": [{"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}}, "public"),
        ({"params": {"Policy": '{"Statement":[{"Principal": {"AWS": "*"}}]}'}}, "public"),
        ({"params": {"Policy": '{"Statement":[{"Principal":"*"}]}'}}, "public"),
        ({"params": {"Policy": '{"Statement":[{"Pr\\u0069ncipal":"\\u002a"}]}'}}, "public"),
        ({"params": {"Policy": '{"Statement":{"Principal":{"AWS":["arn:aws:iam::111111111111:root","*"]}}}'}}, "public"),
        ({"params": {"Template": 'Policy: {"Principal": "*"}'}}, "public"),
        ({"params": {"Template": 'Policy: {"Principal"' + " " * 1001 + ':"*"}'}}, "public"),
        ({"params": {"Template": 'Policy: {"AWS":' + " " * 1001 + '["*"]}'}}, "public"),
        ({"params": {"Template": 'Policy: {"AWS": [' + " " * 1001 + '"*"]}'}}, "public"),
        ({"params": {"PubliclyAccessible": True}}, "public"),
    ],
)
def test_each_hint(changes, code):
    template = 'Policy: {"Principal" ' + " " * 500 + ':"app", "AWS": ["app"]}'
    quiet = {"operation": "PutObject", "params": {"Key": "*", "PubliclyAccessible": False, "Template": template}}
    assert [risk.code for risk in risks(call(**{**quiet, **changes}))] == [code]
    assert risks(call(**quiet)) == ()


def test_how_long_a_signature_works_is_said():
    (found,) = risks(call(operation="PutObject", params={}, presigned=60))
    assert "without the gateway, for 60 seconds" in found.text
