"""One request on its way: waits around the steps of `exchange.steps`, in the order of `exchange.states`.

Rule: each stage takes what the one before it made, and the exchange moves only when its stage has passed. Whatever a stage
raises is the refusal. Nothing is sent to AWS that did not come to SIGNED here, and nothing by a configuration of before.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from trio_gate.errors import Denied, GateError, UpstreamError
from trio_gate.exchange import steps
from trio_gate.exchange.states import Event, State
from trio_gate.shell.exchange.approve import ApprovalStage, HeldBody, keep
from trio_gate.shell.exchange.bodies import Spool
from trio_gate.shell.exchange.forward import Expired, begin, relay, send_flow, send_whole
from trio_gate.shell.exchange.identify import IdentifyStage
from trio_gate.shell.exchange.work import LARGE, beside, drop_beside
from trio_gate.wire.body_checkers import checker_for
from trio_gate.wire.head import Streamed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeVar

    from trio_gate.approval.digest import DigestInput
    from trio_gate.aws.ingress import Ingress
    from trio_gate.exchange.snapshot import Snapshot
    from trio_gate.exchange.states import Exchange
    from trio_gate.exchange.steps import Identified, Judged, Outbound, Proven
    from trio_gate.ports import AssumeRole, Clearance
    from trio_gate.shell.exchange.bodies import Room, Source
    from trio_gate.shell.exchange.forward import Flow
    from trio_gate.shell.exchange.identify import Named
    from trio_gate.shell.exchange.recorder import Recorder
    from trio_gate.shell.exchange.services import Services
    from trio_gate.shell.net.agent_stream import AgentStream
    from trio_gate.signing.sigv4 import Credentials, Signed
    from trio_gate.wire.head import RequestHead

    T = TypeVar("T")

ATTEMPTS = 2
"""How often a request may be sent: again only if none of it had left, or AWS said that the session had expired."""

_CHANGED = "the configuration changed while the call waited: run the same command again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """A call that may be sent: by which role, and where its body flows from; None where `outbound` holds it."""

    identified: Identified
    outbound: Outbound
    assume: AssumeRole
    source: Source | None


class Pipeline:
    """One request on its way. How it ends is for the caller to apply to `exchange`.

    Attributes:
        identified: the request with its name, once it has one.
    """

    def __init__(
        self,
        *,
        exchange: Exchange,
        services: Services,
        snapshot: Snapshot,
        current: Callable[[], Snapshot],
        recorder: Recorder,
        agent: AgentStream,
        ingress: Ingress,
    ) -> None:
        self.identified: Identified | None = None
        self._exchange = exchange
        self._services = services
        self._snapshot = snapshot
        self._current = current
        self._clearance: Clearance | None = None
        self._again: Callable[[], Awaitable[object]] | None = None
        self._recorder = recorder
        self._agent = agent
        self._ingress = ingress

    async def run(self, arrived: RequestHead) -> None:
        """The whole way. Raises GateError for a refusal, AgentGone when the agent left."""
        with self._services.bodies.room(self._agent.seat) as room, ExitStack() as kept:
            kept.callback(self._forget)
            named = await self._identify(arrived, room)
            judged = await self._judge(named.identified)
            cleared = self._prepare(named)
            if judged.decision.outcome == "approve":
                self._step(Event.APPROVAL_NEEDED)
                cleared = await self._approved(cleared, judged, kept, room)
                self._step(Event.APPROVED)
            else:
                self._recorder.decided(judged.decision.outcome, judged.decision.rule, judged.decision.reason)
                self._again = partial(self._still_allowed, cleared)
                self._step(Event.ALLOWED)
            await self._judge_again(cleared.identified)
            await self._forward(cleared)

    def _forget(self) -> None:
        """Let go of the call, which leads back to here: its body would stay in memory until cycles are collected."""
        self._again = None

    def drop(self) -> None:
        """The request is over: nobody reads its parameters any more."""
        identified, self.identified = self.identified, None
        if identified is not None and identified.size > LARGE:
            drop_beside(identified.call)

    def _step(self, event: Event) -> None:
        self._exchange.apply(event)
        self._recorder.lap(event.name.lower())

    def _check_stops(self, proven: Proven) -> None:
        """Raise Denied while a person has stopped the agent."""
        self._services.approvals.check(proven.admitted.agent_name)

    async def _identify(self, arrived: RequestHead, room: Room) -> Named:
        """Its agent, then its name. Raises GateError, AgentGone."""
        stage = IdentifyStage(self._agent, self._snapshot, self._services, room, self._recorder)
        received = await stage.prove(arrived, self._ingress)
        owner = received.proven.admitted.agent_name
        self._agent.seat.prove(owner or self._agent.seat.source)
        room.prove(owner or self._agent.seat.source)
        self._step(Event.AUTHENTICATED)
        self._check_stops(received.proven)
        named = await stage.identify(received)
        self.identified = named.identified
        self._step(Event.IDENTIFIED)
        self._services.unreviewed.met(named.identified.call, owner)
        return named

    async def _beside(self, identified: Identified, make: Callable[[], T]) -> T:
        """What `make` makes of a call, beside the event loop where that may take long. Raises GateError, AgentGone."""
        return await beside(self._services.work, self._agent, identified.proven.asker, identified.size, make)

    async def _judge(self, identified: Identified) -> Judged:
        """What the rules say. Raises Denied, AgentGone."""
        now, snapshot = self._services.clock.now(), self._snapshot
        judged = await self._beside(identified, lambda: steps.judge(identified, snapshot, now))
        decision = judged.decision
        if decision.outcome == "deny":
            self._recorder.decided("deny", decision.rule, decision.reason, status=Denied.status)
            raise Denied(decision.reason)
        return judged

    async def _judge_again(self, identified: Identified) -> None:
        """Let a call go on only by the configuration and the stops of now. Raises GateError, AgentGone."""
        try:
            while self._again is not None and self._current() is not self._snapshot:
                await self._again()
            self._check_stops(identified.proven)
        except GateError:
            if self._clearance is not None:
                self._clearance.void()
            raise

    def _prepare(self, named: Named) -> Cleared:
        identified, source = named.identified, named.store
        flows = source is None and isinstance(identified.body, Streamed)
        return Cleared(
            identified=identified,
            outbound=steps.prepare(identified, self._services.models.catalog),
            assume=steps.assume_role(identified, self._snapshot),
            source=self._agent if flows else source,
        )

    async def _approved(self, cleared: Cleared, judged: Judged, kept: ExitStack, room: Room) -> Cleared:
        """The same with its body kept, once people have approved it and the rules still stand by it. Raises GateError, AgentGone."""
        body = await self._held(cleared, room)
        if body.spool is not None:
            cleared = replace(cleared, source=body.spool)
        rule = judged.decision.rule or ""

        def bound(cleared: Cleared) -> DigestInput:
            identified, outbound, assume = cleared.identified, cleared.outbound, cleared.assume
            address = self._services.upstreams.address_of(identified.call.host)
            return steps.bind(identified, outbound, assume, rule=rule, payload=body.payload, address=address)

        parts = await self._beside(cleared.identified, lambda: bound(cleared))
        question = ApprovalStage(cleared.identified, judged, self._snapshot, self._services, self._recorder)
        self._clearance = await question.ask(parts, body, self._agent, kept)
        self._again = partial(self._still_approved, cleared, parts, question, bound)
        try:
            return await self._still_approved(cleared, parts, question, bound)
        except GateError:
            self._clearance.void()
            raise

    async def _held(self, cleared: Cleared, room: Room) -> HeldBody:
        """Its body, here and checked. Raises GateError, AgentGone."""
        body, outbound = cleared.identified.body, cleared.outbound
        if not isinstance(body, Streamed):
            return HeldBody(payload=steps.Payload(length=len(outbound.data), sha256=outbound.payload_hash), data=outbound.data)
        if isinstance(cleared.source, Spool):
            return HeldBody(payload=steps.Payload(length=body.length or 0, sha256=outbound.payload_hash), spool=cleared.source)
        store = room.spool()
        await self._agent.ask_for_body()
        return await keep(body, self._agent, store, cleared.identified.chain)

    async def _still_approved(
        self, cleared: Cleared, parts: DigestInput, question: ApprovalStage, bound: Callable[[Cleared], DigestInput]
    ) -> Cleared:
        """What was approved, by the configuration of now. Raises GateError where that is another about it, AgentGone."""
        cleared = self._admitted_again(cleared)
        again = (await self._judge(cleared.identified)).decision
        same = await self._beside(cleared.identified, lambda: bound(cleared) == parts)
        if not same or (again.outcome == "approve" and not (again.rule == parts.rule and question.stands(self._snapshot))):
            raise Denied(_CHANGED)
        return cleared

    async def _still_allowed(self, cleared: Cleared) -> None:
        """A call that no person was asked about, by the configuration of now. Raises GateError, AgentGone."""
        now = self._admitted_again(cleared)
        again = (await self._judge(now.identified)).decision
        if again.outcome != "allow" or replace(now.assume, generation=cleared.assume.generation) != cleared.assume:
            raise Denied(_CHANGED)

    def _admitted_again(self, cleared: Cleared) -> Cleared:
        """The same by the configuration of now. Raises GateError where its agent is another by that."""
        self._snapshot, before = self._current(), cleared.identified.proven
        proven = steps.admit(before.claimed, self._snapshot)
        if proven.admitted.agent != before.admitted.agent:
            raise Denied("the agent's block changed while the call waited: run the same command again")
        identified = replace(cleared.identified, proven=proven)
        return replace(cleared, identified=identified, assume=steps.assume_role(identified, self._snapshot))

    async def _forward(self, cleared: Cleared) -> None:
        """Arm, sign and send. Raises GateError, AgentGone."""
        credentials = await self._services.credentials.credentials(cleared.assume)
        await self._judge_again(cleared.identified)
        self._step(Event.CREDENTIALS_READY)
        flow, stored = await self._flow(cleared), isinstance(cleared.source, Spool)
        await self._recorder.intend()
        for attempt in range(1, ATTEMPTS + 1):
            signed = self._sign(cleared, credentials)
            if attempt == 1:
                self._step(Event.SIGNED)
            elif isinstance(cleared.source, Spool):
                await cleared.source.rewind()
                flow = await self._flow(cleared)
            try:
                await self._send(cleared, signed, flow, credentials, again=(flow is None or stored) and attempt < ATTEMPTS)
            except Expired:
                self._services.credentials.forget(cleared.assume, credentials)
                credentials = await self._services.credentials.credentials(cleared.assume)
            except _NotSent:
                continue
            else:
                break
        self._step(Event.ANSWERED)

    async def _flow(self, cleared: Cleared) -> Flow | None:
        """The start of a body that is not in memory. Raises GateError, AgentGone."""
        body, chain = cleared.identified.body, cleared.identified.chain
        if not isinstance(body, Streamed) or cleared.source is None:
            return None
        await self._agent.ask_for_body()
        return await begin(cleared.source, checker_for(body, chain=chain.fresh() if chain else None), body)

    def _sign(self, cleared: Cleared, credentials: Credentials) -> Signed:
        now, keys = self._services.clock.now(), self._services.keys
        return steps.sign(cleared.identified, cleared.outbound, credentials, now=now, keys=keys)

    async def _send(self, cleared: Cleared, signed: Signed, flow: Flow | None, credentials: Credentials, *, again: bool) -> None:
        """Send once and pass the answer on. Raises Expired and _NotSent only where `again`."""
        self._exchange.require(State.SIGNED)
        host = signed.head.one("host") or ""
        async with self._services.upstreams.connect(host) as link:
            await self._judge_again(cleared.identified)
            if self._clearance is not None:
                self._clearance.sending()
            try:
                if flow is None:
                    answer = await send_whole(link, signed.head, cleared.outbound.data)
                else:
                    answer = await send_flow(link, signed, flow)
            except UpstreamError as fault:
                if self._clearance is not None and not link.sent:
                    self._clearance.unsent()
                if again and not link.sent:
                    raise _NotSent(fault.reason) from fault
                raise
            self._recorder.lap("aws")
            if self._clearance is not None:  # before the agent has it: its retry may come at once
                self._clearance.answered(answer.status, None)
            code = await relay(self._agent, link, answer, credentials, self._recorder, again=again)
            if self._clearance is not None:
                self._clearance.answered(answer.status, code)


class _NotSent(UpstreamError):  # noqa: N818 - what it says
    """Not one byte has left."""
