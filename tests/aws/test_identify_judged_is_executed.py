"""What leaves is what was judged: requests of botocore, bent in their heads, are refused or mean the same when they leave.

Two second readings. Ours: the bytes that leave are parsed by the strict reader and named again. botocore's: its serializer
writes the judged parameters again, and method, path, query, bound headers and body agree with what leaves.
"""

from __future__ import annotations

import datetime
import json
import re
from dataclasses import replace
from urllib.parse import parse_qsl, unquote
from xml.etree import ElementTree

import botocore.parsers
import hypothesis.strategies as st
import pytest
from hypothesis import event, given

from tests.kit.aws.botocore_models import ACCOUNT, TEXT, inputs, service_model, spoken, wire
from tests.kit.aws.naming import catalog, claim, place
from tests.kit.long import examples
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.forwarded_headers import forwarded_headers
from trio_gate.aws.naming import body_mode, name_call
from trio_gate.errors import GateError
from trio_gate.signing.sigv4 import Credentials, sign, without_signature
from trio_gate.wire.agent_connection import AgentConnection
from trio_gate.wire.events import BodyData, BodyEnd
from trio_gate.wire.head import Empty, Held, Streamed, StreamKind
from trio_gate.wire.hop_by_hop import HOP_BY_HOP
from trio_gate.wire.upstream_connection import UpstreamConnection

SPOKEN = [
    ("dynamodb", "json"),
    ("sqs", "json"),
    ("ec2", "ec2"),
    ("iam", "query"),
    ("sts", "query"),
    ("sns", "query"),
    ("lambda", "rest-json"),
    ("apigateway", "rest-json"),
    ("schemas", "rest-json"),
    ("workspaces-web", "rest-json"),
    ("route53", "rest-xml"),
    ("cloudfront", "rest-xml"),
    ("s3", "rest-xml"),
    ("s3control", "rest-xml"),
    ("cloudwatch", "query"),
    ("cloudwatch", "smithy-rpc-v2-cbor"),
    ("codebuild", "json"),
    ("codebuild", "smithy-rpc-v2-cbor"),
]
BUCKET = "amzn-s3-demo-bucket"
HOSTS = {"s3control": {"host": f"{ACCOUNT}.s3-control.us-east-1.amazonaws.com", "account": ACCOUNT}}

BOOKKEEPING = re.compile(
    "x-amz-(?:date|security-token|content-sha256|user-agent|trailer|api-version|decoded-content-length|checksum-.*|sdk-.*)|x-amzn-.*"
    "|content-(?:type|encoding|length)|date"
)
"""Fields of the signature, the SDK and the body's framing, which no parameter holds."""

FOREIGN = [
    "x-amz-target",
    "smithy-protocol",
    "x-amz-copy-source",
    "x-amz-acl",
    "x-amz-meta-a",
    "x-amz-brand-new",
    "x-amz-account-id",
]
FOREIGN += ["x-amz-api-version", "x-amz-content-sha256", "x-amz-security-token", "x-amz-invocation-type", "x-amz-checksum-crc32"]
FOREIGN += ["x-amz-sdk-checksum-algorithm", "x-amz-decoded-content-length", "x-amz-tagging", "x-amz-bypass-governance-retention"]
OVERRIDES = [
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
    "x-original-url",
    "x-rewrite-url",
    "x-forwarded-host",
]
OVERRIDES += ["x-forwarded-for", "forwarded", "x_amz_target", "x-amz_target", "cookie", "origin", "via"]
HOPS = ["keep-alive", "te", "trailer", "proxy-connection", "proxy-authorization", "proxy-authenticate", "http2-settings"]
HOPS += ["upgrade", "transfer-encoding", "expect"]
KEYS = ["acl", "policy", "delete", "uploads", "uploadId", "partNumber", "versionId", "list-type", "tagging", "x-id", "Action"]
KEYS += [
    "Version",
    "x-amz-acl",
    "X-Amz-Acl",
    "x-amz-security-token",
    "X-Amz-Security-Token",
    "X-Amz-Date",
    "Qualifier",
    "mode",
    "new",
]
VALUES = ["", "1", "2", "true", "public-read", "DeleteItem", "TerminateInstances", "secret/key", "CRC32", "rpc-v2-cbor", "Event"]


# --- bending ------------------------------------------------------------------------------------------------------------


@st.composite
def bent(draw, method, target, fields, body):
    """The request with up to three changes to its head."""
    for _ in range(draw(st.integers(0, 3))):
        change = draw(st.sampled_from([escape, path, key, field, again, nominate, hop, case, verb, kind]))
        method, target, fields = change(draw, method, target, list(fields))
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def escape(draw, method, target, fields):
    at = draw(st.integers(1, len(target) - 1)) if len(target) > 1 else 0
    code = draw(
        st.sampled_from([f"%{ord(target[at]):02X}", f"%{ord(target[at]):02x}", "%25", "%2F", "%2e%2e", "%00", "%C0%AF", "%"])
    )
    return method, target[: max(at, 1)] + code + target[max(at, 1) + 1 :], fields


