"""The decision log: one JSON line for each decision, in the shape of `explain`, flushed before the answer.

Rule: the log has a size limit. At half of it the file is renamed to `FILE.1`, replacing the one before, and a new one is begun. A
new one is also begun when somebody has moved the file away, LOOK_EVERY seconds later at most.

A line is one short `write` to a file opened for appending, so lines of two processes never mix. It goes to the operating
system, not to the disk: the durable record is the audit database. The write blocks the event loop for some microseconds; a worker
thread would cost more. A pipe or terminal never blocks it: if nobody reads, the decision could not be logged. A line that was cut
short is ended before the next one.
"""

from __future__ import annotations

import fcntl
import math
import os
import select
import stat
from contextlib import suppress
from json.encoder import encode_basestring_ascii as quoted
from time import perf_counter
from typing import TYPE_CHECKING

from trio_gate.audit.record import stamp
from trio_gate.errors import AuditUnavailable
from trio_gate.shell.presence import Presence

if TYPE_CHECKING:
    from datetime import datetime

PIPE = 1024 * 1024
"""Capacity that a pipe is asked for, in bytes: a longer line could never be written."""

LOOK_EVERY = 0.1
"""Seconds between two looks at whether the file is where it was, and how long."""

_HOW = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


class DecisionLog:
    """The log at `path`, created 0600; both of its files together have at most `limit` bytes. Writing raises AuditUnavailable."""

    def __init__(self, path: str, limit: float = math.inf) -> None:
        self._path = path
        self.limit = limit
        self._failing = 0  # bytes of the line that was not taken last
        try:
            self._open()
        except OSError as error:
            message = f"the decision log {path} cannot be opened: {error.strerror}"
            raise AuditUnavailable(message) from error

    @property
    def size(self) -> int:
        """Bytes of the file that is written to, as it was last looked at; 0 for a pipe."""
        return self._size if self._regular else 0

    def _open(self) -> None:
        self._file = os.open(self._path, _HOW, 0o600)
        self._presence = Presence(self._path)
        self._look()
        self._torn = _torn(self._path, os.fstat(self._file))
        with suppress(OSError):  # no pipe, or more than this user may have: it holds what it holds
            fcntl.fcntl(self._file, fcntl.F_SETPIPE_SZ, PIPE)

    def _make_room(self, more: int) -> None:
        moved = False
        if perf_counter() >= self._look_at:
            self._look()
            moved = self._regular and self._presence.missing() is not None
        if self._regular and not moved and self._size + more > self.limit // 2 and self._size:
            os.replace(self._path, f"{self._path}.1")
            moved = True
        if moved:
            before = self._file
            self._open()
            os.close(before)

    def _look(self) -> None:
        found = os.fstat(self._file)
        self._regular, self._size = stat.S_ISREG(found.st_mode), found.st_size
        self._look_at = perf_counter() + LOOK_EVERY

    def called(
        self,
        call: str,
        *,
        id: str,  # noqa: A002 - the line's own word
        time: datetime,
        agent: str | None,
        decision: tuple[str, str | None, str | None],
        status: int | None = None,
    ) -> None:
        """Log a call that was named and decided on.

        Args:
            call: the call in JSON, from the `line` of `described.describe`.
            id: the request id.
            time: of the decision, UTC.
            agent: the configured agent's name.
            decision: outcome, rule and reason.
            status: of a refusal.
        """
        outcome, rule, reason = decision
        self._line(
            f'{_begun(id, time, "call", agent)},"decision":{{"outcome":{quoted(outcome)},"rule":{_text(rule)},"reason":{_text(reason)}}}'
            f',"status":{"null" if status is None else status},"call":{call}}}\n'
        )

    def refused(self, *, id: str, time: datetime, agent: str | None, status: int, code: str, reason: str) -> None:  # noqa: A002 - the line's own word
        """Log a request that was refused before it was named. `status` and `code` are those of the answer."""
        self._line(f'{_begun(id, time, "refused", agent)},"status":{status},"code":{quoted(code)},"reason":{quoted(reason)}}}\n')

    def close(self) -> None:
        """Close the file; nothing can be logged after that."""
        os.close(self._file)

    def _line(self, text: str) -> None:
        line = text.encode("ascii")
        self._failing = len(line)
        try:
            whole = self._write(line)
        except OSError as error:
            message = "the decision could not be logged; try again later"
            raise AuditUnavailable(message) from error
        if not whole:
            message = "the decision could not be logged in full; try again later"
            raise AuditUnavailable(message)
        self._failing = 0

    def _write(self, line: bytes) -> bool:
        """Write a line; return whether all of it was written. Raises OSError."""
        self._make_room(len(line) + 1)
        line = b"\n" + line if self._torn else line
        written = os.write(self._file, line)
        self._size += written
        self._torn = not line[:written].endswith(b"\n")
        return written == len(line)

    def is_ready(self) -> bool:
        """Whether another line can be expected to be logged: the last one was, and a pipe has a reader and room."""
        if self._failing or self._regular:
            return not self._failing
        with suppress(OSError):
            return self._has_room(1)
        return False

    def takes_lines(self) -> bool:
        """Whether the last line was logged; if it was not, whether there is room for a line of its length now."""
        if self._failing:
            with suppress(OSError):
                if self._has_room(self._failing):
                    self._failing = 0
        return not self._failing

    def _has_room(self, size: int) -> bool:
        """Whether `size` bytes could be written, without writing them. Raises OSError."""
        if stat.S_ISREG(os.fstat(self._file).st_mode):
            _try_file(f"{self._path}.room", size)
            return True
        room = select.poll()
        room.register(self._file, select.POLLOUT)
        return [event for _, event in room.poll(0)] == [select.POLLOUT]


def _begun(request: str, time: datetime, outcome: str, agent: str | None) -> str:
    """The members that every line begins with."""
    return f'{{"id":{quoted(request)},"time":"{stamp(time)}","outcome":"{outcome}","agent":{_text(agent)}'


def _text(text: str | None) -> str:
    return "null" if text is None else quoted(text)


def _try_file(path: str, size: int) -> None:
    """Create a file of `size` bytes, and remove it. Raises OSError."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        os.posix_fallocate(file, 0, size)
    finally:
        os.close(file)
        os.unlink(path)


def _torn(path: str, found: os.stat_result) -> bool:
    """Whether a file's last line lacks its end, or cannot be read."""
    if not stat.S_ISREG(found.st_mode) or not found.st_size:
        return False
    try:
        with open(path, "rb") as file:
            return os.pread(file.fileno(), 1, found.st_size - 1) != b"\n"
    except OSError:
        return True
