"""Writes log lines to standard error without ever blocking: a line that cannot be written at once is dropped and counted.

Rule: a pipe or terminal is opened a second time, non-blocking, so that others who share it are not affected. If it cannot be opened
(another user's), `poll` is asked first: what it calls writable accepts PIPE_BUF bytes (pipe(7)). Files accept everything.
A line that was begun is ended before another one begins, so that none is torn, unless the process ends first. Only where another
process writes to the same pipe, its lines may come between the parts of one that is longer than PIPE_BUF.
"""

from __future__ import annotations

import logging
import os
import select
import socket
import stat
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Write = Callable[[memoryview], int]
    """Writes some bytes without blocking; returns how many. Raises OSError."""

_HOW = os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class LogLines(logging.Handler):
    """A logging handler that writes to a file descriptor without blocking."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._opened = ExitStack()
        self._some = _writer(descriptor, self._opened)
        self._lost = 0
        self._rest = memoryview(b"")

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record's line, or count it as dropped."""
        try:
            line = self.format(record)
        except (TypeError, ValueError, LookupError, AttributeError):
            line = self._own(logging.ERROR, f"a line of {record.name} that cannot be written: {record.msg!r}")
        self._tell_lost()
        if self._lost or not self._write(line):
            self._lost += 1

    def follow(self, before: LogLines) -> None:
        """Go on where another handler of the same descriptor stops: end the line that it began, and count what it dropped."""
        with held(self), held(before):
            if before._descriptor == self._descriptor:
                self._rest, before._rest = before._rest, self._rest
                self._lost, before._lost = self._lost + before._lost, 0

    def close(self) -> None:
        """End the line that was begun and report dropped ones, if that can be written, and close."""
        self._ended()
        self._tell_lost()
        self._opened.close()
        self._some = lambda _: 0  # its descriptor may be another's now
        super().close()

    def _tell_lost(self) -> None:
        said = f"{self._lost} lines of the log are missing here: nobody read them"
        if self._lost and self._write(self._own(logging.WARNING, said)):
            self._lost = 0

    def _own(self, level: int, said: str) -> str:
        """A line of the handler's own, in the form of all others."""
        return self.format(logging.LogRecord(__name__, level, "", 0, said, None, None))

    def _write(self, line: str) -> bool:
        """End the last line and begin this one; return whether that was done, so that it will be written whole."""
        if not self._ended():
            return False
        data = self._rest = memoryview(f"{line}\n".encode("utf-8", "backslashreplace"))
        if self._ended() or len(self._rest) < len(data):
            return True
        self._rest = memoryview(b"")
        return False

    def _ended(self) -> bool:
        """Write what is left of the line that was begun; return whether all of it was written."""
        with suppress(OSError):  # it is full, or the reader is gone
            while self._rest and (count := self._some(self._rest[: select.PIPE_BUF])):
                self._rest = self._rest[count:]
        return not self._rest


@contextmanager
def held(lines: LogLines) -> Iterator[None]:
    """While the block runs, no thread logs by this handler."""
    lines.acquire()
    try:
        yield
    finally:
        lines.release()


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
