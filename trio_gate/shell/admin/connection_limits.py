"""Limits on the connections of the admin listener: how many may be open without a token, and how many of people.

Rule: the two are counted apart, so that nobody without a token can keep out a person. When one is full, the oldest connection of the
source address, or of the person, that has most is closed. So a flood from one source crowds out only itself, and a person behind the
same address can sign in long before their connection is the oldest.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import trio

from trio_gate.shell.net.frame_pacing import Turns
from trio_gate.shell.net.source_networks import source

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD_TIMEOUT = 10
"""Seconds for the request head; also for the WebSocket handshake, and for the first frame with the token."""

SEND_TIMEOUT = 10
"""Seconds to send one frame or response."""

CLOSE_TIMEOUT = 2
"""Seconds for a channel's closing frames."""

UNPROVEN = 64
"""Most connections that have shown no token and no session.

Not a knob: nobody stays one for longer than `HEAD_TIMEOUT`.
"""

PROVEN = 200
"""Most connections of people.

Not a knob: descriptors for them are set aside at the start, whatever agents do, and a person has few.
"""


class _Group:
    """At most `most` connections, by owner: a source address or a person. The oldest of an owner come first.

    `closed`: how many made room for others.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.closed = 0
        self._owners: dict[str, list[AdminConnection]] = {}

    @property
    def count(self) -> int:
        """How many are open."""
        return sum(map(len, self._owners.values()))

    def add(self, owner: str, connection: AdminConnection) -> None:
        self._owners.setdefault(owner, []).append(connection)
        if self.count > self.most:
            self.closed += 1
            self._first(max(self._owners, key=lambda name: len(self._owners[name]))).leave()

    def _first(self, owner: str) -> AdminConnection:
        return min(self._owners[owner], key=lambda connection: not connection.wrong)

    def remove(self, owner: str, connection: AdminConnection) -> None:
        connections = self._owners[owner]
        connections.remove(connection)
        if not connections:
            del self._owners[owner]


class AdminConnection:
    """One connection of the admin listener.

    Attributes:
        source: the address or network that it comes from.
        scope: is cancelled when it must make room.
        wrong: its token was unknown, so it is closed before others.
        turns: paces what is read of it.
    """

    def __init__(self, connections: AdminConnections, address: str) -> None:
        self.source = source(address)
        self.scope = trio.CancelScope()
        self.wrong = False
        self.turns = Turns()
        self._connections = connections
        self._place: tuple[_Group, str] | None = None
        self._enter(connections.unproven, self.source)

    def proven(self, person: str) -> None:
        """Count it as this person's from now on."""
        self.leave_place()
        self._enter(self._connections.people, person)
        self.turns = self._connections.persons.setdefault(person, Turns())

    def leave(self) -> None:
        """Close the connection by cancelling its scope."""
        self.leave_place()
        self.scope.cancel()

    def leave_place(self) -> None:
        """Stop counting the connection, so that another may open."""
        if self._place is not None:
            crowd, owner = self._place
            self._place = None
            crowd.remove(owner, self)

    def _enter(self, crowd: _Group, owner: str) -> None:
        self._place = crowd, owner
        crowd.add(owner, self)


class AdminConnections:
    """All connections of an admin listener.

    All of a person's share one pace, which outlives them. One without a token has its own, so nobody waits for a neighbour's.
    """

    def __init__(self) -> None:
        self.persons: dict[str, Turns] = {}
        self.unproven = _Group(UNPROVEN)
        self.people = _Group(PROVEN)

    @contextmanager
    def admit(self, address: str) -> Iterator[AdminConnection]:
        """Count a connection while the block runs. The block is left early, without an exception, when it must make room."""
        connection = AdminConnection(self, address)
        try:
            with connection.scope:
                yield connection
        finally:
            connection.leave_place()
