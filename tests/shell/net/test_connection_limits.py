"""Who may stay when places run short: a proven agent's request always, else whoever is not of the largest crowd and not slow."""

from __future__ import annotations

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from trio_gate.errors import Overloaded, TooMuchAtOnce
from trio_gate.shell.net.connection_limits import UNKNOWN_SHARE, Seats

HERE, THERE = "192.0.2.1", "192.0.2.2"


class House:
    """Seats with sitters who stay until they are turned out or asked to go."""

    def __init__(self, nursery: trio.Nursery, total: int, per_agent: int = 100) -> None:
        self.seats = Seats(total, per_agent)
        self.gone: list[str] = []
        self._nursery = nursery
        self._going: dict[str, trio.Event] = {}

    async def enter(self, name: str, address: str = HERE):
        await self.seats.keep_room()
        return await self._nursery.start(self._sit, name, address)

    async def _sit(self, name: str, address: str, task_status=trio.TASK_STATUS_IGNORED) -> None:  # noqa: ASYNC114 - no context manager starts it
        self._going[name] = trio.Event()
        try:
            with self.seats.seat(address) as seat:
                task_status.started(seat)
                await self._going[name].wait()
        finally:
            self.gone.append(name)
            self.seats.release()

    def leave(self, name: str) -> None:
        self._going[name].set()


async def test_the_slowest_makes_room(nursery, autojump_clock):
    house = House(nursery, 3)
    for name, count in (("silent", 0), ("trickling", 10), ("quick", 10_000_000)):
        (await house.enter(name)).took(count)
    await trio.sleep(20)
    await house.enter("late")
    assert house.gone == ["silent"]
    await house.enter("later")
    assert house.gone == ["silent", "trickling"]
    await trio.sleep(20)
    await house.enter("latest")
    assert house.gone == ["silent", "trickling", "late"]


async def test_whoever_has_just_come_is_not_slow_yet(nursery, autojump_clock):
    house = House(nursery, 2)
    (await house.enter("for long")).took(50_000_000)
    await trio.sleep(3)
    await house.enter("first")
    await house.enter("second")
    assert house.gone == ["for long"]


async def test_where_all_are_new_the_eldest_makes_room(nursery, autojump_clock):
    house = House(nursery, 3)
    for name, count in (("eldest", 1_000_000), ("next", 0), ("last", 0), ("late", 0)):
        (await house.enter(name)).took(count)
        await trio.sleep(0.1)
    assert house.gone == ["eldest"]


async def test_the_largest_crowd_makes_room(nursery, autojump_clock):
    house = House(nursery, 4)
    await house.enter("alone", THERE)
    await trio.sleep(20)
    for name in ("one", "two", "three"):
        (await house.enter(name)).took(1_000_000)
    await house.enter("of a third", "192.0.2.3")
    assert house.gone == ["one"]


async def test_who_only_waits_for_the_end_goes_before_anybody(nursery, autojump_clock):
    house = House(nursery, 2)
    await house.enter("silent")
    seat = await house.enter("answered")
    seat.count_for("ci")
    seat.took(1_000_000)
    seat.leave()
    await trio.sleep(20)
    await house.enter("late")
    assert house.gone == ["answered"]


async def test_idle_agents_of_one_address_are_no_crowd(nursery, autojump_clock):
    house = House(nursery, 4)
    for name in ("one", "two", "three"):
        seat = await house.enter(name)
        seat.count_for("ci")
        seat.rest()
    await trio.sleep(20)
    (await house.enter("stranger", THERE)).took(1_000_000)
    await house.enter("late")
    assert house.gone == ["stranger"]


async def test_who_is_idle_is_slow_by_what_came_since_the_last_answer(nursery, autojump_clock):
    house = House(nursery, 2)
    for name, count in (("had much", 10_000_000), ("had little", 100)):
        seat = await house.enter(name)
        seat.count_for("ci")
        seat.took(count)
        seat.rest()
    await trio.sleep(20)
    await house.enter("late")
    assert house.gone == ["had much"]


