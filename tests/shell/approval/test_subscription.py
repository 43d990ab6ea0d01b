"""One connection: frames in order, and a reader that falls behind."""

from __future__ import annotations

import trio
from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.asking import asked, listening, person
from tests.kit.approvals.questions import question
from trio_gate.approval.channel.codec import encode
from trio_gate.approval.channel.frames import (
    Lifted,
    Observe,
)
from trio_gate.audit.record import Intent, Outcome
from trio_gate.shell.approval.hub import ApprovalHub
from trio_gate.shell.approval.hub_config import Limits
from trio_gate.shell.approval.subscription import MAX_BEHIND, MAX_BEHIND_ACTIVITY, Subscription

ALL = {"may_grant": True, "may_observe": True, "may_stop": True}


def record(clock, **changes):
    intent = {"id": "r1", "time": clock.now(), "agent_address": "127.0.0.1", "outcome": "allow", "path": "/\u202e", **changes}
    return lambda: (Intent(**intent), Outcome(id="r1", time=clock.now(), status=200, end="answered"))


async def test_a_reader_that_falls_behind_is_cut_off_and_the_others_are_not(clock, nursery):
    hub = ApprovalHub(clock, Limits(max_pending=10_000, max_pending_per_agent=10_000))
    with listening(hub, clock) as slow, listening(hub, clock, "bob") as bob:
        for number in range(MAX_BEHIND + 1):
            nursery.start_soon(hub.ask, asked(question(f"q{number}", digest=f"{number:064x}")))
            await wait_all_tasks_blocked()
            await bob.next()
        assert await slow.subscription.next() is None
        assert (await bob.prompt())["id"] == f"q{MAX_BEHIND}"


async def test_a_slow_observer_misses_activity_and_not_its_prompts(hub, clock, nursery):
    with listening(hub, clock, **ALL) as alice:
        await alice.say(Observe(on=True))
        for _ in range(MAX_BEHIND_ACTIVITY + 40):
            hub.publish(record(clock))
        nursery.start_soon(hub.ask, asked())
        await wait_all_tasks_blocked()
        await alice.next()
        await alice.next()
        frames = [await alice.next() for _ in range(MAX_BEHIND_ACTIVITY)]
        assert [type(frame).__name__ for frame in frames] == ["Activity"] * (MAX_BEHIND_ACTIVITY - 1) + ["Pending"]
        hub.publish(record(clock))
        assert (await alice.next()).missed == 41
        hub.publish(record(clock))
        assert (await alice.next()).missed == 0, "each is counted once"


async def test_frames_come_in_order_after_those_it_began_with():
    made = Subscription(person("alice"), ("a", "b"))
    made.send_encoded("c")
    made.send(Lifted(agent=None, by="bob"))
    assert made.behind == 4
    assert [await made.next() for _ in range(4)] == ["a", "b", "c", encode(Lifted(agent=None, by="bob"))]


async def test_one_that_is_closed_says_nothing_more_and_takes_nothing():
    made = Subscription(person("alice"), ("a",))
    made.send_encoded("b")
    made.close()
    made.send_encoded("c")
    made.close()
    assert (made.closed, made.behind, await made.next()) == (True, 0, None)


async def test_who_waits_for_a_frame_learns_that_it_is_closed():
    made, got = Subscription(person("alice"), ()), []

    async def read() -> None:
        got.append(await made.next())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        await wait_all_tasks_blocked()
        made.close()
    assert got == [None]
