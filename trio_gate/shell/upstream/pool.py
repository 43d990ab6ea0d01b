"""Connections to AWS: dialled, lent to one exchange at a time, kept for the next.

Rule: a connection is reused only if its exchange was complete on both sides and nothing has arrived since, and only for the same host,
by the present routes. Otherwise it is closed at once.

Theory: the newest is lent first, so the surplus of a burst grows old, and the next exchange closes it; this needs no task. A host
never has more idle connections than there were exchanges at once.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import trio

from trio_gate.config.host_pattern import matches
from trio_gate.errors import UpstreamError
from trio_gate.shell.upstream.connection import UpstreamExchange
from trio_gate.shell.upstream.dial import dial
from trio_gate.wire.events import BodyData
from trio_gate.wire.upstream_connection import UpstreamConnection

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

    from trio_gate.config.model import Upstream
    from trio_gate.shell.upstream.tls_socket import TlsSocket
    from trio_gate.wire.head import RequestHead, ResponseHead

    Route = tuple[str, Upstream | None]
    """A host in lower case, and the block that sends it elsewhere."""

MAX_IDLE = 1000
"""Most idle connections, over all hosts."""

IDLE_LIMIT = 30.0
"""Seconds that an idle connection is kept: fewer than load balancers wait, so that the gateway closes first."""

ROUTES = 256
"""Hosts whose route is remembered."""

AGE_LIMIT = 600.0
"""Seconds after which a connection is not lent again, so that a host's new addresses are found."""


@dataclass(slots=True, kw_only=True, eq=False)
class _PooledConnection:
    """An open connection; `since` is when it was last returned, `born` when it was dialled, by trio's clock.

    `way` are the roots and the route by which it was dialled.
    """

    host: str
    transport: TlsSocket
    connection: UpstreamConnection
    way: object
    born: float
    since: float


class _IdleConnections:
    """Idle connections, in the order in which they were returned."""

    def __init__(self) -> None:
        self._all: dict[_PooledConnection, None] = {}
        self._of: dict[str, deque[_PooledConnection]] = {}

    def __len__(self) -> int:
        return len(self._all)

    def put(self, pooled: _PooledConnection) -> None:
        self._all[pooled] = None
        self._of.setdefault(pooled.host, deque()).append(pooled)

    def newest(self, host: str) -> _PooledConnection | None:
        """Take the connection to `host` that was returned last."""
        found = self._of.get(host)
        return self._taken(found.pop()) if found else None

    def oldest(self, before: float = math.inf) -> _PooledConnection | None:
        """Take the connection that was returned first, if that was before this time."""
        first = next(iter(self._all), None)
        if first is None or first.since >= before:
            return None
        return self._taken(self._of[first.host].popleft())

    def those(self, chosen: Callable[[_PooledConnection], bool]) -> list[_PooledConnection]:
        """Take all that are chosen."""
        found = [pooled for pooled in self._all if chosen(pooled)]
        for pooled in found:
            self._of[pooled.host].remove(pooled)
            self._taken(pooled)
        return found

    def _taken(self, pooled: _PooledConnection) -> _PooledConnection:
        del self._all[pooled]
        if not self._of[pooled.host]:
            del self._of[pooled.host]
        return pooled


