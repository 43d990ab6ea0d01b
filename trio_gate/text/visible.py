r"""Text that an agent wrote, made safe for a person's eyes.

Rule: what is shown is what is there. Every character that a reader cannot see, that moves its neighbours, or that passes for
another is shown as `\u{hex}`; a backslash before `u{` is escaped too, so two different texts never look the same.

Theory: controls and escape sequences rewrite a terminal, bidirectional marks reorder a line, zero-width and filler characters
hide a difference (Unicode TR36 and TR39, "Trojan Source"). In a word of several alphabets the letters that are not ASCII may pass for
some that are, so they are shown by number, as in a word whose every letter does; any other word of one alphabet is left as it is. So are
marks by which a script writes its vowels, a few in a row; those that lie over any letter are shown by number, and punctuation that passes
for that of ASCII is, wherever it stands.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any
from unicodedata import category, name, normalize

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""A value of JSON, for what is shown or kept."""

_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""Letters and marks without ink whose category does not say so: Default_Ignorable_Code_Point, and the empty braille cell."""

_PASSES = re.compile(
    "[\u0131\u0237\u0251\u0261\u0269\u026a\u0274\u0280\u028f\u0299\u029c\u029f\u01c0\u01c3\u1d00-\u1d22\ua730\ua731"  # of Latin: dotless, small
    "\u02b9-\u02bf\u02c8\u02cb\u02d0\u02d7\ua788\ua789\u0589\u05c3\u2236"  # modifiers, colons
    "\u2010-\u2013\u2015\u2043\u2212\u2018-\u201f\u2032-\u2037\u00b4"  # hyphens, dashes but the longest, quotes, primes
    "\u2044\u2215\u2571\u29f8\u29f5\u2216\u2024\u2027\u2219\u22c5\u0701\u0702"  # slashes and dots
    "\u2223\u2502\u2758\u2217\u204e\u066d\u223c\u02cd\u201a\u066b\u060d\u037e\u2039\u203a\u02c2\u02c3\ua4ff\u00b7\u02c6\u02dc"  # the rest
    "\uff02\uff07\uff0a\uff0d\uff0e\uff0f\uff1a\uff1d\uff20\uff3c\uff3f]"  # full width, where names have them in ASCII
)
"""Single characters that pass for one of ASCII. Of those that Unicode itself calls a form of ASCII (NFKC) only the
ones are listed that `_shown` would keep."""

_KEPT = frozenset("\u2026\u00a0")
"""Forms of ASCII that are shown: the dots with which the gateway shortens. A space that does not break is hidden anyway."""

_LIKE_ASCII = frozenset(
    "\u0430\u0441\u0501\u0435\u04bb\u0456\u0458\u04cf\u043e\u0440\u051b\u0455\u0443\u0445\u0475\u051d"  # Cyrillic
    "\u0410\u0412\u0421\u0415\u041d\u0406\u0408\u041a\u041c\u041e\u0420\u0405\u0422\u0423\u0425\u0474\u051c\u050c\u04c0"
    "\u03bf\u03bd\u03c1\u03b1\u03b9\u03c5\u03f3\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"  # Greek
    "\u0585\u057d\u0578\u0570\u0581\u0566"  # Armenian
    "\u13a0\u13a1\u13a2\u13a5\u13a9\u13aa\u13ab\u13ac\u13b3\u13b7\u13bb\u13bd\u13c0\u13c2\u13c3\u13ce\u13cf\u13d2"  # Cherokee
    "\u13d4\u13d5\u13d9\u13da\u13de\u13df\u13e2\u13e6\u13e7\u13ee\u13f3\u13f4"
    "\uab70\uab71\uab72\uab75\uab79\uab7a\uab7b\uab7c\uab83\uab87\uab8b\uab8d\uab90\uab92\uab93\uab9e\uab9f\uaba2"  # Cherokee, small
    "\uaba4\uaba5\uaba9\uabaa\uabae\uabaf\uabb2\uabb6\uabb7\uabbe\u13fb\u13fc"
    "\u2c80\u2c81\u2c82\u2c83\u2c88\u2c89\u2c8e\u2c8f\u2c92\u2c93\u2c94\u2c95\u2c98\u2c99\u2c9a\u2c9b\u2c9e\u2c9f"  # Coptic
    "\u2ca2\u2ca3\u2ca4\u2ca5\u2ca6\u2ca7\u2ca8\u2ca9\u2cac\u2cad"
    "\u142f\u144c\u1455\u146d\u146f\u1472\u148d\u14aa\u1541\u157c\u157d\u1587\u15b4\u15c5\u15de\u15ea\u15f0\u15f4"  # Canadian syllabics
    "\u15f7"
    "\u2d39\u2d4f\u2d54\u2d5d"  # Tifinagh
    "\U00010404\U0001042c"  # Deseret
)
"""Letters of other alphabets that look as letters of ASCII do: a word of nothing else may pass for one of ASCII."""

_LISU = "LISU"
"""An alphabet whose letters all look so."""

MOST_MARKS = 2
"""Marks in a row by which a script writes one syllable; more may run over the lines beside them."""

_WORD = re.compile(r"\w+")

_TOGETHER = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "HALFWIDTH"})

_MARKS = frozenset({"Mn", "Mc"})
_HIDDEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Me", "Zl", "Zp", "Zs"})


def visible(text: str) -> str:
    r"""Write every hidden character of a text as `\u{hex}`. Plain ASCII stays. Never fails, not even on lone surrogates."""
    return plain(text.replace("\\u{", "\\u{5c}u{"))


def plain(text: str) -> str:
    """Like `visible`, but idempotent: text that was made visible before stays as it is."""
    if text.isascii() and text.isprintable():
        return text
    shown, marks = list[str](), 0
    for char in text:
        marks = marks + 1 if category(char) in _MARKS else 0
        shown.append(char if marks <= MOST_MARKS and _shown(char) else _escaped(char))
    return _WORD.sub(_one_alphabet, "".join(shown))


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
    """A word; if its letters are of several alphabets, or all look as those of ASCII do, those that are not ASCII are escaped."""
    letters = word[0]
    if letters.isascii():
        return letters
    alphabets = {_alphabet(char) for char in letters if char.isalpha()} - {""}
    passes = all(char.isascii() or char in _LIKE_ASCII for char in letters) or alphabets == {_LISU}
    if len(alphabets) < 2 and not passes:
        return letters
    return "".join(char if char.isascii() else _escaped(char) for char in letters)


def _alphabet(char: str) -> str:
    """A letter's alphabet, by the first word of its Unicode name; "" for East Asian scripts, which mix within one word."""
    script = name(char, "?").partition(" ")[0]
    return "" if script in _TOGETHER else script


def _escaped(char: str) -> str:
    return f"\\u{{{ord(char):x}}}"


@lru_cache(4096)
def _shown(char: str) -> bool:
    if char.isascii():
        return char.isprintable()
    kind = category(char)
    if kind in _HIDDEN or _INVISIBLE.fullmatch(char) or _PASSES.fullmatch(char):
        return False
    if kind in _MARKS:
        return not name(char, "").startswith("COMBINING")
    return char in _KEPT or (kind[0] in "PS" and name(char, "").startswith("FULLWIDTH")) or not normalize("NFKC", char).isascii()
