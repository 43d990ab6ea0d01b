"""One generation of the configuration, ready to serve: rules compiled, and accounts, agents and approvers indexed.

Rule: made whole from a `Config` and never changed. A request is served by the generation that was active when it arrived,
and is judged again by every later one that becomes active before it is sent.
"""

from __future__ import annotations

import functools
from dataclasses import field, replace
from typing import TYPE_CHECKING, ClassVar

from trio_gate.aws.resources.owned import Owned
from trio_gate.config.condition import ConditionFault
from trio_gate.config.host_pattern import matches
from trio_gate.config.model import NOTHING_SAID, Endpoint
from trio_gate.errors import SessionOver, Unauthenticated, Unidentified
from trio_gate.exchange.proving.proofs import possible, proves
from trio_gate.exchange.results import Admitted
from trio_gate.exchange.roles import role_of
from trio_gate.policy import cel
from trio_gate.policy.decide import Rule
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trio_gate.aws.call import Claim, Place
    from trio_gate.aws.hosts.table import HostTable
    from trio_gate.config.model import Agent, Approver, Config, OidcProof, OperationReview
    from trio_gate.config.model import Rule as ConfiguredRule
    from trio_gate.exchange.results import Signer
    from trio_gate.ports import AssumeRole
    from trio_gate.sessions.session import VirtualSession

    _RoleKey = tuple[str, str, str | None, str | None]

_ROLES = 512
"""How many requests for roles are remembered, of the accounts and agents that call most."""

_PLACES = 256
"""How many places are remembered with what an endpoint keeps of them, as in the host table."""


_NAMED = 10
"""Accounts of an agent that are named to it where it asks for one of others."""

CHANGED = "ended, because its agent's block has changed"
"""Why a session is over whose agent is another one now."""


