"""Where requests are told of besides the record: the decision log, and the collector of traces. A reload may change both.

Rule: a line or a span goes to one place, whole: nothing waits between asking for the sink and writing to it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from trio_gate.errors import GateError, internal_fault

if TYPE_CHECKING:
    import trio

    from trio_gate.shell.audit.decision_log import DecisionLog
    from trio_gate.shell.traces import Traces

log = logging.getLogger(__name__)


class Sinks:
    """The sinks at present.

    Attributes:
        decisions: None where no decision log is configured.
        traces: None where no collector is.
    """

    def __init__(self, closing: trio.Nursery, decisions: DecisionLog | None, traces: Traces | None) -> None:
        self._closing = closing
        self.decisions = decisions
        self.traces = traces

    def log_to(self, decisions: DecisionLog | None) -> None:
        """Log decisions there from now on, and close what they were logged to."""
        before, self.decisions = self.decisions, decisions
        if before is not None:
            before.close()

    def trace_to(self, traces: Traces | None) -> None:
        """Send traces there from now on; what the collector before has not got yet is sent to it in the background."""
        before, self.traces = self.traces, traces
        if before is not None:
            self._closing.start_soon(_finish, before)


async def _finish(traces: Traces) -> None:
    """Send what a collector has not got yet. A fault is logged: it ends nothing else."""
    try:
        await traces.aclose()
    except Exception as error:
        why = str(error) if isinstance(error, GateError) else f"internal error: {internal_fault(error)}"
        log.error("the last traces were not sent: %s", why)  # noqa: TRY400 - a traceback may hold what a span holds
