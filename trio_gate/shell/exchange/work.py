"""Computing beside the event loop, shared fairly: what an agent's text costs is never waited for by others longer than one piece.

Rule: a piece is one reading of one call. Each agent has one piece under way at most, and its others wait in a line of its own, of
bounded length; the lines take turns. Who gives up while waiting leaves the line at once. A piece under way cannot be stopped: its
thread is given back when it ends, and nobody waits for it but who asked.

What is large is taken apart here too, a little at a time: freeing it at once keeps everybody waiting as well.

Theory: it is all computing under one lock of the interpreter, so more threads would not make it faster. Two, so that one long piece
does not keep out the rest. Python hands the lock over every `SWITCH` seconds, but not inside a call into C: readers of what may
be large go through it in parts.
"""

from __future__ import annotations

import gc
import sys
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import trio

from trio_gate.aws.params.readers.pieces import take_apart
from trio_gate.errors import AgentGone, Overloaded
from trio_gate.shell.net.race import race

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol, TypeVar

    from trio_gate.aws.call import Call
    from trio_gate.shell.net.agent_stream import AgentStream

    T = TypeVar("T")

    class Outcome(Protocol):
        """What a piece has come to, as trio gives it."""

        def unwrap(self) -> Any:
            """What it returned or raised."""


SMALL = 16 * 1024
"""Bytes of a body that is read on the event loop: a reader takes up to two microseconds for each."""

LARGE = 256 * 1024
"""Bytes of a body whose parameters are worth taking apart when its call is over."""

THREADS = 2

MAX_WAITING = 64
"""Pieces that may wait in one line. `max_connections_per_agent` ends sooner for most."""

SWITCH = 0.001
"""Seconds that a thread computes while others wait, the event loop among them."""

RARELY = 10_000
"""How many times as often younger objects are looked through for garbage than all: with a large call, all takes 100 ms in one go."""


def let_go_often() -> None:
    """Set up the interpreter so that threads that compute leave the event loop its turns."""
    sys.setswitchinterval(SWITCH)
    gc.set_threshold(*gc.get_threshold()[:2], RARELY)


def drop_params(call: Call) -> None:
    """Take the parameters of a call apart that is over, but for what somebody is still reading."""
    take_apart(call.params, _alone)


def drop_beside(call: Call) -> None:
    """The same in a thread of its own, at once: what waits for a turn would be kept for as long."""
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
"""What Python counts for a tree that only `take_apart` holds; another Python counts otherwise."""


@dataclass(slots=True, eq=False)
class _Piece:
    work: Callable[[], Any]
    drop: Callable[[Any], None] | None = None
    left: bool = False
    done: trio.Event = field(default_factory=trio.Event)
    outcome: Outcome | None = None


class Work:
    """See the head of the file. Made in the run of trio that uses it, or before."""

    def __init__(self, threads: int = THREADS) -> None:
        self._free = threads
        self._lines: dict[str, deque[_Piece]] = {}
        self._busy: set[str] = set()

    async def run(self, key: str, work: Callable[[], T], drop: Callable[[T], None] | None = None) -> T:
        """What `work` returns or raises, once it is the turn of `key` and of what it asked for before.

        What it returns to nobody is given to `drop`, in its thread.

        Raises:
            Overloaded: too much waits for this key.
        """
        piece = _Piece(work, drop)
        line = self._lines.setdefault(key, deque())
        if len(line) >= MAX_WAITING:
            raise Overloaded("too many large calls of this agent wait to be read: try again later")
        line.append(piece)
        self._start()
        try:
            await piece.done.wait()
        finally:
            piece.left = True
            self._leave(key, piece)
        if piece.outcome is None:
            message = "a piece that is done without an outcome"
            raise RuntimeError(message)
        result: T = piece.outcome.unwrap()
        return result

    def _leave(self, key: str, piece: _Piece) -> None:
        """Take a piece that was not begun out of its line."""
        line = self._lines.get(key, deque())
        if piece in line:
            line.remove(piece)
        if not line:
            self._lines.pop(key, None)

    def _start(self) -> None:
        """Begin what may begin: the first piece of each line, in the order of the lines."""
        for key, line in list(self._lines.items()):
            if self._free and line and key not in self._busy:
                self._begin(key, line.popleft())

    def _begin(self, key: str, piece: _Piece) -> None:
        token = trio.lowlevel.current_trio_token()
        self._free -= 1
        self._busy.add(key)

        def work() -> Any:
            made = piece.work()
            if piece.left and piece.drop is not None:
                piece.drop(made)
                return None
            return made

        def deliver(outcome: Outcome) -> None:
            with suppress(trio.RunFinishedError):
                token.run_sync_soon(self._end, key, piece, outcome)

        trio.lowlevel.start_thread_soon(work, deliver, "trio-gate work")

    def _end(self, key: str, piece: _Piece, outcome: Outcome) -> None:
        piece.outcome = outcome
        piece.done.set()
        self._free += 1
        self._busy.discard(key)
        if key in self._lines:  # behind those who wait
            self._lines[key] = self._lines.pop(key)
        self._start()


async def beside(
    work: Work, agent: AgentStream, key: str, size: int, make: Callable[[], T], drop: Callable[[T], None] | None = None
) -> T:
    """What `make` makes of a call with a body of `size` bytes: beside the loop where that may take long, while the agent is there.

    What it makes for an agent that has left is given to `drop`.

    Raises:
        AgentGone: it hung up.
        GateError: `make` raised it, or too much of this agent waits.
    """
    if size <= SMALL:
        return make()

    async def made() -> tuple[T]:
        return (await work.run(key, make, drop),)

    found = await race(made, agent.gone)
    if found is None:
        raise AgentGone
    return found[0]
