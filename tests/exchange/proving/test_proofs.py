"""Which requests prove an agent: by any of its secrets, and by no other's."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.kit import sessions
from tests.kit.aws.host_table import TABLE
from tests.kit.configs import BASE, FILES, MAIN, load
from tests.kit.wire.claims import when
from tests.kit.wire.raw import STS, WHO, parted, request
from trio_gate.aws.ingress import ClientCertificate, Ingress, ProxyToken
from trio_gate.config.model import Agent
from trio_gate.errors import SessionOver, Unauthenticated, Unproven, WrongSignature
from trio_gate.exchange import steps
from trio_gate.exchange.proving.proofs import check_way, kinds, of_connection, possible, proves, same_agent
from trio_gate.exchange.results import Signer
from trio_gate.exchange.snapshot import compile_snapshot
from trio_gate.sessions.session import proof_of
from trio_gate.sessions.table import SessionTable
from trio_gate.signing.sigv4 import SigningKeys
from trio_gate.wire.parse import parse_request_head

GATEWAY = 'gateway {\n  state_dir = "/s"\n  listener "tls" { bind = "127.0.0.1:0" }\n}\n'
OLD, NEW, OTHER = "old-secret-0123456789", "new-secret-0123456789", "other-secret-0123456789"
CD = f'agent "cd" {{\n  key_suffix = "CD01"\n  secret = "{OTHER}"\n}}\n'
BOTH = f'secrets = ["{NEW}", "{OLD}"]'


def snapshot(ci=BOTH):
    return compile_snapshot(1, load(GATEWAY + BASE + MAIN + CD + f'agent "ci" {{\n  key_suffix = "CI01"\n  {ci}\n}}\n'))


def claimed(secret, suffix="CI01", address="192.0.2.1", ingress=None):
    raw = request(secret=secret, key_id=f"AKIA111111111111{suffix}")
    return steps.claim(parse_request_head(parted(raw)[0]), ingress or Ingress(kind="tls", sni=STS), address)


def signer(asked, by):
    now = when(asked.claim)
    return steps.prove(asked, hashlib.sha256(WHO).hexdigest(), by, TABLE, SessionTable(), now=now, keys=SigningKeys())


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_each_secret_of_an_agent_proves_it(secret):
    asked = claimed(secret)
    found = signer(asked, snapshot())
    assert (found.agent, found.secret) == ("ci", secret)
    assert steps.admit(asked, snapshot(), found, when(asked.claim)).admitted.agent_name == "ci"


@pytest.mark.parametrize(
    ("secret", "suffix"), [(OTHER, "CI01"), (NEW, "CD01"), ("0" * 64, "CD01"), ("0" * 64, "CI01"), ("0" * 64, "CE01")]
)
def test_no_other_secret_proves_it(secret, suffix):
    with pytest.raises(WrongSignature):
        signer(claimed(secret, suffix), snapshot())


@pytest.mark.parametrize("suffix", ["CI01", "CD01", "CE01"])
def test_every_check_takes_as_many_signatures(monkeypatch, suffix):
    made = []
    real = SigningKeys.key
    monkeypatch.setattr(SigningKeys, "key", lambda keys, *words: made.append(words) or real(keys, *words))
    with pytest.raises(WrongSignature):
        signer(claimed("wrong-secret-0123456789", suffix), snapshot())
    assert len(made) == 2


def test_a_secret_that_was_removed_admits_nothing_any_more():
    asked = claimed(OLD)
    with pytest.raises(Unauthenticated, match="was replaced"):
        steps.admit(asked, snapshot(f'secret = "{NEW}"'), signer(asked, snapshot()), when(asked.claim))


def test_what_proves_an_agent_does_not_make_it_another():
    ci = Agent(name="ci", key_suffix="CI01", secrets=(OLD,), accounts=())
    assert same_agent(ci, Agent(name="ci", key_suffix="CI01", secrets=(NEW,), accounts=()))
    assert not same_agent(ci, Agent(name="ci", key_suffix="CI01", secrets=(OLD,), accounts=("111111111111",)))
    assert not same_agent(ci, None)
    assert same_agent(None, None)


@pytest.mark.parametrize(("address", "admitted"), [("192.0.2.1", True), ("::ffff:192.0.2.1", True), ("198.51.100.1", False)])
def test_an_agent_calls_from_its_networks_alone(address, admitted):
    near = snapshot(f'{BOTH}\n  networks = ["192.0.2.0/24"]')
    asked = claimed(NEW, address=address)
    found = signer(asked, near)
    if admitted:
        assert steps.admit(asked, near, found, when(asked.claim)).admitted.agent_name == "ci"
    else:
        with pytest.raises(Unproven, match="may not call from 198"):
            steps.admit(asked, near, found, when(asked.claim))
        assert steps.admit(asked, near, found, None).admitted.agent_name == "ci"


CERTIFIED = f'{BOTH}\n  certificate_authority = "secret.txt"\n  certificate_name = ["a.example", "b.example"]'
PEM = FILES["/etc/gate/secret.txt"]


def shown(at, *names, hours=1, authorities=(PEM,)):
    begins, ends = at - timedelta(hours=1), at + timedelta(hours=hours)
    return ClientCertificate(sha256="0" * 64, names=names, begins=begins, ends=ends, authorities=frozenset(authorities))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"names": ("c.example", "b.example")}, None),
        ({"names": ("c.example",)}, "not its own"),
        ({"names": ()}, "not its own"),
        ({"authorities": ()}, "not its own"),
        ({"authorities": ("another",)}, "not its own"),
        ({"hours": -0.5}, "is valid from"),
    ],
)
def test_a_certificate_counts_while_it_is_the_agents_and_valid(change, reason):
    plain = claimed(NEW)
    facts = {"names": ("a.example",), **change}
    ingress = Ingress(kind="tls", sni=STS, certificates=(shown(when(plain.claim), *facts.pop("names"), **facts),))
    asked = replace(plain, ingress=ingress)
    by = snapshot(CERTIFIED)
    found = signer(asked, by)
    if reason is None:
        assert steps.admit(asked, by, found, when(asked.claim)).admitted.proof
    else:
        with pytest.raises(Unproven, match=reason):
            steps.admit(asked, by, found, when(asked.claim))


def test_two_certificates_must_prove_the_same():
    plain = claimed(NEW)
    at = when(plain.claim)
    by = snapshot(CERTIFIED)
    agent = by.agents["CI01"]
    first, renewed, second, other = (shown(at, name) for name in ("a.example", "a.example", "b.example", "c.example"))
    by_tls = Ingress(kind="proxy", sni=STS)
    assert check_way(agent, replace(by_tls, certificates=(first, renewed)), "192.0.2.1", at) in possible(agent)
    for both, reason in (
        ((first, second), "different names or hashes"),
        ((first, other), "not its own"),
        ((other, first), "not its own"),
    ):
        with pytest.raises(Unproven, match=reason):
            check_way(agent, replace(by_tls, certificates=both), "192.0.2.1", at)


def test_a_connection_is_that_of_the_one_agent_whom_all_that_it_shows_proves():
    by = snapshot(CERTIFIED)
    agent, at = by.agents["CI01"], when(claimed(NEW).claim)
    twin = replace(agent, name="twin")
    ours = Ingress(kind="proxy", connect="a.example", certificates=(shown(at, "a.example"),))
    assert of_connection([agent], ours, "192.0.2.1", at) is agent
    for agents, ingress, whose in (
        ([agent, twin], ours, "ci, twin"),
        ([], ours, "no agent"),
        ([agent], replace(ours, certificates=(shown(at, "c.example"),)), "no agent"),
        ([agent], replace(ours, certificates=(), tokens=("x",)), "no agent"),
        ([replace(agent, certificate=None)], replace(ours, certificates=()), "no agent"),
    ):
        with pytest.raises(Unauthenticated, match=f"the connection fits {whose}$"):
            of_connection(agents, ingress, "192.0.2.1", at)


def test_what_a_connection_shows_has_a_name():
    assert kinds(Ingress(kind="proxy")) == ()
    token = ProxyToken(agent="ci", sha256="a" * 64)
    assert kinds(replace(Ingress(kind="proxy"), proxy_token=token, tokens=("a.b.c",))) == ("identity_token", "proxy_token")
    certificate = shown(datetime(2026, 1, 15, tzinfo=UTC), "ci.example")
    assert kinds(replace(Ingress(kind="proxy"), certificates=(certificate,))) == ("client_certificate",)


def test_what_connections_of_an_agent_may_prove():
    assert possible(snapshot().agents["CI01"]) == [()]
    named = possible(snapshot(CERTIFIED).agents["CI01"])
    assert len(set(named)) == 2
    both = possible(snapshot(f'{CERTIFIED}\n  certificate_sha256 = ["{"0" * 64}", "{"1" * 64}"]').agents["CI01"])
    assert len(set(both)) == 4
    assert not set(both) & set(named)


FIRST, SECOND = "1" * 64, "2" * 64
TOKEN = f'{BOTH}\n  proxy_token_sha256 = ["{FIRST}", "{SECOND}"]'


@pytest.mark.parametrize(
    ("token", "by", "reason"),
    [
        (ProxyToken(agent="ci", sha256=FIRST), TOKEN, None),
        (ProxyToken(agent="ci", sha256=SECOND), TOKEN, None),
        (None, BOTH, None),
        (None, TOKEN, "without its proxy token"),
        (ProxyToken(agent="cd", sha256=FIRST), TOKEN, "ci signed on a connection of agent cd"),
        (ProxyToken(agent="cd", sha256=FIRST), BOTH, "ci signed on a connection of agent cd"),
        (ProxyToken(agent="ci", sha256="3" * 64), TOKEN, "was removed"),
        (ProxyToken(agent="ci", sha256=FIRST), BOTH, "was removed"),
    ],
)
def test_a_proxy_token_counts_while_it_is_the_agents(token, by, reason):
    asked = replace(claimed(NEW), ingress=Ingress(kind="proxy", sni=STS, connect=STS, proxy_token=token))
    by = snapshot(by)
    found = signer(asked, by)
    if reason is None:
        assert steps.admit(asked, by, found, when(asked.claim)).admitted.facts in possible(by.agents["CI01"])
    else:
        with pytest.raises(Unproven, match=reason):
            steps.admit(asked, by, found, when(asked.claim))


def test_certificate_and_token_are_both_asked_for():
    by = snapshot(f"{CERTIFIED}\n{TOKEN.removeprefix(BOTH)}")
    assert len(set(possible(by.agents["CI01"]))) == 4
    plain = claimed(NEW)
    certificate, token = shown(when(plain.claim), "a.example"), ProxyToken(agent="ci", sha256=FIRST)
    for ingress, reason in (
        (Ingress(kind="proxy", sni=STS, certificates=(certificate,)), "without its proxy token"),
        (Ingress(kind="proxy", sni=STS, proxy_token=token), "without its client certificate"),
    ):
        with pytest.raises(Unproven, match=reason):
            steps.admit(replace(plain, ingress=ingress), by, signer(plain, by), when(plain.claim))
    both = replace(plain, ingress=Ingress(kind="proxy", sni=STS, certificates=(certificate,), proxy_token=token))
    facts = steps.admit(both, by, signer(plain, by), when(plain.claim)).admitted.facts
    assert len(facts) == 2
    assert facts in possible(by.agents["CI01"])


OIDC = f'{BOTH}\n  oidc {{\n    issuer = "https://a.example"\n    audience = "gate"\n    claims = {{ sub = "ci" }}\n  }}'


def tokened(by, ingress):
    asked = replace(claimed(NEW), ingress=ingress)
    return asked, signer(asked, by)


def test_tokens_count_once_they_were_verified_for_the_agent_as_it_is():
    by, other = snapshot(OIDC), snapshot(OIDC.replace('"gate"', '"another"'))
    shown = Ingress(kind="tls", sni=STS, tokens=("x",))
    asked, found = tokened(by, shown)
    assert by.oidc_of(found.agent) == by.agents["CI01"].oidc
    proven = replace(asked, ingress=replace(asked.ingress, identity=by.oidc_of(found.agent)))
    facts = steps.admit(proven, by, found, when(asked.claim)).admitted.facts
    assert [facts] == possible(by.agents["CI01"])
    assert [facts] != possible(other.agents["CI01"])
    for bare, judge, reason in (
        (replace(proven, ingress=Ingress(kind="tls", sni=STS)), by, "sent no OIDC token"),
        (asked, by, "has changed"),
        (proven, other, "has changed"),
        (proven, snapshot(), "sent an OIDC token, and has none"),
    ):
        with pytest.raises(Unproven, match=reason):
            steps.admit(bare, judge, found, when(asked.claim))


def test_nothing_is_asked_of_tokens_where_the_agent_has_none():
    assert snapshot().oidc_of("ci") is snapshot(OIDC).oidc_of("cd") is snapshot(OIDC).oidc_of(None) is None


def test_a_token_is_read_from_the_requests_own_field_besides_that_of_the_connection():
    raw = request(secret=NEW, key_id="AKIA111111111111CI01", x_trio_gate_token="second-token")
    head = parse_request_head(parted(raw)[0])
    ingress = steps.claim(head, Ingress(kind="tls", sni=STS, tokens=("first-token",)), "192.0.2.1").ingress
    assert (ingress.tokens, ingress.identity) == (("first-token", "second-token"), None)
    assert not any(token in repr(ingress) for token in ingress.tokens)


def test_a_session_without_a_secret_needs_another_proof():
    agent = snapshot(TOKEN).agents["CI01"]
    first, second = possible(agent)
    assert proves(sessions.session(proof=proof_of(agent, None, first)), agent, [first, second])
    assert not proves(sessions.session(proof=proof_of(agent, None, first)), agent, [second])
    assert not proves(sessions.session(proof=proof_of(agent, None)), agent, [()])
    assert proves(sessions.session(proof=""), None, [()])


def test_a_session_works_by_the_proof_that_made_it_and_no_other_of_its_agent():
    by = snapshot(TOKEN)
    agent = by.agents["CI01"]
    first, _ = possible(agent)
    made = Signer(agent="ci", session=sessions.session(proof=proof_of(agent, None, first)))
    for sha256, works in ((FIRST, True), (SECOND, False)):
        token = ProxyToken(agent="ci", sha256=sha256)
        asked = claimed(NEW, ingress=Ingress(kind="proxy", sni=STS, connect=STS, proxy_token=token))
        if works:
            assert steps.admit(asked, by, made, when(asked.claim)).admitted.facts == first
        else:
            with pytest.raises(SessionOver, match="another proof of its agent"):
                steps.admit(asked, by, made, when(asked.claim))
