"""Bytes as an agent may send them: connections without a client library, and requests signed by botocore as text."""

from __future__ import annotations

import re
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from urllib3.util.ssltransport import SSLTransport

from scripts.embedded.aws import ACCOUNTS, REGION
from tests.kit.gateway import SECRET

if TYPE_CHECKING:
    from tests.kit.gateway import Gateway

PATIENCE = 60
"""Seconds until a test gives up on a peer that says nothing."""

STS = "sts.us-east-1.amazonaws.com"
S3 = "s3.us-east-1.amazonaws.com"
DYNAMODB = "dynamodb.us-east-1.amazonaws.com"

WHO = b"Action=GetCallerIdentity&Version=2011-06-15"


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    fields: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Raw:
    """A connection: TCP, and TLS over it from when it is asked for. `source` is the local address to come from."""

    def __init__(self, address: str, *, source: str = "") -> None:
        host, _, port = address.rpartition(":")
        self.socket = socket.create_connection((host.strip("[]"), int(port)), PATIENCE, (source, 0) if source else None)
        self._data = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, *pieces: bytes) -> Raw:
        for piece in pieces:
            self.socket.sendall(piece)
        return self

    def end(self) -> Raw:
        """Say that nothing more will be sent."""
        socket.socket.shutdown(self.socket, socket.SHUT_WR)  # of TCP: under TLS, what comes is still to be decrypted
        return self

    def head(self) -> tuple[int, dict[str, str]]:
        """Status and fields of the next answer."""
        while b"\r\n\r\n" not in self._data:
            self._more()
        raw, _, self._data = self._data.partition(b"\r\n\r\n")
        line, *fields = raw.decode("latin-1").split("\r\n")
        return int(line.split(" ")[1]), {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in fields)}

    def answer(self) -> Answer:
        """The next answer that is one, with its body; not for answers to HEAD."""
        status, fields = self.head()
        while status == 100:
            status, fields = self.head()
        length = int(fields["content-length"])
        while len(self._data) < length:
            self._more()
        body, self._data = self._data[:length], self._data[length:]
        return Answer(status=status, fields=fields, body=body)

    def last(self) -> Answer:
        """An answer that says that it ends the connection, and does."""
        answer = self.answer()
        assert answer.fields["connection"] == "close"
        assert self.closed()
        return answer

    def rest(self) -> bytes:
        """Everything until the peer closes, however it does that."""
        try:
            while True:
                self._more()
        except (EOFError, OSError):
            return self._data

    def take(self) -> bytes:
        """What is there, at least something."""
        if not self._data:
            self._more()
        data, self._data = self._data, b""
        return data

    def closed(self) -> bool:
        """Wait until the peer closes; whether it had nothing more to say."""
        return self.rest() == b""

    def tls(self, ca_file: str, name: str | None, certificate: str | None = None) -> Raw:
        """Shake hands, also inside TLS; without a name the certificate is not compared with one. Raises ssl.SSLError, ConnectionError.

        `certificate` is a file with the agent's own and its key.
        """
        context = ssl.create_default_context(cafile=ca_file)
        context.check_hostname = name is not None
        if certificate:
            context.load_cert_chain(certificate)
        inside = isinstance(self.socket, ssl.SSLSocket)
        self.socket = (
            SSLTransport(self.socket, context, name) if inside else context.wrap_socket(self.socket, server_hostname=name)
        )
        return self

    def _more(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise EOFError(self._data)
        self._data += data


def connect(target: str) -> bytes:
    return f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode()


def tunnel(gateway: Gateway, ca_file: str, host: str, *, name: str | None = "", source: str = "") -> Raw:
    """TLS through the proxy listener; its server name is the host unless told."""
    raw = Raw(gateway.doors["proxy"], source=source).send(connect(f"{host}:443"))
    assert raw.head()[0] == 200
    return raw.tls(ca_file, host if name == "" else name)


def reached(gateway: Gateway, by: str, host: str, login: str | None = None) -> Raw:
    """A connection by a kind of listener, ready for requests to a host; `login` is the CONNECT's `Proxy-Authorization`."""
    raw = Raw(gateway.doors[by])
    if by == "proxy":
        field = f"Proxy-Authorization: {login}\r\n" if login else ""
        raw.send(connect(f"{host}:443").replace(b"\r\n\r\n", f"\r\n{field}\r\n".encode()))
        assert raw.head()[0] == 200
    return raw if by == "endpoint" else raw.tls(gateway.ca_file, host)


def request(
    service: str = "sts",
    host: str = STS,
    *,
    body: bytes = WHO,
    method: str = "POST",
    path: str = "/",
    account: str = "staging",
    key_id: str | None = None,
    secret: str = SECRET,
    region: str = REGION,
    **fields: str,
) -> bytes:
    """A signed request as bytes: head and body. `fields` are signed with it, their underscores written as dashes."""
    made = AWSRequest(method=method, url=f"https://{host}{path}", data=body)
    made.headers["Host"] = host
    if body == WHO:
        made.headers["Content-Type"] = "application/x-www-form-urlencoded"
    for name, value in fields.items():
        made.headers[name.replace("_", "-")] = value
    key = Credentials(key_id or f"AKIA{ACCOUNTS.get(account, account)}CI01", secret)
    (S3SigV4Auth if service == "s3" else SigV4Auth)(key, service, region).add_auth(made)
    if body and "Content-Length" not in made.headers:
        made.headers["Content-Length"] = str(len(body))
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in made.headers.items()), "", ""]
    return "\r\n".join(lines).encode() + body


def parted(raw: bytes) -> tuple[bytes, bytes]:
    """A request's head with its blank line, and its body."""
    head, _, body = raw.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n", body


def with_field(raw: bytes, name: str, value: str) -> bytes:
    """The request with another value of a field, without signing it again."""
    return re.sub(rb"(?im)^%b: [^\r]*" % name.encode(), f"{name}: {value}".encode(), raw, count=1)
