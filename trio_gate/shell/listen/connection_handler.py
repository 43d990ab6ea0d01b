"""Serves one agent's connection: its requests one after the other, each with an answer, ours or AWS's.

Rule: every request is recorded once, however it ends, and a connection whose framing is in doubt is closed. A refusal has the form
of the service's own errors, as far as the request or the connection's name says which service that is.
"""

from __future__ import annotations

import logging
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

import trio

from trio_gate.aws.ingress import to_gateway
from trio_gate.aws.refusal import OWN_SHAPE, guess_protocol, refuse
from trio_gate.errors import AgentGone, AnswerWithheld, GateError, Malformed, Unidentified, Unproven
from trio_gate.exchange.states import Event, Exchange
from trio_gate.shell.exchange.pipeline import Pipeline
from trio_gate.shell.exchange.recorder import Recorder
from trio_gate.shell.net.connection_limits import MADE_ROOM
from trio_gate.wire.agent_connection import HTTP2_GOAWAY
from trio_gate.wire.events import Http2Preface
from trio_gate.wire.head import RequestHead, ResponseHead, Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from trio_gate.aws.call import Call
    from trio_gate.aws.ingress import Ingress
    from trio_gate.aws.refusal import Refusal
    from trio_gate.exchange.snapshot import Snapshot
    from trio_gate.shell.exchange.shared_services import SharedServices
    from trio_gate.shell.net.agent_stream import AgentStream

    Ending = GateError | AgentGone | None

_NO_HEAD = RequestHead(method="-", target=Target(segments=("",)), headers=())
"""Recorded for bytes that are not a request."""

_CANCELLED = AgentGone("the gateway stopped")

RECORD_TIMEOUT = 10
"""Seconds that writing an outcome may take, even while the connection is being cancelled."""

log = logging.getLogger(__name__)


