"""Whose an unsigned AssumeRoleWithWebIdentity is: that of the one agent that all of the connection proves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from tests.exchange.proving.test_proofs import CERTIFIED, FIRST, OIDC, TOKEN, shown, snapshot
from tests.kit.aws.meanings import TABLES
from tests.kit.wire.raw import DYNAMODB, STS
from trio_gate.aws.hosts.table import HostTable
from trio_gate.aws.ingress import Ingress, ProxyToken
from trio_gate.aws.model.catalog import Catalog
from trio_gate.errors import Malformed, Unauthenticated, Unidentified, WrongSignature
from trio_gate.exchange import steps
from trio_gate.exchange.proving import web_identity
from trio_gate.exchange.results import Signer
from trio_gate.shell.models.model_loader import load_pruned
from trio_gate.shell.models.packaged_data import packaged_hosts
from trio_gate.signing.sigv4 import SigningKeys
from trio_gate.wire.head import Held
from trio_gate.wire.parse import parse_request_head

TABLE = HostTable(packaged_hosts())
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
BY_TOKEN = Ingress(kind="proxy", sni=STS, connect=STS, proxy_token=ProxyToken(agent="ci", sha256=FIRST))
FORM = {"Action": "AssumeRoleWithWebIdentity", "RoleArn": "arn:aws:iam::222222222222:role/deploy"}


def head(host=STS, method="POST", **fields):
    lines = [f"{method} / HTTP/1.1", f"host: {host}", *(f"{name.replace('_', '-')}: {value}" for name, value in fields.items())]
    return parse_request_head("\r\n".join([*lines, "", ""]).encode())


def claimed(ingress=BY_TOKEN, form=None, host=STS, **fields):
    return web_identity.claimed(head(host, **fields), urlencode(form or FORM).encode(), ingress, TABLE, "192.0.2.1")


@pytest.mark.parametrize(
    ("arrived", "ingress", "may"),
    [
        (head(), BY_TOKEN, True),
        (head(), Ingress(kind="tls", sni=STS, certificates=(shown(NOW),)), True),
        (head(), Ingress(kind="proxy", sni=STS, tokens=("x",)), True),
        (head(x_trio_gate_token="x"), Ingress(kind="tls", sni=STS), True),
        (head(), Ingress(kind="tls", sni=STS), False),
        (head(), replace(BY_TOKEN, kind="endpoint"), False),
        (head(), replace(BY_TOKEN, kind="address"), False),
        (head(method="GET"), BY_TOKEN, False),
        (head(authorization="Bearer x"), BY_TOKEN, False),
    ],
)
def test_which_requests_are_looked_at(arrived, ingress, may):
    assert web_identity.comes_unsigned(arrived, ingress) is may


def test_what_it_claims_is_what_its_role_and_host_say():
    claim = claimed().claim
    assert (claim.account, claim.suffix, claim.region, claim.service) == ("222222222222", "", "us-east-1", "sts")
    assert claimed(host=STS, x_trio_gate_token="x").ingress.tokens == ("x",)


@pytest.mark.parametrize(
    "form",
    [
        {**FORM, "Action": "AssumeRoleWithSAML"},
        {**FORM, "Action": "assumerolewithwebidentity"},
        {"RoleArn": FORM["RoleArn"]},
        {"Action": FORM["Action"]},
        {**FORM, "RoleArn": "arn:aws:iam::222222222222:user/deploy"},
        {**FORM, "RoleArn": "arn:aws:iam::2222:role/deploy"},
        {**FORM, "RoleArn": "\u0662" * 12},
    ],
)
def test_nothing_else_comes_unsigned(form):
    with pytest.raises(Unauthenticated, match="unsigned"):
        claimed(form=form)


def test_neither_does_what_is_no_form_or_for_another_service():
    with pytest.raises(Unauthenticated):
        web_identity.claimed(head(), b"Action=a&Action=b", BY_TOKEN, TABLE, "192.0.2.1")
    there = replace(BY_TOKEN, sni=DYNAMODB, connect=DYNAMODB)
    with pytest.raises(Unauthenticated):
        claimed(there, host=DYNAMODB)
    with pytest.raises(Malformed, match="same host"):
        claimed(there)
    refused = Unidentified("not served")
    with pytest.raises(Unidentified, match="not served"):
        claimed(replace(BY_TOKEN, refused=refused))


@pytest.mark.parametrize(
    ("ci", "ingress", "found"),
    [
        (TOKEN, BY_TOKEN, ["ci"]),
        (TOKEN.replace(FIRST, "3" * 64), BY_TOKEN, []),
        (TOKEN, replace(BY_TOKEN, proxy_token=ProxyToken(agent="cd", sha256=FIRST)), []),
        (f'{TOKEN}\n  networks = ["198.51.100.0/24"]', BY_TOKEN, []),
        (f"{CERTIFIED}\n{TOKEN.partition(chr(10))[2]}", BY_TOKEN, []),
        (
            f"{CERTIFIED}\n{TOKEN.partition(chr(10))[2]}",
            replace(BY_TOKEN, certificates=(shown(NOW, "a.example"),)),
            ["ci"],
        ),
        (CERTIFIED, Ingress(kind="tls", sni=STS, certificates=(shown(NOW, "a.example"),)), ["ci"]),
        (CERTIFIED, Ingress(kind="tls", sni=STS, certificates=(shown(NOW, "c.example"),)), []),
        (OIDC, Ingress(kind="tls", sni=STS, tokens=("x",)), ["ci"]),
        (OIDC, replace(BY_TOKEN, tokens=("x",)), []),
    ],
)
def test_agents_that_all_of_the_connection_proves(ci, ingress, found):
    request = claimed(ingress)
    assert [one.name for one in web_identity.candidates(request, snapshot(ci).agents.values(), NOW)] == found


def test_an_agent_with_a_signature_alone_is_never_meant():
    bare = Ingress(kind="tls", sni=STS)
    assert web_identity.candidates(claimed(bare), snapshot().agents.values(), NOW) == []


def test_exactly_one_agent_is_meant():
    agent = snapshot(OIDC).agents["CI01"]
    request = claimed(Ingress(kind="tls", sni=STS, tokens=("x",)))
    made = web_identity.of_agent(request, [agent])
    assert (made.claim.suffix, made.ingress.identity) == ("CI01", agent.oidc)
    named = replace(request, ingress=replace(request.ingress, named="twin"))
    with pytest.raises(Unauthenticated, match="on a connection of ci"):
        web_identity.of_agent(named, [agent])
    for several, said in (([], "no agent"), ([agent, replace(agent, name="twin")], "ci, twin")):
        with pytest.raises(Unauthenticated, match=f"on a connection of {said}"):
            web_identity.of_agent(request, several)


@pytest.mark.parametrize("asked", ["GetCallerIdentity", "AssumeRole"])
def test_a_call_of_another_name_has_no_signer(asked):
    """However its claim was made: once it is named, it must be this call."""
    by = snapshot(TOKEN)
    request = web_identity.of_agent(claimed(content_type="application/x-www-form-urlencoded"), [by.agents["CI01"]])
    proven = steps.admit(request, by, Signer(agent="ci", unsigned=True), NOW)
    routed = steps.route(proven, by, TABLE, SigningKeys())
    catalog = Catalog(load_pruned)
    catalog.ensure(["sts"])
    more = {"Version": "2011-06-15", "RoleSessionName": "tests", "WebIdentityToken": "x"}
    good = steps.unframe(routed, Held(data=urlencode({**FORM, **more}).encode()))
    web_identity.check_named(steps.identify(good, catalog=catalog, tables=TABLES))
    more = {} if asked == "GetCallerIdentity" else {"RoleArn": FORM["RoleArn"], "RoleSessionName": "tests"}
    other = steps.unframe(routed, Held(data=urlencode({"Action": asked, "Version": "2011-06-15", **more}).encode()))
    with pytest.raises(WrongSignature, match=f"{asked} came unsigned"):
        web_identity.check_named(steps.identify(other, catalog=catalog, tables=TABLES))
