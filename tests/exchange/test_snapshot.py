"""What the configuration says is ours: the accounts of every endpoint of the partition that a request is for."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.kit.aws.host_table import TABLE
from trio_gate.config.model import Endpoint
from trio_gate.exchange.snapshot import owned_by

ACCOUNTS = {
    "us-east-1": frozenset(("111111111111", "222222222222")),
    "eu-west-1": frozenset(("333333333333",)),
    "cn-north-1": frozenset(("444444444444",)),
    "xx-new-1": frozenset(("555555555555",)),
    "yy-new-1": frozenset(("666666666666",)),
}
OF_AWS = ACCOUNTS["us-east-1"] | ACCOUNTS["eu-west-1"]


@pytest.mark.parametrize(
    ("region", "ours"),
    [
        ("us-east-1", OF_AWS),
        ("eu-west-1", OF_AWS),
        ("us-west-2", OF_AWS),
        ("cn-north-1", ACCOUNTS["cn-north-1"]),
        ("us-gov-west-1", frozenset()),
        ("xx-new-1", ACCOUNTS["xx-new-1"]),
    ],
)
def test_an_account_is_ours_in_its_own_partition_alone(region, ours):
    endpoint = Endpoint(name="e", hosts=(), role="r", region=region, external_id=None, credentials=(), accounts={})
    assert owned_by(endpoint, SimpleNamespace(accounts=ACCOUNTS), TABLE).accounts == ours