async def test_a_proven_request_stays_and_an_idle_agent_goes_last(nursery, autojump_clock):
    house = House(nursery, 3)
    busy = await house.enter("busy")
    busy.count_for("ci")
    idle = await house.enter("idle")
    idle.count_for("ci")
    idle.rest()
    await house.enter("nobody")
    await house.enter("late")
    assert house.gone == ["nobody"]
    (await house.enter("next")).count_for("other")
    assert house.gone == ["nobody", "late"]
    (await house.enter("one more")).count_for("other")
    assert house.gone == ["nobody", "late", "idle"]
    with trio.move_on_after(1000) as waited:
        await house.seats.keep_room()
    assert waited.cancelled_caught
    busy.rest()
    assert house.gone == ["nobody", "late", "idle"]


@pytest.mark.parametrize("end", ["rest", "leave"])
async def test_whose_request_ends_while_somebody_waits_makes_room(nursery, autojump_clock, end):
    house = House(nursery, 1)
    busy = await house.enter("busy")
    busy.count_for("ci")
    nursery.start_soon(house.enter, "waits")
    await wait_all_tasks_blocked()
    assert house.gone == []
    getattr(busy, end)()
    await wait_all_tasks_blocked()
    assert house.gone == ["busy"]


async def test_as_many_are_turned_out_as_wait(nursery, autojump_clock):
    house = House(nursery, 3)
    for name in ("one", "two", "three"):
        await house.enter(name)
    for name in ("four", "five"):
        nursery.start_soon(house.enter, name)
    await wait_all_tasks_blocked()
    assert sorted(house.gone) == ["one", "two"]


async def test_who_was_turned_out_and_is_still_there_counts_as_gone(nursery, autojump_clock):
    house = House(nursery, 3, per_agent=2)
    idle, busy, other = [await house.enter(name) for name in ("idle", "busy", "other")]
    for seat in (idle, busy):
        seat.count_for("ci")
    idle.rest()
    idle.turn_out()
    house.seats.make_room(1)
    assert not other.turned_out
    other.count_for("ci")


async def test_nobody_is_turned_out_for_the_room_that_somebody_leaves(nursery, autojump_clock):
    house = House(nursery, 2)
    for name in ("one", "two"):
        await house.enter(name)
    nursery.start_soon(house.enter, "three")
    await wait_all_tasks_blocked()
    house.leave("two")
    await wait_all_tasks_blocked()
    assert len(house.gone) == 2
    await house.enter("four")
    assert len(house.gone) == 2


async def test_an_agent_has_its_share_and_its_idle_connections_make_room_for_it(nursery, autojump_clock):
    house = House(nursery, 10, per_agent=2)
    first = await house.enter("first")
    first.count_for("ci")
    (await house.enter("second")).count_for("ci")
    third = await house.enter("third")
    with pytest.raises(TooMuchAtOnce, match=r"\Aci has 2 .*max_connections_per_agent"):
        third.count_for("ci")
    assert house.seats.fullest == (2, 2)
    third.count_for("other", 1)
    first.count_for("ci")
    first.rest()
    (await house.enter("fourth")).count_for("ci")
    await wait_all_tasks_blocked()
    assert house.gone == ["first"]


async def test_tunnels_of_the_unknown_have_a_part_of_the_seats_whatever_their_sources(nursery):
    house = House(nursery, 2 * UNKNOWN_SHARE)
    for number in (1, 2):
        (await house.enter(str(number), f"127.0.0.{number}")).begin_unknown()
    third = await house.enter("third", "127.0.0.3")
    with pytest.raises(Overloaded, match="without proof"):
        third.begin_unknown()
    assert house.seats.unknown == (2, 2)
    house.leave("1")
    await wait_all_tasks_blocked()
    third.begin_unknown()
    assert house.gone == ["1"]
