"""Reads the `agent` block."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trio_gate.config import attribute_types, role_settings
from trio_gate.config.agents.networks import network
from trio_gate.config.agents.oidc import oidc
from trio_gate.config.agents.trust import checked
from trio_gate.config.block_reader import title
from trio_gate.config.blocks import EMPTY_SHA256
from trio_gate.config.model import KEY_TEXT, Agent, AgentLimits, CertificateProof

if TYPE_CHECKING:
    from trio_gate.config.agents.trust import Trust
    from trio_gate.config.block_reader import Form

SHORTEST_SECRET, MOST_SECRETS = 16, 4
"""Characters of an agent's secret, and how many an agent may have, of tokens too: each request is checked with all of them."""

MOST_NETWORKS = 64
"""Networks of one agent."""

MOST_CERTIFICATES = 8
"""Names and hashes of certificates that one agent may have."""

_SUFFIX = re.compile(r"[A-Z][A-Z0-9]{0,15}")


def agent(form: Form, trust: Trust) -> Agent | None:
    """Read an agent, a caller with secrets of its own; None if it is faulty. `trust` as in `load`."""
    suffix = key_suffix(form)
    secrets = secrets_of(form)
    accounts = form.take(attribute_types.listing(attribute_types.account), "accounts") or ()
    assume = role_settings.read(form)
    networks = form.take(attribute_types.listing(network), "networks") or ()
    if len(networks) > MOST_NETWORKS:
        form.fault(f"an agent has at most {MOST_NETWORKS} networks", of="networks")
    limits = _limits(form)
    certificate = _certificate(form, trust)
    proxy_tokens = _proxy_tokens(form)
    token = oidc(form, trust)
    form.close()
    if suffix is None or secrets is None:
        return None
    return Agent(
        name=form.name,
        key_suffix=suffix,
        secrets=secrets,
        accounts=accounts,
        assume=assume,
        networks=networks,
        limits=limits,
        certificate=certificate,
        proxy_tokens=proxy_tokens,
        oidc=token,
    )


def _proxy_tokens(form: Form) -> tuple[str, ...]:
    """The hashes of the tokens that an agent may show to the proxy."""
    hashed = attribute_types.sha256("the token", "printf %s TOKEN | sha256sum, of a token such as `openssl rand -hex 32` makes")
    found = form.take(attribute_types.listing(hashed, or_one=True), "proxy_token_sha256") or ()
    if len(found) > MOST_SECRETS:
        form.fault(f"an agent has at most {MOST_SECRETS} tokens at once", "remove those no longer used", of="proxy_token_sha256")
    if EMPTY_SHA256 in found:
        form.fault("this is the SHA-256 of an empty token", of="proxy_token_sha256")
    return found


def _certificate(form: Form, trust: Trust) -> CertificateProof | None:
    """The certificate that an agent's connections must have; None where it needs none, or where its attributes are faulty."""
    hashed = attribute_types.sha256("a certificate's DER")
    pins = form.take(attribute_types.listing(hashed), "certificate_sha256") or ()
    names = form.take(attribute_types.listing(attribute_types.host, or_one=True), "certificate_name") or ()
    authority = form.take(checked(form.reading.lookups, trust.authority), "certificate_authority")
    given = form.given("certificate_authority")
    for of, found in (("certificate_sha256", pins), ("certificate_name", names)):
        if len(found) > MOST_CERTIFICATES:
            form.fault(f"an agent has at most {MOST_CERTIFICATES} of these", of=of)
    asked = [name for name in ("certificate_sha256", "certificate_name") if form.given(name)]
    if asked and not given:
        hint = "the file that TLS verifies it with: the authority's certificate, or its own where it signed itself"
        form.fault(f"`{asked[0]}` needs `certificate_authority`", hint, of=asked[0])
    if given and not asked:
        hint = "else any certificate of that authority would be this agent's"
        form.fault("`certificate_authority` needs `certificate_name` or `certificate_sha256`", hint, of="certificate_authority")
    return None if authority is None else CertificateProof(authority=authority, sha256=pins, names=names)


def _limits(form: Form) -> AgentLimits:
    """How much an agent may do at once."""
    rate = form.take(attribute_types.whole(1, 100_000), "rate")
    burst = form.take(attribute_types.whole(1, 1_000_000), "burst")
    if burst is not None and form.given("rate") is None:
        form.fault("`burst` needs `rate`", "rate = 10, the requests that may begin in a second", of="burst")
    return AgentLimits(
        max_connections=form.take(attribute_types.whole(1, 1_000_000), "max_connections"),
        max_in_flight=form.take(attribute_types.whole(1, 1_000_000), "max_in_flight"),
        max_pending=form.take(attribute_types.whole(1, 10_000), "max_pending"),
        rate=rate,
        burst=burst or rate,
    )


def key_suffix(form: Form) -> str | None:
    """What ends the key ids of an agent; None if it is faulty."""
    hint = "it ends the agent's key ids: AKIA111111111111CI01"
    return form.need(attribute_types.matching(_SUFFIX, "a letter A-Z and at most 15 more of A-Z and 0-9", hint), "key_suffix")


def secrets_of(form: Form) -> tuple[str, ...] | None:
    """The secrets that an agent may sign with: one, or several while they are being replaced; None if they are faulty."""
    secret = attribute_types.matching(KEY_TEXT, "a secret of printable ASCII characters without spaces")
    one, several = form.take(secret, "secret"), form.take(attribute_types.listing(secret), "secrets")
    of = "secret" if form.given("secrets") is None else "secrets"
    found = several if of == "secrets" else None if one is None else (one,)
    if form.given(of) is None:
        form.fault(f"{title(form.block)} needs `secret`")
    if of == "secrets" and form.given("secret") is not None:
        form.fault("`secret` and `secrets` cannot be used together", "write all of them in `secrets`", of="secret")
    for part, text in enumerate(found or ()):
        if len(text) < SHORTEST_SECRET:
            hint = "make one with `openssl rand -hex 20`"
            form.fault(f"the secret is too short: it needs at least {SHORTEST_SECRET} characters", hint, of=of, part=part)
    if len(found or ()) > MOST_SECRETS:
        form.fault(f"an agent has at most {MOST_SECRETS} secrets at once", "remove those that are no longer used", of=of)
    return found
