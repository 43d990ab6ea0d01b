"""Waits for sockets, each with a deadline.

Rule: a wait that is over its deadline raises trio.TooSlowError where it waits; what has arrived or was sent until then stays.

Theory: a cancel scope for each wait costs more than the wait itself. So one task watches all of them: it sleeps until the earliest
deadline, and wakes the waits that are late the way trio wakes those for a socket that is being closed. Deadlines may be moved while
their waits run. The task is a system task of trio's: it exists once in a run, and ends with it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable

    Ready = Callable[[socket.socket], Awaitable[None]]


class Wait:
    """The waits for one socket in one direction, one after the other.

    Attributes:
        deadline: of the next wait, by trio's clock, and of the current one; see `move`.
        late: whether the current wait is over its deadline.
    """

    __slots__ = ("_ready", "_socket", "_watch", "deadline", "late")

    def __init__(self, sock: socket.socket, ready: Ready) -> None:
        self.deadline = math.inf
        self.late = False
        self._socket = sock
        self._ready = ready
        self._watch = _watch()

    async def ready(self) -> None:
        """Return when the socket is ready, or somebody else's wait for it has ended.

        Raises:
            trio.TooSlowError: it was not before the deadline, the one of now.
            trio.BrokenResourceError: this side has closed it.
        """
        if self._socket.fileno() < 0:
            raise trio.BrokenResourceError("it is closed")
        self.late = False
        self.move(self.deadline)
        self._watch.waiting.add(self)
        try:
            await self._ready(self._socket)
        except trio.ClosedResourceError as closed:
            if self.late:
                raise trio.TooSlowError from None
            if self._socket.fileno() < 0:
                raise trio.BrokenResourceError from closed
            # The wait in the other direction was late: the caller tries again, and waits again.
        finally:
            self._watch.waiting.discard(self)

    def move(self, deadline: float) -> None:
        """Change the deadline of the current wait."""
        self.deadline = deadline
        if deadline < self._watch.next:
            self._watch.wake_at(deadline)

    def expire(self) -> None:
        """End the running wait."""
        self.late = True
        trio.lowlevel.notify_closing(self._socket)


class _Watch:
    """Looks for waits that are late. `next` is when it will look; `waiting` are the running waits."""

    def __init__(self) -> None:
        self.next = math.inf
        self.waiting: set[Wait] = set()
        self._sleep = trio.CancelScope()

    def wake_at(self, time: float) -> None:
        self.next = self._sleep.deadline = time

    async def run(self) -> None:
        while True:
            with self._sleep:
                await trio.sleep_forever()
            now = trio.current_time()
            for wait in [wait for wait in self.waiting if wait.deadline <= now]:
                wait.expire()
            self.next = min((wait.deadline for wait in self.waiting if not wait.late), default=math.inf)
            self._sleep = trio.CancelScope(deadline=self.next)


_WATCH = trio.lowlevel.RunVar[_Watch]("socket waits")


def _watch() -> _Watch:
    """The watch of this run of trio; the first call starts it."""
    try:
        return _WATCH.get()
    except LookupError:
        made = _Watch()
        _WATCH.set(made)
        trio.lowlevel.spawn_system_task(made.run)
        return made
