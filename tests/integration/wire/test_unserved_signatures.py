"""Ways to sign that are not served: each is refused at its head, in the service's words, with what to set instead."""

from __future__ import annotations

import re

import pytest

from tests.kit.gateway import running
from tests.kit.wire.raw import Raw, parted, request, with_field

SIGV4 = rb"(?im)^Authorization: AWS4-HMAC-SHA256"


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    with running(tmp_path_factory.mktemp("gate"), None) as gateway:
        yield gateway
    assert "Traceback" not in gateway.log


def unfinished(raw: bytes) -> bytes:
    """Its head, with a body that has no end and does not come."""
    head, _ = parted(raw)
    return re.sub(rb"(?im)^content-length: [^\r]*", b"Transfer-Encoding: chunked", head)


def upload(host: str, **fields: str) -> bytes:
    return request("s3", host, body=b"hello", method="PUT", path="/staging-data/k", **fields)


def stream(host: str) -> bytes:
    path = "/model/m/invoke-with-bidirectional-stream"
    return request("bedrock", host, body=b"x", path=path, x_amz_content_sha256="STREAMING-AWS4-HMAC-SHA256-EVENTS")


def chunks(host: str) -> bytes:
    return with_field(upload(host), "X-Amz-Content-SHA256", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER")


ASKED = {
    "sigv2": (lambda host: with_field(upload(host), "Authorization", "AWS AKIA222222222222CI01:c2lnbmF0dXJl"), "s3v4 for S3"),
    "sigv4a": (lambda host: re.sub(SIGV4, b"Authorization: AWS4-ECDSA-P256-SHA256", upload(host)), "PREFERENCE=sigv4"),
    "sigv4a chunks": (chunks, "PREFERENCE=sigv4"),
    "bearer": (lambda host: with_field(upload(host), "Authorization", "Bearer abc"), "AWS_BEARER_TOKEN_"),
    "event streams": (stream, "ConverseStream"),
}


@pytest.mark.parametrize("name", ASKED)
def test_it_is_refused_before_its_body_comes(gate, name):
    make, words = ASKED[name]
    with Raw(gate.doors["endpoint"]).send(unfinished(make(gate.doors["endpoint"]))) as raw:
        answer = raw.answer()
    assert answer.status in (400, 403, 501)
    assert words in answer.text
