"""Stops: calls are refused until a person lifts the stop, also after a restart."""

from __future__ import annotations

import pytest
from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.asking import listening
from tests.kit.approvals.questions import question
from trio_gate.approval.channel.frames import (
    Accepted,
    Lift,
    Lifted,
    Rejected,
    Stop,
    Stopped,
)
from trio_gate.errors import Denied
from trio_gate.shell.approval.hub import ApprovalHub
from trio_gate.shell.approval.hub_config import HubConfig
from trio_gate.shell.approval.stops import Stops
from trio_gate.shell.approval.subscribers import Subscribers

ALL = {"may_grant": True, "may_observe": True, "may_stop": True}


@pytest.fixture
def hub(clock) -> ApprovalHub:
    return ApprovalHub(clock, config=HubConfig(agents=("ci", "eve")))


@pytest.fixture
async def asking(start):
    return await start(question(grantable=True))


@pytest.mark.parametrize(("agent", "stopped", "free"), [(None, ["ci", "eve", None], []), ("ci", ["ci"], ["eve", None])])
async def test_a_stop_refuses_calls_until_it_is_lifted(hub, clock, asking, agent, stopped, free):
    with listening(hub, clock, **ALL) as alice, listening(hub, clock, "bob") as bob:
        assert (await alice.next()).agents == ("ci", "eve")
        assert (await bob.next()).agents == ()
        await alice.say(Stop(agent=agent, reason="look \x1b"))
        told = (await bob.until(Stopped)).stop
        assert (told["agent"], told["by"], told["reason"]) == (agent, "alice", "look \\u{1b}")
        assert (await alice.until(Accepted)).status == "done"
        for name in stopped:
            with pytest.raises(Denied, match=r"stopped by a person until that is lifted: look \\u\{1b\}"):
                hub.check(name)
        for name in free:
            hub.check(name)
        await wait_all_tasks_blocked()
        assert asking.answer.outcome == "withdraw"
        with listening(hub, clock, "carol") as carol:
            assert [stop["agent"] for stop in (await carol.next()).stops] == [agent]
        await alice.say(Lift(agent=agent))
        assert await bob.until(Lifted) == Lifted(agent=agent, by="alice")
        hub.check("ci")
        await alice.say(Lift(agent=agent))
        assert (await alice.until(Rejected)).code == "gone"


async def test_nobody_stops_an_agent_that_is_not_there(hub, clock):
    with listening(hub, clock, **ALL) as alice:
        await alice.say(Stop(agent="nobody"))
        assert (await alice.until(Rejected)).code == "gone"


@pytest.mark.parametrize(("agent", "refused"), [(None, [None, "ci"]), ("ci", ["ci"])])
async def test_a_stop_holds_over_a_restart(opened, agent, refused):
    async with opened() as hub:
        hub.stop(agent, "alice", "look")
    async with opened() as hub:
        for name in refused:
            with pytest.raises(Denied, match="look"):
                hub.check(name)
        if agent is not None:
            hub.check("eve")
        assert hub.stops.lift(agent, "alice")
    async with opened() as hub:
        hub.check("ci")


def test_stopping_again_is_another_stop_and_lifting_ends_it_once(clock):
    stops = Stops(clock, Subscribers(), None)
    first, second = stops.stop("ci", "alice", "a"), stops.stop("ci", "bob", "b")
    assert (first is second, stops.get("ci") is second, list(stops)) == (False, True, [second])
    assert [stops.lift("ci", "alice"), stops.lift("ci", "alice"), stops.get("ci")] == [True, False, None]


@pytest.mark.parametrize(("reason", "detail"), [("", "lifted"), ("it uses AKIAIOSFODNN7EXAMPLE", "lifted: ")])
def test_the_agent_reads_why_and_the_log_keeps_no_secret_of_it(clock, reason, detail):
    stops = Stops(clock, Subscribers(), None)
    stops.stop(None, "alice", reason)
    with pytest.raises(Denied, match="all calls are stopped by a person until that is lifted") as refused:
        stops.check("ci")
    said = "lifted" + (f": {reason}" if reason else "")
    assert refused.value.reason.endswith(f"{said}: tell your user, and run it again only then")
    assert detail in refused.value.detail
    assert "AKIAIOSFODNN7EXAMPLE" not in refused.value.detail
