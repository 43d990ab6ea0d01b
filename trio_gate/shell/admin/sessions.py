"""Sessions of the approvals page: a browser that signed in with a person's token, until it is idle or signs out.

Rule: a session is kept in memory only, under the hash of its id. It ends when it is idle or old, when its person signs out or gets
another token, and with the process. A session with an open channel is not idle: a person on call leaves the page open.
"""

from __future__ import annotations

import hashlib
import secrets
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trio_gate.config.model import Person

COOKIE = "__Host-trio-gate"
"""The prefix has browsers refuse it without Secure, from another host, or for another path (RFC 6265bis section 4.1.3.2)."""

LIFE = 12 * 3600
"""Seconds from sign-in to the end, whatever happens between: a shift."""

IDLE = 3600
"""Seconds without a request or an open channel after which a session ends."""

MAX_OF_ONE = 16
"""Most sessions of one person; a further one ends the oldest."""


@dataclass(slots=True, kw_only=True, eq=False)
class Session:
    """A browser that a person signed in with; it ends at `until` or when `ended` is set. Times are of trio's clock, in seconds."""

    person: Person
    until: float
    seen: float
    channels: int = 0
    ended: trio.Event = field(default_factory=trio.Event)

    @contextmanager
    def open_channel(self) -> Iterator[None]:
        """Keep the session from being idle while the block runs."""
        self.channels += 1
        try:
            yield
        finally:
            self.channels -= 1
            self.seen = trio.current_time()

    async def over(self) -> None:
        """Return when the session has ended or reached its greatest age."""
        with trio.move_on_at(self.until):
            await self.ended.wait()


class Sessions:
    """The sessions of one admin listener. `people`: those of the current configuration, by name."""

    def __init__(self, people: Mapping[str, Person]) -> None:
        self._people = people
        self._sessions: dict[str, Session] = {}

    def begin(self, person: Person) -> str:
        """Begin a session and return its id: 256 random bits, for the cookie."""
        self._sweep()
        mine = [key for key, session in self._sessions.items() if session.person.name == person.name]
        for key in mine[: max(0, len(mine) - MAX_OF_ONE + 1)]:
            self._end(key)
        name, now = secrets.token_urlsafe(32), trio.current_time()
        self._sessions[_key(name)] = Session(person=person, until=now + LIFE, seen=now)
        return name

    def find(self, name: str) -> Session | None:
        """The session that a cookie's value names, None if it is unknown or over. This counts as a use of it."""
        self._sweep()
        session = self._sessions.get(_key(name))
        if session is not None:
            session.seen = trio.current_time()
        return session

    def end(self, name: str) -> None:
        """End the session that a cookie's value names, and its channels; does nothing if there is none."""
        if _key(name) in self._sessions:
            self._end(_key(name))

    def _sweep(self) -> None:
        now = trio.current_time()
        for key in [key for key, session in self._sessions.items() if not self._stands(session, now)]:
            self._end(key)

    def _stands(self, session: Session, now: float) -> bool:
        person = self._people.get(session.person.name)
        idle = not session.channels and now - session.seen >= IDLE
        return now < session.until and not idle and person is not None and person.token_sha256 == session.person.token_sha256

    def _end(self, key: str) -> None:
        self._sessions.pop(key).ended.set()


def _key(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
