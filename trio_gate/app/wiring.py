"""Makes the services of a process from its configuration: stores, role sessions, connections to AWS.

Theory: they are opened in this order and closed in the opposite one: the audit log, the virtual sessions, approval hub, role sessions, connections to
AWS.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trio

from trio_gate.app import gauges
from trio_gate.app.sinks import open_sinks
from trio_gate.config.gateway_block import EVERY_ADDRESS
from trio_gate.shell.agent_view.answers import AgentViews
from trio_gate.shell.approval import database
from trio_gate.shell.approval.open_hub import open_hub
from trio_gate.shell.audit.acts import Unreviewed
from trio_gate.shell.audit.database import FILE, services_of
from trio_gate.shell.audit.refusals import open_refusals
from trio_gate.shell.audit.writer import open_audit_log
from trio_gate.shell.certificates.trust_roots import client_context
from trio_gate.shell.clock import SystemClock
from trio_gate.shell.comparison.reader import MAX_ANSWER, Reader
from trio_gate.shell.credentials.account_names import open_account_names
from trio_gate.shell.credentials.base_keys import BaseKeys
from trio_gate.shell.credentials.role_credentials import open_role_credentials
from trio_gate.shell.credentials.sts import sts_host
from trio_gate.shell.exchange.bodies import Bodies
from trio_gate.shell.exchange.budget import Budget
from trio_gate.shell.exchange.shared_services import SharedServices
from trio_gate.shell.issuers import open_issuers
from trio_gate.shell.models.model_loader import Models, load_model
from trio_gate.shell.net.accept import GRACE
from trio_gate.shell.sessions import store as sessions_on_disk
from trio_gate.shell.sessions.store import open_sessions
from trio_gate.shell.upstream.pool import UpstreamPool, fetch, post
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from ssl import SSLContext

    from trio_gate.config.model import Config, Gateway
    from trio_gate.ports import Clock
    from trio_gate.sessions.session import VirtualSession
    from trio_gate.shell.approval.hub import ApprovalHub
    from trio_gate.shell.audit.writer import AuditWriter
    from trio_gate.shell.credentials.account_names import AccountNames
    from trio_gate.shell.credentials.role_credentials import RoleCredentials
    from trio_gate.shell.exchange.hosts import Hosts
    from trio_gate.signing.sigv4 import SigningKeys

    Services = tuple[SharedServices, ApprovalHub, "Parts"]

STS_ANSWER = 64 * 1024
"""Most bytes of an answer from STS, which has about 2 KiB, or to a notice, which has a word."""

ISSUER_ANSWER = 256 * 1024
"""Most bytes of an answer from an issuer of tokens; the largest have 20 KiB."""


@value_class
class Parts:
    """What a reload changes of the services."""

    audit: AuditWriter
    base: BaseKeys
    roles: RoleCredentials
    names: AccountNames
    upstreams: UpstreamPool


@asynccontextmanager
async def open_services(config: Config, hosts: Hosts, *, ours: Callable[[bytes], bool], page: str) -> AsyncIterator[Services]:
    """Open the services of a process, and close them when the block is left. Raises GateError if a store cannot be used.

    `hosts` grows with the installed botocore, `ours` tells certificates (DER) of the gateway's CAs, `page` is the approvals page's URL.
    """
    state, clock, base = Path(config.gateway.state_dir), SystemClock(), BaseKeys(config.credentials)
    upstreams = upstream_pool(config, ours)
    send, host, place = partial(fetch, upstreams, most=STS_ANSWER), _sts_host(hosts), partial(_place, hosts)
    async with (
        open_sinks(config.gateway) as sinks,
        open_audit_log(str(state / FILE), config.gateway.record_limit) as audit,
        open_refusals(audit, clock) as refusals,
        open_sessions(str(state / sessions_on_disk.FILE), clock) as sessions,
        open_hub(config, clock, str(state / database.FILE), page, audit, sessions, send=partial(post, upstreams)) as hub,
        open_role_credentials(base, send=send, host=host, clock=clock) as credentials,
        open_account_names(config.endpoints, credentials, send=send, place=place, clock=clock) as names,
        open_issuers(send=partial(fetch, upstreams, most=ISSUER_ANSWER), clock=clock) as issuers,
        closed_at_the_end(upstreams),
    ):
        services = SharedServices(
            clock=clock,
            hosts=hosts,
            models=Models(state / "models"),
            credentials=credentials,
            issuers=issuers,
            reader=_reader(credentials, upstreams, place, clock),
            sessions=sessions,
            names=names,
            approvals=hub,
            upstreams=upstreams,
            audit=audit,
            sinks=sinks,
            refusals=refusals,
            unreviewed=Unreviewed(hub.acts, clock),
            views=AgentViews(hub, partial(services_of, str(state / FILE))),
            bodies=_bodies(config.gateway, state),
        )
        _set_up(config, services, hub, audit, credentials)
        yield services, hub, Parts(audit=audit, base=base, roles=credentials, names=names, upstreams=upstreams)


def _sts_host(hosts: Hosts) -> Callable[[str, str], str]:
    return lambda partition, region: sts_host(hosts.table, partition, region)


def _reader(
    credentials: RoleCredentials, upstreams: UpstreamPool, place: Callable[[str, str], tuple[str, str]], clock: Clock
) -> Reader:
    return Reader(credentials, send=partial(fetch, upstreams, most=MAX_ANSWER), place=place, clock=clock, load=load_model)


def _set_up(config: Config, services: SharedServices, hub: ApprovalHub, audit: AuditWriter, credentials: RoleCredentials) -> None:
    services.sessions.table.resize(config.gateway.max_sessions, config.gateway.max_sessions_per_agent)
    services.sessions.watch(partial(_forget, credentials, services.keys))
    services.counts.watch(partial(gauges.of_services, config, services, hub, audit, credentials))


def _forget(credentials: RoleCredentials, keys: SigningKeys, ended: Sequence[VirtualSession]) -> None:
    """Drop all secrets of virtual sessions that have ended: AWS's, and those that the agents were given."""
    keys.forget({*credentials.forget_sessions(ended), *(session.secret for session in ended)})


