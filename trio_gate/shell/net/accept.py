"""Listening and accepting: one task for each connection, a limit on how many are open, and an orderly shutdown.

Rule: nothing that happens on a connection ends the server. An exception that a handler does not catch is an internal error: it is
logged with its traceback, and only that connection ends.
"""

from __future__ import annotations

import errno
import logging
import socket
from contextlib import contextmanager, nullcontext
from dataclasses import field
from typing import TYPE_CHECKING, Protocol

import trio

from trio_gate.config.model import Address
from trio_gate.shell.net.transport import SocketTransport
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from trio_gate.shell.net.connection_limits import Seat, Seats

    Handle = Callable[[SocketTransport, Seat], Awaitable[None]]

BACKLOG = 1024
"""Connections that wait in the kernel while all seats are taken."""

PAUSE = 1
"""Seconds before the next try when the process or the machine is out of sockets."""

GRACE = 10.0
"""Seconds that running requests have to finish after a shutdown was requested, unless said otherwise."""

FIRST_REQUEST = 2
"""Seconds of these in which a new connection may still bring its first request: it was accepted, so it is answered."""

_SHORT_OF_SOCKETS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_BROKEN = frozenset({errno.EBADF, errno.EINVAL, errno.ENOTSOCK})
"""Errors of the listening socket itself; all others concern the connection that is accepted, as accept(2) says."""

log = logging.getLogger(__name__)


class Idle(Protocol):
    """A connection that waits for a request."""

    def stop_idling(self) -> None:
        """End the wait."""


class Waits:
    """Waits that end together, and whenever those of `around` end.

    Attributes:
        over: they have ended, so that a new one ends at once.
    """

    def __init__(self, around: Callable[[], AbstractContextManager[None]] = nullcontext) -> None:
        self.over = False
        self._around = around
        self._scopes: set[trio.CancelScope] = set()

    @contextmanager
    def idle(self) -> Iterator[None]:
        """A wait: the block is left early, without an exception, when it ends."""
        with self._around(), trio.CancelScope() as scope:
            if self.over:
                scope.cancel()
            self._scopes.add(scope)
            try:
                yield
            finally:
                self._scopes.discard(scope)

    def end(self) -> None:
        """End all."""
        self.over = True
        for scope in self._scopes:
            scope.cancel()


class Shutdown:
    """A request to stop.

    It ends accepting and idle waits at once, connections without a request after `FIRST_REQUEST` seconds, all others after `grace`.

    Attributes:
        grace: seconds that requests have.
        idle: wraps a wait that stopping ends.
        idle_agents: the connections of agents that wait for a request. cut_off: how many requests were under way after that time.
    """

    def __init__(self, grace: float = GRACE) -> None:
        self.grace = grace
        self.requested = False
        self.cut_off = 0
        self.idle_agents: set[Idle] = set()
        self.accepting = trio.CancelScope()
        self.serving = trio.CancelScope()
        self._waits = Waits()
        self.idle = self._waits.idle

    def request(self) -> None:
        """Begin the shutdown; it is done when `run` returns. A second request changes nothing."""
        if self.requested:
            return
        self.requested = True
        self.accepting.cancel()
        self.serving.deadline = trio.current_time() + self.grace
        self._waits.end()
        for agent in self.idle_agents:
            agent.stop_idling()


@value_class
class OpenListener:
    """An open listener's socket, the handler of its connections, and their limit.

    Connections from `probes`, addresses and ports of the gateway's own, are closed as soon as they would be handled. If `drains`, it
    accepts until all others have ended. `waits` are those of its connections, which end when its address is removed; without, they stay.
    """

    kind: str
    socket: socket.socket
    handle: Handle
    seats: Seats
    probes: set[tuple[str, int]] = field(default_factory=set)
    drains: bool = False
    waits: Waits | None = None

    @property
    def address(self) -> str:
        """Where it listens, as HOST:PORT."""
        host, port, *_ = self.socket.getsockname()
        return str(Address(host=host, port=port))


