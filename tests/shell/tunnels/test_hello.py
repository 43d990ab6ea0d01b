"""What an agent says first in a tunnel: read in any pieces, passed on whole, and refused if it names another host."""

from __future__ import annotations

import socket
from contextlib import contextmanager

import pytest

from tests.kit.wire.tls_kit import client_hello
from trio_gate.errors import Malformed
from trio_gate.shell.net.transport import SocketTransport
from trio_gate.shell.tunnels.hello import read_hello
from trio_gate.wire.client_hello import UNRECOGNIZED_NAME

HOST = "api.model.example"
HELLO = client_hello(HOST)


@contextmanager
def ends():
    """An agent's end and the gateway's end of a connection."""
    theirs, ours = socket.socketpair()
    with theirs, ours:
        yield theirs, SocketTransport(ours)


async def read(*pieces, arrived=b""):
    """What is read of pieces that an agent sends."""
    with ends() as (agent, gateway):
        for piece in pieces:
            agent.sendall(piece)
        return await read_hello(gateway, HOST, within=10, arrived=arrived)


@pytest.mark.parametrize("arrived", [0, 1, 50, len(HELLO)])
async def test_it_is_read_in_pieces_and_passed_on_whole(arrived):
    assert await read(HELLO[arrived:], arrived=HELLO[:arrived]) == HELLO


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (client_hello("sts.amazonaws.com"), "names the server sts.amazonaws.com"),
        (client_hello(None), "names the server .none."),
        (b"SSH-2.0-x", "is not TLS"),
        (HELLO[:40], "ended before"),
    ],
    ids=["another name", "no name", "no TLS", "a part"],
)
async def test_what_does_not_name_the_host_is_refused(sent, why):
    with ends() as (agent, gateway):
        agent.sendall(sent)
        agent.shutdown(socket.SHUT_WR)
        with pytest.raises(Malformed, match=why):
            await read_hello(gateway, HOST, within=10, arrived=b"")
        gateway.close()
        assert agent.recv(100) == (UNRECOGNIZED_NAME if "server" in why else b"")


async def test_silence_is_refused(autojump_clock):
    with pytest.raises(Malformed, match="within 10 seconds") as refused:
        await read()
    assert refused.value.status == 408
