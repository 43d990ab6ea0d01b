"""Connections that begin at a steady pace, each with a request of its own, and how each ended."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import trio

from tests.kit.wire.raw import request

if TYPE_CHECKING:
    from collections.abc import Iterator

A_SECOND = 200
"""New connections a second."""

PATIENCE = 60


class SteadyLoad:
    """Calls of an agent to an endpoint listener. `ends` has how often each status, or each fault, was the end of one."""

    def __init__(self, address: str) -> None:
        self.ends: Counter[str] = Counter()
        self._asked = request(host=address, connection="close")
        self._ended = threading.Condition()
        self._host, _, self._port = address.rpartition(":")
        self._over = False

    @contextmanager
    def running(self) -> Iterator[SteadyLoad]:
        """Begin connections while the block runs; when it is left, wait until all have ended."""
        thread = threading.Thread(target=trio.run, args=(self._run,))
        thread.start()
        try:
            yield self
        finally:
            self._over = True
            thread.join()

    def wait_for(self, more: int) -> None:
        """Return when so many more have ended."""
        with self._ended:
            wanted = self.ends.total() + more
            assert self._ended.wait_for(lambda: self.ends.total() >= wanted, PATIENCE), self.ends

    async def _run(self) -> None:
        begin, number = trio.current_time(), 0
        async with trio.open_nursery() as nursery:
            while not self._over:
                nursery.start_soon(self._one)
                number += 1
                await trio.sleep_until(begin + number / A_SECOND)

    async def _one(self) -> None:
        try:
            with trio.fail_after(PATIENCE):
                async with await trio.open_tcp_stream(self._host, int(self._port)) as stream:
                    await stream.send_all(self._asked)
                    end = _status(b"".join([part async for part in stream]))
        except (OSError, trio.BrokenResourceError, trio.TooSlowError) as fault:
            end = repr(fault)
        with self._ended:
            self.ends[end] += 1
            self._ended.notify_all()


def _status(answer: bytes) -> str:
    """The status of an answer that has come whole."""
    head, _, body = answer.partition(b"\r\n\r\n")
    whole = f"content-length: {len(body)}".encode() in head.lower()
    return head.split(b" ", 2)[1].decode() if whole else f"broken off: {answer!r}"
