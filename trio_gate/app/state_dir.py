"""The folder of a gateway's state: this gateway's alone while it runs."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

TRIES, PAUSE_SECONDS = 10, 0.1
"""How often a lock is tried that somebody has, and the pause between two tries."""


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
        _lock(file, folder)
        file.truncate()
        file.write(f"{os.getpid()} {_namespace()}\n")
        file.flush()
        yield folder


def _lock(file: IO[str], folder: Path) -> None:
    for left in reversed(range(TRIES)):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if not left:
                raise StartFailed(f"state_dir {folder} is in use by another gateway: stop it, or name another folder") from None
            time.sleep(PAUSE_SECONDS)  # who asks for the owner locks it for a moment, too
        else:
            return


def owner(folder: Path) -> int | None:
    """The process of the gateway that runs on a state folder; None if none does.

    Raises OSError where that cannot be seen, ValueError where the process is one of another container.
    """
    try:
        with (folder / "lock").open("r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                process, namespace = file.read().split() or ("", "")
            else:
                return None
    except FileNotFoundError:
        return None
    if not process:  # it has just begun, and is not there yet
        return None
    if namespace != _namespace():
        message = f"the gateway that runs on {folder} is in another container: send SIGHUP to it there"
        raise ValueError(message)
    return int(process)


def _namespace() -> str:
    """Where the number of this process counts; "-" where the system does not say."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return "-"
