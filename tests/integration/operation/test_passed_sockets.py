"""Listening sockets that outlive the gateway: who connects while it is started again is answered."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import pytest

from tests.kit.gateway import AGENT, running
from tests.kit.wire.steady_load import SteadyLoad
from trio_gate.shell.audit.database import FILE, read_last

DENY = 'rule "nothing" { action = "deny" }\n'
ENOUGH = 200
"""Connections after the second gateway is ready, and before the first one stops."""


@pytest.fixture
def sockets(monkeypatch):
    """One for each listener but the admin listener, which the gateway opens itself."""
    monkeypatch.setenv("LISTEN_FDNAMES", "proxy:tls:endpoint")
    with ExitStack() as opened:
        yield [opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=1024)) for _ in range(3)]


def test_a_restart_refuses_nobody_and_resets_nobody(tmp_path, sockets):
    host, port = sockets[2].getsockname()
    load = SteadyLoad(f"{host}:{port}")
    with ExitStack() as loading:
        with running(tmp_path, None, agent=AGENT, rules=DENY, sockets=sockets) as first:
            assert first.doors["endpoint"] == f"{host}:{port}"
            loading.enter_context(load.running())
            load.wait_for(ENOUGH)
        assert first.process.returncode == 0
        with running(tmp_path, None, agent=AGENT, rules=DENY, sockets=sockets) as second:
            load.wait_for(ENOUGH)
            loading.close()
    assert set(load.ends) == {"403"}, load.ends
    rows = read_last(str(second.folder / "state" / FILE), 100_000, {"decision": "deny"})
    assert len(rows) == load.ends.total()
