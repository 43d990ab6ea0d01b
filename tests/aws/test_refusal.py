"""A refusal is read by SDKs as the service's own error: by botocore's parsers, and by real clients over the loopback."""

from __future__ import annotations

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import get_args

import boto3
import botocore.parsers
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.aws.refusal import guess_protocol, refuse
from trio_gate.errors import AnswerWithheld, Condition, Denied, Malformed, Overloaded, SessionOver, UpstreamError
from trio_gate.wire.head import RequestHead, Target

REASON = "rule \"no <deletes> & co\" denied this; ask 'oncall' (request req-1)"
PROTOCOLS = {
    "json": "AccessDeniedException",
    "rest-json": "AccessDeniedException",
    "smithy-rpc-v2-cbor": "AccessDeniedException",
    "query": "AccessDenied",
    "rest-xml": "AccessDenied",
    "ec2": "UnauthorizedOperation",
}


def answer(protocol, service=None, *, method="POST", status=403, code="AccessDenied", reason=REASON):
    fault = Denied(reason)
    fault.status, fault.code = status, code
    return told(fault, protocol, service, method)


def told(fault, protocol, service=None, method="POST"):
    return refuse(fault, protocol=protocol, service=service, method=method, reason=fault.reason, request_id="req-1")


def parsed(protocol, refusal):
    status, headers, body = refusal
    fields = {key.decode().lower(): value.decode() for key, value in headers}
    shape = None
    return botocore.parsers.create_parser(protocol).parse({"status_code": status, "headers": fields, "body": body}, shape)


@pytest.mark.parametrize("method", ["POST", "HEAD"])
@pytest.mark.parametrize("protocol", [*PROTOCOLS, None])
def test_programs_read_the_outcome_from_fields(protocol, method):
    pending = Denied("wait", outcome="pending", approval="q1", retry_after=60)
    for fault, expected in (
        (pending, {b"x-trio-gate-outcome": b"pending", b"x-trio-gate-approval": b"q1", b"retry-after": b"60"}),
        (Malformed("what is this"), {b"x-trio-gate-outcome": b"invalid"}),
        (UpstreamError("no route"), {b"x-trio-gate-outcome": b"unavailable"}),
        (Overloaded("no room"), {b"x-trio-gate-outcome": b"unavailable", b"retry-after": b"1"}),
        (SessionOver("has ended"), {b"x-trio-gate-outcome": b"refused"}),
        (AnswerWithheld("why"), {b"x-trio-gate-outcome": b"refused"}),
    ):
        _, fields, _ = told(fault, protocol, method=method)
        own = {name: value for name, value in fields if name.startswith(b"x-trio-gate-") or name == b"retry-after"}
        own.pop(b"x-trio-gate-reason", None)
        assert own == expected


@pytest.mark.parametrize(("protocol", "code"), PROTOCOLS.items())
def test_botocore_reads_code_reason_and_request_id(protocol, code):
    result = parsed(protocol, answer(protocol))
    assert result["Error"]["Code"] == code
    assert result["Error"]["Message"] == REASON
    assert "req-1" in str(result["ResponseMetadata"])


@pytest.mark.parametrize(("service", "start"), [("s3", b"<Error>"), ("s3control", b"<ErrorResponse><Error>")])
def test_only_s3_has_no_wrapper_and_botocore_reads_both(service, start):
    refusal = answer("rest-xml", service)
    assert refusal[2].split(b"\n", 1)[1].startswith(start)
    error = parsed("rest-xml", refusal)["Error"]
    assert (error["Code"], error["Message"]) == ("AccessDenied", REASON)


@pytest.mark.parametrize("protocol", [*PROTOCOLS, "s3", None])
def test_head_has_no_body_and_says_why_in_a_field(protocol):
    status, headers, body = answer(protocol, method="HEAD", reason="naïve\r\nx-evil: 1")
    assert (status, body) == (403, b"")
    assert dict(headers)[b"x-trio-gate-reason"] == b"na?ve??x-evil: 1"


