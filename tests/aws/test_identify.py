"""From bytes to a Call: name and meaning together, and the corpora of real requests."""

from __future__ import annotations

import base64
import collections
import gzip
import importlib.util
import json
import re

import pytest

from tests.kit.aws.naming import ACCOUNT, catalog, claim, head, place, target
from tests.kit.paths import CORPUS
from trio_gate.aws.call import UNKNOWN, Candidate, Place
from trio_gate.aws.iam.tables import Tables
from trio_gate.aws.identify import identify
from trio_gate.aws.naming import body_mode, name_call
from trio_gate.aws.routing.route import Ambiguous
from trio_gate.errors import Unidentified
from trio_gate.shell.models.packaged_data import packaged_tables
from trio_gate.wire.head import Empty, Held, Streamed, StreamKind
from trio_gate.wire.parse import parse_request_head

TABLES = Tables(packaged_tables)


def call_of(line, headers, body, at, service):
    return identify(head(line, headers), body, place=at, claim=claim(service), catalog=catalog(), tables=TABLES)


def test_a_call_of_dynamodb():
    at = place("dynamodb")
    call = call_of("POST /", target("DynamoDB_20120810.GetItem"), Held(data=b'{"TableName":"orders"}'), at, "dynamodb")
    assert (call.service, call.operation, call.protocol, call.iam_action) == ("dynamodb", "GetItem", "json", "dynamodb:GetItem")
    assert (call.account, call.region, call.partition, call.method, call.path) == (ACCOUNT, "us-east-1", "aws", "POST", "/")
    assert call.params == {"TableName": "orders"}
    assert call.resource == f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/orders"
    assert call.access == "read"
    assert call.cross_account is False


def test_a_call_of_s3_whose_body_streams():
    at = place("s3")
    body = Streamed(kind=StreamKind.UNSIGNED, length=5, decoded_length=5)
    call = call_of("PUT /bucket/a%20k", {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, body, at, "s3")
    assert (call.operation, call.resource, call.params["Body"]) == ("PutObject", "arn:aws:s3:::bucket/a k", UNKNOWN)
    assert call.path == "/bucket/a%20k"


def test_a_queue_in_the_path_is_the_resource():
    line = "GET /222222222222/jobs?Action=SendMessage&Version=2012-11-05&MessageBody=hi"
    call = call_of(line, {}, Empty(), place("sqs", host="sqs.us-east-1.amazonaws.com"), "sqs")
    assert "QueueUrl" not in call.params
    assert call.resource_accounts in (("222222222222",), UNKNOWN)


def test_ambiguity_is_a_refusal():
    assert issubclass(Ambiguous, Unidentified)


# --- the corpora --------------------------------------------------------------------------------------------------------

STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?Z")


def scorer():
    spec = importlib.util.spec_from_file_location("corpus_score", CORPUS / "score.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(name):
    path = CORPUS / f"{name}.jsonl.gz"
    if not path.exists():
        pytest.skip("the corpora are not beside this checkout, so no real request is named")
    with gzip.open(path, "rt") as lines:
        return [json.loads(line) for line in lines]


def shown(value):
    """Values as the corpus writes them, timestamps to the second."""
    if value is UNKNOWN:
        return {"$stream": True}
    if isinstance(value, bytes):
        return {"$b64": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return value["$ts"][:19] if set(value) == {"$ts"} else {key: shown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shown(item) for item in value]
    return value[:19] if isinstance(value, str) and STAMP.fullmatch(value) else value


def region_of(row):
    return {"US": "us-east-1"}.get(row["signing_region"], row["signing_region"]) or row["region"]


def services_by_host(*names):
    """Stands in for the host table: the services that the corpora themselves show at a host."""
    found = collections.defaultdict(set)
    for name in names:
        for row in rows(name):
            found[row["host"]].add((row["service"], row["signing_name"], region_of(row)))
    return found


def bucket_of(row):
    label = re.match(r"(.+?)\.s3[.-]", row["host"])
    if row["service"] != "s3" or row["host"].startswith(("s3.", "s3-", "s3express-control")):
        return None
    return (row["params"] or {}).get("Bucket") or (label and label[1])


def dechunked(data):
    content = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        length = int(size, 16)
        content, data = content + data[:length], data[length + 2 :]
        if not length:
            break
    return content


def name_row(row, services):
    raw = base64.b64decode(row["request_b64"])
    end = raw.index(b"\r\n\r\n") + 4
    request, data = parse_request_head(raw[:end]), raw[end:]
    if request.one("transfer-encoding"):
        data = dechunked(data)
    candidates = tuple(
        Candidate(service=service, host=row["host"], partition="aws", region=region, signing_name=signing_name)
        for service, signing_name, region in sorted(services[row["host"]])
    )
    at = Place(host=row["host"], candidates=candidates, bucket=bucket_of(row))
    catalog().ensure(one.service for one in candidates)
    scope = claim(row["signing_name"], region=region_of(row))
    if body_mode(request, place=at, claim=scope, catalog=catalog()) == "streamed":
        body = Streamed(kind=StreamKind.UNSIGNED, length=len(data), decoded_length=None)
    else:
        body = Held(data=data) if data else Empty()
    return name_call(request, body, place=at, claim=scope, catalog=catalog())


@pytest.mark.parametrize("corpus", ["jsv3.sample", "botocore_variants.sample"])
def test_real_requests_are_named_and_read(corpus):
    score = scorer() if CORPUS.exists() else None
    services = services_by_host("jsv3.sample", "botocore_variants.sample")
    wrong = []
    for row in rows(corpus):
        if score.optional(row):
            continue
        call = name_row(row, services)
        truth = {**row, "params": shown(row["params"])}
        right = call.operation in {row["operation"], score.DEPRECATED.get(row["operation"])}
        right &= score.same_service(row["service"], call.service)
        right &= row["params"] is None or score.same_params(truth, shown(dict(call.params)), row["service"] != call.service)
        if not right:
            wrong.append((row["id"], call.service, call.operation))
    assert wrong == []
