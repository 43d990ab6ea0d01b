"""What each person has read of one question: parts that they fetched to the end, and those that their client says it showed.

Rule: a client may say so only of what the prompt holds whole, and never of all parameters together. What it does not hold has to be
fetched, from the first piece to the last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.approval.param_tree import WHOLE
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trio_gate.approval.question import Question

MOST_NAMED = 20
"""How many parts of each kind a vote names; of any others it gives the number."""

IN_ALL = frozenset({"text", "parameters"})
"""What is read, too, once a person opened all parameters together."""


@value_class
class Reading:
    """What a person had read when they answered.

    Attributes:
        read, unread: where the parts are that were to be read, MOST_NAMED of each at most.
        knowing: whether the person said that they approve although parts are unread.
    """

    read: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    knowing: bool = False


class Readings:
    """What people have read of one question."""

    def __init__(self) -> None:
        self._read: set[tuple[str, str]] = set()
        self._reached: dict[tuple[str, str], int] = {}

    def fetched(self, person: str, part: str, offset: int, after: int | None) -> None:
        """Note that a person was sent a piece of a part; `after` is the offset of the next piece, None at the end."""
        at = person, part
        reached = self._reached.get(at, 0)
        if offset > reached:
            return
        if after is None:
            self._read.add(at)
        else:
            self._reached[at] = max(reached, after)

    def shown(self, person: str, parts: Iterable[str], question: Question) -> None:
        """Note that a person was shown parts; those that the prompt does not hold whole are ignored."""
        whole = {one.part for one in question.to_read if one.whole and one.part != WHOLE}
        self._read.update((person, part) for part in parts if part in whole)

    def of(self, person: str, question: Question, *, knowing: bool = False) -> Reading:
        """What a person has read of the question so far."""
        everything = (person, WHOLE) in self._read
        read, unread = list[str](), list[str]()
        for one in question.to_read:
            done = (person, one.part) in self._read or (everything and one.what in IN_ALL)
            (read if done else unread).append(f"{one.what} {one.name}".rstrip())
        return Reading(read=_few(read), unread=_few(unread), knowing=knowing and bool(unread))


def _few(names: list[str]) -> tuple[str, ...]:
    more = len(names) - MOST_NAMED
    return tuple(names) if more <= 0 else (*names[:MOST_NAMED], f"and {more} more")
