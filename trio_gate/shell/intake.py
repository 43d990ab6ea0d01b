"""From a head to a call: whose it is, where it goes, its body as far as it is read before a decision, its name.

Rule: what a key id or a host already rules out is refused before the body is read or a model loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trio_gate.aws.claim import read_claim
from trio_gate.aws.endpoint_mode import hint
from trio_gate.aws.identify import Ambiguous, body_mode, identify, takes_blob, unframed
from trio_gate.aws.way import destination
from trio_gate.errors import Unidentified
from trio_gate.shell.bodies import Kept, read_held, spool
from trio_gate.shell.generation import check_place
from trio_gate.signing.presigned import with_fields
from trio_gate.signing.sigv4 import without_signature
from trio_gate.signing.verify import chain_of
from trio_gate.wire.aws_chunked import check_served, streamed_body
from trio_gate.wire.head import Held, Streamed, StreamKind

if TYPE_CHECKING:
    from contextlib import ExitStack

    from trio_gate.aws.call import Call, Claim
    from trio_gate.aws.way import Way
    from trio_gate.shell.agent_stream import AgentStream
    from trio_gate.shell.bodies import Share, Spool
    from trio_gate.shell.generation import Admitted, Generation
    from trio_gate.shell.models import Models
    from trio_gate.shell.recorder import Recorder
    from trio_gate.shell.tools import Tools
    from trio_gate.wire.head import Body, RequestHead


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """A request with a name. `head` is what AWS will be asked, without any signature; `arrived` is what the agent signed.

    `store` holds a body that is already here and on disk.
    """

    arrived: RequestHead
    head: RequestHead
    body: Body
    claim: Claim
    admitted: Admitted
    call: Call
    store: Spool | None


async def take(
    arrived: RequestHead,
    *,
    agent: AgentStream,
    way: Way,
    generation: Generation,
    tools: Tools,
    share: Share,
    kept: ExitStack,
    recorder: Recorder,
) -> Identified:
    """Name a request. `share` is of the memory for its body; a file for it is left on `kept`.

    Raises:
        GateError: it is nobody's, goes nowhere that we know, or is no one call.
        AgentGone: its body stopped coming.
    """
    claim = recorder.claim = read_claim(arrived)
    check_served(arrived)
    admitted = generation.admit(claim)
    recorder.account_name = admitted.endpoint.accounts[claim.account]
    said = with_fields(arrived, claim)
    head, place = destination(without_signature(said), claim, way, tools.table)
    place = check_place(place, admitted.endpoint, tools.table)
    models = tools.models
    await models.ensure([candidate.service for candidate in place.candidates])
    store: Spool | None = None
    if body_mode(head, place=place, claim=claim, catalog=models.catalog) == "streamed":
        body: Body = streamed_body(said, agent.connection.content_length)
    else:

        def beyond() -> Spool | None:
            blob = takes_blob(head, place=place, claim=claim, catalog=models.catalog)
            return kept.enter_context(spool(tools.spool_folder, tools.spooled)) if blob else None

        held = await read_held(agent, generation.config.gateway.held_limit, share, beyond)
        if isinstance(held, Kept):
            store, size = held.store, held.length
            body = Streamed(kind=StreamKind.HASHED, length=size, decoded_length=size, sha256=held.sha256)
        else:
            body = held
    chain = chain_of(claim, admitted.agent.secret if admitted.agent else None, tools.keys)

    def name() -> tuple[RequestHead, Body, Call]:
        bare, content = (head, body) if isinstance(body, Streamed) else unframed(head, body, place, chain)
        return bare, content, identify(bare, content, place=place, claim=claim, catalog=models.catalog, tables=models.tables)

    try:
        head, body, call = await models.read(len(body.data) if isinstance(body, Held) else 0, name)
    except Ambiguous as fault:
        raise _explained(fault, way, models) from None
    recorder.call = call
    recorder.shape = models.catalog.service(call.service).operations[call.operation].input
    return Identified(arrived=arrived, head=head, body=body, claim=claim, admitted=admitted, call=call, store=store)


def _explained(fault: Ambiguous, way: Way, models: Models) -> Unidentified:
    """At an endpoint listener the agent can say which service it means."""
    if way.kind != "endpoint":
        return fault
    ids = {name: models.catalog.service(name).service_id for name in fault.services}
    return Unidentified(hint(fault.services, ids, way.base))
