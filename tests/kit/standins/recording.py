"""A TLS server on loopback that plays any host of AWS, and keeps what it was sent."""

from __future__ import annotations

import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A request that arrived; names of headers are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(kw_only=True)
class Recording:
    """The server: where it is, and what it has seen. `answer` is the status, headers and body of every answer."""

    port: int
    ca_file: str
    seen: list[Seen] = field(default_factory=list)
    answer: tuple[int, Mapping[str, str], bytes] = (200, {}, b"")

    def route(self, host: str) -> str:
        """The `upstream` block that leads `host` here."""
        return f'upstream "{host}" {{\n  address = "127.0.0.1:{self.port}"\n  ca_file = "{self.ca_file}"\n}}\n'


@contextmanager
def recording(folder: Path, *hosts: str) -> Iterator[Recording]:
    """Serve as `hosts`."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts).configure_cert(context)
    authority.cert_pem.write_to_path(str(folder / "recording-ca.pem"))
    made = Recording(port=0, ca_file=str(folder / "recording-ca.pem"))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def parse_request(self) -> bool:
            if not super().parse_request():
                return False
            setattr(self, f"do_{self.command}", self.serve)
            return True

        def serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            made.seen.append(Seen(method=self.command, target=self.path, headers=headers, body=body))
            status, fields, content = made.answer
            self.send_response(status)
            for name, value in {**fields, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        made.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()
