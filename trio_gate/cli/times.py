"""Times on the command line: ISO 8601, in UTC unless they say otherwise."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(text: str) -> datetime:
    """The time that a text means, in UTC, as argparse's `type`; a date is its beginning. Raises ValueError for anything else."""
    try:
        said = datetime.fromisoformat(text)
        return (said if said.tzinfo else said.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(*error.args) from None


moment.__name__ = "time"  # what argparse calls it in its error
