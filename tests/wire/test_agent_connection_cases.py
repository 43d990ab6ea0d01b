"""The recorded requests of real clients are read; the adversarial ones are refused where the wire is the room to do it."""

import base64
import gzip
import json
from pathlib import Path

import pytest

from tests.kit.paths import CASES, CORPUS
from trio_gate.errors import GateError
from trio_gate.wire.agent_connection import AgentConnection
from trio_gate.wire.aws_chunked import streamed_body
from trio_gate.wire.body_checkers import checker_for
from trio_gate.wire.events import BodyData, BodyEnd
from trio_gate.wire.head import Streamed
from trio_gate.wire.parse import parse_connect

PUBLIC = CASES / "cases-public.jsonl"
CORPORA = [CORPUS / f"{name}.jsonl.gz" for name in ("clients.sample", "jsv3.sample", "botocore_variants.sample")]

REFUSED_HERE = {
    "auth-02-two-authorization",
    "framing-01-cl-te",
    "framing-03-te-space-colon",
    "framing-07-cl-differ",
    "framing-11-chunk-underscore",
    "framing-14-obs-fold-target",
    "framing-15-bare-lf-header",
    "framing-20-http10-chunked",
    "framing-26-host-twice",
    "framing-34-header-70k",
    "hop-01-connection-target",  # the case leaves it open
    "rest-10-invocation-type-twice",
    "s3sub-21-copy-twice",
}
"""Cases that this room refuses. All others must be read: they belong to later rooms, or are legitimate."""


def lines(path: Path) -> list[dict]:
    if not path.exists():
        pytest.skip(f"{path.name} is not beside this checkout")
    raw = path.read_bytes()
    return [json.loads(line) for line in (gzip.decompress(raw) if path.suffix == ".gz" else raw).splitlines()]


def read(raw: bytes):
    """Head and body of the first request."""
    connection = AgentConnection()
    connection.receive(raw)
    head, data = connection.next_event(), b""
    while isinstance(event := connection.next_event(), BodyData):
        data += event.data
    assert isinstance(event, BodyEnd)
    return head, connection.content_length, data


def check(body: Streamed, data: bytes) -> None:
    checker = checker_for(body)
    checker.feed(data)
    checker.finish()


def test_cases():
    refused = set()
    for case in lines(PUBLIC):
        try:
            read(base64.b64decode(case["request_b64"]))
        except GateError:
            refused.add(case["id"])
            assert "reject" in (case["expect"], *case.get("also_ok", ()))
    assert refused == REFUSED_HERE


@pytest.mark.parametrize("name", ["chunk-04-decoded-small", "chunk-18-sha-lie"])
def test_uploads_that_lie(name):
    (case,) = (case for case in lines(PUBLIC) if case["id"] == name)
    head, length, data = read(base64.b64decode(case["request_b64"]))
    with pytest.raises(GateError):
        check(streamed_body(head, length), data)


def test_connect_authorities():
    for case in lines(PUBLIC):
        host = case["sni"]
        try:
            parse_connect(f"CONNECT {case.get('connect', host + ':443')} HTTP/1.1\r\n\r\n".encode())
        except GateError:
            assert case["expect"] == "reject"


@pytest.mark.parametrize("path", CORPORA, ids=lambda path: path.name)
def test_real_clients_are_read(path):
    for row in lines(path):
        raw = base64.b64decode(row["request_b64"])
        connection = AgentConnection()
        connection.receive(raw)
        if b"://" in raw.split(b" ", 2)[1]:
            # Plain http through HTTP_PROXY: the proxy listener takes CONNECT alone.
            with pytest.raises(GateError):
                connection.next_event()
            continue
        head = connection.next_event()
        while isinstance(connection.next_event(), BodyData):
            pass
        assert head.target.segments
