"""The hub: calls that wait and people who answer, on trio's own clock."""

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.asking import STANDING, asked, listening
from tests.kit.approvals.questions import NOW, FixedClock, question
from trio_gate.approval.frames import Accepted, Granted, GrantEnded, Hello, Pending, Rejected, Resolved, Updated
from trio_gate.approval.question import Group
from trio_gate.approval.state import Verdict
from trio_gate.approval.terms import Terms
from trio_gate.errors import AgentGone, Denied
from trio_gate.shell.approval.clearance import HubClearance
from trio_gate.shell.approval.hub import ApprovalHub
from trio_gate.shell.approval.hub_config import HubConfig, Limits
from trio_gate.shell.approval.subscription import MAX_BEHIND

OTHER = "e" * 64
MINUTE = timedelta(minutes=1)


def group(*people: str, quorum: int = 1) -> Group:
    return Group(id="human.g", people=people, quorum=quorum, timeout=600.0)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def hub(clock) -> ApprovalHub:
    return ApprovalHub(clock)


class Agent:
    """Asks in a task of its own; `answer` is what came of it, `leave` hangs up."""

    def __init__(self, hub: ApprovalHub, attempt) -> None:
        self.hub, self.attempt = hub, attempt
        self.answer: Verdict | HubClearance | AgentGone | Denied | None = None
        self.scope = trio.CancelScope()
        self.done = trio.Event()

    async def run(self) -> None:
        with self.scope:
            try:
                self.answer = await self.hub.ask(self.attempt)
            except (AgentGone, Denied) as fault:
                self.answer = fault
        self.done.set()

    def leave(self) -> None:
        self.scope.cancel()

    @property
    def cleared(self) -> bool:
        return isinstance(self.answer, HubClearance)


@pytest.fixture
async def start(hub, nursery):
    async def begin(made=None, invocation=None, **more) -> Agent:
        agent = Agent(hub, asked(made, invocation, **more))
        nursery.start_soon(agent.run)
        await wait_all_tasks_blocked()
        return agent

    return begin


@pytest.fixture
def alice(hub, clock):
    with listening(hub, clock, may_grant=True) as listener:
        yield listener


@pytest.fixture
def bob(hub, clock):
    with listening(hub, clock, "bob", may_grant=True) as listener:
        yield listener


async def test_a_question_is_shown_and_answered(hub, alice, start):
    hello = await alice.next()
    assert isinstance(hello, Hello)
    assert (hello.person, hello.pending, hello.grants) == ("alice", 0, 0)
    agent = await start()
    assert (await alice.prompt())["operation"] == "DeleteObjects"
    alice.vote(reason="fine \x1b", ref="7")
    assert await alice.next() == Accepted(ref="7", id="q1", status="approved")
    assert await alice.next() == Resolved(id="q1", status="approved", by=["alice"], reason="fine \\u{1b}", grant=None)
    await wait_all_tasks_blocked()
    assert agent.answer.verdict == Verdict(outcome="approve", by=("alice",), reason="fine \\u{1b}")
    assert hub.pending == 0


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


async def test_another_digest_does_not_count(hub, alice, start):
    await start()
    alice.vote(digest="f" * 64)
    assert (await alice.until(Rejected)).code == "digest"
    assert hub.pending == 1


async def test_two_must_agree_and_the_others_are_told(hub, clock, alice, bob, start):
    await start(question("q1", group("alice", "bob", "carol", quorum=2)))
    alice.vote()
    assert await alice.until(Accepted) == Accepted(ref="", id="q1", status="pending")
    groups = [{"id": "human.g", "quorum": 2, "approved": ["alice"]}]
    news = Updated(id="q1", approvers=groups, detached=False, proposed=None)
    assert await alice.next() == await bob.until(Updated) == news
    with listening(hub, clock, "carol") as carol:
        await carol.next()
        assert (await carol.prompt())["approvers"] == groups
    alice.vote()
    assert (await alice.next()).code == "answered"
    bob.vote()
    assert (await bob.next()).status == "approved"
    assert (await alice.until(Resolved)).by == ["alice", "bob"]