def path(draw, method, target, fields):
    before, mark, query = target.partition("?")
    added = draw(st.sampled_from(["/", "//", "/.", "/..", "/../x", ";x=1", "%2F", "%2F..", "/acl", "\\", "#"]))
    return method, draw(st.sampled_from([before + added, added + before, before.upper()])) + mark + query, fields


def key(draw, method, target, fields):
    pair = f"{draw(st.sampled_from(KEYS))}={draw(st.sampled_from(VALUES)).replace('/', '%2F')}"
    before, mark, query = target.partition("?")
    parts = draw(st.permutations([*([query] if mark else []), pair]))
    return method, f"{before}?{'&'.join(parts)}", fields


def field(draw, method, target, fields):
    fields.insert(draw(st.integers(0, len(fields))), (draw(st.sampled_from(FOREIGN + OVERRIDES)), draw(st.sampled_from(VALUES))))
    return method, target, fields


def again(draw, method, target, fields):
    name, value = draw(st.sampled_from(fields))
    return method, target, [*fields, (name, draw(st.sampled_from([value, "", "x", "gzip"])))]


def nominate(draw, method, target, fields):
    return method, target, [*fields, ("Connection", f"keep-alive, {draw(st.sampled_from(fields))[0]}")]


def hop(draw, method, target, fields):
    return (
        method,
        target,
        [*fields, (draw(st.sampled_from(HOPS)), draw(st.sampled_from(["close", "trailers", "chunked", "h2c"])))],
    )


def case(draw, method, target, fields):
    turn = draw(st.sampled_from([str.upper, str.lower, str.title]))
    return method, target, [(turn(name), value) for name, value in fields]


def verb(draw, _method, target, fields):
    return draw(st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "get", "OPTIONS"])), target, fields


def kind(draw, method, target, fields):
    name = draw(st.sampled_from(["Content-Type", "Content-Encoding"]))
    value = draw(
        st.sampled_from(
            ["application/json", "application/x-www-form-urlencoded", "text/plain", "gzip", "aws-chunked", "identity"]
        )
    )
    return method, target, [(one, kept) for one, kept in fields if one != name] + [(name, value)]


@st.composite
def asked(draw):
    """A place, and a request to it as it arrives."""
    service, protocol = draw(st.sampled_from(SPOKEN))
    models = service_model(service)
    model = models.operation_model(draw(st.sampled_from(models.operation_names)))
    params = draw(st.sampled_from(inputs(model)))
    params = spoken(params, draw(st.sampled_from([TEXT, "plain", "a b", "ü/../x", "%2F", "x;y=&z", "//", "+"])))
    line, headers, body = wire(model, params, protocol)
    method, _, target = line.partition(" ")
    at = place(service, **HOSTS.get(service, {}))
    if target.startswith(f"/{BUCKET}") and draw(st.booleans()):
        at = place(service, bucket=BUCKET, host=f"{BUCKET}.s3.us-east-1.amazonaws.com")
        target = "/" + target.removeprefix(f"/{BUCKET}").removeprefix("/")
    fields = [("Host", "agent.test"), *headers.items(), ("Content-Length", str(len(body)))]
    return at, draw(bent(method, target, fields, body))


# --- reading ------------------------------------------------------------------------------------------------------------


def read(raw):
    """Head and body of the one request in `raw`."""
    connection = AgentConnection()
    connection.receive(raw)
    head, data = connection.next_event(), b""
    while isinstance(found := connection.next_event(), BodyData):
        data += found.data
    assert isinstance(found, BodyEnd)
    return head, data


def judged(head, data, at):
    """The call that the rules see."""
    head = without_signature(head)
    scope = claim(at.candidates[0].signing_name)
    streamed = body_mode(head, place=at, claim=scope, catalog=catalog()) == "streamed"
    body = Streamed(kind=StreamKind.UNSIGNED, length=len(data), decoded_length=None) if streamed else Held(data=data)
    body = body if data or streamed else Empty()
    return head, name_call(head, body, place=at, claim=scope, catalog=catalog())


def leaving(head, call, data):
    """The bytes that go to AWS."""
    service = catalog().service(call.service)
    fields = forwarded_headers(head, service, service.operations[call.operation], call.protocol)
    out = replace(head, headers=(("host", call.candidate.host), *fields))
    signed = sign(
        out,
        payload_hash="UNSIGNED-PAYLOAD",
        credentials=Credentials(access_key_id="AKID", secret_access_key="secret", session_token="token"),
        service=call.candidate.signing_name,
        region=call.candidate.region,
        now=datetime.datetime(2026, 1, 15, tzinfo=datetime.UTC),
        s3=call.service == "s3",
    )
    upstream = UpstreamConnection()
    return upstream.send_request(signed.head, length=len(data)) + upstream.send_data(data) + upstream.send_end()


def facts(call):
    return call.service, call.operation, call.protocol, call.params, call.implied, call.account, call.candidate


