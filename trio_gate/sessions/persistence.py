"""A virtual session as JSON, for the disk."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import TYPE_CHECKING, Any

from trio_gate.approval.channel.codec import timestamp
from trio_gate.sessions.session import Sent, VirtualSession
from trio_gate.wire.head import RequestHead, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEXTS = ("key_id", "secret", "token_sha256", "agent", "proof", "account", "role", "parent", "home", "rule")


def to_json(session: VirtualSession) -> dict[str, Any]:
    """All of a session. It holds the placeholder's secret, and what the agent asked AWS for."""
    sent = session.sent
    return {
        **{name: getattr(session, name) for name in _TEXTS},
        "chain": list(session.chain),
        "started": session.started.isoformat(),
        "expires": session.expires.isoformat(),
        "sent": None if sent is None else _sent_json(sent),
    }


def shown(session: VirtualSession) -> dict[str, Any]:
    """What people are shown of a session: nothing that could be used."""
    return {
        "id": session.key_id,
        "agent": session.agent,
        "account": session.account,
        "role": session.role,
        "chain": list(session.chain),
        "started": timestamp(session.started),
        "expires": timestamp(session.expires),
    }


def from_json(kept: Mapping[str, Any]) -> VirtualSession:
    """The session that `to_json` wrote. Raises LookupError, ValueError or TypeError for anything else."""
    sent = kept["sent"]
    return VirtualSession(
        **{name: kept[name] for name in _TEXTS},
        chain=tuple(kept["chain"]),
        started=datetime.fromisoformat(kept["started"]),
        expires=datetime.fromisoformat(kept["expires"]),
        sent=None if sent is None else _sent(sent),
    )


def _sent_json(sent: Sent) -> dict[str, Any]:
    head = sent.head
    return {
        "method": head.method,
        "segments": list(head.target.segments),
        "query": [list(pair) for pair in head.target.query],
        "headers": [list(field) for field in head.headers],
        "body": base64.b64encode(sent.body).decode(),
        "signing_name": sent.signing_name,
        "region": sent.region,
        **({"once": True} if sent.once else {}),
    }


def _sent(kept: Mapping[str, Any]) -> Sent:
    target = Target(segments=tuple(kept["segments"]), query=_pairs(kept["query"]))
    head = RequestHead(method=kept["method"], target=target, headers=_pairs(kept["headers"]))
    body = base64.b64decode(kept["body"], validate=True)
    once = kept.get("once", False)
    return Sent(head=head, body=body, signing_name=kept["signing_name"], region=kept["region"], once=once)


def _pairs(kept: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in kept)
