"""Looks up names that agents choose, in threads of its own, so that names which are slow on purpose keep no call to AWS waiting.

Rule: an agent has `PER_AGENT` lookups at a time, and all who are unknown have those of one agent. A name always has the same place among these, so that
one that hangs leaves the others. A lookup that nobody waits for keeps its thread until the system's resolver gives it up.
"""

from __future__ import annotations

import socket
import zlib
from typing import TYPE_CHECKING, Any

from trio_gate.shell.worker_threads import WorkerThreads

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Answers = list[tuple[Any, ...]]
    """What `socket.getaddrinfo` returns."""

    Resolve = Callable[[bytes, int], Awaitable[Answers]]
    """Finds the addresses of a name, with a port. Raises OSError, UnicodeError, RuntimeError, GateError."""

THREADS = 8
"""Lookups at once."""

PER_AGENT = 2
"""Lookups at once of one agent."""


class Lookups:
    """The lookups of all agents. `ask` looks a name up, with a port, in a thread."""

    def __init__(self, ask: Callable[[bytes, int], Answers] | None = None) -> None:
        self._ask = ask or _system
        self._threads = WorkerThreads(THREADS)

    @property
    def most(self) -> int:
        """How many wait in the longest queue."""
        return self._threads.most

    def of(self, agent: str | None) -> Resolve:
        """The lookups of one agent, or of all who are unknown. They raise TooMuchAtOnce where too many wait, Overloaded without a thread."""

        async def resolve(name: bytes, port: int) -> Answers:
            place = f"{zlib.crc32(name) % PER_AGENT} {agent or ''}"
            return await self._threads.run(place, lambda: self._ask(name, port))

        return resolve


def _system(name: bytes, port: int) -> Answers:
    return socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
