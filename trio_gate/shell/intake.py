"""From a head to a call: whose it is, where it goes, its body as far as it is read before a decision, its name.

Rule: what a key id or a host already rules out is refused before the body is read or a model loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trio_gate.aws.claim import read_claim
from trio_gate.aws.endpoint_mode import hint
from trio_gate.aws.identify import Ambiguous, body_mode, identify
from trio_gate.aws.way import destination
from trio_gate.errors import Unidentified
from trio_gate.shell.bodies import read_held
from trio_gate.shell.generation import check_place
from trio_gate.signing.sigv4 import without_signature
from trio_gate.wire.aws_chunked import streamed_body

if TYPE_CHECKING:
    from trio_gate.aws.call import Call, Claim
    from trio_gate.aws.way import Way
    from trio_gate.shell.agent_stream import AgentStream
    from trio_gate.shell.bodies import Share
    from trio_gate.shell.generation import Admitted, Generation
    from trio_gate.shell.models import Models
    from trio_gate.shell.recorder import Recorder
    from trio_gate.shell.tools import Tools
    from trio_gate.wire.head import Body, RequestHead


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """A request with a name. `head` is what AWS will be asked, without any signature; `arrived` is what the agent signed."""

    arrived: RequestHead
    head: RequestHead
    body: Body
    claim: Claim
    admitted: Admitted
    call: Call


async def take(
    arrived: RequestHead, *, agent: AgentStream, way: Way, generation: Generation, tools: Tools, share: Share, recorder: Recorder
) -> Identified:
    """Name a request.

    Raises:
        GateError: it is nobody's, goes nowhere that we know, or is no one call.
        AgentGone: its body stopped coming.
    """
    claim = recorder.claim = read_claim(arrived)
    admitted = generation.admit(claim)
    recorder.account_name = admitted.endpoint.accounts[claim.account]
    head, place, scope = destination(without_signature(arrived), claim, way, tools.table)
    place = check_place(place, admitted.endpoint, tools.table)
    models = tools.models
    await models.ensure([candidate.service for candidate in place.candidates])
    if body_mode(head, place=place, claim=scope, catalog=models.catalog) == "streamed":
        body: Body = streamed_body(arrived, agent.connection.content_length)
    else:
        body = await read_held(agent, generation.config.gateway.held_limit, share)
    try:
        call = identify(head, body, place=place, claim=scope, catalog=models.catalog, tables=models.tables)
    except Ambiguous as fault:
        raise _explained(fault, way, models) from None
    recorder.call = call
    recorder.shape = models.catalog.service(call.service).operations[call.operation].input
    return Identified(arrived=arrived, head=head, body=body, claim=claim, admitted=admitted, call=call)


def _explained(fault: Ambiguous, way: Way, models: Models) -> Unidentified:
    """At an endpoint listener the agent can say which service it means."""
    if way.kind != "endpoint":
        return fault
    ids = {name: models.catalog.service(name).service_id for name in fault.services}
    return Unidentified(hint(fault.services, ids, way.base))
