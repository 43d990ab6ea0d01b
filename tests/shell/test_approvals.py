"""The hub: calls that wait and people who answer, on trio's own clock."""

from datetime import timedelta
from functools import partial

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.approval.kit import FixedClock, question
from trio_gate.approval.messages import Accepted, Decide, Hello, Pending, Rejected, Resolved, Updated, decode_server
from trio_gate.approval.request import Group
from trio_gate.approval.state import Verdict
from trio_gate.errors import Denied
from trio_gate.shell.approvals import MAX_BEHIND, ApprovalHub, Subscription


def group(*people: str, quorum: int = 1) -> Group:
    return Group(id="human.g", people=people, quorum=quorum, timeout=600.0)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def hub(clock) -> ApprovalHub:
    return ApprovalHub(clock)


class Listener:
    """Reads a subscription's frames one by one."""

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription

    async def next(self):
        return decode_server(await self.subscription.next())

    async def prompt(self) -> dict:
        frame = await self.next()
        assert isinstance(frame, Pending)
        return frame.prompt


def vote(
    hub: ApprovalHub, listener: Listener, verdict: str = "approve", *, prompt_id: str = "q1", digest: str | None = None, reason=""
) -> None:
    frame = Decide(id=prompt_id, digest=digest or question().digest, verdict=verdict, reason=reason)
    hub.decide(listener.subscription, frame)


async def test_a_question_is_shown_and_answered(hub):
    answers: list[Verdict] = []

    async def ask() -> None:
        answers.append(await hub.ask(question()))

    with hub.subscribe("alice") as subscription:
        alice = Listener(subscription)
        assert await alice.next() == Hello(person="alice", pending=0)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            assert (await alice.prompt())["operation"] == "DeleteObjects"
            vote(hub, alice, reason="fine \x1b")
            assert await alice.next() == Accepted(id="q1", status="approved")
            assert await alice.next() == Resolved(id="q1", status="approved", by=["alice"], reason="fine \\u{1b}")
    assert answers == [Verdict(outcome="approve", by=("alice",), reason="fine \\u{1b}")]
    assert hub.pending == 0


async def test_who_comes_later_sees_what_waits(hub):
    async with trio.open_nursery() as nursery:
        nursery.start_soon(hub.ask, question("q1"))
        nursery.start_soon(hub.ask, question("q2", group("carol")))
        await wait_all_tasks_blocked()
        with hub.subscribe("alice") as subscription:
            alice = Listener(subscription)
            assert await alice.next() == Hello(person="alice", pending=1)
            assert (await alice.prompt())["id"] == "q1"
            vote(hub, alice, prompt_id="q2")
            refused = await alice.next()
            assert isinstance(refused, Rejected)
            assert refused.code == "gone"
        nursery.cancel_scope.cancel()


async def test_another_digest_does_not_count(hub):
    async with trio.open_nursery() as nursery:
        nursery.start_soon(hub.ask, question())
        await wait_all_tasks_blocked()
        with hub.subscribe("alice") as subscription:
            alice = Listener(subscription)
            await alice.next()
            await alice.prompt()
            vote(hub, alice, digest="f" * 64)
            refused = await alice.next()
            assert isinstance(refused, Rejected)
            assert refused.code == "digest"
        assert hub.pending == 1
        nursery.cancel_scope.cancel()


async def test_two_must_agree_and_the_others_are_told(hub):
    async with trio.open_nursery() as nursery:
        with hub.subscribe("alice") as first, hub.subscribe("bob") as second:
            alice, bob = Listener(first), Listener(second)
            nursery.start_soon(hub.ask, question("q1", group("alice", "bob", "carol", quorum=2)))
            for listener in (alice, bob):
                await listener.next()
                await listener.prompt()
            vote(hub, alice)
            assert await alice.next() == Accepted(id="q1", status="pending")
            news = Updated(id="q1", approvers=[{"id": "human.g", "quorum": 2, "approved": ["alice"]}])
            assert await alice.next() == await bob.next() == news
            with hub.subscribe("carol") as third:
                carol = Listener(third)
                await carol.next()
                assert (await carol.prompt())["approvers"] == news.approvers
            vote(hub, bob)
            assert await bob.next() == Accepted(id="q1", status="approved")
            assert await alice.next() == Resolved(id="q1", status="approved", by=["alice", "bob"], reason="")


