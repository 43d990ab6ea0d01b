"""Doing one thing while others go on beside it, and ending all of them together."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import trio

from trio_gate.errors import AgentGone, GateError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    T = TypeVar("T")


async def race(main: Callable[[], Awaitable[T]], *beside: Callable[[], Awaitable[None]]) -> T | None:
    """What `main` returns; None if one of the others returned first, which cancels it.

    A GateError or AgentGone of any of them ends the race too and is raised as itself, unless `main` was done.
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
