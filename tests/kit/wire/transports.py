"""Two ends of a connection, in memory or over TCP, with or without TLS, and a stream with faults."""

import math
import socket
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress

import pytest
import trio
from trio.testing import memory_stream_pair

from tests.kit.wire.raw_tls import RawClient
from trio_gate.shell.net.tls_transport import TlsTransport
from trio_gate.shell.net.transport import SocketTransport

NAME = "s3.us-east-1.amazonaws.com"
MIB = 1024 * 1024


class ByReceivingSome(trio.abc.AsyncResource):
    """The receiving of a `Transport` into a room, by one that returns bytes."""

    async def receive_into(self, room: memoryview, deadline: float = math.inf) -> int:
        data = await self.receive_some(len(room), deadline)
        room[: len(data)] = data
        return len(data)

    def receive_now(self, room: memoryview) -> int | None:
        return None


class Wire(ByReceivingSome):
    """A transport with faults: it may flip a bit of what is received, and hold what is sent."""

    def __init__(self, below) -> None:
        self.below = below
        self.flips = self.holds = False

    def __getattr__(self, name: str):
        return getattr(self.below, name)

    async def receive_some(self, max_bytes: int, deadline: float = math.inf) -> bytes:
        data = await self.below.receive_some(max_bytes, deadline)
        return data[:-1] + bytes([data[-1] ^ 1]) if self.flips and data else data

    async def send_all(self, data, within: float = math.inf) -> None:
        if self.holds:
            with trio.fail_after(within):
                await trio.sleep_forever()
        await self.below.send_all(data, within)

    async def aclose(self) -> None:
        await self.below.aclose()


class StreamTransport(ByReceivingSome):
    """A `Transport` over a stream of trio's: for what happens in memory, by a clock that jumps."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self._scope: trio.CancelScope | None = None

    async def send_all(self, data, within: float = math.inf) -> None:
        with self._faults():
            with trio.fail_after(within):
                await self.stream.send_all(data)

    async def arrival(self, deadline: float = math.inf) -> None:
        await trio.lowlevel.checkpoint()

    async def receive_some(self, max_bytes: int, deadline: float = math.inf) -> bytes:
        with self._faults(), trio.fail_at(deadline) as self._scope:
            return bytes(await self.stream.receive_some(max_bytes))

    def move_deadline(self, deadline: float) -> None:
        if self._scope is not None:
            self._scope.deadline = deadline

    async def drain(self, most: int, *, quiet: float = math.inf) -> None:
        with suppress(trio.TooSlowError):
            await self.stream.send_eof()
            while most > 0 and (data := await self.receive_some(65536, trio.current_time() + quiet)):
                most -= len(data)

    async def aclose(self) -> None:
        with suppress(trio.BrokenResourceError):
            await self.stream.aclose()

    @staticmethod
    @contextmanager
    def _faults():
        try:
            yield
        except trio.ClosedResourceError as closed:
            raise trio.BrokenResourceError from closed


def sockets() -> tuple[SocketTransport, SocketTransport]:
    ours, theirs = socket.socketpair()
    return SocketTransport(ours), SocketTransport(theirs)


def in_memory() -> tuple[StreamTransport, StreamTransport]:
    ours, theirs = memory_stream_pair()
    return StreamTransport(ours), StreamTransport(theirs)


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


async def shaken(contexts):
    """A client that can update its keys, its end of the wire, and our server."""
    near, far = memory_stream_pair()
    server, client = TlsTransport(StreamTransport(far), contexts[1], server_side=True), RawClient(NAME)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(server.handshake)
        while not client.shake():
            await near.send_all(client.made())
            client.take(await near.receive_some())
        await near.send_all(client.made())
    return client, near, server


@asynccontextmanager
async def tls_over_tcp(contexts, times: int = 1):
    """Client and server, shaken hands; with 2 `times` in TLS inside TLS."""
    below = sockets()
    async with AsyncExitStack() as stack:
        for _ in range(times):
            below = await stack.enter_async_context(tls_pair(contexts, below))
        yield below


each_depth = pytest.mark.parametrize("times", [1, 2])
"""TLS once, and TLS inside TLS."""


async def read(transport, count: int, most: int = 65536) -> bytes:
    data = b""
    while len(data) < count:
        data += await transport.receive_some(most)
    return data


@asynccontextmanager
async def transports(contexts, pair, secure):
    """Two ends of a connection."""
    near, far = pair()
    if secure:
        async with tls_pair(contexts, (near, far)) as both:
            yield both
    else:
        async with near as ours, far as theirs:
            yield ours, theirs


each_way = pytest.mark.parametrize(("pair", "secure"), [(sockets, False), (sockets, True), (in_memory, True)])


def broken(cause: BaseException | None) -> trio.BrokenResourceError:
    error = trio.BrokenResourceError()
    error.__cause__ = cause
    return error
