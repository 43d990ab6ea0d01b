"""Where tunnels lead; who gets one, what ends it and what is recorded is tested with a gateway (tests/integration/wire/test_passthrough.py)."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.kit.configs import load
from trio_gate.aws.hosts.table import HostTable
from trio_gate.aws.ingress import Ingress
from trio_gate.config.model import Address
from trio_gate.errors import UpstreamError
from trio_gate.metrics.counts import Counts
from trio_gate.shell.clock import SystemClock
from trio_gate.shell.models.packaged_data import packaged_hosts
from trio_gate.shell.net.connection_limits import Seats
from trio_gate.shell.tunnels.tunnels import Tunnels
from trio_gate.shell.upstream.lookups import Lookups

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


def tunnels(passthrough, **services):
    around = SimpleNamespace(
        passthrough=lambda: passthrough,
        snapshot=lambda: SimpleNamespace(config=CONFIG, agents={}, number=1),
        services=SimpleNamespace(table=TABLE, clock=SystemClock(), counts=Counts(), **services),
        check=lambda _: None,
        forbidden=lambda *_: False,
        proof_needed=False,
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
async def test_they_lead_to_what_is_configured_and_neither_to_aws_nor_to_the_gateway(  # noqa: ASYNC124 - paces read trio's clock
    host, port, leads
):
    assert tunnels(CONFIG.gateway.listeners[0].passthrough).leads_to(host, port) is leads


async def test_they_lead_nowhere_where_nothing_is_configured():  # noqa: ASYNC124 - paces read trio's clock
    assert not tunnels(None).leads_to("pypi.example", 443)


class Record:
    """Keeps what it is given."""

    def __init__(self):
        self.rows = []

    async def intend(self, row):
        self.rows.append(row)

    conclude = intend


async def test_their_names_are_looked_up_apart_from_those_of_aws():
    asked, record = [], Record()

    def ask(name, port):
        asked.append((name, port))
        return [(None, None, None, None, ("127.0.0.1", port))]

    services = {"audit": record, "lookups": Lookups(ask), "approvals": SimpleNamespace(publish=lambda _: None)}
    made = tunnels(CONFIG.gateway.listeners[0].passthrough, **services)
    with Seats(4, 4).seat("127.0.0.1") as seat, pytest.raises(UpstreamError, match="loopback"):
        await made.run(None, Address(host="git.example", port=22), b"", Ingress(kind="proxy"), seat)
    assert asked == [(b"git.example", 22)]
    assert [getattr(row, "end", "intent") for row in record.rows] == ["intent", "failed"]
