"""The steps of a request in their order, written once: `serve` waits between them, `explain` walks straight through.

    claim → declared_payload → prove → admit → route → streamed → unframe → check_declared
        → identify → judge → outbound → virtual.plan, virtual.request_for → bind → sign

A request to the gateway itself goes from `admit` to `paths.stands_for` of `own_requests`, on to `identify`, and in place of `sign` to
`answers.signed`.

Rule: a step takes what the step before it returned (see `results`), so none can be left out or come too early. Nothing is routed, parsed or
named before its agent is proven; only the host table may be asked, for what a signature covers. A step refuses by raising
a GateError. No step waits: bodies are read, models loaded and people asked between steps.

Theory: without a secret nobody learns what is configured. An unknown account, an unknown suffix and a wrong signature get
the same refusal after the same work.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from trio_gate.aws.claim import read_claim
from trio_gate.aws.forwarded_headers import forwarded_headers
from trio_gate.aws.identify import identify as identify_call
from trio_gate.aws.ingress import OWN_SERVICE, check_name, destination, explained, to_gateway
from trio_gate.aws.naming import body_mode, unframed
from trio_gate.aws.resources.owned import with_expected
from trio_gate.aws.routing.route import Ambiguous
from trio_gate.effect.effect import level_facet
from trio_gate.errors import SessionOver, Unauthenticated, WrongSignature
from trio_gate.exchange import presign
from trio_gate.exchange.proving import proofs
from trio_gate.exchange.results import Claimed, Identified, Judged, Outbound, Proven, Routed, Signer, Unframed
from trio_gate.exchange.snapshot import check_place
from trio_gate.facet.extract import facets_of
from trio_gate.policy.decide import decide
from trio_gate.sessions.calls import served
from trio_gate.signing import sigv2, sigv4
from trio_gate.signing.presigned import with_fields
from trio_gate.signing.signed_url import EXPIRES
from trio_gate.signing.sigv4 import S3_FAMILY, without_signature
from trio_gate.signing.verify import WRONG, chain_of, declared_hash, outbound_hash, payload_hash_of, verify
from trio_gate.wire.aws_chunked import UNSIGNED, framing_of, refuse_unserved_form, streamed_body
from trio_gate.wire.aws_chunked import declared_payload as declared
from trio_gate.wire.head import Empty, Held, RequestHead, Streamed

if TYPE_CHECKING:
    from datetime import datetime

    from trio_gate.aws.call import Call, Unknown
    from trio_gate.aws.hosts.table import HostTable
    from trio_gate.aws.iam.tables import Tables
    from trio_gate.aws.ingress import Ingress
    from trio_gate.aws.model.catalog import Catalog
    from trio_gate.aws.model.shape import Shape
    from trio_gate.exchange.snapshot import Snapshot, Unconfigured
    from trio_gate.sessions.table import SessionTable
    from trio_gate.signing.sigv4 import Credentials, Signed, SigningKeys
    from trio_gate.wire.head import Body

_NO_SECRET = "0" * 64
"""Tried for a key id that belongs to no agent, or to one with fewer secrets than another, so that each check takes as long.

Even a match is refused.
"""


def claim(arrived: RequestHead, ingress: Ingress, agent_address: str) -> Claimed:
    """Read which key id a request claims. Raises Malformed, Unauthenticated, Denied, or Unidentified for an unserved host."""
    check_name(arrived, ingress)
    found, own = read_claim(arrived), to_gateway(arrived, ingress)
    if own and (found.service != OWN_SERVICE or arrived.one("authorization") is None or declared(arrived) == UNSIGNED):
        raise Unauthenticated(f"a request to the gateway is signed in its head, with its body, for the service {OWN_SERVICE}")
    old, ingress = found.expires is not None, ingress.with_token(arrived)
    said = sigv2.spoken(arrived) if old else arrived
    return Claimed(arrived=said, claim=found, ingress=ingress, agent_address=agent_address, version_2=old, own=own)


def declared_payload(claimed: Claimed, snapshot: Snapshot | Unconfigured, *, has_body: bool) -> str | None:
    """What stands for the body in the agent's signature; None for the hash of a body yet to be read. Raises Malformed."""
    refuse_unserved_form(claimed.arrived)
    if claimed.version_2 or not (snapshot.agents or claimed.claim.token is not None):
        return UNSIGNED
    return declared_hash(claimed.arrived, claimed.claim, has_body=has_body)


