"""Hosts that SDKs make from the ARN of another account's table or stream."""

import json

import pytest

from tests.kit.aws.naming import ACCOUNT, catalog, claim, head, place
from trio_gate.aws.iam.tables import Tables
from trio_gate.aws.identify import identify
from trio_gate.errors import Unidentified
from trio_gate.shell.models.packaged_data import packaged_tables
from trio_gate.wire.head import Held

OTHER, THIRD = "222222222222", "333333333333"
TABLE = f"arn:aws:dynamodb:us-east-1:{OTHER}:table/orders"
STREAM = f"arn:aws:kinesis:us-east-1:{OTHER}:stream/clicks"
KEY = {"id": {"S": "1"}}
CALLS = [
    ("DynamoDB_20120810.GetItem", {"TableName": TABLE, "Key": KEY}),
    ("DynamoDB_20120810.ListTagsOfResource", {"ResourceArn": TABLE}),
    ("DynamoDB_20120810.BatchGetItem", {"RequestItems": {TABLE: {"Keys": [KEY]}}}),
    ("DynamoDB_20120810.TransactWriteItems", {"TransactItems": [{"Put": {"TableName": TABLE, "Item": KEY}}]}),
    ("DynamoDBStreams_20120810.DescribeStream", {"StreamArn": f"{TABLE}/stream/2026-01-01T00:00:00.000"}),
    ("Kinesis_20131202.PutRecord", {"StreamARN": STREAM, "Data": "eA==", "PartitionKey": "k"}),
    ("Kinesis_20131202.DescribeStreamConsumer", {"ConsumerARN": f"{STREAM}/consumer/app:1700000000"}),
]
SERVICES = {"DynamoDB_20120810": "dynamodb", "DynamoDBStreams_20120810": "dynamodbstreams", "Kinesis_20131202": "kinesis"}
HOSTS = {"dynamodb": "ddb", "dynamodbstreams": "streams.dynamodb", "kinesis": "data-kinesis"}


def named(target: str, params: dict, account: str):
    service = SERVICES[target.partition(".")[0]]
    signed_as = "kinesis" if service == "kinesis" else "dynamodb"
    host = f"{account}.{HOSTS[service]}.us-east-1.amazonaws.com"
    where = place(service, host=host, account=account, signing_name=signed_as)
    version = "1.1" if service == "kinesis" else "1.0"
    fields = {"X-Amz-Target": target, "Content-Type": f"application/x-amz-json-{version}"}
    data = Held(data=json.dumps(params).encode())
    request = head("POST /", fields)
    return identify(request, data, place=where, claim=claim(signed_as), catalog=catalog(), tables=Tables(packaged_tables))


@pytest.mark.parametrize(("target", "params"), CALLS, ids=[target for target, _ in CALLS])
def test_a_host_of_the_arns_account_is_served_as_one_of_another_account(target, params):
    call = named(target, params, OTHER)
    assert (call.account, call.cross_account) == (ACCOUNT, True)


@pytest.mark.parametrize(("target", "params"), CALLS, ids=[target for target, _ in CALLS])
def test_a_host_of_neither_account_is_refused(target, params):
    with pytest.raises(Unidentified, match=f"the host names account {THIRD}"):
        named(target, params, THIRD)


@pytest.mark.parametrize(
    ("target", "params"),
    [
        ("DynamoDB_20120810.PutItem", {"TableName": "mine", "Item": {"id": {"S": TABLE}}}),
        ("DynamoDB_20120810.GetItem", {"TableName": STREAM, "Key": KEY}),
        ("DynamoDB_20120810.GetItem", {"TableName": f"x{TABLE}", "Key": KEY}),
        ("Kinesis_20131202.PutRecord", {"StreamName": "mine", "Data": "eA==", "PartitionKey": STREAM}),
    ],
)
def test_an_arn_elsewhere_opens_no_host(target, params):
    with pytest.raises(Unidentified, match=f"the host names account {OTHER}"):
        named(target, params, OTHER)
