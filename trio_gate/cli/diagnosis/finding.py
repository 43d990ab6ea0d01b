"""What a check of `trio-gate doctor` found, and how it is printed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Iterable

Level = Literal["ok", "note", "fail"]


@value_class
class Finding:
    """One line: whether it is good, deserves a look or fails, what was checked, and what was found and what to do."""

    level: Level
    what: str
    said: str


def ok(what: str, said: str) -> Finding:
    """It is as it should be."""
    return Finding(level="ok", what=what, said=said)


def note(what: str, said: str) -> Finding:
    """It works, and should be looked at."""
    return Finding(level="note", what=what, said=said)


def fail(what: str, said: str) -> Finding:
    """It does not work."""
    return Finding(level="fail", what=what, said=said)


def lines(found: Iterable[Finding], *, as_json: bool) -> str:
    """The findings, a line each."""
    if as_json:
        return "".join(json.dumps({"level": one.level, "what": one.what, "said": one.said}) + "\n" for one in found)
    return "".join(f"{one.level:<5} {one.what}: {one.said}\n" for one in found)