def prove(
    claimed: Claimed,
    payload_hash: str,
    snapshot: Snapshot | Unconfigured,
    table: HostTable,
    sessions: SessionTable,
    *,
    now: datetime,
    keys: SigningKeys,
) -> Signer:
    """Find who signed a request. Raises Unauthenticated, Malformed."""
    request = claimed.claim
    if request.token is not None:
        return _prove_session(claimed, payload_hash, sessions, now=now, keys=keys)
    if not snapshot.agents:
        return Signer(agent=None)
    agent = snapshot.agents.get(request.suffix)
    own, unknown = agent.secrets if agent else (), f"no agent has the suffix {request.suffix}"
    secrets = (*own, *[_NO_SECRET] * (snapshot.most_secrets - len(own)))
    try:
        if claimed.version_2:
            head, place = destination(claimed.arrived, request, claimed.ingress, table)
            signed = sigv2.verify(head, place, request, secrets=secrets, now=now)
        else:
            signed = verify(claimed.arrived, request, payload_hash=payload_hash, secrets=secrets, now=now, keys=keys)
    except WrongSignature as fault:
        detail = f"{fault.detail} (agent {agent.name})" if agent else unknown
        raise WrongSignature(fault.reason, detail=detail) from None
    if agent is None or signed not in own:
        raise WrongSignature(WRONG, detail=unknown)
    return Signer(agent=agent.name, secret=signed)


def _prove_session(claimed: Claimed, payload_hash: str, sessions: SessionTable, *, now: datetime, keys: SigningKeys) -> Signer:
    """Find the session whose key signed a request. Raises Unauthenticated, SessionOver."""
    request = claimed.claim
    session = sessions.find(request.access_key_id)
    if session is None:  # nobody can guess an id, so this tells nothing
        raise SessionOver("is not known here: it has ended, or another gateway made it")
    verify(claimed.arrived, request, payload_hash=payload_hash, secrets=(session.secret,), now=now, keys=keys)
    if not session.has_token(request.token or ""):
        raise WrongSignature(WRONG, detail=f"the token is not that of session {session.key_id}")
    if session.expires <= now:
        raise SessionOver("has expired")
    return Signer(agent=session.agent, session=session, secret=session.secret)


def admit(claimed: Claimed, snapshot: Snapshot | Unconfigured, signer: Signer, now: datetime | None) -> Proven:
    """Find account and agent of a request that `prove` has accepted. Raises Unauthenticated.

    `now` is the time, None where there is no connection, which must be one of the agent's.
    """
    arrived = sigv2.declared(claimed.arrived) if claimed.version_2 else claimed.arrived
    admitted = snapshot.admit(claimed.claim, signer)
    if now is not None and admitted.agent is not None:
        facts = proofs.check_way(admitted.agent, claimed.ingress, claimed.agent_address, now)
        if facts and admitted.session is not None and not proofs.proves(admitted.session, admitted.agent, [facts]):
            raise SessionOver("was made with another proof of its agent")
        admitted = replace(admitted, facts=facts) if facts else admitted
    return Proven(claimed=claimed, arrived=arrived, admitted=admitted)


def route(proven: Proven, snapshot: Snapshot | Unconfigured, table: HostTable, keys: SigningKeys) -> Routed:
    """Find where a request goes. Raises Malformed, Denied, Unauthenticated, Unidentified."""
    claimed, admitted = proven.claimed, proven.admitted
    if claimed.version_2:
        sigv2.check_account(snapshot.accounts_of(admitted.agent) if admitted.agent else ())
    expanded = with_fields(proven.arrived, claimed.claim)
    head, place = destination(without_signature(expanded), claimed.claim, claimed.ingress, table)
    framing = framing_of(expanded)
    signed_chunks = framing is not None and framing.signed_chunks
    return Routed(
        proven=proven,
        head=head,
        expanded=expanded,
        place=check_place(place, admitted.endpoint, table),
        owned=snapshot.owned_by(admitted.endpoint, table),
        reviews=snapshot.reviews,
        chain=chain_of(claimed.claim, admitted.signer.secret, keys) if signed_chunks else None,
    )


def streamed(routed: Routed, catalog: Catalog, content_length: int | None) -> Streamed | None:
    """The body, where it is streamed after a decision by the head alone; None where it must be read whole first.

    The catalogue must hold the models of the place's candidates. Raises Malformed, Unidentified.
    """
    if body_mode(routed.head, place=routed.place, claim=routed.proven.claimed.claim, catalog=catalog) != "streamed":
        return None
    return streamed_body(routed.expanded, content_length)


