"""Reads the `oidc` block of an agent: which OpenID Connect tokens prove it.

Rule: an issuer is named by an https URL, and its keys come from there or from a file. Without claims, any token that the issuer gives
anyone for this audience would be the agent's, so some are needed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trio_gate.config import attribute_types
from trio_gate.config.agents.trust import checked
from trio_gate.config.model import OidcProof
from trio_gate.config.source import Flaw

if TYPE_CHECKING:
    from trio_gate.config.agents.trust import Trust
    from trio_gate.config.block_reader import Form
    from trio_gate.config.expressions import Value

MOST_CLAIMS, LONGEST = 16, 1024
"""Claims that a block may name, and characters of each text in it."""

_ISSUER = re.compile(r"https://[a-z0-9-]+(?:\.[a-z0-9-]+)*(:[0-9]{1,5})?(?:/[A-Za-z0-9._~-]+)*/?")
_CHECKED = ("iss", "aud", "exp", "nbf", "iat")
"""Claims that are looked at in every token."""


def oidc(form: Form, trust: Trust) -> OidcProof | None:
    """The token that an agent must show; None where it needs none, or where its block is faulty. `trust` as in `load`."""
    found = [(nested, _block(nested, trust)) for nested in form.nested("oidc")]
    for extra, _ in found[1:]:
        extra.fault("`oidc` is given twice", f"first on line {form.report.source.line(found[0][0].block.at)}")
    return found[0][1] if found else None


def _block(form: Form, trust: Trust) -> OidcProof | None:
    wanted = 'the issuer\'s URL, as the claim `iss` has it: "https://HOST/PATH"'
    issuer = form.need(attribute_types.matching(_ISSUER, wanted), "issuer")
    audience = form.need(attribute_types.short(LONGEST), "audience")
    claims = form.need(_CLAIMS, "claims")
    keys = form.take(checked(form.reading.lookups, trust.keys), "jwks_file")
    form.close()
    if form.block.labels:
        form.fault("`oidc` takes no label")
    port = _ISSUER.fullmatch(issuer or "")
    if port and port[1] and not form.given("jwks_file"):
        form.fault("keys are fetched from port 443 alone: give them in `jwks_file`", of="issuer")
    if issuer is None or audience is None or claims is None:
        return None
    return OidcProof(issuer=issuer, audience=audience, claims=claims, keys=keys)


def _claims(value: Value) -> tuple[tuple[str, str], ...]:
    if not isinstance(value.data, dict):
        raise attribute_types.wrong(value, "a map of claims", 'such as { sub = "repo:acme/app:ref:refs/heads/main" }')
    if not 1 <= len(value.data) <= MOST_CLAIMS:
        raise Flaw(value.at, f"expected 1 to {MOST_CLAIMS} claims", "else any token of that issuer would be this agent's")
    flaws: list[Flaw] = []
    found: list[tuple[str, str]] = []
    for name, part in value.data.items():
        try:
            if name in _CHECKED:
                raise Flaw(part.at, f"the claim {name} is looked at in every token")
            found.append((name, attribute_types.short(LONGEST)(part)))
        except Flaw as flaw:
            flaws.append(flaw)
    if flaws:
        raise Flaw(flaws[0].at, flaws[0].message, flaws[0].hint, also=flaws[1:])
    return tuple(sorted(found))


_CLAIMS = attribute_types.Kind(form="a map of claims and texts", read=_claims)
