"""Inbound signatures: what real SDKs sign is proven, and nothing else is."""

import base64
import gzip
import hashlib
import io
import itertools
import json
from dataclasses import replace
from datetime import datetime, timedelta

import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.long import one_in
from tests.kit.paths import CORPUS
from tests.kit.wire.claims import EMPTY, HELLO, KEY_ID, NOW, PLAIN, SECRET, claim_of, field, prove, read, when
from trio_gate.aws.call import Claim
from trio_gate.errors import Malformed, Unauthenticated, WrongSignature
from trio_gate.signing.sigv4 import Credentials, SigningKeys, sign
from trio_gate.signing.verify import chain_of, payload_hash_of, verify
from trio_gate.wire.aws_chunked import streamed_body
from trio_gate.wire.body_checkers import checker_for
from trio_gate.wire.head import Empty, Held, RequestHead


@pytest.fixture
def recorded(monkeypatch):
    """Calls a real botocore client and gives the bytes it would have sent."""
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "AWS_PROFILE", "AWS_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    session = botocore.session.Session()
    session.set_credentials(KEY_ID, SECRET)

    def call(service: str, operation: str, config: Config | None = None, **params) -> bytes:
        client = session.create_client(service, region_name="us-east-1", config=config)
        sent: list = []

        def catch(request, **_):
            sent.append(request)
            return AWSResponse(request.url, 500, {}, None)

        client.meta.events.register("before-send", catch)
        with pytest.raises(Exception):  # noqa: B017, PT011 - whatever botocore makes of no answer at all
            getattr(client, operation)(**params)
        return wire(sent[0])

    return call


def wire(request) -> bytes:
    target = request.url.partition("://")[2]
    host, slash, path = target.partition("/")
    body = request.body or b""
    fields = {name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()}
    fields["Host"] = host.partition("?")[0]
    data = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else body.read()
    if fields.get("Transfer-Encoding") == "chunked":
        data = b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data)
    else:
        fields["Content-Length"] = str(len(data))
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{request.method} {slash or '/'}{path} HTTP/1.1\r\n{lines}\r\n".encode() + data