def check_head(raw):
    """Nothing leaves that belongs to a connection or that only some readers know; the target has its one spelling."""
    start, *lines = raw.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    names = [line.partition(":")[0] for line in lines]
    assert not set(names) & (HOP_BY_HOP | set(OVERRIDES) | {"expect"})
    assert all(name == name.lower() for name in names)
    assert len({name for name in names if name.startswith(("x-amz", "content-"))}) == len(
        [name for name in names if name.startswith(("x-amz", "content-"))]
    )
    target = start.split(" ")[1]
    assert re.fullmatch(r"/(?:[A-Za-z0-9\-._~/?&=]|%[0-9A-F]{2})*", target)
    assert not [code for code in re.findall(r"%(..)", target) if re.fullmatch(r"[A-Za-z0-9\-._~]", chr(int(code, 16)))]
    assert not [name for name, _ in parse_qsl(target.partition("?")[2], keep_blank_values=True) if name.startswith("X-Amz-")]


# --- botocore's reading -------------------------------------------------------------------------------------------------


def restored(value, shape):
    """A judged parameter as botocore takes it."""
    if shape.type_name == "structure" and not shape.is_document_type:
        return {name: restored(item, shape.members[name]) for name, item in value.items() if item is not None}
    if shape.type_name == "list":
        return [restored(item, shape.member) for item in value]
    if shape.type_name == "map":
        return {name: restored(item, shape.value) for name, item in value.items()}
    return datetime.datetime.fromisoformat(value) if shape.type_name == "timestamp" else value


def tree(protocol, body):
    """A body without what its spelling leaves open."""
    if not body:
        return None
    if protocol in ("json", "rest-json"):
        try:
            return without_nulls(json.loads(body)) or None
        except ValueError:
            return body
    if protocol in ("query", "ec2"):
        return sorted(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
    if protocol == "smithy-rpc-v2-cbor":
        return without_nulls(botocore.parsers.RpcV2CBORParser().parse_data_item(CborStream(body))) or None
    try:
        return element(ElementTree.fromstring(body))
    except ElementTree.ParseError:
        return body


class CborStream:
    """What botocore's parser reads from."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def read(self, size):
        self.at += size
        return self.data[self.at - size : self.at]

    def peek(self, size):
        return self.data[self.at : self.at + size]


def without_nulls(value):
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def element(node):
    return node.tag.rpartition("}")[2], (node.text or "").strip(), sorted(node.attrib.values()), [element(one) for one in node]


def parts(method, target, headers, body, call):
    """Method, path, query, bound headers and body, as far as a spelling decides nothing."""
    where, _, query = target.partition("?")
    members = catalog().service(call.service).operations[call.operation].input
    modelled = {member.wire for member in (members.at("header") if members else [])}
    pairs = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] != "x-id"]
    if call.protocol in ("query", "ec2"):
        method, body, pairs = "POST", body if method == "POST" else query.encode(), []
    bound = {name: value for name, value in headers.items() if name in modelled or name.startswith("x-amz")}
    bound = {name: value for name, value in bound.items() if not BOOKKEEPING.fullmatch(name)}
    where = where if "Key" in call.params else where.removesuffix("/")
    return method, unquote(where, errors="strict"), sorted(pairs), bound, tree(call.protocol, body)


def check_by_botocore(call, raw, data, bucket):
    model = service_model(call.service).operation_model(call.operation)
    params = {name: data if value is UNKNOWN else value for name, value in call.params.items()}
    params = restored(params, model.input_shape) if model.input_shape else {}
    line, headers, body = wire(model, params, call.protocol)
    want = parts(*line.split(" ", 1), {name.lower(): value for name, value in headers.items()}, body, call)
    head, sent = raw.partition(b"\r\n\r\n")[::2]
    start, *lines = head.decode().split("\r\n")
    method, target, _ = start.split(" ")
    target = f"/{bucket}{target}" if bucket else target  # botocore's serializer knows the path form alone
    assert parts(method, target, dict(line.split(": ", 1) for line in lines), sent, call) == want


# --- the property -------------------------------------------------------------------------------------------------------


def execute(at, raw):
    """Judge a request and send it; the call, None where it is refused."""
    try:
        head, data = read(raw)
        head, call = judged(head, data, at)
    except GateError:
        return None
    out = leaving(head, call, data)
    check_head(out)
    again, body = read(out)
    assert again.target.arrived == again.target.path
    assert body == data
    assert facts(judged(again, body, at)[1]) == facts(call)
    check_by_botocore(call, out, data, at.bucket)
    return call


@pytest.mark.parametrize(("service", "protocol"), SPOKEN, ids=str)
def test_a_request_as_botocore_writes_it_is_sent(service, protocol):
    models = service_model(service)
    model = models.operation_model(models.operation_names[0])
    line, headers, body = wire(model, inputs(model)[1], protocol)
    fields = {"Host": "agent.test", **headers, "Content-Length": str(len(body))}
    raw = "\r\n".join([f"{line} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]).encode() + b"\r\n\r\n" + body
    assert execute(place(service, **HOSTS.get(service, {})), raw).operation == model.name


@examples(6)
@given(asked())
def test_a_bent_request_is_refused_or_means_the_same_when_it_leaves(request):
    event("sent" if execute(*request) else "refused")
