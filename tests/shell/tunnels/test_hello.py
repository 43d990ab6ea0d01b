"""What an agent says first in a tunnel: read in any pieces, passed on whole, and refused if it names another host."""

from __future__ import annotations

import socket

import pytest

from tests.kit.wire.tls_kit import client_hello
from trio_gate.errors import Malformed
from trio_gate.shell.net.transport import SocketTransport
from trio_gate.shell.tunnels.hello import read_hello
from trio_gate.wire.client_hello import UNRECOGNIZED_NAME

HOST = "api.model.example"
HELLO = client_hello(HOST)


async def read(*pieces, arrived=b"", ends=False):
    """What is read of pieces that an agent sends, and what it is told."""
    ours, theirs = socket.socketpair()
    agent, peer = SocketTransport(ours), SocketTransport(theirs)
    try:
        for piece in pieces:
            await peer.send_all(piece)
        if ends:
            peer.end_sending()
        return await read_hello(agent, HOST, within=10, arrived=arrived)
    finally:
        agent.close()
        told = await peer.receive_some(100)
        peer.close()
        assert told in (b"", UNRECOGNIZED_NAME)


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
    with pytest.raises(Malformed, match=why):
        await read(sent, ends=True)


async def test_silence_is_refused(autojump_clock):
    with pytest.raises(Malformed, match="within 10 seconds") as refused:
        await read()
    assert refused.value.status == 408
