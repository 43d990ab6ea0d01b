"""Everyone who listens to the approval hub, and how they are told.

Rule: a person is told only what is addressed to them; telling never waits.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

from trio_gate.approval.codec import encode
from trio_gate.shell.approval.subscription import Subscription
from trio_gate.text.visible import visible_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from trio_gate.approval.frames import ServerFrame
    from trio_gate.config.model import Person


class Subscribers:
    """The subscriptions of a process."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()

    @contextmanager
    def join(self, person: Person, backlog: Iterable[str]) -> Iterator[Subscription]:
        """Listen as a person, after these frames."""
        subscription = Subscription(person, backlog)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
            subscription.close()

    def tell(self, frame: ServerFrame | str, to: Callable[[str], bool]) -> None:
        """Tell everyone whose name `to` takes; a frame may come encoded."""
        text = frame if isinstance(frame, str) else encode(frame)
        for subscription in tuple(self._subscriptions):
            if to(subscription.person.name):
                subscription.offer(text)

    def drop(self, people: Iterable[str]) -> None:
        """Cut off all connections of these: they must prove themselves again."""
        names = frozenset(people)
        for subscription in tuple(self._subscriptions):
            if subscription.person.name in names:
                subscription.close()

    def has(self, people: Iterable[str]) -> bool:
        """Whether one of them listens."""
        return not {subscription.person.name for subscription in self._subscriptions}.isdisjoint(people)

    def show(self, row: Callable[[], bytes]) -> None:
        """Show a row of the record to those who observe, if there are any."""
        if observers := self.observers:
            call = {"seq": None, **visible_tree(json.loads(row()))}
            for subscription in observers:
                subscription.show(call)

    @property
    def observers(self) -> list[Subscription]:
        """Those who want activity."""
        return [subscription for subscription in self._subscriptions if subscription.observes]
