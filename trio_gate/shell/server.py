"""Listening and accepting: one task for each connection, at most so many at once, and an orderly end.

Rule: nothing that happens on a connection ends the server. What a handler lets through is a bug of ours: it is logged with
its traceback, and only that connection ends.
"""

from __future__ import annotations

import errno
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from trio_gate.config.model import Address

    Handle = Callable[[trio.SocketStream, str], Awaitable[None]]

BACKLOG = 1024
"""Connections that wait in the kernel while all slots are taken."""

PAUSE = 1
"""Seconds before the next try when the process or the machine is out of sockets."""

GRACE = 10
"""Seconds that requests under way have to end once the gateway is told to stop."""

_SHORT_OF_SOCKETS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

log = logging.getLogger(__name__)


class Stop:
    """The wish to stop, and the waits that it ends at once: those of connections between two requests."""

    def __init__(self) -> None:
        self._event = trio.Event()
        self._idle: set[trio.CancelScope] = set()

    def request(self) -> None:
        """Stop: accept nothing new, and end what is idle."""
        self._event.set()
        for scope in self._idle:
            scope.cancel()

    @property
    def requested(self) -> bool:
        """Whether `request` was called."""
        return self._event.is_set()

    async def wait(self) -> None:
        """Return when it is."""
        await self._event.wait()

    @contextmanager
    def idle(self) -> Iterator[None]:
        """A wait that stopping ends: the block is left early, without an exception."""
        with trio.CancelScope() as scope:
            if self.requested:
                scope.cancel()
            self._idle.add(scope)
            try:
                yield
            finally:
                self._idle.discard(scope)


async def listen(address: Address) -> list[trio.SocketListener]:
    """Open the sockets of an address. Raises OSError."""
    return await trio.open_tcp_listeners(address.port, host=address.host, backlog=BACKLOG)


async def accept(listener: trio.SocketListener, handle: Handle, *, slots: trio.Semaphore, connections: trio.Nursery) -> None:
    """Accept until cancelled; each connection has a task in `connections` and one of the `slots`."""
    async with listener:
        while True:
            await slots.acquire()
            try:
                stream = await listener.accept()
            except OSError as error:
                slots.release()
                if error.errno not in _SHORT_OF_SOCKETS:
                    raise
                log.error("no connection can be accepted: %s", error.strerror)  # noqa: TRY400 - the machine's fault
                await trio.sleep(PAUSE)
                continue
            connections.start_soon(_serve, stream, handle, slots)


async def _serve(stream: trio.SocketStream, handle: Handle, slots: trio.Semaphore) -> None:
    try:
        stream.setsockopt(trio.socket.IPPROTO_TCP, trio.socket.TCP_NODELAY, 1)
        await handle(stream, stream.socket.getpeername()[0])
    except OSError as error:
        log.debug("a connection broke as it began: %s", error.strerror)
    except Exception:  # a bug must not end the other connections; see the head of the file
        log.exception("a connection ended with a bug of ours")
    finally:
        slots.release()
        await trio.aclose_forcefully(stream)


async def stop_in_order(stop: Stop, accepting: trio.CancelScope, connections: trio.CancelScope) -> None:
    """Once asked to: accept nothing more, give what is under way `GRACE` seconds, then cancel it."""
    await stop.wait()
    accepting.cancel()
    connections.deadline = trio.current_time() + GRACE
