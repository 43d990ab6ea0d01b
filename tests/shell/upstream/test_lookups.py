"""Names that agents choose: however many hang, other agents' names are looked up, and no thread that others share is taken."""

from __future__ import annotations

import socket
import threading

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from trio_gate.shell.upstream.lookups import PER_AGENT, Lookups

WAIT = 10


class Slow:
    """A resolver that answers nothing for names that begin with an h, until the test ends."""

    def __init__(self) -> None:
        self.hanging = threading.Semaphore(0)
        self.go = threading.Event()

    def __call__(self, name, port):
        if name.startswith(b"h"):
            self.hanging.release()
            self.go.wait(WAIT)
        return [(name, port)]

    async def until(self, count):
        for _ in range(count):
            assert await trio.to_thread.run_sync(self.hanging.acquire, True, WAIT)


@pytest.fixture
def slow():
    made = Slow()
    yield made
    made.go.set()


@pytest.mark.parametrize("hangs", ["an agent", None])
async def test_names_that_hang_keep_neither_another_agent_nor_a_shared_thread(slow, nursery, hangs):
    lookups = Lookups(slow)
    for number in range(60):
        nursery.start_soon(lookups.of(hangs), f"h{number}.example".encode(), 443)
    await slow.until(PER_AGENT)
    await wait_all_tasks_blocked()
    assert not slow.hanging.acquire(blocking=False)
    with trio.fail_after(WAIT):
        assert await lookups.of("another")(b"quick.example", 8443) == [(b"quick.example", 8443)]
    assert trio.to_thread.current_default_thread_limiter().borrowed_tokens == 0
    nursery.cancel_scope.cancel()


async def test_one_that_hangs_leaves_the_others_of_its_agent(slow, nursery):
    lookups = Lookups(slow)
    nursery.start_soon(lookups.of("ci"), b"hangs.example", 443)
    await slow.until(1)
    with trio.fail_after(WAIT), trio.move_on_after(WAIT / 2):
        names = [f"{number}.example".encode() for number in range(8)]
        async with trio.open_nursery() as asking:
            for name in names:
                asking.start_soon(_until_one, lookups, name, asking.cancel_scope)
    assert asking.cancel_scope.cancelled_caught
    nursery.cancel_scope.cancel()


async def _until_one(lookups, name, scope):
    assert await lookups.of("ci")(name, 443)
    scope.cancel()


async def test_the_systems_resolver_is_asked_and_its_errors_are_told():
    kinds = {(kind, address[:2]) for _, kind, _, _, address in await Lookups().of(None)(b"127.0.0.1", 8443)}
    assert kinds == {(socket.SOCK_STREAM, ("127.0.0.1", 8443))}
    with pytest.raises(socket.gaierror):
        await Lookups().of(None)(b"256.0.0.1.invalid", 443)
