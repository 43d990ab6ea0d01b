"""Sends traces to an OpenTelemetry collector, by OTLP over HTTP. Loaded only where traces are configured, as it takes the extra `otel`.

Rule: a request waits for no collector. Spans go into a queue of `QUEUE`, which a thread of the SDK's empties; what does not fit is dropped. A
collector that does not answer costs one line in the log.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import trio
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags, set_span_in_context

from trio_gate import __version__
from trio_gate.metrics.traced import REQUEST, UPSTREAM
from trio_gate.shell.worker_threads import in_thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import ReadableSpan

    from trio_gate.metrics.traced import Parent, TracedRequest

QUEUE = 2048
"""Spans that wait to be sent: some 4 MiB."""

EVERY_MS = 1000
"""Milliseconds between two messages to the collector."""

TIMEOUT_SECONDS = 5
"""For one message."""

LAST_SECONDS = 2
"""For the last spans when the gateway stops, or a reload has named another collector."""

_KINDS = {REQUEST: SpanKind.SERVER, UPSTREAM: SpanKind.CLIENT}

log = logging.getLogger(__name__)


class _Exporter(SpanExporter):
    """Says once that a collector does not take spans, and once that it does again."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._exporter = OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces", timeout=TIMEOUT_SECONDS)
        self._failing = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans; in a thread."""
        result = self._exporter.export(spans)
        failing = result is not SpanExportResult.SUCCESS
        if failing and not self._failing:
            log.warning("traces are not taken at %s: they are dropped, and calls go on", self._url)
        elif self._failing and not failing:
            log.info("traces are taken at %s again", self._url)
        self._failing = failing
        return result

    def shutdown(self) -> None:
        """Send no more."""
        self._exporter.shutdown()  # type: ignore[no-untyped-call]  # the exporter has no types for it


class Traces:
    """Sends the spans of requests to the collector at `url`."""

    def __init__(self, url: str) -> None:
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # it would say at each message what `_Exporter` says once
        self._provider = TracerProvider(
            resource=Resource({"service.name": "trio-gate", "service.version": __version__}), shutdown_on_exit=False
        )
        processor = BatchSpanProcessor(_Exporter(url), max_queue_size=QUEUE, schedule_delay_millis=EVERY_MS)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("trio_gate", __version__)

    def send(self, request: TracedRequest) -> None:
        """Queue a request's spans. Does not wait."""
        whole, *parts = request.parts
        span = self._tracer.start_span(
            str(request.attributes.get("rpc.method", whole.name)),
            context=_context(request.parent),
            kind=_KINDS[REQUEST],
            start_time=whole.begin,
            attributes=dict(request.attributes),
        )
        for part in parts:
            kind = _KINDS.get(part.name, SpanKind.INTERNAL)
            inner = self._tracer.start_span(part.name, context=set_span_in_context(span), kind=kind, start_time=part.begin)
            inner.end(part.end)
        if request.error:
            span.set_status(Status(StatusCode.ERROR))
        span.end(whole.end)

    async def aclose(self) -> None:
        """Send what still waits, for `LAST_SECONDS` at most. Raises Overloaded if no thread can be had."""
        with trio.move_on_after(LAST_SECONDS, shield=True):
            await in_thread(self._provider.shutdown, abandon_on_cancel=True)


def _context(parent: Parent | None) -> Context | None:
    """The agent's span as the one that a request is below."""
    if parent is None:
        return None
    flags = TraceFlags(TraceFlags.SAMPLED if parent.sampled else TraceFlags.DEFAULT)
    return set_span_in_context(
        NonRecordingSpan(SpanContext(trace_id=parent.trace, span_id=parent.span, is_remote=True, trace_flags=flags))
    )
