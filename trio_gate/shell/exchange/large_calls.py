"""Calls with large bodies are parsed and judged in worker threads, and their values freed there, a little at a time.

Theory: Python hands its lock from thread to thread every `SWITCH` seconds, but not during a call into C: readers of large values
therefore work in parts. Freeing a large value in a single step would block the event loop.
"""

from __future__ import annotations

import gc
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import trio

from trio_gate.aws.params.readers.pieces import take_apart
from trio_gate.errors import AgentGone
from trio_gate.shell.net.race import race

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from trio_gate.aws.call import Call
    from trio_gate.shell.net.agent_stream import AgentStream
    from trio_gate.shell.worker_threads import WorkerThreads

    T = TypeVar("T")

SMALL = 16 * 1024
"""Largest body, in bytes, that is parsed on the event loop: a byte takes up to two microseconds."""

LARGE = 256 * 1024
"""Size of a body, in bytes, above which its parameters are freed in a thread when the call is over."""

SWITCH = 0.001
"""Seconds after which a computing thread hands the interpreter's lock to another, such as the event loop's."""

YOUNG = 10_000
"""New objects for each garbage collection of the young generation. By Python's 700 there is one for nearly each request, which looks
at the values of all requests under way and finds nothing, as these are freed without it."""

RARELY = 1_000
"""Garbage collections of the middle generation for each full one: with a large call, a full one blocks for 100 ms."""


def tune_interpreter() -> None:
    """Set the interpreter's switch interval and garbage collection so that computing threads do not starve the event loop."""
    sys.setswitchinterval(SWITCH)
    gc.set_threshold(YOUNG, gc.get_threshold()[1], RARELY)


def drop_params(call: Call) -> None:
    """Free the parameters of a finished call piece by piece, except those that something still refers to."""
    take_apart(call.params, _alone)


def drop_in_thread(call: Call) -> None:
    """Call `drop_params` in a new thread, at once: in a queue, the memory would be held until its turn."""
    with suppress(RuntimeError):  # no thread can be had: they are freed with the call, which blocks for a moment
        trio.lowlevel.start_thread_soon(partial(drop_params, call), lambda _: None, "trio-gate drop")


def _alone(tree: object) -> bool:
    return sys.getrefcount(tree) <= _ALONE


def _count() -> int:
    counts: list[int] = []

    def seen(tree: object) -> bool:
        counts.append(sys.getrefcount(tree))
        return True

    take_apart([[]], seen)
    return counts[0]


_ALONE = _count()
"""Python's reference count of a value that only `take_apart` holds; it differs between versions of Python."""


async def offload(
    workers: WorkerThreads,
    agent: AgentStream,
    key: str,
    size: int,
    make: Callable[[], T],
    drop: Callable[[T], None] | None = None,
) -> T:
    """Return what `make` returns. It runs `in_worker` if the call's body, of `size` bytes, is large."""
    return make() if size <= SMALL else await in_worker(workers, agent, key, make, drop)


async def in_worker(
    workers: WorkerThreads,
    agent: AgentStream,
    key: str,
    make: Callable[[], T],
    drop: Callable[[T], None] | None = None,
) -> T:
    """Return what `make` returns in a worker thread.

    If the agent leaves meanwhile, the result is passed to `drop`.

    Raises:
        AgentGone: the agent hung up.
        GateError: `make` raised it, or too many jobs of this agent are waiting.
    """

    async def made() -> tuple[T]:
        return (await workers.run(key, make, drop),)

    found = await race(made, agent.gone)
    if found is None:
        raise AgentGone
    return found[0]
