"""What the services of a running gateway say of themselves when metrics are read; nothing here waits, or is called for a request."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from trio_gate import __version__
from trio_gate.metrics.limits import FIXED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from trio_gate.app.reload import ActiveConfig
    from trio_gate.config.model import Config
    from trio_gate.metrics.counts import Sample
    from trio_gate.metrics.limits import Filled
    from trio_gate.shell.admin.connection_limits import AdminConnections
    from trio_gate.shell.approval.hub import ApprovalHub
    from trio_gate.shell.audit.writer import AuditWriter
    from trio_gate.shell.credentials.role_credentials import RoleCredentials
    from trio_gate.shell.exchange.shared_services import SharedServices
    from trio_gate.shell.net.connection_limits import Seats
    from trio_gate.shell.net.rate_limit import Allowance
    from trio_gate.shell.wrong_tokens import WrongTokens


def of_services(
    config: Config, services: SharedServices, hub: ApprovalHub, audit: AuditWriter, credentials: RoleCredentials
) -> Iterator[Sample]:
    """How the services of a process are."""
    yield from _of_people(hub, services)
    yield from _of_credentials(credentials)
    pool = services.upstreams
    yield "upstream_connections", ("lent",), pool.lent
    yield "upstream_connections", ("idle",), pool.idle
    for result, count in pool.dials.items():
        yield "upstream_dials", (result,), count
    yield "record_rows", (), audit.rows
    yield "record_queue", (), audit.queue
    room = os.statvfs(config.gateway.state_dir)
    yield "state_free_bytes", (), room.f_bavail * room.f_frsize
    yield "unreviewed_operations", (), services.unreviewed.count
    yield from _limit("record_limit", audit.limit, audit.size)
    for budget in (services.bodies.held, services.bodies.spooled):
        yield from _limit(budget.knob, budget.total, budget.total - budget.left)
    if services.sinks.decisions is not None:
        yield from _limit("decision_log_limit", services.sinks.decisions.limit, services.sinks.decisions.size)
    yield from _limit("work_per_agent", FIXED["work_per_agent"], max(services.workers.most, services.lookups.most))
    yield from _limit("record_queue", FIXED["record_queue"], audit.queue)
    yield from _filled("max_in_flight", services.loads.in_flight)
    yield from _filled("rate", services.loads.pace)
    yield from _filled("refusal_rows", services.refusals.filled)
    yield "limit_refused", ("refusal_rows",), services.refusals.summed


def _of_people(hub: ApprovalHub, services: SharedServices) -> Iterator[Sample]:
    now, oldest, table = services.clock.now(), hub.questions.oldest, services.sessions.table
    yield "waiting", (), hub.pending
    yield "waiting_oldest_seconds", (), (now - oldest).total_seconds() if oldest else 0
    for status, spread in hub.decided.seconds.now().items():
        yield "decision_seconds", status, spread
    yield "people_connected", (), hub.subscribers.count
    yield "notices_undelivered", (), hub.notifier.undelivered.total
    yield "sessions", (), table.count
    yield from _limit("max_pending", hub.limits.max_pending, hub.pending)
    yield from _filled("max_pending_per_agent", hub.questions.fullest(hub.config.max_pending))
    yield from _limit("max_sessions", table.total, table.count)
    yield from _limit("max_sessions_per_agent", table.per_agent, table.most)
    yield from _limit("max_grants", hub.limits.max_grants, hub.grants.table.count)
    yield "limit_refused", ("max_grants",), hub.grants.table.refused
    yield from _limit("notices", FIXED["notices"], hub.notifier.waiting)
    yield "limit_refused", ("notices",), hub.notifier.refused


def _of_credentials(credentials: RoleCredentials) -> Iterator[Sample]:
    kept = credentials.kept
    for result, count in credentials.calls.items():
        yield "sts_calls", (result,), count
    yield "role_credentials", (), len(kept)
    if kept:
        yield "role_credentials_oldest_seconds", (), max(age for age, _ in kept)
        yield "role_credentials_expiry_seconds", (), min(left for _, left in kept)


def of_process(
    services: SharedServices, hub: ApprovalHub, present: ActiveConfig, unready: Callable[[], str | None], started: datetime
) -> Iterator[Sample]:
    """How the gateway is as a whole; `unready` returns why calls are refused, None if they are not."""
    yield "info", (__version__,), 1
    yield "started_seconds", (), started.timestamp()
    yield "ready", (), unready() is None
    yield "failing", ("record",), services.audit.failing
    yield "failing", ("approvals",), hub.failing
    yield "failing", ("decision_log",), services.sinks.decisions is not None and not services.sinks.decisions.takes_lines()
    yield from _limit("held_limit", present().config.gateway.held_limit, services.bodies.held.most)
    yield "config_generation", (), present().number
    yield "config_reload_ok", (), present.reload_failed is None and not present.in_part


def of_agents_seats(seats: Seats, pace: Allowance) -> Iterator[Sample]:
    """The connections of agents, and the pace of tunnels of unknown ones."""
    yield "connections", ("agents",), seats.count
    yield "limit_refused", ("max_connections",), seats.closed
    yield from _limit("max_connections", seats.total, seats.count)
    yield from _filled("max_connections_per_agent", seats.fullest)
    yield from _filled("unknown_tunnels", seats.unknown)
    yield from _filled("unknown_tunnels_pace", pace.filled)


def of_wrong_tokens(wrong: WrongTokens) -> Iterator[Sample]:
    """The tokens that were wrong, at all listeners."""
    yield from _limit("wrong_tokens", FIXED["wrong_tokens"], wrong.most)
    yield "limit_refused", ("wrong_tokens",), wrong.refused


def of_admin(kind: str, connections: AdminConnections) -> Iterator[Sample]:
    """The connections of people, or of monitoring."""
    groups = {"unproven": connections.unproven, "people": connections.people}
    yield "connections", (kind,), sum(group.count for group in groups.values())
    for name, group in groups.items():
        yield from _limit(f"{kind}_{name}", group.most, group.count)
        yield "limit_refused", (f"{kind}_{name}",), group.closed


def _filled(name: str, filled: Filled) -> Iterator[Sample]:
    used, most = filled
    return _limit(name, most, used)


def _limit(name: str, most: float, used: float) -> Iterator[Sample]:
    yield "limit", (name,), most
    yield "limit_used", (name,), used
