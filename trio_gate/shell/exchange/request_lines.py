"""The log's line about a single request, where the operator wants one for each."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trio_gate.audit.record import Intent, Outcome

request_log = logging.getLogger("trio_gate.requests")
"""It is enabled for INFO where each request has a line (see `log_setup`)."""


def log_request(intent: Intent, outcome: Outcome) -> None:
    """Log how a request ended."""
    milliseconds = sum(outcome.nanoseconds.values()) / 1e6
    call = (
        f"{intent.service}:{intent.operation}" if intent.operation else "-" if intent.proofs is None else f"CONNECT {intent.host}"
    )
    decided = intent.outcome if intent.rule is None else f"{intent.outcome} by {intent.rule!r}"
    end = outcome.end if outcome.reason is None else f"{outcome.end}: {outcome.reason}"
    request_log.info(
        "request %s of %s at %s for %s: %s, %s, %s (%.1f ms, %s)",
        *(call, intent.agent or "-", intent.agent_address, intent.account or "-", outcome.status or "-", decided, end),
        *(milliseconds, outcome.id),
        extra={
            "facts": {
                "request": outcome.id,
                "agent": intent.agent,
                "address": intent.agent_address,
                "account": intent.account,
                "service": intent.service,
                "operation": intent.operation,
                "decision": intent.outcome,
                "rule": intent.rule,
                "end": outcome.end,
                "status": outcome.status,
                "reason": outcome.reason,
                **({} if intent.proof is None else {"host": intent.host, "proof": intent.proof}),
                "milliseconds": round(milliseconds, 1),
                "bytes_in": outcome.bytes_in,
                "bytes_out": outcome.bytes_out,
            }
        },
    )
