"""The log of this process: where its lines go, their form, and whether each request has one."""

from __future__ import annotations

import logging
import os
import sys
import threading
from typing import TYPE_CHECKING

from trio_gate.shell.log_formats import Json, Text
from trio_gate.shell.log_lines import LogLines, held
from trio_gate.shell.systemd.journal import JournalLines, reads

if TYPE_CHECKING:
    from types import TracebackType

    from trio_gate.config.logs.model import LogSettings

STDERR = 2

log = logging.getLogger(__name__)

REQUESTS = "trio_gate.requests"
"""The logger of the lines about single requests (`shell/exchange/request_lines`)."""


def configure(settings: LogSettings, *, level: int | None = None, descriptor: int = STDERR) -> None:
    """Log to a descriptor from now on, or to the journal with its fields where that reads the descriptor and the form is text.

    Args:
        settings: the form of the lines, and whether each request has one.
        level: of what is logged, None to leave it as it is.
        descriptor: where to.
    """
    use(handler(settings, descriptor), settings)
    if level is not None:
        logging.getLogger().setLevel(level)


def take_over() -> None:
    """Log what Python itself would write to standard error in a form of its own: warnings, and exceptions that nobody handles."""
    logging.captureWarnings(capture=True)
    sys.excepthook = lambda *fault: log.critical("the gateway ends by an internal error", exc_info=fault)
    sys.unraisablehook = lambda lost: _lost(lost.exc_type, lost.exc_value, lost.exc_traceback)
    threading.excepthook = lambda lost: _lost(lost.exc_type, lost.exc_value, lost.exc_traceback)


def _lost(kind: type[BaseException], fault: BaseException | None, trace: TracebackType | None) -> None:
    log.error("an internal error that ends nothing", exc_info=(kind, fault or kind(), trace))


def handler(settings: LogSettings, descriptor: int = STDERR) -> LogLines | JournalLines:
    """What writes to a descriptor in this form, for `use`. Raises OSError."""
    lines = LogLines(descriptor)
    lines.setFormatter(Json() if settings.form == "json" else Text())
    try:
        return JournalLines(lines) if settings.form == "text" and reads(descriptor, os.environ) else lines
    except OSError:
        lines.close()
        raise


def use(lines: LogLines | JournalLines | None, settings: LogSettings) -> None:
    """Log by this handler from now on, in place of the last one, None to keep that."""
    if lines is not None:
        _replace(lines)
    logging.getLogger(REQUESTS).setLevel(logging.INFO if settings.requests else logging.WARNING)


def _replace(lines: LogLines | JournalLines) -> None:
    root = logging.getLogger()
    old = [one for one in root.handlers if isinstance(one, (LogLines, JournalLines))]
    with held(_plain(lines)):  # it begins no line before the last one is ended
        root.addHandler(lines)
        for one in old:
            root.removeHandler(one)
            _plain(lines).follow(_plain(one))
            one.close()


def _plain(lines: LogLines | JournalLines) -> LogLines:
    return lines.otherwise if isinstance(lines, JournalLines) else lines
