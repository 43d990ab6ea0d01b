"""Answers of S3 in every form that HTTP gives them, from an AWS that says what a test gives it: the agent gets the same."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from contextlib import contextmanager, suppress

import pytest
import trustme

from tests.kit.gateway import RULES, running
from tests.kit.wire.raw import S3, Raw, parted, request

OURS = {"connection", "keep-alive", "transfer-encoding"}
"""Fields of one connection alone."""


class Told:
    """A server of TLS on loopback that answers each request with the bytes of `answer`; `heads` and `bodies` are what it was sent."""

    def __init__(self, folder) -> None:
        authority, self.context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(S3).configure_cert(self.context)
        self.ca_file = str(folder / "told-ca.pem")
        authority.cert_pem.write_to_path(self.ca_file)
        self.server = socket.create_server(("127.0.0.1", 0))
        self.answer = b""
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def route(self) -> str:
        port = self.server.getsockname()[1]
        return f'upstream "{S3}" {{\n  address = "127.0.0.1:{port}"\n  ca_file = "{self.ca_file}"\n}}\n'

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self.server.accept()[0],), daemon=True).start()

    def _serve(self, tcp: socket.socket) -> None:
        with suppress(OSError, EOFError), self.context.wrap_socket(tcp, server_side=True) as peer:
            file = peer.makefile("rb")
            while head := self._head(file):
                length = re.search(rb"\r\ncontent-length: ([0-9]+)", head)
                self.heads.append(head)
                self.bodies.append(file.read(int(length[1])) if length else b"")
                peer.sendall(self.answer)
                if b"connection: close" in self.answer.lower():
                    peer.unwrap()
                    return

    @staticmethod
    def _head(file) -> bytes:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = file.readline()
            if not line:
                return b""
            head += line
        return head


@contextmanager
def told_in(folder):
    told = Told(folder)
    try:
        yield told
    finally:
        told.server.shutdown(socket.SHUT_RDWR)
        told.server.close()


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    with told_in(tmp_path_factory.mktemp("told")) as told:
        yield told


@pytest.fixture(scope="module")
def gate(aws, embedded_aws, tmp_path_factory):
    with running(tmp_path_factory.mktemp("answers"), embedded_aws, first=aws.route, rules=RULES) as gateway:
        yield gateway
    assert "Traceback" not in gateway.log


def ask(gate, method="GET", path="/b-1/k", body=b"", **fields):
    return request("s3", gate.doors["endpoint"], method=method, path=path, body=body, **fields)


ERROR = b'<?xml version="1.0"?>\n<Error><Code>%b</Code><Message>m</Message>%b</Error>'
WHERE = b"x-amz-bucket-region: eu-west-1\r\n"


def with_body(status: bytes, body: bytes, fields: bytes = b"") -> bytes:
    return b"HTTP/1.1 %b\r\n%bx-amz-request-id: R1\r\nContent-Length: %d\r\n\r\n%b" % (status, fields, len(body), body)


COMPLETE = b"<CompleteMultipartUpload><Part><ETag>a</ETag><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>"
ANSWERS = {
    "nothing": ({}, b'HTTP/1.1 200 OK\r\nETag: "a"\r\nContent-Length: 0\r\n\r\n'),
    "no content": ({"method": "DELETE"}, b"HTTP/1.1 204 No Content\r\nx-amz-version-id: 7\r\n\r\n"),
    "a range": ({"Range": "bytes=2-4"}, with_body(b"206 Partial Content", b"cde", b"Content-Range: bytes 2-4/9\r\n")),
    "no such range": (
        {"Range": "bytes=9-"},
        with_body(b"416 Requested Range Not Satisfiable", ERROR % (b"InvalidRange", b""), b"Content-Range: bytes */9\r\n"),
    ),
    "not modified": ({"If_None_Match": '"a"'}, b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n'),
    "not modified, with a length": (
        {"If_Modified_Since": "Sat, 31 Jan 2026 00:00:00 GMT"},
        b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 9\r\n\r\n',
    ),
    "taken already": (
        {"method": "PUT", "body": b"x", "If_None_Match": "*"},
        with_body(b"412 Precondition Failed", ERROR % (b"PreconditionFailed", b"<Condition>If-None-Match</Condition>")),
    ),
    "a race": (
        {"method": "PUT", "body": b"x", "If_Match": '"a"'},
        with_body(b"409 Conflict", ERROR % (b"ConditionalRequestConflict", b"")),
    ),
    "moved": (
        {},
        with_body(
            b"301 Moved Permanently",
            ERROR % (b"PermanentRedirect", b"<Endpoint>b-1.s3.eu-west-1.amazonaws.com</Endpoint>"),
            WHERE,
        ),
    ),
    "moved for now": (
        {"method": "PUT", "body": b"x"},
        with_body(b"307 Temporary Redirect", b"", WHERE + b"Location: https://b-1.s3.eu-west-1.amazonaws.com/k\r\n"),
    ),
    "another region": (
        {},
        with_body(b"400 Bad Request", ERROR % (b"AuthorizationHeaderMalformed", b"<Region>eu-west-1</Region>"), WHERE),
    ),
    "throttled": ({}, with_body(b"503 Slow Down", ERROR % (b"SlowDown", b""), b"x-amz-retry-after: 900\r\n")),
    "until the end": ({}, b'HTTP/1.1 200 OK\r\nETag: "a"\r\nConnection: close\r\n\r\nall there is'),
    "an error until the end": ({}, b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n" + ERROR % (b"NoSuchKey", b"")),
    "in chunks": ({}, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nall \r\n8\r\nthere is\r\n0\r\n\r\n"),
    "in chunks with a trailer": (
        {},
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nall\r\n0\r\nx-amz-checksum-crc32: AAAAAA==\r\n\r\n",
    ),
    "gzip as it was stored": ({}, with_body(b"200 OK", b"\x1f\x8bnot even gzip", b"Content-Encoding: gzip\r\n")),
    "an error in a success": (
        {"method": "POST", "path": "/b-1/k?uploadId=u", "body": COMPLETE},
        with_body(b"200 OK", b" \n \n" + ERROR % (b"InternalError", b"")),
    ),
    "an error in a copy": (
        {"method": "PUT", "x_amz_copy_source": "b-1/other"},
        with_body(b"200 OK", ERROR % (b"SlowDown", b"")),
    ),
    "an interim answer before": ({}, b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + with_body(b"200 OK", b"there")),
}


def read(raw: bytes) -> tuple[int, dict[str, str], bytes]:
    """The final answer in `raw`: its status, what it says of more than its connection, its body without chunks."""
    while raw.startswith(b"HTTP/1.1 1"):
        _, raw = parted(raw)
    head, body = parted(raw)
    line, *lines = head.decode("latin-1").strip().split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)}
    if fields.get("transfer-encoding") == "chunked":
        pieces = re.findall(rb"([0-9a-f]+)\r\n(.*?)\r\n(?=[0-9a-f]+\r\n)", body, re.DOTALL)
        assert re.search(rb"(?:^|\n)0\r\n(?:[^\r\n]+\r\n)*\r\n\Z", body), "the last chunk is there"
        body = b"".join(piece for _, piece in pieces)
    return int(line.split()[1]), {name: value for name, value in fields.items() if name not in OURS}, body


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_passes_as_it_is(gate, aws, name):
    asked, aws.answer = ANSWERS[name]
    with Raw(gate.doors["endpoint"]) as agent:
        agent.send(ask(gate, **{"Connection": "close", **asked}))
        status, fields, body = read(agent.rest())
    said, told, content = read(aws.answer)
    told = {name: value for name, value in told.items() if name != "content-length" or said != 304}
    assert (status, body) == (said, content)
    assert told.items() <= fields.items()
    assert gate.records()[-1]["outcome"]["upstream_status"] == said


@pytest.mark.parametrize(("said", "code"), [(b"200 OK", 200), (b"404 Not Found", 404), (b"301 Moved Permanently", 301)])
def test_an_answer_to_head_has_a_length_and_no_body(gate, aws, said, code):
    aws.answer = b"HTTP/1.1 %b\r\nContent-Length: 1234567\r\n%b\r\n" % (said, WHERE)
    with Raw(gate.doors["endpoint"]) as agent:
        for _ in range(2):  # on one connection, so that nothing of a body is waited for
            status, fields = agent.send(ask(gate, "HEAD")).head()
            assert (status, fields["content-length"], fields["x-amz-bucket-region"]) == (code, "1234567", "eu-west-1")


@pytest.mark.parametrize("name", [name for name in ANSWERS if "until the end" not in name and "chunks" not in name])
def test_the_connections_serve_on(gate, aws, name):
    """After any answer the next one is not mistaken for its rest."""
    asked, aws.answer = ANSWERS[name]
    with Raw(gate.doors["endpoint"]) as agent:
        status, fields = agent.send(ask(gate, **asked)).head()
        body = int(fields.get("content-length", 0)) if status not in (204, 304) else 0
        taken = b""
        while len(taken) < body:
            taken += agent.take()
        aws.answer = with_body(b"200 OK", b"next")
        assert agent.send(ask(gate)).answer().body == b"next"


CONDITIONS = ["If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Range", "If-Range"]


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition_arrives(gate, aws, name):
    aws.answer = with_body(b"200 OK", b"")
    value = "Sat, 31 Jan 2026 00:00:00 GMT" if name.endswith("Since") else "bytes=0-1" if name == "Range" else '"a"'
    with Raw(gate.doors["endpoint"]) as agent:
        agent.send(ask(gate, **{name.replace("-", "_"): value})).answer()
    assert f"\r\n{name.lower()}: {value}\r\n".encode() in aws.heads[-1]


def test_a_body_that_is_expected_comes_after_100_and_expect_goes_no_further(gate, aws):
    aws.answer = with_body(b"200 OK", b"")
    head, body = parted(ask(gate, "PUT", body=b"hello", Expect="100-continue"))
    with Raw(gate.doors["endpoint"]) as agent:
        assert agent.send(head).head() == (100, {})
        assert agent.send(body).answer().status == 200
    assert aws.bodies[-1] == b"hello"
    assert b"expect:" not in aws.heads[-1].lower()


def test_a_body_of_no_bytes_that_is_expected_gets_its_100_too(gate, aws):
    """The AWS CLI of Debian 12 waited a minute where it did not: it took the answer in place of 100 for the next one too."""
    aws.answer = with_body(b"200 OK", b"")
    with Raw(gate.doors["endpoint"]) as agent:
        for _ in range(2):
            agent.send(ask(gate, "PUT", Content_Length="0", Expect="100-continue"))
            assert agent.head() == (100, {})
            assert agent.answer().status == 200


def test_an_agent_that_does_not_wait_for_100_is_served(gate, aws):
    aws.answer = with_body(b"200 OK", b"")
    with Raw(gate.doors["endpoint"]) as agent:
        assert agent.send(ask(gate, "PUT", body=b"hello", Expect="100-continue")).answer().status == 200
    assert aws.bodies[-1] == b"hello"
