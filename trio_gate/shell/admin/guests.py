"""Who may stay on the admin listener: those that have shown nothing yet, and people.

Rule: the two have places of their own, so that nobody without a token can keep out a person who is there. Where places run short,
the oldest of whoever holds most of them goes: of a source address, or of a person. So one source crowds out itself, and a person
who comes from the crowd's own address is asked who they are long before it is their turn to go.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import trio

from trio_gate.shell.net.frame_pacing import Turns
from trio_gate.shell.net.source_networks import source

if TYPE_CHECKING:
    from collections.abc import Iterator

UNPROVEN = 64
"""Connections that have shown no token and no session."""

PROVEN = 200
"""Connections of people."""


class _Crowd:
    """At most `most` guests. Those of an owner stand in the order in which they go."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._owners: dict[str, list[Guest]] = {}

    def add(self, owner: str, guest: Guest) -> None:
        self._owners.setdefault(owner, []).append(guest)
        if sum(map(len, self._owners.values())) > self._most:
            self._first(max(self._owners, key=lambda name: len(self._owners[name]))).leave()

    def _first(self, owner: str) -> Guest:
        return min(self._owners[owner], key=lambda guest: not guest.wrong)

    def remove(self, owner: str, guest: Guest) -> None:
        guests = self._owners[owner]
        guests.remove(guest)
        if not guests:
            del self._owners[owner]


class Guest:
    """A connection: where it comes from, and whether it goes before others because its token was unknown. `turns`: when it is read."""

    def __init__(self, guests: Guests, address: str) -> None:
        self.source = source(address)
        self.scope = trio.CancelScope()
        self.wrong = False
        self.turns = Turns()
        self._guests = guests
        self._place: tuple[_Crowd, str] | None = None
        self._enter(guests.unproven, self.source)

    def proven(self, person: str) -> None:
        """It is this person's, and has a place among people."""
        self.leave_place()
        self._enter(self._guests.people, person)
        self.turns = self._guests.persons.setdefault(person, Turns())

    def leave(self) -> None:
        """Break it off."""
        self.leave_place()
        self.scope.cancel()

    def leave_place(self) -> None:
        """Its place is free."""
        if self._place is not None:
            crowd, owner = self._place
            self._place = None
            crowd.remove(owner, self)

    def _enter(self, crowd: _Crowd, owner: str) -> None:
        self._place = crowd, owner
        crowd.add(owner, self)


class Guests:
    """All connections of an admin listener. What people have sent counts beyond a connection; they are few.

    What has shown no token is read at a pace of its own: who comes from the same address does not wait for it.
    """

    def __init__(self) -> None:
        self.persons: dict[str, Turns] = {}
        self.unproven = _Crowd(UNPROVEN)
        self.people = _Crowd(PROVEN)

    @contextmanager
    def admit(self, address: str) -> Iterator[Guest]:
        """A connection's stay. The block is left early, without an exception, when its place is needed."""
        guest = Guest(self, address)
        try:
            with guest.scope:
                yield guest
        finally:
            guest.leave_place()