class Server:
    """Serves the connections of listeners, which may change meanwhile.

    Attributes:
        listeners: those that are open; the list is changed in place.
    """

    def __init__(self, listeners: list[OpenListener], shutdown: Shutdown) -> None:
        self.listeners = listeners
        self._shutdown = shutdown
        self._scopes: dict[int, trio.CancelScope] = {}
        self._nurseries: dict[bool, tuple[trio.Nursery, trio.Nursery]] = {}

    async def run(self) -> None:
        """Serve until the shutdown is requested; then return when the open connections have ended."""
        with self._shutdown.serving:
            async with trio.open_nursery() as draining:
                self._nurseries[True] = draining, draining
                await self._serve()
                draining.cancel_scope.cancel()

    async def _serve(self) -> None:
        """Serve at those that do not drain."""
        async with trio.open_nursery() as connections:
            with self._shutdown.accepting:
                async with trio.open_nursery() as accepting:
                    self._nurseries[False] = accepting, connections
                    for opened in self.listeners:
                        self._begin(opened)
                    await trio.sleep_forever()
            for seats in {id(opened.seats): opened.seats for opened in self.listeners}.values():
                seats.end_silent(FIRST_REQUEST)

    def accepting(self) -> list[OpenListener]:
        """The listeners at which connections are accepted."""
        return [] if self._shutdown.requested else self.listeners

    def change(self, gone: Sequence[OpenListener], new: Sequence[OpenListener]) -> None:
        """Close some listeners, and accept at others. Connections stay, but for those whose `waits` no listener has any more."""
        self.listeners[:] = [*(one for one in self.listeners if not any(one is other for other in gone)), *new]
        for opened in gone:
            self._scopes.pop(id(opened), trio.CancelScope()).cancel()
            opened.socket.close()  # at once: nobody connects any more when the change is said to be done
            if opened.waits is not None and not any(one.waits is opened.waits for one in self.listeners):
                opened.waits.end()
        for opened in new:
            self._begin(opened)

    def _begin(self, opened: OpenListener) -> None:
        if opened.drains in self._nurseries:
            accepting, connections = self._nurseries[opened.drains]
            self._scopes[id(opened)] = scope = trio.CancelScope()
            accepting.start_soon(_accept, opened, connections, scope)


async def run(listeners: Sequence[OpenListener], shutdown: Shutdown) -> None:
    """Serve until `shutdown` is requested; then return when the open connections have ended."""
    await Server(list(listeners), shutdown).run()


async def listen(address: Address) -> list[socket.socket]:
    """Open the sockets of an address. Raises OSError."""
    opened = await trio.open_tcp_listeners(address.port, host=address.host, backlog=BACKLOG)
    found = [socket.socket(fileno=listener.socket.detach()) for listener in opened]
    for sock in found:
        sock.setblocking(False)
    return found


async def addresses(address: Address) -> set[str]:
    """The IP addresses at which `listen` would listen. Raises OSError."""
    found = await trio.socket.getaddrinfo(
        address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV
    )
    return {str(place[0]) for *_, place in found}


async def _accept(opened: OpenListener, connections: trio.Nursery, scope: trio.CancelScope) -> None:
    """Accept until cancelled; each connection has a task in `connections` and a seat."""
    with opened.socket, scope:
        while opened.socket.fileno() >= 0:  # `change` closes it
            await trio.lowlevel.wait_readable(opened.socket)  # listeners share seats: waiting takes none
            await opened.seats.keep_room()
            accepted = None
            try:
                accepted = await _accepted(opened.socket) if opened.socket.fileno() >= 0 else None
            finally:
                if accepted is None:  # or the listener was removed in a pause
                    opened.seats.release()
            if accepted is not None:
                connections.start_soon(_serve, *accepted, opened, name=opened.kind)


async def _accepted(listening: socket.socket) -> tuple[SocketTransport, tuple[str, int]] | None:
    """The next waiting connection and its peer's address and port; None if it is gone by now, or if there are no sockets left for it."""
    try:
        accepted, address = listening.accept()
    except OSError as error:
        if error.errno in _BROKEN:
            raise
        if error.errno not in _SHORT_OF_SOCKETS:
            return None
        shortage = error.strerror
    else:
        transport = _transport(accepted)
        return None if transport is None else (transport, (str(address[0]), int(address[1])))
    log.error("no connection can be accepted: %s", shortage)
    await trio.sleep(PAUSE)
    return None


def _transport(accepted: socket.socket) -> SocketTransport | None:
    try:
        return SocketTransport(accepted)
    except OSError as error:
        log.debug("a connection broke as it began: %s", error.strerror)
        accepted.close()
        return None


async def _serve(accepted: SocketTransport, peer: tuple[str, int], opened: OpenListener) -> None:
    try:
        with opened.seats.seat(peer[0]) as seat:
            if peer not in opened.probes:
                await opened.handle(accepted, seat)
    except Exception:  # a bug must not end the other connections
        log.exception("a connection ended with an internal error")
    finally:
        opened.seats.release()
        accepted.close()
