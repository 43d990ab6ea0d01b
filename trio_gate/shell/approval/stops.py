"""Stops: the calls of one agent, or all calls, are refused until a person lifts the stop, also after a restart.

Rule: a stop applies to every call, whatever the rules or a grant say.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from trio_gate.approval.channel.codec import as_json
from trio_gate.approval.channel.frames import Lifted, Stopped
from trio_gate.approval.persistence import Stop, stop_from, stop_json
from trio_gate.errors import Denied
from trio_gate.text.secret_detection import kept_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trio_gate.ports import Clock
    from trio_gate.shell.approval.database import ApprovalDatabase
    from trio_gate.shell.approval.subscribers import Subscribers

EVERYTHING = "*"
"""The name under which the stop of all calls is kept; no agent can have it."""

log = logging.getLogger(__name__)


class Stops:
    """The stops in force, by agent; None is the stop of all calls."""

    def __init__(self, clock: Clock, subscribers: Subscribers, database: ApprovalDatabase | None) -> None:
        self._clock = clock
        self._subscribers = subscribers
        self._database = database
        self._stops: dict[str | None, Stop] = {}

    def __iter__(self) -> Iterator[Stop]:
        return iter(self._stops.values())

    def load(self) -> None:
        """Read the stops back from the database. Raises StorageUnavailable."""
        if self._database is not None:
            self._stops = {stop.agent: stop for stop in self._database.load("stop", stop_from).values()}

    def check(self, agent: str | None) -> None:
        """Raise Denied while the calls of an agent are stopped."""
        stop = self.of_agent(agent) if self._stops else None
        if stop is not None:
            what = "all calls are" if stop.agent is None else "this agent's calls are"
            why = f"{what} stopped by a person until that is lifted"
            said, kept = (f": {stop.reason}", f": {kept_text(stop.reason)}") if stop.reason else ("", "")
            raise Denied(f"{why}{said}: tell your user, and run it again only then", detail=why + kept, outcome="stopped")

    def of_agent(self, agent: str | None) -> Stop | None:
        """The stop that an agent's calls are refused by."""
        return self._stops.get(None) or self._stops.get(agent)

    def stop(self, agent: str | None, by: str, reason: str) -> Stop:
        """Refuse an agent's calls, or with None all calls, from now on; a stop already in force is replaced."""
        stop = self._stops[agent] = Stop(agent=agent, by=by, reason=reason, at=self._clock.now())
        if self._database is not None:
            self._database.put("stop", agent or EVERYTHING, stop_json(stop))
        log.warning("%s stopped %s: %s", by, agent or "everything", ascii(kept_text(reason)))
        self._subscribers.publish(Stopped(stop=as_json(stop)), lambda _: True)
        return stop

    def get(self, agent: str | None) -> Stop | None:
        """The stop in force for an agent, or with None for all calls; stopping again makes a new object."""
        return self._stops.get(agent)

    def lift(self, agent: str | None, by: str) -> bool:
        """End a stop. Returns whether one was in force."""
        if self._stops.pop(agent, None) is None:
            return False
        if self._database is not None:
            self._database.drop("stop", agent or EVERYTHING)
        log.warning("%s lifted the stop of %s", by, agent or "everything")
        self._subscribers.publish(Lifted(agent=agent, by=by), lambda _: True)
        return True
