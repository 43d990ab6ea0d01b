"""The listeners: what each kind does with a connection until requests can be read from it.

Rule: a name that we do not serve leads nowhere: nothing is dialled, and no request by it gets further than its head. Where our CA may
sign for the name, that is said inside TLS, where programs read it; else, and where one source asks too often, it is turned away
before there is a certificate. A proxy listener speaks CONNECT and nothing else; what follows is TLS with the agent.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import trio

from trio_gate.aws.ingress import Ingress
from trio_gate.errors import GateError, Malformed, Unidentified
from trio_gate.exchange.snapshot import require_served_place
from trio_gate.shell.listen.connection_handler import ConnectionHandler
from trio_gate.shell.net.agent_stream import AgentStream
from trio_gate.shell.net.plain_response import answer
from trio_gate.shell.net.rate_limit import Allowance, Pace
from trio_gate.shell.net.tls_handshake import accept_transport
from trio_gate.shell.net.transport import Replay, StreamTransport
from trio_gate.wire.fields import HeadBuffer
from trio_gate.wire.parse import MAX_HEAD, parse_connect

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from trio_gate.exchange.snapshot import Snapshot
    from trio_gate.shell.certificates.leaves import LeafCertificates
    from trio_gate.shell.exchange.shared_services import SharedServices
    from trio_gate.shell.net.accept import Shutdown
    from trio_gate.shell.net.connection_limits import Seat
    from trio_gate.shell.net.transport import Transport

HTTPS = 443
CONNECTED = b"HTTP/1.1 200 Connection established\r\n\r\n"
RECEIVE = 16 * 1024
"""Bytes asked of a socket at once."""

LINGER_SECONDS = 1
"""How long a refused client may go on sending."""

PASSING, ALL_PASSING = Pace(most=30, rate=0.5), Pace(most=120, rate=4)
"""Certificates for names that are refused, some milliseconds of work each: of one source, and of all."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentListenerContext:
    """What every listener of agents leads to."""

    services: SharedServices
    snapshot: Callable[[], Snapshot]
    shutdown: Shutdown

    async def converse(self, transport: Transport, ingress: Ingress, seat: Seat) -> None:
        """Serve the requests of a connection."""
        gateway = self.snapshot().config.gateway
        agent = AgentStream(
            transport,
            seat=seat,
            head_timeout=gateway.head_timeout,
            idle_timeout=gateway.idle_timeout,
            body_rate=gateway.body_rate,
            idle=self.shutdown.idle,
        )
        await ConnectionHandler(agent, ingress=ingress, services=self.services, snapshot=self.snapshot).run()
        await agent.aclose()

    def refusal(self, host: str) -> Unidentified | None:
        """Why no account could be reached by this host, None where one could."""
        try:
            require_served_place(self.services.table.place(host), self.snapshot().config, self.services.table)
        except Unidentified as fault:
            return fault
        return None

    def turned_away(self, address: str, fault: GateError) -> None:
        """Tell the operator of a connection that came to no request, or count it with others."""
        level = logging.DEBUG if self.services.refusals.counted(address, f"{fault.status} turned away") else logging.INFO
        log.log(level, "agent %s turned away: %s", address, fault.detail)

    @property
    def head_timeout(self) -> float:
        """Seconds for whatever comes before the first request."""
        return self.snapshot().config.gateway.head_timeout


class Names:
    """Which names of hosts are met with a certificate, and with which."""

    def __init__(self, inside: AgentListenerContext, leaves: LeafCertificates) -> None:
        self._inside = inside
        self._leaves = leaves
        self._passing = Allowance(PASSING, ALL_PASSING)

    def admit(self, host: str, address: str) -> Unidentified | None:
        """Why a host is refused that has a certificate for this peer, which is charged to it; None where the host is served.

        Raises:
            Unidentified: it has none.
        """
        refused = self._inside.refusal(host)
        if refused is not None and not (self._leaves.may_pass(host) and self._passing.take(address)):
            raise refused
        return refused

    def context(self, host: str, refused: Unidentified | None) -> ssl.SSLContext:
        """The certificate of a host that was admitted."""
        if refused:
            return self._leaves.passing(host)
        place = self._inside.services.table.place(host)
        return self._leaves.context(place.names, free=place.free)


