"""The same command run again: equal but for its idempotency token."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given

from tests.approval.test_param_tree import TREES
from tests.kit.approvals.questions import call
from tests.kit.aws.meanings import model, services
from tests.kit.aws.naming import FORM, REST_JSON, catalog, named, place, target
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.idempotency import TOKENS, TOKENS_OF, repeat_of

STAY = {
    ("athena", "NamedQueryId"),
    ("athena", "QueryExecutionId"),
    ("bedrock-agentcore", "runtimeSessionId"),
    ("chime-sdk-messaging", "CallbackId"),
    ("elementalinference", "associatedResourceName"),
}
"""Reviewed: members of the trait that say what a call acts on, or where."""

STAY_TOO = {("route53", "CallerReference")}
"""The same, of a botocore after the lists' own."""

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


def tokens_of(service: str) -> set[tuple[str, str]]:
    """The members of the trait, wherever they stand in a model."""
    shapes = model(service)["shapes"]
    members = [row for shape in shapes.values() for row in shape.get("members", {}).items()]
    return {(service, name) for name, ref in members if {**shapes[ref["shape"]], **ref}.get("idempotencyToken")}


def test_every_member_of_the_trait_was_reviewed():
    """A new one: is it a token of the request, or does it say what the call acts on? Its list is `repeat`'s or STAY."""
    found = set().union(*map(tokens_of, services()))
    left_out = {(service, member) for service, member in found if member in TOKENS | TOKENS_OF.get(service, frozenset())}
    assert found - left_out - STAY_TOO == STAY
    assert {(service, member) for service, names in TOKENS_OF.items() for member in names} <= left_out
    assert {member for _, member in left_out} >= TOKENS


def stop(query: str):
    return repeat("athena", "POST /", target("AmazonAthena.StopQueryExecution"), json.dumps({"QueryExecutionId": query}))


def session(name: str):
    headers = {"X-Amzn-Bedrock-AgentCore-Runtime-Session-Id": name, **REST_JSON}
    return repeat("bedrock-agentcore", "POST /runtimes/r/commands", headers, json.dumps({"command": "ls"}))


@pytest.mark.parametrize("made", [stop, session])
def test_what_says_on_what_a_call_acts_is_no_token_whatever_its_trait(made):
    assert made("one") is made("two") is None


def test_a_name_of_the_lists_without_the_trait_stays():
    body = json.dumps({"DomainName": "d.test", "IdempotencyToken": "x"})
    assert repeat("acm", "POST /", target("CertificateManager.RequestCertificate"), body) is None


def test_an_operation_that_nobody_reviewed_has_no_repeat():
    shape = catalog().service("ec2").operations["RunInstances"].input
    made = call({"ClientToken": "x"}, service="ec2", operation="RunInstances")
    assert repeat_of(made, shape).tokens == ("ClientToken",)
    assert repeat_of(replace(made, reviewed=False), shape) is None


def test_a_secret_by_name_by_its_arn_and_by_what_may_be_either_are_different_calls():
    arn = "arn:aws:secretsmanager:us-east-1:111111111111:secret:"
    names = ("prod", "prod-aBcDeF", f"{arn}prod", f"{arn}prod-aBcDeF", f"{arn}prod-aBcDeF-gHiJkL")

    def put(name: str, token: str):
        body = json.dumps({"SecretId": name, "SecretString": "x", "ClientRequestToken": token})
        return repeat("secretsmanager", "POST /", target("secretsmanager.PutSecretValue"), body)

    keys = [{put(name, token).sha256 for token in ("a" * 32, "b" * 32)} for name in names]
    assert [len(key) for key in keys] == [1] * len(names)
    assert len(set.union(*keys)) == len(names)
