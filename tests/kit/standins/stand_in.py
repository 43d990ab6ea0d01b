"""A TLS server on loopback that plays AWS: a script serves each connection, and what arrived is kept."""

from __future__ import annotations

import re
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import trio

from trio_gate.config.model import Address, Upstream
from trio_gate.shell.net.contexts import for_client
from trio_gate.shell.upstream.pool import MAX_IDLE, UpstreamPool
from trio_gate.wire.head import RequestHead, Target

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import trustme

    Script = Callable[["Peer"], Awaitable[None]]

HOST = "s3.us-east-1.amazonaws.com"
OTHER = "sts.us-east-1.amazonaws.com"


class Peer:
    """The stand-in's end of one connection. `number` counts connections from 1."""

    def __init__(self, stream: trio.abc.Stream, number: int, heads: list[bytes]) -> None:
        self.stream = stream
        self.number = number
        self._heads = heads
        self._data = bytearray()

    async def head(self) -> bytes | None:
        """The next request's head, None at the end."""
        while b"\r\n\r\n" not in self._data:
            data = await self.stream.receive_some(65536)
            if not data:
                return None
            self._data += data
        head = bytes(self._data.partition(b"\r\n\r\n")[0])
        del self._data[: len(head) + 4]
        self._heads.append(head)
        return head

    async def body(self, count: int) -> bytes:
        """So many bytes of the request's body."""
        while len(self._data) < count:
            data = await self.stream.receive_some(65536)
            if not data:
                raise trio.BrokenResourceError
            self._data += data
        body = bytes(self._data[:count])
        del self._data[:count]
        return body

    async def send(self, *pieces: bytes) -> None:
        """Each piece in a write of its own."""
        for piece in pieces:
            await self.stream.send_all(piece)


class StandIn:
    """A running stand-in. `script` serves the connections that come from now on."""

    def __init__(self, port: int, authority: trustme.CA) -> None:
        self.port = port
        self.script: Script = echo
        self.connections = 0
        self.heads: list[bytes] = []
        self.trust = for_client()
        authority.configure_trust(self.trust)

    def route(self, hosts: str = "*.amazonaws.com", ca_file: str | None = None) -> Upstream:
        return Upstream(hosts=hosts, address=Address(host="127.0.0.1", port=self.port), ca_file=ca_file)

    def upstreams(self, **changes) -> UpstreamPool:
        """Connections to here."""
        return UpstreamPool(**{**self.way(), "ours": lambda _: False, **changes})

    def way(self) -> dict[str, object]:
        """What leads to here, for `UpstreamPool.change`."""
        return {
            "routes": [self.route()],
            "tls": lambda _: self.trust,
            "connect_timeout": 10.0,
            "idle_timeout": 20.0,
            "answer_timeout": 30.0,
            "forbidden": lambda *_: False,
            "max_idle": MAX_IDLE,
        }


def answer(body: bytes, *fields: bytes, status: bytes = b"200 OK") -> bytes:
    """A whole answer with its length."""
    lines = [b"HTTP/1.1 " + status, *fields, b"Content-Length: %d" % len(body)]
    return b"\r\n".join([*lines, b"", body])


async def echo(peer: Peer) -> None:
    """Answer every request with the connection's number and the request's body."""
    while (head := await peer.head()) is not None:
        found = re.search(rb"content-length: (\d+)", head)
        await peer.send(answer(b"%d:%b" % (peer.number, await peer.body(int(found[1]) if found else 0))))


async def drip(peer: Peer) -> None:
    """Echo in single bytes."""
    while (head := await peer.head()) is not None:
        found = re.search(rb"content-length: (\d+)", head)
        whole = answer(b"%d:%b" % (peer.number, await peer.body(int(found[1]) if found else 0)))
        await peer.send(*(whole[at : at + 1] for at in range(len(whole))))


async def silent(peer: Peer) -> None:
    """Read the head, and nothing more."""
    await peer.head()
    await trio.sleep_forever()


def say(*pieces: bytes, then: Script | None = None) -> Script:
    """Read a head, send these pieces, then go on so; without `then`, close."""

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(*pieces)
        if then is not None:
            await then(peer)

    return script


def request(method: str = "GET", path: str = "k") -> RequestHead:
    return RequestHead(method=method, target=Target(segments=(path,)), headers=(("host", HOST),))


@asynccontextmanager
async def stand_in_on(authority: trustme.CA, *, names: tuple[str, ...] = (HOST, OTHER), ragged: bool = False):
    """A stand-in; `ragged` ends connections without TLS's goodbye."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*names).configure_cert(context)

    async def serve(tcp: trio.SocketStream) -> None:
        stream = trio.SSLStream(tcp, context, server_side=True, https_compatible=ragged)
        try:
            await stream.do_handshake()
            made.connections += 1
            await made.script(Peer(stream, made.connections, made.heads))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            with trio.move_on_after(1, shield=True):
                await stream.aclose()

    async with serving(serve) as port:
        made = StandIn(port, authority)
        yield made


@asynccontextmanager
async def serving(serve: Callable[[trio.SocketStream], Awaitable[None]]):
    """A TCP server on loopback; gives its port."""
    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        await nursery.start(trio.serve_listeners, serve, listeners)
        yield listeners[0].socket.getsockname()[1]
        nursery.cancel_scope.cancel()
