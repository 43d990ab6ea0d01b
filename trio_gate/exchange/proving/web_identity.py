"""AssumeRoleWithWebIdentity, which nobody signs: whose call it is, by what its connection proves.

Rule: the connection must prove exactly one agent, by a certificate or a token, and by all that its block asks for. Nothing but this
call comes unsigned, and it is for the account of its role.

Theory: SDKs send it as a form by POST to a host of STS (docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html).
An endpoint listener learns service and region from the signature, so there it has neither.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from trio_gate.aws.call import Claim
from trio_gate.aws.claim import signed
from trio_gate.aws.ingress import check_name
from trio_gate.aws.params.readers.form_body import read_form
from trio_gate.errors import Malformed, Unauthenticated, WrongSignature
from trio_gate.exchange.proving.proofs import fits
from trio_gate.exchange.results import Claimed
from trio_gate.sessions.calls import WEB_IDENTITY
from trio_gate.wire.authority import agreed_host

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from trio_gate.aws.hosts.table import HostTable
    from trio_gate.aws.ingress import Ingress
    from trio_gate.config.model import Agent
    from trio_gate.exchange.results import Identified
    from trio_gate.wire.head import RequestHead

_ACCOUNT = re.compile(r"arn:[a-z0-9-]{3,32}:iam::([0-9]{12}):role/.*", re.DOTALL)

_UNSIGNED = (
    "the request is not signed, and its connection does not prove one agent: sign with AWS4-HMAC-SHA256 and a placeholder key"
)


def comes_unsigned(arrived: RequestHead, ingress: Ingress) -> bool:
    """Whether a request may be this call: it has no signature, and its connection proves something."""
    return (
        ingress.with_token(arrived).proves
        and ingress.kind in ("proxy", "tls")
        and arrived.method == "POST"
        and not signed(arrived)
    )


def claimed(arrived: RequestHead, body: bytes, ingress: Ingress, table: HostTable, agent_address: str) -> Claimed:
    """The request as if the agent that is yet to be found had signed it. Raises Malformed, Unidentified, Unauthenticated."""
    check_name(arrived, ingress)
    place = table.place(agreed_host(arrived, sni=ingress.sni, connect=ingress.connect, ports=(ingress.port,)))
    try:
        form = read_form(body)
    except Malformed:
        form = {}
    asked = next((one for one in place.candidates if (one.service, form.get("Action")) == WEB_IDENTITY), None)
    role = _ACCOUNT.fullmatch(form.get("RoleArn", ""))
    if asked is None or role is None:
        raise Unauthenticated(_UNSIGNED, detail="unsigned, and not AssumeRoleWithWebIdentity for a role")
    claim = Claim(
        access_key_id="",
        account=role[1],
        suffix="",
        date="",
        region=asked.region,
        service=asked.signing_name,
        signed_headers=(),
        signature="",
        amz_date="",
    )
    own = ingress.with_token(arrived)
    return Claimed(arrived=arrived, claim=claim, ingress=own, agent_address=agent_address, version_2=False)


def candidates(request: Claimed, agents: Iterable[Agent], now: datetime) -> list[Agent]:
    """The agents whose connection it may be, if its tokens prove what they must."""
    address = request.agent_address
    return [one for one in agents if fits(one, replace(request.ingress, identity=one.oidc), address, now)]


def of_agent(request: Claimed, found: list[Agent]) -> Claimed:
    """The request of the one agent that was found, its tokens verified. Raises Unauthenticated if there is none, or more than one."""
    if len(found) != 1 or request.ingress.named not in (None, found[0].name):
        named = ", ".join(one.name for one in found) or "no agent"
        raise Unauthenticated(_UNSIGNED, detail=f"unsigned, on a connection of {named}")
    [agent] = found
    claim, ingress = replace(request.claim, suffix=agent.key_suffix), replace(request.ingress, identity=agent.oidc)
    return replace(request, claim=claim, ingress=ingress)


def check_named(identified: Identified) -> None:
    """Raise WrongSignature for a call that came unsigned and is another one, once it is named."""
    call = identified.call
    if identified.proven.admitted.signer.unsigned and (call.service, call.operation) != WEB_IDENTITY:
        raise WrongSignature(_UNSIGNED, detail=f"{call.service}:{call.operation} came unsigned")
