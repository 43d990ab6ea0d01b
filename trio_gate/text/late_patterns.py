"""Patterns that are compiled when they are first used: there are a hundred for secrets, most texts need a few, and the start none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

_PARTS = ("findall", "finditer", "flags", "fullmatch", "match", "pattern", "search", "sub")
"""What a compiled pattern has and one of these takes over from it."""


class LatePattern:
    """Text and flags of a pattern, until one of its methods is asked for. From then on it has those of the compiled pattern."""

    __slots__ = ("_given", "compiled", *_PARTS)

    def __init__(self, text: str, flags: int) -> None:
        self._given = text, flags

    if not TYPE_CHECKING:  # to a type checker it would mean that there is any attribute

        def __getattr__(self, name: str) -> Any:
            """Called for what is not set yet."""
            if name not in LatePattern.__slots__:
                raise AttributeError(name)
            self.compiled = re.compile(*self._given)
            for part in _PARTS:
                setattr(self, part, getattr(self.compiled, part))
            return getattr(self, name)


def late(text: str, flags: int = 0) -> re.Pattern[str]:
    """As `re.compile`, but later."""
    return cast("re.Pattern[str]", LatePattern(text, flags))
