"""Base keys, which sign AssumeRole: literal from the configuration, or found by botocore's providers (`providers`).

Theory: botocore's providers read files, dial the metadata service and run programs. They block, so they run in a worker thread
under a deadline, one per block at a time. A thread that is given up keeps what it had; the next look starts from nothing. A program
is killed at its deadline with all that it started. Botocore is slow to import, and a literal key does not need it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import trio

from trio_gate.errors import CredentialsUnavailable, Overloaded
from trio_gate.shell.worker_threads import in_thread
from trio_gate.signing.sigv4 import Credentials

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trio_gate.config.model import Credential

DEADLINE = 10.0
"""Seconds that reading a key may take: botocore gives the metadata service 1 s per request."""

MAX_THREADS = 4
"""Reads at once, including abandoned ones."""

REREAD_PAUSE = 5.0
"""Seconds that a key is kept after it was read, even if AWS refuses it for several roles."""


@dataclass(slots=True, eq=False, kw_only=True)
class _Place:
    """Where a key is read from. `source` is botocore's object, None if it must be found again; `key` is the last one read."""

    block: Credential
    source: Any = None
    key: Credentials | None = None
    read_at: float = -math.inf
    lock: trio.Lock = field(default_factory=trio.Lock)


class BaseKeys:
    """The base keys of a configuration, by the name of their block."""

    def __init__(self, blocks: Iterable[Credential]) -> None:
        self._literal: dict[str, Credentials] = {}
        self._places: dict[str, _Place] = {}
        self._limiter = trio.CapacityLimiter(MAX_THREADS)
        self.change(blocks)

    def change(self, blocks: Iterable[Credential]) -> None:
        """Have the keys of these blocks from now on. A key that is read somewhere is read again, unless its block is the same."""
        literal: dict[str, Credentials] = {}
        places: dict[str, _Place] = {}
        for block in blocks:
            if block.access_key_id is not None and block.secret_access_key is not None:
                literal[block.name] = Credentials(
                    access_key_id=block.access_key_id,
                    secret_access_key=block.secret_access_key,
                    session_token=block.session_token,
                )
            else:
                kept = self._places.get(block.name)
                places[block.name] = kept if kept is not None and kept.block == block else _Place(block=block)
        self._literal, self._places = literal, places

    async def get(self, name: str) -> Credentials:
        """The key, read again before it expires. Its `expires` is None, because botocore does not tell it.

        Raises:
            NoBaseKey: no key was found (403).
            CredentialsUnavailable: what has it does not answer (503).
        """
        literal = self._literal.get(name)
        if literal is not None:
            return literal
        place = self._places.get(name)
        if place is None:
            raise CredentialsUnavailable(f"credential {name} was removed from the configuration")
        with trio.move_on_after(DEADLINE):
            async with place.lock:
                if place.key is None or place.source is None or _due(place.source):
                    place.key = await self._read(place)
                return place.key
        raise CredentialsUnavailable(f"credential {name}: no base key within {DEADLINE:g} seconds: try again later")

    def current(self, name: str) -> Credentials | None:
        """The key as it was last read, None before the first time. Does not wait."""
        place = self._places.get(name)
        return self._literal.get(name) or (place.key if place is not None else None)

    def forget(self, name: str) -> None:
        """Have the next `get` read the key again because AWS refused it, unless it is literal or was read just now."""
        place = self._places.get(name)
        if place is not None and trio.current_time() - place.read_at >= REREAD_PAUSE:
            place.source = None

    async def _read(self, place: _Place) -> Credentials:
        source, place.source = place.source, None
        try:
            found, key = await in_thread(_look, place.block, source, limiter=self._limiter, abandon_on_cancel=True)
        except Overloaded as fault:
            raise CredentialsUnavailable(f"the base key cannot be read: {fault.detail}") from None
        place.source, place.read_at = found, trio.current_time()
        return key


def _due(source: Any) -> bool:
    """Whether botocore would read the key again: a quarter of an hour before it expires."""
    return hasattr(source, "refresh_needed") and source.refresh_needed()


def _look(block: Credential, source: Any) -> tuple[Any, Credentials]:
    """Find the key; return it and botocore's object for it. Blocks. Raises CredentialsUnavailable."""
    from trio_gate.shell.credentials import providers  # noqa: PLC0415 - loads botocore's session, which takes longer than all else at start

    return providers.look(block, source, DEADLINE)
