"""Which values of `Proxy-Authorization` prove which agent."""

import base64
import hashlib
from dataclasses import replace

import pytest

from trio_gate.aws.ingress import Ingress, ProxyToken
from trio_gate.config.model import Agent, OidcProof
from trio_gate.errors import Unauthenticated
from trio_gate.exchange.proving.proxy_tokens import find, identity, proven, shown

OLD, NEW, OTHER = "old-token", "new:token", "other-token"


def sha256(token):
    return hashlib.sha256(token.encode()).hexdigest()


def agent(name, *tokens):
    return Agent(name=name, key_suffix=name.upper(), secrets=("s",), accounts=(), proxy_tokens=tuple(map(sha256, tokens)))


CI, CD, PLAIN = agent("ci", NEW, OLD), agent("cd", OTHER), agent("plain")


def basic(text, scheme="Basic"):
    return f"{scheme} {base64.b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (basic(f"ci:{NEW}"), ("ci", NEW)),
        (basic(f"ci:{OLD}", "bAsIc"), ("ci", OLD)),
        (basic(f"cd:{OTHER}", "basic "), ("cd", OTHER)),
        (basic(f"cd:{NEW}"), None),
        (basic(f"ci:{OTHER}"), None),
        (basic(f"CI:{NEW}"), None),
        (basic(f"nobody:{NEW}"), None),
        (basic("plain:"), None),
        (basic("ci:"), None),
        (basic(f"{NEW}"), None),
        (basic(f":{NEW}"), None),
        (basic(f"ci:{sha256(NEW)}"), None),
        (basic(f"ci:{NEW}", "Bearer"), None),
        (basic(f"cd:{OTHER}").rstrip("="), None),
        (basic(f"ci:{NEW}") + "!", None),
        ("Basic", None),
        ("", None),
        ("Basic \u00fc", None),
    ],
)
def test_a_token_proves_the_agent_that_it_belongs_to(said, found):
    token = find([CI, CD, PLAIN], said)
    assert (token and (token.agent, token.sha256)) == (found and (found[0], sha256(found[1])))


def test_every_token_is_compared_whoever_is_named(monkeypatch):
    compared = []
    monkeypatch.setattr("hmac.compare_digest", lambda one, other: compared.append(one) or one == other)
    counts = set()
    for said in (f"ci:{NEW}", f"cd:{OTHER}", "nobody:x"):
        compared.clear()
        find([CI, CD, PLAIN], basic(said))
        counts.add(len(compared))
    assert counts == {6}


PROOF = OidcProof(issuer="https://a.example", audience="gate", claims=(("sub", "ci"),))
CLOUD, BOTH = replace(agent("cloud"), oidc=PROOF), replace(agent("both", NEW), oidc=PROOF)
PLAINLY = Ingress(kind="proxy", connect="sts.amazonaws.com")


@pytest.mark.parametrize(
    ("agents", "said"),
    [
        ([CI, CD], None),
        ([CI, PLAIN], basic("ci:wrong")),
        ([CI, PLAIN], "Bearer x"),
        ([CI], basic(f"cd:{NEW}")),
        ([CI, BOTH], "Bearer a.b.c"),
        ([CI, BOTH], basic("both:a.b.c")),
    ],
)
def test_what_is_missing_or_wrong_is_a_407(agents, said):
    with pytest.raises(Unauthenticated) as refused:
        proven(agents, said, PLAINLY)
    assert refused.value.status == 407


def test_what_an_ingress_is_then():
    assert proven([CI, CD], basic(f"ci:{OLD}"), PLAINLY).proxy_token == ProxyToken(agent="ci", sha256=sha256(OLD))
    for agents, said in (([CI, PLAIN], None), ([], None), ([PLAIN], basic("ci:wrong")), ([], "Bearer x")):
        assert proven(agents, said, PLAINLY) == PLAINLY
    assert proven([CLOUD, CI], "Bearer a.b.c", PLAINLY) == replace(PLAINLY, tokens=("a.b.c",))
    assert proven([CLOUD, CI], basic("cloud:a.b.c"), PLAINLY) == replace(PLAINLY, tokens=("a.b.c",), named="cloud")


def test_where_it_stands():
    assert shown((("host", "a:443"), ("proxy-authorization", "Basic eA=="))) == "Basic eA=="
    assert shown((("host", "a:443"), ("authorization", "Basic eA=="))) is None


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("Bearer a.b.c", "a.b.c"),
        ("bearer  a.b.c ", "a.b.c"),
        (basic("cloud:a.b.c"), "a.b.c"),
        (basic("cloud:a:b"), "a:b"),
        (basic("ci:a.b.c"), None),
        (basic("both:a.b.c"), None),
        (basic("nobody:a.b.c"), None),
        ("Digest a.b.c", None),
    ],
)
def test_an_identity_token_is_bearer_or_the_password_of_an_agent_that_has_one(said, found):
    assert identity([CI, CLOUD, BOTH, PLAIN], said) == found
    assert identity([CI, PLAIN], said) is None
