"""Requests to the gateway that no key has signed: whose they are, by an identity token.

Rule: only what stands for no call may come so. The token must be exactly one agent's, and all else that its block asks for is proven.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trio_gate.aws.call import Claim
from trio_gate.aws.claim import signed
from trio_gate.aws.ingress import IDENTITY_FIELD, OWN_SERVICE, to_gateway
from trio_gate.errors import Malformed, Unauthenticated
from trio_gate.exchange.own_requests.paths import is_no_call
from trio_gate.exchange.proving import proofs
from trio_gate.exchange.results import Claimed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trio_gate.aws.ingress import Ingress
    from trio_gate.config.model import Agent
    from trio_gate.exchange.snapshot import Snapshot
    from trio_gate.wire.head import RequestHead

_ACCOUNT = "account"
"""The parameter by which an agent without a key names its account."""


def comes_by_token(arrived: RequestHead, ingress: Ingress) -> bool:
    """Whether a request stands for no call, and has no signature but a token that may prove its agent."""
    own = to_gateway(arrived, ingress) and is_no_call(arrived)
    return own and not signed(arrived) and bool(ingress.with_token(arrived).tokens)


def owner_of(found: Sequence[Agent]) -> Agent:
    """The agent whose tokens a request without a signature has shown; `found` are all that they fit. Raises Unauthenticated."""
    if len(found) != 1:
        named = ", ".join(one.name for one in found) or "no agent"
        reason = f"the request is not signed, and its {IDENTITY_FIELD} is not that of exactly one agent here: sign it with the agent's keys"
        raise Unauthenticated(reason, detail=f"unsigned, with a token of {named}")
    return found[0]


def claimed_by(agent: Agent, arrived: RequestHead, ingress: Ingress, address: str, snapshot: Snapshot, now: datetime) -> Claimed:
    """A request without a signature as that of the agent whose tokens it has shown, for the account that it names, or the only one.

    Raises Unproven where the connection does not prove all else that the agent's block asks for, and Malformed.
    """
    ingress = replace(ingress.with_token(arrived), identity=agent.oidc)
    proofs.check_way(agent, ingress, address, now)
    named = [value for name, value in arrived.target.query if name == _ACCOUNT]
    own = snapshot.accounts_of(agent)
    account = named[0] if len(named) == 1 else own[0]
    if account not in own or len(named) > 1 or (not named and len(own) > 1):
        raise Malformed(
            f"say which of your accounts it is for: ?account={own[0]}{'' if len(own) == 1 else ', or another of them'}"
        )
    claim = Claim(
        access_key_id="",
        account=account,
        suffix=agent.key_suffix,
        date="",
        region=snapshot.endpoints[account].region,
        service=OWN_SERVICE,
        signed_headers=(),
        signature="",
        amz_date="",
    )
    rest = tuple((name, value) for name, value in arrived.target.query if name != _ACCOUNT)
    head = replace(arrived, target=replace(arrived.target, query=rest))
    return Claimed(arrived=head, claim=claim, ingress=ingress, agent_address=address, version_2=False, own=True)
