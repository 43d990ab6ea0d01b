"""The gateway put together: objects from a `Config`, tasks in nurseries. No logic of its own.

Theory: what outlives a connection is opened first and closed last: the audit log, then role sessions and connections to AWS,
then the connections of agents, then accepting. A stop goes the other way round.
"""

from __future__ import annotations

import fcntl
import logging
import os
import signal
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import trio

from trio_gate.app.reload import ActiveConfig
from trio_gate.audit.acts import gateway_row, reload_row
from trio_gate.aws.hosts.table import HostTable
from trio_gate.aws.ingress import Ingress
from trio_gate.config.attribute_types import is_loopback
from trio_gate.config.model import Address, Admin, Listener, bracketed
from trio_gate.errors import GateError
from trio_gate.shell.admin.listener import CONNECTIONS as ADMIN_CONNECTIONS
from trio_gate.shell.admin.listener import AdminListener
from trio_gate.shell.admin.server import AdminServer
from trio_gate.shell.approval import database
from trio_gate.shell.approval.commands import CommandHandler
from trio_gate.shell.approval.lifespan import open_hub
from trio_gate.shell.audit.acts import Unreviewed
from trio_gate.shell.audit.database import FILE, search
from trio_gate.shell.audit.decision_log import DecisionLog
from trio_gate.shell.audit.refusals import open_refusals
from trio_gate.shell.audit.writer import open_audit_log
from trio_gate.shell.certificates import authority
from trio_gate.shell.certificates.leaves import LeafCertificates, file_context
from trio_gate.shell.certificates.trust_roots import client_context
from trio_gate.shell.clock import SystemClock
from trio_gate.shell.credentials.base_keys import BaseKeys
from trio_gate.shell.credentials.role_credentials import open_role_credentials
from trio_gate.shell.exchange.bodies import Bodies
from trio_gate.shell.exchange.budget import Budget
from trio_gate.shell.exchange.model_loader import Models
from trio_gate.shell.exchange.packaged_data import packaged_hosts
from trio_gate.shell.exchange.services import Services
from trio_gate.shell.exchange.work import Work, let_go_often
from trio_gate.shell.listen.listeners import (
    AgentListenerContext,
    EndpointListener,
    Names,
    ProxyListener,
    TlsListener,
)
from trio_gate.shell.net import accept, descriptors
from trio_gate.shell.net.seats import Seats
from trio_gate.shell.systemd import notify
from trio_gate.shell.upstream.pool import UpstreamPool, fetch
from trio_gate.signing.sigv4 import SigningKeys

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from trio_gate.config.model import Config
    from trio_gate.ports import AuditLog
    from trio_gate.shell.approval.hub import ApprovalHub
    from trio_gate.shell.audit.refusals import Refusals

STS_ANSWER = 64 * 1024
"""Bytes of STS's answer, which is about 2 KiB."""

LOCAL = ("localhost", "127.0.0.1", "::1")

log = logging.getLogger(__name__)


class StartFailed(Exception):  # noqa: N818 - what happened
    """The gateway cannot start; says why in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorities:
    """Our two CAs."""

    interception: authority.CertificateAuthority
    own: authority.CertificateAuthority

    def issued(self, certificate: bytes) -> bool:
        """Whether one of them signed a certificate (DER)."""
        return self.interception.issued(certificate) or self.own.issued(certificate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What decides, while the gateway runs, on calls and on people."""

    hub: ApprovalHub
    present: ActiveConfig
    shutdown: accept.Shutdown
    audit: AuditLog
    decisions: DecisionLog | None
    refusals: Refusals

    def unready(self) -> str | None:
        """Why calls are refused just now, None while they are not."""
        if self.audit.failing:
            return "calls are refused: the record takes no rows; the gateway's log says why"
        if self.hub.failing:
            return "calls are refused: what approvals leave behind cannot be kept; the gateway's log says why"
        if self.decisions and not self.decisions.takes_lines():
            return "calls are refused: the decision log takes no lines; the gateway's log says why"
        return None


async def serve(config: Config, read: Callable[[], Config | None]) -> None:
    """Run the gateway until SIGTERM or SIGINT. Raises StartFailed or GateError when it cannot start.

    Args:
        config: to begin with.
        read: reads the configuration anew at SIGHUP; it may block. None when it has faults, which it has told.
    """
    try:
        _provide(config)
        with _own(Path(config.gateway.state_dir)) as state, trio.open_signal_receiver(signal.SIGHUP) as hangups:
            await _run(state, config, read, hangups)
    except BaseExceptionGroup as group:
        fault = _only(group)
        if isinstance(fault, (StartFailed, GateError)):
            raise fault from None
        raise