async def test_the_first_decision_stands(hub):
    answers: list[Verdict] = []

    async def ask() -> None:
        answers.append(await hub.ask(question()))

    with hub.subscribe("alice") as first, hub.subscribe("bob") as second:
        alice, bob = Listener(first), Listener(second)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            await wait_all_tasks_blocked()
            vote(hub, bob, "deny", reason="no")
            vote(hub, alice)
        frames = [await alice.next() for _ in range(4)]
        assert frames[2] == Resolved(id="q1", status="denied", by=["bob"], reason="no")
        assert isinstance(frames[3], Rejected)
        assert frames[3].code == "gone"
    assert answers == [Verdict(outcome="deny", by=("bob",), reason="no")]


async def test_nobody_answers(hub, autojump_clock):
    start = trio.current_time()
    with hub.subscribe("alice") as subscription:
        alice = Listener(subscription)
        verdict = await hub.ask(question())
        assert (verdict.outcome, verdict.by) == ("expire", ())
        assert trio.current_time() - start == pytest.approx(600)
        await alice.next()
        await alice.prompt()
        assert (await alice.next()).status == "expired"
    assert hub.pending == 0


async def test_an_answer_after_the_wall_clock_says_late_does_not_count(hub, clock):
    answers: list[Verdict] = []

    async def ask() -> None:
        answers.append(await hub.ask(question()))

    with hub.subscribe("alice") as subscription:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            await wait_all_tasks_blocked()
            clock.time += timedelta(hours=8)
            vote(hub, Listener(subscription))
    assert answers[0].outcome == "expire"


async def test_an_agent_that_leaves_withdraws_its_question(hub):
    with hub.subscribe("alice") as subscription:
        alice = Listener(subscription)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(hub.ask, question())
            await wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
        await alice.next()
        await alice.prompt()
        assert await alice.next() == Resolved(id="q1", status="withdrawn", by=[], reason="the agent left")
        vote(hub, alice)
        assert (await alice.next()).code == "gone"
    assert hub.pending == 0


async def test_people_see_only_what_is_theirs(hub):
    async with trio.open_nursery() as nursery:
        with hub.subscribe("mallory") as subscription:
            mallory = Listener(subscription)
            nursery.start_soon(hub.ask, question())
            await wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
            assert await mallory.next() == Hello(person="mallory", pending=0)
            with trio.CancelScope() as scope:
                scope.cancel()
                await mallory.next()
            assert scope.cancelled_caught


async def test_one_agent_cannot_fill_the_hub(clock):
    hub = ApprovalHub(clock, max_pending=3, max_pending_per_agent=2)
    async with trio.open_nursery() as nursery:
        for number in range(2):
            nursery.start_soon(hub.ask, question(f"q{number}"))
        await wait_all_tasks_blocked()
        with pytest.raises(Denied, match="this agent has 2 calls"):
            await hub.ask(question("q2"))
        nursery.start_soon(hub.ask, question("q3", agent="other"))
        await wait_all_tasks_blocked()
        with pytest.raises(Denied, match="too many calls"):
            await hub.ask(question("q4", agent="third"))
        assert hub.pending == 3
        nursery.cancel_scope.cancel()
    assert hub.pending == 0


async def test_agents_without_a_name_are_told_apart_by_address(clock):
    hub = ApprovalHub(clock, max_pending_per_agent=1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(hub.ask, question("q1", agent=None, agent_address="127.0.0.1")))
        nursery.start_soon(partial(hub.ask, question("q2", agent=None, agent_address="127.0.0.2")))
        await wait_all_tasks_blocked()
        assert hub.pending == 2
        nursery.cancel_scope.cancel()


async def test_a_reader_that_falls_behind_is_cut_off_and_the_others_are_not(clock):
    hub = ApprovalHub(clock, max_pending=10_000, max_pending_per_agent=10_000)
    with hub.subscribe("alice") as slow, hub.subscribe("bob") as second:
        bob = Listener(second)
        async with trio.open_nursery() as nursery:
            for number in range(MAX_BEHIND + 1):
                nursery.start_soon(hub.ask, question(f"q{number}"))
                await wait_all_tasks_blocked()
                await bob.next()
            assert await slow.next() is None
            assert (await bob.prompt())["id"] == f"q{MAX_BEHIND}"
            nursery.cancel_scope.cancel()
