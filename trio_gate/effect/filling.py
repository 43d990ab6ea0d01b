"""Fills a template with what a call sends.

Rule: parameters come masked, so no secret gets into a sentence; a mask stands as `(masked)`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from trio_gate.aws.review.meaning import values_at
from trio_gate.effect.names import own_name
from trio_gate.effect.sentence import Names
from trio_gate.effect.templates import TEMPLATES
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trio_gate.aws.call import Call, Value

MASKED = "(masked)"
"""Stands for a value that the record masks."""

MAX_PIECE = 100
"""Characters of a slot, or of a part that may be left out."""

_PIECE = re.compile(rf"\[[^\]]{{0,{MAX_PIECE}}}\]|\{{[^}}]{{0,{MAX_PIECE}}}\}}|[^\[{{]+")

_MANY = re.compile(r"\A( (?:day|instance|task))s\b")
"""What is counted by a number before it."""


@value_class
class Slot:
    """A place in a template for what the call sends at a path; `noun` counts several."""

    path: tuple[str, ...]
    noun: str


Template = tuple["str | Slot | Template", ...]
"""Texts, slots, and templates that are left out if a member in them is not sent."""


@lru_cache(maxsize=2 * len(TEMPLATES))
def compiled(text: str) -> Template:
    """The parts of a template."""
    parts: list[str | Slot | Template] = []
    for piece in _PIECE.findall(text):
        if piece[0] == "[":
            parts.append(compiled(piece[1:-1]))
        elif piece[0] == "{":
            path, _, noun = piece[1:-1].partition("|")
            parts.append(Slot(path=tuple(path.split(".")), noun=noun))
        else:
            parts.append(piece)
    return tuple(parts)


def templated(call: Call, masked: Mapping[str, Value]) -> list[str | Names] | None:
    """The parts of a call's sentence by the first of its templates that fits; None if there is none."""
    for text in TEMPLATES.get(f"{call.service}.{call.operation}", ()):
        parts = filled(text, call, masked)
        if parts is not None:
            return parts
    return None


def filled(text: str, call: Call, masked: Mapping[str, Value]) -> list[str | Names] | None:
    """The parts of a sentence by one template; None if a member that it needs is not sent."""
    return _filled(compiled(text), call, masked)


def _filled(template: Template, call: Call, masked: Mapping[str, Value]) -> list[str | Names] | None:
    parts: list[str | Names] = []
    for part in template:
        if isinstance(part, str):
            parts.append(_MANY.sub(r"\1", part) if parts and parts[-1] == "1" else part)
        elif isinstance(part, tuple):
            parts.extend(_filled(part, call, masked) or ())
        else:
            found = _slot(part, call, masked)
            if found is None:
                return None
            parts.append(found)
    return parts


def _slot(slot: Slot, call: Call, masked: Mapping[str, Value]) -> str | Names | None:
    """What stands in a slot; numbers and switches need no marks."""
    value = masked.get(slot.path[0]) if len(slot.path) == 1 else None
    if isinstance(value, str) and value:  # as in most calls
        return Names(names=(as_text(value, call),), noun=slot.noun, before=slot.noun)
    values = _scalars(masked, slot.path)
    texts = list(dict.fromkeys([as_text(value, call) for value in values]))
    if not texts:
        return None
    if texts == [MASKED] or not any(isinstance(value, str) for value in values):
        return ", ".join(texts)
    return Names(names=texts, noun=slot.noun, before=slot.noun)


def texts_at(call: Call, masked: Mapping[str, Value], *path: str) -> list[str]:
    """What stands at a path, each once, resources of the call's own account by their last name."""
    return list(dict.fromkeys([as_text(value, call) for value in _scalars(masked, path)]))


def _scalars(masked: Mapping[str, Value], path: tuple[str, ...]) -> list[Value]:
    """What stands at a path and can be said in a sentence: texts, numbers and switches, and marks of what is left out."""
    return [
        value
        for value in values_at(masked, path)
        if (isinstance(value, (str, int)) and value != "")
        or (isinstance(value, dict) and any(name.startswith("$") for name in value))
    ]


def as_text(value: Value, call: Call) -> str:
    """One value as text."""
    if isinstance(value, str):
        return own_name(value, call.account, call.region)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else MASKED


def named(names: Sequence[str], noun: str = "") -> Names | str:
    """Names as a part of a sentence; a single mask stands as it is."""
    return MASKED if list(names) == [MASKED] else Names(names=names, noun=noun)
