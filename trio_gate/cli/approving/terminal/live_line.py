"""The line that a person types at the bottom of the terminal, after what is asked; whatever is printed meanwhile comes above it.

Rule: however reading ends, the terminal is as it was before. No thread waits in a read that would outlive the program.
"""

from __future__ import annotations

import codecs
import os
import re
import sys
import termios
from contextlib import contextmanager
from typing import TYPE_CHECKING

import trio
from rich.cells import cell_len

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console
    from rich.text import Text

REDRAW_SECONDS = 10
"""How often a question that has a time in it is drawn again, while nobody types and nothing happens."""

MOST_TYPED = 4096
"""Characters of a line; a reason has 1,000 at most, a condition 4,000."""

_ENTER, _LEAVE, _BACK, _LINE, _WORD = "\r\n", "\x04", "\x7f\b", "\x15", "\x17"
"""Keys: Enter, Ctrl-D, the two of Backspace, Ctrl-U (the whole line) and Ctrl-W (the last word)."""

_KEYS = re.compile(r"\x1b(?:\[[0-?]{0,16}[ -/]{0,4}[@-~]?|O.?)?")
"""What other keys send, as the arrows do: it stands for no text."""


class LiveLine:
    """Reads lines from standard input. `console` prints what is asked; elsewhere than at a terminal it is printed again, not moved."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._question: Callable[[], Text] | None = None
        self._asked = self._typed = self._ahead = ""

    def flush(self) -> None:
        """Forget what was typed already."""
        self._ahead = ""
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)

    async def read(self, question: Callable[[], Text]) -> str:
        """The line that the person types after `question`, whose text is made whenever it is drawn. Raises EOFError at the end."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._question, self._typed, done = question, "", False
        with _unechoed(sys.stdin.fileno()):
            self._draw()
            try:
                while not (done := self._take()):
                    with trio.move_on_after(REDRAW_SECONDS) as quiet:
                        self._ahead = decoder.decode(await _bytes())
                    if quiet.cancelled_caught and self._moves:
                        self._redraw()
            finally:
                self._question = None
                self._console.file.write("\n" if done else self._erasing())
                self._console.file.flush()
        return self._typed.strip()

    def say(self, text: str | Text) -> None:
        """Print lines, made plain already, above the line that is being typed."""
        with self.above():
            self._console.print(text)

    @contextmanager
    def above(self) -> Iterator[None]:
        """Print what is printed inside above the line that is being typed."""
        if self._question is not None:
            self._console.file.write(self._erasing())
            self._console.file.flush()
        try:
            yield
        finally:
            if self._question is not None:
                self._draw()

    def _take(self) -> bool:
        """Take what was typed into the line. Returns whether it is complete; the rest is kept for the next line."""
        before = self._typed
        for at, key in enumerate(keys := _KEYS.sub("", self._ahead)):
            if key in _ENTER:
                self._ahead = keys[at + 1 :]
                self._show(before)
                return True
            self._press(key)
        self._ahead = ""
        self._show(before)
        return False

    def _press(self, key: str) -> None:
        if key == _LEAVE and not self._typed:
            raise EOFError
        if key in _BACK:
            self._typed = self._typed[:-1]
        elif key == _LINE:
            self._typed = ""
        elif key == _WORD:
            self._typed = self._typed.rstrip().rpartition(" ")[0]
        elif key.isprintable() and len(self._typed) < MOST_TYPED:
            self._typed += key

    def _show(self, before: str) -> None:
        """Show the line after keys: what was added to it as such, so that a terminal's own record of it can be read."""
        if self._typed.startswith(before):
            self._console.file.write(self._typed[len(before) :])
            self._console.file.flush()
        else:
            self._redraw()

    def _redraw(self) -> None:
        with self.above():
            pass

    def _draw(self) -> None:
        if self._question is not None:
            asked = self._question()
            self._asked = asked.plain
            self._console.print(asked, end="")
            self._console.file.write(self._typed)
            self._console.file.flush()

    @property
    def _moves(self) -> bool:
        """Whether the cursor can go back to what was printed."""
        return self._console.is_terminal and not self._console.is_dumb_terminal

    def _erasing(self) -> str:
        """What takes the question and the line off the screen; where that cannot be, what ends the line."""
        if not self._moves:
            return "\n"
        lines = (self._asked + self._typed).split("\n")
        above = sum(max(1, -(-cell_len(line) // self._console.width)) for line in lines) - 1
        return f"\r\x1b[{above}A\x1b[J" if above else "\r\x1b[J"


async def _bytes() -> bytes:
    """What was typed next. Raises EOFError at the end of the input."""
    await trio.lowlevel.wait_readable(sys.stdin.fileno())
    try:
        data = os.read(sys.stdin.fileno(), MOST_TYPED)
    except OSError:  # the terminal has gone
        data = b""
    if not data:
        raise EOFError
    return data


@contextmanager
def _unechoed(terminal: int) -> Iterator[None]:
    """Get each key as it is pressed, and show none; signals of keys, as of Ctrl-C, go on working."""
    before = termios.tcgetattr(terminal)
    changed = [*before[:3], before[3] & ~(termios.ECHO | termios.ICANON), *before[4:]]
    termios.tcsetattr(terminal, termios.TCSADRAIN, changed)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
