"""The configuration's text, positions in it, and what is wrong there.

Rule: every complaint about the file is a `Fault` with a position, and all are reported at once. During reading it is a `Flaw`,
an offset and a message; it becomes a `Fault` at the end, when it is known which parts of a line must not be shown.
"""

from __future__ import annotations

import bisect
import re
from typing import TYPE_CHECKING

from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Sequence

_WINDOW = 80
"""Characters shown on each side of the caret in a long line."""

_LOOKUP = re.compile(r'(?:env|file)\(\s*"[^"\\\n]*"\s*\)')


@value_class
class Fault:
    """One thing that is wrong; `line` and `column` count from 1, `text` is the line as it may be shown."""

    message: str
    name: str
    line: int
    column: int
    text: str
    hint: str | None = None

    @property
    def brief(self) -> str:
        """The same in one line, without the text of the file."""
        hint = "" if self.hint is None else f"; hint: {self.hint}"
        return f"{self.name}:{self.line}:{self.column}: {self.message}{hint}"

    def __str__(self) -> str:
        """The message after `file:line:column:`, the line with a caret under the place, and the hint."""
        start = max(0, self.column - 1 - _WINDOW)
        shown = self.text[start : self.column - 1 + _WINDOW]
        parts = [
            f"{self.name}:{self.line}:{self.column}: {self.message}",
            f"{self.line:>5} | {shown}",
            f"      | {' ' * (self.column - 1 - start)}^",
        ]
        return "\n".join(parts if self.hint is None else [*parts, f"  hint: {self.hint}"])


class ConfigFaults(Exception):  # noqa: N818 - it holds faults and is not one
    """The file is refused; `faults` are all its faults, in the file's order."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


class Flaw(Exception):  # noqa: N818 - a word of this room, never seen outside
    """A fault on its way to the report, with an offset instead of a line. `also` are further flaws of the same value."""

    def __init__(self, at: int, message: str, hint: str | None = None, *, also: Sequence[Flaw] = ()) -> None:
        super().__init__(message)
        self.at = at
        self.message = message
        self.hint = hint
        self.also = tuple(also)


class Source:
    """The text of a file, with lookup of lines and columns. Offsets count characters from 0."""

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def locate(self, at: int) -> tuple[int, int]:
        """Line and column, from 1, of the character at offset `at`."""
        index = bisect.bisect_right(self._starts, at) - 1
        return index + 1, at - self._starts[index] + 1

    def line(self, at: int) -> int:
        """Number of the line, from 1, that offset `at` is in."""
        return self.locate(at)[0]

    def span(self, line: int) -> tuple[int, int]:
        """Offsets of the first character of `line` and of its end, without the line break."""
        start = self._starts[line - 1]
        end = self._starts[line] - 1 if line < len(self._starts) else len(self.text)
        return start, end


class Report:
    """Collects flaws and remarks while a source is read."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.notes: list[str] = []
        self._flaws: list[Flaw] = []
        self._hidden: list[tuple[int, int]] = []

    def add(self, at: int, message: str, hint: str | None = None) -> None:
        """Record a fault at offset `at`."""
        self._flaws.append(Flaw(at, message, hint))

    def flaw(self, flaw: Flaw) -> None:
        """Record a flaw that was raised, and those that came with it."""
        self._flaws += [flaw, *flaw.also]

    def note(self, message: str, at: int | None = None) -> None:
        """Add a remark that does not refuse the file; `at` gives it a position."""
        where = "" if at is None else "{}:{}:{}: ".format(self.source.name, *self.source.locate(at))
        self.notes.append(where + _visible(message))

    def hide(self, start: int, end: int) -> None:
        """Mask the text between these offsets in every shown line, because it may be a secret."""
        if not _LOOKUP.fullmatch(self.source.text[start:end].strip()):
            self._hidden.append((start, end))

    def faults(self) -> tuple[Fault, ...]:
        """All faults so far, in the order of their positions."""
        return tuple(self._fault(flaw) for flaw in sorted(self._flaws, key=lambda flaw: flaw.at))

    def _fault(self, flaw: Flaw) -> Fault:
        line, column = self.source.locate(flaw.at)
        text = self._shown(*self.source.span(line))
        hint = None if flaw.hint is None else _visible(flaw.hint)
        return Fault(message=_visible(flaw.message), name=self.source.name, line=line, column=column, text=text, hint=hint)

    def _shown(self, start: int, end: int) -> str:
        """A line made safe for a terminal, its length unchanged: no control characters, no secrets."""
        line = list(_visible(self.source.text[start:end]))
        for first, last in self._hidden:
            for at in range(max(first, start), min(last, end)):
                if line[at - start] not in ' "':
                    line[at - start] = "*"
        return "".join(line).rstrip()


def _visible(text: str) -> str:
    """A text with a blank for each character that is not printable."""
    return "".join(char if char.isprintable() else " " for char in text)
