"""Whether what a program started is still there: it holds one end of a pipe, and the other says when nobody holds it any more."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 30


class Held:
    """The test's end of a named pipe. `LINES` are a program's: it starts another, which holds the pipe for longer than any test."""

    LINES = '{{ echo begun; exec sleep 600; }} > "{0}" &\n'

    def __init__(self, path: Path, end: int) -> None:
        self.lines = self.LINES.format(path)
        self._end = end

    async def begun(self) -> None:
        """Return once the program of the program runs."""
        assert await self._read() == b"begun\n"

    async def ended(self) -> None:
        """Return once it has ended."""
        assert await self._read() == b""

    def still(self) -> bool:
        """Whether it runs at the moment."""
        try:
            return os.read(self._end, 1) != b""
        except BlockingIOError:
            return True

    async def _read(self) -> bytes:
        with trio.fail_after(PATIENCE):
            await trio.lowlevel.wait_readable(self._end)
        return os.read(self._end, 100)


@contextmanager
def held(folder: Path) -> Iterator[Held]:
    """A pipe in a folder."""
    os.mkfifo(folder / "held")
    end = os.open(folder / "held", os.O_RDONLY | os.O_NONBLOCK)
    try:
        yield Held(folder / "held", end)
    finally:
        os.close(end)
