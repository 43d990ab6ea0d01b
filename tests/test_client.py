"""The client of the approval channel, where the other end is no gateway that it knows."""

from __future__ import annotations

import ssl
from functools import partial

import pytest
import trio
import trustme
from trio_websocket import serve_websocket

from trio_gate.approval.channel.frames import PROTOCOL
from trio_gate.client import ClientError, Hopeless, connect
from trio_gate.errors import GateError

PATIENCE = 30
TOKEN = "tg_" + "x" * 40


def test_what_a_person_meets_has_no_status_of_http():
    assert not issubclass(ClientError, GateError)
    assert issubclass(Hopeless, ClientError)


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"{}", r"\Athe gateway sent a binary frame\Z"),
        ("[]", r"\Athe gateway sent a frame that this version cannot read: the frame is not a JSON object\Z"),
        ('{"type": "news"}', r"\Athe gateway sent a frame that this version cannot read: .*`type`"),
    ],
)
async def test_a_frame_that_cannot_be_read_ends_it(sent, why):
    authority = trustme.CA()
    server, trust = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(trust)

    async def greet(asked):
        socket = await asked.accept(subprotocol=PROTOCOL)
        await socket.send_message(sent)

    with trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            gate = await nursery.start(partial(serve_websocket, greet, "localhost", 0, server))
            with pytest.raises(Hopeless, match=why):
                async with connect(f"wss://localhost:{gate.port}", TOKEN, trust) as client:
                    await client.receive()
            nursery.cancel_scope.cancel()