def _only(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What the nurseries between here and there have wrapped, where it is one exception."""
    fault: BaseException = group
    while isinstance(fault, BaseExceptionGroup) and len(fault.exceptions) == 1:
        fault = fault.exceptions[0]
    return fault


def _provide(config: Config) -> None:
    """Have descriptors for every connection that the configuration promises. Raises StartFailed."""
    why_not = descriptors.provide(config.gateway.max_connections, ADMIN_CONNECTIONS if config.gateway.admin else 0)
    if why_not is not None:
        raise StartFailed(why_not)


async def _run(state: Path, config: Config, read: Callable[[], Config | None], hangups: AsyncIterator[int]) -> None:
    let_go_often()
    shutdown, table = accept.Shutdown(), HostTable(packaged_hosts())
    now = SystemClock().now()
    authorities = Authorities(
        interception=authority.interception(state, authority.domains_of(config, table), now=now),
        own=authority.own(state, _own_names(config), now=now),
    )
    async with _services(config, table, authorities) as (services, hub), trio.open_nursery() as watchers:
        present = ActiveConfig(config, hub)
        watchers.start_soon(_stop_on_signal, shutdown, hub)
        watchers.start_soon(_reload_on_signal, hangups, present, read, hub)
        by = Admission(
            hub=hub,
            present=present,
            shutdown=shutdown,
            audit=services.audit,
            decisions=services.decisions,
            refusals=services.refusals,
        )
        opened = await _open(config, authorities, services, by)
        for one in opened:
            log.info("listening %s %s", one.kind, _text(one.listener))
        hub.acts.note(gateway_row("started", config, present().number, SystemClock().now()))
        log.info("trio-gate: ready")
        notify("READY=1")
        await accept.run(opened, shutdown)
        watchers.cancel_scope.cancel()
        hub.acts.note(gateway_row("stopped", present().config, present().number, SystemClock().now()))
    log.info("trio-gate: stopped")


@asynccontextmanager
async def _services(config: Config, table: HostTable, authorities: Authorities) -> AsyncIterator[tuple[Services, ApprovalHub]]:
    """The stores and connections of a process."""
    gateway = config.gateway
    state, clock = Path(gateway.state_dir), SystemClock()
    upstreams = UpstreamPool(
        routes=config.upstreams,
        tls=lambda file: client_context(file or gateway.ca_file),
        connect_timeout=gateway.connect_timeout,
        idle_timeout=gateway.idle_timeout,
        answer_timeout=gateway.answer_timeout,
        forbidden=partial(_is_ours, config),
        ours=authorities.issued,
        max_idle=gateway.max_connections,
    )
    base = BaseKeys(credential for endpoint in config.endpoints for credential in endpoint.credentials)
    with ExitStack() as files:
        decisions = DecisionLog(gateway.decision_log, gateway.decision_log_limit) if gateway.decision_log else None
        if decisions is not None:
            files.callback(decisions.close)
        async with (
            open_audit_log(str(state / FILE), gateway.record_limit) as audit,
            open_refusals(audit, clock) as refusals,
            open_hub(config, clock, str(state / database.FILE), _link(gateway.admin), audit) as hub,
            open_role_credentials(
                base, send=partial(fetch, upstreams, most=STS_ANSWER), host=partial(_sts_host, table), clock=clock
            ) as credentials,
        ):
            try:
                yield (
                    Services(
                        clock=clock,
                        table=table,
                        models=Models(state / "models"),
                        work=Work(),
                        keys=SigningKeys(),
                        credentials=credentials,
                        approvals=hub,
                        upstreams=upstreams,
                        audit=audit,
                        decisions=decisions,
                        refusals=refusals,
                        unreviewed=Unreviewed(hub.acts, clock),
                        bodies=Bodies(
                            held=Budget(gateway.held_total, "holds"),
                            spooled=Budget(gateway.spool_limit, "keeps"),
                            folder=str(state / "spool"),
                        ),
                    ),
                    hub,
                )
            finally:
                with trio.move_on_after(accept.GRACE, shield=True):
                    await upstreams.aclose()


async def _open(config: Config, authorities: Authorities, services: Services, by: Admission) -> list[accept.OpenListener]:
    """All listeners of the configuration, open, with what each does. Raises StartFailed, GateError."""
    gateway = config.gateway
    inside = AgentListenerContext(services=services, snapshot=by.present, shutdown=by.shutdown)
    names, own = (
        Names(inside, LeafCertificates(authorities.interception, clock=services.clock)),
        LeafCertificates(authorities.own, clock=services.clock),
    )
    seats, opened = Seats(gateway.max_connections, gateway.max_connections_per_agent), list[accept.OpenListener]()
    blocks: list[Listener | Admin] = [*gateway.listeners, *([gateway.admin] if gateway.admin else [])]
    for block in blocks:
        listeners = await _listen(block.bind, opened)
        if isinstance(block, Admin):  # one for all addresses of its name: who signed in on one is known on the others
            admin, places = _admin(config, by, own, block), Seats(ADMIN_CONNECTIONS, ADMIN_CONNECTIONS)
            opened += [accept.OpenListener(kind="admin", listener=one, handle=admin.handle, seats=places) for one in listeners]
            continue
        for one in listeners:
            handle = _agents(inside, names, own, block, one.socket.getsockname()[1])
            opened.append(accept.OpenListener(kind=block.kind, listener=one, handle=handle, seats=seats))
    return opened


def _agents(inside: AgentListenerContext, names: Names, own: LeafCertificates, block: Listener, port: int) -> accept.Handle:
    """What a listener for agents does with a connection."""
    match block.kind:
        case "proxy":
            return ProxyListener(inside, names, port=port).handle
        case "tls":
            return TlsListener(inside, names, port=port).handle
        case _:
            return _endpoint(inside, own, block, port).handle


async def _listen(address: Address, opened: Sequence[accept.OpenListener]) -> list[trio.SocketListener]:
    """Open an address; close what was opened before if that fails."""
    try:
        return await accept.listen(address)
    except OSError as error:
        for one in opened:
            one.listener.socket.close()
        raise StartFailed(f"cannot listen on {address.host} port {address.port}: {error.strerror or error}") from None


def _admin(config: Config, by: Admission, own: LeafCertificates, block: Admin) -> AdminListener:
    record = str(Path(config.gateway.state_dir) / FILE)
    commands = CommandHandler(by.hub, SystemClock(), partial(search, record))
    pages = AdminServer(
        hub=by.hub,
        commands=commands,
        people=by.present.people,
        names=frozenset(_names(block)),
        idle=by.shutdown.idle,
        unready=by.unready,
        counted=by.refusals.counted,
    )
    return AdminListener(pages, _context(own, block), head_timeout=config.gateway.head_timeout, idle=by.shutdown.idle)


def _link(block: Admin | None) -> str:
    """The address of the approvals page."""
    if block is None:
        return ""
    return f"https://{block.names[0] if block.names else bracketed(block.bind.host)}:{block.bind.port}/"


def _endpoint(inside: AgentListenerContext, own: LeafCertificates, block: Listener, port: int) -> EndpointListener:
    scheme = "https" if block.tls else "http"
    host = block.names[0] if block.names else bracketed(block.bind.host)
    ingress = Ingress(kind="endpoint", port=port, names=frozenset(_names(block)), base=f"{scheme}://{host}:{port}")
    return EndpointListener(inside, _context(own, block) if block.tls else None, ingress)


def _context(own: LeafCertificates, block: Listener | Admin) -> Callable[[], ssl.SSLContext]:
    """What gives the present certificate of a listener of ours."""
    if block.certificate and block.key:
        context = file_context(block.certificate, block.key)
        return lambda: context
    return lambda: own.context(_names(block))


def _names(block: Listener | Admin) -> tuple[str, ...]:
    """The names that a listener of ours answers to: those it was given, its address, and on loopback the local ones."""
    host = block.bind.host
    every = host in ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
    local = LOCAL if every or is_loopback(host) else ()
    return tuple(dict.fromkeys([*block.names, *([] if every else [host]), *local]))


def _own_names(config: Config) -> tuple[str, ...]:
    """What the listeners that have no certificate of the operator's are called, and what any could be called on this machine."""
    blocks: list[Listener | Admin] = [*config.gateway.listeners, *([config.gateway.admin] if config.gateway.admin else [])]
    ours = [
        block
        for block in blocks
        if not block.certificate and (isinstance(block, Admin) or (block.tls and block.kind == "endpoint"))
    ]
    return tuple(dict.fromkeys([*LOCAL, *(name for block in ours for name in _names(block))]))


def _sts_host(table: HostTable, partition: str, region: str) -> str:
    """The regional STS endpoint of a partition."""
    place = table.place_of_scope("sts", region)
    return next(candidate.host for candidate in place.candidates if candidate.partition == partition)


def _is_ours(config: Config, address: str, port: int) -> bool:
    """Whether an address is one of our listeners."""
    binds = [listener.bind for listener in config.gateway.listeners]
    if config.gateway.admin:
        binds.append(config.gateway.admin.bind)
    return any(bind.port == port and bind.host in (address, "0.0.0.0", "::") for bind in binds)  # noqa: S104 - compared, not bound


@contextmanager
def _own(folder: Path) -> Iterator[Path]:
    """Make the state folder, for this user alone, and keep other gateways off it. Raises StartFailed."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StartFailed(f"cannot use state_dir {folder}: {error.strerror}") from None
    with os.fdopen(lock, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StartFailed(f"state_dir {folder} is in use by another gateway: stop it, or name another folder") from None
        yield folder


async def _stop_on_signal(shutdown: accept.Shutdown, hub: ApprovalHub) -> None:
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as received:
        async for number in received:
            log.info("trio-gate: %s, stopping", signal.Signals(number).name)
            notify("STOPPING=1")
            shutdown.request()
            hub.stop_waiting()


async def _reload_on_signal(
    hangups: AsyncIterator[int], present: ActiveConfig, read: Callable[[], Config | None], hub: ApprovalHub
) -> None:
    async for _ in hangups:
        config = await trio.to_thread.run_sync(read)
        why_not = present.apply(config) if config is not None else "the configuration has faults, and the one before it stays"
        hub.acts.note(reload_row(config, why_not, present().number, SystemClock().now()))
        if why_not is None:
            log.info("trio-gate: reloaded, generation %d", present().number)
        else:
            log.error("trio-gate: not reloaded: %s", why_not)


def _text(listener: trio.SocketListener) -> str:
    host, port, *_ = listener.socket.getsockname()
    return str(Address(host=host, port=port))
