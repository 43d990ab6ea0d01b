"""Reads what people decided about operations: `by_hand.txt`, then the files that continue it."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = sorted(Path(__file__).parent.glob("by_hand*.txt"), key=lambda path: (len(path.stem), path.stem))
"""`by_hand.txt` comes first; later lines win."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One line, at `where`. `gives` are marks with their conditions, or an access level; `takes` are marks to remove."""

    where: str
    service: str
    operations: tuple[str, ...]
    gives: tuple[str, ...]
    takes: tuple[str, ...]
    reason: str

    def covers(self, service: str, operation: str) -> bool:
        """Whether it applies to an operation."""
        return fnmatchcase(service, self.service) and any(fnmatchcase(operation, one) for one in self.operations)


def decisions(text: str | None = None) -> Iterator[Decision]:
    """All lines, in order, or those of `text`. Raises ValueError for a malformed one."""
    if text is not None:
        yield from _lines(FILES[0].name, text)
        return
    for path in FILES:
        yield from _lines(path.name, path.read_text())


def _lines(name: str, text: str) -> Iterator[Decision]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        where = f"{name}:{number}"
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != 3 or not all(parts):
            raise ValueError(f"{where}: not of the form `service: operations | decisions | reason`")
        service, _, operations = parts[0].partition(":")
        words = parts[1].split()
        yield Decision(
            where=where,
            service=service,
            operations=tuple(operations.split()),
            gives=tuple(word.removeprefix("+") for word in words if not word.startswith("-")),
            takes=tuple(word[1:] for word in words if word.startswith("-")),
            reason=parts[2],
        )