async def test_both_groups_must_agree(alice, bob, start):
    agent = await start(question("q1", group("alice"), replace(group("bob"), id="human.h")))
    alice.vote()
    await wait_all_tasks_blocked()
    assert agent.answer is None
    bob.vote()
    await wait_all_tasks_blocked()
    assert agent.cleared


async def test_the_first_decision_stands_and_later_ones_are_told_so(alice, bob, start):
    agent = await start()
    bob.vote("deny", reason="no")
    alice.vote()
    assert (await alice.until(Resolved)).status == "denied"
    assert (await alice.next()).code == "gone"
    await wait_all_tasks_blocked()
    assert agent.answer == Verdict(outcome="deny", by=("bob",), reason="no")


async def test_nobody_answers(hub, clock, autojump_clock):
    began = trio.current_time()
    with listening(hub, clock) as alice:
        verdict = await hub.ask(asked())
        assert (verdict.outcome, verdict.by) == ("expire", ())
        assert trio.current_time() - began == pytest.approx(600)
        assert (await alice.until(Resolved)).status == "expired"
    assert hub.pending == 0


async def test_an_answer_after_the_wall_clock_says_late_does_not_count(clock, alice, start):
    agent = await start()
    clock.time += timedelta(hours=8)
    alice.vote()
    assert (await alice.until(Rejected)).code == "gone"
    await wait_all_tasks_blocked()
    assert agent.answer.outcome == "expire"


async def test_after_its_hold_the_agent_is_sent_away_and_the_question_goes_on(hub, clock, autojump_clock):
    with listening(hub, clock) as alice:
        began = trio.current_time()
        verdict = await hub.ask(asked(question(hold_until=NOW + timedelta(seconds=20))))
        assert (verdict.outcome, verdict.reason) == ("hold", "q1")
        assert trio.current_time() - began == pytest.approx(20)
        assert (await alice.until(Updated)).detached
        assert hub.pending == 1


async def test_an_agent_that_leaves_leaves_a_detached_question_and_its_approval_a_grant_for_one_use(hub, alice, start):
    agent = await start()
    agent.leave()
    await wait_all_tasks_blocked()
    assert (await alice.until(Updated)).detached
    alice.vote()
    granted = (await alice.until(Granted)).grant
    assert (granted["kind"], granted["uses"], granted["used"], granted["rule"]) == ("once", 1, 0, "the rest")
    assert (await alice.until(Resolved)).grant == granted["id"]
    assert agent.answer is None
    again = await start(question("q2", digest=OTHER))
    assert again.cleared
    assert again.answer.verdict.by == ("alice",)
    assert (await alice.until(Granted)).grant["used"] == 1
    again.answer.sending()
    again.answer.answered(200, None)
    again.answer.close()
    assert await alice.until(GrantEnded) == GrantEnded(id=granted["id"], why="used", by=None)
    third = await start(question("q3", digest=OTHER))
    assert third.answer is None
    assert (await alice.until(Pending)).prompt["risks"][0]["code"] == "sent"


@pytest.mark.parametrize("changes", [{"agent": "eve"}, {"repeat_key": OTHER}, {"rule": "another"}, {"account": "222222222222"}])
async def test_a_grant_for_one_use_is_for_that_call_alone(alice, start, changes):
    (await start()).leave()
    await wait_all_tasks_blocked()
    alice.vote()
    assert (await start(question("q2", digest=OTHER, **changes))).answer is None


async def test_a_grant_for_one_use_lives_so_long(hub, clock, alice, start):
    (await start()).leave()
    await wait_all_tasks_blocked()
    alice.vote()
    clock.time += timedelta(seconds=hub.limits.grant_ttl)
    assert (await start(question("q2", expires_at=clock.time + MINUTE))).answer is None
    assert (await alice.until(GrantEnded)).why == "expired"


async def test_a_denied_detached_question_leaves_nothing(hub, alice, start):
    (await start()).leave()
    await wait_all_tasks_blocked()
    alice.vote("deny", reason="no")
    assert list(hub.grants.book) == []


