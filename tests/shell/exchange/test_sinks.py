"""Where requests are told of: what takes another's place is used at once, and what was there is closed."""

from __future__ import annotations

import pytest
import trio

from tests.kit.records import NOW
from trio_gate.errors import AuditUnavailable, Overloaded
from trio_gate.shell.audit.decision_log import DecisionLog
from trio_gate.shell.exchange.sinks import Sinks


def refused(log: DecisionLog, name: str) -> None:
    log.refused(id=name, time=NOW, agent=None, status=400, code="C", reason="R")


async def test_another_log_gets_the_lines_from_then_on(tmp_path):
    old, new = (DecisionLog(str(tmp_path / name)) for name in ("old", "new"))
    async with trio.open_nursery() as closing:
        sinks = Sinks(closing, old, None)
        refused(sinks.decisions, "r-1")
        sinks.log_to(new)
        refused(sinks.decisions, "r-2")
        with pytest.raises(AuditUnavailable):
            refused(old, "r-3")
        sinks.log_to(None)
        with pytest.raises(AuditUnavailable):
            refused(new, "r-4")
        assert sinks.decisions is None
    assert [(tmp_path / name).read_text().count("\n") for name in ("old", "new")] == [1, 1]


async def test_the_collector_before_gets_what_waits_while_calls_go_on():
    class Slow:
        closed = trio.Event()
        may = trio.Event()

        async def aclose(self):
            await self.may.wait()
            self.closed.set()

    async with trio.open_nursery() as closing:
        slow = Slow()
        sinks = Sinks(closing, None, slow)
        sinks.trace_to(None)
        assert sinks.traces is None
        await trio.testing.wait_all_tasks_blocked()
        assert not slow.closed.is_set()
        slow.may.set()
    assert slow.closed.is_set()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Overloaded("the gateway can start no thread just now"), "the gateway can start no thread just now"),
        (RuntimeError("a secret"), "internal error: RuntimeError in test_what_the_collector_before_raises_ends_nothing."),
    ],
)
async def test_what_the_collector_before_raises_ends_nothing(caplog, fault, said):
    class Broken:
        async def aclose(self):
            await trio.lowlevel.checkpoint()
            raise fault

    async with trio.open_nursery() as closing:
        Sinks(closing, None, Broken()).trace_to(None)
    [record] = caplog.records
    assert record.getMessage().startswith(f"the last traces were not sent: {said}")
    assert "a secret" not in caplog.text
