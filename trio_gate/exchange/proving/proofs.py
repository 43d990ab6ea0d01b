"""What proves the agent of a request.

Rule: a virtual session works only with the proofs that made it, and an agent only with one that its block still has.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from trio_gate.aws.ingress import IDENTITY_FIELD
from trio_gate.config.agents.networks import within
from trio_gate.errors import Unauthenticated, Unproven
from trio_gate.sessions.session import proof_of
from trio_gate.signing.identity_token import check_claims, read_token

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from trio_gate.aws.ingress import ClientCertificate, Ingress, ProxyToken
    from trio_gate.config.model import Agent, CertificateProof, OidcProof
    from trio_gate.sessions.session import VirtualSession


Proof = Literal["client_certificate", "identity_token", "proxy_token"]

_NOT_ITS = "connected with a client certificate that is not its own"


def check_way(agent: Agent, ingress: Ingress, address: str, now: datetime) -> tuple[str, ...]:
    """What a connection proves of the agent that signed, besides its signature. Raises Unproven. `address` is the peer's."""
    if agent.networks and not within(agent.networks, address):
        reason = "this agent may not call from this address: call from one of its networks"
        raise Unproven(reason, detail=f"agent {agent.name} may not call from {address}")
    certified, known = _certified(agent, ingress.certificates, now), _known_to_the_proxy(agent, ingress.proxy_token)
    return (*certified, *known, *_identified(agent, ingress))


def fits(agent: Agent, ingress: Ingress, address: str, now: datetime) -> bool:
    """Whether a connection, without any signature, proves all that an agent's block asks for, and that is something."""
    try:
        return bool(check_way(agent, ingress, address, now))
    except Unproven:
        return False


def of_connection(agents: Iterable[Agent], ingress: Ingress, address: str, now: datetime) -> Agent:
    """The agent whose connection it is, without any signature, by all that it shows. Raises Unauthenticated.

    Its tokens were verified, as `ingress.identity`; they must not have expired meanwhile, nor fit another agent by what they say.
    """
    shown = ingress.proxy_token
    if shown is not None:
        agent = next((one for one in agents if one.name == shown.agent), None)
        if agent is None:
            raise Unauthenticated("the proxy knows no agent of this name with this token", status=407)
        check_way(agent, ingress, address, now)
        return agent
    found = [one for one in agents if _may_be(one, ingress, address, now)]
    verified = [one for one in found if fits(one, ingress, address, now)]
    if len(found) != 1 or not verified or ingress.named not in (None, found[0].name):
        whose = ", ".join(one.name for one in (found if verified or len(found) > 1 else ())) or "no agent"
        named = "" if ingress.named is None else f", and named {ingress.named}"
        reason = "the client certificate or token does not prove one agent to the proxy: show all that the agent's block asks for"
        raise Unauthenticated(reason, status=407, detail=f"the connection fits {whose}{named}")
    return found[0]


def kinds(ingress: Ingress) -> tuple[Proof, ...]:
    """With what a connection proves its agent; empty for nothing."""
    shown: Mapping[Proof, bool] = {
        "client_certificate": bool(ingress.certificates),
        "identity_token": bool(ingress.tokens),
        "proxy_token": ingress.proxy_token is not None,
    }
    return tuple(kind for kind, is_shown in shown.items() if is_shown)


def check_shown(agent: Agent, ingress: Ingress, address: str, now: datetime) -> tuple[str, ...]:
    """What a connection proves of an agent, as `check_way` says, if its tokens' claims still hold, too. Raises Unproven."""
    shown = check_way(agent, ingress, address, now)
    if agent.oidc is not None:
        for token in ingress.tokens:
            check_claims(read_token(token), agent.oidc, now)
    return shown


def _may_be(agent: Agent, ingress: Ingress, address: str, now: datetime) -> bool:
    """Whether a connection would prove an agent, once its tokens were verified for it: they may be for another one too."""
    try:
        return bool(check_shown(agent, replace(ingress, identity=agent.oidc), address, now))
    except Unproven:
        return False


def _certified(agent: Agent, shown: tuple[ClientCertificate, ...], now: datetime) -> tuple[str, ...]:
    asked = agent.certificate
    if asked is None:
        if shown:
            raise Unproven("this agent has no client certificate: connect without one", detail=f"agent {agent.name} {_NOT_ITS}")
        return ()
    if not shown:
        reason = "this agent is proven by a client certificate too: connect by TLS, with its certificate"
        raise Unproven(reason, detail=f"agent {agent.name} connected without its client certificate")
    found = {_certified_by(agent, asked, one, now) for one in shown}
    if len(found) > 1:
        reason = "the client certificates that were shown to the proxy and inside prove different things: show the same twice"
        raise Unproven(reason, detail=f"agent {agent.name} connected with two client certificates of different names or hashes")
    return found.pop()


