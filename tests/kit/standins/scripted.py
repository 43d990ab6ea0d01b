"""A TLS server on loopback that plays a host of AWS badly: a script serves each request, and what arrived is kept."""

from __future__ import annotations

import re
import socket
import ssl
import struct
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Script = Callable[["Peer"], None]

LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


@dataclass(kw_only=True)
class Scripted:
    """The server. `script` serves the requests that come from now on; `heads` are those of all that came.

    Of `held_back`: calls are answered when `may` is set, and `came` counts those that have come.
    """

    port: int
    ca_file: str
    script: Script
    heads: list[bytes] = field(default_factory=list)
    connections: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    may: threading.Event = field(default_factory=threading.Event)
    came: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def route(self, host: str) -> str:
        """The `upstream` block that leads `host` here."""
        return f'upstream "{host}" {{\n  address = "127.0.0.1:{self.port}"\n  ca_file = "{self.ca_file}"\n}}\n'


class Peer:
    """The server's end of one connection."""

    def __init__(self, server: Scripted, tls: ssl.SSLSocket) -> None:
        self._server = server
        self._data = b""
        self.tls = tls

    def begin(self) -> None:
        """Wait for a request. Raises EOFError."""
        if not self._data:
            self._more()

    def head(self) -> bytes:
        """The request's head. Raises EOFError."""
        while b"\r\n\r\n" not in self._data:
            self._more()
        head, _, self._data = self._data.partition(b"\r\n\r\n")
        self._server.heads.append(head)
        return head

    def request(self) -> bytes:
        """The request's head, its body read and dropped."""
        head = self.head()
        found = LENGTH.search(head)
        left = int(found[1]) if found else 0
        while len(self._data) < left:
            left -= len(self._data)
            self._data = b""
            self._more()
        self._data = self._data[left:]
        return head

    def send(self, data: bytes) -> None:
        """Send."""
        self.tls.sendall(data)

    def reset(self) -> None:
        """End the connection as a machine that falls over."""
        self.tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.socket(fileno=self.tls.detach()).close()

    def wait(self) -> None:
        """Say and read nothing until the test is over."""
        self._server.over.wait()

    def _more(self) -> None:
        data = self.tls.recv(65536)
        if not data:
            raise EOFError
        self._data += data


def answer(body: bytes = b"{}", status: bytes = b"200 OK", *fields: bytes) -> bytes:
    """A whole answer with its length."""
    return b"\r\n".join([b"HTTP/1.1 " + status, *fields, b"Content-Length: %d" % len(body), b"", body])


def well(peer: Peer) -> None:
    """Answer."""
    peer.request()
    peer.send(answer())


@contextmanager
def scripted(folder: Path, *hosts: str) -> Iterator[Scripted]:
    """Serve as `hosts`; at first `well`."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts).configure_cert(context)
    authority.cert_pem.write_to_path(str(folder / "scripted-ca.pem"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made = Scripted(port=listening.getsockname()[1], ca_file=str(folder / "scripted-ca.pem"), script=well)
        threading.Thread(target=_accept, args=(made, listening, context), daemon=True).start()
        yield made
        made.over.set()
        listening.shutdown(socket.SHUT_RDWR)


@contextmanager
def held_back(folder: Path, *hosts: str) -> Iterator[Scripted]:
    """Serve as `hosts`, and answer no call before `may` is set."""
    with scripted(folder, *hosts) as server:

        def slowly(peer: Peer) -> None:
            peer.request()
            server.came.release()
            server.may.wait()
            peer.send(answer())

        server.script = slowly
        yield server
        server.may.set()


def _accept(made: Scripted, listening: socket.socket, context: ssl.SSLContext) -> None:
    with suppress(OSError):
        while True:
            tcp, _ = listening.accept()
            made.connections += 1
            threading.Thread(target=_serve, args=(made, tcp, context), daemon=True).start()


def _serve(made: Scripted, tcp: socket.socket, context: ssl.SSLContext) -> None:
    with suppress(OSError, EOFError, ValueError), context.wrap_socket(tcp, server_side=True) as tls:
        peer = Peer(made, tls)
        while not made.over.is_set():
            peer.begin()
            made.script(peer)
