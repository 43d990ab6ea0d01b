r"""Text that an agent wrote, made safe for a person's eyes.

Rule: what is shown is what is there. Every character that a reader cannot see, that moves its neighbours, or that passes for
another is shown as `\u{hex}`; a backslash before `u{` is escaped too, so two different texts never look the same.

Theory: controls and escape sequences rewrite a terminal, bidirectional marks reorder a line, zero-width and filler characters
hide a difference (Unicode TR36 and TR39, "Trojan Source"). In a word of several alphabets the letters that are not ASCII may pass for
some that are, so they are shown by number; a word of one alphabet is left as it is.
"""

from __future__ import annotations

import re
from typing import Any
from unicodedata import category, name

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""A value of JSON, for what is shown or kept."""

_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""Letters and marks without ink whose category does not say so: Default_Ignorable_Code_Point, and the empty braille cell."""

_WORD = re.compile(r"\w+")

_TOGETHER = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "HALFWIDTH"})

_HIDDEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Me", "Zl", "Zp", "Zs"})


def visible(text: str) -> str:
    r"""Write every hidden character of a text as `\u{hex}`. Plain ASCII stays. Never fails, not even on lone surrogates."""
    return plain(text.replace("\\u{", "\\u{5c}u{"))


def plain(text: str) -> str:
    """Like `visible`, but idempotent: text that was made visible before stays as it is."""
    if text.isascii() and text.isprintable():
        return text
    return _WORD.sub(_one_alphabet, "".join(char if _shown(char) else _escaped(char) for char in text))


def visible_lines(text: str) -> str:
    """Like `visible`, but keeps line breaks (LF): for a block of its own, where no line can pass for one of the gateway's."""
    return "\n".join(map(visible, text.split("\n")))


def visible_tree(value: Any) -> Any:
    """Make every text in a JSON value visible, names included."""
    match value:
        case str():
            return visible(value)
        case list():
            return [visible_tree(item) for item in value]
        case dict():
            return {visible(name): visible_tree(item) for name, item in value.items()}
        case _:
            return value


def _one_alphabet(word: re.Match[str]) -> str:
    """A word; if its letters are of several alphabets, those that are not ASCII are escaped."""
    letters = word[0]
    if letters.isascii() or len({_alphabet(char) for char in letters if char.isalpha()} - {""}) < 2:
        return letters
    return "".join(char if char.isascii() else _escaped(char) for char in letters)


def _alphabet(char: str) -> str:
    """A letter's alphabet, by the first word of its Unicode name; "" for East Asian scripts, which mix within one word."""
    script = name(char, "?").partition(" ")[0]
    return "" if script in _TOGETHER else script


def _escaped(char: str) -> str:
    return f"\\u{{{ord(char):x}}}"


def _shown(char: str) -> bool:
    return char == " " or not (category(char) in _HIDDEN or _INVISIBLE.fullmatch(char))
