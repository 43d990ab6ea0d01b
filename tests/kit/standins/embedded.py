"""The embedded AWS as a fixture, and a way to it over real TLS."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest
import trio

from scripts.embedded.aws import Embedded, start
from trio_gate.errors import UpstreamError
from trio_gate.wire.events import NEED_DATA, BodyData, BodyEnd
from trio_gate.wire.head import RequestHead, ResponseHead
from trio_gate.wire.upstream_connection import UpstreamConnection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trio_gate.shell.credentials.sts import Send


@pytest.fixture(scope="session")
def embedded_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    with start(tmp_path_factory.mktemp("aws")) as aws:
        yield aws


def sender(aws: Embedded) -> Send:
    """Sends each request on a connection of its own, for whatever host, to the embedded AWS."""
    trust = ssl.create_default_context(cafile=aws.ca_file)

    async def send(host: str, head: RequestHead, body: bytes) -> tuple[ResponseHead, bytes]:
        connection = UpstreamConnection()
        try:
            tcp = await trio.open_tcp_stream("127.0.0.1", aws.port)
        except OSError:
            raise UpstreamError(f"{host} could not be dialled") from None
        async with trio.SSLStream(tcp, trust, server_hostname=host, https_compatible=True) as stream:
            raw = connection.send_request(head, length=len(body)) + connection.send_data(body) + connection.send_end()
            await stream.send_all(raw)
            return await _answer(connection, stream)

    return send


async def _answer(connection: UpstreamConnection, stream: trio.SSLStream) -> tuple[ResponseHead, bytes]:
    head, body = None, b""
    while True:
        event = connection.next_event()
        if event is NEED_DATA:
            connection.receive(bytes(await stream.receive_some()))
        elif isinstance(event, ResponseHead):
            head = event
        elif isinstance(event, BodyData):
            body += event.data
        elif isinstance(event, BodyEnd):
            return head, body
