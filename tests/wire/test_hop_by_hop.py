"""Which fields of an answer reach the agent."""

import pytest

from trio_gate.wire.hop_by_hop import response_headers


@pytest.mark.parametrize(
    "name",
    [
        b"connection",
        b"keep-alive",
        b"transfer-encoding",
        b"content-length",
        b"te",
        b"trailer",
        b"upgrade",
        b"proxy-authenticate",
        b"www-authenticate",
        b"set-cookie",
        b"alt-svc",
        b"x-amz-security-token",
    ],
)
def test_fields_that_stop_here(name):
    assert response_headers([(name, b"a"), (b"etag", b"e")]) == [(b"etag", b"e")]


def test_fields_that_pass_in_order():
    fields = [
        (b"x-amz-request-id", b"1"),
        (b"x-amz-bucket-region", b"eu-west-1"),
        (b"location", b"https://b.s3.eu-west-1.amazonaws.com/"),
        (b"content-encoding", b"gzip"),
        (b"x-amz-meta-a", b"\xff"),
        (b"date", b"x"),
    ]
    assert response_headers(fields) == fields


def test_nominated_fields_stop_here():
    fields = [(b"connection", b"close, X-Hop"), (b"x-hop", b"a"), (b"etag", b"e"), (b"connection", b"X-Last"), (b"x-last", b"b")]
    assert response_headers(fields) == [(b"etag", b"e")]
