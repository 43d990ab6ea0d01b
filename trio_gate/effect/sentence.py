"""A sentence of words and names, in a bounded length.

Rule: the words are ours, the names are the agent's. A sentence that is too long lists fewer of its names, then shortens them, each
down to SHORTEST; the words stay. What does not stand whole in it is returned beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.effect.names import MAX_NAME, fitted, safe, shortened, shown
from trio_gate.text.visible import visible
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_SENTENCE = 120
"""Characters of a sentence: one line of a list, and of a terminal with its margin."""

MAX_NAMES = 100
"""How many names stand whole beside a sentence; a call may have a thousand, and its parameters are shown as well."""

MAX_WHOLE = 8
"""How many names a list has at most that may stand whole in a sentence."""

_ROOMS = (64, 48, 36, 28, 22, 17, 13, 10)
SHORTEST = _ROOMS[-1]
"""Characters of the shortest form of a name."""

_Safe = list[tuple[str, bool]]
"""The first names of a part, as `names.safe` returns them."""

_LISTED = (3, 2, 1)
"""How many names of a list are written, from the most that read well."""


@value_class
class Names:
    """One or more names in a sentence. Several are counted by `noun`, if there is one: "3 instances (i-1, i-2, …)"; `before` is said before one.

    Those that stand only beside the sentence are a `…` in it.
    """

    names: Sequence[str]
    noun: str = ""
    before: str = ""
    beside: bool = False


@value_class
class Told:
    """A sentence, and the names that do not stand whole in it."""

    sentence: str
    names: tuple[str, ...]


def told(parts: Sequence[str | Names]) -> Told:
    """Write parts as one sentence of at most MAX_SENTENCE characters; texts are ours and stay as they are."""
    text, listed, room = _fitted(parts)
    return Told(sentence=text, names=_beside(parts, listed, room))


def line(parts: Sequence[str | Names]) -> str:
    """The sentence that `told` writes, alone."""
    return _fitted(parts)[0]


def _fitted(parts: Sequence[str | Names]) -> tuple[str, int, int | None]:
    """The sentence, how many names of each list are in it, and in how many characters each; None for all."""
    names: list[_Safe] = []
    most = 0
    for part in parts:
        if isinstance(part, str):
            names.append([])
        else:
            names.append([safe(name) for name in part.names[:MAX_WHOLE]])
            most = max(most, len(part.names))
    for listed in _LISTED if most <= _LISTED[0] else (MAX_WHOLE, *_LISTED):
        if listed > most > 0 and listed < MAX_WHOLE:  # as all of them
            continue
        text = _written(parts, names, listed, None)
        if len(text) <= MAX_SENTENCE:
            return text, listed, None
        room = None if listed == MAX_WHOLE else _room(parts, names, listed, len(text) - MAX_SENTENCE)
        if room is not None:
            return _written(parts, names, listed, room), listed, room
    return shortened(_written(parts, names, 1, SHORTEST), MAX_SENTENCE), 0, SHORTEST


def _room(parts: Sequence[str | Names], names: Sequence[_Safe], listed: int, over: int) -> int | None:
    """The most characters of a name with which a sentence that is `over` so many too long is short enough; None if there are none."""
    written = [own[:listed] for part, own in zip(parts, names, strict=True) if not isinstance(part, str) and not part.beside]
    lengths = [len(text) for own in written for text, _ in own]
    return next((room for room in _ROOMS if sum([length - room for length in lengths if length > room]) >= over), None)


def _written(parts: Sequence[str | Names], names: Sequence[_Safe], listed: int, room: int | None) -> str:
    pairs = zip(parts, names, strict=True)
    return "".join([part if isinstance(part, str) else _listed(part, own, listed, room) for part, own in pairs])


def _listed(part: Names, own: _Safe, most: int, room: int | None) -> str:
    if part.beside:
        return "…"
    total = len(part.names)
    if total == 1:
        name = fitted(own[0], room)
        return f"{part.before} {name}" if part.before else name
    names = [fitted(name, room) for name in own[:most]]
    if total > most:
        names.append("…")
    listed = ", ".join(names)
    return f"{total} {plural(part.noun)} ({listed})" if part.noun else listed


def _beside(parts: Sequence[str | Names], listed: int, room: int | None) -> tuple[str, ...]:
    """The names that a sentence does not show whole, safe to show: `listed` of each list are in it, in `room` characters each."""
    cut: list[str] = []
    for part in parts:
        if not isinstance(part, str):
            most = 0 if part.beside else listed
            cut.extend(name for name in part.names[:most] if room is not None and shown(name, room) != shown(name))
            cut.extend(part.names[most : MAX_NAMES + most])
    return tuple([_whole(name) for name in dict.fromkeys(cut)][:MAX_NAMES])


def _whole(name: str) -> str:
    return visible(name[:MAX_NAME]) + ("…" if len(name) > MAX_NAME else "")


def counted(count: int, noun: str) -> str:
    """A number of things, as in "1 call" and "2 calls"."""
    return f"{count} {noun if count == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """The plural of a noun in our sentences."""
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "ch")) else f"{noun}s"