def unframe(routed: Routed, body: Body) -> Unframed:
    """Remove aws-chunked framing from a body that was read whole; a streamed one stays as it is. Raises Malformed."""
    if isinstance(body, Streamed):
        return Unframed(routed=routed, head=routed.head, body=body)
    head, content = unframed(routed.head, body, routed.place, routed.chain.fresh() if routed.chain else None)
    return Unframed(routed=routed, head=head, body=content)


def check_declared(content: Unframed, sha256: str | None = None) -> None:
    """Raise Malformed for a body that is not what the head declared. `sha256` (hex) is the body's, where known."""
    payload_hash_of(content.routed.proven.arrived, content.body, sha256)


def identify(content: Unframed, *, catalog: Catalog, tables: Tables, sha256: str | None = None, size: int = 0) -> Identified:
    """Name the AWS call that a request makes.

    Args:
        content: the request; `catalog` and `tables` must hold the models of its place's candidates.
        catalog: the service models.
        tables: what IAM actions and operations mean.
        sha256: hex, of a body that was read, where that is known.
        size: how many bytes of the body are read as parameters.

    Raises:
        Malformed: the request breaks its protocol.
        Unidentified: it is not exactly one call.
    """
    routed, head, body = content.routed, content.head, content.body
    call, shape = _named(content, catalog, tables)
    if routed.presign is not None:
        call, body = presign.as_signed(call, shape, routed.presign), Empty()
    return Identified(
        proven=routed.proven,
        head=with_expected(head, call, shape),
        body=body,
        payload_hash=outbound_hash(body, sha256),
        call=call,
        shape=shape,
        chain=routed.chain,
        size=size,
        presign=routed.presign,
    )


def _named(content: Unframed, catalog: Catalog, tables: Tables) -> tuple[Call, Shape | None]:
    """The call, and the shape of its operation's input. Raises Malformed, Unidentified."""
    routed, head, claimed = content.routed, content.head, content.routed.proven.claimed
    if routed.presign is not None and routed.presign.call is not None:
        return routed.presign.call, None
    try:
        place, asked, owned, own = routed.place, claimed.claim, routed.owned, routed.reviews
        call = identify_call(
            head, content.body, place=place, claim=asked, catalog=catalog, tables=tables, owned=owned, reviews=own
        )
    except Ambiguous as fault:
        raise explained(fault, claimed.ingress, catalog) from None
    if claimed.version_2:
        sigv2.check_call(call, head)
    return call, catalog.service(call.service).operations[call.operation].input


def judge(
    identified: Identified, snapshot: Snapshot | Unconfigured, now: datetime, organization_name: str | Unknown | None = None
) -> Judged:
    """Ask the rules about a call, whose organization calls its account `organization_name`. A refusal is returned, not raised."""
    proven, virtual = identified.proven, served(identified.call)
    facets = facets_of(
        identified.call,
        account_name=proven.admitted.account_name,
        agent=proven.admitted.agent_name,
        agent_address=proven.claimed.agent_address,
        session=proven.admitted.session,
        time=now,
        organization_name=organization_name,
        level=partial(level_facet, identified.call, virtual=virtual),
    )
    endpoint = proven.admitted.endpoint.name
    return Judged(decision=decide(snapshot.rules, facets, endpoint=endpoint, virtual=virtual), facets=facets)


def outbound(identified: Identified, catalog: Catalog) -> Outbound:
    """Build what will be signed and sent: the forwarded headers, what stands for the payload, and the body."""
    head, call, payload_hash = identified.head, identified.call, identified.payload_hash
    if identified.presign is not None:
        target = replace(head.target, query=(*head.target.query, (EXPIRES, str(identified.presign.seconds))))
        return Outbound(head=replace(head, target=target), payload_hash=payload_hash, data=b"")
    service = catalog.service(call.service)
    headers = forwarded_headers(head, service, service.operations[call.operation], call.protocol)
    if "x-amz-content-sha256" in identified.proven.arrived.first:
        headers = (*headers, ("x-amz-content-sha256", payload_hash))
    return Outbound(
        head=RequestHead(method=head.method, target=head.target, headers=(("host", call.host), *headers)),
        payload_hash=payload_hash,
        data=identified.body.data if isinstance(identified.body, Held) else b"",
    )


def sign(identified: Identified, outbound: Outbound, credentials: Credentials, *, now: datetime, keys: SigningKeys) -> Signed:
    """Sign the request at the moment it is sent."""
    call = identified.call
    return sigv4.sign(
        outbound.head,
        payload_hash=outbound.payload_hash,
        credentials=credentials,
        service=call.signing_name,
        region=call.region,
        now=now,
        s3=call.signing_name in S3_FAMILY,
        keys=keys,
    )
