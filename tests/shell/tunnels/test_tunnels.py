"""Where tunnels lead; who gets one, what ends it and what is recorded is tested with a gateway (tests/integration/wire/test_passthrough.py)."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.kit.configs import load
from trio_gate.aws.hosts.table import HostTable
from trio_gate.shell.models.packaged_data import packaged_hosts
from trio_gate.shell.tunnels.tunnels import Tunnels

CONFIG = load("""
gateway {
  state_dir = "/s"
  listener "proxy" {
    bind        = "127.0.0.1:0"
    passthrough = ["*", "git.example:22"]
  }
  listener "endpoint" {
    bind  = "localhost:0"
    names = ["gate.internal.example"]
  }
  admin {
    bind  = "127.0.0.1:0"
    names = ["page.internal.example"]
  }
}
""")
TABLE = HostTable(packaged_hosts())


def tunnels(passthrough):
    around = SimpleNamespace(
        passthrough=lambda: passthrough, snapshot=lambda: SimpleNamespace(config=CONFIG), services=SimpleNamespace(table=TABLE)
    )
    return Tunnels(around)


@pytest.mark.parametrize(
    ("host", "port", "leads"),
    [
        ("pypi.example", 443, True),
        ("git.example", 22, True),
        ("pypi.example", 22, False),
        ("gate.internal.example", 443, False),
        ("page.internal.example", 443, False),
        ("localhost", 443, False),
        ("sts.amazonaws.com", 443, False),
        ("unheard.of.amazonaws.com", 443, False),
    ],
)
def test_they_lead_to_what_is_configured_and_neither_to_aws_nor_to_the_gateway(host, port, leads):
    assert tunnels(CONFIG.gateway.listeners[0].passthrough).leads_to(host, port) is leads


def test_they_lead_nowhere_where_nothing_is_configured():
    assert not tunnels(None).leads_to("pypi.example", 443)
