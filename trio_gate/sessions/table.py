"""The sessions that are known: found by key id, limited in number, ended one by one or by agent. No clock: time is an argument.

Rule: a session that was the way to another one stays as long as that one lives, because the way may have to be gone again; an agent
can no longer use it once it is over.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from trio_gate.errors import Denied, Overloaded, SessionOver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from trio_gate.sessions.session import VirtualSession

RETRY_SECONDS = 60
"""After this long some of the sessions of all agents may have expired."""


class SessionTable:
    """All sessions by their key id.

    Attributes:
        total, per_agent: how many there may be at once, of all agents and of one; any number until `resize`.
    """

    def __init__(self, sessions: Iterable[VirtualSession] = ()) -> None:
        self.total = self.per_agent = math.inf
        self._sessions = {session.key_id: session for session in sessions}

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._sessions)

    def resize(self, total: float, per_agent: float) -> None:
        """Allow so many. Sessions beyond that stay until they are over."""
        self.total, self.per_agent = total, per_agent

    @property
    def most(self) -> int:
        """How many the agent has that has most."""
        return max(Counter(session.agent for session in self._sessions.values()).values(), default=0)

    def find(self, key_id: str) -> VirtualSession | None:
        """The session of a key id; None where it is unknown or has ended."""
        return self._sessions.get(key_id)

    def all(self) -> list[VirtualSession]:
        """All sessions, the oldest first."""
        return list(self._sessions.values())

    def check_room(self, agent: str | None, now: datetime) -> None:
        """Raise Denied where an agent, Overloaded where the gateway has as many sessions as it may have."""
        live = [session for session in self._sessions.values() if session.expires > now]
        own = sum(session.agent == agent for session in live)
        if own >= self.per_agent:
            raise Denied(
                f"{own} sessions of this agent are in use: use those until they expire, then assume the role again",
                limit="max_sessions_per_agent",
            )
        if len(live) >= self.total:
            raise Overloaded(
                "the gateway has no room for another session: try again when some have expired, or ask your operator",
                limit="max_sessions",
                retry_after=RETRY_SECONDS,
            )

    def check(self, session: VirtualSession, now: datetime) -> None:
        """Raise SessionOver unless a session may be used."""
        if self._sessions.get(session.key_id) is not session:
            raise SessionOver("has ended")
        if session.expires <= now:
            raise SessionOver("has expired")

    def add(self, session: VirtualSession) -> None:
        """Add a session."""
        self._sessions[session.key_id] = session

    def over(self, now: datetime) -> list[VirtualSession]:
        """Remove the sessions that are over and that no other one needs; return them."""
        needed = {key for session in self._sessions.values() if session.expires > now for key in self._way(session)}
        return self._remove([one for key, one in self._sessions.items() if one.expires <= now and key not in needed])

    def end(self, ends: Callable[[VirtualSession], bool]) -> list[VirtualSession]:
        """Remove the sessions for which `ends` holds, and those that came from them; return them."""
        ended = {session.key_id for session in self._sessions.values() if ends(session)}
        return self._remove([one for one in self._sessions.values() if not ended.isdisjoint((one.key_id, *self._way(one)))])

    def way(self, session: VirtualSession) -> list[VirtualSession]:
        """The sessions on the way to this one that are still known, the nearest first."""
        return [found for key in self._way(session) if (found := self._sessions.get(key)) is not None]

    def _way(self, session: VirtualSession) -> list[str]:
        keys: list[str] = []
        at: VirtualSession | None = session
        while at is not None and at.parent is not None and at.parent not in keys:
            keys.append(at.parent)
            at = self._sessions.get(at.parent)
        return keys

    def _remove(self, sessions: list[VirtualSession]) -> list[VirtualSession]:
        for session in sessions:
            del self._sessions[session.key_id]
        return sessions
