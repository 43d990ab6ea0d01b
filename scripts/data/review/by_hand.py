"""Reads `by_hand.txt`: what people decided about operations."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = Path(__file__).with_name("by_hand.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One line. `gives` are marks with their conditions, or an access level; `takes` are marks to remove."""

    line: int
    service: str
    operations: tuple[str, ...]
    gives: tuple[str, ...]
    takes: tuple[str, ...]
    reason: str

    def covers(self, service: str, operation: str) -> bool:
        """Whether it applies to an operation."""
        return fnmatchcase(service, self.service) and any(fnmatchcase(operation, one) for one in self.operations)


def decisions(text: str | None = None) -> Iterator[Decision]:
    """All lines, in order. Raises ValueError for a malformed one."""
    for number, line in enumerate((FILE.read_text() if text is None else text).splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != 3 or not all(parts):
            raise ValueError(f"{FILE.name}:{number}: not of the form `service: operations | decisions | reason`")
        service, _, operations = parts[0].partition(":")
        words = parts[1].split()
        yield Decision(
            line=number,
            service=service,
            operations=tuple(operations.split()),
            gives=tuple(word.removeprefix("+") for word in words if not word.startswith("-")),
            takes=tuple(word[1:] for word in words if word.startswith("-")),
            reason=parts[2],
        )
