"""Wrong tokens wait, a few of one source at once, and hold up nobody else."""

import pytest
import trio
from trio.testing import MockClock

from trio_gate.errors import Overloaded
from trio_gate.shell.wrong_tokens import DELAY_SECONDS, MOST_AT_ONCE, WrongTokens


async def test_each_waits_and_one_too_many_is_refused(autojump_clock: MockClock):
    wrong, answered = WrongTokens(), []

    async def offer(source: str) -> None:
        await wrong.slow_down(source)
        answered.append((source, trio.current_time()))

    async with trio.open_nursery() as nursery:
        for _ in range(MOST_AT_ONCE):
            nursery.start_soon(offer, "192.0.2.1")
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(Overloaded, match="too many wrong tokens") as refused:
            await offer("192.0.2.1")
        assert (refused.value.status, wrong.most, wrong.refused) == (429, MOST_AT_ONCE, 1)
        nursery.start_soon(offer, "198.51.100.7")
    assert sorted(answered) == [("192.0.2.1", DELAY_SECONDS)] * MOST_AT_ONCE + [("198.51.100.7", DELAY_SECONDS)]
    await offer("192.0.2.1")
    assert (wrong.most, wrong.refused) == (0, 1)


async def test_one_that_leaves_makes_room(autojump_clock: MockClock):
    wrong = WrongTokens()
    async with trio.open_nursery() as nursery:
        for _ in range(MOST_AT_ONCE):
            nursery.start_soon(wrong.slow_down, "192.0.2.1")
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    await wrong.slow_down("192.0.2.1")
