"""From a head to a call: whose it is, where it goes, its body as far as it is read before a decision, its name.

Rule: proof comes before cost. Where the head says what stands for the body, the signature is checked before a byte of it is asked
for; where only the body does, that is read first, bounded, and nothing else happens. Only a request of a proven agent is routed,
parsed or named. Where no agent is configured there is nothing to prove.

Theory: who has no secret learns nothing of what is configured. An unknown account, an unknown suffix and a wrong signature are
one refusal, after the same work.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from trio_gate.audit.record import told
from trio_gate.aws.claim import read_claim
from trio_gate.aws.endpoint_mode import hint
from trio_gate.aws.identify import Ambiguous, body_mode, identify, takes_blob, unframed
from trio_gate.aws.ingress import check_way, destination
from trio_gate.errors import AgentGone, Unidentified, WrongSignature
from trio_gate.exchange.snapshot import check_place
from trio_gate.shell.exchange.bodies import read_held
from trio_gate.shell.exchange.work import beside, drop_params
from trio_gate.shell.net.race import race
from trio_gate.signing import sigv2
from trio_gate.signing.presigned import with_fields
from trio_gate.signing.sigv4 import without_signature
from trio_gate.signing.verify import chain_of, declared_hash, payload_hash_of, verify
from trio_gate.wire.aws_chunked import refuse_unserved_form, streamed_body
from trio_gate.wire.head import Empty, Held, Streamed, StreamKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from trio_gate.audit.record import Told
    from trio_gate.aws.call import Call, Claim
    from trio_gate.aws.ingress import Ingress
    from trio_gate.exchange.snapshot import Admitted, Snapshot
    from trio_gate.shell.exchange.bodies import Kept, Room, Spool
    from trio_gate.shell.exchange.model_loader import Models
    from trio_gate.shell.exchange.recorder import Recorder
    from trio_gate.shell.exchange.services import Services
    from trio_gate.shell.net.agent_stream import AgentStream
    from trio_gate.wire.head import Body, RequestHead

_NOBODYS = secrets.token_hex(32)
"""What a signature is compared with where the key id is no agent's: it takes as long, and matches never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """A request whose agent is known. `kept` is its body, where it had to be read for that."""

    arrived: RequestHead
    claim: Claim
    admitted: Admitted
    kept: Kept | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """A request with a name. `head` is what AWS will be asked, without any signature; `arrived` is what the agent signed.

    `payload_hash` stands for the body in signatures. `size` is how many bytes of it were read as parameters. `store` holds a body
    that is already here and on disk.
    """

    arrived: RequestHead
    head: RequestHead
    body: Body
    payload_hash: str
    claim: Claim
    admitted: Admitted
    call: Call
    size: int
    store: Spool | None


async def prove(
    arrived: RequestHead,
    *,
    agent: AgentStream,
    ingress: Ingress,
    snapshot: Snapshot,
    services: Services,
    room: Room,
    recorder: Recorder,
) -> Proven:
    """Find out whose request it is. `room` is for its body.

    A URL signed with version 2 goes on as what it says, its body declared as version 4 has it.

    Raises:
        GateError: it is nobody's, or came by a name that is not served.
        AgentGone: its body stopped coming.
    """
    check_way(arrived, ingress)
    claim = recorder.claim = read_claim(arrived)
    old = claim.expires is not None
    arrived = sigv2.spoken(arrived) if old else arrived
    refuse_unserved_form(arrived)
    kept = None
    if snapshot.agents and old:
        _verify(claim, snapshot, services, partial(sigv2.verify, *destination(arrived, claim, ingress, services.table), claim))
    elif snapshot.agents:
        payload_hash = declared_hash(arrived, claim, has_body=agent.connection.has_body)
        if payload_hash is None:
            kept = await read_held(agent, snapshot.config.gateway.held_limit, room, lambda: False)
            payload_hash = kept.sha256
        _verify(claim, snapshot, services, partial(verify, arrived, claim, payload_hash=payload_hash, keys=services.keys))
    if snapshot.agents:
        recorder.agent, recorder.proven = snapshot.agents[claim.suffix].name, True
    admitted = snapshot.admit(claim)
    recorder.account_name, recorder.proven = admitted.endpoint.accounts[claim.account], True
    if old:
        arrived = sigv2.declared(arrived)
        sigv2.check_account(snapshot.accounts_of(admitted.agent) if admitted.agent else ())
    return Proven(arrived=arrived, claim=claim, admitted=admitted, kept=kept)


