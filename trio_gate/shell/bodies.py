"""Bodies that are kept while something is decided: held ones in memory, uploads that wait for a person on disk.

Rule: what is kept is counted against a budget before it is kept, and given back when its `with` block is left. Spooled bytes
are in a file without a name, so nothing of them outlives the process.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Protocol

import trio

from trio_gate.errors import AuditUnavailable, Malformed, Overloaded
from trio_gate.wire.head import Empty, Held

if TYPE_CHECKING:
    from collections.abc import Iterator

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


async def read_held(agent: AgentStream, limit: int, share: Share) -> Held | Empty:
    """Read a body whole.

    Raises:
        Malformed: it is larger than `limit` (413), or broken.
        Overloaded: the budget is used up.
        AgentGone: the agent left.
    """
    length = agent.connection.content_length
    if length is not None and length > limit:
        raise _too_large(limit)
    await agent.ask_for_body()
    pieces: list[bytes] = []
    size = 0
    while (piece := await agent.next_piece()) is not None:
        size += len(piece)
        if size > limit:
            raise _too_large(limit)
        share.take(len(piece))
        pieces.append(piece)
    return Held(data=b"".join(pieces)) if size else Empty()


def _too_large(limit: int) -> Malformed:
    return Malformed(f"the body is larger than {limit} bytes, which is what is read before a decision (`held_limit`)", status=413)


class Spool:
    """An upload on disk: written once, then read once from its start."""

    def __init__(self, file: BinaryIO, share: Share) -> None:
        self._file = file
        self._share = share

    async def write(self, data: bytes) -> None:
        """Add bytes. Raises Overloaded, or AuditUnavailable when the disk does not take them."""
        self._share.take(len(data))
        try:
            await trio.to_thread.run_sync(self._file.write, data)
        except OSError as error:
            raise AuditUnavailable(f"the upload could not be kept until it is decided: {error.strerror}") from error

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
        raise AuditUnavailable(f"uploads cannot be kept in {folder}: {error.strerror}") from error
    with file, budget.share() as share:
        yield Spool(file, share)