class ConnectionHandler:
    """Serves the requests of one connection. `snapshot` returns the configuration to serve the next request by."""

    __slots__ = ("_address", "_agent", "_ingress", "_services", "_snapshot")

    def __init__(
        self, agent: AgentStream, *, ingress: Ingress, services: SharedServices, snapshot: Callable[[], Snapshot]
    ) -> None:
        self._agent = agent
        self._ingress = ingress
        self._address = agent.seat.address
        self._services = services
        self._snapshot = snapshot

    async def run(self) -> None:
        """Serve until either side ends the connection. Raises no error that an agent or AWS can cause."""
        try:
            while await self._serve_one() and self._agent.connection.start_next():
                pass
            if self._agent.connection.answering:
                await self._agent.linger()
        except AgentGone:
            log.debug("agent %s left", self._address)

    async def _serve_one(self) -> bool:
        """Read and answer one request; return False if there was none, or none can follow."""
        try:
            head = await self._agent.next_head()
        except Malformed as fault:
            malformed = fault.with_traceback(None)  # which would hold this frame, and with it the connection
        else:
            # Only now: a kept connection may have waited through a reload.
            return await self._serve(head, self._snapshot())
        recorder = self._recorder(_NO_HEAD, self._snapshot())
        refusal = self._refusal(recorder.id, self._agent.connection.refused_head, malformed, None)
        await self._record(Exchange(), recorder, malformed, refusal)
        await self._refuse(malformed, refusal)
        return False

    async def _serve(self, head: RequestHead | Http2Preface | None, snapshot: Snapshot) -> bool:
        if isinstance(head, Http2Preface):
            level = logging.DEBUG if self._services.refusals.counted(self._address, "505 HTTP/2") else logging.WARNING
            log.log(level, "agent %s speaks http/2, which is not served: set the client to http/1.1", self._address)
            await self._agent.send_raw(HTTP2_GOAWAY)
            await self._agent.linger()
            return False
        if head is not None:
            exchange, recorder = Exchange(), self._recorder(head, snapshot)
            pipeline = Pipeline(
                exchange=exchange,
                services=self._services,
                snapshot=snapshot,
                current=self._snapshot,
                recorder=recorder,
                agent=self._agent,
                ingress=self._ingress,
            )
            try:
                await self._answer(head, exchange, recorder, pipeline)
            finally:
                recorder.forget()
                pipeline.drop()
        return head is not None

    async def _answer(self, head: RequestHead, exchange: Exchange, recorder: Recorder, pipeline: Pipeline) -> None:
        """Answer one request. Raises AgentGone if the connection can no longer be used."""
        cut_off = True
        try:
            end = await _ending(pipeline, head)
            cut_off = False
        finally:
            if cut_off:
                gone = AgentGone(MADE_ROOM) if self._agent.seat.turned_out else _CANCELLED
                self._agent.shutdown.cut_off += gone is _CANCELLED
                with trio.move_on_after(RECORD_TIMEOUT, shield=True):
                    await self._record(exchange, recorder, gone, None)
        if isinstance(end, GateError) and self._agent.connection.answering:
            end = AgentGone(end.reason)  # only a broken connection tells the agent that its answer is not complete
        call = pipeline.identified.call if pipeline.identified else None
        refusal = self._refusal(recorder.id, head, end, call, sent=exchange.sent) if isinstance(end, GateError) else None
        await self._record(exchange, recorder, end, refusal)
        if isinstance(end, AgentGone):
            try:
                raise end
            finally:
                del end  # else its traceback and this frame hold each other, and with them the connection's TLS
        if end is not None and refusal is not None:
            await self._refuse(end, refusal)
        self._agent.seat.rest()

    async def _record(self, exchange: Exchange, recorder: Recorder, end: Ending, refusal: Refusal | None) -> None:
        """Apply the final events to the exchange, and write its outcome."""
        agent = self._agent
        if isinstance(end, GateError) and refusal is not None:
            exchange.apply(Event.REFUSED)
            await recorder.refused(end, refusal[0], bytes_in=agent.received)
        elif end is not None:
            exchange.apply(Event.ABORTED)
            answering = agent.connection.answering
            await recorder.aborted(str(end), answering=answering, bytes_in=agent.received, bytes_out=agent.sent)
        else:
            await recorder.completed(bytes_in=agent.received, bytes_out=agent.sent)
        exchange.apply(Event.RECORDED)

    def _refusal(self, request_id: str, head: RequestHead, fault: GateError, call: Call | None, *, sent: bool = False) -> Refusal:
        executed = "" if isinstance(fault, AnswerWithheld) else "may have been executed: " if sent else "not executed: "
        own = to_gateway(head, self._ingress)
        return refuse(
            fault,
            protocol="rest-json" if own else call.protocol if call else guess_protocol(head, self._named()),
            service=call.service if call and not own else None,
            method=head.method,
            reason=f"{executed}{fault.reason} (request {request_id})",
            request_id=request_id,
        )

    def _named(self) -> str | None:
        """The signing name of the host that the connection asked for; None if it does not tell the form of errors."""
        name = self._ingress.connect or self._ingress.sni
        if name is None or self._ingress.kind == "endpoint":
            return None
        try:
            found = self._services.table.place(name).candidates
        except Unidentified:
            return None
        return None if any(one.service in OWN_SHAPE for one in found) else found[0].signing_name

    async def _refuse(self, fault: GateError, refusal: Refusal) -> None:
        """Send a refusal as the answer. Raises AgentGone."""
        status, headers, body = refusal
        date = (b"date", format_datetime(self._services.clock.now(), usegmt=True).encode("ascii"))
        answer = ResponseHead(status=status, reason=HTTPStatus(status).phrase.encode("ascii"), headers=(date, *headers))
        close = isinstance(fault, (Malformed, Unproven)) or self._ingress.refused is not None
        await self._agent.send_head(answer, length=len(body), close=close, data=body, ended=True)

    def _recorder(self, head: RequestHead, snapshot: Snapshot) -> Recorder:
        return Recorder(head, agent_address=self._address, generation=snapshot.number, services=self._services)


async def _ending(pipeline: Pipeline, head: RequestHead) -> Ending:
    """Run the pipeline; return the error that ended it, None if the request was answered in full."""
    try:
        await pipeline.run(head)
    except (GateError, AgentGone) as fault:
        return fault.with_traceback(None)  # which would hold the connection, and the connection may hold the fault
    return None
