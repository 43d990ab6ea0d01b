"""A condition in words: which calls it lets through, as a person would say it.

Rule: a part of a condition that has no words of its own is quoted as it is, so nothing of it is left unsaid but remarks, which would
be read as if they were true of the calls. Words are given to
parts alone of which the CEL library says that the condition is true where all of them are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trio_gate.policy.cel import is_all_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TEXT = r'"([^"\\]*)"'
_LIST = r'\[((?:"[^"\\]*"(?:, ?"[^"\\]*")*)?)\]'
_ITEM = re.compile(_TEXT)
_NAME = re.compile(r"[\w:/.*@+=-]+")
"""A text that cannot be read as other words of the sentence."""

_OPERATION = re.compile(rf"aws\.action == {_TEXT}")
_SERVICE = re.compile(rf"aws\.service == {_TEXT}")

_FORMS: Mapping[re.Pattern[str], str] = {
    re.compile(rf"aws\.resources\.all\((\w+), \1\.startsWith\({_TEXT}\)\)"): "only on what begins with {1}",
    re.compile(rf"aws\.resources == {_LIST}"): "on exactly {0}",
    re.compile(r"!has\(aws\.session_role\)"): "with the agent's own key",
    re.compile(r"has\(aws\.session_role\)"): "in a role",
    re.compile(rf"aws\.session_role == {_TEXT}"): "in the role {0}",
    re.compile(rf"aws\.level != {_TEXT}"): "no {0}",
    re.compile(rf"aws\.level == {_TEXT}"): "each a {0}",
    re.compile(rf"aws\.access == {_TEXT}"): "each a {0}",
    re.compile(rf"aws\.region == {_TEXT}"): "in {0}",
    re.compile(rf"aws\.params\.(\w+) == {_TEXT}"): "whose {0} is {1}",
    re.compile(r"aws\.params\.(\w+) == (-?\d+|true|false)"): "whose {0} is {1}",
    re.compile(r"aws\.params\.(\w+) <= (-?\d+)"): "whose {0} is at most {1}",
    re.compile(rf"aws\.params\.(\w+)\.startsWith\({_TEXT}\)"): "whose {0} begins with {1}",
}
"""Parts of conditions, as they are proposed and often typed, and their words."""


def condition_words(source: str) -> str:
    """The words for a condition in CEL. They are not safe to show before they were made visible."""
    parts = _parts(source)
    service = _first(_SERVICE, parts)
    operation = _first(_OPERATION, parts)
    of = f" of {service}" if service else ""
    said = f"{operation or 'all operations'}{of}"
    left = [part for part in parts if not (_SERVICE.fullmatch(part) or _OPERATION.fullmatch(part))]
    return ", ".join([said, *map(_words, left)])


def _first(form: re.Pattern[str], parts: list[str]) -> str | None:
    """What the only part of a form names; None where it is not said, or more than once."""
    found = [_listed(f'"{match[1]}"') for part in parts if (match := form.fullmatch(part))]
    return " and at once ".join(found) or None


def _words(part: str) -> str:
    for form, words in _FORMS.items():
        if match := form.fullmatch(part):
            return words.format(*map(_listed, match.groups()))
    return f"for which {part} is true"


def _listed(group: str) -> str:
    """A text, or the texts of a list; those that could be read as other words of the sentence keep their quotation marks."""
    texts = _ITEM.findall(group) if group.startswith('"') else [group or "nothing"]
    return " and ".join(text if _NAME.fullmatch(text) else f'"{text}"' for text in texts)


def _parts(source: str) -> list[str]:
    """The parts that must all be true; the whole where it is not made of such parts alone."""
    bare = "".join(_without_remarks(source)).strip()
    parts = list(_between(bare))
    if len(parts) > 1 and is_all_of(source, parts):
        return parts
    return [bare if is_all_of(source, [bare]) else source.strip()]


def _without_remarks(source: str) -> Iterator[str]:
    """All but what looks like a remark."""
    start = at = 0
    while at < len(source):
        if source[at] in "\"'":
            at = _quoted_to(source, at)
        elif source.startswith("//", at):
            yield source[start:at]
            end = source.find("\n", at)
            at = start = len(source) if end < 0 else end
        else:
            at += 1
    yield source[start:]


def _between(source: str) -> Iterator[str]:
    """What stands between each `&&` outside of brackets and texts, which CEL may read in another way."""
    depth = start = at = 0
    while at < len(source):
        char = source[at]
        if char in "\"'":
            at = _quoted_to(source, at)
            continue
        depth += (char in "([{") - (char in ")]}")
        if not depth and source.startswith("&&", at):
            yield source[start:at].strip()
            at = start = at + 2
            continue
        at += 1
    yield source[start:].strip()


def _quoted_to(source: str, at: int) -> int:
    """Where the text that begins at `at` is over."""
    quote = source[at]
    end = quote * 3 if source.startswith(quote * 3, at) else quote
    at += len(end)
    while at < len(source) and not source.startswith(end, at):
        at += 2 if source[at] == "\\" else 1
    return at + len(end)
