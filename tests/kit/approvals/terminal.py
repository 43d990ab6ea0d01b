"""A person's end of a terminal whose other end is this process's standard input, and what a console of `rich` prints to."""

from __future__ import annotations

import os
import select
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import trio
from rich.console import Console
from trio.testing import wait_all_tasks_blocked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    import pytest

_INTERRUPT = "\x03"
"""Ctrl-C, which becomes a signal."""

PATIENCE = 30
"""Seconds that a terminal may take to show something."""


class Terminal:
    """`end` is the person's; `console` prints at its other, of `width` columns."""

    def __init__(self, end: int, out: TextIO, width: int) -> None:
        self.end, self.width = end, width
        self.console = Console(file=out, width=width, highlight=False, markup=False, soft_wrap=True)
        os.set_blocking(self.end, False)
        self._shown = ""

    async def type(self, text: str) -> None:
        """Press keys once all is shown that there is to show."""
        await wait_all_tasks_blocked()
        os.write(self.end, text.encode())
        self._arrived(text)
        await trio.lowlevel.checkpoint()

    def _arrived(self, text: str) -> None:
        """Wait until the other end has the keys: the system passes them on a moment later, and until then nobody seems to read."""
        if _INTERRUPT not in text:
            select.select([self.console.file.fileno()], [], [], PATIENCE)

    async def shows(self, *rows: str) -> None:
        """Wait until these are the last rows of the screen."""
        with trio.move_on_after(PATIENCE):
            while tuple(self.screen()[-len(rows) :]) != rows:
                await trio.lowlevel.wait_readable(self.end)
        assert tuple(self.screen()[-len(rows) :]) == rows

    def screen(self) -> list[str]:
        """The rows of the screen, without blank ends."""
        while True:
            try:
                self._shown += os.read(self.end, 65536).decode()
            except BlockingIOError:
                return drawn(self._shown, self.width)


def drawn(text: str, width: int) -> list[str]:
    """What a terminal shows for a text with the few sequences that are in use: rows up, erase to the end, and colors."""
    rows, row, column, at = [""], 0, 0, 0
    while at < len(text):
        char, at = text[at], at + 1
        if char == "\x1b":
            end = next(index for index in range(at + 1, len(text)) if text[index].isalpha())
            count, at = int(text[at + 1 : end].split(";", maxsplit=1)[0] or 1), end + 1
            if text[end] == "A":
                row -= count
            elif text[end] == "J":
                rows = [*rows[:row], rows[row][:column]]
        elif char == "\r":
            column = 0
        elif char == "\n":
            row += 1
            rows += [""] * (row + 1 - len(rows))
        else:
            if column == width:
                row, column = row + 1, 0
                rows += [""] * (row + 1 - len(rows))
            rows[row] = f"{rows[row][:column]:{column}}{char}{rows[row][column + 1 :]}"
            column += 1
    return [row.rstrip() for row in rows]


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch, width: int = 80) -> Iterator[Terminal]:
    monkeypatch.setenv("TERM", "xterm")
    end, other = os.openpty()
    with os.fdopen(end, "rb"), os.fdopen(other) as stdin, os.fdopen(os.dup(other), "w") as out:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield Terminal(end, out, width)
