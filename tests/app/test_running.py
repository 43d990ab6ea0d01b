"""Whether a gateway takes calls, and what else would keep it from that."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from trio_gate.app.running import Running
from trio_gate.shell.clock import SystemClock
from trio_gate.shell.net.accept import Shutdown


def made(*, audit=False, hub=False, takes_lines=True):
    decisions = SimpleNamespace(takes_lines=lambda: takes_lines)
    services = SimpleNamespace(audit=SimpleNamespace(failing=audit), sinks=SimpleNamespace(decisions=decisions))
    present = SimpleNamespace(status=lambda: "generation 1")
    hub = SimpleNamespace(failing=hub)
    return Running(services=services, hub=hub, present=present, shutdown=Shutdown(), started=SystemClock().now())


def test_it_takes_calls():
    assert (made().unready(), made().status()) == (None, "generation 1")


@pytest.mark.parametrize(
    ("changes", "word"),
    [({"audit": True}, "the record"), ({"hub": True}, "approvals database"), ({"takes_lines": False}, "decision log")],
)
def test_what_cannot_be_written_keeps_it_from_that(changes, word):
    assert word in made(**changes).unready()
    assert word in made(**changes).status()


async def test_a_stop_keeps_it_from_that():  # noqa: ASYNC124 - a stop reads the clock of a run
    running = made()
    running.shutdown.request()
    assert running.unready() == "the gateway is stopping"
