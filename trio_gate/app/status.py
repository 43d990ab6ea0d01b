"""How a running gateway is, for `trio-gate status`: what a person with `may_monitor` reads at `/v1/status`, in JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from trio_gate import __version__
from trio_gate.audit.record import stamp
from trio_gate.shell.net.plain_response import answer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trio_gate.app.running import Running
    from trio_gate.shell.net.accept import OpenListener

MOST_SESSIONS = 200
"""Virtual sessions that are listed; those that end first."""


def status(running: Running, opened: Sequence[OpenListener]) -> dict[str, Any]:
    """The status, of values that JSON has. `opened` are the listeners. Times are in UTC."""
    services, hub, now = running.services, running.hub, running.services.clock.now()
    snapshot, seen, oldest = running.present(), running.services.counts.seen, hub.questions.oldest
    sessions = sorted(services.sessions.table.all(), key=lambda session: session.expires)
    return {
        "version": __version__,
        "started": stamp(running.started),
        "uptime_seconds": int((now - running.started).total_seconds()),
        "ready": running.unready() is None,
        "why_not": running.unready(),
        "generation": snapshot.number,
        "config_sha256": snapshot.config.sha256,
        "reload_failed": running.present.reload_failed,
        "reloaded_in_part": running.present.in_part,
        "listeners": [{"kind": one.kind, "address": one.address, "connections": one.seats.count} for one in opened],
        "agents": [{"name": agent.name, "seen": _stamp(seen.get(agent.name))} for agent in snapshot.config.agents],
        "stopped": [{"agent": stop.agent, "since": stamp(stop.at)} for stop in hub.stops],
        "waiting": hub.pending,
        "waiting_oldest_seconds": int((now - oldest).total_seconds()) if oldest else None,
        "people_connected": hub.subscribers.count,
        "notices_undelivered": hub.notifier.undelivered.total,
        "sessions": [
            {"id": one.key_id, "agent": one.agent, "role": one.role, "expires": stamp(one.expires)}
            for one in sessions[:MOST_SESSIONS]
        ],
        "sessions_total": len(sessions),
        "upstream": {"lent": services.upstreams.lent, "idle": services.upstreams.idle},
        "tunnels": services.counts.tunnels.open,
        "unreviewed_operations": services.unreviewed.count,
    }


def _stamp(time: datetime | None) -> str | None:
    return None if time is None else stamp(time)


async def response(running: Running, opened: Sequence[OpenListener]) -> bytes:  # noqa: ASYNC124 - awaited as the metrics are, which wait
    """The response with the status."""
    return answer(200, json.dumps(status(running, opened)).encode("ascii"), kind="application/json")
