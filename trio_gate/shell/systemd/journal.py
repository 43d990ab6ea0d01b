"""Log records in the journal, with fields, by its own protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL).

Rule: it never waits. What the journal does not take so, as it is too long or too much, goes the way of plain lines.
"""

from __future__ import annotations

import logging
import os
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.shell.log_lines import LogLines

SOCKET = "/run/systemd/journal/socket"
PRIORITIES = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
"""Of syslog (RFC 5424 section 6.2.1), for records of at least a level; 7 for those below."""


def reads(descriptor: int, env: Mapping[str, str]) -> bool:
    """Whether the journal reads what is written to a descriptor, as it says itself (systemd.exec(5), JOURNAL_STREAM)."""
    found = os.fstat(descriptor)
    return env.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


class JournalLines(logging.Handler):
    """A logging handler that writes to the journal, or else hands the record to `otherwise`, which it owns."""

    def __init__(self, otherwise: LogLines, path: str = SOCKET) -> None:
        super().__init__()
        self.otherwise = otherwise
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        try:
            self._socket.sendto(_datagram(record), socket.MSG_DONTWAIT, self._path)
        except (OSError, TypeError, ValueError, LookupError, AttributeError):  # the record's text may be what is wrong
            self.otherwise.handle(record)

    def close(self) -> None:
        """Close it."""
        self._socket.close()
        self.otherwise.close()
        super().close()


def _datagram(record: logging.LogRecord) -> bytes:
    text = record.getMessage()
    if record.exc_info:
        text += "\n" + logging.Formatter().formatException(record.exc_info)
    facts = {f"TRIO_GATE_{name.upper()}": value for name, value in getattr(record, "facts", {}).items() if value is not None}
    priority = next((number for level, number in PRIORITIES if record.levelno >= level), 7)
    fields = {"MESSAGE": text, "PRIORITY": priority, "SYSLOG_IDENTIFIER": "trio-gate", "LOGGER": record.name, **facts}
    return b"".join(
        _field(name.encode("ascii"), str(value).encode("utf-8", "backslashreplace")) for name, value in fields.items()
    )


def _field(name: bytes, value: bytes) -> bytes:
    if b"\n" in value:
        return name + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"
    return name + b"=" + value + b"\n"
