"""Patterns that are tried only if the text contains a literal that is in all their matches; most texts do not.

Theory: most time goes into looking for literals that are not there. So they are in groups, by a shorter text that each literal of
a group contains: where that is not, none of them is looked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

Keyed = tuple[tuple[str, tuple[tuple[str, "re.Pattern[str]"], ...]], ...]
"""Groups of patterns: what a text must contain for any of a group, and each pattern's literal with the pattern."""

_SHARED = (
    *("-", "_", "/", ".", ":", "=", "<", " ", "A"),
    *("pass", "secret", "token", "key", "pw", "auth", "cred", "sign", "user", "sql", "mongo", "smb", "login", "in", "et", "o"),
)
"""What literals have in common, tried in this order: first single characters that many texts lack, and that are found fastest."""


def keyed(*tables: Mapping[str, re.Pattern[str]]) -> Keyed:
    """Groups of patterns that are given by their literals."""
    groups: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    for word, pattern in ((word, pattern) for table in tables for word, pattern in table.items()):
        groups.setdefault(next((shared for shared in _SHARED if shared in word), word), []).append((word, pattern))
    return tuple((shared, tuple(found)) for shared, found in groups.items())


def within(needed: str, patterns: Keyed) -> Keyed:
    """The same patterns as one group; all of them must need this character, too."""
    return ((needed, tuple(pair for _, found in patterns for pair in found)),)


def to_try(patterns: Keyed, text: str) -> list[tuple[str, re.Pattern[str]]]:
    """The patterns whose literal occurs in a text."""
    tried: list[tuple[str, re.Pattern[str]]] = []
    for shared, found in patterns:
        if shared in text:
            tried += [pair for pair in found if pair[0] in text]
    return tried


def any_found(patterns: Keyed, text: str) -> bool:
    """Whether one of the patterns occurs in a text."""
    for shared, found in patterns:
        if shared in text:
            for word, pattern in found:
                if word in text and pattern.search(text) is not None:
                    return True
    return False
