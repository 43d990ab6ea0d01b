"""Everyone connected to the approval hub, and how news is sent to them.

Rule: a person is sent only what they may see; sending never waits.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

from trio_gate.approval.channel.codec import encode
from trio_gate.approval.channel.frames import Decided
from trio_gate.shell.approval.subscription import Subscription
from trio_gate.text.visible import visible_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from trio_gate.approval.channel.frames import ServerFrame
    from trio_gate.audit.rows import Row
    from trio_gate.config.model import Person


class Subscribers:
    """The open subscriptions of a process."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()

    @property
    def count(self) -> int:
        """How many are open."""
        return len(self._subscriptions)

    @contextmanager
    def join(self, person: Person, backlog: Iterable[str], *, follows: bool = False) -> Iterator[Subscription]:
        """Open a subscription for a person, which begins with the encoded frames of `backlog`; it is closed when the block is left."""
        subscription = Subscription(person, backlog, follows=follows)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
            subscription.close()

    def publish(self, frame: ServerFrame | str, to: Callable[[str], bool]) -> None:
        """Send a frame, encoded or not, to everyone for whose name `to` is true; `Decided` only to those who follow."""
        text = frame if isinstance(frame, str) else encode(frame)
        asked_for = isinstance(frame, Decided)
        for subscription in tuple(self._subscriptions):
            if to(subscription.person.name) and (subscription.follows or not asked_for):
                subscription.send_encoded(text)

    def drop(self, people: Iterable[str]) -> None:
        """Close all subscriptions of these people: they must sign in again."""
        names = frozenset(people)
        for subscription in tuple(self._subscriptions):
            if subscription.person.name in names:
                subscription.close()

    def has(self, people: Iterable[str]) -> bool:
        """Whether at least one of these people is connected."""
        return not {subscription.person.name for subscription in self._subscriptions}.isdisjoint(people)

    def publish_activity(self, row: Callable[[], Row]) -> None:
        """Send a row of the record to those who observe; `row` is called only if somebody does."""
        if observers := self.observers:
            call = {"seq": None, **visible_tree(json.loads(row().text))}
            for subscription in observers:
                subscription.send_activity(call)

    @property
    def observers(self) -> list[Subscription]:
        """The subscriptions that asked for activity."""
        return [subscription for subscription in self._subscriptions if subscription.observes]
