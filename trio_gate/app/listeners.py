"""Opens the listeners of a configuration, with their certificates and names."""

from __future__ import annotations

import errno
import logging
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from trio_gate.app import gauges, status
from trio_gate.app.listener_blocks import Block, blocks, kind_of, names_of, own_names, signed
from trio_gate.app.state_dir import StartFailed
from trio_gate.app.wiring import is_ours
from trio_gate.aws.ingress import Ingress
from trio_gate.aws.operation_facts import never_vends
from trio_gate.config.attribute_types import is_loopback
from trio_gate.config.model import Admin, Listener, bracketed
from trio_gate.errors import GateError
from trio_gate.shell.admin.authentication import SignIn
from trio_gate.shell.admin.connection_limits import AdminConnections
from trio_gate.shell.admin.listener import ADMIN_CONNECTIONS, AdminListener
from trio_gate.shell.admin.metrics_server import MetricsServer, response
from trio_gate.shell.admin.server import AdminServer
from trio_gate.shell.approval.commands import CommandHandler
from trio_gate.shell.approval.preview import Recorded
from trio_gate.shell.audit.database import FILE, recent, search
from trio_gate.shell.certificates import authority
from trio_gate.shell.certificates.leaves import FileCertificates, LeafCertificates
from trio_gate.shell.listen.listeners import AgentListenerContext, EndpointListener, Names, ProxyListener, TlsListener
from trio_gate.shell.net import accept
from trio_gate.shell.net.connection_limits import Seats
from trio_gate.shell.net.rate_limit import Allowance
from trio_gate.shell.tunnels.tunnels import ALL_UNKNOWN, UNKNOWN, Surroundings, Tunnels
from trio_gate.values import value_class

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from trio_gate.app.running import Running
    from trio_gate.aws.hosts.table import HostTable
    from trio_gate.config.model import Config
    from trio_gate.config.passthrough.model import Passthrough
    from trio_gate.metrics.counts import Counts
    from trio_gate.shell.admin.http_server import HttpServer, Monitored
    from trio_gate.shell.systemd.sockets import Passed

    Opened = Sequence[accept.OpenListener]

KINDS = ("proxy", "tls", "endpoint", "admin", "metrics")
"""Of listeners; a passed socket that is named so is for one of these."""

OpenBlock = tuple[Block, list[accept.OpenListener]]
"""A block, and its listeners: one for each address of its name."""

log = logging.getLogger(__name__)

METRICS = "/metrics"


@value_class
class Authorities:
    """The gateway's two CAs: `interception` signs for AWS's hosts, `own` for its own listeners."""

    interception: authority.CertificateAuthority
    own: authority.CertificateAuthority

    def issued(self, certificate: bytes) -> bool:
        """Whether one of the two signed a certificate (DER)."""
        return self.interception.issued(certificate) or self.own.issued(certificate)


def open_authorities(
    state: Path, config: Config, table: HostTable, now: datetime, *, more: HostTable | None = None
) -> Authorities:
    """The CAs in a state folder, created where missing; `more` has hosts that one that is made now can sign, too.

    Raises CertificatesUnavailable.
    """
    domains = authority.domains_of(config, table)
    return Authorities(
        interception=authority.interception(state, domains, now=now, more=authority.domains_of(config, more) if more else ()),
        own=authority.own(state, own_names(config), now=now),
    )


