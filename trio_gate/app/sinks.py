"""Opens the sinks that a configuration names: the decision log, and the collector of traces."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import trio

from trio_gate.app.state_dir import StartFailed
from trio_gate.shell.audit.decision_log import DecisionLog
from trio_gate.shell.exchange.sinks import Sinks
from trio_gate.shell.worker_threads import in_thread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AsyncExitStack

    from trio_gate.config.model import Gateway
    from trio_gate.shell.traces import Traces


@asynccontextmanager
async def open_sinks(gateway: Gateway) -> AsyncIterator[Sinks]:
    """The sinks of a configuration, until the block is left. Raises AuditUnavailable, StartFailed."""
    traces, decisions = _traces(gateway), _decisions(gateway)
    async with trio.open_nursery() as closing:
        sinks = Sinks(closing, decisions, traces)
        try:
            yield sinks
        finally:
            sinks.log_to(None)
            sinks.trace_to(None)
            closing.cancel_scope.cancel()  # what sends the last traces is shielded from it, for a while


async def other_sinks(old: Gateway, new: Gateway, sinks: Sinks, undo: AsyncExitStack) -> list[Callable[[], None]]:
    """Open the sinks that another configuration changes; return the steps that use them, and close those before.

    What was opened is closed by `undo`. Raises AuditUnavailable, StartFailed.
    """
    steps: list[Callable[[], None]] = []
    if new.log.traces != old.log.traces:
        traces = await in_thread(_traces, new)
        if traces is not None:
            undo.push_async_callback(traces.aclose)
        steps.append(lambda: sinks.trace_to(traces))
    if new.decision_log != old.decision_log:
        decisions = await in_thread(_decisions, new)
        if decisions is not None:
            undo.callback(decisions.close)
        steps.append(lambda: sinks.log_to(decisions))
    return steps


def _decisions(gateway: Gateway) -> DecisionLog | None:
    """The decision log. Blocks. Raises AuditUnavailable."""
    return DecisionLog(gateway.decision_log, gateway.decision_log_limit) if gateway.decision_log else None


def _traces(gateway: Gateway) -> Traces | None:
    """What sends traces to a collector, None without one. Blocks. Raises StartFailed."""
    return None if gateway.log.traces is None else sender_of_traces()(gateway.log.traces)


def sender_of_traces() -> type[Traces]:
    """What is made for a collector. Raises StartFailed if the extra for it is missing."""
    try:
        from trio_gate.shell.traces import Traces  # noqa: PLC0415 - loads OpenTelemetry, which takes an extra and a while
    except ImportError:
        raise StartFailed("`traces` needs OpenTelemetry: pip install '.[otel]' in its checkout") from None
    return Traces
