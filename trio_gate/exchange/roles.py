"""How the role of a call is assumed: what its rule says, else what its agent's block says, else the endpoint's.

Rule: all that STS is asked with is in the `AssumeRole`, so calls share credentials only where STS would be asked the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trio_gate.config.host_pattern import matches
from trio_gate.config.role_settings import OWN_TAGS, ROLE_SECONDS
from trio_gate.ports import AssumeRole, RoleRequest, SessionRequest
from trio_gate.signing.session_name import session_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from trio_gate.approval.state import Verdict
    from trio_gate.config.model import Agent, Config, Endpoint, RoleSettings, Upstream

_LONGEST_VALUE = 256
"""Characters of a tag's value."""

_MORE = "..."
"""Stands for those whose names do not fit."""

GATEWAY = "trio-gate"
"""The gateway's part of session names."""


def role_of(endpoint: Endpoint, *, partition: str, account: str, agent: Agent | None, rule: RoleSettings) -> AssumeRole:
    """The request for the role that signs an agent's calls in an account.

    Args:
        endpoint: of the account.
        partition: of the account.
        account: its 12 digits.
        agent: None while none is configured.
        rule: what the rule says that lets the call pass.
    """
    said = rule.over(agent.assume.over(endpoint.assume) if agent else endpoint.assume)
    name = agent.name if agent else None
    asked = AssumeRole(
        partition=partition,
        region=endpoint.region,
        account=account,
        role_arn=f"arn:{partition}:iam::{account}:role/{said.role}",
        session_name=session_name(GATEWAY, name),
        external_id=said.external_id,
        duration=said.duration or ROLE_SECONDS,
        session_policy=said.session_policy,
        tags=said.tags or (),
        source_identity=session_name(name, None) if said.source_identity and name else None,
        base=endpoint.credential_for(account).name,
    )
    return asked if endpoint.through is None else _through(endpoint.through, asked, endpoint.through_external_id)


def _through(hub: str, asked: AssumeRole, external_id: str | None) -> AssumeRole:
    """The request, signed by the session of a hub's role. A source identity is set there, once, and stays for the chain."""
    first = replace(
        asked,
        account=hub.split(":")[4],
        role_arn=hub,
        external_id=external_id,
        duration=ROLE_SECONDS,
        session_policy=None,
        tags=(),
    )
    return replace(asked, through=first, source_identity=None)


def approved_by(role: RoleRequest, verdict: Verdict) -> RoleRequest:
    """The request with tags that say who approved the call and by which question or grant, for AWS's own record."""
    if not isinstance(role, AssumeRole):
        return role  # a rule with such tags lets no other pass
    names = [*verdict.by]
    while len("+".join(names)) > _LONGEST_VALUE:
        names[-2:] = [_MORE]
    tags = ((f"{OWN_TAGS}approver", "+".join(names)), (f"{OWN_TAGS}approval", verdict.id))
    return replace(role, tags=(*role.tags, *((key, value) for key, value in tags if value)))


def outliving(before: Config, after: Config, sts: Callable[[AssumeRole], str]) -> Callable[[RoleRequest], bool]:
    """Which requests' credentials may be used on when one configuration replaces another; `sts` is the host that was asked for a role.

    Their accounts, agent and base key are in both, and that host is reached alike. All else that STS was asked with is in the request itself.
    """
    bases = {one.name for one in after.credentials if one in before.credentials}
    accounts = _accounts(before) & _accounts(after)
    names = _session_names(before) & _session_names(after)

    def outlives(request: RoleRequest) -> bool:
        first, own = request.first, request.role_arn.split(":")[4]
        if not {first.account, own} <= accounts or first.session_name not in names:
            return False
        return isinstance(request, SessionRequest) or (
            request.root.base in bases and _way(before, sts(first)) == _way(after, sts(first))
        )

    return outlives


def _way(config: Config, host: str) -> Upstream | None:
    """The block that says where a host is."""
    return next((one for one in config.upstreams if matches(one.hosts, host)), None)


def _accounts(config: Config) -> set[str]:
    """The accounts whose roles are assumed: those of endpoints, of hubs, and of who names an organization's accounts."""
    hubs = [role for one in config.endpoints for role in (one.through, one.organization_role) if role is not None]
    return {account for one in config.endpoints for account in one.accounts} | {role.split(":")[4] for role in hubs}


def _session_names(config: Config) -> set[str]:
    """The names of sessions: each agent's, and that of the gateway's own."""
    return {session_name(GATEWAY, None), *(session_name(GATEWAY, agent.name) for agent in config.agents)}
