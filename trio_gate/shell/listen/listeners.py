"""The listeners for agents: what each kind does with a connection until requests can be read from it.

Rule: for a host that is not served nothing is dialled, and of a request only the head is read. If our CA may sign for the name, the
refusal is sent inside TLS, where programs read it; otherwise, or if one source asks too often, the connection is refused before a
certificate is made. A proxy listener accepts only CONNECT, and what follows is TLS with the agent, or a tunnel to a host that is none of
AWS's; besides, by TLS or from its own machine, what is for the gateway itself.
"""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import trio

from trio_gate.aws.ingress import Ingress
from trio_gate.config.attribute_types import is_loopback
from trio_gate.config.model import Address
from trio_gate.errors import GateError, Malformed, Unauthenticated, Unidentified
from trio_gate.exchange.proving import proxy_tokens
from trio_gate.exchange.snapshot import require_served_place
from trio_gate.shell.certificates.clients import certificate_of
from trio_gate.shell.listen.connection_handler import ConnectionHandler
from trio_gate.shell.net.agent_stream import AgentStream
from trio_gate.shell.net.plain_response import answer
from trio_gate.shell.net.rate_limit import Allowance, Pace
from trio_gate.shell.net.tls_handshake import accept_transport
from trio_gate.shell.tunnels.tunnels import CONNECTED
from trio_gate.values import value_class
from trio_gate.wire.client_hello import MAX_HELLO
from trio_gate.wire.fields import HeadBuffer
from trio_gate.wire.parse import MAX_HEAD, parse_connect, parse_request_head

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from trio_gate.aws.ingress import ClientCertificate
    from trio_gate.exchange.snapshot import Snapshot
    from trio_gate.shell.certificates.leaves import LeafCertificates
    from trio_gate.shell.exchange.shared_services import SharedServices
    from trio_gate.shell.net.accept import Shutdown
    from trio_gate.shell.net.connection_limits import Seat
    from trio_gate.shell.net.tls_handshake import Choose
    from trio_gate.shell.net.tls_transport import TlsTransport
    from trio_gate.shell.net.transport import SocketTransport, Transport
    from trio_gate.shell.tunnels.tunnels import Tunnels
    from trio_gate.wire.head import Headers
    from trio_gate.wire.parse import ConnectHead

HTTPS = 443
RECEIVE = 16 * 1024
"""Bytes asked of a socket at once."""

LINGER_SECONDS, LINGER_BYTES = 1, 1024 * 1024
"""Time that a refused client may go on sending, and how much."""

PASSING, ALL_PASSING = Pace(most=30, rate=0.5), Pace(most=120, rate=4)
"""Paces of certificates for refused names, some milliseconds of work each: for one source, and for all."""

_TO_GATEWAY = re.compile(rb"[A-Z]{1,16} /-/agent")
"""How a head begins that is to the gateway itself."""

log = logging.getLogger(__name__)


