"""The wall clock. Fills the port `Clock`; nothing else in the gateway asks for the time of day."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """The port `Clock`, by the system's time."""

    def now(self) -> datetime:
        """The current time as an aware datetime in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is the clock that the ban sends everyone to
