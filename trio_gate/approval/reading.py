"""What each person has read of one question: parts that their client fetched to the end and says it showed.

Rule: a client may say so only of what it has: what the prompt holds whole, but never all parameters together, and what was fetched from the
first piece to the last. Of a client that does not know the word, what was fetched counts. An archive is read, too, once the list of its
files and all their texts were.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trio_gate.approval.param_tree import WHOLE
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trio_gate.approval.question import Question
    from trio_gate.text.visible import Json

MOST_NAMED = 20
"""How many parts of each kind a vote names; of any others it gives the number."""

FILE = "f"
"""What stands between the name of an archive's part and the number of a file; without a number it is the list of them."""

_FILE = re.compile(rf"([a-z0-9]{{1,10}}){FILE}([0-9]{{1,4}})")

IN_ALL = frozenset({"text", "parameters"})
"""What is read, too, once a person opened all parameters together."""


def file_of(part: str) -> tuple[str, int] | None:
    """The part and the number of the file in it that a part's name stands for; None for any other name."""
    found = _FILE.fullmatch(part)
    return (found[1], int(found[2])) if found else None


@value_class
class Reading:
    """What a person had read when they answered.

    Attributes:
        read, unread: where the parts are that were to be read, MOST_NAMED of each at most.
        knowing: whether the person said that they approve although parts are unread.
        confirmed: the numbers of a task's lines that the person confirmed one by one.
    """

    read: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    knowing: bool = False
    confirmed: tuple[int, ...] = ()


class Readings:
    """What people have read of one question."""

    def __init__(self) -> None:
        self._read: set[tuple[str, str]] = set()
        self._fetched: set[tuple[str, str]] = set()
        self._reached: dict[tuple[str, str], int] = {}
        self._files: dict[tuple[str, str], frozenset[str]] = {}

    def fetched(
        self,
        person: str,
        part: str,
        offset: int,
        after: int | None,
        *,
        shows: bool = False,
        files: Sequence[Mapping[str, Json]] | None = None,
    ) -> None:
        """Note that a person was sent a piece of a part; `after` is the offset of the next piece, None at the end.

        `shows`: their client will say what of it was shown; `files`: those of an archive, as in `Detail`, that it was sent with the piece.
        """
        at = person, part
        if files is not None:
            self._fetched.add((person, part + FILE))
            self._files[at] = frozenset((part + FILE, *(text for one in files if isinstance(text := one["part"], str))))
        reached = self._reached.get(at, 0)
        if offset > reached:
            return
        if after is None:
            (self._fetched if shows else self._read).add(at)
        else:
            self._reached[at] = max(reached, after)

    def shown(self, person: str, parts: Iterable[str], question: Question) -> None:
        """Note that a person was shown parts; those that their client does not have whole are ignored."""
        whole = {one.part for one in question.to_read if one.whole and one.part != WHOLE}
        self._read.update((person, part) for part in parts if part in whole or (person, part) in self._fetched)

    def _has(self, person: str, part: str) -> bool:
        files = self._files.get((person, part))
        return (person, part) in self._read or (files is not None and all((person, file) in self._read for file in files))

    def of(self, person: str, question: Question, *, knowing: bool = False, confirmed: tuple[int, ...] = ()) -> Reading:
        """What a person has read of the question so far; `knowing` and `confirmed` are what they say."""
        everything = self._has(person, WHOLE)
        read, unread = list[str](), list[str]()
        for one in question.to_read:
            done = self._has(person, one.part) or (everything and one.what in IN_ALL)
            (read if done else unread).append(f"{one.what} {one.name}".rstrip())
        return Reading(read=_few(read), unread=_few(unread), knowing=knowing and bool(unread), confirmed=confirmed)


def _few(names: list[str]) -> tuple[str, ...]:
    more = len(names) - MOST_NAMED
    return tuple(names) if more <= 0 else (*names[:MOST_NAMED], f"and {more} more")
