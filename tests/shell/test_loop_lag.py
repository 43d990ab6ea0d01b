"""How late the event loop is, measured by one that was kept busy."""

from __future__ import annotations

import time

import trio
import trio.lowlevel
import trio.testing

from trio_gate.shell import loop_lag


async def test_a_loop_that_is_held_up_is_late(monkeypatch):
    monkeypatch.setattr(loop_lag, "EVERY", 0.01)
    late: list[float] = []
    measured = trio.Event()

    def note(seconds: float) -> None:
        late.append(seconds)
        measured.set()

    held = 0.2
    async with trio.open_nursery() as nursery:
        nursery.start_soon(loop_lag.measure, note)
        await trio.testing.wait_all_tasks_blocked()
        time.sleep(held)  # noqa: ASYNC251 - that is what is measured
        await measured.wait()
        nursery.cancel_scope.cancel()
    assert late[0] > held / 2