def upstream_pool(config: Config, ours: Callable[[bytes], bool]) -> UpstreamPool:
    """Connections to AWS as the configuration has them made. `ours` as in `open_services`. Raises CertificatesUnavailable."""
    return UpstreamPool(**dialling(config, trusted(config)), ours=ours)


def trusted(config: Config) -> Callable[[str | None], SSLContext]:
    """The TLS context for a file of roots, as it is now, None for the default ones. Blocks. Raises CertificatesUnavailable."""
    gateway, context = config.gateway, cache(client_context)
    for file in root_files(config):
        context(file)  # the operator's own must be good; the system's take a while, and `warm_up` reads them
    return lambda file: context(file or gateway.ca_file)


def root_files(config: Config) -> set[str]:
    """The files of roots that a configuration names."""
    return {file for file in (config.gateway.ca_file, *(route.ca_file for route in config.upstreams)) if file is not None}


def dialling(config: Config, tls: Callable[[str | None], SSLContext]) -> dict[str, Any]:
    """How connections to AWS are made, as the pool takes it."""
    gateway = config.gateway
    return {
        "routes": config.upstreams,
        "tls": tls,
        "connect_timeout": gateway.connect_timeout,
        "idle_timeout": gateway.idle_timeout,
        "answer_timeout": gateway.answer_timeout,
        "forbidden": partial(is_ours, config),
        "max_idle": gateway.max_connections,
    }


@asynccontextmanager
async def closed_at_the_end(upstreams: UpstreamPool) -> AsyncIterator[None]:
    """Close connections when the block is left."""
    try:
        yield
    finally:
        with trio.move_on_after(GRACE, shield=True):
            await upstreams.aclose()


def _bodies(gateway: Gateway, state: Path) -> Bodies:
    held, spooled = Budget(gateway.held_total, "holds"), Budget(gateway.spool_limit, "keeps")
    return Bodies(held=held, spooled=spooled, folder=str(state / "spool"))


def _place(hosts: Hosts, service: str, region: str) -> tuple[str, str]:
    """Host and signing region of a service in a region, or in its partition where the service has one place there."""
    found = hosts.table.place_of_scope(service, region).candidates[0]
    return found.host, found.region


def is_ours(config: Config, address: str, port: int) -> bool:
    """Whether an address and port are those of one of the gateway's own listeners."""
    binds = [listener.bind for listener in config.gateway.listeners]
    binds += [block.bind for block in (config.gateway.admin, config.gateway.metrics) if block]
    return any(bind.port == port and bind.host in (address, *EVERY_ADDRESS) for bind in binds)
