"""The benchmark's AWS: a fast stand-in over TLS, with one process per connection.

It reads heads, discards bodies and answers 200; a GET gets as many bytes as the last part of its path says.
STS's AssumeRole returns a key. No signature is checked.
"""

from __future__ import annotations

import os
import re
import signal
import socketserver
import ssl
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import trustme

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = ("*.amazonaws.com", "*.us-east-1.amazonaws.com", "localhost")
MIB = 1024 * 1024
CHUNKED_END = b"\r\n0\r\n\r\n"
ITEM = b'{"Item":{"id":{"S":"1"},"text":{"S":"%b"}}}' % (b"x" * 220)
ROLE = """\
<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<AssumedRoleUser><AssumedRoleId>AROAEXAMPLE:bench</AssumedRoleId><Arn>arn:aws:sts::{account}:assumed-role/trio-gate/bench</Arn>
</AssumedRoleUser><Credentials><AccessKeyId>ASIAEXAMPLEEXAMPLE00</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>
<SessionToken>{token}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>
</AssumeRoleResponse>
"""


class Connection(socketserver.BaseRequestHandler):
    """The requests of one connection, one after the other."""

    def handle(self) -> None:
        with suppress(OSError), self.server.context.wrap_socket(self.request, server_side=True) as self.tls:
            self.buffer = bytearray(MIB)
            while (received := self.head()) is not None:
                head, rest = received
                self.answer(head, self.body(head, rest))

    def head(self) -> tuple[str, bytes] | None:
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.tls.recv(65536)
            if not more:
                return None
            data += more
        head, _, rest = data.partition(b"\r\n\r\n")
        return head.decode().lower(), rest

    def body(self, head: str, rest: bytes) -> bytes:
        """The last bytes of the body; all of a small one."""
        if "\r\ntransfer-encoding: chunked" in head:
            while not rest.endswith(CHUNKED_END):
                rest = rest[-len(CHUNKED_END) :] + self.some()
            return rest
        found = re.search(r"\r\ncontent-length: (\d+)", head)
        left = (int(found[1]) if found else 0) - len(rest)
        while left > 0:
            some = self.some()
            left -= len(some)
            rest = rest[-65536:] + some
        return rest

    def some(self) -> bytes:
        """Reads bytes; of a large read only the end is kept. Raises OSError."""
        count = self.tls.recv_into(self.buffer)
        if not count:
            raise ConnectionResetError
        return bytes(self.buffer[:count])

    def answer(self, head: str, body: bytes) -> None:
        if "\r\nhost: sts." in head:
            account = parse_qs(body.decode())["RoleArn"][0].split(":")[4]
            self.say(ROLE.format(account=account, token="t" * 400).encode(), "text/xml")
        elif head.startswith("get "):
            self.download(int(head.split(" ", 2)[1].rpartition("/")[2]))
        elif head.startswith("head "):
            self.tls.sendall(b'HTTP/1.1 200 OK\r\ncontent-length: 12345\r\netag: "0"\r\nx-amz-request-id: 0\r\n\r\n')
        else:
            self.say(ITEM if head.startswith("post ") else b"", "application/x-amz-json-1.0")

    def say(self, content: bytes, kind: str) -> None:
        fields = f"content-type: {kind}\r\ncontent-length: {len(content)}\r\nx-amz-request-id: 0\r\n"
        self.tls.sendall(f"HTTP/1.1 200 OK\r\n{fields}\r\n".encode() + content)

    def download(self, size: int) -> None:
        self.tls.sendall(f"HTTP/1.1 200 OK\r\ncontent-length: {size}\r\nx-amz-request-id: 0\r\n\r\n".encode())
        view = memoryview(self.buffer)
        while size:
            self.tls.sendall(view[: min(size, MIB)])
            size -= min(size, MIB)


class Server(socketserver.ForkingTCPServer):
    """Listens on loopback, with its own CA."""

    allow_reuse_address = True
    request_queue_size = 128
    max_children = 256

    def __init__(self, context: ssl.SSLContext, handler: type[Connection] = Connection) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.context = context

    def handle_error(self, *_: object) -> None:
        pass


@contextmanager
def stand_in(folder: Path, handler: type[Connection] = Connection) -> Iterator[int]:
    """Run it in another process; gives its port. The folder gets `ca.pem`, `key.pem` and `cert.pem`."""
    ca = trustme.CA()
    leaf = ca.issue_cert(*NAMES)
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    leaf.private_key_pem.write_to_path(str(folder / "key.pem"))
    leaf.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    with Server(context, handler) as server:
        child = os.fork()
        if not child:
            os.setpgid(0, 0)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            try:
                server.serve_forever()
            finally:
                os._exit(1)
        try:
            yield server.server_address[1]
        finally:
            os.killpg(child, signal.SIGTERM)  # its connections too
            os.waitpid(child, 0)
