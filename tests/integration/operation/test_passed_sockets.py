"""Listening sockets that outlive the gateway: who connects while it is started again is answered."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from contextlib import ExitStack

import pytest
import trio

from tests.kit.gateway import AGENT, running
from tests.kit.wire.raw import request
from trio_gate.shell.audit.database import FILE, read_last

DENY = 'rule "nothing" { action = "deny" }\n'
A_SECOND = 200
"""New connections a second."""

PATIENCE = 60
ENOUGH = 200
"""Connections after the second gateway is ready, and before the first one stops."""


@pytest.fixture
def sockets(monkeypatch):
    """One for each listener but the admin listener, which the gateway opens itself."""
    monkeypatch.setenv("LISTEN_FDNAMES", "proxy:tls:endpoint")
    with ExitStack() as opened:
        yield [opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=1024)) for _ in range(3)]


class Load:
    """Connections that begin at a steady pace, each with a request of its own, and how each ended."""

    def __init__(self, address: str) -> None:
        self.ends: Counter[str] = Counter()
        self._asked = request(host=address, connection="close")
        self._ended = threading.Condition()
        self._host, _, self._port = address.rpartition(":")
        self._over = False
        self._thread = threading.Thread(target=trio.run, args=(self._run,))

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Begin no more, and wait until all have ended."""
        self._over = True
        self._thread.join()

    def wait_for(self, more: int) -> None:
        """Return when so many more have ended."""
        with self._ended:
            wanted = self.ends.total() + more
            assert self._ended.wait_for(lambda: self.ends.total() >= wanted, PATIENCE), self.ends

    async def _run(self) -> None:
        begin = trio.current_time()
        async with trio.open_nursery() as nursery:
            number = 0
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


def test_a_restart_refuses_nobody_and_resets_nobody(tmp_path, sockets):
    host, port = sockets[2].getsockname()
    load = Load(f"{host}:{port}")
    with ExitStack() as at_the_end:
        with running(tmp_path, None, agent=AGENT, rules=DENY, sockets=sockets) as first:
            assert first.doors["endpoint"] == f"{host}:{port}"
            load.start()
            at_the_end.callback(load.stop)
            load.wait_for(ENOUGH)
        assert first.process.returncode == 0
        with running(tmp_path, None, agent=AGENT, rules=DENY, sockets=sockets) as second:
            load.wait_for(ENOUGH)
            load.stop()
    assert set(load.ends) == {"403"}, load.ends
    rows = read_last(str(second.folder / "state" / FILE), 100_000, {"decision": "deny"})
    assert len(rows) == load.ends.total()
