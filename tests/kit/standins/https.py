"""A TLS server on loopback that plays any host of AWS: it hands each request to a function, whatever its method."""

from __future__ import annotations

import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    Answer = tuple[int, Mapping[str, str], bytes]
    """The status, headers and body of an answer."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A request that arrived; names of headers are lower case, and the body has no transfer coding."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@contextmanager
def https(ca_file: Path, hosts: Sequence[str], answer: Callable[[Seen], Answer]) -> Iterator[int]:
    """Serve as `hosts` until the block is left; gives the port. The CA certificate is written to `ca_file`."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts).configure_cert(context)
    authority.cert_pem.write_to_path(str(ca_file))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def parse_request(self) -> bool:
            if not super().parse_request():
                return False
            setattr(self, f"do_{self.command}", self.serve)
            return True

        def serve(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, fields, content = answer(Seen(method=self.command, target=self.path, headers=headers, body=_body(self)))
            self.send_response(status)
            for name, value in {**fields, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def _body(handler: BaseHTTPRequestHandler) -> bytes:
    if "chunked" not in handler.headers.get("transfer-encoding", ""):
        return handler.rfile.read(int(handler.headers.get("content-length", 0)))
    body = b""
    while count := int(handler.rfile.readline(), 16):
        body += handler.rfile.read(count)
        handler.rfile.readline()
    handler.rfile.readline()
    return body
