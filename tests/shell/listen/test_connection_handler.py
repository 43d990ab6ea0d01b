"""What a connection held is freed when it ends, without the garbage collector, which rarely looks at what is old."""

from __future__ import annotations

import gc
import weakref
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest

from trio_gate.errors import Denied, Malformed
from trio_gate.shell.listen import connection_handler
from trio_gate.shell.listen.connection_handler import ConnectionHandler
from trio_gate.shell.net.agent_stream import AgentGone
from trio_gate.wire.head import RequestHead, Target

HEAD = RequestHead(method="GET", target=Target(segments=("",)), headers=())


class Agent:
    """An agent with a fault. Its connection remembers what was malformed, as the real one does."""

    def __init__(self, fault):
        self.fault = fault
        self.seat = SimpleNamespace(address="192.0.2.1", turned_out=False, rest=lambda: None)
        self.connection = SimpleNamespace(answering=False, refused_head=HEAD, fault=None, start_next=lambda: False)

    async def next_head(self):
        return self.fail() if self.fault is Malformed else HEAD

    async def send_head(self, *_, **__):
        pass

    def fail(self):
        fault = self.fault("a reason")
        if self.fault is Malformed:
            self.connection.fault = fault
        try:
            raise fault
        finally:
            del fault


class Pipeline:
    """Ends with the fault of its agent's connection."""

    identified = None

    def __init__(self, *, agent, **_):
        self.agent = agent

    async def run(self, _head):
        self.agent.fail()

    def drop(self):
        pass


class Handler(ConnectionHandler):
    """Records nothing."""

    def _recorder(self, *_):
        return SimpleNamespace(id="r", forget=lambda: None)

    async def _record(self, *_):
        pass


@pytest.mark.parametrize("fault", [AgentGone, Malformed, Denied])
async def test_a_connection_that_ends_with_a_fault_is_freed_at_once(fault, monkeypatch):
    monkeypatch.setattr(connection_handler, "Pipeline", Pipeline)
    services = MagicMock()
    services.clock.now.return_value.tzinfo = None
    monkeypatch.setattr(connection_handler, "format_datetime", lambda *_, **__: "now")
    agent = Agent(fault)
    freed = weakref.ref(agent)
    handler = Handler(agent, ingress=MagicMock(sni=None, connect=None), services=services, snapshot=MagicMock())
    gc.collect()
    gc.disable()
    try:
        await handler.run()
        del agent, handler
        assert freed() is None
    finally:
        gc.enable()
