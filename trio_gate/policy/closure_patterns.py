"""Patterns of `matches` that only spell out texts, such as `^(Get|List)` or `[.]internal$`, as tests of text.

Theory: a test is made where the pattern has a beginning, an end, groups of alternatives, and `.*` at either side, and nothing else
that is special. All other patterns are left to RE2, because no engine of Python takes linear time.
"""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING, Any

from trio_gate.facet.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable

    from trio_gate.facet.values import Unknown

_MOST = 64
"""Texts that one pattern may stand for."""

_LETTER = r"(?:[^\\^$.|?*+()\[\]{}]|\\[^\w\s|]|\[[^\\^\[\]|-]\])"
_GROUP = rf"\((?:\?:)?({_LETTER}*(?:\|{_LETTER}*)*)\)"
_PIECE = re.compile(rf"{_GROUP}|({_LETTER})", re.ASCII)
_FORM = re.compile(rf"(\^?)((?:\.\*)?)((?:{_GROUP}|{_LETTER})*)((?:\.\*)?)(\$?)", re.ASCII)
_QUOTED = re.compile(r"\\(.)|\[(.)\]", re.DOTALL)


def pattern_test(pattern: str) -> Callable[[Any], bool | Unknown] | None:
    """A test for whether a text has the pattern; UNKNOWN is left to the library, and None is a pattern that is."""
    form = _FORM.fullmatch(pattern)
    texts = _texts(form[3]) if form else None
    if form is None or texts is None:
        return None
    starts, ends = form[1] and not form[2], form[6] and not form[5]
    one_line = bool((form[1] and form[2]) or (form[5] and form[6]))
    has = _has(tuple(texts), starts=bool(starts), ends=bool(ends))

    def test(text: Any) -> bool | Unknown:
        # A dot stands for anything but the end of a line.
        return UNKNOWN if text.__class__ is not str or (one_line and "\n" in text) else has(text)

    return test


def _texts(body: str) -> list[str] | None:
    """All texts that it stands for; None if they are too many."""
    pieces = [(group if letter is None else letter).split("|") for group, letter in map(re.Match.groups, _PIECE.finditer(body))]
    count = 1
    for piece in pieces:
        count *= len(piece)
    return None if count > _MOST else [_QUOTED.sub(r"\1\2", "".join(parts)) for parts in product(*pieces)]


def _has(texts: tuple[str, ...], *, starts: bool, ends: bool) -> Callable[[str], bool]:
    if starts and ends:
        return frozenset(texts).__contains__
    if starts or ends:
        return lambda text: text.startswith(texts) if starts else text.endswith(texts)
    return lambda text: any(part in text for part in texts)
