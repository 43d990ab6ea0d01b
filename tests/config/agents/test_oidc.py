"""The `oidc` block of an agent: each fault at its place, and what is read."""

import json

import pytest

from tests.kit.configs import BASE, FILES, MAIN, check, load
from trio_gate.config.agents.oidc import MOST_CLAIMS
from trio_gate.config.agents.trust import Trust
from trio_gate.config.model import OidcProof

SIGNED = 'agent "ci" {\n  key_suffix = "CI01"\n  secret = "0123456789abcdef"\n  '
ISSUER, AUDIENCE, CLAIMS = 'issuer = "https://a.example/b"', 'audience = "trio-gate"', 'claims = { sub = "c" }'
NO_URL = 'expected the issuer\'s URL, as the claim `iss` has it: "https://HOST/PATH"'
MANY = (
    json.dumps({f"c{number}": "x" for number in range(MOST_CLAIMS + 1)})
    .replace(":", " =")
    .replace('"c', "c")
    .replace('" =', " =")
)
FAULTS = {
    "nothing": ("§oidc {}", ["oidc needs `issuer`", "oidc needs `audience`", "oidc needs `claims`"]),
    "twice": (
        f"oidc {{\n{ISSUER}\n{AUDIENCE}\n{CLAIMS}\n}}\n§oidc {{\n{ISSUER}\n{AUDIENCE}\n{CLAIMS}\n}}",
        ["`oidc` is given twice"],
    ),
    "a label": (f'§oidc "x" {{\n{ISSUER}\n{AUDIENCE}\n{CLAIMS}\n}}', ["`oidc` takes no label"]),
    "not https": (f'oidc {{\nissuer = §"http://a.example"\n{AUDIENCE}\n{CLAIMS}\n}}', [NO_URL]),
    "a query": (f'oidc {{\nissuer = §"https://a.example/?b"\n{AUDIENCE}\n{CLAIMS}\n}}', [NO_URL]),
    "a user": (f'oidc {{\nissuer = §"https://me@a.example/"\n{AUDIENCE}\n{CLAIMS}\n}}', [NO_URL]),
    "a port": (
        f'oidc {{\nissuer = §"https://a.example:8443/b"\n{AUDIENCE}\n{CLAIMS}\n}}',
        ["keys are fetched from port 443 alone: give them in `jwks_file`"],
    ),
    "claims that are none": (f"oidc {{\n{ISSUER}\n{AUDIENCE}\nclaims = §[]\n}}", ["expected a map of claims, found a list"]),
    "no claims": (f"oidc {{\n{ISSUER}\n{AUDIENCE}\nclaims = §{{}}\n}}", [f"expected 1 to {MOST_CLAIMS} claims"]),
    "too many claims": (f"oidc {{\n{ISSUER}\n{AUDIENCE}\nclaims = §{MANY}\n}}", [f"expected 1 to {MOST_CLAIMS} claims"]),
    "wrong claims": (
        f'oidc {{\n{ISSUER}\n{AUDIENCE}\nclaims = {{ aud = §"x", sub = §7, e = §"{"x" * 1025}" }}\n}}',
        [
            "the claim aud is looked at in every token",
            "expected a string, found a number",
            "the string has 1025 characters, more than 1024",
        ],
    ),
    "no file": (
        f'oidc {{\n{ISSUER}\n{AUDIENCE}\n{CLAIMS}\njwks_file = §"none.json"\n}}',
        ["cannot read the file: no such file or directory"],
    ),
    "another attribute": (f"oidc {{\n{ISSUER}\n{AUDIENCE}\n{CLAIMS}\n§jwks = 1\n}}", ["oidc has no attribute `jwks`"]),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults(name):
    text, messages = FAULTS[name]
    marked = BASE + MAIN + SIGNED + text + "\n}\n"
    if name == "nothing":
        marked = marked.replace("§", "§§§")
    check(marked, messages)


def read(text, **given):
    return load(f"{BASE}{MAIN}{SIGNED}{text}\n}}\n", **given).agents[0].oidc


def test_what_is_read():
    assert read("") is None
    claims = 'claims = { sub = "c", "https://a.example/team" = "d" }'
    assert read(f"oidc {{\n{ISSUER}\n{AUDIENCE}\n{claims}\n}}") == OidcProof(
        issuer="https://a.example/b", audience="trio-gate", claims=(("https://a.example/team", "d"), ("sub", "c"))
    )


def refuse(text):
    raise ValueError(f"{len(text)} characters are no good")


def test_keys_are_as_they_are_read_from_the_file():
    file = f'oidc {{\nissuer = "https://a.example:8443"\n{AUDIENCE}\n{CLAIMS}\njwks_file = §"secret.txt"\n}}'
    keys = FILES["/etc/gate/secret.txt"]
    assert read(file.replace("§", ""), trust=Trust(authority=refuse, keys=str.upper)).keys == keys.upper()
    check(f"{BASE}{MAIN}{SIGNED}{file}\n}}\n", [f"{len(keys)} characters are no good"], trust=Trust(authority=str, keys=refuse))
