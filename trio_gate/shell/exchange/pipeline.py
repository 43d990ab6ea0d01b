"""One request on its way, in the order of `exchange.TRANSITIONS`: authenticate, identify, decide, approve, arm, sign, forward.

Rule: each stage takes what the one before it made, and the exchange moves only when its stage has passed. Whatever a stage
raises is the refusal. Nothing is sent to AWS that did not come to SIGNED here.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from trio_gate.aws.forwarded_headers import forwarded_headers
from trio_gate.errors import Denied, GateError, UpstreamError
from trio_gate.exchange.snapshot import credential_for
from trio_gate.exchange.states import Event, State
from trio_gate.facet.extract import facets_of
from trio_gate.policy.decide import decide
from trio_gate.ports import AssumeRole
from trio_gate.shell.exchange import approve, identify
from trio_gate.shell.exchange.bodies import Spool
from trio_gate.shell.exchange.forward import Expired, begin, relay, send_flow, send_whole
from trio_gate.shell.exchange.work import beside
from trio_gate.signing.session_name import session_name
from trio_gate.signing.sigv4 import S3_FAMILY, sign
from trio_gate.signing.verify import chain_of
from trio_gate.wire.body_checkers import checker_for
from trio_gate.wire.head import Held, Streamed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeVar

    from trio_gate.approval.digest import DigestInput
    from trio_gate.aws.ingress import Ingress
    from trio_gate.exchange.snapshot import Snapshot
    from trio_gate.exchange.states import Exchange
    from trio_gate.policy.decide import Decision
    from trio_gate.ports import Clearance
    from trio_gate.shell.exchange.bodies import Room, Source
    from trio_gate.shell.exchange.forward import Flow
    from trio_gate.shell.exchange.identify import Identified, Proven
    from trio_gate.shell.exchange.recorder import Recorder
    from trio_gate.shell.exchange.services import Services
    from trio_gate.shell.net.agent_stream import AgentStream
    from trio_gate.signing.chunk_signatures import Chain
    from trio_gate.signing.sigv4 import Credentials, Signed
    from trio_gate.wire.head import RequestHead

    T = TypeVar("T")

ATTEMPTS = 2
"""How often a request may be sent: again only if none of it had left, or AWS said that the session had expired."""

ROLE_SECONDS = 3600
"""Life of a role's session: STS's default, and the most that every role allows."""

GATEWAY = "trio-gate"
"""The gateway's part of session names."""


_CHANGED = "the configuration changed while the call waited: run the same command again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What will be signed and sent: the head, what stands for the payload, and the body, in `data` or flowing from `source`."""

    head: RequestHead
    payload_hash: str
    data: bytes = b""
    source: Source | None = None


