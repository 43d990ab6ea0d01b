"""Times on the command line: ISO 8601, in UTC unless they say otherwise, or how long ago."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from datetime import UTC, datetime, timedelta

from trio_gate.shell.clock import SystemClock

_AGO = re.compile(r"([0-9]{1,9})([smhd])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

FORMS = "such as 2026-01-15T12:00 (UTC), or 10m, 2h or 3d ago"
"""How a time may be written."""


def moment(text: str) -> datetime:
    """The time that a text means, in UTC, as argparse's `type`; a date is its beginning. Raises ArgumentTypeError."""
    ago = _AGO.fullmatch(text)
    try:
        if ago is not None:
            return SystemClock().now() - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        said = datetime.fromisoformat(text)
        return (said if said.tzinfo else said.replace(tzinfo=UTC)).astimezone(UTC)
    except (OverflowError, ValueError):
        raise ArgumentTypeError(f"{text!r} is no time: write one {FORMS}") from None
