"""Two ends of a connection in memory, over TCP or TLS, and a stream with faults."""

from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import memory_stream_pair

from trio_gate.shell.net.transport import Replay, StreamTransport, TlsTransport

NAME = "s3.us-east-1.amazonaws.com"
MIB = 1024 * 1024


class Wire(trio.abc.Stream):
    """A stream with faults: it may flip a bit of what is received, hold what is sent, and stay open or break when it is closed."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self.flips = self.holds = self.lingers = self.breaks = False

    async def receive_some(self, max_bytes=None):
        data = await self.stream.receive_some(max_bytes)
        return data[:-1] + bytes([data[-1] ^ 1]) if self.flips and data else data

    async def send_all(self, data) -> None:
        if self.holds:
            await trio.sleep_forever()
        await self.stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self.stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        if not self.lingers:
            await self.stream.aclose()
        if self.breaks:
            raise trio.BrokenResourceError


def sockets() -> tuple[trio.SocketStream, trio.SocketStream]:
    ours, theirs = trio.socket.socketpair()
    return trio.SocketStream(ours), trio.SocketStream(theirs)


@asynccontextmanager
async def tls_pair(contexts, streams):
    """Client and server, shaken hands."""
    client = TlsTransport(streams[0], contexts[0], server_hostname=NAME)
    server = TlsTransport(streams[1], contexts[1], server_side=True)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client.handshake)
        nursery.start_soon(server.handshake)
    try:
        yield client, server
    finally:
        for transport in (client, server):
            await trio.aclose_forcefully(transport)


async def read(transport, count: int, most: int = 65536) -> bytes:
    data = b""
    while len(data) < count:
        data += await transport.receive_some(most)
    return data


@asynccontextmanager
async def transports(contexts, pair, secure):
    """Two ends of a connection, the second as a listener has it."""
    near, far = pair()
    if secure:
        async with tls_pair(contexts, (near, Replay(far, b""))) as both:
            yield both
    else:
        async with StreamTransport(near) as ours, StreamTransport(Replay(far, b"")) as theirs:
            yield ours, theirs


each_way = pytest.mark.parametrize(("pair", "secure"), [(sockets, False), (sockets, True), (memory_stream_pair, True)])


def broken(cause: BaseException | None) -> trio.BrokenResourceError:
    error = trio.BrokenResourceError()
    error.__cause__ = cause
    return error
