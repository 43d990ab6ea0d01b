"""One agent's connection: its requests one after the other, each with an answer, ours or AWS's.

Rule: every request is recorded once, however it ends, and a connection whose framing is in doubt is closed. A refusal is the
service's own error, as far as the request says which service that is.
"""

from __future__ import annotations

import logging
import uuid
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from trio_gate.aws.refusal import guess_protocol, refuse
from trio_gate.errors import GateError, Malformed
from trio_gate.exchange import Event, Exchange, State
from trio_gate.shell.agent_stream import AgentGone
from trio_gate.shell.exchanges import Run
from trio_gate.shell.recorder import Recorder
from trio_gate.wire.agent import HTTP2_GOAWAY
from trio_gate.wire.events import Http2Preface
from trio_gate.wire.head import RequestHead, ResponseHead, Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from trio_gate.aws.way import Way
    from trio_gate.shell.agent_stream import AgentStream
    from trio_gate.shell.generation import Generation
    from trio_gate.shell.tools import Tools

_NO_HEAD = RequestHead(method="-", target=Target(segments=("",)), headers=())
"""What is recorded of bytes that are no request."""

log = logging.getLogger(__name__)


class Conversation:
    """The requests of one connection. `generation` gives the one to serve the next request by."""

    def __init__(self, agent: AgentStream, *, way: Way, address: str, tools: Tools, generation: Callable[[], Generation]) -> None:
        self._agent = agent
        self._way = way
        self._address = address
        self._tools = tools
        self._generation = generation

    async def run(self) -> None:
        """Serve until either side ends it. Raises nothing that an agent or AWS can cause."""
        try:
            while await self._serve_one() and self._agent.connection.start_next():
                pass
            if self._agent.connection.answering:
                await self._agent.linger()
        except AgentGone:
            log.debug("agent %s left", self._address)

    async def _serve_one(self) -> bool:
        """Read a request and answer it; whether there was one."""
        generation = self._generation()
        try:
            head = await self._agent.next_head()
        except Malformed as fault:
            await self._refuse(Exchange(), self._recorder(_NO_HEAD, generation), _NO_HEAD, fault)
            return False
        if isinstance(head, Http2Preface):
            log.warning("agent %s speaks http/2, which is not served: set the client to http/1.1", self._address)
            await self._agent.send_raw(HTTP2_GOAWAY)
            return False
        if head is not None:
            await self._answer(head, self._recorder(head, generation), generation)
        return head is not None

    async def _answer(self, head: RequestHead, recorder: Recorder, generation: Generation) -> None:
        agent, exchange = self._agent, Exchange()
        run = Run(exchange=exchange, tools=self._tools, generation=generation, recorder=recorder, agent=agent, way=self._way)
        try:
            await run.run(head)
            await recorder.conclude("answered", status=recorder.upstream_status, bytes_in=agent.received, bytes_out=agent.sent)
            exchange.apply(Event.RECORDED)
        except GateError as fault:
            if agent.connection.answering:  # half an answer: only a broken connection says that it is not whole
                await self._aborted(exchange, recorder, fault.reason)
                raise AgentGone from None
            await self._refuse(exchange, recorder, head, fault)
        except AgentGone:
            await self._aborted(exchange, recorder, "the agent left")
            raise
        finally:
            if exchange.state is not State.DONE:
                await self._aborted(exchange, recorder, "the gateway stopped")

    async def _aborted(self, exchange: Exchange, recorder: Recorder, reason: str) -> None:
        exchange.apply(Event.ABORTED)
        await recorder.conclude(
            "aborted",
            status=recorder.upstream_status if self._agent.connection.answering else None,
            bytes_in=self._agent.received,
            bytes_out=self._agent.sent,
            reason=reason,
        )
        exchange.apply(Event.RECORDED)

    async def _refuse(self, exchange: Exchange, recorder: Recorder, head: RequestHead, fault: GateError) -> None:
        """Record a refusal and answer with it. Raises AgentGone."""
        exchange.apply(Event.REFUSED)
        call = recorder.call
        status, headers, body = refuse(
            protocol=call.protocol if call else guess_protocol(head),
            service=call.service if call else None,
            method=head.method,
            status=fault.status,
            code=fault.code,
            reason=f"{fault.reason} (request {recorder.id})",
            request_id=recorder.id,
        )
        where = f"{call.service}:{call.operation}" if call else f"{head.method} {ascii(head.one('host') or '')[1:-1]}"
        log.info("refused %s for %s: %s (%d, %s)", where, self._address, fault.reason, status, recorder.id)
        await recorder.refused(fault, status, bytes_in=self._agent.received)
        exchange.apply(Event.RECORDED)
        date = (b"date", format_datetime(self._tools.clock.now(), usegmt=True).encode("ascii"))
        answer = ResponseHead(status=status, reason=HTTPStatus(status).phrase.encode("ascii"), headers=(date, *headers))
        await self._agent.send_head(answer, length=len(body), close=isinstance(fault, Malformed), data=body)
        await self._agent.send_end()

    def _recorder(self, head: RequestHead, generation: Generation) -> Recorder:
        return Recorder(
            id=str(uuid.uuid4()),
            agent_address=self._address,
            head=head,
            generation=generation.number,
            audit=self._tools.audit,
            decisions=self._tools.decisions,
            clock=self._tools.clock,
        )
