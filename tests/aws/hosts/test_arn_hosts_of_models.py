"""Every service whose endpoint rules make a host from an ARN or from an account, as the installed botocore makes it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from urllib.parse import urlsplit

import botocore
import botocore.session
import pytest
from botocore.config import Config

from tests.kit.aws.botocore_models import inputs, service_model
from tests.kit.aws.naming import ACCOUNT, catalog, claim
from tests.kit.aws.naming import head as request
from trio_gate.aws.claim import read_claim
from trio_gate.aws.hosts.table import HostTable
from trio_gate.aws.iam.tables import Tables
from trio_gate.aws.identify import identify
from trio_gate.errors import GateError
from trio_gate.shell.models.packaged_data import packaged_hosts, packaged_tables
from trio_gate.signing.sigv4 import without_signature
from trio_gate.wire.head import Empty, Held
from trio_gate.wire.parse import parse_request_head

OTHER = "222222222222"
STREAM = f"arn:aws:kinesis:us-east-1:{OTHER}:stream/clicks"
TABLE = f"arn:aws:dynamodb:us-east-1:{OTHER}:table/orders"
BUS = f"arn:aws:events:us-east-1:{OTHER}:event-bus/b"
LOG = f"{TABLE}/stream/2026-01-01T00:00:00.000"

SERVED = {
    "dynamodb": dict.fromkeys(
        [
            *("BackupArn", "BulkOperationArn", "ExportArn", "GlobalTableName", "ImportArn", "ResourceArn", "TableArn"),
            *("TableName", "TargetTableName"),
        ],
        TABLE,
    ),
    "dynamodbstreams": {"StreamArn": LOG, "ShardIterator": f"{LOG}|1|AAAAAAAAAAGx"},
    "eventbridgev2": {"EventBusArn": BUS, "ResourceArn": BUS},
    "kinesis": {
        "StreamARN": STREAM,
        "ResourceARN": STREAM,
        "ConsumerARN": f"{STREAM}/consumer/app:1700000000",
        "ChannelARN": f"arn:aws:kinesis:us-east-1:{OTHER}:channel/c1",
        "QueueARN": f"arn:aws:kinesis:us-east-1:{OTHER}:queue/q1",
    },
}
"""By service, the members that its rules read, with another account's ARN for each."""

NO_ACCOUNT = {"kinesis": {"StreamId"}}
"""Members that its rules read, too, and that name no account."""

REFUSED = {
    "cloudfront-keyvaluestore": "its hosts are signed for with SigV4A, which is refused in words (tests/aws/test_claim.py)",
    "s3": "an access point of another account than the key's is refused, and docs/limits.md says so",
    "s3control": "its hosts and headers name the account that is called, which is the key's or refused",
}

HOSTS = [
    f"shared-{OTHER}.s3-accesspoint.us-east-1.amazonaws.com",
    f"shared-{OTHER}.s3-object-lambda.us-east-1.amazonaws.com",
    f"shared-{OTHER}.op-01ac5d28a6a232904.s3-outposts.us-east-1.amazonaws.com",
    f"{OTHER}.s3-control.us-east-1.amazonaws.com",
    f"{OTHER}.cloudfront-kvs.global.api.aws",
]

ARN_PARSERS = ("aws.parseArn", "AWS::Auth::AccountId")
TABLES, TABLE_OF_HOSTS = Tables(packaged_tables), HostTable(packaged_hosts())


def rule_sets():
    for path in (Path(botocore.__file__).parent / "data").glob("*/*/endpoint-rule-set-1.json.gz"):
        yield path.parent.parent.name, json.loads(gzip.decompress(path.read_bytes()))


def test_every_service_is_served_or_refused_with_a_reason():
    found = {name for name, rules in rule_sets() if any(word in json.dumps(rules) for word in ARN_PARSERS)}
    assert found == SERVED.keys() | REFUSED.keys()


def members(service):
    """Operations with the members that the service's rules read."""
    model = service_model(service)
    for name in model.operation_names:
        for one in model.operation_model(name).context_parameters:
            yield name, one.member_name


@pytest.mark.parametrize("service", SERVED)
def test_every_member_is_known(service):
    assert {member for _, member in members(service)} == SERVED[service].keys() | NO_ACCOUNT.get(service, set())


class CaughtError(Exception):
    """A request stays here."""


@pytest.fixture(scope="module")
def sent():
    """What botocore sends for a call, as a head and a body."""
    session = botocore.session.Session()
    caught: list = []

    def catch(request, **_):
        caught.append(request)
        raise CaughtError

    def send(service, operation, params):
        keys = {"aws_access_key_id": f"AKIA{ACCOUNT}XXXX", "aws_secret_access_key": "x", "aws_account_id": ACCOUNT}
        client = session.create_client(service, "us-east-1", config=Config(parameter_validation=False), **keys)
        client.meta.events.register("before-send", catch)
        with pytest.raises(CaughtError):
            client._make_api_call(operation, params)
        request = caught.pop()
        target = urlsplit(request.url)
        query = f"?{target.query}" if target.query else ""
        fields = {name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()}
        lines = "".join(f"{name}: {value}\r\n" for name, value in {**fields, "Host": target.netloc}.items())
        body = request.body.encode() if isinstance(request.body, str) else request.body
        return parse_request_head(f"{request.method} {target.path}{query} HTTP/1.1\r\n{lines}\r\n".encode()), body

    return send


@pytest.mark.parametrize("service", SERVED)
def test_hosts_made_from_another_accounts_arn_are_named_as_its(service, sent):
    arns, seen = SERVED[service], set()
    for operation, member in members(service):
        if member in seen or member not in arns:
            continue
        seen.add(member)
        required, _ = inputs(service_model(service).operation_model(operation))
        head, body = sent(service, operation, {**required, member: arns[member]})
        host = head.one("host")
        assert host.startswith(OTHER) or member in ("ChannelARN", "QueueARN"), member
        place = TABLE_OF_HOSTS.place(host)
        catalog().ensure([one.service for one in place.candidates])
        content = Held(data=body) if body else Empty()
        words = {"place": place, "claim": read_claim(head), "catalog": catalog(), "tables": TABLES}
        call = identify(without_signature(head), content, **words)
        assert (call.service, call.operation, call.account, call.cross_account) == (service, operation, ACCOUNT, True), member
    assert seen == arns.keys()


def named_at(host):
    """A GET there, signed for that host."""
    place = TABLE_OF_HOSTS.place(host)
    catalog().ensure([one.service for one in place.candidates])
    scope = claim(place.candidates[0].signing_name, region=place.candidates[0].region)
    control = "s3-control" in host
    head = request(
        "GET /v20180820/configuration/publicAccessBlock" if control else "GET /k", {"x-amz-account-id": OTHER} if control else {}
    )
    return identify(head, Empty(), place=place, claim=scope, catalog=catalog(), tables=TABLES)


@pytest.mark.parametrize("host", HOSTS)
def test_hosts_of_another_account_elsewhere_are_refused(host):
    with pytest.raises(GateError, match=f"account {OTHER}|not served|no service|SigV4A"):
        named_at(host)


@pytest.mark.parametrize("host", HOSTS[:2])
def test_access_points_of_the_keys_account_are_served(host):
    assert named_at(host.replace(OTHER, ACCOUNT)).operation == "GetObject"
