"""Log records as text and as JSON, one line each; times are UTC.

Rule: a message takes one line, whatever an agent or a host wrote that is in it. What a record says of a request stands in `facts` (`extra={"facts": {...}}`) besides its message, so that programs need not take
the message apart.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from trio_gate.text.visible import plain


def facts(record: logging.LogRecord) -> dict[str, Any]:
    """What a record says besides its message: names and values of JSON, None where a fact is not known."""
    found: dict[str, Any] = getattr(record, "facts", {})
    return found


def time_of(record: logging.LogRecord) -> str:
    """When a record was made, as 2026-01-15T09:30:00.125Z."""
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Text(logging.Formatter):
    """TIME LEVEL MESSAGE, its hidden characters by number, and a traceback in further lines."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        """The line without a traceback."""
        return plain(super().formatMessage(record))

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - the name is logging's
        """See `time_of`."""
        return time_of(record)


class Json(logging.Formatter):
    """An object: time, level, logger and message, the facts, and a traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """The record in one line."""
        said = {"time": time_of(record), "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        trace = {"traceback": self.formatException(record.exc_info)} if record.exc_info else {}
        return json.dumps({**facts(record), **said, **trace}, allow_nan=False)
