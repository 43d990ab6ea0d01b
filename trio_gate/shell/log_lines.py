"""Writes log lines to standard error without ever blocking: a line that cannot be written at once is dropped and counted.

Rule: a pipe or terminal is opened a second time, non-blocking, so that others who share it are not affected. If it cannot be opened
(another user's), `poll` is asked first: what it calls writable accepts PIPE_BUF bytes (pipe(7)). Files accept everything.
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
    """Writes some bytes without blocking; returns how many. Raises OSError."""

_HOW = os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class LogLines(logging.Handler):
    """A logging handler that writes to a file descriptor without blocking."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._opened = ExitStack()
        self._some = _writer(descriptor, self._opened)
        self._lost = 0
        self._torn = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record's line, or count it as dropped."""
        try:
            line = self.format(record)
        except (TypeError, ValueError, LookupError, AttributeError):
            line = self._own(logging.ERROR, f"a line of {record.name} that cannot be written: {record.msg!r}")
        self._tell_lost()
        if self._lost or not self._write(line):
            self._lost += 1

    def close(self) -> None:
        """Report dropped lines if that can be written, and close."""
        self._tell_lost()
        self._opened.close()
        super().close()

    def _tell_lost(self) -> None:
        said = f"{self._lost} lines of the log are missing here: nobody read them"
        if self._lost and self._write(self._own(logging.WARNING, said)):
            self._lost = 0

    def _own(self, level: int, said: str) -> str:
        """A line of the handler's own, in the form of all others."""
        return self.format(logging.LogRecord(__name__, level, "", 0, said, None, None))

    def _write(self, line: str) -> bool:
        """Write a line; return whether all of it was written."""
        data = memoryview((("\n" if self._torn else "") + line + "\n").encode("utf-8", "backslashreplace"))
        try:
            while data and (count := self._some(data[: select.PIPE_BUF])):
                data = data[count:]
                self._torn = bool(data)
        except OSError:  # it is full, or the reader is gone
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
