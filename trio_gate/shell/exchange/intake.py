"""The first steps of a request: its agent is authenticated, its body read, its call named.

Rule: proof comes before cost. Where the head declares the payload's hash, the signature is checked before any of the body is asked
for; where it does not, the body is read first, up to a limit, and nothing else is done. Only a request of a proven agent is routed,
parsed or named. Without configured agents there is nothing to prove.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trio_gate.aws.ingress import check_name
from trio_gate.aws.naming import takes_blob
from trio_gate.errors import AgentGone, Unproven
from trio_gate.exchange import steps
from trio_gate.exchange.own_requests import by_token, paths
from trio_gate.exchange.proving import web_identity
from trio_gate.exchange.results import Signer
from trio_gate.sessions.session import MAX_SENT
from trio_gate.shell.exchange.bodies import read_held
from trio_gate.shell.exchange.large_calls import SMALL, drop_params, offload
from trio_gate.shell.exchange.recorder import description
from trio_gate.shell.net.race import race
from trio_gate.values import value_class
from trio_gate.wire.head import Empty, Held, Streamed, StreamKind

if TYPE_CHECKING:
    from datetime import datetime

    from trio_gate.audit.described import Described
    from trio_gate.aws.ingress import Ingress
    from trio_gate.config.model import Agent
    from trio_gate.exchange.results import Claimed, Identified, Proven, Routed
    from trio_gate.exchange.snapshot import Snapshot
    from trio_gate.shell.exchange.bodies import Kept, Room, Spool
    from trio_gate.shell.exchange.recorder import Recorder
    from trio_gate.shell.exchange.shared_services import SharedServices
    from trio_gate.shell.net.agent_stream import AgentStream
    from trio_gate.wire.head import Body, RequestHead


@value_class
class Received:
    """An authenticated request; `kept` is its body where that had to be read to verify the signature, else None."""

    proven: Proven
    kept: Kept | None


@value_class
class IdentifiedRequest:
    """A named request; `store` holds its body where that is already read and goes to AWS from disk, else None."""

    identified: Identified
    store: Spool | None


class IntakeStage:
    """Takes one request in: `room` stores its body, `snapshot` is the configuration it is judged by."""

    def __init__(self, agent: AgentStream, snapshot: Snapshot, services: SharedServices, room: Room, recorder: Recorder) -> None:
        self._agent = agent
        self._snapshot = snapshot
        self._services = services
        self._table = services.table
        self._limit = snapshot.config.gateway.held_limit
        self._room = room
        self._recorder = recorder

    async def prove(self, arrived: RequestHead, ingress: Ingress) -> Received:
        """Authenticate the agent.

        Raises:
            GateError: no agent has signed it, or it came by a name that is not served.
            AgentGone: the agent left before its body was complete.
        """
        if web_identity.comes_unsigned(arrived, ingress):
            return await self._unsigned(arrived, ingress)
        if by_token.comes_by_token(arrived, ingress):
            return await self._by_token(arrived, ingress)
        agent, services, kept = self._agent, self._services, None
        claimed = steps.claim(arrived, ingress, agent.seat.address)
        self._recorder.claimed(claimed.claim)
        payload_hash = steps.declared_payload(claimed, self._snapshot, has_body=agent.connection.has_body)
        if payload_hash is None:
            limit = paths.MOST_BYTES if claimed.own else self._limit
            kept = await read_held(agent, limit, self._room, lambda: False)
            payload_hash = kept.sha256
        table, now, sessions = self._table, services.clock.now(), services.sessions.table
        signer = steps.prove(claimed, payload_hash, self._snapshot, table, sessions, now=now, keys=services.keys)
        self._recorder.proved(signer)
        return self._admitted(await self._with_tokens_verified(claimed, signer), signer, now, kept)

    async def _unsigned(self, arrived: RequestHead, ingress: Ingress) -> Received:
        """Find the agent of a request that nobody has signed. Raises GateError, AgentGone."""
        kept = await read_held(self._agent, MAX_SENT, self._room, lambda: False)
        now, address = self._services.clock.now(), self._agent.seat.address
        claimed = web_identity.claimed(arrived, kept.data, ingress, self._table, address)
        candidates = web_identity.candidates(claimed, self._snapshot.agents.values(), now)
        found = [one for one in candidates if await self._shows_tokens_of(one, claimed.ingress)]
        claimed = web_identity.of_agent(claimed, found)
        signer = Signer(agent=found[0].name, unsigned=True)
        self._recorder.proved(signer)
        return self._admitted(claimed, signer, now, kept)

    async def _by_token(self, arrived: RequestHead, ingress: Ingress) -> Received:
        """Find the agent of a request to the gateway that its tokens alone prove. Raises GateError.

        All agents that have tokens are tried, so the work tells nothing of them; a wrong token is answered late.
        """
        check_name(arrived, ingress)
        shown, agents = ingress.with_token(arrived), [one for one in self._snapshot.agents.values() if one.oidc is not None]
        found = [one for one in agents if await self._shows_tokens_of(one, shown)]
        if len(found) != 1:
            await self._services.wrong_tokens.slow_down(self._agent.seat.source)
        agent = by_token.owner_of(found)
        signer, now = Signer(agent=agent.name, unsigned=True), self._services.clock.now()
        self._recorder.proved(signer)
        address = self._agent.seat.address
        claimed = by_token.claimed_by(agent, arrived, ingress, address, self._snapshot, now)
        return self._admitted(claimed, signer, now, None)

    def _admitted(self, claimed: Claimed, signer: Signer, now: datetime, kept: Kept | None) -> Received:
        """A request whose agent is found. Raises Unauthenticated."""
        self._recorder.claimed(claimed.claim)
        proven = steps.admit(claimed, self._snapshot, signer, now)
        self._recorder.admitted(proven.admitted.account_name)
        return Received(proven=proven, kept=kept)

    async def _shows_tokens_of(self, agent: Agent, ingress: Ingress) -> bool:
        """Whether all tokens of a request are an agent's, where it needs any. Raises IssuerUnavailable."""
        if agent.oidc is None:
            return True
        try:
            for token in ingress.tokens:
                await self._services.issuers.prove(token, agent.oidc)
        except Unproven:
            return False
        return True

    async def _with_tokens_verified(self, claimed: Claimed, signer: Signer) -> Claimed:
        """A signed request, its tokens verified where its agent needs any. Raises Unproven, IssuerUnavailable."""
        asked = self._snapshot.oidc_of(signer.agent)
        if asked is None or not claimed.ingress.tokens:
            return claimed
        for token in claimed.ingress.tokens:
            await self._services.issuers.prove(token, asked)
        return replace(claimed, ingress=replace(claimed.ingress, identity=asked))

    async def identify(self, received: Received) -> IdentifiedRequest:
        """Read the body as the operation requires, and name the call.

        Raises:
            GateError: its host is unknown, it is not exactly one operation, or its body is not what the head declared.
            AgentGone: the agent left before its body was complete.
        """
        services, agent, proven = self._services, self._agent, received.proven
        if proven.claimed.own:
            return await self._own(received)
        routed = steps.route(proven, self._snapshot, self._table, services.keys)
        await services.models.ensure(routed.services)
        body: Body | None = steps.streamed(routed, services.models.catalog, agent.connection.content_length)
        whole, size = None, 0
        if body is None:
            whole = received.kept or await self._read(routed)
            body, size = _body(whole), whole.length if whole.length <= self._limit else 0
            if whole.store and size:
                await self._wait(size)
        arrived = body

        def name() -> tuple[Identified, Described | None]:
            return self._checked_and_named(routed, arrived, whole, size)

        identified, described = await offload(
            services.workers, agent, proven.asker, size, name, lambda made: drop_params(made[0].call)
        )
        self._recorder.named(identified, described)
        on_disk = whole and isinstance(identified.body, Streamed)
        return IdentifiedRequest(identified=identified, store=whole.store if whole and on_disk else None)

    async def no_call(self, received: Received) -> paths.NoCall | None:
        """What a request asks of the gateway that stands for no call; None where it is or stands for one. Raises GateError, AgentGone."""
        head = received.proven.arrived
        if not received.proven.claimed.own or not paths.is_no_call(head):
            return None
        whole = received.kept or await read_held(self._agent, paths.MOST_BYTES, self._room, lambda: False)
        return paths.no_call(head, whole.data)

    async def _own(self, received: Received) -> IdentifiedRequest:
        """Read a request to the gateway itself, and name the call that it stands for."""
        services, proven = self._services, received.proven
        whole = received.kept or await read_held(self._agent, paths.MOST_BYTES, self._room, lambda: False)
        content = paths.stands_for(proven, whole.data, self._snapshot, self._table)
        await services.models.ensure(content.routed.services)
        identified = steps.identify(content, catalog=services.models.catalog, tables=services.models.tables)
        self._recorder.named(identified, None)
        return IdentifiedRequest(identified=identified, store=None)

    async def _read(self, routed: Routed) -> Kept:
        """Read the whole body. Only a blob, which no rule reads, may exceed the limit: it goes to disk."""
        catalog, request = self._services.models.catalog, routed.proven.claimed.claim

        def beyond() -> bool:
            return takes_blob(routed.head, place=routed.place, claim=request, catalog=catalog)

        return await read_held(self._agent, self._limit, self._room, beyond)

    async def _wait(self, count: int) -> None:
        """Reserve memory for a body on disk that is about to be parsed. Raises Overloaded, AgentGone."""

        async def wait() -> bool:
            await self._room.held.wait(count)
            return True

        if await race(wait, self._agent.gone) is None:
            raise AgentGone

    def _checked_and_named(
        self, routed: Routed, arrived: Body, whole: Kept | None, size: int
    ) -> tuple[Identified, Described | None]:
        """The named call, and its text for the record where the body is large: all that takes the longer the larger it is.

        A body on disk is loaded to be parsed; unless it was framed, it is sent from disk. Raises GateError for a body that is not
        what the head declared, for what is not exactly one call, and for one that must not come unsigned.
        """
        models = self._services.models
        read = Held(data=whole.store.load()) if whole and whole.store and size else arrived
        sha256 = whole.sha256 if whole else None
        content = steps.unframe(routed, read)
        steps.check_declared(content, sha256)
        found = steps.identify(content, catalog=models.catalog, tables=models.tables, sha256=sha256, size=size)
        web_identity.check_named(found)
        if isinstance(arrived, Streamed) and not (isinstance(found.body, Held) and found.body.framed):
            found = replace(found, body=arrived)
        if size <= SMALL:
            return found, None
        return found, description(found.call, found.shape, line=self._services.sinks.decisions is not None)


def _body(kept: Kept) -> Body:
    if kept.store is not None:
        return Streamed(kind=StreamKind.HASHED, length=kept.length, decoded_length=kept.length, sha256=kept.sha256)
    return Held(data=kept.data) if kept.data else Empty()