@pytest.mark.parametrize(
    ("protocol", "status", "code", "expected"),
    [
        ("json", 400, "InvalidRequest", "ValidationException"),
        ("query", 400, "InvalidRequest", "ValidationError"),
        ("ec2", 400, "InvalidRequest", "InvalidRequest"),
        ("s3", 400, "InvalidRequest", "InvalidRequest"),
        ("json", 503, "ServiceUnavailable", "ServiceUnavailableException"),
        ("query", 502, "ServiceUnavailable", "ServiceUnavailable"),
        ("ec2", 503, "ServiceUnavailable", "Unavailable"),
        ("json", 403, "ServiceUnavailable", "AccessDeniedException"),
        ("s3", 500, "InternalFailure", "InternalError"),
        (None, 403, "AccessDenied", "AccessDeniedException"),
        ("made-up", 403, "AccessDenied", "AccessDeniedException"),
        ("s3", 411, "MissingLength", "MissingContentLength"),
        ("json", 411, "MissingLength", "ValidationException"),
        ("s3", 400, "TooLarge", "EntityTooLarge"),
        ("query", 413, "TooLarge", "RequestEntityTooLarge"),
        ("ec2", 401, "HashMismatch", "AuthFailure"),
        ("json", 400, "BadDigest", "ValidationException"),
    ],
)
def test_each_family_has_a_code_per_protocol(protocol, status, code, expected):
    refusal = answer(protocol, status=status, code=code)
    reader = {"s3": "rest-xml"}.get(protocol, protocol if protocol in PROTOCOLS else "json")
    assert parsed(reader, refusal)["Error"]["Code"] == expected
    assert refusal[0] == status


KINDS = ["json", "rest-json", "smithy-rpc-v2-cbor", "query", "rest-xml", "ec2", "s3"]
_JSONS = [("InvalidSignatureException", 400), ("InvalidSignatureException", 403), ("InvalidSignatureException", 400)]
_XMLS = [("SignatureDoesNotMatch", 403), ("SignatureDoesNotMatch", 403)]
_BAD = [*[("ValidationException", 400)] * 3, ("ValidationError", 400)]
_LARGE = [*[("RequestEntityTooLargeException", 413)] * 3, *[("RequestEntityTooLarge", 413)] * 3]
_OVER = [("ExpiredTokenException", status) for status in (400, 403, 400)]
CONDITIONS = {
    "ClockSkew": [*_JSONS, *_XMLS, ("RequestExpired", 400), ("RequestTimeTooSkewed", 403)],
    "Expired": [*_JSONS, *_XMLS, ("RequestExpired", 400), ("AccessDenied", 403)],
    "HashMismatch": [*_JSONS, *_XMLS, ("AuthFailure", 401), ("XAmzContentSHA256Mismatch", 400)],
    "BadDigest": [*_BAD, ("BadDigest", 400), ("InvalidRequest", 400), ("BadDigest", 400)],
    "MissingLength": [*_BAD, ("MissingContentLength", 411), ("InvalidRequest", 400), ("MissingContentLength", 411)],
    "TooLarge": [*_LARGE, ("EntityTooLarge", 400)],
    "SessionOver": [*_OVER, ("ExpiredToken", 403), ("ExpiredToken", 403), ("RequestExpired", 400), ("ExpiredToken", 400)],
}


@pytest.mark.parametrize("condition", get_args(Condition))
def test_each_condition_in_each_protocol(condition):
    for kind, expected in zip(KINDS, CONDITIONS[condition], strict=True):
        refusal = answer(kind, status=400, code=condition)
        said = parsed({"s3": "rest-xml"}.get(kind, kind), refusal)["Error"]["Code"]
        assert (said, refusal[0]) == expected, kind


def test_cbor_answers_carry_the_header_that_strict_clients_want():
    assert (b"smithy-protocol", b"rpc-v2-cbor") in answer("smithy-rpc-v2-cbor")[1]


@given(st.sampled_from([*PROTOCOLS, "s3"]), st.text(max_size=60), st.sampled_from(["GET", "HEAD"]))
def test_any_reason_makes_a_readable_answer(protocol, reason, method):
    refusal = answer(protocol, "s3" if protocol == "s3" else None, method=method, reason=reason)
    for key, value in refusal[1]:
        assert b"\r" not in key + value
        assert b"\n" not in key + value
    if method == "GET":
        assert "Code" in parsed({"s3": "rest-xml"}.get(protocol, protocol), refusal)["Error"]


def head(headers=(), query=(), method="POST"):
    return RequestHead(method=method, target=Target(segments=("",), query=query), headers=tuple(headers))


