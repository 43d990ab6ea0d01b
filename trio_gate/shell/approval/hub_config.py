"""What the approval hub takes from a configuration: its limits, its agents and people, and what its rules ask for.

Rule: an agent or person whose identity changes loses what depended on it. So each agent and person has a proof, a fingerprint that changes with
everything that identifies them or says what they may do; it reveals no secret that could be used.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import field
from typing import TYPE_CHECKING

from trio_gate.approval.grant import standing
from trio_gate.exchange.proving.proofs import possible
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.approval.question import Question
    from trio_gate.config.model import Agent, Approver, Config


@value_class
class Limits:
    """The limits of the configuration, see `config.model.Gateway`. Times are in seconds."""

    max_pending: int = 1000
    max_pending_per_agent: int = 100
    max_grants: int = 1000
    grant_ttl: float = 1800.0
    grant_time: float = 28_800.0
    grant_uses: int = 100
    deny_cooldown: float = 60.0


@value_class
class HubConfig:
    """The agents, people and approvers of one configuration.

    Attributes:
        agents: names.
        standings: the fingerprint of each rule that asks, and its approvers, by the rule's name.
        approvers: by id.
        proofs: a fingerprint of each agent, each person, and of a person's right to grant, by `agent_proof` and so on.
        max_pending: how many calls of an agent may wait, where its block says so; by `agent_proof`.
    """

    agents: tuple[str, ...] = ()
    standings: Mapping[str, str] = field(default_factory=dict)
    approvers: Mapping[str, Approver] = field(default_factory=dict)
    proofs: Mapping[str, str] = field(default_factory=dict)
    max_pending: Mapping[str, int] = field(default_factory=dict)


@value_class
class Change:
    """The proofs before and after a change of the configuration. One that is in neither counts as unchanged.

    The proof of an agent has a word for each way in which it may be proven.
    """

    before: Mapping[str, str]
    after: Mapping[str, str]

    def same(self, asker: str) -> bool:
        """Whether an asker (an agent or an address) is unchanged, or can still be proven in one of the ways as before."""
        before, after = self.before.get(asker), self.after.get(asker)
        return before == after or not set((before or "").split()).isdisjoint((after or "").split())

    def stands(self, person: str, *, granting: bool) -> bool:
        """Whether a person is unchanged and, where `granting`, may still grant."""
        return self.same(person_proof(person)) and not (granting and not self.same(grantor_proof(person)))


def asker_of(question: Question) -> str:
    """The key of who asks: the agent, or the address it calls from where no agent is configured."""
    return agent_proof(question.agent) if question.agent is not None else f"at {question.agent_address}"


def stands_still(question: Question, standing: str, standings: Mapping[str, str]) -> bool:
    """Whether the rules of a question are as they were when it had this fingerprint; `standings` has the present ones."""
    if question.task is not None:
        return question.task.stands(standings)
    return standings.get(question.rule) == standing


def agent_proof(name: str) -> str:
    """The key of an agent's proof in `HubConfig.proofs`."""
    return f"agent {name}"


def person_proof(name: str) -> str:
    """The key of a person's proof in `HubConfig.proofs`."""
    return f"person {name}"


def grantor_proof(name: str) -> str:
    """The key in `HubConfig.proofs` of the proof that a person may grant."""
    return f"grantor {name}"


def limits_of(config: Config) -> Limits:
    """The limits that a configuration sets for approvals."""
    gateway = config.gateway
    return Limits(
        max_pending=gateway.max_pending,
        max_pending_per_agent=gateway.max_pending_per_agent,
        max_grants=gateway.max_grants,
        grant_ttl=gateway.grant_ttl,
        grant_time=gateway.grant_time,
        grant_uses=gateway.grant_uses,
        deny_cooldown=gateway.deny_cooldown,
    )


def hub_config(config: Config) -> HubConfig:
    """The agents, people, approvers and rules of a configuration as the hub needs them."""
    approvers = {approver.id: approver for approver in config.approvers}
    asking = [rule for rule in config.rules if rule.action == "approve"]
    return HubConfig(
        agents=tuple(agent.name for agent in config.agents),
        standings={rule.name: standing(rule, [approvers[name] for name in rule.approvers]) for rule in asking},
        approvers=approvers,
        proofs={
            **{agent_proof(one.name): _ways(one) for one in config.agents},
            **{person_proof(one.name): _proof(one.token_sha256, one.kind) for one in config.people},
            **{grantor_proof(one.name): _proof("may grant") for one in config.people if one.may_grant},
        },
        max_pending={agent_proof(one.name): one.limits.max_pending for one in config.agents if one.limits.max_pending},
    )


def _ways(agent: Agent) -> str:
    accounts = sorted(agent.accounts)
    ways = [_proof(agent.key_suffix, secret, *accounts, *way) for secret in agent.secrets for way in possible(agent)]
    return " ".join(sorted(ways))


def _proof(*facts: str) -> str:
    return hashlib.sha256(json.dumps(["trio-gate proof 1", *facts]).encode("ascii")).hexdigest()