def _certified_by(agent: Agent, asked: CertificateProof, shown: ClientCertificate, now: datetime) -> tuple[str, ...]:
    """What one of its certificates proves. Raises Unproven."""
    name = next((name for name in asked.names if name in shown.names), None)
    good = asked.authority in shown.authorities and (not asked.sha256 or shown.sha256 in asked.sha256)
    if not good or (asked.names and name is None):
        reason = "the client certificate is not this agent's: connect with its own"
        raise Unproven(reason, detail=f"agent {agent.name} {_NOT_ITS} {shown.sha256}")
    if not shown.begins <= now <= shown.ends:
        reason = "the client certificate has expired, or is not valid yet: connect with a new one"
        raise Unproven(reason, detail=f"the certificate of agent {agent.name} is valid from {shown.begins} to {shown.ends}")
    return _facts(asked, shown.sha256 if asked.sha256 else None, name)


def _facts(asked: CertificateProof, sha256: str | None, name: str | None) -> tuple[str, ...]:
    facts = (f"certificate {sha256}",) if sha256 else ()
    return facts if name is None else (*facts, f"name {name} of {hashlib.sha256(asked.authority.encode()).hexdigest()}")


def _known_to_the_proxy(agent: Agent, shown: ProxyToken | None) -> tuple[str, ...]:
    if shown is None:
        if not agent.proxy_tokens:
            return ()
        reason = (
            "this agent is proven by a proxy token too: connect to the proxy listener, with NAME:TOKEN@HOST:PORT in its address"
        )
        raise Unproven(reason, detail=f"agent {agent.name} connected without its proxy token")
    if shown.agent != agent.name:
        reason = "the proxy token is another agent's than the key: use those of one agent"
        raise Unproven(reason, detail=f"agent {agent.name} signed on a connection of agent {shown.agent}")
    if shown.sha256 not in agent.proxy_tokens:
        reason = "the proxy token of this connection is no longer valid: connect with the agent's new one"
        raise Unproven(reason, detail=f"the proxy token of agent {agent.name} was removed from its block")
    return _token_facts(shown.sha256)


def _token_facts(sha256: str | None) -> tuple[str, ...]:
    return () if sha256 is None else (f"proxy token {sha256}",)


def _identified(agent: Agent, ingress: Ingress) -> tuple[str, ...]:
    if agent.oidc is None:
        if ingress.tokens:
            raise Unproven(
                "this agent has no OIDC token: send none", detail=f"agent {agent.name} sent an OIDC token, and has none"
            )
        return ()
    if not ingress.tokens:
        reason = f"this agent is proven by an OIDC token too: send it in {IDENTITY_FIELD}, or to the proxy as Bearer"
        raise Unproven(reason, detail=f"agent {agent.name} sent no OIDC token")
    if ingress.identity != agent.oidc:
        reason = "the OIDC token was not verified for this agent as it is configured now: run the same command again"
        raise Unproven(reason, detail=f"the oidc block of agent {agent.name} has changed")
    return _identity_facts(agent.oidc)


def _identity_facts(asked: OidcProof | None) -> tuple[str, ...]:
    """What a token proves; another one with the same claims proves the same."""
    if asked is None:
        return ()
    return (f"identity {hashlib.sha256(json.dumps([asked.issuer, asked.audience, asked.claims]).encode()).hexdigest()}",)


def possible(agent: Agent) -> list[tuple[str, ...]]:
    """All that connections of an agent may prove."""
    asked = agent.certificate
    certified: list[tuple[str, ...]] = [()]
    if asked is not None:
        certified = [_facts(asked, sha256, name) for sha256 in asked.sha256 or (None,) for name in asked.names or (None,)]
    identity = _identity_facts(agent.oidc)
    return [(*one, *_token_facts(token), *identity) for one in certified for token in agent.proxy_tokens or (None,)]


def proves(session: VirtualSession, agent: Agent | None, ways: Iterable[tuple[str, ...]]) -> bool:
    """Whether a session was made by an agent as it is now, in one of these ways, and with one of its secrets if they prove nothing."""
    secrets: tuple[str | None, ...] = (*agent.secrets, None) if agent else (None,)
    made = [proof_of(agent, secret, way) for way in ways for secret in secrets if secret is not None or way or agent is None]
    return session.proof in made


def same_agent(before: Agent | None, after: Agent | None) -> bool:
    """Whether two configurations mean the same agent, however it is proven; no agent is the same only as none."""
    if before is None or after is None:
        return before is after
    return (before.name, before.key_suffix, before.accounts) == (after.name, after.key_suffix, after.accounts)