@value_class
class Snapshot:
    """One generation of the configuration, with all that a request is judged and served by.

    Attributes:
        number: of the generation, from 1.
        endpoints: by account id.
        accounts: the ids of all of them, by the region of their endpoint.
        agents: by key suffix. most_secrets: the most that one of them has.
        approvers: by their id, such as `human.oncall`.
        reviews: what the operator says of operations, by service and operation.
        shaping: the rules that say how roles are assumed for their calls, by name.
        authorities: the files (PEM) of the authorities that agents' client certificates are verified with.
    """

    number: int
    config: Config
    rules: tuple[Rule, ...]
    endpoints: Mapping[str, Endpoint]
    accounts: Mapping[str, frozenset[str]]
    agents: Mapping[str, Agent]
    most_secrets: int
    approvers: Mapping[str, Approver]
    reviews: Mapping[tuple[str, str], OperationReview]
    shaping: Mapping[str, ConfiguredRule]
    authorities: tuple[str, ...]
    _roles: dict[_RoleKey, AssumeRole] = field(default_factory=dict, init=False, compare=False, repr=False)
    _owned: dict[tuple[str, HostTable], Owned] = field(default_factory=dict, init=False, compare=False, repr=False)
    _admitted: dict[tuple[str, str, str | None], Admitted] = field(default_factory=dict, init=False, compare=False, repr=False)

    def admit(self, claim: Claim, signer: Signer) -> Admitted:
        """Find the endpoint and agent of a key id whose signature was verified before. Raises Unauthenticated.

        The secret, or the virtual session, that signed must still belong to the agent.
        """
        if signer.session is not None:
            return self._admit(claim, self._agent_of(signer.session), signer)
        asked = claim.account, claim.suffix, signer.secret
        found = self._admitted.get(asked)
        if found is None:
            agent = self.agents.get(claim.suffix)
            if agent is not None and not signer.unsigned and signer.secret not in agent.secrets:
                raise Unauthenticated("the secret that signed this request was replaced: sign with the agent's new one")
            found = self._admit(claim, agent, signer)
            if found.agent is not None:
                self._admitted[asked] = found  # all three are configured, so they are few
        return found

    def _admit(self, claim: Claim, agent: Agent | None, signer: Signer) -> Admitted:
        endpoint = self.endpoints.get(claim.account)
        if endpoint is None:
            raise self._not_yours(claim, agent, f"account {claim.account} is not configured")
        name = endpoint.accounts[claim.account]
        if not self.agents:
            return Admitted(endpoint=endpoint, agent=None, agent_name=None, account_name=name, signer=signer)
        if agent is None:
            raise self._not_yours(claim, None, f"no agent has the suffix {claim.suffix}")
        if not self.may_use(agent, claim.account):
            raise self._not_yours(claim, agent, f"agent {agent.name} may not use account {claim.account}")
        return Admitted(endpoint=endpoint, agent=agent, agent_name=agent.name, account_name=name, signer=signer)

    def _not_yours(self, claim: Claim, agent: Agent | None, detail: str) -> Unauthenticated:
        """An agent reads which accounts it may use instead; nobody learns what is configured for others."""
        own = self.accounts_of(agent) if agent else ()
        named = [f"{one} ({label})" if (label := self.endpoints[one].accounts[one]) else one for one in own[:_NAMED]]
        more = [f"{len(own) - _NAMED} others"] if len(own) > _NAMED else []
        which = f"use one of its own, {', '.join([*named, *more])}" if own else "use an account that the agent was given"
        return Unauthenticated(f"this key may not use account {claim.account}: {which}", detail=detail)

    def keeps(self, session: VirtualSession) -> bool:
        """Whether a session belongs to an agent of this configuration, as it was when it was made."""
        try:
            self._agent_of(session)
        except SessionOver:
            return False
        return True

    def _agent_of(self, session: VirtualSession) -> Agent | None:
        """The agent of a session, None where none is configured. Raises SessionOver if it is not the one that it was."""
        agent = self.named(session.agent)
        if not proves(session, agent, possible(agent) if agent else [()]) or (agent is None) != (not self.agents):
            raise SessionOver(CHANGED)
        return agent

    def named(self, name: str | None) -> Agent | None:
        """The agent of this name; None where there is none."""
        return next((one for one in self.agents.values() if one.name == name), None)

    def oidc_of(self, name: str | None) -> OidcProof | None:
        """The OIDC token that the agent of this name must show; None for none."""
        agent = self.named(name)
        return agent.oidc if agent else None

    def role_for(self, partition: str, account: str, agent: Agent | None, rule: str | None) -> AssumeRole:
        """The request for the role that signs an agent's calls in a configured account, where `rule` lets them pass."""
        rule = rule if rule in self.shaping else None
        key = (partition, account, agent.name if agent else None, rule)
        found = self._roles.get(key)
        if found is None:
            said = NOTHING_SAID if rule is None else self.shaping[rule].assume
            found = role_of(self.endpoints[account], partition=partition, account=account, agent=agent, rule=said)
            if len(self._roles) >= _ROLES:
                self._roles.clear()  # most are needed again at once, and cost little to make
            self._roles[key] = found
        return found

    def accounts_of(self, agent: Agent) -> tuple[str, ...]:
        """The ids of the accounts that an agent may use."""
        return tuple(account for account in self.endpoints if self.may_use(agent, account))

    def may_use(self, agent: Agent | None, account: str) -> bool:
        """Whether an agent, or anyone where none is configured, may use an account."""
        return account in self.endpoints and (agent is None or not agent.accounts or account in agent.accounts)

    def owned_by(self, endpoint: Endpoint, table: HostTable) -> Owned:
        """What is ours at an endpoint; found once for each."""
        found = self._owned.get((endpoint.name, table))
        if found is None:
            found = self._owned[endpoint.name, table] = owned_by(endpoint, self.accounts, table)
        return found


def owned_by(endpoint: Endpoint, configured: Mapping[str, frozenset[str]], table: HostTable) -> Owned:
    """An endpoint's buckets, and the accounts of all endpoints in its partition; in another partition the same id is another account.

    `configured` are the accounts by the region of their endpoint.
    """
    partition = table.partition_of(endpoint.region)
    near = [one for one in configured if one == endpoint.region or table.partition_of(one) == partition is not None]
    accounts = frozenset[str]().union(*(configured[one] for one in near))
    return Owned(names=frozenset(endpoint.owned_buckets), checked=endpoint.expected_bucket_owner, accounts=accounts)


