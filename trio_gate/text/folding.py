"""Text of others, compared: ASCII letters are folded and nothing else is.

Theory: `str.lower` makes `k` of U+212A (the Kelvin sign), so a name that AWS does not know would be taken for one that it does;
`str.strip`, `isdigit`, `int` and classes of digits know blanks and digits that no protocol has. Who reads the wire uses this, byte sets
and explicit character classes; tests/test_ascii.py holds the rooms to it.
"""

from __future__ import annotations

from string import ascii_lowercase, ascii_uppercase

_FOLDED = str.maketrans(ascii_uppercase, ascii_lowercase)


def fold(text: str) -> str:
    """The text with the letters A to Z in lower case."""
    return text.translate(_FOLDED)
