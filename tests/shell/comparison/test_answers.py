"""Who may compare, one at a time, each read recorded under their name before it is made."""

from dataclasses import replace

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.acts import Full
from tests.kit.approvals.agents import Agent
from tests.kit.approvals.asking import asked, listening
from tests.kit.approvals.questions import FixedClock
from trio_gate.approval.channel.frames import Compare, Compared, Rejected
from trio_gate.comparison.reads import IncomparableError
from trio_gate.errors import UpstreamError
from trio_gate.shell.approval.hub import ApprovalHub
from trio_gate.shell.approval.hub_config import HubConfig, Limits
from trio_gate.shell.comparison.answers import MAY_NOT


class Present:
    """Stands for AWS: `answer` is what comes of a comparison, once `free`."""

    def __init__(self, answer="A:\n- 1\n+ 2"):
        self.answer = answer
        self.free = trio.Event()
        self.free.set()
        self.read: list[str] = []

    async def __call__(self, recorded):
        await recorded("iam.GetRole")
        self.read.append("iam.GetRole")
        await self.free.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Kept(Full):
    """A record that takes everything."""

    full = False


@pytest.fixture
def clock():
    return FixedClock()


@pytest.fixture
async def setting(clock, nursery):
    """A hub where one call waits, its record, and what stands for AWS."""
    record, present = Kept(), Present()
    hub = ApprovalHub(clock, Limits(), HubConfig(agents=("ci",)), audit=record)
    agent = Agent(hub, replace(asked(), compare=present))
    nursery.start_soon(agent.run)
    await wait_all_tasks_blocked()
    return hub, record, present


async def answer(hub, clock, frame=None, **abilities):
    with listening(hub, clock, **(abilities or {"may_compare": True})) as alice:
        await alice.say(frame or Compare(ref="c", id="q1"))
        while not isinstance(found := await alice.next(), Compared | Rejected):
            pass
        return found


async def test_what_would_change_with_the_reads_and_the_time(setting, clock):
    hub, record, present = setting
    found = await answer(hub, clock)
    assert (found.text, found.reads, found.at) == (present.answer, ("iam.GetRole",), hub_time(clock))
    assert record.rows == ["compare"]


def hub_time(clock):
    return clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def test_only_who_may(setting, clock):
    hub, record, present = setting
    found = await answer(hub, clock, may_grant=True)
    assert (found.code, found.message, record.rows, present.read) == ("not_allowed", MAY_NOT, [], [])


async def test_nothing_is_read_that_cannot_be_recorded(setting, clock):
    hub, record, present = setting
    record.full = True
    found = await answer(hub, clock)
    assert (found.code, present.read) == ("unavailable", [])


@pytest.mark.parametrize("fault", [IncomparableError("why not"), UpstreamError("why not")])
async def test_why_not(setting, clock, fault):
    hub, _, present = setting
    present.answer = fault
    found = await answer(hub, clock)
    assert (found.code, found.message) == ("unavailable", "it cannot be compared: why not")


async def test_one_at_a_time(setting, clock, nursery):
    hub, _, present = setting
    present.free = trio.Event()
    with listening(hub, clock, may_compare=True) as alice:
        nursery.start_soon(alice.say, Compare(ref="one", id="q1"))
        await wait_all_tasks_blocked()
        await alice.say(Compare(ref="two", id="q1"))
        assert (await alice.until(Rejected)).ref == "two"
        present.free.set()
        assert (await alice.until(Compared)).ref == "one"
        await alice.say(Compare(ref="three", id="q1"))
        assert (await alice.until(Compared)).ref == "three"


async def test_a_question_that_ended_meanwhile_is_gone(setting, clock, nursery):
    hub, _, present = setting
    present.free = trio.Event()
    with listening(hub, clock, may_compare=True) as alice:
        nursery.start_soon(alice.say, Compare(ref="c", id="q1"))
        await wait_all_tasks_blocked()
        alice.vote("deny")
        present.free.set()
        assert (await alice.until(Rejected)).code == "gone"


async def test_a_question_of_the_last_run_has_no_call(clock, nursery):
    hub = ApprovalHub(clock, Limits(), HubConfig(agents=("ci",)))
    agent = Agent(hub, asked())
    nursery.start_soon(agent.run)
    await wait_all_tasks_blocked()
    assert (await answer(hub, clock)).code == "not_kept"
    assert (await answer(hub, clock, Compare(ref="c", id="q2"))).code == "gone"
