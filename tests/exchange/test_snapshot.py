"""What the configuration says is ours: the accounts of every endpoint of the partition that a request is for."""

from __future__ import annotations

import pytest

from tests.kit.aws.host_table import TABLE
from tests.kit.configs import BASE, MAIN, load
from trio_gate.config.model import NOTHING_SAID, Endpoint
from trio_gate.errors import Unidentified
from trio_gate.exchange.snapshot import check_place, compile_snapshot, owned_by

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
    endpoint = Endpoint(name="e", hosts=(), assume=NOTHING_SAID, region=region, credentials=(), accounts={})
    assert owned_by(endpoint, ACCOUNTS, TABLE).accounts == ours


def test_what_is_remembered_of_an_endpoint_is_that_endpoint_s():
    """Two endpoints of one generation, and the same endpoint of two, differ in what is theirs and in what they serve."""
    gateway = 'gateway {\n  state_dir = "/s"\n  listener "tls" { bind = "127.0.0.1:0" }\n}\n' + BASE
    narrow = MAIN.replace('role = "gate"', 'role = "gate"\n  hosts = ["s3.*"]\n  owned_buckets = ["ours"]')
    second = MAIN.replace('"main"', '"cn"').replace("us-east-1", "cn-north-1").replace("111111111111", "333333333333")
    second = second.replace("222222222222", "444444444444")
    place = TABLE.place("dynamodb.us-east-1.amazonaws.com")
    for text, ours, served in ((MAIN, frozenset(), True), (narrow, frozenset({"ours"}), False), (MAIN, frozenset(), True)):
        snapshot = compile_snapshot(1, load(gateway + text + second))
        main, other = snapshot.endpoints["111111111111"], snapshot.endpoints["333333333333"]
        for _ in range(2):
            assert snapshot.owned_by(main, TABLE) == owned_by(main, snapshot.accounts, TABLE)
            assert snapshot.owned_by(main, TABLE).names == ours
            assert snapshot.owned_by(other, TABLE).accounts == {"333333333333", "444444444444"}
            if served:
                assert check_place(place, main, TABLE) == place
            else:
                with pytest.raises(Unidentified, match="endpoint main"):
                    check_place(place, main, TABLE)
            with pytest.raises(Unidentified, match="aws-cn"):
                check_place(place, other, TABLE)