@value_class
class AgentListenerContext:
    """What all listeners for agents share. `snapshot` returns the current configuration."""

    services: SharedServices
    snapshot: Callable[[], Snapshot]
    shutdown: Shutdown

    async def converse(self, transport: Transport, ingress: Ingress, seat: Seat, arrived: bytes = b"") -> None:
        """Serve the requests of a connection, then close it. `arrived` are bytes that were read from it before."""
        gateway = self.snapshot().config.gateway
        agent = AgentStream(
            transport,
            seat=seat,
            head_timeout=gateway.head_timeout,
            idle_timeout=gateway.idle_timeout,
            body_rate=gateway.body_rate,
            shutdown=self.shutdown,
        )
        if arrived:
            agent.connection.receive(arrived)
        await ConnectionHandler(agent, ingress=ingress, services=self.services, snapshot=self.snapshot).run()
        await agent.aclose()

    def refusal(self, host: str) -> Unidentified | None:
        """Why this host is not served, None if it is."""
        table = self.services.table
        try:
            require_served_place(table.place(host), self.snapshot().config, table)
        except Unidentified as fault:
            return fault
        return None

    def turned_away(self, address: str, fault: GateError) -> None:
        """Log and count a connection that was refused before its first request; at debug level if there are many."""
        if fault.limit is not None:
            self.services.counts.refuse(fault.limit)
        level = logging.DEBUG if self.services.refusals.counted(address, f"{fault.status} turned away") else logging.INFO
        log.log(level, "agent %s turned away: %s", address, fault.detail)

    def clients(self) -> str:
        """The authorities (PEM) of agents' client certificates, empty where no agent needs one."""
        return "\n".join(self.snapshot().authorities)

    def certificates(self, tls: TlsTransport) -> tuple[ClientCertificate, ...]:
        """The client certificate of a connection, if it has one. Raises Malformed."""
        der = tls.peer_certificate
        return () if der is None else (certificate_of(der, self.snapshot().authorities),)

    async def proven(self, headers: Headers, seat: Seat, ingress: Ingress) -> Ingress:
        """An ingress with the token that a request to the proxy itself shows, if it has or needs one. Raises Unauthenticated, Overloaded."""
        agents, said = self.snapshot().agents.values(), proxy_tokens.shown(headers)
        try:
            return proxy_tokens.proven(agents, said, ingress)
        except Unauthenticated as wrong:
            fault = wrong
        if said is not None:
            await self.services.wrong_tokens.slow_down(seat.source)
        raise fault

    @property
    def head_timeout(self) -> float:
        """Seconds for each step before the first request."""
        return self.snapshot().config.gateway.head_timeout


class Names:
    """Chooses certificates by host name. Refused names get one too, as far as the rate limit allows."""

    def __init__(self, inside: AgentListenerContext, leaves: LeafCertificates) -> None:
        self._inside = inside
        self._leaves = leaves
        self._passing = Allowance(PASSING, ALL_PASSING)

    def admit(self, host: str, address: str) -> Unidentified | None:
        """Decide about a host that a peer asks for.

        Returns:
            None if the host is served; else the reason to refuse it inside TLS, which counts against the peer's limit.

        Raises:
            Unidentified: the host is not served, and there is no certificate in which to say so.
        """
        refused = self._inside.refusal(host)
        if refused is not None and not (self._leaves.may_pass(host) and self._passing.take(address)):
            raise refused
        return refused

    def context(self, host: str, refused: Unidentified | None) -> ssl.SSLContext:
        """The TLS context for a host, given what `admit` returned for it."""
        if refused:
            return self._leaves.passing(host)
        place = self._inside.services.table.place(host)
        return self._leaves.context(place.names, free=place.free, clients=self._inside.clients())