class Pipeline:
    """One request on its way. How it ends is for the caller to apply to `exchange`."""

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
            proven = await identify.prove(
                arrived,
                agent=self._agent,
                ingress=self._ingress,
                snapshot=self._snapshot,
                services=self._services,
                room=room,
                recorder=self._recorder,
            )
            owner = self._recorder.agent or self._agent.seat.source
            self._agent.seat.prove(owner)
            room.prove(owner)
            self._step(Event.AUTHENTICATED)
            self._check_stops(proven)
            identified = await identify.identify_request(
                proven,
                agent=self._agent,
                ingress=self._ingress,
                snapshot=self._snapshot,
                services=self._services,
                room=room,
                recorder=self._recorder,
            )
            self._step(Event.IDENTIFIED)
            self._services.unreviewed.met(identified.call, self._recorder.agent)
            decision = await self._decide(identified)
            ready = self._ready(identified)
            assume = self._assume_role(identified)
            if decision.outcome == "approve":
                self._step(Event.APPROVAL_NEEDED)
                identified, ready, assume = await self._approved(identified, ready, assume, decision, kept, room)
                self._step(Event.APPROVED)
            else:
                self._recorder.decided(decision.outcome, decision.rule, decision.reason)
                self._again = partial(self._still_allowed, identified, assume)
                self._step(Event.ALLOWED)
            await self._judge_again(identified)
            await self._forward(identified, ready, assume)

    def _forget(self) -> None:
        """Let go of the call, which leads back to here: its body would stay in memory until cycles are collected."""
        self._again = None

    def _step(self, event: Event) -> None:
        self._exchange.apply(event)
        self._recorder.lap(event.name.lower())

    def _check_stops(self, request: Proven | Identified) -> None:
        """Raise Denied while a person has stopped the agent."""
        agent = request.admitted.agent
        self._services.approvals.check(agent.name if agent else None)

    async def _judge_again(self, identified: Identified) -> None:
        """Let a call go on only by the configuration and the stops of now. Raises GateError, AgentGone."""
        try:
            while self._again is not None and self._current() is not self._snapshot:
                await self._again()
            self._check_stops(identified)
        except GateError:
            if self._clearance is not None:
                self._clearance.void()
            raise

    def _chain(self, identified: Identified) -> Chain | None:
        agent = identified.admitted.agent
        return chain_of(identified.claim, agent.secret if agent else None, self._services.keys)

    async def _beside(self, identified: Identified, make: Callable[[], T]) -> T:
        """What `make` makes of a call, beside the event loop where that may take long. Raises GateError, AgentGone."""
        return await beside(self._services.work, self._agent, self._recorder.asker, identified.size, make)

    async def _decide(self, identified: Identified) -> Decision:
        """What the rules say. Raises Denied, AgentGone."""
        decision = await self._beside(identified, lambda: self._decision(identified))
        if decision.outcome == "deny":
            self._recorder.decided("deny", decision.rule, decision.reason, status=Denied.status)
            raise Denied(decision.reason)
        return decision

    def _decision(self, identified: Identified) -> Decision:
        endpoint, agent = identified.admitted.endpoint, identified.admitted.agent
        facets = facets_of(
            identified.call,
            account_name=self._recorder.account_name,
            agent=agent.name if agent else None,
            agent_address=self._recorder.agent_address,
            time=self._services.clock.now(),
        )
        return decide(self._snapshot.rules, facets, endpoint=endpoint.name)

    def _ready(self, identified: Identified) -> Ready:
        call = identified.call
        headers = forwarded_headers(identified.head, call.service, call.operation, call.protocol, self._services.models.catalog)
        head = replace(identified.head, headers=(("host", call.host), *headers))
        payload_hash = identified.payload_hash
        data = identified.body.data if isinstance(identified.body, Held) else b""
        if identified.arrived.one("x-amz-content-sha256") is not None:
            head = replace(head, headers=(*head.headers, ("x-amz-content-sha256", payload_hash)))
        source: Source | None = identified.store
        if source is None and isinstance(identified.body, Streamed):
            source = self._agent
        return Ready(head=head, payload_hash=payload_hash, data=data, source=source)

    def _assume_role(self, identified: Identified) -> AssumeRole:
        endpoint, agent, call = identified.admitted.endpoint, identified.admitted.agent, identified.call
        return AssumeRole(
            partition=call.partition,
            region=endpoint.region,
            account=call.account,
            role_arn=f"arn:{call.partition}:iam::{call.account}:role/{endpoint.role}",
            session_name=session_name(GATEWAY, agent.name if agent else None),
            external_id=endpoint.external_id,
            duration=ROLE_SECONDS,
            base=credential_for(endpoint, call.account).name,
            generation=self._snapshot.number,
        )

    async def _approved(
        self, identified: Identified, ready: Ready, assume: AssumeRole, decision: Decision, kept: ExitStack, room: Room
    ) -> tuple[Identified, Ready, AssumeRole]:
        """The same with its body kept, once people have approved it and the rules still stand by it. Raises GateError, AgentGone."""
        payload = approve.Payload(length=len(ready.data), sha256=ready.payload_hash, data=ready.data)
        if identified.store is not None and isinstance(identified.body, Streamed):
            payload = approve.Payload(length=identified.body.length or 0, sha256=ready.payload_hash, spool=identified.store)
        elif isinstance(identified.body, Streamed):
            store = room.spool()
            await self._agent.ask_for_body()
            payload = await approve.keep(identified.body, self._agent, store, self._chain(identified))
            ready = replace(ready, source=store)
        rule, shape = decision.rule or "", self._recorder.shape

        def bound(assume: AssumeRole) -> DigestInput:
            return approve.digest_input(identified, ready.head, assume, rule, payload, self._services, shape)

        parts = await self._beside(identified, lambda: bound(assume))
        question = approve.ApprovalStage(identified, decision, self._snapshot, self._services, self._recorder)
        self._clearance = await question.ask(parts, payload, self._agent, kept)
        self._again = partial(self._still_approved, identified, parts, rule, question, bound)
        try:
            identified, assume = await self._still_approved(identified, parts, rule, question, bound)
        except GateError:
            self._clearance.void()
            raise
        return identified, ready, assume

    async def _still_approved(
        self,
        identified: Identified,
        parts: DigestInput,
        rule: str,
        question: approve.ApprovalStage,
        bound: Callable[[AssumeRole], DigestInput],
    ) -> tuple[Identified, AssumeRole]:
        """What was approved, by the configuration of now. Raises GateError where that is another about it, AgentGone."""
        identified = self._admitted_again(identified)
        assume = self._assume_role(identified)
        again = await self._decide(identified)
        same = await self._beside(identified, lambda: bound(assume) == parts)
        if not same or (again.outcome == "approve" and not (again.rule == rule and question.stands(self._snapshot))):
            raise Denied(_CHANGED)
        return identified, assume

    async def _still_allowed(self, identified: Identified, assume: AssumeRole) -> None:
        """A call that no person was asked about, by the configuration of now. Raises GateError, AgentGone."""
        identified = self._admitted_again(identified)
        again = await self._decide(identified)
        if again.outcome != "allow" or replace(self._assume_role(identified), generation=assume.generation) != assume:
            raise Denied(_CHANGED)

    def _admitted_again(self, identified: Identified) -> Identified:
        """The same by the configuration of now. Raises GateError where its agent is another by that."""
        self._snapshot, before = self._current(), identified.admitted.agent
        identified = replace(identified, admitted=self._snapshot.admit(identified.claim))
        if identified.admitted.agent != before:
            raise Denied("the agent's block changed while the call waited: run the same command again")
        return identified

    async def _forward(self, identified: Identified, ready: Ready, assume: AssumeRole) -> None:
        """Arm, sign and send. Raises GateError, AgentGone."""
        credentials = await self._services.credentials.credentials(assume)
        await self._judge_again(identified)
        self._step(Event.CREDENTIALS_READY)
        flow, stored = await self._flow(identified, ready), isinstance(ready.source, Spool)
        await self._recorder.intend()
        for attempt in range(1, ATTEMPTS + 1):
            signed = self._sign(identified, ready, credentials)
            if attempt == 1:
                self._step(Event.SIGNED)
            elif isinstance(ready.source, Spool):
                await ready.source.rewind()
                flow = await self._flow(identified, ready)
            try:
                await self._send(
                    identified, signed, ready.data, flow, credentials, again=(flow is None or stored) and attempt < ATTEMPTS
                )
            except Expired:
                self._services.credentials.forget(assume, credentials)
                credentials = await self._services.credentials.credentials(assume)
            except _NotSent:
                continue
            else:
                break
        self._step(Event.ANSWERED)

    async def _flow(self, identified: Identified, ready: Ready) -> Flow | None:
        """The start of a body that is not in memory. Raises GateError, AgentGone."""
        if not isinstance(identified.body, Streamed) or ready.source is None:
            return None
        await self._agent.ask_for_body()
        return await begin(ready.source, checker_for(identified.body, chain=self._chain(identified)), identified.body)

    def _sign(self, identified: Identified, ready: Ready, credentials: Credentials) -> Signed:
        call = identified.call
        return sign(
            ready.head,
            payload_hash=ready.payload_hash,
            credentials=credentials,
            service=call.signing_name,
            region=call.region,
            now=self._services.clock.now(),
            s3=call.signing_name in S3_FAMILY,
            keys=self._services.keys,
        )

    async def _send(
        self,
        identified: Identified,
        signed: Signed,
        data: bytes,
        flow: Flow | None,
        credentials: Credentials,
        *,
        again: bool,
    ) -> None:
        """Send once and pass the answer on. Raises Expired and _NotSent only where `again`."""
        self._exchange.require(State.SIGNED)
        host = signed.head.one("host") or ""
        async with self._services.upstreams.connect(host) as link:
            await self._judge_again(identified)
            if self._clearance is not None:
                self._clearance.sending()
            try:
                if flow is None:
                    answer = await send_whole(link, signed.head, data)
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
            await relay(self._agent, link, answer, credentials, self._recorder, again=again)
            if self._clearance is not None:
                self._clearance.answered(answer.status, self._recorder.error_code)


class _NotSent(UpstreamError):  # noqa: N818 - what it says
    """Not one byte has left."""
