"""The proxy's own address: what is for the gateway itself goes on as it came, from its own machine alone."""

from __future__ import annotations

import socket
from dataclasses import replace
from types import SimpleNamespace

import pytest
import trio

from tests.kit.wire.transports import NAME
from trio_gate.errors import Unauthenticated
from trio_gate.shell.listen.listeners import ProxyListener
from trio_gate.shell.net.connection_limits import Seats
from trio_gate.shell.net.tls_transport import TlsTransport
from trio_gate.shell.net.transport import SocketTransport

OWN = b"POST /-/agent/presign HTTP/1.1\r\nhost: localhost:8080\r\ncontent-length: 2\r\n\r\n{}"


def served(raw: bytes, address: str = "127.0.0.1", refused: Exception | None = None):
    """What the connection is handed on with, None if it is not, and what was answered before."""
    taken = []

    async def proven(headers, seat, ingress):
        await trio.lowlevel.checkpoint()
        if refused is not None:
            raise refused
        return replace(ingress, proxy_token=dict(headers).get("proxy-authorization"))

    async def converse(transport, ingress, seat, arrived):
        await trio.lowlevel.checkpoint()
        taken.append((ingress, arrived))

    inside = SimpleNamespace(
        head_timeout=5, proven=proven, converse=converse, turned_away=lambda where, fault: taken.append(None)
    )

    async def main():
        ours, theirs = socket.socketpair()
        with theirs, Seats(9, 9).seat(address) as seat:
            theirs.sendall(raw)
            theirs.shutdown(socket.SHUT_WR)
            transport = SocketTransport(ours)
            tunnels = SimpleNamespace(leads_to=lambda *_: False)
            await ProxyListener(inside, None, None, port=8080, own=frozenset({"localhost"}), tunnels=tunnels).handle(
                transport, seat
            )
            transport.close()
            return theirs.recv(65536)

    answered = trio.run(main)
    return *taken, answered


def test_it_is_handed_on_whole_and_unanswered():
    (ingress, arrived), answered = served(OWN.replace(b"content", b"proxy-authorization: the token\r\ncontent", 1))
    assert arrived == OWN.replace(b"content", b"proxy-authorization: the token\r\ncontent", 1)
    assert (ingress.kind, ingress.names, ingress.port, ingress.connect) == ("address", frozenset({"localhost"}), 8080, None)
    assert (ingress.proxy_token, answered) == ("the token", b"")


@pytest.mark.parametrize("address", ["192.0.2.7", "fd00::2", "::ffff:127.0.0.1"])
def test_from_another_machine_it_would_come_in_the_clear(address):
    handed_on, answered = served(OWN, address)
    assert handed_on is None
    assert answered.startswith(b"HTTP/1.1 403 ")
    assert b"only its own machine may ask the gateway here" in answered


async def test_from_another_machine_it_comes_by_tls(contexts):
    taken = []

    async def proven(headers, seat, ingress):
        await trio.lowlevel.checkpoint()
        return ingress

    async def converse(transport, ingress, seat, arrived):
        await trio.lowlevel.checkpoint()
        taken.append((ingress.kind, ingress.certificates, arrived))

    ours, theirs = socket.socketpair()
    accepted, agent = SocketTransport(ours), TlsTransport(SocketTransport(theirs), contexts[0], server_hostname=NAME)
    inside = SimpleNamespace(head_timeout=5, proven=proven, converse=converse, certificates=lambda tls: ("shown",))
    listener = ProxyListener(inside, None, lambda: contexts[1], port=8080, own=frozenset({"localhost"}), tunnels=None)
    with Seats(9, 9).seat("192.0.2.7") as seat:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(listener.handle, accepted, seat)
            await agent.handshake()
            await agent.send_all(OWN)
    accepted.close()
    await agent.aclose()
    assert taken == [("address", ("shown",), OWN)]


def test_who_needs_a_token_of_the_proxy_needs_it_here_too():
    handed_on, answered = served(OWN, refused=Unauthenticated("the proxy needs a token", status=407))
    assert handed_on is None
    assert answered.startswith(b"HTTP/1.1 407 ")


@pytest.mark.parametrize("raw", [OWN.replace(b"/-/agent", b"/-/admin"), OWN.replace(b" /-/", b" http://localhost/-/")])
def test_anything_else_is_no_connect(raw):
    handed_on, answered = served(raw)
    assert handed_on is None
    assert answered.startswith(b"HTTP/1.1 405 ")


def test_a_head_that_is_none():
    handed_on, answered = served(b"POST /-/agent/presign HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n")
    assert handed_on is None
    assert answered.startswith(b"HTTP/1.1 400 ")
