"""What a proxy listener tunnels, as it is written."""

import pytest

from tests.kit.configs import load
from trio_gate.config.describe import describe

GATEWAY = 'gateway {\n  state_dir = "/s"\n  listener "proxy" {\n    bind = "127.0.0.1:0"\n    %s\n  }\n}\n'

OFF = 'bind = "0.0.0.0:0"'
TOKEN = f'proxy_token_sha256 = "{"a" * 64}"'
CERTIFICATE = 'certificate_authority = "/etc/gate/secret.txt"\n  certificate_name = "ci.example"'
OIDC = 'oidc {\n    issuer = "https://a.example"\n    audience = "gate"\n    claims = { sub = "ci" }\n  }'


def read(attributes):
    config = load(GATEWAY % attributes)
    return config, config.gateway.listeners[0].passthrough


def test_it_is_off_unless_it_is_said():
    config, passed = read("")
    assert passed is None
    assert "unread" not in describe(config)


def test_places_have_the_port_of_https_unless_they_name_one():
    config, passed = read('passthrough = ["*.Packages.example", "api.model.example:8443"]\n    passthrough_idle = "1m"')
    assert [(place.pattern, place.port) for place in passed.places] == [("*.packages.example", 443), ("api.model.example", 8443)]
    assert (passed.idle, passed.longest) == (60, 12 * 3600)
    assert "passes *.packages.example, api.model.example:8443 through unread" in describe(config)


@pytest.mark.parametrize(
    ("listener", "proof", "noted"),
    [
        (OFF, "", True),
        (OFF, TOKEN, False),
        (OFF, OIDC, False),
        (OFF, f"{TOKEN}\n  {OIDC}", True),
        (OFF, CERTIFICATE, True),
        (OFF, f"{TOKEN}\n  {CERTIFICATE}", True),
        (f"{OFF}\n    tls = true", CERTIFICATE, False),
        (f"{OFF}\n    tls = true", f"{TOKEN}\n  {CERTIFICATE}", False),
        (f"{OFF}\n    tls = true", "", True),
        ("", "", False),
    ],
)
def test_off_loopback_it_is_noted_where_no_agent_could_prove_itself(listener, proof, noted):
    agent = f'agent "ci" {{\n  key_suffix = "CI01"\n  secret = "agent-secret-0123456789"\n  {proof}\n}}\n'
    text = GATEWAY % f'passthrough = ["*"]\n    names = ["gate.example"]\n    {listener}'
    config = load((text.replace('    bind = "127.0.0.1:0"\n', "") if listener else text) + agent)
    assert any("tunnels for nobody" in note for note in config.notes) is noted
