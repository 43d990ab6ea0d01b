"""The log's lines on standard error, which nobody may be reading: a line that is not taken at once is left out and counted.

Rule: writing never waits. A pipe or terminal is opened once more for that, without waiting; who shares it waits as before. What cannot
be (another user's) is asked first: what `poll` calls writable takes PIPE_BUF bytes (pipe(7)). A file takes what it is given.
"""

from __future__ import annotations

import logging
import os
import select
import socket
import stat
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Write = Callable[[memoryview], int]
    """Writes some bytes, at once or not at all: how many. Raises OSError."""

_HOW = os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class LogLines(logging.Handler):
    """Writes to a descriptor."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._opened = ExitStack()
        self._some = _writer(descriptor, self._opened)
        self._lost = 0
        self._torn = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record's line, if it is taken."""
        try:
            line = self.format(record)
        except (TypeError, ValueError, LookupError, AttributeError):
            line = f"a line of {record.name} that cannot be written: {record.msg!r}"
        self._tell_lost()
        if self._lost or not self._write(line):
            self._lost += 1

    def close(self) -> None:
        """Say what was lost, if that is taken."""
        self._tell_lost()
        self._opened.close()
        super().close()

    def _tell_lost(self) -> None:
        if self._lost and self._write(f"{self._lost} lines of the log are missing here: nobody read them"):
            self._lost = 0

    def _write(self, line: str) -> bool:
        """Whether a line was taken whole."""
        data = memoryview((("\n" if self._torn else "") + line + "\n").encode("utf-8", "backslashreplace"))
        try:
            while data and (count := self._some(data[: select.PIPE_BUF])):
                data = data[count:]
                self._torn = bool(data)
        except OSError:  # it takes nothing now, or the reader is gone
            return False
        return not data


def _writer(descriptor: int, opened: ExitStack) -> Write:
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return partial(os.write, descriptor)
    if stat.S_ISSOCK(mode):
        own = opened.enter_context(socket.socket(fileno=os.dup(descriptor)))
        return lambda data: own.send(data, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
    try:
        again = os.open(f"/proc/self/fd/{descriptor}", _HOW)
    except OSError:
        return _polled(descriptor)
    opened.callback(os.close, again)
    return partial(os.write, again)


def _polled(descriptor: int) -> Write:
    room = select.poll()
    room.register(descriptor, select.POLLOUT)
    return lambda data: os.write(descriptor, data) if room.poll(0) else 0