def _verify(claim: Claim, snapshot: Snapshot, services: Services, check: Callable[..., None]) -> None:
    """Raise Unauthenticated unless the agent that the key id names has signed the request; `check` takes its secret and the time."""
    agent = snapshot.agents.get(claim.suffix)
    secret, now = agent.secret if agent else _NOBODYS, services.clock.now()
    try:
        check(secret=secret, now=now)
    except WrongSignature as fault:
        detail = f"{fault.detail} (agent {agent.name})" if agent else f"no agent has the suffix {claim.suffix}"
        raise WrongSignature(fault.reason, detail=detail) from None


async def identify_request(
    proven: Proven,
    *,
    agent: AgentStream,
    ingress: Ingress,
    snapshot: Snapshot,
    services: Services,
    room: Room,
    recorder: Recorder,
) -> Identified:
    """Name a request. `room` is for its body.

    Raises:
        GateError: it goes nowhere that we know, is no one call, or its body is not what the head declared.
        AgentGone: its body stopped coming.
    """
    arrived, claim, admitted = proven.arrived, proven.claim, proven.admitted
    said = with_fields(arrived, claim)
    head, place = destination(without_signature(said), claim, ingress, services.table)
    place = check_place(place, admitted.endpoint, services.table)
    models = services.models
    await models.ensure([candidate.service for candidate in place.candidates])
    chain = chain_of(claim, admitted.agent.secret if admitted.agent else None, services.keys)
    whole, size = None, 0
    if body_mode(head, place=place, claim=claim, catalog=models.catalog) == "streamed":
        body: Body = streamed_body(said, agent.connection.content_length)
    else:

        def beyond() -> bool:
            return takes_blob(head, place=place, claim=claim, catalog=models.catalog)

        limit = snapshot.config.gateway.held_limit
        whole = proven.kept or await read_held(agent, limit, room, beyond)
        body = _body(whole)
        size = whole.length if whole.length <= limit else 0
        if whole.store is not None and size:
            await _wait(room, size, agent)

    def name() -> tuple[RequestHead, Body, str, Call, Told]:
        read = Held(data=whole.store.load()) if whole and whole.store and size else body
        bare, content = (head, read) if isinstance(read, Streamed) else unframed(head, read, place, chain)
        payload_hash_of(arrived, content, whole.sha256 if whole else None)
        call = identify(bare, content, place=place, claim=claim, catalog=models.catalog, tables=models.tables)
        if claim.expires is not None:
            sigv2.check_call(call, bare)
        shape = models.catalog.service(call.service).operations[call.operation].input
        line = told(call, shape, line=services.decisions is not None)
        on_disk = isinstance(body, Streamed) and not (isinstance(content, Held) and content.framed)
        return bare, body if on_disk else content, _payload_hash(content, whole), call, line

    try:
        head, body, payload_hash, call, recorder.told = await beside(
            services.work, agent, recorder.asker, size, name, lambda found: drop_params(found[3])
        )
    except Ambiguous as fault:
        raise _explained(fault, ingress, models) from None
    recorder.call, recorder.size = call, size
    recorder.shape = models.catalog.service(call.service).operations[call.operation].input
    return Identified(
        arrived=arrived,
        head=head,
        body=body,
        payload_hash=payload_hash,
        claim=claim,
        admitted=admitted,
        call=call,
        size=size,
        store=whole.store if whole and isinstance(body, Streamed) else None,
    )


async def _wait(room: Room, count: int, agent: AgentStream) -> None:
    """Keep memory for a body that is on disk and for what is read of it. Raises Overloaded, AgentGone."""

    async def wait() -> bool:
        await room.held.wait(count)
        return True

    if await race(wait, agent.gone) is None:
        raise AgentGone


def _body(kept: Kept) -> Body:
    if kept.store is not None:
        return Streamed(kind=StreamKind.HASHED, length=kept.length, decoded_length=kept.length, sha256=kept.sha256)
    return Held(data=kept.data) if kept.data else Empty()


def _payload_hash(body: Body, whole: Kept | None) -> str:
    """What stands for a body in the signature of what is sent."""
    match body:
        case Streamed():
            return body.sha256 or body.kind.value
        case Held(data=data, framed=framed):
            return whole.sha256 if whole and framed is None else hashlib.sha256(data).hexdigest()
        case Empty():
            return hashlib.sha256().hexdigest()


def _explained(fault: Ambiguous, ingress: Ingress, models: Models) -> Unidentified:
    """At an endpoint listener the agent can say which service it means."""
    if ingress.kind != "endpoint":
        return fault
    ids = {name: models.catalog.service(name).service_id for name in fault.services}
    return Unidentified(hint(fault.services, ids, ingress.base))