class Unconfigured:
    """Stands in for a snapshot where `explain` has no configuration: any account is admitted, and no rule applies."""

    agents: ClassVar[Mapping[str, Agent]] = {}
    most_secrets: ClassVar[int] = 1
    reviews: ClassVar[Mapping[tuple[str, str], OperationReview]] = {}
    rules: ClassVar[tuple[Rule, ...]] = ()

    def admit(self, claim: Claim, signer: Signer) -> Admitted:
        """Admit any key id, to an endpoint made for its account, without a partition and without an agent."""
        endpoint = Endpoint(name="", hosts=("*",), assume=NOTHING_SAID, region="", credentials=(), accounts={claim.account: None})
        return Admitted(endpoint=endpoint, agent=None, agent_name=None, account_name=None, signer=signer)

    def accounts_of(self, agent: Agent) -> tuple[str, ...]:
        """Always empty, because no account is configured."""
        del agent
        return ()

    def owned_by(self, endpoint: Endpoint, table: HostTable) -> Owned:
        """What is ours at an endpoint that `admit` made."""
        return owned_by(endpoint, {}, table)


def compile_snapshot(number: int, config: Config) -> Snapshot:
    """Compile generation `number` from a configuration whose conditions `check_condition` has accepted."""
    rules = tuple(
        Rule(
            name=rule.name,
            condition=None if rule.condition is None else cel.compile_condition(rule.condition),
            action=rule.action,
            approvers=rule.approvers,
            endpoints=rule.endpoints,
            reason=rule.reason,
            vends=rule.vends,
            presign=rule.presign,
        )
        for rule in config.rules
    )
    return Snapshot(
        number=number,
        config=config,
        rules=rules,
        endpoints={account: endpoint for endpoint in config.endpoints for account in endpoint.accounts},
        accounts=_by_region(config),
        agents={agent.key_suffix: agent for agent in config.agents},
        most_secrets=max((len(agent.secrets) for agent in config.agents), default=1),
        approvers={approver.id: approver for approver in config.approvers},
        reviews={(one.service, one.operation): one for one in config.operations},
        shaping={rule.name: rule for rule in config.rules if rule.shapes_role},
        authorities=tuple(dict.fromkeys(one.certificate.authority for one in config.agents if one.certificate)),
    )


def _by_region(config: Config) -> Mapping[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for endpoint in config.endpoints:
        found[endpoint.region] = found.get(endpoint.region, frozenset()) | frozenset(endpoint.accounts)
    return found


def check_condition(source: str) -> Sequence[ConditionFault]:
    """List what is wrong with a rule's CEL, in the form that `config.load` takes."""
    return [
        ConditionFault(offset=fault.offset, message=fault.message, hint=fault.hint, fatal=fault.fatal)
        for fault in cel.check(source)
    ]


def require_served_place(place: Place, config: Config, table: HostTable) -> None:
    """Raise Unidentified unless some endpoint serves a place, whichever account is asked for."""
    detail = f"{place.host}: no endpoint is configured"
    for endpoint in reversed(config.endpoints):  # if none does, the fault is that of the first
        try:
            check_place(place, endpoint, table)
        except Unidentified as fault:
            detail = fault.detail
        else:
            return
    raise Unidentified(f"{place.host} is not served by this gateway", detail=detail)


def check_place(place: Place, endpoint: Endpoint, table: HostTable) -> Place:
    """Keep those candidates of a place that match the endpoint's `hosts` and are in the partition of its accounts.

    An endpoint without a region has no partition and accepts any. Raises Unidentified where no candidate is left.
    """
    return _kept(place, endpoint.name, endpoint.hosts, table.partition_of(endpoint.region))


@functools.lru_cache(_PLACES)
def _kept(place: Place, name: str, patterns: tuple[str, ...], partition: str | None) -> Place:
    ours = [one for one in place.candidates if partition in (None, one.partition)]
    if not ours:
        raise Unidentified(f"{place.host} is of partition {place.candidates[0].partition}, the account is of {partition}")
    kept = tuple(one for one in ours if any(matches(pattern, one.host) for pattern in patterns))
    if not kept:
        detail = f"{place.host} is not among the `hosts` of endpoint {name}"
        raise Unidentified(f"{place.host} is not served for this account", detail=detail)
    return replace(place, candidates=kept)