class UpstreamPool:
    """Dials connections to AWS and keeps idle ones.

    `tls` gives the TLS context for a CA file, None for the default roots; the same one each time.
    `lent` counts the connections in use, `dials` those that were tried, by whether they came about.
    `forbidden` says whether an IP address and port is one of the gateway's listeners; `ours` whether a certificate (DER) was
    issued by one of its CAs, which this machine might trust. Times are in seconds.
    """

    def __init__(
        self,
        *,
        routes: Sequence[Upstream],
        tls: Callable[[str | None], ssl.SSLContext],
        connect_timeout: float,
        idle_timeout: float,
        answer_timeout: float,
        forbidden: Callable[[str, int], bool],
        ours: Callable[[bytes], bool],
        max_idle: int = MAX_IDLE,
    ) -> None:
        self._ours = ours
        self._idle = _IdleConnections()
        self.lent = 0
        self.dials = {"ok": 0, "failed": 0}
        self.change(
            routes=routes,
            tls=tls,
            connect_timeout=connect_timeout,
            idle_timeout=idle_timeout,
            answer_timeout=answer_timeout,
            forbidden=forbidden,
            max_idle=max_idle,
        )

    def change(
        self,
        *,
        routes: Sequence[Upstream],
        tls: Callable[[str | None], ssl.SSLContext],
        connect_timeout: float,
        idle_timeout: float,
        answer_timeout: float,
        forbidden: Callable[[str, int], bool],
        max_idle: int,
        other_roots: bool = True,
    ) -> None:
        """Dial by these from now on. A connection whose host has another route, or all if there are `other_roots`, is not lent again."""
        self._overrides = tuple(routes)
        self._tls = tls
        self._connect_timeout = connect_timeout
        self._idle_timeout = idle_timeout
        self._answer_timeout = answer_timeout
        self._forbidden = forbidden
        self._max_idle = max_idle
        if other_roots:
            self._roots = object()
        self._route = lru_cache(ROUTES)(self._find_route)
        for pooled in self._idle.those(lambda pooled: not self._is_present(pooled)):
            pooled.transport.close()

    def read_roots(self) -> None:
        """Have `tls` read the default roots. For a thread, because it takes a while. Raises CertificatesUnavailable."""
        self._tls(None)

    @property
    def idle(self) -> int:
        """Number of idle connections."""
        return len(self._idle)

    def address_of(self, host: str) -> str | None:
        """The address that an `upstream` block sets for this host, as "host:port"; None without one."""
        override = self._override(host)
        return None if override is None else str(override.address)

    def connect(self, host: str) -> _Loan:
        """Lend a connection to `host`, a name without a port, until the block is left. Raises UpstreamError if none can be made."""
        return _Loan(self, host)

    async def lend(self, host: str) -> tuple[_PooledConnection, UpstreamExchange]:
        """A connection that must be taken back. Raises UpstreamError."""
        self.lent += 1
        try:
            host, override = self._route(host)
            pooled = self._kept(host) or await self._counted(host, override)
        except BaseException:
            self.lent -= 1
            raise
        exchange = UpstreamExchange(
            host,
            pooled.transport,
            pooled.connection,
            idle_timeout=self._idle_timeout,
            answer_timeout=self._answer_timeout,
        )
        return pooled, exchange

    def take_back(self, pooled: _PooledConnection, exchange: UpstreamExchange) -> None:
        """Keep a connection that was lent, or close it if no other exchange may follow."""
        self.lent -= 1
        surplus = self._given_back(pooled) if exchange.reusable and self._is_present(pooled) else pooled
        if surplus is not None:
            surplus.transport.close()

    async def aclose(self) -> None:
        """Close idle connections now, and lent ones when they are returned."""
        self._max_idle = 0
        self._close_idle(before=math.inf)
        await trio.lowlevel.cancel_shielded_checkpoint()

    def _find_route(self, host: str) -> Route:
        return (host.lower(), self._override(host))

    def _override(self, host: str) -> Upstream | None:
        return next((override for override in self._overrides if matches(override.hosts, host)), None)

    def _is_present(self, pooled: _PooledConnection) -> bool:
        """Whether a connection was dialled as one would be now."""
        return pooled.way == (self._roots, self._route(pooled.host)[1])

    def _kept(self, host: str) -> _PooledConnection | None:
        now = trio.current_time()
        self._close_idle(before=now - IDLE_LIMIT)
        while (pooled := self._idle.newest(host)) is not None:
            if pooled.born > now - AGE_LIMIT and pooled.transport.quiet():
                return pooled
            pooled.transport.close()
        return None

    async def _counted(self, host: str, override: Upstream | None) -> _PooledConnection:
        try:
            pooled = await self._dialled(host, override)
        except UpstreamError:
            self.dials["failed"] += 1
            raise
        self.dials["ok"] += 1
        return pooled

    async def _dialled(self, host: str, override: Upstream | None) -> _PooledConnection:
        way = self._roots, override
        if self.lent + len(self._idle) > self._max_idle and (idle := self._idle.oldest()) is not None:
            idle.transport.close()
        transport = await dial(
            host,
            override.address if override else None,
            self._tls(override.ca_file if override else None),
            connect_timeout=self._connect_timeout,
            forbidden=self._forbidden,
        )
        if self._ours(transport.certificate):
            transport.close()
            raise UpstreamError(f"TLS with {host}: the certificate is one of this gateway's own")
        now = trio.current_time()
        return _PooledConnection(host=host, transport=transport, connection=UpstreamConnection(), way=way, born=now, since=now)

    def _given_back(self, pooled: _PooledConnection) -> _PooledConnection | None:
        """Keep a connection; return the oldest one if there are now too many."""
        pooled.since = trio.current_time()
        self._idle.put(pooled)
        return self._idle.oldest() if len(self._idle) > self._max_idle else None

    def _close_idle(self, *, before: float) -> None:
        while (pooled := self._idle.oldest(before)) is not None:
            pooled.transport.close()


class _Loan:
    """A connection for the length of a block."""

    __slots__ = ("_host", "_lent", "_pool")

    def __init__(self, pool: UpstreamPool, host: str) -> None:
        self._pool = pool
        self._host = host

    async def __aenter__(self) -> UpstreamExchange:
        self._lent = await self._pool.lend(self._host)
        return self._lent[1]

    async def __aexit__(self, *_: object) -> None:
        self._pool.take_back(*self._lent)


async def fetch(upstreams: UpstreamPool, host: str, head: RequestHead, body: bytes, *, most: int) -> tuple[ResponseHead, bytes]:
    """Send one small request and read its whole answer, whose body may have `most` bytes. Raises UpstreamError.

    The caller sets an overall deadline.
    """
    async with upstreams.connect(host) as exchange:
        answer = await _answer(exchange, head, body)
        content = bytearray()
        while isinstance(piece := await exchange.next_event(), BodyData):
            content += piece.data
            if len(content) > most:
                raise UpstreamError(f"{host} answers with more than {most} bytes")
        return answer, bytes(content)


async def post(upstreams: UpstreamPool, host: str, head: RequestHead, body: bytes) -> ResponseHead:
    """Send one small request of whose answer only the head matters: the rest is not read. Raises UpstreamError.

    The caller sets an overall deadline.
    """
    async with upstreams.connect(host) as exchange:
        return await _answer(exchange, head, body)


async def _answer(exchange: UpstreamExchange, head: RequestHead, body: bytes) -> ResponseHead:
    make = exchange.connection
    await exchange.send(make.send_request(head, length=len(body)) + make.send_data(body) + make.send_end())
    return await exchange.answer_head()
