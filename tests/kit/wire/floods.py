"""Channels and connections that send all that they can: what, as whom, and for how long."""

from __future__ import annotations

import base64
import hashlib
import os
import select
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from tests.kit.wire.raw import PATIENCE, Raw
from trio_gate.approval.channel.codec import encode
from trio_gate.approval.channel.frames import PROTOCOL, Decide, Open, Search

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kit.gateway import Gateway

ROOT, CAROL = (f"tg_{name}-0123456789abcdef0123456789abcdef" for name in ("root", "carol"))
PEOPLE = "".join(
    f'person "{name}" {{\n  token_sha256 = "{hashlib.sha256(token.encode()).hexdigest()}"\n  {may} = true\n}}\n'
    for name, token, may in (("root", ROOT, "may_stop"), ("carol", CAROL, "may_observe"))
)

MASK = bytes(4)
NOT_NOW = (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError)


def frame(opcode: int, payload: bytes = b"", *, final: bool = True) -> bytes:
    """As a client sends it, with a mask that changes nothing."""
    size = len(payload)
    short = bytes([size | 128]) if size < 126 else b"\xfe" + size.to_bytes(2)
    return bytes([final << 7 | opcode]) + short + MASK + payload


def text(said) -> bytes:
    return frame(1, encode(said).encode())


FLOODS = {
    "empty parts": frame(1, final=False) + frame(0, final=False) * 3000,
    "tiny messages": frame(1, b"x") * 2000,
    "pings": frame(9) * 2000,
    "pongs": frame(10) * 2000,
    "votes": text(Decide(id="0", digest="f" * 64, verdict="approve", ref="r")) * 100,
    "details": text(Open(id="0", part="request", ref="r")) * 100,
    "searches": text(Search(filters={}, before=None, limit=100, ref="r")) * 100,
}


def channel(gateway: Gateway, token: str = CAROL) -> Raw:
    """Carol's, or of who holds another token, open."""
    address = gateway.doors["admin"]
    raw = Raw(address)
    context = ssl.create_default_context(cafile=str(gateway.folder / "state" / "ca" / "own.pem"))
    raw.socket = context.wrap_socket(raw.socket, server_hostname="127.0.0.1")
    fields = {
        "Host": address,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": PROTOCOL,
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Authorization": f"Bearer {token}",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    assert raw.send(f"GET /v1/approvals HTTP/1.1\r\n{head}\r\n".encode()).head()[0] == 101
    return raw


class Flood:
    """Sends the same bytes over and over, and reads whatever comes: by turns, because a TLS connection is for one thread."""

    def __init__(self, raw: Raw, data: bytes) -> None:
        self._socket = raw.socket
        self._socket.settimeout(0)
        self._data = data
        self._at = 0

    def go(self) -> None:
        """Send and read what can be at once. Raises OSError or EOFError at the end of the connection."""
        select.select([self._socket], [self._socket], [], PATIENCE)
        with suppress(*NOT_NOW):
            while self._socket.recv(65536):
                pass
            raise EOFError
        with suppress(*NOT_NOW):
            self._at += self._socket.send(self._data[self._at :])
            self._at %= len(self._data)


@contextmanager
def flooding(raw: Raw, data: bytes):
    """Send this over and over until the block is left or the gateway ends it."""
    with raw, repeating(Flood(raw, data).go):
        try:
            yield
        finally:
            with suppress(OSError):
                socket.socket.shutdown(raw.socket, socket.SHUT_RDWR)  # wakes who waits


@contextmanager
def repeating(act: Callable[[], None]):
    """Do something over and over in a thread, until the block is left or a connection ends."""
    begun, over = threading.Event(), threading.Event()

    def repeat() -> None:
        with suppress(OSError, EOFError):
            while not over.is_set():
                act()
                begun.set()

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        assert begun.wait(PATIENCE)
        yield
    finally:
        over.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()