CALLS = [
    ("sts", "get_caller_identity", {}),
    ("dynamodb", "get_item", {"TableName": "orders", "Key": {"id": {"S": "ü"}}}),
    ("ec2", "describe_instances", {"InstanceIds": ["i-0123456789abcdef0"]}),
    ("lambda", "invoke", {"FunctionName": "arn:aws:lambda:us-east-1:111111111111:function:f", "Payload": b"{}"}),
    ("lambda", "list_functions", {"Marker": "a b/c=&+"}),
    ("lex-models", "get_bot", {"name": "abc", "versionOrAlias": "$LATEST"}),
    ("iot-jobs-data", "start_next_pending_job_execution", {"thingName": "a:b"}),
    ("greengrass", "reset_deployments", {"GroupId": "a b/c"}),
    ("sqs", "send_message", {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/111111111111/q", "MessageBody": "x  y"}),
    ("s3", "get_object", {"Bucket": "my-bucket", "Key": "a b+c/../d//e%2F(~)é", "Range": "bytes=0-1"}),
    ("s3", "get_bucket_acl", {"Bucket": "my-bucket"}),
    ("s3", "list_objects_v2", {"Bucket": "my.bucket", "Prefix": "a/b c", "Delimiter": "/"}),
    ("s3", "delete_objects", {"Bucket": "my-bucket", "Delete": {"Objects": [{"Key": "k"}]}}),
    ("s3", "copy_object", {"Bucket": "my-bucket", "Key": "k", "CopySource": {"Bucket": "b", "Key": "é"}}),
]


@pytest.mark.parametrize(("service", "operation", "params"), CALLS, ids=[f"{call[0]}-{call[1]}" for call in CALLS])
def test_what_botocore_signs_is_proven(recorded, service, operation, params):
    raw = recorded(service, operation, **params)
    prove(raw)
    with pytest.raises(WrongSignature) as refused:
        prove(raw, secret="another")
    assert refused.value.reason.startswith("no agent here has this access key id with this secret")


@pytest.mark.parametrize("checksums", ["when_supported", "when_required"])
@pytest.mark.parametrize("signed", [True, False])
def test_uploads_that_botocore_streams_are_proven(recorded, checksums, signed):
    config = Config(request_checksum_calculation=checksums, s3={"payload_signing_enabled": signed})
    for content in (b"hello", io.BytesIO(b"hello")):
        raw = recorded("s3", "put_object", config, Bucket="my-bucket", Key="k", Body=content, Metadata={"a": "x  y"})
        prove(raw, streamed=True)


@pytest.mark.parametrize("method", ["get_object", "put_object"])
def test_presigned_requests_are_proven_while_they_live(method):
    session = botocore.session.Session()
    session.set_credentials(KEY_ID, SECRET)
    client = session.create_client("s3", region_name="us-east-1", config=Config(signature_version="s3v4"))
    url = client.generate_presigned_url(method, {"Bucket": "my-bucket", "Key": "a b"}, ExpiresIn=3600)
    host, _, target = url.removeprefix("https://").partition("/")
    head, _, _ = read(f"{method[:3].upper()} /{target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    claim = claim_of(head)
    payload = payload_hash_of(head, Empty())
    assert payload == "UNSIGNED-PAYLOAD"
    verify(head, claim, payload_hash=payload, secrets=(SECRET,), now=when(claim) + timedelta(seconds=3600))
    with pytest.raises(Unauthenticated, match="expired"):
        verify(head, claim, payload_hash=payload, secrets=(SECRET,), now=when(claim) + timedelta(seconds=3601))
    with pytest.raises(Unauthenticated, match="not yet current"):
        verify(head, claim, payload_hash=payload, secrets=(SECRET,), now=when(claim) - timedelta(seconds=901))
    longer = tuple((name, "604800" if name == "X-Amz-Expires" else value) for name, value in head.target.query)
    changed = replace(head, target=replace(head.target, query=longer))
    with pytest.raises(Unauthenticated, match="secret"):
        verify(changed, claim, payload_hash=payload, secrets=(SECRET,), now=when(claim))
    for life in ("0", "604801", "-1", "1e3", "99999999"):
        query = tuple((name, life if name == "X-Amz-Expires" else value) for name, value in head.target.query)
        changed = replace(head, target=replace(head.target, query=query))
        with pytest.raises(Unauthenticated, match="X-Amz-Expires"):
            verify(changed, claim, payload_hash=payload, secrets=(SECRET,), now=when(claim))


def signed_twice_dated(date: str, amz_date: str) -> tuple[RequestHead, Claim]:
    """A head signed well for a scope of one date, and a claim with another."""
    head, _, _ = read(b"GET /?x=1 HTTP/1.1\r\nHost: sts.us-east-1.amazonaws.com\r\n\r\n")
    credentials = Credentials(access_key_id=KEY_ID, secret_access_key=SECRET)
    made = sign(head, payload_hash=EMPTY, credentials=credentials, service="sts", region="us-east-1", now=NOW, s3=False)
    claim = claim_of(made.head)
    return made.head, replace(claim, date=date, amz_date=amz_date)


@pytest.mark.parametrize(
    ("date", "amz_date"), [("20260130", "20260131T120000Z"), ("20260131", "20260131T120001Z"), ("20260131", "20260131")]
)
def test_a_signature_has_one_date(date, amz_date):
    head, claim = signed_twice_dated("20260131", "20260131T120000Z")
    verify(head, claim, payload_hash=EMPTY, secrets=(SECRET,), now=NOW)
    head, claim = signed_twice_dated(date, amz_date)
    with pytest.raises(Unauthenticated, match="dates differ"):
        verify(head, claim, payload_hash=EMPTY, secrets=(SECRET,), now=NOW)


@pytest.mark.parametrize("name", ["clients.sample", "jsv3.sample", "botocore_variants.sample"])
def test_what_real_clients_sign_is_proven(name):
    path = CORPUS / f"{name}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"{path.name} is not beside this checkout")
    keys, proven = SigningKeys(), 0
    with gzip.open(path) as file:
        for row in map(json.loads, file):
            raw = base64.b64decode(row["request_b64"])
            if b"://" in raw.split(b" ", 2)[1] or b"x-amz-s3session-token" in raw:
                continue  # refused by the reader; signed with a session's key
            head, length, data = read(raw)
            claim = claim_of(head)
            if claim is None:
                continue
            streamed = row["operation"] in ("PutObject", "UploadPart", "PutObjectAnnotation")
            body = streamed_body(head, length) if streamed else Held(data=data)
            verify(head, claim, payload_hash=payload_hash_of(head, body), secrets=(SECRET,), now=when(claim), keys=keys)
            if streamed and row.get("body_truncated_from") is None:
                checker = checker_for(body, chain=chain_of(claim, SECRET, keys))
                checker.feed(data)
                checker.finish()
            proven += 1
    assert proven > 150


@one_in(20, "a whole corpus")
def test_botocores_signature_of_every_operation_is_proven(one_in):
    path = CORPUS / "botocore.jsonl.gz"
    if not path.exists():
        pytest.skip(f"{path.name} is not beside this checkout")
    keys, proven = SigningKeys(), 0
    with gzip.open(path) as file:
        for row in map(json.loads, itertools.islice(file, 0, None, one_in)):
            head, _, data = read(base64.b64decode(row["request_b64"]))
            claim = claim_of(head)
            if row["auth"] != "v4" or claim is None or "x-amz-s3session-token" in dict(head.headers):
                continue
            payload = head.one("x-amz-content-sha256") or hashlib.sha256(data).hexdigest()
            verify(head, claim, payload_hash=payload, secrets=(SECRET,), now=when(claim), keys=keys)
            proven += 1
    assert proven > 34_000 / one_in


def signed(head: RequestHead = PLAIN, service: str = "lambda") -> tuple[RequestHead, Claim]:
    sent = sign(
        head,
        payload_hash=HELLO,
        credentials=Credentials(access_key_id=KEY_ID, secret_access_key=SECRET),
        service=service,
        region="us-east-1",
        now=NOW,
        s3=service == "s3",
    ).head
    claim = claim_of(sent)
    assert claim is not None
    return sent, claim


def accepted(head: RequestHead, claim: Claim, *, payload: str = HELLO, secret: str = SECRET, now: datetime = NOW) -> bool:
    try:
        verify(head, claim, payload_hash=payload, secrets=(secret,), now=now)
    except Unauthenticated as fault:
        return not (fault.status == 403 and SECRET not in fault.reason)
    return True


def test_our_own_signature_is_proven():
    for service in ("lambda", "s3"):
        assert accepted(*signed(service=service))


CHANGES = {
    "method": lambda head: replace(head, method="PUT"),
    "path": lambda head: replace(head, target=replace(head.target, segments=("a", "c"))),
    "slash": lambda head: replace(head, target=replace(head.target, segments=("a/b",))),
    "query value": lambda head: replace(head, target=replace(head.target, query=(("c", "e"),))),
    "query more": lambda head: replace(head, target=replace(head.target, query=(("c", "d"), ("e", "")))),
    "query none": lambda head: replace(head, target=replace(head.target, query=())),
    "host": lambda head: field(head, "host", "iam.amazonaws.com"),
    "target": lambda head: field(head, "x-amz-target", "A.C"),
    "target gone": lambda head: field(head, "x-amz-target", None),
    "signed field": lambda head: field(head, "x-note", "m"),
    "unsigned x-amz field": lambda head: field(head, "x-amz-copy-source", "b/k"),
    "date": lambda head: field(head, "x-amz-date", "20260131T120001Z"),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("service", ["lambda", "s3"])
def test_a_changed_request_is_not_proven(name, service):
    head, claim = signed(service=service)
    assert not accepted(CHANGES[name](head), claim)


@pytest.mark.parametrize(
    "change",
    [
        {"region": "us-east-2"},
        {"service": "iam"},
        {"date": "20260130"},
        {"amz_date": "20260131T120001Z"},
        {"amz_date": "20260131T250000Z"},
        {"amz_date": "2026-01-31"},
        {"signature": "0" * 64},
        {"signature": ""},
        {"signature": "é"},
        {"signed_headers": ("x-amz-date", "x-amz-target")},
        {"signed_headers": ("host", "x-amz-date", "x-amz-target")},
        {"signed_headers": ("host", "x-absent", "x-amz-date", "x-amz-target", "x-note")},
        {"signed_headers": ("x-note", "host", "x-amz-date", "x-amz-target")},
        {"signed_headers": ("host", "host", "x-amz-date", "x-amz-target", "x-note")},
        {"signed_headers": ()},
    ],
)
def test_a_changed_claim_is_not_proven(change):
    head, claim = signed()
    assert not accepted(head, replace(claim, **change))


@pytest.mark.parametrize("amz_date", ["20260131T250000Z", "20260230T000000Z", "00000000T000000Z"])
def test_a_date_beyond_the_calendar_is_not_proven(amz_date):
    head, claim = signed()
    assert not accepted(field(head, "x-amz-date", amz_date), replace(claim, amz_date=amz_date, date=amz_date[:8]))


def test_another_body_or_secret_is_not_proven():
    head, claim = signed()
    assert not accepted(head, claim, payload=EMPTY)
    assert not accepted(head, claim, secret=SECRET + "a")
    assert not accepted(head, claim, secret="")


@pytest.mark.parametrize(("minutes", "holds"), [(-16, False), (-15, True), (0, True), (15, True), (16, False)])
def test_a_signature_is_good_for_fifteen_minutes(minutes, holds):
    assert accepted(*signed(), now=NOW + timedelta(minutes=minutes)) is holds


def test_fields_that_sdks_leave_unsigned_may_change():
    head, claim = signed()
    assert accepted(field(head, "user-agent", "v"), claim)
    assert accepted(field(head, "x-amzn-trace-id", "t"), claim)


@pytest.mark.parametrize("arrived", ["/$LATEST", "/%24LATEST"])
def test_outside_s3_the_arrived_spelling_of_the_path_is_what_was_signed(arrived):
    raw = f"GET {arrived} HTTP/1.1\r\nHost: a.amazonaws.com\r\n\r\n".encode()
    head, _, _ = read(raw)
    assert head.target.path == "/%24LATEST"
    sent, claim = signed(head)
    # `sign` signs the canonical spelling, which is what it sends.
    assert accepted(sent, claim) is (arrived == "/%24LATEST")


def test_every_byte_of_a_signed_request_counts(recorded):
    raw = recorded("dynamodb", "get_item", TableName="orders", Key={"id": {"S": "1"}})
    now = when(claim_of(read(raw)[0]))
    free = (b"User-Agent", b"Accept-Encoding", b"amz-sdk", b"Content-Length")
    top, blank, body = raw.partition(b"\r\n\r\n")
    lines = [line for line in top.split(b"\r\n") if not line.startswith(free)]
    counted = b"Content-Length: %d" % len(body)
    prove(b"\r\n".join([*lines, counted]) + blank + body, now=now)
    flips = {(row, at) for row, line in enumerate([*lines, body]) for at in range(len(line))}
    # No signature covers the key id: that its account is the agent's to name is checked elsewhere.
    (row,) = (row for row, line in enumerate(lines) if line.startswith(b"Authorization"))
    start = lines[row].index(KEY_ID.encode())
    flips -= {(row, at) for at in range(start, start + len(KEY_ID))}
    for row, at in sorted(flips):
        changed = [bytearray(line) for line in [*lines, body]]
        changed[row][at] ^= 1
        sent = b"\r\n".join([*changed[:-1], counted]) + blank + changed[-1]
        with pytest.raises((Malformed, Unauthenticated)):
            prove(sent, now=now)


@given(st.text(max_size=10), st.lists(st.text(max_size=5), max_size=3), st.text(max_size=18))
def test_any_claim_is_proven_or_refused(signature, names, amz_date):
    head, claim = signed()
    strange = replace(claim, signature=signature, signed_headers=tuple(names), amz_date=amz_date, date=amz_date[:8])
    assert not accepted(head, strange)
