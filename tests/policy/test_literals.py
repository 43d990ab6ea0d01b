"""The texts that a condition compares whole facets with."""

import pytest

from trio_gate.policy.cel import compared


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ('aws.service == "IAM"', [("aws.service", "IAM")]),
        ('"IAM" != aws.service', [("aws.service", "IAM")]),
        ('aws.access in ["read", "lists"]', [("aws.access", "read"), ("aws.access", "lists")]),
        ('"s3:Get" in aws.iam_actions', [("aws.iam_actions", "s3:Get")]),
        ('!(has(aws.session_role) && aws.region == "x") || true', [("aws.region", "x")]),
        ('aws.resources.exists(one, one == "x")', []),
        ('aws.params.Bucket == "x" || aws.service.startsWith("i") || aws.account == aws.account_name', []),
        ("aws.service ==", []),
    ],
)
def test_they_are_found_in_their_order(condition, found):
    assert compared(condition) == found