class Opener:
    """Opens the listeners of one gateway, which share its seats and certificates.

    Attributes:
        seats: those of agents' connections.
        listeners: all that are open; the list is changed in place as some are opened or closed.
    """

    def __init__(self, config: Config, authorities: Authorities, running: Running) -> None:
        gateway, services = config.gateway, running.services
        self._running = running
        self._inside = AgentListenerContext(services=services, snapshot=running.present, shutdown=running.shutdown)
        self._names = Names(self._inside, LeafCertificates(authorities.interception, clock=services.clock))
        self._own = LeafCertificates(authorities.own, clock=services.clock)
        self.seats = Seats(gateway.max_connections, gateway.max_connections_per_agent)
        self.listeners: list[accept.OpenListener] = []
        self._pace = Allowance(UNKNOWN, ALL_UNKNOWN)
        self._people = {kind: _People(running) for kind in ("admin", "metrics")}
        self._ca = authorities.own
        self._passed: Passed | None = None
        services.counts.watch(partial(gauges.of_agents_seats, self.seats, self._pace))

    async def open_all(self, config: Config, passed: Passed) -> list[OpenBlock]:
        """Open all listeners of a configuration, or take their sockets from those that were passed. Raises StartFailed, GateError."""
        opened: list[OpenBlock] = []
        with closed_on_failure(opened):
            for block in blocks(config):
                sockets = await listen(block, passed)
                opened.append((block, self.over(block, config, sockets)))
            passed.check_used()
        self._passed = passed
        self.listeners += [one for _, several in opened for one in several]
        for listener in self.listeners:
            log.info("listening %s %s", listener.kind, listener.address)
        return opened

    async def listen(self, block: Block, there: Iterable[OpenBlock]) -> list[socket.socket]:
        """The sockets of a listener that a reload opens, beside those that are `there` after it. Raises StartFailed."""
        if self._passed is not None:
            self._passed.give_back({one.socket.getsockname()[:2] for _, several in there for one in _still(several)})
        return await listen(block, self._passed, _still(self.listeners))

    def unsigned(self, config: Config) -> str | None:
        """The first attribute with a name or address that the gateway's own CA may not sign, and which that is; None without."""
        for block in signed(config):
            for name in names_of(block):
                if not self._ca.may_sign(name):
                    return f"gateway.{kind_of(block)}.{'names' if name in block.names else 'bind'} ({name})"
        return None

    def over(
        self, block: Block, config: Config, sockets: Sequence[socket.socket], waits: accept.Waits | None = None
    ) -> list[accept.OpenListener]:
        """The listeners of a block over its sockets, which are closed if that fails. Raises CertificatesUnavailable.

        `waits` are those of people's connections at the same address, where there was a listener before.
        """
        try:
            return self._over(block, config, sockets, waits or self._waits(block))
        except BaseException:
            for one in sockets:
                one.close()
            raise

    def _waits(self, block: Block) -> accept.Waits:
        return accept.Waits(self._running.shutdown.idle) if isinstance(block, Admin) else accept.Waits()

    def _over(
        self, block: Block, config: Config, sockets: Sequence[socket.socket], waits: accept.Waits
    ) -> list[accept.OpenListener]:
        kind = kind_of(block)
        if isinstance(block, Admin):  # one server for all addresses of its name
            people = self._people[kind]
            return _served(
                kind, _admin(config, self._running, self._own, block, people, waits, self.listeners), sockets, people.seats, waits
            )
        if kind == "metrics":
            people = self._people[kind]
            return _served(kind, _metrics(self._running, self._own, block, people, waits), sockets, people.seats, waits)
        return [
            accept.OpenListener(kind=block.kind, socket=one, handle=self._handle(block, one), seats=self.seats) for one in sockets
        ]

    def _handle(self, block: Listener, listening: socket.socket) -> accept.Handle:
        """The handler of a listener for agents."""
        port = listening.getsockname()[1]
        match block.kind:
            case "proxy":
                tunnels = Tunnels(_surroundings(self._running, block, self._pace))
                context = _context(self._own, block, self._inside.clients) if block.tls else None
                ours = frozenset(names_of(block))
                return ProxyListener(self._inside, self._names, context, port=port, own=ours, tunnels=tunnels).handle
            case "tls":
                return TlsListener(self._inside, self._names, port=port).handle
            case _:
                return _endpoint(self._inside, self._own, block, port).handle


def _still(listeners: Opened) -> Opened:
    """Those whose socket is open: the gateway closes them when it stops."""
    return [one for one in listeners if one.socket.fileno() >= 0]


class _People:
    """What all listeners of people, or of monitoring, share whatever a reload makes of their block: limits and signed-in browsers."""

    def __init__(self, running: Running) -> None:
        self.seats = Seats(ADMIN_CONNECTIONS, ADMIN_CONNECTIONS)
        self.connections = AdminConnections()
        self.sign_in = SignIn(running.present.people, running.hub.links, running.services.wrong_tokens)
        self._watched = False

    def count(self, kind: str, pages: HttpServer, counts: Counts) -> None:
        """Count a server's connections with the others', and have metrics tell of them."""
        pages.connections = self.connections
        if not self._watched:
            self._watched = True
            counts.watch(partial(gauges.of_admin, kind, self.connections))


def _served(
    kind: str, listener: AdminListener, sockets: Sequence[socket.socket], seats: Seats, waits: accept.Waits
) -> list[accept.OpenListener]:
    """A listener's sockets. That for metrics is served until the gateway has stopped."""
    return [
        accept.OpenListener(kind=kind, socket=one, handle=listener.handle, seats=seats, drains=kind == "metrics", waits=waits)
        for one in sockets
    ]


def reserved(config: Config) -> int:
    """How many connections the listeners of people and of monitoring may have."""
    return ADMIN_CONNECTIONS * sum(block is not None for block in (config.gateway.admin, config.gateway.metrics))


def _surroundings(running: Running, block: Listener, pace: Allowance) -> Surroundings:
    """What the tunnels of a proxy listener need. After a reload that is the block that equals its own, or has its address and a port."""

    def passthrough() -> Passthrough | None:
        there = [one for one in running.present().config.gateway.listeners if one.kind == "proxy"]
        same = [one for one in there if one == block] or [one for one in there if block.bind.port and one.bind == block.bind]
        return same[0].passthrough if same else None

    def check(agent: str | None) -> None:
        for name in [agent] if agent is not None else [None, *(stop.agent for stop in running.hub.stops)]:
            running.hub.check(name)

    return Surroundings(
        services=running.services,
        snapshot=running.present,
        passthrough=passthrough,
        stopping=lambda: running.shutdown.requested,
        check=check,
        forbidden=lambda address, port: is_ours(running.present().config, address, port),
        proof_needed=not is_loopback(block.bind.host),
        pace=pace,
    )


