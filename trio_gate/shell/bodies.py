"""Bodies that are kept while something is decided: held ones in memory, large blobs and uploads that wait for a person on disk.

Rule: what is kept is counted against a budget before it is kept, and given back when its `with` block is left. Spooled bytes
are in a file without a name, so nothing of them outlives the process.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol

import trio

from trio_gate.errors import AuditUnavailable, Malformed, Overloaded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trio_gate.shell.agent_stream import AgentStream

PIECE = 256 * 1024
"""Bytes read from a spool file at once."""


class Source(Protocol):
    """A body in pieces."""

    async def next_piece(self) -> bytes | None:
        """The next bytes, None at the end."""


class Budget:
    """Bytes that may be kept at once, over all requests."""

    def __init__(self, total: int, what: str) -> None:
        self.left = total
        self._what = what

    @contextmanager
    def share(self) -> Iterator[Share]:
        """One body's share, given back at the end."""
        share = Share(self)
        try:
            yield share
        finally:
            self.left += share.taken

    def take(self, count: int) -> None:
        """Raises Overloaded."""
        if count > self.left:
            raise Overloaded(f"the gateway {self._what} too much already: try again later")
        self.left -= count


class Share:
    """What one body has taken of a budget."""

    def __init__(self, budget: Budget) -> None:
        self.taken = 0
        self._budget = budget

    def take(self, count: int) -> None:
        """Raises Overloaded."""
        self._budget.take(count)
        self.taken += count

    def give_back(self) -> None:
        """All of it."""
        self._budget.left += self.taken
        self.taken = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A body that was read whole: in `data`, or in `store` and ready to be read again. `sha256` is of its bytes as they came."""

    length: int
    sha256: str
    data: bytes = b""
    store: Spool | None = None


async def read_held(agent: AgentStream, limit: int, share: Share, beyond: Callable[[], Spool | None]) -> Kept:
    """Read a body whole; one larger than `limit` into what `beyond` gives for it, if anything.

    Raises:
        Malformed: it is too large (413), or broken.
        Overloaded: the budget is used up.
        AgentGone: the agent left.
    """
    length, store = agent.connection.content_length, None
    if length is not None and length > limit:
        store = _store(beyond, limit)
    await agent.ask_for_body()
    pieces: list[bytes] = []
    digest, size = hashlib.sha256(), 0
    while store is None and (piece := await agent.next_piece()) is not None:
        size += len(piece)
        if size > limit:
            store = _store(beyond, limit)
        share.take(len(piece))
        digest.update(piece)
        pieces.append(piece)
    data = b"".join(pieces)
    if store is None:
        return Kept(length=size, sha256=digest.hexdigest(), data=data)
    share.give_back()
    await store.write(data)
    while (piece := await agent.next_piece()) is not None:
        digest.update(piece)
        size += len(piece)
        await store.write(piece)
    await store.rewind()
    return Kept(length=size, sha256=digest.hexdigest(), store=store)


def _store(beyond: Callable[[], Spool | None], limit: int) -> Spool:
    store = beyond()
    if store is None:
        raise _too_large(limit)
    return store


def _too_large(limit: int) -> Malformed:
    return Malformed(f"the body is larger than {limit} bytes, which is what is read before a decision (`held_limit`)", status=413)


class Spool:
    """A body on disk: written once, then read once from its start."""

    def __init__(self, file: BinaryIO, share: Share) -> None:
        self._file = file
        self._share = share

    async def write(self, data: bytes) -> None:
        """Add bytes. Raises Overloaded, or AuditUnavailable when the disk does not take them."""
        self._share.take(len(data))
        try:
            await trio.to_thread.run_sync(self._file.write, data)
        except OSError as error:
            raise AuditUnavailable(f"the body could not be kept until it is decided: {error.strerror}") from error

    @property
    def size(self) -> int:
        """Bytes written."""
        return self._share.taken

    async def read_at(self, offset: int, count: int) -> bytes:
        """Bytes from a place on, without moving. Empty once it is closed, or past the end."""
        if self._file.closed:
            return b""
        return await trio.to_thread.run_sync(os.pread, self._file.fileno(), count, offset)

    async def rewind(self) -> None:
        """Turn to reading."""
        await trio.to_thread.run_sync(self._file.seek, 0)

    async def next_piece(self) -> bytes | None:
        """The next bytes, None at the end."""
        return await trio.to_thread.run_sync(self._file.read, PIECE) or None


@contextmanager
def spool(folder: str, budget: Budget) -> Iterator[Spool]:
    """A spool file in `folder`, which is made if need be. Raises AuditUnavailable."""
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed below; O_TMPFILE where the system has it
    except OSError as error:
        raise AuditUnavailable(f"bodies cannot be kept in {folder}: {error.strerror}") from error
    with file, budget.share() as share:
        yield Spool(file, share)
