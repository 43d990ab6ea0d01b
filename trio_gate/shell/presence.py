"""Notices when an open file was moved or deleted: what is written to it then would be lost.

Rule: a file is identified by its device and inode, as they were when the object was made.
"""

from __future__ import annotations

import os


class Presence:
    """Watches those of `paths` that exist when it is made."""

    def __init__(self, *paths: str) -> None:
        self._known = {path: known for path in paths if (known := _identity(path))}

    def missing(self) -> str | None:
        """The first path whose file is gone or replaced; None if all are in place."""
        return next((path for path, known in self._known.items() if _identity(path) != known), None)


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
