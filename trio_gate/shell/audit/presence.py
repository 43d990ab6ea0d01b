"""Whether files that are open still stand where they were: what is written to one that was taken away is lost.

Rule: a file is known by its device and number, as they were when this was made.
"""

from __future__ import annotations

import os


class Presence:
    """Those of `paths` that are there by now."""

    def __init__(self, *paths: str) -> None:
        self._known = {path: known for path in paths if (known := _identity(path))}

    def missing(self) -> str | None:
        """The first path where another file stands, or none; None if there is no such path."""
        return next((path for path, known in self._known.items() if _identity(path) != known), None)


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