@pytest.mark.parametrize(("first", "second"), [("i", "i"), (None, "i"), ("i", None), (None, None)])
async def test_a_newer_attempt_joins_and_the_older_is_closed(hub, alice, start, first, second):
    older = await start(question("q1"), first)
    newer = await start(question("q2"), second)
    assert isinstance(older.answer, AgentGone)
    assert hub.pending == 1
    alice.vote()
    await wait_all_tasks_blocked()
    assert newer.cleared


async def test_two_live_calls_of_other_ids_are_two_questions(hub, alice, start):
    one, other = await start(question("q1"), "i"), await start(question("q2"), "j")
    assert hub.pending == 2
    alice.vote(prompt_id="q2")
    await wait_all_tasks_blocked()
    assert (one.answer, other.cleared) == (None, True)


@pytest.mark.parametrize("changes", [{"agent": "eve"}, {"digest": OTHER}])
async def test_another_agent_or_digest_does_not_join(hub, start, changes):
    await start(question("q1"), "i")
    await start(question("q2", **changes), "i")
    assert hub.pending == 2


async def test_another_standing_does_not_join(hub, start):
    await start(question("q1"))
    await start(question("q2"), standing="t")
    assert hub.pending == 2


async def test_an_agent_that_comes_again_is_attached(hub, alice, start):
    (await start(question("q1"), "i")).leave()
    await wait_all_tasks_blocked()
    again = await start(question("q2"), "j")
    assert [(await alice.until(Updated)).detached for _ in range(2)] == [True, False]
    assert hub.pending == 1
    alice.vote()
    await wait_all_tasks_blocked()
    assert again.cleared
    assert list(hub.grants.book) == []


async def test_a_detached_question_makes_room_for_the_same_call_with_a_fresh_token(hub, alice, start):
    (await start(question("q1"))).leave()
    await wait_all_tasks_blocked()
    await start(question("q2", digest=OTHER))
    assert (await alice.until(Resolved)).status == "withdrawn"
    assert (await alice.prompt())["id"] == "q2"
    assert hub.pending == 1


async def test_the_newest_attempt_is_answered_and_the_older_takes_nothing_with_it(hub, alice, start):
    older = await start(question("q1"))
    newer = await start(question("q2"))
    older.leave()
    await wait_all_tasks_blocked()
    alice.vote()
    await wait_all_tasks_blocked()
    assert newer.cleared
    assert list(hub.grants.book) == []


async def test_an_approval_that_was_not_used_waits_for_the_agent(hub, alice, start):
    agent = await start()
    alice.vote()
    await wait_all_tasks_blocked()
    agent.answer.close()
    agent.answer.close()
    assert [(grant.kind, grant.used) for grant in hub.grants.book] == [("once", 0)]
    again = await start(question("q2", digest=OTHER))
    again.answer.sending()
    again.answer.unsent()
    again.answer.close()
    assert [(grant.kind, grant.used) for grant in hub.grants.book] == [("once", 0)]


async def test_throttled_calls_go_again_under_the_same_approval_and_others_do_not(hub, alice, start):
    agent = await start(question("q1"), "i")
    alice.vote()
    await wait_all_tasks_blocked()
    for number in range(2):
        agent.answer.sending()
        agent.answer.answered(503, "SlowDown")
        agent.answer.close()
        agent = await start(question(f"q{number + 2}"), "i")
        assert agent.cleared
        assert agent.answer.verdict.by == ("alice",)
    agent.answer.sending()
    agent.answer.answered(503, None)
    agent.answer.close()
    assert (await start(question("q9"), "i")).answer is None


async def test_a_throttled_call_that_was_not_sent_again_may_still_be(hub, alice, start):
    agent = await start(question("q1"), "i")
    alice.vote()
    await wait_all_tasks_blocked()
    agent.answer.sending()
    agent.answer.answered(429, None)
    agent.answer.close()
    for _ in range(5):
        retry = await start(question("q2"), "i")
        retry.answer.close()
    assert list(hub.grants.book) == []


