"""Runs a task and some others until one of them ends, then cancels the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import trio

from trio_gate.errors import AgentGone, GateError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    T = TypeVar("T")


async def race(main: Callable[[], Awaitable[T]], *beside: Callable[[], Awaitable[None]]) -> T | None:
    """Return what `main` returns, or None if one of the others returned first and cancelled it.

    A GateError or AgentGone of any of them also ends the race; it is raised unless `main` had returned.
    """
    done: list[T] = []
    faults: list[GateError | AgentGone] = []
    async with trio.open_nursery() as nursery:

        async def finish() -> None:
            done.append(await main())

        async def run(task: Callable[[], Awaitable[None]]) -> None:
            try:
                await task()
            except (GateError, AgentGone) as fault:
                faults.append(fault)
            nursery.cancel_scope.cancel()

        for task in (finish, *beside):
            nursery.start_soon(run, task)
    if faults and not done:
        raise faults[0]
    return done[0] if done else None
