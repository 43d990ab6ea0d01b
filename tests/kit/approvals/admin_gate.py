"""A real admin listener on loopback: a hub, two people, TLS."""

from __future__ import annotations

import hashlib
import ssl
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest
import trio
import trustme

from tests.kit.approvals.questions import FixedClock
from trio_gate.approval.channel.frames import PROTOCOL
from trio_gate.client import connect
from trio_gate.config.model import Person
from trio_gate.shell.admin.authentication import SignIn
from trio_gate.shell.admin.server import AdminServer
from trio_gate.shell.approval.commands import CommandHandler
from trio_gate.shell.approval.hub import ApprovalHub
from trio_gate.shell.net.accept import Shutdown, Waits

if TYPE_CHECKING:
    from collections.abc import Callable

    from trio_gate.shell.approval.commands import Find

TOKENS = {name: f"tg_{name}-0123456789abcdef0123456789abcdef" for name in ("alice", "bob")}
WEBSOCKET = {
    "Host": "localhost",
    "Connection": "keep-alive, Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol": PROTOCOL,
}
ALICE = {"Authorization": f"Bearer {TOKENS['alice']}"}
PEOPLE = {
    name: Person(name=name, token_sha256=hashlib.sha256(token.encode()).hexdigest(), kind="human")
    for name, token in TOKENS.items()
}


class Gate:
    """A hub behind a TLS listener on loopback."""

    def __init__(self, hub: ApprovalHub, port: int, trust: ssl.SSLContext, stop: Shutdown) -> None:
        self.hub = hub
        self.stop = stop
        self.port = port
        self.trust = trust
        self.url = f"wss://127.0.0.1:{port}"

    def connect(self, name: str = "alice"):
        return connect(self.url, TOKENS[name], self.trust)

    async def send(self, raw: bytes) -> bytes:
        """All that comes back for these bytes, until the gate closes."""
        stream = await self.stream()
        async with stream:
            await stream.send_all(raw)
            return b"".join([chunk async for chunk in stream])

    async def request(self, target: str, method: str = "GET", **fields: str) -> tuple[int, str]:
        raw = await self.send(head(target, method, **fields))
        top, _, body = raw.partition(b"\r\n\r\n")
        return int(top.split(b" ")[1]), body.decode()

    async def stream(self) -> trio.SSLStream:
        tcp = await trio.open_tcp_stream("127.0.0.1", self.port)
        return trio.SSLStream(tcp, self.trust, server_hostname="localhost", https_compatible=True)


def head(target: str, method: str = "GET", **fields: str) -> bytes:
    lines = [f"{name}: {value}" for name, value in {"Host": "localhost", **fields}.items()]
    return "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""]).encode()


NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def admin_server(
    hub: ApprovalHub,
    stop: Shutdown | None = None,
    unready: Callable[[], str | None] = lambda: None,
    find: Find | None = None,
    **abilities: bool,
) -> AdminServer:
    commands, waits = CommandHandler(hub, FixedClock(), find), Waits((stop or Shutdown()).idle)
    people = {name: replace(person, **abilities) for name, person in PEOPLE.items()}
    return AdminServer(hub=hub, commands=commands, sign_in=SignIn(people, hub.links), names=NAMES, waits=waits, unready=unready)


async def handle(made: AdminServer, stream: trio.abc.Stream, address: str = "127.0.0.1") -> None:
    """As the door does it."""
    with made.connections.admit(address) as connection:
        await made.handle(stream, connection)


@asynccontextmanager
async def gate_on(authority: trustme.CA, **abilities: bool):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(trust)
    hub = ApprovalHub(FixedClock())
    stop = Shutdown()
    handler = partial(handle, admin_server(hub, stop, **abilities))
    async with trio.open_nursery() as nursery:
        serve = partial(trio.serve_ssl_over_tcp, handler, 0, context, host="127.0.0.1", https_compatible=True)
        listeners = await nursery.start(serve)
        yield Gate(hub, listeners[0].transport_listener.socket.getsockname()[1], trust, stop)
        nursery.cancel_scope.cancel()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def gate(authority):
    async with gate_on(authority) as made:
        yield made
