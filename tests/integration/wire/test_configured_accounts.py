"""A thing of another account of the same configuration is no stranger's; whoever is in no endpoint is one, before and after a reload."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from botocore.exceptions import ClientError

from tests.kit.gateway import reload, running
from tests.kit.standins.recording import recording
from tests.kit.wire.raw import request

OWN, OURS, STRANGER = "222222222222", "111111111111", "333333333333"
SQS, IAM = "sqs.us-east-1.amazonaws.com", "iam.amazonaws.com"
RULES = """\
rule "strangers" { match = aws.cross_account || aws.policies.exists(p, p.statements.exists(s, s.foreign))  action = "deny" }
rule "shared"    { match = aws.shares_with != []  action = "allow" }
rule "own"       { match = true  action = "allow" }
"""
BODY = f"Action=PurgeQueue&Version=2012-11-05&QueueUrl=https://{SQS}/{OURS}/jobs"
MORE = '"111111111111=prod"'


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    with recording(tmp_path_factory.mktemp("aws"), SQS, IAM) as server:
        server.answer = (200, {"Content-Type": "text/xml"}, b"<R><ResponseMetadata/></R>")
        yield server


@pytest.fixture(scope="module")
def gate(aws, embedded_aws, tmp_path_factory):
    first = "".join(map(aws.route, (SQS, IAM)))
    with running(tmp_path_factory.mktemp("gate"), embedded_aws, rules=RULES, first=first) as gateway:
        yield gateway
    assert "Traceback" not in gateway.log


def trust(account):
    who = {"AWS": f"arn:aws:iam::{account}:root"}
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole"}})


CALLS = {
    "a queue by its URL": lambda account: ("sqs", "purge_queue", {"QueueUrl": f"https://{SQS}/{account}/jobs"}),
    "a role that trusts": lambda account: (
        "iam",
        "update_assume_role_policy",
        {"RoleName": "r", "PolicyDocument": trust(account)},
    ),
    "a queue by its ARN": lambda account: (
        "sqs",
        "start_message_move_task",
        {"SourceArn": f"arn:aws:sqs:us-east-1:{account}:dead"},
    ),
}


def rule_of(gate, call, account):
    service, operation, params = CALLS[call](account)
    with suppress(ClientError):
        getattr(gate.client(service), operation)(**params)
    return gate.records()[-1]["decision"]["rule"]


@pytest.mark.parametrize("call", CALLS)
def test_what_is_of_a_configured_account_passes_and_a_strangers_does_not(gate, aws, call):
    before = len(aws.seen)
    assert rule_of(gate, call, STRANGER) == "strangers"
    assert len(aws.seen) == before
    assert rule_of(gate, call, OURS) == rule_of(gate, call, OWN).replace("own", "shared" if "trusts" in call else "own")
    assert len(aws.seen) == before + 2


def test_a_reload_keeps_them_and_adds_others(gate):
    reload(gate, 'rule "own" ', 'rule "mine"', "reloaded, generation 2")
    assert rule_of(gate, "a queue by its URL", OURS) == "mine"
    reload(gate, MORE, f'{MORE}, "{STRANGER}"', "reloaded, generation 3")
    assert rule_of(gate, "a queue by its URL", STRANGER) != "strangers"
    reload(gate, f', "{STRANGER}"', "", "reloaded, generation 4")


def test_explain_knows_them_by_a_configuration_alone(gate):
    raw = request("sqs", SQS, body=BODY.encode(), content_type="application/x-www-form-urlencoded")
    for words, said in [(("--config", str(gate.config)), "no"), ((), "yes")]:
        told = gate.gate("explain", *words, input=raw.decode("latin-1"))
        assert f"accounts    {OURS}; cross-account: {said}" in told.stdout, told.stdout + told.stderr