@pytest.mark.parametrize("status", [200, 500, None])
async def test_a_repeat_of_what_was_done_is_a_new_question_that_says_so(alice, start, status):
    agent = await start(question("q1"), "i")
    alice.vote()
    await wait_all_tasks_blocked()
    agent.answer.sending()
    if status:
        agent.answer.answered(status, None)
    agent.answer.close()
    await alice.until(Resolved)
    assert (await start(question("q2"), "i")).answer is None
    assert "already sent at" in (await alice.prompt())["risks"][0]["text"]


async def test_a_denied_call_is_not_asked_about_again_for_a_while(hub, clock, alice, start):
    await start()
    alice.vote("deny", reason="not today")
    again = await start(question("q2", digest=OTHER))
    assert isinstance(again.answer, Denied)
    assert "denied a moment ago: not today" in again.answer.reason
    clock.time += timedelta(seconds=hub.limits.deny_cooldown)
    assert (await start(question("q3"))).answer is None


async def test_no_cooldown(clock, nursery):
    hub = ApprovalHub(clock, Limits(deny_cooldown=0))
    with listening(hub, clock) as alice:
        for number in range(2):
            agent = Agent(hub, asked(question(f"q{number}")))
            nursery.start_soon(agent.run)
            await wait_all_tasks_blocked()
            alice.vote("deny", prompt_id=f"q{number}")
            await wait_all_tasks_blocked()
            assert agent.answer.outcome == "deny"


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


async def test_one_agent_cannot_fill_the_hub(clock, nursery):
    hub = ApprovalHub(clock, Limits(max_pending=3, max_pending_per_agent=2))

    def of(number: int, agent: str = "ci"):
        return asked(question(f"q{number}", digest=f"{number:064x}", repeat_key=f"{number:064x}", agent=agent))

    for number in range(2):
        nursery.start_soon(hub.ask, of(number))
    await wait_all_tasks_blocked()
    with pytest.raises(Denied, match="this agent has 2 calls") as caught:
        await hub.ask(of(2))
    assert caught.value.status == 403
    nursery.start_soon(hub.ask, of(3, "other"))
    await wait_all_tasks_blocked()
    with pytest.raises(Denied, match="too many calls"):
        await hub.ask(of(4, "third"))
    assert hub.pending == 3


async def test_agents_without_a_name_are_told_apart_by_address(hub, start):
    await start(question("q1", agent=None, agent_address="127.0.0.1"))
    await start(question("q2", agent=None, agent_address="127.0.0.2"))
    assert hub.pending == 2


async def test_a_reader_that_falls_behind_is_cut_off_and_the_others_are_not(clock, nursery):
    hub = ApprovalHub(clock, Limits(max_pending=10_000, max_pending_per_agent=10_000))
    with listening(hub, clock) as slow, listening(hub, clock, "bob") as bob:
        for number in range(MAX_BEHIND + 1):
            nursery.start_soon(hub.ask, asked(question(f"q{number}", digest=f"{number:064x}")))
            await wait_all_tasks_blocked()
            await bob.next()
        assert await slow.subscription.next() is None
        assert (await bob.prompt())["id"] == f"q{MAX_BEHIND}"


async def test_rules_that_changed_take_back_questions_and_grants(hub, alice, start):
    left = await start(question("q1"))
    left.leave()
    await wait_all_tasks_blocked()
    alice.vote(grant=Terms(uses=1, minutes=5))
    waiting = await start(question("q2", digest=OTHER, repeat_key=OTHER))
    hub.judge_again(HubConfig(standings={"the rest": STANDING}))
    await wait_all_tasks_blocked()
    assert (hub.pending, len(list(hub.grants.book)), waiting.answer) == (1, 2, None)
    hub.judge_again(HubConfig(standings={"the rest": "other"}))
    await wait_all_tasks_blocked()
    assert waiting.answer.outcome == "withdraw"
    assert (hub.pending, list(hub.grants.book)) == (0, [])
    assert (await alice.until(GrantEnded)).why == "void"


