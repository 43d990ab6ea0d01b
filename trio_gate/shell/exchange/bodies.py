"""Request bodies stored until they are sent: small ones in memory, larger ones on disk.

Rule: bytes are reserved in a budget before they are stored, and released when the `with` block is left. A spool file has no name,
so nothing of it outlives the process.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Protocol, Self

from trio_gate.errors import Malformed, StorageUnavailable
from trio_gate.shell.worker_threads import in_thread
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import FileIO

    from trio_gate.shell.exchange.budget import Budget, Share
    from trio_gate.shell.net.agent_stream import AgentStream
    from trio_gate.shell.net.connection_limits import Seat

_NOT_STORED = "the gateway could not store the body of this request: tell your operator"

PIECE = 256 * 1024
"""Bytes read from a spool file at once."""

SPILL = 1024 * 1024
"""Largest body, in bytes, that is read into memory; a larger one waits on disk until it is parsed."""


class Source(Protocol):
    """A body that is read piece by piece."""

    async def next_piece(self) -> bytes | memoryview | None:
        """The next bytes, None at the end. A view is valid until the next call. Raises GateError, AgentGone."""


class Room:
    """Storage for the body of one request: `held` is its share of the memory. What it holds is released when the block is left."""

    __slots__ = ("_bodies", "_opened", "_seat", "_spools", "held")

    def __init__(self, bodies: Bodies, seat: Seat) -> None:
        self.held = bodies.held.share(seat)
        self._bodies = bodies
        self._seat = seat
        self._opened: ExitStack | None = None
        self._spools: list[Share] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self._opened is not None:
                self._opened.close()
        finally:
            self.held.close()

    @property
    def opened(self) -> ExitStack:
        """Closes what is entered into it when the block is left."""
        if self._opened is None:
            self._opened = ExitStack()
        return self._opened

    def spool(self) -> Spool:
        """A new, empty spool file. Raises StorageUnavailable."""
        share = self.opened.enter_context(self._bodies.spooled.share(self._seat))
        share.agent = self.held.agent
        self._spools.append(share)
        return self.opened.enter_context(spool(self._bodies.folder, share))

    def count_for(self, agent: str | None) -> None:
        """Count what is stored for this agent, or for the source of a request that proves none."""
        self.held.agent = agent
        for share in self._spools:
            share.agent = agent


@value_class
class Bodies:
    """Storage for all bodies: `held` is the budget of those in memory, `spooled` of those in files in `folder`."""

    held: Budget
    spooled: Budget
    folder: str

    def room(self, seat: Seat) -> Room:
        """Storage for one request's body, for the length of a block."""
        return Room(self, seat)


@value_class
class Kept:
    """A body that was read whole: in `data`, or in `store`, rewound. `sha256` is of its bytes as they arrived, in hexadecimal."""

    length: int
    sha256: str
    data: bytes = b""
    store: Spool | None = None


async def read_held(agent: AgentStream, limit: int, room: Room, beyond: Callable[[], bool]) -> Kept:
    """Read a whole body, on to disk if it has more than `SPILL` bytes.

    It may have more than `limit` bytes only where `beyond` returns true.

    Raises:
        Malformed: it is too large (413), or its framing is broken.
        Overloaded: the budget is used up.
        StorageUnavailable: the disk failed.
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
            pieces.append(bytes(piece))
    if store is not None:
        await store.rewind()
    return Kept(length=size, sha256=digest.hexdigest(), data=b"".join(pieces), store=store)


def _beyond(beyond: Callable[[], bool], limit: int) -> bool:
    if not beyond():
        raise _too_large(limit)
    return True


def _too_large(limit: int) -> Malformed:
    return Malformed(
        "the body is too large to be read before the call is decided: send it in parts, or upload it to S3 first",
        status=413,
        detail=f"the body is larger than {limit} bytes (`held_limit`)",
        condition="TooLarge",
        limit="held_limit",
    )


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn an error of the disk into a refusal of the call."""
    try:
        yield
    except OSError as error:
        detail = f"the body of a request could not be stored: {error.strerror or error}"
        raise StorageUnavailable(_NOT_STORED, detail=detail) from error


class Spool:
    """A body on disk: written, rewound, then read from its start. Every method raises StorageUnavailable if the disk fails."""

    def __init__(self, file: FileIO, share: Share) -> None:
        self._file = file
        self._share = share

    async def write(self, data: bytes | memoryview) -> None:
        """Append bytes. Raises Overloaded if the budget is used up."""
        self._share.reserve(len(data))
        with _refusing():
            await in_thread(self._write, data)

    def _write(self, data: bytes | memoryview) -> None:
        left = memoryview(data)
        while left:  # a disk that is nearly full takes a part, and fails on the next write
            left = left[self._file.write(left) :]

    @property
    def size(self) -> int:
        """Number of bytes written."""
        return self._share.taken

    async def read_at(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes from `offset` on; the reading position does not move. Empty once closed, or past the end."""
        if self._file.closed:
            return b""
        with _refusing():
            return await in_thread(os.pread, self._file.fileno(), count, offset)

    def load(self) -> bytes:
        """The whole body; blocks, so call it in a thread. Its result is meaningless if the spool was closed meanwhile."""
        with _refusing():
            data = os.pread(self._file.fileno(), self.size, 0)
            if len(data) != self.size:
                raise OSError("the disk gave back less than it took")
        return data

    async def rewind(self) -> None:
        """Move the reading position to the start."""
        with _refusing():
            await in_thread(self._file.seek, 0)

    async def next_piece(self) -> bytes | None:
        """The next bytes, at most `PIECE`; None at the end."""
        with _refusing():
            return await in_thread(self._file.read, PIECE) or None


@contextmanager
def spool(folder: str, share: Share) -> Iterator[Spool]:
    """A new spool file in `folder`, which is created if need be. Raises StorageUnavailable."""
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        file = tempfile.TemporaryFile("w+b", 0, dir=folder)  # noqa: SIM115 - closed below; O_TMPFILE where the system has it
    except OSError as error:
        raise StorageUnavailable(_NOT_STORED, detail=f"request bodies cannot be stored in {folder}: {error.strerror}") from error
    with file:  # unbuffered: closing writes nothing, so it cannot fail
        yield Spool(file, share)
