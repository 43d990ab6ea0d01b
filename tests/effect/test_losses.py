"""How much a call takes away."""

from __future__ import annotations

import pytest

from tests.kit.aws.effects import call_of
from trio_gate.effect.losses import MIN_DAYS, SMALL, is_small, quantity


def keys(count):
    return {"Bucket": "b", "Delete": {"Objects": [{"Key": str(number)} for number in range(count)]}}


@pytest.mark.parametrize(
    ("name", "params", "small"),
    [
        ("s3.DeleteObject", {"Bucket": "b", "Key": "k"}, True),
        ("s3.DeleteObjects", keys(SMALL), True),
        ("s3.DeleteObjects", keys(SMALL + 1), False),
        ("dynamodb.DeleteItem", {"TableName": "t"}, True),
        ("dynamodb.DeleteTable", {"TableName": "t"}, False),
        ("ec2.TerminateInstances", {"InstanceIds": ["i-1"]}, False),
        ("sqs.PurgeQueue", {}, False),
        ("logs.PutRetentionPolicy", {"retentionInDays": MIN_DAYS}, True),
        ("logs.PutRetentionPolicy", {"retentionInDays": MIN_DAYS - 1}, False),
    ],
)
def test_a_few_records_are_a_small_loss(name, params, small):
    assert is_small(call_of(name, params)) is small


def test_the_longest_list_counts():
    assert quantity({}) == 1
    assert quantity({"A": [1], "B": {"C": [{"D": [1, 2, 3]}]}}) == 3