async def listen(block: Block, passed: Passed | None = None, own: Opened = ()) -> list[socket.socket]:
    """The sockets of a listener, beside the gateway's `own` that are open. Raises StartFailed."""
    address = block.bind
    try:
        found = passed.take(kind_of(block), await accept.addresses(address), address.port) if passed else []
        return found or await accept.listen(address)
    except OSError as error:
        raise _cannot(block, error, own) from None
    except ValueError as fault:
        raise StartFailed(str(fault)) from None


def same_sockets(block: Block, there: Iterable[accept.OpenListener]) -> list[socket.socket]:
    """The sockets of listeners once more, for a block in their place. Raises StartFailed."""
    with ExitStack() as made:
        try:
            found = [made.enter_context(one.socket.dup()) for one in there]
        except OSError as error:
            raise _cannot(block, error) from None
        made.pop_all()
    return found


def _cannot(block: Block, error: OSError, own: Opened = ()) -> StartFailed:
    why = error.strerror or str(error)
    if error.errno == errno.EADDRINUSE:  # localhost in place of 127.0.0.1, say
        there = [one.address for one in own if one.socket.getsockname()[1] == block.bind.port]
        why += "".join(f", by the gateway's own listener at {address}: take another port, or restart" for address in there[:1])
    return StartFailed(f"cannot listen on {block.bind.host} port {block.bind.port}: {why}")


@contextmanager
def closed_on_failure(opened: Sequence[OpenBlock]) -> Iterator[None]:
    """Close what is open if the block fails. Raises StartFailed for what an operator can mend."""
    try:
        yield
    except (StartFailed, GateError, ValueError) as fault:
        _close(opened)
        raise StartFailed(str(fault)) from None
    except BaseException:
        _close(opened)
        raise


def _close(opened: Sequence[OpenBlock]) -> None:
    for _, several in opened:
        for one in several:
            one.socket.close()


def _admin(
    config: Config,
    running: Running,
    own: LeafCertificates,
    block: Admin,
    people: _People,
    waits: accept.Waits,
    opened: Opened,
) -> AdminListener:
    record = str(Path(config.gateway.state_dir) / FILE)

    async def view(agent: str | None) -> tuple[Mapping[str, object], str]:
        return await running.services.views.shown(agent, running.present(), running.services.table)

    recorded = Recorded(recent=partial(recent, record), never_vends=partial(never_vends, running.services.models.tables))
    commands = CommandHandler(running.hub, running.services.clock, partial(search, record), recorded, view)
    pages = AdminServer(
        hub=running.hub,
        commands=commands,
        sign_in=people.sign_in,
        names=frozenset(names_of(block)),
        waits=waits,
        unready=running.unready,
        counted=running.services.refusals.counted,
        monitored=_monitored(running, opened),
    )
    people.count("admin", pages, running.services.counts)
    return AdminListener(pages, _context(own, block), head_timeout=_head_timeout(running), idle=waits.idle)


def _head_timeout(running: Running) -> Callable[[], float]:
    return lambda: running.present().config.gateway.head_timeout


def _metrics(running: Running, own: LeafCertificates, block: Listener, people: _People, waits: accept.Waits) -> AdminListener:
    """The metrics listener, which shows nothing else. It answers while the gateway stops, so that `/readyz` says so."""
    sign_in = None if is_loopback(block.bind.host) else people.sign_in
    pages = MetricsServer(
        {METRICS: partial(response, running.services.counts)},
        frozenset(names_of(block)),
        sign_in,
        idle=waits.idle,
        unready=running.unready,
        counted=running.services.refusals.counted,
    )
    people.count("metrics", pages, running.services.counts)
    context = _context(own, block) if block.tls else None
    return AdminListener(pages, context, head_timeout=_head_timeout(running), idle=waits.idle)


def _monitored(running: Running, opened: Opened) -> Monitored:
    """What those may read who may monitor; `opened` will be all listeners."""
    return {METRICS: partial(response, running.services.counts), "/v1/status": partial(status.response, running, opened)}


def _endpoint(inside: AgentListenerContext, own: LeafCertificates, block: Listener, port: int) -> EndpointListener:
    scheme = "https" if block.tls else "http"
    host = block.names[0] if block.names else bracketed(block.bind.host)
    ingress = Ingress(kind="endpoint", port=port, names=frozenset(names_of(block)), base=f"{scheme}://{host}:{port}")
    return EndpointListener(inside, _context(own, block, inside.clients) if block.tls else None, ingress)


def _context(own: LeafCertificates, block: Block, clients: Callable[[], str] = str) -> Callable[[], ssl.SSLContext]:
    """A function that returns a TLS context with the current certificate of a listener, for the current `clients`."""
    if not (block.certificate and block.key):
        return lambda: own.context(names_of(block), clients=clients())
    files = FileCertificates(block.certificate, block.key)
    files.context(clients())
    return lambda: files.context(clients())