async def test_a_gateway_that_stops_tells_its_agents_and_asks_nothing_more(hub, alice, start):
    agent = await start()
    hub.stop_waiting()
    alice.vote()
    await wait_all_tasks_blocked()
    assert agent.answer == Verdict(outcome="stop", by=(), reason="q1")
    assert [grant.kind for grant in hub.grants.book] == ["once"]
    assert isinstance((await start(question("q2", digest=OTHER, repeat_key=OTHER))).answer, Denied)


async def test_what_people_granted_is_made_with_the_approval(hub, alice, start):
    agent = await start()
    alice.vote(grant=Terms(uses=2, minutes=5))
    granted = (await alice.until(Granted)).grant
    assert (granted["kind"], granted["uses"], granted["expires_at"]) == ("exact", 2, "2026-03-04T05:11:07.000Z")
    assert (await alice.until(Resolved)).grant == granted["id"]
    await wait_all_tasks_blocked()
    agent.answer.sending()
    agent.answer.close()
    for number in range(2, 4):
        later = await start(question(f"q{number}"))
        later.answer.sending()
        later.answer.close()
    assert (await alice.until(GrantEnded)).why == "used"
    assert (await start(question("q4"))).answer is None


@pytest.mark.parametrize(("second", "kinds"), [(Terms(uses=2, minutes=5), ["exact"]), (Terms(uses=3, minutes=5), []), (None, [])])
async def test_a_quorum_grants_only_what_all_of_it_grant(hub, alice, bob, start, second, kinds):
    await start(question("q1", group("alice", "bob", quorum=2)))
    alice.vote(grant=Terms(uses=2, minutes=5))
    assert (await bob.until(Updated)).proposed == {"uses": 2, "minutes": 5, "predicate": None}
    bob.vote(grant=second)
    assert [grant.kind for grant in hub.grants.book] == kinds


async def test_a_predicate_is_asked_for_each_call(hub, alice, start):
    await start()
    alice.vote(grant=Terms(uses=9, minutes=5, predicate="aws.service == 's3'"))
    seen = []

    def covers(predicate: str) -> bool:
        seen.append(predicate)
        return len(seen) > 1

    assert (await start(question("q2", digest=OTHER, repeat_key=OTHER), covers=covers)).answer is None
    assert (await start(question("q3", digest=OTHER, repeat_key=OTHER), "i", covers=covers)).cleared
    assert seen == ["aws.service == 's3'"] * 2


async def test_a_hundred_approvers_and_a_thousand_questions(clock, nursery):
    hub = ApprovalHub(clock, Limits(max_pending_per_agent=1000))
    people = tuple(f"person-{number}" for number in range(100))
    for number in range(1000):
        digest = f"{number:064x}"
        made = question(f"q{number}", group(*people), digest=digest, repeat_key=digest)
        nursery.start_soon(hub.ask, asked(made))
    await wait_all_tasks_blocked()
    with ExitStack() as connected:
        listeners = [connected.enter_context(listening(hub, clock, name)) for name in people]
        for listener in (listeners[0], listeners[99]):
            assert (await listener.next()).pending == 1000
            assert len({await listener.subscription.next() for _ in range(1000)}) == 1000
        listeners[99].vote(prompt_id="q500", digest=f"{500:064x}")
        listeners[0].vote("deny", prompt_id="q500", digest=f"{500:064x}")
        assert (await listeners[0].until(Resolved)).by == ["person-99"]
        assert (await listeners[0].until(Rejected)).code == "gone"
        assert hub.pending == 999


async def test_a_thousand_agents_that_leave_leave_no_task(hub, clock, nursery):
    hub = ApprovalHub(clock, Limits(max_pending_per_agent=1000))
    agents = [
        Agent(hub, asked(question(f"q{number}", digest=f"{number:064x}", repeat_key=f"{number:064x}"))) for number in range(1000)
    ]
    async with trio.open_nursery() as crowd:
        for agent in agents:
            crowd.start_soon(agent.run)
        await wait_all_tasks_blocked()
        for agent in agents:
            agent.leave()
    assert hub.pending == 1000
    assert all(entry.attempt is None and entry.prompt.detached for entry in hub)
    assert not nursery.child_tasks
