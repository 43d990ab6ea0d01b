"""The `agent` block: each fault at its place, and what is read."""

import hashlib
import json

import pytest

from tests.kit.configs import BASE, FILES, MAIN, check, faults_of, load
from trio_gate.config.agents.trust import Trust
from trio_gate.config.model import NO_LIMITS, AgentLimits, CertificateProof

AGENT = 'agent "ci" { key_suffix = "CI01" secret = "0123456789abcdef" }\n'
SIGNED = 'key_suffix = "CI" secret = "0123456789abcdef"'


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


FAULTS = {
    "secret and secrets": (
        'agent "ci" { key_suffix = "CI" secret = §"0123456789abcdef" secrets = ["0123456789abcdeg"] }',
        ["`secret` and `secrets` cannot be used together"],
    ),
    "one of the secrets short": (
        'agent "ci" { key_suffix = "CI" secrets = ["0123456789abcdef", §"short"] }',
        ["the secret is too short: it needs at least 16 characters"],
    ),
    "one of the secrets shared": (
        f'{AGENT}agent "cd" {{ key_suffix = "CD" secrets = ["0123456789abcdeg", §"0123456789abcdef"] }}',
        ['agent "ci" has the same secret'],
    ),
    "too many secrets": (
        'agent "ci" { key_suffix = "CI" secrets = §["0123456789abcde0", "0123456789abcde1", "0123456789abcde2", '
        '"0123456789abcde3", "0123456789abcde4"] }',
        ["an agent has at most 4 secrets at once"],
    ),
    "no network": (
        'agent "ci" { key_suffix = "CI" secret = "0123456789abcdef" networks = ["10.0.0.0/8", §"home"] }',
        ["expected a network"],
    ),
    "limits": (
        'agent "ci" { key_suffix = "CI" secret = "0123456789abcdef" max_connections = §0 max_in_flight = §"9" max_pending = §0 rate = §0 }',
        [
            "expected a number from 1 to 1000000",
            "expected a whole number, found a string",
            "expected a number from 1 to 10000",
            "expected a number from 1 to 100000",
        ],
    ),
    "a certificate without its authority": (
        'agent "ci" { key_suffix = "CI" secret = "0123456789abcdef" certificate_name = §"ci.example" }',
        ["`certificate_name` needs `certificate_authority`"],
    ),
    "an authority alone": (
        'agent "ci" { key_suffix = "CI" secret = "0123456789abcdef" certificate_authority = §"secret.txt" }',
        ["`certificate_authority` needs `certificate_name` or `certificate_sha256`"],
    ),
    "an authority that is not there": (
        'agent "ci" { key_suffix = "CI" secret = "0123456789abcdef" certificate_name = "a" certificate_authority = §"none.pem" }',
        ["cannot read the file: no such file or directory"],
    ),
    "no hash": (
        'agent "ci" { key_suffix = "CI" secret = "0123456789abcdef" certificate_sha256 = [§"ABCD"] certificate_authority = "secret.txt" }',
        ["expected the SHA-256 of a certificate's DER: 64 hexadecimal digits in lower case"],
    ),
    "no hash of a token": (
        f'agent "ci" {{ {SIGNED} proxy_token_sha256 = [§"ABCD"] }}',
        ["expected the SHA-256 of the token: 64 hexadecimal digits in lower case"],
    ),
    "too many tokens": (
        f'agent "ci" {{ {SIGNED} proxy_token_sha256 = §{json.dumps([digit * 64 for digit in "12345"])} }}',
        ["an agent has at most 4 tokens at once"],
    ),
    "an empty token": (
        f'agent "ci" {{ {SIGNED} proxy_token_sha256 = §"{sha256("")}" }}',
        ["this is the SHA-256 of an empty token"],
    ),
    "a token that is a secret": (
        f'agent "ci" {{ {SIGNED} proxy_token_sha256 = §"{sha256("0123456789abcdef")}" }}',
        ['agent "ci" has the same secret or token'],
    ),
    "a token of two": (
        f'agent "ci" {{ {SIGNED} proxy_token_sha256 = "{"1" * 64}" }}\n'
        f'agent "cd" {{ key_suffix = "CD" secret = "0123456789abcdeg" proxy_token_sha256 = ["{"2" * 64}", §"{"1" * 64}"] }}',
        ['agent "ci" has the same secret or token'],
    ),
    "a token of a person": (
        f'person "alice" {{ token_sha256 = "{"1" * 64}" }}\nagent "ci" {{ {SIGNED} proxy_token_sha256 = §"{"1" * 64}" }}',
        ['person "alice" has the same secret or token'],
    ),
    "burst alone": (
        'agent "ci" { key_suffix = "CI" secret = "0123456789abcdef" burst = §9 }',
        ["`burst` needs `rate`"],
    ),
}


def refuse(pem):
    raise ValueError("it is no good")


def read(more):
    return load(BASE + MAIN + AGENT.replace(" }", f" {more} }}")).agents[0]


@pytest.mark.parametrize("name", FAULTS)
def test_faults(name):
    check(*FAULTS[name])


def test_what_is_not_said_is_no_limit():
    assert (read("").networks, read("").limits) == ((), NO_LIMITS)


def test_networks_and_limits():
    agent = read(
        'networks = ["10.0.0.0/8", "fd00::/8", "192.0.2.7"] max_connections = 3 max_in_flight = 2 max_pending = 1 rate = 10'
    )
    assert [str(one) for one in agent.networks] == ["10.0.0.0/8", "fd00::/8", "192.0.2.7/32"]
    assert agent.limits == AgentLimits(max_connections=3, max_in_flight=2, max_pending=1, rate=10, burst=10)
    assert read("rate = 10 burst = 50").limits == AgentLimits(rate=10, burst=50)


def test_a_certificate():
    agent = read('certificate_authority = "secret.txt" certificate_name = "CI.example"')
    assert agent.certificate == CertificateProof(authority=FILES["/etc/gate/secret.txt"], names=("ci.example",))


def test_an_authority_is_as_it_is_read_and_what_is_wrong_with_it_is_a_fault_at_its_name():
    named = AGENT.replace(" }", ' certificate_authority = "secret.txt" certificate_name = "a" }')
    assert (
        load(named, trust=Trust(authority=str.upper, keys=str)).agents[0].certificate.authority
        == FILES["/etc/gate/secret.txt"].upper()
    )
    check(named.replace('"secret.txt"', '§"secret.txt"'), ["it is no good"], trust=Trust(authority=refuse, keys=str))


def test_the_path_of_a_file_that_is_not_there_is_said():
    text = AGENT.replace(" }", ' certificate_authority = "none.pem" certificate_name = "a" }')
    assert [fault.hint for fault in faults_of(text)] == ["it was looked for at /etc/gate/none.pem"]


def test_proxy_tokens():
    assert read(f'proxy_token_sha256 = "{"1" * 64}"').proxy_tokens == ("1" * 64,)
    assert read(f'proxy_token_sha256 = ["{"1" * 64}", "{"2" * 64}"]').proxy_tokens == ("1" * 64, "2" * 64)
    assert read("").proxy_tokens == ()


def test_secrets_are_not_shown():
    assert "0123456789abcdef" not in repr(read(""))
