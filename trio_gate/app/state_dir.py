"""The folder of a gateway's state: this gateway's alone while it runs."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class StartFailed(Exception):  # noqa: N818 - it says what happened, as its siblings in errors.py do
    """The gateway cannot start; says why in one line."""


@contextmanager
def own_state_dir(folder: Path) -> Iterator[Path]:
    """Create the state folder, for this user alone, and lock it while the block runs. Raises StartFailed."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StartFailed(f"cannot use state_dir {folder}: {error.strerror}") from None
    with os.fdopen(lock, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StartFailed(f"state_dir {folder} is in use by another gateway: stop it, or name another folder") from None
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield folder


def owner(folder: Path) -> int | None:
    """The process of the gateway that runs on a state folder; None if none does."""
    try:
        with (folder / "lock").open("r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return int(file.read())
            return None
    except (OSError, ValueError):
        return None
