"""Who is sent what: only what is theirs, activity only to those who want it."""

from __future__ import annotations

import pytest
from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.agents import OTHER, group
from tests.kit.approvals.asking import listening, person
from tests.kit.approvals.questions import question
from trio_gate.approval.channel.codec import encode
from trio_gate.approval.channel.frames import (
    Accepted,
    Activity,
    Lifted,
    Observe,
    Rejected,
)
from trio_gate.approval.terms import Terms
from trio_gate.audit.record import Intent, Outcome
from trio_gate.audit.rows import Row
from trio_gate.shell.approval.subscribers import Subscribers

ALL = {"may_grant": True, "may_observe": True, "may_stop": True}


async def test_people_see_only_what_is_theirs(hub, clock, start, alice):
    with listening(hub, clock, "mallory", may_grant=True, may_observe=True) as mallory:
        agent = await start()
        agent.leave()
        await wait_all_tasks_blocked()
        alice.vote(grant=Terms(uses=1, minutes=1))
        await wait_all_tasks_blocked()
        assert (await mallory.next()).pending == 0
        assert mallory.subscription.behind == 0
    with listening(hub, clock, "mallory") as mallory:
        assert (await mallory.next()).grants == 0


async def test_who_comes_later_sees_what_waits(hub, clock, start):
    await start(question("q1"))
    await start(question("q2", group("carol"), digest=OTHER))
    with listening(hub, clock) as alice:
        assert (await alice.next()).pending == 1
        assert (await alice.prompt())["id"] == "q1"
        alice.vote(prompt_id="q2", digest=OTHER)
        refused = await alice.next()
        assert isinstance(refused, Rejected)
        assert refused.code == "gone"


def record(clock, **changes):
    intent = {"id": "r1", "time": clock.now(), "agent_address": "127.0.0.1", "outcome": "allow", "path": "/\u202e", **changes}
    return lambda: (Intent(**intent), Outcome(id="r1", time=clock.now(), status=200, end="answered"))


async def test_activity_is_for_those_who_want_it(hub, clock):
    with listening(hub, clock, **ALL) as alice, listening(hub, clock, "bob", **ALL) as bob:
        await alice.say(Observe(on=True))
        await alice.until(Accepted)
        hub.publish(record(clock))
        shown = await alice.until(Activity)
        assert (shown.missed, shown.call["id"], shown.call["path"]) == (0, "r1", "/\\u{202e}")
        assert shown.call["outcome"]["end"] == "answered"
        await alice.say(Observe(on=False))
        await alice.until(Accepted)
        hub.publish(record(clock))
        await alice.say(Observe(on=True))
        assert isinstance(await alice.next(), Accepted)
        await bob.next()
        assert bob.subscription.observes is False


async def test_a_frame_goes_to_those_it_is_for_encoded_or_not():
    people = Subscribers()
    with people.join(person("alice"), ("first",)) as alice, people.join(person("bob"), ()) as bob:
        people.publish("encoded", lambda name: name == "alice")
        people.publish(Lifted(agent=None, by="bob"), lambda name: name == "alice")
        assert [await alice.next() for _ in range(3)] == ["first", "encoded", encode(Lifted(agent=None, by="bob"))]
        assert bob.behind == 0
    assert alice.closed


async def test_people_who_are_dropped_must_connect_again():
    people = Subscribers()
    with (
        people.join(person("alice"), ()) as first,
        people.join(person("alice"), ()) as second,
        people.join(person("bob"), ()) as bob,
    ):
        people.drop(["alice"])
        assert [await first.next(), await second.next(), bob.closed] == [None, None, False]


def test_whether_one_of_them_is_connected():
    people = Subscribers()
    with people.join(person("alice"), ()):
        assert (people.has(["bob", "alice"]), people.has(["bob"]), people.has([])) == (True, False, False)
    assert not people.has(["alice"])


def test_a_row_is_made_only_for_those_who_observe():
    people = Subscribers()
    with people.join(person("alice"), ()) as alice:
        people.publish_activity(lambda: pytest.fail("nobody observes"))
        alice.observes = True
        people.publish_activity(lambda: Row("call", "r1", b'{"id": "r1"}'))
        assert (people.observers, alice.behind) == ([alice], 1)
