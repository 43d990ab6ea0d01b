"""Tables and streams of another account by their ARN: SDKs make the host from it, and a rule can allow the call."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.kit.gateway import running
from tests.kit.standins.recording import recording

OTHER = "333333333333"
FRONTS = ["ddb", "streams-ddb", "data-kinesis", "control-kinesis"]
HOSTS = [f"{OTHER}.{front}.us-east-1.amazonaws.com" for front in FRONTS]
TABLE = f"arn:aws:dynamodb:us-east-1:{OTHER}:table/orders"
STREAM = f"arn:aws:kinesis:us-east-1:{OTHER}:stream/clicks"
RULES = """\
rule "reads" { match = aws.cross_account && aws.access in ["read", "list"]  action = "allow" }
rule "puts"  { match = aws.cross_account && aws.action == "PutRecord"       action = "allow" }
"""
CALLS = {
    "a table": ("dynamodb", "get_item", {"TableName": TABLE, "Key": {"id": {"S": "1"}}}),
    "a batch": ("dynamodb", "batch_get_item", {"RequestItems": {TABLE: {"Keys": [{"id": {"S": "1"}}]}}}),
    "a table's stream": ("dynamodbstreams", "describe_stream", {"StreamArn": f"{TABLE}/stream/2026-01-01T00:00:00.000"}),
    "a stream": ("kinesis", "put_record", {"StreamARN": STREAM, "Data": b"x", "PartitionKey": "k"}),
    "a stream's facts": ("kinesis", "describe_stream_summary", {"StreamARN": STREAM}),
    "its consumer": ("kinesis", "describe_stream_consumer", {"ConsumerARN": f"{STREAM}/consumer/app:1700000000"}),
}


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    with recording(tmp_path_factory.mktemp("aws"), *HOSTS) as server:
        server.answer = (200, {"Content-Type": "application/json"}, b"{}")
        yield server


@pytest.fixture(scope="module")
def gate(aws, embedded_aws, tmp_path_factory):
    first = "".join(map(aws.route, HOSTS))
    with running(tmp_path_factory.mktemp("gate"), embedded_aws, rules=RULES, first=first) as gateway:
        yield gateway
    assert "Traceback" not in gateway.log


@pytest.mark.parametrize("call", CALLS)
def test_a_rule_can_allow_a_call_by_another_accounts_arn(gate, aws, call):
    service, operation, params = CALLS[call]
    getattr(gate.client(service), operation)(**params)
    assert aws.seen[-1].headers["host"].startswith(OTHER)
    assert gate.records()[-1]["decision"]["rule"] == ("puts" if operation == "put_record" else "reads")


def test_no_rule_none_passes(gate, aws):
    before = len(aws.seen)
    for service, operation, params in [
        ("dynamodb", "delete_item", {"TableName": TABLE, "Key": {"id": {"S": "1"}}}),
        ("kinesis", "delete_stream", {"StreamARN": STREAM}),
    ]:
        with pytest.raises(ClientError, match="no rule"):
            getattr(gate.client(service), operation)(**params)
    assert len(aws.seen) == before
