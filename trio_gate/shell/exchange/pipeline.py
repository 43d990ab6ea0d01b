"""One request from its head to the answer: the waits around `exchange.steps`, in the order of `exchange.states`.

Rule: each stage takes the value that the stage before it made, and the exchange changes state only when a stage has passed. An
error that a stage raises is the refusal. Only a SIGNED request is sent, and only if the current configuration allows it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from trio_gate.config.model import NO_LIMITS
from trio_gate.errors import DO_NOT_RETRY, AgentGone, AuditUnavailable, Denied, GateError, SessionOver, UpstreamError
from trio_gate.exchange import binding, steps, virtual
from trio_gate.exchange.own_requests import answers
from trio_gate.exchange.own_requests.paths import About, TaskAsked, TaskEnded
from trio_gate.exchange.proving.proofs import same_agent
from trio_gate.exchange.roles import approved_by
from trio_gate.exchange.snapshot import CHANGED
from trio_gate.exchange.states import Event, State
from trio_gate.shell.exchange.approve import ApprovalStage, checked
from trio_gate.shell.exchange.bodies import Spool
from trio_gate.shell.exchange.forward import (
    Cleared,
    Expired,
    NotSentError,
    Prepared,
    credentials_for,
    flow_of,
    relay,
    send_flow,
    send_whole,
    without_credentials,
)
from trio_gate.shell.exchange.intake import IntakeStage
from trio_gate.shell.exchange.large_calls import LARGE, drop_in_thread, offload
from trio_gate.shell.exchange.task_stage import ask_for_task, end_task
from trio_gate.shell.net.race import race
from trio_gate.shell.sessions.answers import SessionAnswer
from trio_gate.wire.head import Streamed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import ExitStack
    from typing import TypeVar

    from trio_gate.approval.digest import DigestInput
    from trio_gate.aws.ingress import Ingress
    from trio_gate.exchange.own_requests.paths import NoCall
    from trio_gate.exchange.results import Identified, Judged, Outbound, Proven
    from trio_gate.exchange.snapshot import Snapshot
    from trio_gate.exchange.states import Exchange
    from trio_gate.exchange.virtual import Plan
    from trio_gate.policy.decide import Decision
    from trio_gate.ports import RoleRequest
    from trio_gate.sessions.session import VirtualSession
    from trio_gate.shell.exchange.bodies import Room
    from trio_gate.shell.exchange.forward import Flow, Look
    from trio_gate.shell.exchange.intake import IdentifiedRequest, Received
    from trio_gate.shell.exchange.recorder import Recorder
    from trio_gate.shell.exchange.shared_services import SharedServices
    from trio_gate.shell.net.agent_stream import AgentStream
    from trio_gate.signing.sigv4 import Credentials, Signed
    from trio_gate.wire.head import RequestHead, ResponseHead

    T = TypeVar("T")

ATTEMPTS = 2
"""Times a request may be sent: a second time only if no byte of it had left, or AWS said that the session had expired."""

_CHANGED = "the configuration changed while the call waited: run the same command again"


class Pipeline:
    """Takes one request through all stages. The caller applies the final event to `exchange`.

    Attributes:
        identified: the named request, once there is one.
    """

    def __init__(
        self,
        *,
        exchange: Exchange,
        services: SharedServices,
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
        self._recorder = recorder
        self._agent = agent
        self._ingress = ingress

    async def run(self, arrived: RequestHead) -> None:
        """Identify, judge, have approved, sign and forward. Raises GateError for a refusal, AgentGone when the agent left."""
        with self._services.bodies.room(self._agent.seat) as room:
            stage = IntakeStage(self._agent, self._snapshot, self._services, room, self._recorder)
            received = await self._prove(stage, arrived, room)
            asked = await stage.no_call(received)
            self._let_pass(received.proven, asked, room)
            if asked is not None:
                await self._send_own(*await self._told(asked, received.proven, room.opened))
                return
            named = await self._identify(stage, received)
            judged = await self._judge(named.identified)
            prepared = self._prepare(named, judged.decision)
            if judged.decision.outcome == "approve":
                self._step(Event.APPROVAL_NEEDED)
                cleared = await self._approved(prepared, judged, room)
                self._step(Event.APPROVED)
                await self._judge_again(cleared)
            else:
                self._recorder.decided(judged.decision.outcome, judged.decision.rule, judged.decision.reason)
                cleared = Cleared(prepared=prepared, recheck=partial(self._still_allowed, prepared))
                self._step(Event.ALLOWED)
            await self._forward(cleared)

    def drop(self) -> None:
        """Free the parameters of a finished request; large ones in a thread, because freeing them takes long."""
        identified, self.identified = self.identified, None
        if identified is not None and identified.size > LARGE:
            drop_in_thread(identified.call)

    def _step(self, event: Event) -> None:
        self._exchange.apply(event)
        self._recorder.lap(event)

    def _check_stops(self, proven: Proven) -> None:
        """Raise Denied while a person has stopped the agent, SessionOver where its virtual session is over."""
        self._services.approvals.check(proven.admitted.agent_name)
        self._check_session(proven)

    def _check_session(self, proven: Proven) -> None:
        session = proven.admitted.session
        if session is not None:
            self._services.sessions.table.check(session, self._services.clock.now())

    def _check_new(self, proven: Proven, session: VirtualSession) -> None:
        """Raise GateError where a session must not be made any more: what allowed it has changed while AWS was asked."""
        self._check_stops(proven)
        if not self._current().keeps(session):
            raise SessionOver(CHANGED)

    async def _prove(self, stage: IntakeStage, arrived: RequestHead, room: Room) -> Received:
        """Authenticate the agent, and count its connection and body for it. Raises GateError, AgentGone."""
        received = await stage.prove(arrived, self._ingress)
        owner, agent = received.proven.admitted.agent_name or self._agent.seat.source, received.proven.admitted.agent
        self._agent.seat.count_for(owner, agent.limits.max_connections if agent else None)
        room.count_for(owner)
        self._step(Event.AUTHENTICATED)
        return received

    def _let_pass(self, proven: Proven, asked: NoCall | None, room: Room) -> None:
        """Check stops, except for what an agent asks about itself, and count the request against its agent's limits. Raises GateError."""
        if not isinstance(asked, About):
            self._check_stops(proven)
        agent = proven.admitted.agent
        if agent is not None and agent.limits != NO_LIMITS:
            room.opened.enter_context(self._services.loads.request(agent))

    async def _told(self, asked: NoCall, proven: Proven, opened: ExitStack) -> tuple[ResponseHead, bytes]:
        """The answer to what stands for no call; an agent that is stopped may still ask about itself. Raises GateError, AgentGone."""
        self._check_session(proven)
        if isinstance(asked, TaskAsked):
            return await ask_for_task(asked.body, proven, self._snapshot, self._services, self._recorder, self._agent, opened)
        self._recorder.decided("allow", None, "it asks about itself" if isinstance(asked, About) else "it ends a task of its own")
        if isinstance(asked, TaskEnded):
            return await end_task(asked.id, proven, self._services)
        views, table = self._services.views, self._services.table
        told = await race(partial(views.answer, asked, proven.admitted, self._snapshot, table), self._agent.gone)
        if told is None:
            raise AgentGone
        return told

    async def _identify(self, stage: IntakeStage, received: Received) -> IdentifiedRequest:
        """Name the call. Raises GateError, AgentGone."""
        named = await stage.identify(received)
        self.identified = named.identified
        self._step(Event.IDENTIFIED)
        self._services.unreviewed.met(named.identified.call, received.proven.admitted.agent_name)
        return named

    async def _beside(self, identified: Identified, make: Callable[[], T]) -> T:
        """What `make` returns; it runs in a worker thread where the call is large. Raises GateError, AgentGone."""
        return await offload(self._services.workers, self._agent, identified.proven.asker, identified.size, make)

    async def _judge(self, identified: Identified) -> Judged:
        """Apply the rules. Raises Denied, AgentGone."""
        now, snapshot, named = self._services.clock.now(), self._snapshot, self._services.names.of(identified.call.account)
        judged = await self._beside(identified, lambda: steps.judge(identified, snapshot, now, named))
        decision = judged.decision
        if decision.outcome == "deny":
            self._recorder.decided("deny", decision.rule, decision.reason, status=Denied.status)
            raise Denied(decision.reason + DO_NOT_RETRY, detail=decision.reason, outcome="denied")
        return judged

    async def _judge_again(self, cleared: Cleared) -> None:
        """Check a cleared call against the current configuration and stops, or void its approval. Raises GateError, AgentGone."""
        try:
            while self._current() is not self._snapshot:
                await cleared.recheck()
            self._check_stops(cleared.prepared.identified.proven)
        except GateError:
            if cleared.clearance is not None:
                cleared.clearance.void()
            raise

    def _prepare(self, named: IdentifiedRequest, decision: Decision) -> Prepared:
        """The call as it would be sent. Raises Denied for a role that the agent may not assume here, SessionOver."""
        identified, source = named.identified, named.store
        flows = source is None and isinstance(identified.body, Streamed)
        outbound = steps.outbound(identified, self._services.models.catalog)
        plan, outbound = self._planned(identified, outbound, decision)
        return Prepared(
            identified=identified,
            outbound=outbound,
            assume=self._signer(identified, decision),
            plan=plan,
            vends=decision.vends,
            source=self._agent if flows else source,
        )

    def _planned(self, identified: Identified, outbound: Outbound, decision: Decision) -> tuple[Plan | None, Outbound]:
        """The virtual session that a call is answered with, and the request for it. Raises Denied, Malformed."""
        plan, outbound = virtual.plan(identified, outbound, decision, self._snapshot, self._services.table)
        if plan is not None:
            self._services.sessions.table.check_room(plan.agent, self._services.clock.now())
        return plan, outbound

    def _signer(self, identified: Identified, decision: Decision) -> RoleRequest:
        """Whose credentials sign a call. Raises SessionOver, Denied."""
        sessions, tables = self._services.sessions.table, self._services.models.tables
        return virtual.request_for(identified, self._snapshot, sessions, decision.rule, tables)

    async def _approved(self, prepared: Prepared, judged: Judged, room: Room) -> Cleared:
        """Store the body, ask people, and judge again once they have approved. Raises GateError, AgentGone."""
        body = await checked(prepared.identified, prepared.outbound, prepared.source, self._agent, room)
        if body.spool is not None:
            prepared = replace(prepared, source=body.spool)
        rule = judged.decision.rule or ""

        def bound(prepared: Prepared) -> DigestInput:
            identified, outbound, assume = prepared.identified, prepared.outbound, prepared.assume
            address = self._services.upstreams.address_of(identified.call.host)
            return binding.bind(identified, outbound, assume, rule=rule, payload=body.payload, address=address)

        parts = await self._beside(prepared.identified, lambda: bound(prepared))
        stage = ApprovalStage(prepared.identified, judged, prepared.assume, self._snapshot, self._services, self._recorder)
        clearance = await stage.ask(parts, body, self._agent, room.opened)
        recheck = partial(self._still_approved, prepared, parts, stage, bound)
        try:
            prepared = await recheck()
        except GateError:
            clearance.void()
            raise
        if stage.tags:
            prepared = replace(prepared, assume=approved_by(prepared.assume, clearance.verdict))
        return Cleared(prepared=prepared, recheck=recheck, clearance=clearance)

    async def _still_approved(
        self, prepared: Prepared, parts: DigestInput, stage: ApprovalStage, bound: Callable[[Prepared], DigestInput]
    ) -> Prepared:
        """An approved call under the current configuration. Raises GateError where that would ask differently, AgentGone."""
        prepared, again = await self._under_current(prepared)
        same = await self._beside(prepared.identified, lambda: bound(prepared) == parts)
        asked_alike = again.outcome != "approve" or (again.rule == parts.rule and stage.stands(self._snapshot))
        if not same or not asked_alike or again.vends != prepared.vends:
            raise Denied(_CHANGED, outcome="expired")
        return prepared

    async def _still_allowed(self, prepared: Prepared) -> None:
        """Check an allowed call against the current configuration. Raises GateError, AgentGone."""
        now, again = await self._under_current(prepared)
        if again.outcome != "allow" or again.vends != prepared.vends or not binding.same_role(now.assume, prepared.assume):
            raise Denied(_CHANGED, outcome="expired")

    async def _under_current(self, prepared: Prepared) -> tuple[Prepared, Decision]:
        """The call under the current configuration. Raises GateError where its agent's block, or that of its operation, has changed."""
        before, call = prepared.identified.proven, prepared.identified.call
        named, reviews, self._snapshot = (call.service, call.operation), self._snapshot.reviews, self._current()
        if reviews.get(named) != self._snapshot.reviews.get(named):
            raise Denied(_CHANGED, outcome="expired")
        proven = steps.admit(before.claimed, self._snapshot, before.admitted.signer, self._services.clock.now())
        if not same_agent(before.admitted.agent, proven.admitted.agent):
            raise Denied("the agent's block changed while the call waited: run the same command again", outcome="expired")
        identified = replace(prepared.identified, proven=proven)
        again = (await self._judge(identified)).decision
        self._planned(identified, prepared.outbound, again)
        return replace(prepared, identified=identified, assume=self._signer(identified, again)), again

    async def _forward(self, cleared: Cleared) -> None:
        """Get credentials, sign and send. Raises GateError, AgentGone."""
        prepared = cleared.prepared
        if prepared.plan is not None and prepared.plan.sent is None:
            await self._answer_here(cleared, partial(self._session_answer(prepared.plan, prepared).of_gateway, self._recorder.id))
            return
        credentials = await credentials_for(prepared.identified, prepared.assume, self._services.credentials)
        await self._judge_again(cleared)
        self._step(Event.CREDENTIALS_READY)
        if prepared.identified.presign is not None:
            await self._answer_here(cleared, partial(self._signed_away, prepared.identified, credentials))
            return
        flow, stored = await flow_of(prepared.identified, prepared.source, self._agent), isinstance(prepared.source, Spool)
        await self._recorder.intend()
        for attempt in range(1, ATTEMPTS + 1):
            now, keys = self._services.clock.now(), self._services.keys
            signed = steps.sign(prepared.identified, prepared.outbound, credentials, now=now, keys=keys)
            if attempt == 1:
                self._step(Event.SIGNED)
            elif isinstance(prepared.source, Spool):
                await prepared.source.rewind()
                flow = await flow_of(prepared.identified, prepared.source, self._agent)
            try:
                await self._send(cleared, signed, flow, credentials, again=(flow is None or stored) and attempt < ATTEMPTS)
            except Expired:
                self._services.credentials.forget(prepared.assume, credentials)
                credentials = await self._services.credentials.credentials(prepared.assume)
            except NotSentError:
                continue
            else:
                break
        self._step(Event.ANSWERED)

    async def _answer_here(self, cleared: Cleared, make: Callable[[], Awaitable[tuple[ResponseHead, bytes]]]) -> None:
        """Answer a call that is not sent, with what `make` returns. Raises GateError, AgentGone."""
        await self._judge_again(cleared)
        await self._recorder.intend()
        await self._judge_again(cleared)  # the disk may have been slow
        clearance = cleared.clearance
        if clearance is not None:
            clearance.sending()
        try:
            head, text = await make()
        except GateError:
            if clearance is not None:
                clearance.unsent()
            raise
        if clearance is not None:
            clearance.answered(head.status, None)
        await self._send_own(head, text)

    async def _send_own(self, head: ResponseHead, text: bytes) -> None:
        """Send an answer of the gateway's own. Raises AgentGone."""
        self._recorder.answered_here(head.status)
        await self._agent.send_head(head, length=len(text), data=text, ended=True)
        self._step(Event.ANSWERED)

    async def _signed_away(self, identified: Identified, credentials: Credentials) -> tuple[ResponseHead, bytes]:
        """What hands out the signature that an agent asks for."""
        self._step(Event.SIGNED)
        return answers.signed(identified, credentials, now=self._services.clock.now(), keys=self._services.keys)

    async def _send(self, cleared: Cleared, signed: Signed, flow: Flow | None, credentials: Credentials, *, again: bool) -> None:
        """Send once and pass the answer on. Raises Expired and NotSentError only where `again`, other GateErrors, AgentGone."""
        self._exchange.require(State.SIGNED)
        clearance, host = cleared.clearance, signed.head.one("host") or ""
        async with self._services.upstreams.connect(host) as link:
            await self._judge_again(cleared)
            if clearance is not None:
                clearance.sending()
            try:
                if flow is None:
                    answer = await send_whole(link, signed.head, cleared.prepared.outbound.data, self._recorder.sent)
                else:
                    answer = await send_flow(link, signed, flow)
            except (UpstreamError, AuditUnavailable) as fault:
                self._exchange.sent = link.sent > 0
                if clearance is not None and not link.sent:
                    clearance.unsent()
                if again and not link.sent:
                    raise NotSentError(fault.reason) from fault
                raise
            self._recorder.lap("aws")
            self._exchange.sent = True
            if clearance is not None:  # before the agent gets the answer: its retry may come at once
                clearance.answered(answer.status, None)
            look, note = self._look(cleared.prepared), plan.note if (plan := cleared.prepared.plan) else None
            code = await relay(self._agent, link, answer, credentials, self._recorder, again=again, look=look, note=note)
            if clearance is not None:
                clearance.answered(answer.status, code)

    def _look(self, prepared: Prepared) -> Look | None:
        """What looks through AWS's answer before the agent gets it."""
        if prepared.plan is not None and prepared.plan.sent is not None:
            return partial(self._session_answer(prepared.plan, prepared).of_aws, prepared.plan.sent)
        asker, checks = prepared.identified.proven.asker, prepared.identified.call.check_answer
        return partial(without_credentials, self._services.workers, self._agent, asker) if checks else None

    def _session_answer(self, plan: Plan, prepared: Prepared) -> SessionAnswer:
        of, check = self._services, partial(self._check_new, prepared.identified.proven)
        return SessionAnswer(plan, prepared.assume, check=check, sessions=of.sessions, credentials=of.credentials, clock=of.clock)