SCOPE = "AWS4-HMAC-SHA256 Credential=AKIA111111111111CI01/20260115/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (head([("x-amz-target", "DynamoDB_20120810.GetItem")]), "json"),
        (head([("smithy-protocol", "rpc-v2-cbor")]), "smithy-rpc-v2-cbor"),
        (head([("authorization", SCOPE.format("s3")), ("content-type", "application/json")]), "s3"),
        (head([("authorization", SCOPE.format("ec2"))]), "ec2"),
        (head([("authorization", SCOPE.format("iam"))]), "query"),
        (head([("authorization", SCOPE.format("route53"))]), "rest-xml"),
        (head([("authorization", SCOPE.format("lambda")), ("content-type", "application/json")]), "rest-json"),
        (head([("content-type", "application/x-www-form-urlencoded; charset=utf-8")]), "query"),
        (head(query=(("Action", "ListUsers"),), method="GET"), "query"),
        (head(query=(("X-Amz-Credential", "AKIA/20260115/us-east-1/s3/aws4_request"),), method="GET"), "s3"),
        (head(query=(("AWSAccessKeyId", "AKIA"), ("Signature", "x"), ("Expires", "1")), method="GET"), "s3"),
        (head([("authorization", "AWS AKIA:x")], method="GET"), "s3"),
        (head(query=(("AWSAccessKeyId", "AKIA"), ("Action", "ListDomains")), method="GET"), "query"),
        (head([("content-type", "application/x-amz-json-1.1")]), "json"),
        (head([("authorization", "Bearer x")]), None),
        *((head([("host", f"{name}.amazonaws.com")], method="GET"), "s3") for name in ("s3", "b.s3.eu-west-1", "s3-us-west-2")),
        (head([("host", "b.S3.amazonaws.com:443")], method="GET"), "s3"),
        (head([("host", "s3.example.com")], method="GET"), None),
        (head(), None),
    ],
)
def test_the_shape_is_guessed_from_the_head(seen, expected):
    assert guess_protocol(seen) == expected


@pytest.mark.parametrize(
    ("seen", "named", "expected"),
    [
        (head(), "iam", "query"),
        (head(), "lambda", "rest-json"),
        (head([("content-type", "application/json")]), "ses", "rest-json"),
        (head([("content-type", "application/x-amz-json-1.0")]), "sns", "json"),
        (head([("content-type", "application/json")]), "s3", "s3"),
        (head([("authorization", SCOPE.format("lambda"))]), "iam", "rest-json"),
        (head([("authorization", SCOPE.format("iam"))]), "lambda", "query"),
    ],
)
def test_the_connections_name_says_it_where_the_head_does_not(seen, named, expected):
    assert guess_protocol(seen, named) == expected


@contextlib.contextmanager
def gateway(refusal, seen):
    class Handler(BaseHTTPRequestHandler):
        def reply(self):
            seen.append(self.command)
            self.rfile.read(int(self.headers.get("content-length") or 0))
            status, headers, body = refusal(self.command)
            self.send_response(status)
            for key, value in headers:
                self.send_header(key.decode(), value.decode())
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = reply  # noqa: N815 - the base class's names

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


CLIENTS = [
    ("dynamodb", "json", "list_tables", {}, "AccessDeniedException"),
    ("sqs", "json", "list_queues", {}, "AccessDeniedException"),
    ("lambda", "rest-json", "list_functions", {}, "AccessDeniedException"),
    ("iam", "query", "list_users", {}, "AccessDenied"),
    ("ec2", "ec2", "describe_regions", {}, "UnauthorizedOperation"),
    ("route53", "rest-xml", "list_hosted_zones", {}, "AccessDenied"),
    ("s3", "rest-xml", "list_buckets", {}, "AccessDenied"),
    ("s3", "rest-xml", "delete_object", {"Bucket": "bucket", "Key": "key"}, "AccessDenied"),
    ("partnercentral-revenue-measurement", "smithy-rpc-v2-cbor", None, {}, "AccessDeniedException"),
]


@pytest.mark.parametrize(("service", "protocol", "call", "arguments", "code"), CLIENTS)
@pytest.mark.parametrize("status", [403, 400])
def test_a_real_client_raises_the_reason_once_and_does_not_retry(monkeypatch, service, protocol, call, arguments, code, status):
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "AWS_PROFILE", "HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    seen = []
    with gateway(lambda method: answer(protocol, service, method=method, status=status), seen) as url:
        client = boto3.session.Session().client(
            service,
            region_name="us-east-1",
            aws_access_key_id="AKIA111111111111CI01",
            aws_secret_access_key="placeholder",
            endpoint_url=url,
            config=Config(
                retries={"mode": "standard"},
                s3={"addressing_style": "path"},
                inject_host_prefix=False,
                parameter_validation=False,
            ),
        )
        operation = call or botocore.xform_name(client.meta.service_model.operation_names[0])
        with pytest.raises(ClientError) as caught:
            getattr(client, operation)(**arguments)
        client.close()
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["Error"]["Message"] == REASON
    assert caught.value.response["ResponseMetadata"]["RequestId"] == "req-1"
    assert len(seen) == 1
