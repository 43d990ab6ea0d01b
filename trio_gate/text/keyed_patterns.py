"""Patterns that are tried only if the text contains a literal that is in all their matches; most texts do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping


def any_found(patterns: Mapping[str, re.Pattern[str]], text: str) -> bool:
    """Whether one of the patterns, given by its literal, occurs in a text."""
    for word, pattern in patterns.items():
        if word not in text:
            continue
        if pattern.search(text) is not None:
            return True
    return False
