"""Two states as one text: what goes, what comes, and a few lines around.

Rule: both are masked like the record, and each mask says whether what it hides differs. Objects are compared by their members' names, not by
their order. What is too long or too different for a comparison by lines stands whole, first what goes.

Theory: difflib takes, at worst, time with the cube of the lines that differ, so it is given few.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from typing import TYPE_CHECKING, Any

from trio_gate.audit.redact import masked
from trio_gate.aws.call import Unknown
from trio_gate.aws.params.readers.json_patient import Patient
from trio_gate.content.readable import readable
from trio_gate.errors import Malformed
from trio_gate.text.visible import visible_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trio_gate.aws.call import Value
    from trio_gate.aws.model.shape import Shape
    from trio_gate.comparison.reads import Sides

MAX_LINES = 200
"""Lines between the first and the last difference, on each side, that are compared one by one."""

MAX_TEXT = 256 * 1024
"""Characters of a difference that are shown."""

AROUND = 3
"""Lines without a difference that are shown before and after one."""

PIECE = 16 * 1024
"""Characters of a long text that are masked at once, looked at with as many before and after: no key is longer."""

MAX_LAID_OUT = 128 * 1024
"""Characters of JSON that is laid out and compared by its members; longer JSON is compared as it is written."""

SAME = "there is no difference"
_WORDS = {"$masked": "masked", "$cut": "not shown", "$more": "not shown"}
"""What stands for a value that the record leaves out."""

_NOTHING = object()


def difference(sides: Sides, shape: Shape | None) -> str:
    """What changes, safe to show, with line breaks. `shape` is the input of the call's operation, for its sensitive members."""
    parts: list[str] = []
    for name in sorted({*sides.before, *sides.after}):
        before, after = _prepared(sides.before.get(name)), _prepared(sides.after.get(name))
        if before == after:
            continue
        old, new = (
            _lines(name, one, other, word, shape) for one, other, word in ((before, after, "before"), (after, before, "after"))
        )
        parts += [f"{name}:", *_compared(old, new)]
    text = visible_lines("\n".join([*([sides.unread] if sides.unread else []), *parts]) or SAME)
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}\n… and {len(text) - MAX_TEXT} characters more"


def _prepared(value: Value | None) -> Value | None:
    """A value in the form in which it is compared: bytes as their text, and JSON laid out."""
    if isinstance(value, bytes):
        found = readable(value)
        if "hex" in found.how:
            return f"{len(value)} bytes that are no text, SHA-256 {hashlib.sha256(value).hexdigest()}"
        value = found.text
    return (_ordered(value) or value) if isinstance(value, str) else value


def _lines(name: str, value: Value | None, other: Value | None, side: str, shape: Shape | None) -> list[str]:
    """A value, masked, in lines; none for nothing. `other` is what stands on the other side, `side` the word for this one."""
    if value is None:
        return []
    if isinstance(value, str):
        return _masked_text(name, value, other if isinstance(other, str) else "", side, shape).split("\n")
    shown = _told(masked({name: value}, shape).get(name), value, other, side)
    if isinstance(shown, list) and all(isinstance(one, str) for one in shown):
        return [str(one) for one in shown]
    return json.dumps(shown, indent=2, sort_keys=True, ensure_ascii=False, default=_beyond).split("\n")


def _told(shown: Any, value: Any, other: Any, side: str) -> Any:
    """A masked value, in which each mask says whether what it hides stands on the other side, too."""
    if isinstance(shown, dict) and len(shown) == 1 and shown != value and (word := _WORDS.get(next(iter(shown)))):
        return f"({word}, {'the same' if value == other else side})"
    if isinstance(shown, dict) and isinstance(value, dict):
        of = other if isinstance(other, dict) else {}
        return {key: _told(one, value.get(key, _NOTHING), of.get(key), side) for key, one in shown.items()}
    if isinstance(shown, list) and isinstance(value, list):
        beside, rest = other if isinstance(other, list) else [], [None] * len(shown)
        pairs = zip(shown, [*value, *rest], [*beside, *rest], strict=False)  # as many as are shown
        return [_told(one, here, there, side) for one, here, there in pairs]
    return shown


def _beyond(value: bytes | Unknown) -> str:
    return "(not known)" if isinstance(value, Unknown) else f"{len(value)} bytes, SHA-256 {hashlib.sha256(value).hexdigest()}"


def _masked_text(name: str, text: str, other: str, side: str, shape: Shape | None) -> str:
    """A text in which each piece that has a secret in it, or beside it, is masked."""
    pieces: list[str] = []
    for at in range(0, len(text), PIECE):
        around = text[max(0, at - PIECE) : at + 2 * PIECE]
        piece = text[at : at + PIECE]
        kept = masked({name: around}, shape).get(name) == around
        pieces.append(piece if kept else f"(masked, {'the same' if other[at : at + PIECE] == piece else side})")
    return "".join(pieces)


def _ordered(text: str) -> str | None:
    """JSON in lines, its members by name; None for any other text, for a longer one, and for JSON with two readings."""
    if len(text) > MAX_LAID_OUT or not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.dumps(Patient().decode(text), indent=2, sort_keys=True, ensure_ascii=False)
    except (ValueError, RecursionError, Malformed, TypeError):
        return None


def _compared(old: list[str], new: list[str]) -> Iterator[str]:
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    gone, come = old[start : len(old) - end], new[start : len(new) - end]
    if start > AROUND:
        yield f"  … {start - AROUND} lines as before"
    yield from (f"  {line}" for line in old[max(0, start - AROUND) : start])
    yield from _by_line(gone, come) if max(len(gone), len(come)) <= MAX_LINES else _whole(gone, come)
    rest = old[len(old) - end :]
    yield from (f"  {line}" for line in rest[:AROUND])
    if len(rest) > AROUND:
        yield f"  … {len(rest) - AROUND} lines as before"


def _by_line(gone: list[str], come: list[str]) -> Iterator[str]:
    matcher = difflib.SequenceMatcher(None, gone, come, autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            yield from (f"  {line}" for line in gone[start:end])
        else:
            yield from _whole(gone[start:end], come[new_start:new_end])


def _whole(gone: list[str], come: list[str]) -> Iterator[str]:
    yield from (f"- {line}" for line in gone)
    yield from (f"+ {line}" for line in come)
