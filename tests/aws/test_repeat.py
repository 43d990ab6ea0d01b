"""The same command run again: equal but for its idempotency token."""

import json
from dataclasses import replace

import pytest
from hypothesis import given

from tests.approval.kit import call
from tests.approval.test_shown import TREES
from tests.aws.naming_kit import FORM, REST_JSON, catalog, named, place, target
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.repeat import repeat_of

EC2 = "Action=RunInstances&Version=2016-11-15&ImageId=ami-1&MinCount=1&MaxCount={many}&ClientToken={token}"


def repeat(service: str, line: str, headers: dict, body: str = ""):
    """What a request gives, as its operation's shape says."""
    name = named(line, headers, body.encode(), at=place(service))
    shape = catalog().service(name.service).operations[name.operation].input
    return repeat_of(replace(call(), service=name.service, operation=name.operation, params=name.params), shape)


def ec2(token: str, many: int = 1):
    return repeat("ec2", "POST /", FORM, EC2.format(token=token, many=many))


def ec2_by_get(token: str, many: int = 1):
    return repeat("ec2", f"GET /?{EC2.format(token=token, many=many)}", {})


def dynamodb(token: str, many: int = 1):
    delete = {"Delete": {"TableName": "t", "Key": {"id": {"N": str(many)}}}}
    body = json.dumps({"TransactItems": [delete], "ClientRequestToken": token})
    return repeat("dynamodb", "POST /", target("DynamoDB_20120810.TransactWriteItems"), body)


def amp(token: str, many: int = 1):
    return repeat("amp", f"DELETE /workspaces/ws-{many}?clientToken={token}", {})


BY_SERVICE = pytest.mark.parametrize("made", [ec2, ec2_by_get, dynamodb, amp])


@BY_SERVICE
def test_the_token_is_left_out_and_nothing_else(made):
    assert made("one") == made("two")
    assert made("one") != made("one", 2)


def test_a_token_in_a_header_is_named():
    body = json.dumps({"ChannelName": "c"})
    one, other = (
        repeat("mediapackagev2", "POST /channelGroup/g/channel", {**REST_JSON, "X-Amzn-Client-Token": token}, body)
        for token in "ab"
    )
    assert one == other
    assert one.headers == {"x-amzn-client-token"}
    assert ec2("one").headers == frozenset()


def test_without_a_token_there_is_no_repeat():
    assert repeat("dynamodb", "POST /", target("DynamoDB_20120810.ListTables"), "{}") is None
    assert repeat_of(call(), None) is None


def test_what_is_not_known_is_equal_to_nothing():
    shape = catalog().service("ec2").operations["RunInstances"].input
    made = call({"ClientToken": "x", "UserData": UNKNOWN}, service="ec2", operation="RunInstances")
    assert repeat_of(made, shape) is None


def with_params(params: dict):
    shape = catalog().service("ec2").operations["RunInstances"].input
    return repeat_of(call({"ClientToken": "x", "Free": params}, service="ec2", operation="RunInstances"), shape)


@given(TREES, TREES)
def test_other_parameters_are_another_repeat(one, other):
    left, right = with_params(one), with_params(other)
    if left is not None and right is not None:
        assert (left == right) == (repr(one) == repr(other) or canon(one) == canon(other))


def canon(value) -> str:
    """The order of members says nothing."""
    if isinstance(value, dict):
        return "{" + ",".join(sorted(f"{name!r}:{canon(item)}" for name, item in value.items())) + "}"
    return "[" + ",".join(map(canon, value)) + "]" if isinstance(value, list) else repr(value)