class ProxyListener:
    """Accepts HTTP CONNECT, then TLS with a certificate for the host of the CONNECT. Its own Host names are `own`.

    With a `context` it speaks TLS before, so that the second TLS comes inside the first. Hosts that `tunnels` lead to are reached
    through these.
    """

    def __init__(
        self,
        inside: AgentListenerContext,
        names: Names,
        context: Callable[[], ssl.SSLContext] | None,
        *,
        port: int,
        own: frozenset[str],
        tunnels: Tunnels,
    ) -> None:
        self._inside = inside
        self._names = names
        self._context = context
        self._port = port
        self._own = own
        self._tunnels = tunnels

    async def handle(self, accepted: SocketTransport, seat: Seat) -> None:
        """Serve an accepted connection to its end. The caller closes it."""
        way: Transport = accepted
        try:
            way, arrived, ingress = await self._enter(accepted)
            met = await self._connect(way, arrived, ingress, seat)
            if met is None:
                await way.aclose()
                return
            ingress, rest = met
            if ingress.kind == "proxy":
                way, ingress, rest = *await self._tls(way, ingress, rest), b""
        except GateError as fault:
            self._inside.turned_away(seat.address, fault)
            await way.aclose()
            return
        except (trio.TooSlowError, trio.BrokenResourceError):
            self._inside.turned_away(seat.address, Malformed("it did not connect"))
            return
        await self._inside.converse(way, ingress, seat, rest)

    async def _enter(self, accepted: SocketTransport) -> tuple[Transport, bytes, Ingress]:
        """The connection in the clear, what has arrived on it, and what it has proven so far. Raises Malformed."""
        arrived, ingress = accepted.arrived(RECEIVE), Ingress(kind="proxy", port=self._port)
        if self._context is None:
            return accepted, arrived, ingress
        within, context = self._inside.head_timeout, self._context
        try:
            arrived = arrived or await accepted.receive_some(RECEIVE, trio.current_time() + within)
        except trio.TooSlowError:
            raise Malformed("TLS did not begin in time", status=408, limit="head_timeout") from None
        if b"A" <= arrived[:1] <= b"Z":
            fault = Malformed("this proxy speaks TLS: write https:// in its address")
            await _turn_away(accepted, fault)
            raise fault
        tls, _ = await accept_transport(accepted, lambda _: context(), within=within, arrived=arrived)
        return tls, b"", replace(ingress, certificates=self._inside.certificates(tls))

    async def _tls(self, way: Transport, ingress: Ingress, rest: bytes) -> tuple[TlsTransport, Ingress]:
        host, refused = ingress.connect or "", ingress.refused
        choose = _only(host, lambda: self._names.context(host, refused))
        tls, sni = await accept_transport(way, choose, within=self._inside.head_timeout, arrived=rest)
        return tls, replace(ingress, sni=sni, certificates=(*ingress.certificates, *self._inside.certificates(tls)))

    async def _connect(self, way: Transport, arrived: bytes, ingress: Ingress, seat: Seat) -> tuple[Ingress, bytes] | None:
        """Read and answer the CONNECT; None if it is refused or was a tunnel, else what is known so far, and the bytes after it.

        A request to the gateway itself is not answered here, and its head is among the bytes.
        """
        try:
            raw, rest = await _read_head(way, arrived, within=self._inside.head_timeout)
            if _TO_GATEWAY.match(raw):
                return await self._to_gateway(raw, ingress, seat), raw + rest
            connect = parse_connect(raw)
            ingress = replace(ingress, connect=connect.host)
            if self._tunnels.leads_to(connect.host, connect.port):
                await self._tunnel(way, connect, rest, ingress, seat)
                return None
            ingress = await self._checked(connect, ingress, seat)
        except GateError as fault:
            refusal = fault
        else:
            await way.send_all(CONNECTED, self._inside.head_timeout)
            return ingress, rest
        self._inside.turned_away(seat.address, refusal)
        await _turn_away(way, refusal)
        return None

    async def _tunnel(self, way: Transport, connect: ConnectHead, rest: bytes, ingress: Ingress, seat: Seat) -> None:
        """Open a tunnel and relay to its end. Raises GateError if it was refused."""
        try:
            ingress = await self._inside.proven(connect.headers, seat, ingress)
        except GateError:
            self._inside.services.counts.tunnels.asked["refused"] += 1
            raise
        await self._tunnels.run(way, Address(host=connect.host, port=connect.port), rest, ingress, seat)

    async def _checked(self, connect: ConnectHead, ingress: Ingress, seat: Seat) -> Ingress:
        if connect.port not in (HTTPS, self._port):
            raise Malformed("only port 443 is served", status=403)
        ingress = await self._inside.proven(connect.headers, seat, ingress)
        return replace(ingress, refused=self._names.admit(connect.host, seat.address))

    async def _to_gateway(self, raw: bytes, ingress: Ingress, seat: Seat) -> Ingress:
        """How a request to the gateway itself came. Raises Malformed, Unauthenticated, Overloaded."""
        if self._context is None and not is_loopback(seat.address):
            raise Malformed("only its own machine may ask the gateway here, in the clear: use an endpoint listener", status=403)
        return await self._inside.proven(parse_request_head(raw).headers, seat, replace(ingress, kind="address", names=self._own))


