"""Listening and accepting: one task for each connection, a limit on how many are open, and an orderly shutdown.

Rule: nothing that happens on a connection ends the server. An exception that a handler does not catch is an internal error: it is
logged with its traceback, and only that connection ends.
"""

from __future__ import annotations

import errno
import logging
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

    from trio_gate.config.model import Address
    from trio_gate.shell.net.connection_limits import Seat, Seats

    Handle = Callable[[trio.SocketStream, Seat], Awaitable[None]]

BACKLOG = 1024
"""Connections that wait in the kernel while all seats are taken."""

PAUSE = 1
"""Seconds before the next try when the process or the machine is out of sockets."""

INSTANT = 0.1
"""Seconds in which a waiting connection is accepted."""

GRACE = 10
"""Seconds that running requests have to finish after a shutdown was requested."""

_SHORT_OF_SOCKETS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

log = logging.getLogger(__name__)


class Shutdown:
    """A request to stop: it ends accepting and idle waits at once, connections after `GRACE` seconds."""

    def __init__(self) -> None:
        self.requested = False
        self.accepting = trio.CancelScope()
        self.serving = trio.CancelScope()
        self._idle: set[trio.CancelScope] = set()

    def request(self) -> None:
        """Begin the shutdown; it is done when `run` returns."""
        self.requested = True
        self.accepting.cancel()
        self.serving.deadline = trio.current_time() + GRACE
        for scope in self._idle:
            scope.cancel()

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


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenListener:
    """An open listener, the handler of its connections, and their limit."""

    kind: str
    listener: trio.SocketListener
    handle: Handle
    seats: Seats


async def run(listeners: Iterable[OpenListener], shutdown: Shutdown) -> None:
    """Serve until `shutdown` is requested; then return when the open connections have ended."""
    with shutdown.serving:
        async with trio.open_nursery() as connections:
            with shutdown.accepting:
                async with trio.open_nursery() as accepting:
                    for opened in listeners:
                        accepting.start_soon(_accept, opened, connections)


async def listen(address: Address) -> list[trio.SocketListener]:
    """Open the sockets of an address. Raises OSError."""
    return await trio.open_tcp_listeners(address.port, host=address.host, backlog=BACKLOG)


async def _accept(opened: OpenListener, connections: trio.Nursery) -> None:
    """Accept until cancelled; each connection has a task in `connections` and a seat."""
    async with opened.listener:
        while True:
            await trio.lowlevel.wait_readable(opened.listener.socket)  # listeners share seats: waiting takes none
            await opened.seats.keep_room()
            stream = await _accepted(opened.listener)
            if stream is None:
                opened.seats.release()
            else:
                connections.start_soon(_serve, stream, opened)


async def _accepted(listener: trio.SocketListener) -> trio.SocketStream | None:
    """The next waiting connection; None if it is gone by now, or if there are no sockets left for it."""
    try:
        with trio.move_on_after(INSTANT):
            return await listener.accept()
    except OSError as error:
        if error.errno not in _SHORT_OF_SOCKETS:
            raise
        shortage = error.strerror
    else:
        return None
    log.error("no connection can be accepted: %s", shortage)
    await trio.sleep(PAUSE)
    return None


async def _serve(stream: trio.SocketStream, opened: OpenListener) -> None:
    try:
        peer = _begun(stream)
        if peer is not None:
            with opened.seats.seat(peer) as seat:
                await opened.handle(stream, seat)
    except Exception:  # a bug must not end the other connections
        log.exception("a connection ended with an internal error")
    finally:
        opened.seats.release()
        await trio.aclose_forcefully(stream)


def _begun(stream: trio.SocketStream) -> str | None:
    """The peer's address; None if the connection is broken already."""
    try:
        stream.setsockopt(trio.socket.IPPROTO_TCP, trio.socket.TCP_NODELAY, 1)
        return str(stream.socket.getpeername()[0])
    except OSError as error:
        log.debug("a connection broke as it began: %s", error.strerror)
        return None
