"""The agent that a CONNECT names by a token of its own: HTTP's Basic scheme (RFC 7617), with the agent's name as user.

Rule: the token is compared by hash, in constant time, with those of all agents, so that no answer takes longer for one name than for
another. Only the hash is kept.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import replace
from typing import TYPE_CHECKING

from trio_gate.aws.ingress import ProxyToken
from trio_gate.errors import Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Collection

    from trio_gate.aws.ingress import Ingress
    from trio_gate.config.model import Agent
    from trio_gate.wire.head import Headers


def shown(headers: Headers) -> str | None:
    """What a CONNECT says of its sender, in `Proxy-Authorization`; None where it says nothing."""
    return next((value for name, value in headers if name == "proxy-authorization"), None)


def needed(agents: Collection[Agent]) -> bool:
    """Whether no agent could call without a token of its own."""
    return bool(agents) and all(agent.proxy_tokens for agent in agents)


def proven(agents: Collection[Agent], said: str | None, ingress: Ingress) -> Ingress:
    """An ingress with the token that its CONNECT has shown, if it has or needs one.

    Raises Unauthenticated (407): there is none where no agent could call without, or it is wrong.
    """
    if said is None:
        if needed(agents):
            raise Unauthenticated("the proxy needs the agent's name and token: NAME:TOKEN@HOST:PORT in its address", status=407)
        return ingress
    if (token := identity(agents, said)) is not None:
        user, _ = _basic(said) or (None, b"")
        return replace(ingress, tokens=(token,), named=None if user is None else user.decode())
    if not any(agent.proxy_tokens for agent in agents):
        return ingress
    found = find(agents, said)
    if found is None:
        raise Unauthenticated("the proxy knows no agent of this name with this token", status=407)
    return replace(ingress, proxy_token=found)


def identity(agents: Collection[Agent], said: str) -> str | None:
    """The OIDC token, not verified, that a value of `Proxy-Authorization` holds where it may be all that an agent has; else None.

    An agent with a token of its own shows that here, and the other with each request. Most programs have only a user and a password for a proxy, so as a password it counts as well.
    """
    alone = [agent for agent in agents if agent.oidc and not agent.proxy_tokens]
    if not alone:
        return None
    scheme, _, token = said.partition(" ")
    if scheme.lower() == "bearer":
        return token.strip(" ")
    user, password = _basic(said) or (b"", b"")
    own = any(agent.name.encode() == user for agent in alone)
    return password.decode("latin-1") if own else None


def find(agents: Collection[Agent], said: str) -> ProxyToken | None:
    """The agent that a value of `Proxy-Authorization` proves, None if it proves none."""
    basic = _basic(said)
    if basic is None:
        return None
    user, token = basic
    offered, found = hashlib.sha256(token).hexdigest(), None
    for agent in agents:
        named = hmac.compare_digest(agent.name.encode(), user)
        for sha256 in agent.proxy_tokens:
            if hmac.compare_digest(sha256, offered) and named:
                found = ProxyToken(agent=agent.name, sha256=sha256)
    return found


def _basic(said: str) -> tuple[bytes, bytes] | None:
    """User and password of a value, None where it has none."""
    scheme, _, credentials = said.partition(" ")
    try:
        user, _, password = base64.b64decode(credentials.strip(" "), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return None
    return (user, password) if scheme.lower() == "basic" else None