class ProxyListener:
    """HTTP CONNECT, then TLS with a certificate for the host of the CONNECT."""

    def __init__(self, inside: AgentListenerContext, names: Names, *, port: int) -> None:
        self._inside = inside
        self._names = names
        self._port = port

    async def handle(self, stream: trio.SocketStream, seat: Seat) -> None:
        """Serve a connection."""
        try:
            met = await self._connect(stream, seat.address)
            if met is None:
                return
            host, refused, rest = met
            choose = _only(host, lambda: self._names.context(host, refused))
            tls, sni = await accept_transport(Replay(stream, rest), choose, within=self._inside.head_timeout)
        except GateError as fault:
            self._inside.turned_away(seat.address, fault)
            return
        except (trio.TooSlowError, trio.BrokenResourceError):
            self._inside.turned_away(seat.address, Malformed("it did not connect"))
            return
        ingress = Ingress(kind="proxy", sni=sni, connect=host, port=self._port, refused=refused)
        await self._inside.converse(tls, ingress, seat)

    async def _connect(self, stream: trio.SocketStream, address: str) -> tuple[str, Unidentified | None, bytes] | None:
        """Read and answer the CONNECT: its host, why that is refused inside, and what came behind it. None where it is refused here."""
        try:
            raw, rest = await _read_head(stream, within=self._inside.head_timeout)
            host, refused = self._checked(raw, address)
        except GateError as fault:
            refusal = fault
        else:
            with trio.fail_after(self._inside.head_timeout):
                await stream.send_all(CONNECTED)
            return host, refused, rest
        self._inside.turned_away(address, refusal)
        await _turn_away(stream, refusal)
        return None

    def _checked(self, raw: bytes, address: str) -> tuple[str, Unidentified | None]:
        connect = parse_connect(raw)
        if connect.port not in (HTTPS, self._port):
            raise Malformed("only port 443 is served", status=403)
        return connect.host, self._names.admit(connect.host, address)


class TlsListener:
    """TLS from the first byte: the server name says which host of AWS is meant."""

    def __init__(self, inside: AgentListenerContext, names: Names, *, port: int) -> None:
        self._inside = inside
        self._names = names
        self._port = port

    async def handle(self, stream: trio.SocketStream, seat: Seat) -> None:
        """Serve a connection."""
        refused: Unidentified | None = None

        def choose(name: str | None) -> ssl.SSLContext | None:
            nonlocal refused
            if name is None:
                return None
            try:
                refused = self._names.admit(name, seat.address)
            except Unidentified:
                return None
            return self._names.context(name, refused)

        try:
            tls, sni = await accept_transport(stream, choose, within=self._inside.head_timeout)
        except Malformed as fault:
            self._inside.turned_away(seat.address, fault)
            return
        await self._inside.converse(tls, Ingress(kind="tls", sni=sni, port=self._port, refused=refused), seat)


class EndpointListener:
    """AWS_ENDPOINT_URL: plain HTTP on loopback, or TLS with a certificate of our own."""

    def __init__(self, inside: AgentListenerContext, context: Callable[[], ssl.SSLContext] | None, ingress: Ingress) -> None:
        self._inside = inside
        self._context = context
        self._ingress = ingress

    async def handle(self, stream: trio.SocketStream, seat: Seat) -> None:
        """Serve a connection."""
        if self._context is None:
            await self._inside.converse(StreamTransport(stream), self._ingress, seat)
            return
        context = self._context
        try:
            tls, _ = await accept_transport(stream, lambda _: context(), within=self._inside.head_timeout)
        except Malformed as fault:
            self._inside.turned_away(seat.address, fault)
            return
        await self._inside.converse(tls, self._ingress, seat)


async def _read_head(stream: trio.SocketStream, *, within: float) -> tuple[bytes, bytes]:
    """A head, and what came behind it. Raises Malformed."""
    buffer = HeadBuffer(MAX_HEAD)
    with trio.move_on_after(within):
        while (raw := buffer.take()) is None:
            data = await stream.receive_some(RECEIVE)
            if not data:
                raise Malformed("the connection closed inside a head")
            buffer.data += data
            if not b"A" <= buffer.data[:1] <= b"Z":
                raise Malformed("this is no HTTP: write http:// in the proxy's address, also for https endpoints")
        return raw, bytes(buffer.data)
    raise Malformed("the head did not come in time", status=408)


async def _turn_away(stream: trio.SocketStream, fault: GateError) -> None:
    """Answer in plain HTTP, and read on for a moment so that the answer is not lost in a reset (RFC 9112 section 9.6)."""
    with trio.move_on_after(LINGER_SECONDS), suppress(trio.BrokenResourceError):
        await stream.send_all(answer(fault.status, fault.reason))
        await stream.send_eof()
        while await stream.receive_some(RECEIVE):
            pass


def _only(host: str, context: Callable[[], ssl.SSLContext]) -> Callable[[str | None], ssl.SSLContext | None]:
    """The certificate of a host, for a client that asks for it or for none."""
    return lambda name: context() if name in (None, host) else None