class TlsListener:
    """Accepts TLS from the first byte; the server name says which host of AWS is meant."""

    def __init__(self, inside: AgentListenerContext, names: Names, *, port: int) -> None:
        self._inside = inside
        self._names = names
        self._port = port

    async def handle(self, accepted: SocketTransport, seat: Seat) -> None:
        """Serve an accepted connection to its end. The caller closes it."""
        try:
            tls, ingress = await self._enter(accepted, seat)
        except Malformed as fault:
            self._inside.turned_away(seat.address, fault)
            return
        await self._inside.converse(tls, ingress, seat)

    async def _enter(self, accepted: SocketTransport, seat: Seat) -> tuple[TlsTransport, Ingress]:
        """The connection in the clear, and what is known of it. Raises Malformed."""
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

        tls, sni = await _tls(accepted, choose, self._inside)
        certificates = self._inside.certificates(tls)
        return tls, Ingress(kind="tls", sni=sni, port=self._port, refused=refused, certificates=certificates)


class EndpointListener:
    """Serves AWS_ENDPOINT_URL: plain HTTP on loopback (`context` is None), or TLS with the gateway's own certificate."""

    def __init__(self, inside: AgentListenerContext, context: Callable[[], ssl.SSLContext] | None, ingress: Ingress) -> None:
        self._inside = inside
        self._context = context
        self._ingress = ingress

    async def handle(self, accepted: SocketTransport, seat: Seat) -> None:
        """Serve an accepted connection to its end. The caller closes it."""
        if self._context is None:
            await self._inside.converse(accepted, self._ingress, seat)
            return
        context = self._context
        try:
            tls, _ = await _tls(accepted, lambda _: context(), self._inside)
            certificates = self._inside.certificates(tls)
        except GateError as fault:
            self._inside.turned_away(seat.address, fault)
            return
        await self._inside.converse(tls, replace(self._ingress, certificates=certificates), seat)


async def _tls(accepted: SocketTransport, choose: Choose, inside: AgentListenerContext) -> tuple[TlsTransport, str | None]:
    """The connection in the clear, and the name that it asked for. Raises Malformed."""
    return await accept_transport(accepted, choose, within=inside.head_timeout, arrived=accepted.arrived(MAX_HELLO))


async def _read_head(way: Transport, data: bytes, *, within: float) -> tuple[bytes, bytes]:
    """Read a head, of which `data` has come; return it and the bytes after it. Raises Malformed."""
    buffer, deadline = HeadBuffer(MAX_HEAD), trio.current_time() + within
    while True:
        buffer.data += data
        if buffer.data and not b"A" <= buffer.data[:1] <= b"Z":
            raise Malformed(
                "this is not HTTP: write http:// in the proxy's address, also for https endpoints, or set `tls` for it"
            )
        if (raw := buffer.take()) is not None:
            return raw, bytes(buffer.data)
        try:
            data = await way.receive_some(RECEIVE, deadline)
        except trio.TooSlowError:
            raise Malformed("the request head did not arrive in time", status=408, limit="head_timeout") from None
        if not data:
            raise Malformed("the connection closed inside a head")


async def _turn_away(way: Transport, fault: GateError) -> None:
    """Answer, and read on for a moment so that no reset destroys the answer (RFC 9112 section 9.6)."""
    with trio.move_on_after(LINGER_SECONDS), suppress(trio.BrokenResourceError):
        await way.send_all(answer(fault.status, fault.reason, retry_after=fault.retry_after))
        await way.drain(LINGER_BYTES)


def _only(host: str, context: Callable[[], ssl.SSLContext]) -> Callable[[str | None], ssl.SSLContext | None]:
    """A chooser of contexts that accepts only `host` as server name, or none."""
    return lambda name: context() if name in (None, host) else None
