"""Two states as one text: what goes, what comes, and a few lines around.

Rule: both are masked like the record; where only what is masked differs, the text says so. Objects are compared by their members' names,
not by their order. What is too long or too different for a comparison by lines stands whole, first what goes.

Theory: difflib takes, at worst, time with the cube of the lines that differ, so it is given few.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from typing import TYPE_CHECKING

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

SAME = "there is no difference"


def difference(sides: Sides, shape: Shape | None) -> str:
    """What changes, safe to show, with line breaks. `shape` is the input of the call's operation, for its sensitive members."""
    parts: list[str] = []
    for name in sorted({*sides.before, *sides.after}):
        before, after = sides.before.get(name), sides.after.get(name)
        if name in sides.before and name in sides.after and _canonical(before) == _canonical(after):
            continue
        old, new = _lines(name, before, shape), _lines(name, after, shape)
        body = [*_compared(old, new)] if old != new else ["  (what differs is masked)"]
        parts += [f"{name}:", *body]
    text = visible_lines("\n".join(parts) or SAME)
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}\n… and {len(text) - MAX_TEXT} characters more"


def _canonical(value: Value | None) -> str:
    """A value as text in which the order of members does not matter."""
    if isinstance(value, str):
        laid_out = _ordered(value)
        return value if laid_out is None else laid_out
    if isinstance(value, bytes):
        return (
            f"{len(value)} {hashlib.sha256(value).hexdigest()} {_canonical(text) if (text := _text(value)) is not None else ''}"
        )
    return json.dumps(value, sort_keys=True, default=repr)


def _lines(name: str, value: Value | None, shape: Shape | None) -> list[str]:
    """A value, masked, in lines; none for nothing."""
    if value is None:
        return []
    if isinstance(value, bytes):
        text = _text(value)
        if text is None:
            return [f"{len(value)} bytes that are no text, SHA-256 {hashlib.sha256(value).hexdigest()}"]
        value = text
    if isinstance(value, str):
        return _masked_text(name, _ordered(value) or value, shape).split("\n")
    shown = masked({name: value}, shape)[name]
    if isinstance(shown, list) and all(isinstance(one, str) for one in shown):
        return [str(one) for one in shown]
    text = json.dumps(shown, default=_beyond)
    return (_ordered(text) or text).split("\n")


def _beyond(value: bytes | Unknown) -> str:
    return "(not known)" if isinstance(value, Unknown) else f"{len(value)} bytes, SHA-256 {hashlib.sha256(value).hexdigest()}"


def _masked_text(name: str, text: str, shape: Shape | None) -> str:
    """A text in which each piece that has a secret in it, or beside it, is masked."""
    pieces: list[str] = []
    for at in range(0, len(text), PIECE):
        around = text[max(0, at - PIECE) : at + 2 * PIECE]
        kept = masked({name: around}, shape)[name] == around
        piece = text[at : at + PIECE]
        pieces.append(piece if kept else f"(masked: {len(piece)} characters)")
    return "".join(pieces)


def _text(value: bytes) -> str | None:
    found = readable(value)
    return None if "hex" in found.how else found.text


def _ordered(text: str) -> str | None:
    """JSON in lines, its members by name; None for any other text, and for JSON with two readings."""
    if not text.lstrip().startswith(("{", "[")):
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
