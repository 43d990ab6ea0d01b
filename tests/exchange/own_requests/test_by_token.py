"""Requests to the gateway without a signature: which may come so, and whose they are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.exchange.own_requests.kit import AGENT, AT, GATEWAY, SNAPSHOT, head
from tests.kit.configs import MAIN, load
from tests.kit.records import NOW
from trio_gate.aws.ingress import IDENTITY_FIELD
from trio_gate.config.model import CertificateProof, OidcProof
from trio_gate.errors import Unauthenticated, Unproven
from trio_gate.exchange.own_requests.by_token import claimed_by, comes_by_token, owner_of
from trio_gate.wire.head import RequestHead, Target


def bare(path="/-/agent", method="GET", query=()):
    """A request with a token and no signature."""
    fields = (("host", "127.0.0.1:8081"), (IDENTITY_FIELD, "head.claims.signature"))
    return RequestHead(method=method, target=Target(segments=tuple(path.split("/")[1:]), query=tuple(query)), headers=fields)


def test_only_what_stands_for_no_call_comes_by_a_token():
    assert comes_by_token(bare(), AT)
    assert comes_by_token(bare("/-/agent/tasks/t1", "DELETE"), replace(AT, kind="address"))
    assert not comes_by_token(bare(), replace(AT, kind="proxy"))
    assert not comes_by_token(bare("/-/agent/presign", "POST"), AT)
    assert not comes_by_token(bare(query=(("X-Amz-Signature", "0"),)), AT)
    assert not comes_by_token(head("/-/agent", b"", method="GET"), AT)


def test_the_certificate_of_its_block_is_asked_for_too():
    [agent] = load(GATEWAY + MAIN + AGENT).agents
    asked = replace(agent, oidc=OidcProof(issuer="https://i.example", audience="a", claims=(("sub", "s"),)))
    found = claimed_by(asked, bare(query=(("account", "111111111111"),)), AT, "127.0.0.1", SNAPSHOT, NOW)
    assert (found.claim.account, found.claim.suffix, found.arrived.target.query) == ("111111111111", agent.key_suffix, ())
    certified = replace(asked, certificate=CertificateProof(authority="CA", names=("ci.example",)))
    with pytest.raises(Unproven, match="client certificate"):
        claimed_by(certified, bare(), AT, "127.0.0.1", SNAPSHOT, NOW)
    with pytest.raises(Unproven, match="proxy token"):
        claimed_by(replace(asked, proxy_tokens=("0" * 64,)), bare(), AT, "127.0.0.1", SNAPSHOT, NOW)


def test_a_token_of_two_agents_is_nobodys():
    [agent] = load(GATEWAY + MAIN + AGENT).agents
    assert owner_of([agent]) is agent
    for found in ([], [agent, replace(agent, name="other")]):
        with pytest.raises(Unauthenticated, match="unsigned, with a token of"):
            owner_of(found)
