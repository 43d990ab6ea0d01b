"""What the approval hub knows of a configuration: its limits, who there is, and what its rules ask for.

Rule: whoever is another than before loses what hangs on who they were. So each has a proof, which changes with all that proves them
or says what they may; nothing of it is a secret that could be used.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trio_gate.approval.grant import standing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.config.model import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the configuration allows, see `config.model.Gateway`. Times in seconds."""

    max_pending: int = 1000
    max_pending_per_agent: int = 100
    grant_ttl: float = 1800.0
    grant_time: float = 28_800.0
    grant_uses: int = 100
    deny_cooldown: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HubConfig:
    """Who there is, and what is asked of them.

    Attributes:
        agents: names.
        standings: the fingerprint of each rule that asks, and its approvers, by the rule's name.
        notify: the program of each approver that has one, by the approver's id.
        proofs: a fingerprint of each agent, each person, and of a person's right to grant, by `agent_proof` and so on.
    """

    agents: tuple[str, ...] = ()
    standings: Mapping[str, str] = field(default_factory=dict)
    notify: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    proofs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """From the proofs of one configuration to another's. Who stands in neither is the same."""

    before: Mapping[str, str]
    after: Mapping[str, str]

    def same(self, asker: str) -> bool:
        """Whether an asker, an agent or an address, is who it was."""
        return self.before.get(asker) == self.after.get(asker)

    def stands(self, person: str, *, granting: bool) -> bool:
        """Whether a person is who they were, and where they granted, may still do so."""
        return self.same(person_proof(person)) and not (granting and not self.same(grantor_proof(person)))


def agent_proof(name: str) -> str:
    """Under which name an agent's proof stands."""
    return f"agent {name}"


def person_proof(name: str) -> str:
    """Under which name a person's proof stands."""
    return f"person {name}"


def grantor_proof(name: str) -> str:
    """Under which name a person's right to grant stands."""
    return f"grantor {name}"


def limits_of(config: Config) -> Limits:
    """What a configuration allows."""
    gateway = config.gateway
    return Limits(
        max_pending=gateway.max_pending,
        max_pending_per_agent=gateway.max_pending_per_agent,
        grant_ttl=gateway.grant_ttl,
        grant_time=gateway.grant_time,
        grant_uses=gateway.grant_uses,
        deny_cooldown=gateway.deny_cooldown,
    )


def hub_config(config: Config) -> HubConfig:
    """What the hub knows of a configuration."""
    approvers = {approver.id: approver for approver in config.approvers}
    asking = [rule for rule in config.rules if rule.action == "approve"]
    return HubConfig(
        agents=tuple(agent.name for agent in config.agents),
        standings={rule.name: standing(rule, [approvers[name] for name in rule.approvers]) for rule in asking},
        notify={approver.id: approver.notify for approver in config.approvers if approver.notify},
        proofs={
            **{agent_proof(one.name): _proof(one.key_suffix, one.secret, *sorted(one.accounts)) for one in config.agents},
            **{person_proof(one.name): _proof(one.token_sha256, one.kind) for one in config.people},
            **{grantor_proof(one.name): _proof("may grant") for one in config.people if one.may_grant},
        },
    )


def _proof(*facts: str) -> str:
    return hashlib.sha256(json.dumps(["trio-gate proof 1", *facts]).encode("ascii")).hexdigest()
