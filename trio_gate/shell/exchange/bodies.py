"""Bodies that are kept while something is decided: small ones in memory, larger ones on disk.

Rule: what is kept is counted against a budget before it is kept, and given back when its `with` block is left. Spooled bytes are in a
file without a name, so nothing of them outlives the process.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import trio

from trio_gate.errors import Malformed, StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import FileIO

    from trio_gate.shell.exchange.budget import Budget, Share
    from trio_gate.shell.net.agent_stream import AgentStream
    from trio_gate.shell.net.connection_limits import Seat

_NOT_KEPT = "the body could not be kept until it is decided: tell your operator"

PIECE = 256 * 1024
"""Bytes read from a spool file at once."""

SPILL = 1024 * 1024
"""Bytes of a body that are read into memory; a larger one waits on disk until it is its turn to be named."""


class Source(Protocol):
    """A body in pieces."""

    async def next_piece(self) -> bytes | None:
        """The next bytes, None at the end."""


class Room:
    """Where one request keeps its body: `held` is of the memory; files are closed with the room."""

    def __init__(self, bodies: Bodies, seat: Seat, held: Share, files: ExitStack) -> None:
        self.held = held
        self._bodies = bodies
        self._seat = seat
        self._files = files
        self._spools: list[Share] = []

    def spool(self) -> Spool:
        """A file. Raises StorageUnavailable."""
        share = self._files.enter_context(self._bodies.spooled.share(self._seat))
        share.agent = self.held.agent
        self._spools.append(share)
        return self._files.enter_context(spool(self._bodies.folder, share))

    def prove(self, agent: str | None) -> None:
        """Whatever is kept is this agent's."""
        for share in (self.held, *self._spools):
            share.agent = agent


@dataclass(frozen=True, slots=True, kw_only=True)
class Bodies:
    """Where bodies are kept: `held` counts those in memory, `spooled` those in files of `folder`."""

    held: Budget
    spooled: Budget
    folder: str

    @contextmanager
    def room(self, seat: Seat) -> Iterator[Room]:
        """For one request."""
        with self.held.share(seat) as held, ExitStack() as files:
            yield Room(self, seat, held, files)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A body that was read whole: in `data`, or in `store` and ready to be read again. `sha256` is of its bytes as they came."""

    length: int
    sha256: str
    data: bytes = b""
    store: Spool | None = None


async def read_held(agent: AgentStream, limit: int, room: Room, beyond: Callable[[], bool]) -> Kept:
    """Read a body whole; more of it than `SPILL` is on disk, and more than `limit` only where `beyond` says that it may be.

    Raises:
        Malformed: it is too large (413), or broken.
        Overloaded: the budget is used up.
        AgentGone: the agent left.
    """
    length, store = agent.connection.content_length, None
    free = False
    if length is not None and length > limit:
        free = _beyond(beyond, limit)
    await agent.ask_for_body()
    pieces: list[bytes] = []
    digest, size = hashlib.sha256(), 0
    while (piece := await agent.next_piece()) is not None:
        size += len(piece)
        free = free or (size > limit and _beyond(beyond, limit))
        digest.update(piece)
        if store is None and size > min(SPILL, limit):
            store = room.spool()
            await store.write(b"".join(pieces))
            room.held.release()
            pieces.clear()
        if store is not None:
            await store.write(piece)
        else:
            room.held.reserve(len(piece))
            pieces.append(piece)
    if store is not None:
        await store.rewind()
    return Kept(length=size, sha256=digest.hexdigest(), data=b"".join(pieces), store=store)


def _beyond(beyond: Callable[[], bool], limit: int) -> bool:
    if not beyond():
        raise _too_large(limit)
    return True


def _too_large(limit: int) -> Malformed:
    return Malformed(
        "the body is larger than what is read of a call before it is decided: send it in parts, or upload it to S3 first",
        status=413,
        detail=f"the body is larger than {limit} bytes (`held_limit`)",
        condition="TooLarge",
    )


@contextmanager
def _refusing() -> Iterator[None]:
    """What a disk does not do refuses the call."""
    try:
        yield
    except OSError as error:
        detail = f"the body could not be kept until it is decided: {error.strerror or error}"
        raise StorageUnavailable(_NOT_KEPT, detail=detail) from error


class Spool:
    """A body on disk: written once, then read once from its start. Every method raises StorageUnavailable where the disk fails."""

    def __init__(self, file: FileIO, share: Share) -> None:
        self._file = file
        self._share = share

    async def write(self, data: bytes) -> None:
        """Add bytes. Raises Overloaded, too."""
        self._share.reserve(len(data))
        with _refusing():
            await trio.to_thread.run_sync(self._write, data)

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:  # a disk that is nearly full takes a part, and says why with the next
            left = left[self._file.write(left) :]

    @property
    def size(self) -> int:
        """Bytes written."""
        return self._share.taken

    async def read_at(self, offset: int, count: int) -> bytes:
        """Bytes from a place on, without moving. Empty once it is closed, or past the end."""
        if self._file.closed:
            return b""
        with _refusing():
            return await trio.to_thread.run_sync(os.pread, self._file.fileno(), count, offset)

    def load(self) -> bytes:
        """All of it, in a thread. What is read of a spool that was closed meanwhile is read by nobody: the request is gone."""
        with _refusing():
            data = os.pread(self._file.fileno(), self.size, 0)
            if len(data) != self.size:
                raise OSError("the disk gave back less than it took")
        return data

    async def rewind(self) -> None:
        """Turn to reading."""
        with _refusing():
            await trio.to_thread.run_sync(self._file.seek, 0)

    async def next_piece(self) -> bytes | None:
        """The next bytes, None at the end."""
        with _refusing():
            return await trio.to_thread.run_sync(self._file.read, PIECE) or None


@contextmanager
def spool(folder: str, share: Share) -> Iterator[Spool]:
    """A spool file in `folder`, which is made if need be. Raises StorageUnavailable."""
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        file = tempfile.TemporaryFile("w+b", 0, dir=folder)  # noqa: SIM115 - closed below; O_TMPFILE where the system has it
    except OSError as error:
        raise StorageUnavailable(_NOT_KEPT, detail=f"bodies cannot be kept in {folder}: {error.strerror}") from error
    with file:  # unbuffered: nothing is left for closing to write, and to fail with
        yield Spool(file, share)
