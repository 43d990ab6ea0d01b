"""Waits for sockets: many at once, each with a deadline of its own, that end where they wait."""

from __future__ import annotations

import math
import socket

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from trio_gate.shell.net.socket_waits import Wait


@pytest.fixture
def pairs():
    made = [socket.socketpair() for _ in range(20)]
    yield made
    for pair in made:
        for one in pair:
            one.close()


async def waits(wait: Wait, deadline: float) -> None:
    wait.deadline = deadline
    await wait.ready()


async def test_each_ends_at_its_own_time(autojump_clock, pairs):
    began = trio.current_time()
    ends = {}

    async def wait(number: int, sock: socket.socket) -> None:
        with pytest.raises(trio.TooSlowError):
            await waits(Wait(sock, trio.lowlevel.wait_readable), began + number)
        ends[number] = trio.current_time() - began

    async with trio.open_nursery() as nursery:
        for number, (ours, _) in enumerate(pairs):
            nursery.start_soon(wait, (number * 7) % 20 + 1, ours)
    assert ends == {number: number for number in range(1, 21)}


async def test_one_that_is_ready_in_time_is_not_late(autojump_clock, pairs):
    ours, theirs = pairs[0]
    wait = Wait(ours, trio.lowlevel.wait_readable)
    for _ in range(3):
        theirs.send(b"x")
        await waits(wait, trio.current_time() + 1)
        ours.recv(1)
        await trio.sleep(5)
    with pytest.raises(trio.TooSlowError):
        await waits(wait, trio.current_time() + 1)


async def test_one_without_a_deadline_waits(autojump_clock, pairs):
    ours, theirs = pairs[0]
    done = []

    async def wait() -> None:
        await waits(Wait(ours, trio.lowlevel.wait_readable), math.inf)
        done.append(trio.current_time())

    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await trio.sleep(80_000)
        assert done == []
        theirs.send(b"x")
    assert done == [began + 80_000]


async def test_cancelling_one_leaves_the_others(autojump_clock, pairs):
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(waits, Wait(pairs[0][0], trio.lowlevel.wait_readable), began + 1)
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    with pytest.raises(trio.TooSlowError):
        await waits(Wait(pairs[1][0], trio.lowlevel.wait_readable), began + 2)
    assert trio.current_time() == began + 2


async def test_closing_a_socket_ends_its_wait(pairs):
    ours, _ = pairs[0]
    async with trio.open_nursery() as nursery:

        async def wait() -> None:
            with pytest.raises(trio.BrokenResourceError):
                await waits(Wait(ours, trio.lowlevel.wait_readable), math.inf)

        nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        trio.lowlevel.notify_closing(ours)
        ours.close()
