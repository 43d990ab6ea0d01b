"""The log's lines on standard error, which nobody may be reading: a line that is not taken at once is left out and counted.

Rule: writing never waits. A descriptor that `poll` calls writable takes PIPE_BUF bytes without waiting (pipe(7); a socket has room
for more), so a line goes in pieces of that size.
"""

from __future__ import annotations

import logging
import os
import select


class LogLines(logging.Handler):
    """Writes to a descriptor."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._room = select.poll()
        self._room.register(descriptor, select.POLLOUT)
        self._lost = 0
        self._torn = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record's line, if it is taken."""
        if self._lost and self._write(f"{self._lost} lines of the log are missing here: nobody read them"):
            self._lost = 0
        if self._lost or not self._write(self.format(record)):
            self._lost += 1

    def _write(self, line: str) -> bool:
        """Whether a line was taken whole."""
        data = memoryview((("\n" if self._torn else "") + line + "\n").encode("utf-8", "backslashreplace"))
        try:
            while data and self._room.poll(0):
                data = data[os.write(self._descriptor, data[: select.PIPE_BUF]) :]
                self._torn = bool(data)
        except OSError:  # the reader is gone
            return False
        return not data
