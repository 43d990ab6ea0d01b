r"""Text that an agent wrote, made safe for a person's eyes.

Rule: what is shown is what is there. Every character that a reader cannot see, or that moves what stands beside it, is shown as
`\u{hex}`, and so are the letters beyond ASCII of a word that mixes scripts; a backslash before `u{` is escaped too, so two
different texts never look the same.

Theory: controls and escape sequences rewrite a terminal, bidirectional marks reorder a line, zero-width and filler characters
hide a difference (Unicode TR36 and TR39, "Trojan Source"). A letter of another script that looks like a Latin one makes a word look
like one that is known; Latin beside Chinese, Japanese or Korean is common and looks like nothing else (TR39 section 5.2). The
first word of a letter's name stands for its script: the standard library has no table of scripts.
"""

from __future__ import annotations

import re
from typing import Any
from unicodedata import category, name

_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""Letters and marks without ink that have no telling category: Default_Ignorable_Code_Point, and the empty braille cell."""

_EAST = frozenset({"BOPOMOFO", "CJK", "HALFWIDTH", "HANGUL", "HIRAGANA", "IDEOGRAPHIC", "KATAKANA"})

_SCRIPT = re.compile(r"[A-Z]+")

_HIDDEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Me", "Zl", "Zp", "Zs"})


def visible(text: str) -> str:
    r"""`text` with every hidden character as `\u{hex}`. Plain ASCII stays as it is. Never fails, lone surrogates included."""
    return plain(text.replace("\\u{", "\\u{5c}u{"))


def plain(text: str) -> str:
    """As `visible`, for text that was made visible once: doing it again changes nothing."""
    if text.isascii() and text.isprintable():
        return text
    mixed = _mixed(text)
    return "".join(char if _shown(char) and at not in mixed else f"\\u{{{ord(char):x}}}" for at, char in enumerate(text))


def visible_lines(text: str) -> str:
    """As `visible`, but line breaks (LF) stay: for a place of its own, where no line can pass for one of ours."""
    return "\n".join(map(visible, text.split("\n")))


def visible_tree(value: Any) -> Any:
    """JSON with every text in it, names too, made visible."""
    match value:
        case str():
            return visible(value)
        case list():
            return [visible_tree(item) for item in value]
        case dict():
            return {visible(name): visible_tree(item) for name, item in value.items()}
        case _:
            return value


def _mixed(text: str) -> set[int]:
    """Where letters beyond ASCII stand in words of more than one script."""
    found: set[int] = set()
    word: list[int] = []
    scripts: set[str] = set()
    for at, char in enumerate(f"{text} "):
        kind = category(char)
        if kind[0] in "LM":
            word.append(at)
            if kind[0] == "L":
                scripts.add(_script(char))
            continue
        if len(scripts) > 1 and not scripts <= {"LATIN", "EAST"}:
            found.update(place for place in word if not text[place].isascii())
        word, scripts = [], set()
    return found


def _script(letter: str) -> str:
    if letter.isascii():
        return "LATIN"
    script = _SCRIPT.match(name(letter, ""))
    return "EAST" if script and script[0] in _EAST else script[0] if script else ""


def _shown(char: str) -> bool:
    return char == " " or not (category(char) in _HIDDEN or _INVISIBLE.fullmatch(char))
